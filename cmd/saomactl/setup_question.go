package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/text/width"

	"saoma/pos"
	flow "saoma/pos/setup"
)

// lineReader reads what is typed or piped in.
type lineReader struct{ in *bufio.Reader }

// line is the next line without its end. The end of the input and Ctrl-C are an error.
func (l *lineReader) line(ctx context.Context) (string, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	typed := make(chan string, 1)
	go func() {
		text, err := l.in.ReadString('\n')
		if err != nil && text == "" {
			stop()
			return
		}
		typed <- text
	}()
	select {
	case text := <-typed:
		return strings.TrimRight(text, "\r\n"), nil
	case <-ctx.Done():
		return "", errLeft()
	}
}

func errLeft() error {
	return pos.Errorf(pos.Invalid, "The set-up was left before its end. The steps that were kept stay; to go on: saomactl setup")
}

// paper is a file's name, or a key pasted over many lines: from its BEGIN line to its END line, or to two empty ones;
// without a BEGIN line, to its last line, which is shorter.
func (l *lineReader) paper(ctx context.Context) (string, error) {
	text, err := l.line(ctx)
	for last := text; err == nil && goesOn(text, last) && len(text) < maxSecretFile; text += "\n" + last {
		last, err = l.line(ctx)
	}
	return text, err
}

// keyLine is one of the lines, all of one length, that a key without BEGIN and END is pasted in.
var keyLine = regexp.MustCompile(`^[0-9A-Za-z+/]{64,76}$`)

func goesOn(text, last string) bool {
	if strings.Contains(text, "BEGIN") {
		return !strings.Contains(text, "END ") && !strings.HasSuffix(text, "\n\n")
	}
	return keyLine.MatchString(last)
}

// What a person types in the place of an answer.
var (
	errBack  = errors.New("the question before")
	errLater = errors.New("this step another time")
)

// turn is errBack or errLater where the text says so.
func turn(text string) error {
	switch strings.ToLower(text) {
	case "back", "返回":
		return errBack
	case "later", "稍后":
		return errLater
	}
	return nil
}

// questions are those of one step and their answers so far.
type questions struct {
	*settingUp
	step   *flow.Step
	values flow.Values
	before flow.Values // what an answer took the place of
	known  flow.Values // values, and what follows from them
}

func (s *settingUp) questionsOf(step *flow.Step) *questions {
	return &questions{settingUp: s, step: step, values: s.assistant.Values(step.ID), before: flow.Values{}}
}

// ask asks for the fields that count: for all, or from the one on that was wrong, for what does not fit it may be behind it.
func (q *questions) ask(ctx context.Context, wrong string) error {
	first := slices.IndexFunc(q.step.Fields, func(f flow.Field) bool { return typedTwice(f.Key, wrong) })
	for i := max(first, 0); i < len(q.step.Fields); {
		f := &q.step.Fields[i]
		if !q.counts(f) && f.Key != wrong {
			i++
			continue
		}
		before := q.previous(i)
		value, err := q.answer(ctx, f, before < i)
		if err == nil {
			err = q.take(ctx, f, value)
		}
		switch {
		case err == nil:
			i++
		case errors.Is(err, errBack):
			i = before
		case flow.KeyOf(err) == f.Key && hasTerminal():
			q.refuse(err)
			if value == q.values[f.Key] {
				q.takeBack(f.Key)
			}
		default:
			return keyed(err)
		}
	}
	return nil
}

// previous is the question before the i-th, or that one where it is the first.
func (q *questions) previous(i int) int {
	for before := i - 1; before >= 0; before-- {
		if q.counts(&q.step.Fields[before]) {
			return before
		}
	}
	return i
}

// typedTwice reports whether two fields are the same one, or a secret and its repetition: which of the two has the typo,
// nobody can see.
func typedTwice(a, b string) bool {
	return strings.TrimSuffix(a, "_again") == strings.TrimSuffix(b, "_again")
}

// counts reports whether the field is asked for: what follows from an answer is not.
func (q *questions) counts(f *flow.Field) bool {
	return f.Shows(q.values) && (q.values[f.Key] != "" || q.known[f.Key] == "")
}

// take puts an answer in its place, unless it is wrong by itself. Whoever pipes answers in gets no second chance, and so
// hears of it when the step is kept.
func (q *questions) take(ctx context.Context, f *flow.Field, value string) error {
	if hasTerminal() {
		values := maps.Clone(q.values)
		values[f.Key] = value
		known, err := q.assistant.Check(ctx, q.step.ID, values, f.Key)
		if err != nil {
			return err
		}
		if value == "" && !f.Optional {
			return flow.At(f.Key, pos.Errorf(pos.Invalid, "This is needed; fill it in, or type later."))
		}
		q.known = known
	}
	if value != q.values[f.Key] {
		q.before[f.Key], q.values[f.Key] = q.values[f.Key], value
	}
	return nil
}

