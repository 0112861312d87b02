package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"saoma/pos"
	flow "saoma/pos/setup"
)

// lineReader reads what is typed or piped in.
type lineReader struct{ in *bufio.Reader }

// line is the next line without its end.
func (l *lineReader) line() (string, error) {
	text, err := l.in.ReadString('\n')
	if err != nil && text == "" {
		if errors.Is(err, io.EOF) {
			err = pos.Errorf(pos.Invalid, "The input ended before the set-up did; run setup again to go on.")
		}
		return "", err
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// paper is a file's name, or a key pasted over many lines: from its BEGIN line to its END line.
func (l *lineReader) paper() (string, error) {
	text, err := l.line()
	for err == nil && strings.Contains(text, "BEGIN") && !strings.Contains(text, "END ") && len(text) < maxSecretFile {
		var more string
		more, err = l.line()
		text += "\n" + more
	}
	return text, err
}

// lead goes through the steps that are open, or the one of --step, and asks for each field.
func (s *settingUp) lead(ctx context.Context) error {
	s.lines = &lineReader{bufio.NewReader(os.Stdin)}
	steps := s.assistant.Steps()
	for i := range steps {
		step := &steps[i]
		switch {
		case s.request.step != "" && string(step.ID) != s.request.step:
			continue
		case s.request.step == "" && s.assistant.State(step.ID) != flow.Open:
			continue
		}
		fmt.Fprintf(s.out, "\n%d/%d  %s\n%s\n", i+1, len(steps), s.lang.T(step.Title), s.lang.T(step.About))
		if err := s.askStep(ctx, step); err != nil {
			return err
		}
	}
	if s.request.step == "" {
		s.say(s.lang.T("The set-up is done. Next: %s", "saomactl serve"))
	}
	return nil
}

// askStep asks for one step until it is kept or left out, and tries it.
func (s *settingUp) askStep(ctx context.Context, step *flow.Step) error {
	if step.Skip {
		yes, err := s.yes(s.lang.T("Do this step now?"), true)
		if err != nil {
			return err
		}
		if !yes {
			if err := s.assistant.Pass(ctx, step.ID); err != nil {
				return err
			}
			s.told(step)
			return nil
		}
	}
	if step.ID == flow.Trial {
		return s.trial(ctx)
	}
	values := s.assistant.Values(step.ID)
	for only := ""; ; {
		if err := s.askFields(ctx, step, values, only); err != nil {
			return err
		}
		err := s.keep(ctx, step, values)
		if err == nil {
			if again, err := s.tryAsked(ctx, step); err != nil || !again {
				return err
			}
			values, only = s.assistant.Values(step.ID), ""
			continue
		}
		if !hasTerminal() || (pos.CodeOf(err) != pos.Invalid && pos.CodeOf(err) != pos.Setup) {
			return err
		}
		s.complain(err)
		only = fieldOf(step, err)
		for i := range step.Fields { // what was pasted is asked for again, not proposed
			if f := &step.Fields[i]; typedTwice(f.Key, only) && (f.Kind == flow.Secret || f.Kind == flow.Paper || f.Kind == flow.Zip) {
				values[f.Key] = s.assistant.Values(step.ID)[f.Key]
			}
		}
	}
}

// fieldOf is the field that a sentence of keep begins with; empty: any.
func fieldOf(step *flow.Step, err error) string {
	e, ok := errors.AsType[*pos.Error](err)
	if !ok {
		return ""
	}
	sentence := e.Sentence()
	i := slices.IndexFunc(step.Fields, func(f flow.Field) bool {
		return strings.HasPrefix(sentence, f.Key+":") || strings.HasPrefix(sentence, f.Key+" ")
	})
	if i < 0 {
		return ""
	}
	return step.Fields[i].Key
}

// typedTwice reports whether two fields are the same one, or a secret and its repetition: which of the two has the typo,
// nobody can see.
func typedTwice(a, b string) bool {
	return strings.TrimSuffix(a, "_again") == strings.TrimSuffix(b, "_again")
}

// tryAsked tries a step that can be, brings the server's key before the owner, and asks whether to fill it in again.
func (s *settingUp) tryAsked(ctx context.Context, step *flow.Step) (again bool, err error) {
	if err := s.originals(); err != nil {
		return false, err
	}
	if !slices.Contains([]flow.StepID{flow.WeChat, flow.Alipay, flow.Address}, step.ID) || s.assistant.State(step.ID) != flow.Kept {
		return false, nil
	}
	fmt.Fprintln(s.out, s.lang.T("Trying it."))
	var fingerprint string
	var findings []pos.Finding
	err = s.assistant.Try(ctx, step.ID, func(f pos.Finding) {
		findings = append(findings, f)
		if f.Level != pos.Green {
			fingerprint = max(fingerprint, fingerprintIn(f))
		}
		s.diagnose(f)
	})
	if err != nil {
		return false, err
	}
	if fingerprint != "" {
		yes, err := s.yes(s.lang.T("Is %s the key of your server?", fingerprint), false)
		if err != nil {
			return false, err
		}
		if yes {
			if err := s.assistant.Confirm(ctx, step.ID, fingerprint); err != nil {
				return false, err
			}
			_, err := s.try(ctx, step.ID)
			return false, err
		}
	}
	if pos.Worst(findings) != pos.Red {
		return false, nil
	}
	if !hasTerminal() {
		return false, errSaid
	}
	return s.yes(s.lang.T("Fill this step in again?"), true)
}

// fingerprintIn is the key of an ssh server that a finding tells; empty where it tells none.
func fingerprintIn(f pos.Finding) string {
	for _, arg := range f.Says.Args {
		if text, ok := arg.(string); ok && strings.HasPrefix(text, "SHA256:") {
			return text
		}
	}
	return ""
}

// askFields asks for the fields that count, or for one.
func (s *settingUp) askFields(ctx context.Context, step *flow.Step, values flow.Values, only string) error {
	for i := range step.Fields {
		f := &step.Fields[i]
		if !f.Shows(values) || (only != "" && !typedTwice(f.Key, only)) {
			continue
		}
		value, err := s.ask(ctx, f, values[f.Key])
		if err != nil {
			return err
		}
		values[f.Key] = value
	}
	return nil
}

// ask asks for one field. An empty line keeps what is there, a hyphen takes it out.
func (s *settingUp) ask(ctx context.Context, f *flow.Field, before string) (string, error) {
	question := s.lang.T(f.Label)
	if f.Optional {
		question = s.lang.T("%s (optional)", question)
	}
	if f.Where != "" {
		question += "\n  " + s.lang.T(f.Where)
	}
	if f.Example != "" && before == "" {
		question += "\n  " + s.lang.T("Such as %s", f.Example)
	}
	for i, c := range f.Choices {
		question += fmt.Sprintf("\n  %d  %s", i+1, s.lang.T(c.Label))
	}
	prompt := "> "
	if before != "" {
		prompt = "[" + shownValue(f, before) + "] > "
	}
	fmt.Fprint(s.out, "\n"+question+"\n")
	var text string
	var err error
	switch {
	case f.Kind == flow.Secret && hasTerminal():
		text, err = s.secretly(ctx, strings.TrimRight(prompt, " "))
	case f.Kind == flow.Paper:
		fmt.Fprint(s.out, prompt)
		text, err = s.lines.paper()
	default:
		fmt.Fprint(s.out, prompt)
		text, err = s.lines.line()
	}
	switch text = strings.TrimSpace(text); {
	case err != nil:
		return "", err
	case text == "":
		return before, nil
	case text == "-" && f.Optional:
		return "", nil
	case f.Kind == flow.Pick:
		return picked(f, text), nil
	}
	return text, nil
}

// picked is the choice of a number or a word.
func picked(f *flow.Field, text string) string {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(f.Choices) {
		return f.Choices[n-1].Value
	}
	return text
}

// shownValue is what is kept or proposed, as an empty line would take it.
func shownValue(f *flow.Field, value string) string {
	for i, c := range f.Choices {
		if c.Value == value {
			return strconv.Itoa(i + 1)
		}
	}
	return value
}

// yes asks a question of yes and no.
func (s *settingUp) yes(question string, usual bool) (bool, error) {
	choices := " [Y/n] "
	if !usual {
		choices = " [y/N] "
	}
	fmt.Fprint(s.out, question+choices)
	text, err := s.lines.line()
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes", "是", "好":
		return true, nil
	case "n", "no", "否", "不":
		return false, nil
	}
	return usual, nil
}

// originals offers to delete the files with secrets that were brought in, or does it for --remove-originals.
func (s *settingUp) originals() error {
	list := s.assistant.Originals()
	if len(list) == 0 {
		return nil
	}
	remove := s.request.remove
	if !remove && s.lines != nil && hasTerminal() {
		var err error
		question := s.lang.T("The keys are kept now. Delete these files, from which they were read?") + "\n  " + strings.Join(list, "\n  ") + "\n"
		if remove, err = s.yes(question, false); err != nil {
			return err
		}
	}
	if !remove {
		return nil
	}
	if err := s.assistant.RemoveOriginals(); err != nil {
		return err
	}
	for _, name := range list {
		s.emit(struct {
			Event string `json:"event"`
			File  string `json:"file"`
		}{"removed", name}, s.lang.T("Deleted: %s", name))
	}
	return nil
}