// takeBack puts what was there before into the place of a refused answer.
func (q *questions) takeBack(wrong string) {
	q.known = nil
	for _, f := range q.step.Fields {
		if typedTwice(f.Key, wrong) {
			q.values[f.Key] = q.before[f.Key]
		}
	}
}

// answer asks for one field. An empty line keeps what is there, a hyphen takes it out.
func (q *questions) answer(ctx context.Context, f *flow.Field, back bool) (text string, err error) {
	before := q.values[f.Key]
	q.say(q.question(f, before, back))
	switch {
	case f.Kind == flow.Secret && hasTerminal():
		if text, err = q.secretly(ctx, ">"); err != nil {
			err = errLeft()
		}
	case f.Kind == flow.Paper:
		fmt.Fprint(q.out, "> ")
		text, err = q.lines.paper(ctx)
	default:
		fmt.Fprint(q.out, "> ")
		text, err = q.lines.line(ctx)
	}
	text = strings.TrimSpace(text)
	if err == nil {
		err = turn(text)
	}
	switch {
	case err != nil:
		return "", err
	case text == "":
		return before, nil
	case text == "-" && f.Optional:
		return "", nil
	case f.Kind == flow.Pick:
		return q.picked(f, text)
	}
	return text, nil
}

// question is what is asked, where it is found, and what may be typed instead of an answer.
func (q *questions) question(f *flow.Field, before string, back bool) string {
	l := q.lang
	lines := "\n" + l.T(f.Label)
	if f.Optional {
		lines = "\n" + l.T("%s (optional)", l.T(f.Label))
	}
	if f.Where != "" {
		lines += "\n  " + l.T(f.Where)
	}
	if f.Example != "" && before == "" {
		lines += "\n  " + l.T("Such as %s", f.Example)
	}
	shown := before
	switch {
	case before == flow.Held:
		shown = l.T("as it is kept")
	case f.Kind == flow.Secret, f.Kind == flow.Paper && !isFile(before):
		shown = l.T("as you typed it")
	}
	for i, c := range f.Choices {
		number := strconv.Itoa(i + 1)
		lines += "\n  " + number + "  " + l.T(c.Label)
		if c.Value == before {
			shown = number
		}
	}
	var may []string
	if f.Kind == flow.Secret {
		may = append(may, l.T("what you type is not shown"))
	}
	switch {
	case before == "" && f.Optional:
		may = append(may, l.T("Enter: leave it empty"))
	case before != "" && f.Optional:
		may = append(may, l.T("Enter: %s", shown), l.T("-: leave it empty"))
	case before != "":
		may = append(may, l.T("Enter: %s", shown))
	}
	if back {
		may = append(may, l.T("back: the question before"))
	}
	return lines + "\n  (" + strings.Join(append(may, l.T("later: leave this step for now")), " · ") + ")"
}

// isFile tells the name of a file from a key that was pasted.
func isFile(answer string) bool {
	_, err := os.Stat(answer)
	return err == nil
}

// picked is the choice of a number, or of its name or a part of it that no other has.
func (q *questions) picked(f *flow.Field, text string) (string, error) {
	text = strings.ToLower(width.Narrow.String(text))
	var numbers, fit []string
	for i, c := range f.Choices {
		number := strconv.Itoa(i + 1)
		numbers = append(numbers, number)
		if text == number || text == c.Value {
			return c.Value, nil
		}
		if strings.Contains(strings.ToLower(q.lang.T(c.Label)), text) {
			fit = append(fit, c.Value)
		}
	}
	if len(fit) != 1 {
		return "", flow.At(f.Key, pos.Errorf(pos.Invalid, "Type %s, or the words behind the number.", strings.Join(numbers, "/")))
	}
	return fit[0], nil
}

// yes asks a question of yes and no.
func (s *settingUp) yes(ctx context.Context, question string, usual bool) (bool, error) {
	choices := " [Y/n] "
	if !usual {
		choices = " [y/N] "
	}
	for {
		fmt.Fprint(s.out, question+choices)
		text, err := s.lines.line(ctx)
		if err != nil {
			return false, err
		}
		text = strings.ToLower(width.Narrow.String(strings.TrimSpace(text)))
		switch text {
		case "":
			return usual, nil
		case "y", "yes", "是", "好":
			return true, nil
		case "n", "no", "否", "不":
			return false, nil
		}
		if turn(text) == errLater {
			return false, errLater
		}
		s.warn(s.lang.T("Type y for yes or n for no."))
	}
}
