package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"saoma/pos"
	flow "saoma/pos/setup"
)

// lead goes through the steps that are open, or the one of --step, and asks for each field.
func (s *settingUp) lead(ctx context.Context) error {
	s.lines = &lineReader{bufio.NewReader(os.Stdin)}
	var later []string
	steps := s.assistant.Steps()
	for i := range steps {
		step := &steps[i]
		switch {
		case s.request.step != "" && string(step.ID) != s.request.step:
			continue
		case s.request.step == "" && s.assistant.State(step.ID) != flow.Open:
			continue
		}
		s.say(fmt.Sprintf("\n%d/%d  %s\n%s", i+1, len(steps), s.lang.T(step.Title), s.lang.T(step.About)))
		err := s.askStep(ctx, step)
		if errors.Is(err, errLater) {
			later = append(later, s.lang.T(step.Title))
			if step.ID == flow.Shop {
				break // all others need it
			}
			continue
		}
		if err != nil {
			if hasTerminal() {
				s.warn("") // the prompt's line, or that of Ctrl-C, is not over
			}
			s.remind()
			return err
		}
	}
	if err := s.originals(ctx); err != nil {
		return err
	}
	switch {
	case len(later) > 0:
		s.say(s.lang.T("Left for later: %s. To go on: %s", strings.Join(later, ", "), "saomactl setup"))
	case s.request.step == "":
		s.say(s.lang.T("The set-up is done. Next: %s", "saomactl serve"))
	}
	return nil
}

// askStep asks for one step until it is kept, left out or left for later, and tries it.
func (s *settingUp) askStep(ctx context.Context, step *flow.Step) error {
	if step.ID == flow.Trial {
		if _, err := s.trialWallet(); pos.CodeOf(err) == pos.Conflict { // there is nothing to pay with yet
			s.refuse(err)
			return errLater
		}
	}
	if step.Skip {
		yes, err := s.yes(ctx, s.lang.T("Do this step now? (n: leave it out; later: ask again next time)"), true)
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
		return s.askTrial(ctx)
	}
	if slices.Contains(triable, step.ID) { // the keys are needed: who has to open them does so first
		if _, err := s.assistant.Vault(ctx); err != nil {
			return err
		}
	}
	q := s.questionsOf(step)
	for wrong := ""; ; {
		if err := q.ask(ctx, wrong); err != nil {
			return err
		}
		err := s.keep(ctx, step, q.values)
		if err == nil {
			if again, err := s.tryAsked(ctx, step); err != nil || !again {
				return err
			}
			q, wrong = s.questionsOf(step), ""
			continue
		}
		if !hasTerminal() || (pos.CodeOf(err) != pos.Invalid && pos.CodeOf(err) != pos.Setup) {
			return keyed(err)
		}
		s.refuse(err)
		wrong = flow.KeyOf(err)
		q.takeBack(wrong)
	}
}

// refuse says to the person at the terminal what is wrong, and names fields as the questions do.
func (s *settingUp) refuse(err error) {
	words := s.lang.Error(err)
	if key := flow.KeyOf(err); key != "" && !strings.Contains(words, key) {
		words = s.lang.T("%s: %s", key, words)
	}
	s.warn(s.mark(pos.Red) + s.labelled(words))
}

// labelled puts the labels of fields in the place of their keys.
func (s *settingUp) labelled(words string) string {
	var fields []flow.Field
	for _, step := range s.assistant.Steps() {
		fields = append(fields, step.Fields...)
	}
	slices.SortFunc(fields, func(a, b flow.Field) int { return len(b.Key) - len(a.Key) }) // some keys begin with another
	for _, f := range fields {
		words = strings.ReplaceAll(words, f.Key, s.lang.T("“%s”", s.lang.T(f.Label)))
	}
	return words
}

// triable are the steps with keys, which can be tried on their own.
var triable = []flow.StepID{flow.WeChat, flow.Alipay, flow.Address}

// tryAsked tries a step that can be, brings the server's key before the owner, and asks whether to fill it in again.
func (s *settingUp) tryAsked(ctx context.Context, step *flow.Step) (again bool, err error) {
	if !slices.Contains(triable, step.ID) || s.assistant.State(step.ID) != flow.Kept {
		return false, nil
	}
	s.say(s.lang.T("Trying it."))
	var fingerprint string
	var findings []pos.Finding
	var said []string
	err = s.assistant.Try(ctx, step.ID, func(f pos.Finding) {
		findings = append(findings, f)
		if f.Level != pos.Green {
			fingerprint = max(fingerprint, fingerprintIn(f))
		}
		if words := s.found(f); !slices.Contains(said, words) { // two checks may have failed for one reason
			said = append(said, words)
			s.say(words)
		}
	})
	if err != nil {
		return false, err
	}
	if fingerprint != "" {
		yes, err := s.yes(ctx, s.lang.T("Is %s the key of your server?", fingerprint), false)
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
	return s.yes(ctx, s.lang.T("Fill this step in again?"), true)
}

// found is a finding in words for a person, who has no use for the names of checks and of fields.
func (s *settingUp) found(f pos.Finding) string {
	words := s.mark(f.Level) + " " + s.lang.Error(f.Says)
	if f.Do != nil {
		words += "\n   → " + s.lang.Error(f.Do)
	}
	return s.labelled(words)
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

// askTrial makes the payment until one came through or the owner lets it be.
func (s *settingUp) askTrial(ctx context.Context) error {
	for {
		err := s.trial(ctx)
		if err == nil || !hasTerminal() || s.assistant.State(flow.Trial) == flow.Kept {
			return err
		}
		if !errors.Is(err, errClosed) && !errors.Is(err, errSaid) { // those were told
			s.refuse(err)
		}
		again, err := s.yes(ctx, s.lang.T("Try once more?"), true)
		if err != nil {
			return err
		}
		if !again {
			return errLater
		}
	}
}

// originals offers to delete the files with secrets that were brought in, or does it for --remove-originals.
func (s *settingUp) originals(ctx context.Context) error {
	list := s.assistant.Originals()
	if len(list) == 0 {
		return nil
	}
	remove := s.request.remove
	if !remove && s.lines != nil && hasTerminal() {
		var err error
		s.remind()
		if remove, err = s.yes(ctx, s.lang.T("Delete these copies?"), false); err != nil && !errors.Is(err, errLater) {
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

// remind names the files with secrets that were brought in.
func (s *settingUp) remind() {
	if list := s.assistant.Originals(); len(list) > 0 {
		s.say("\n" + s.lang.T("The counter has its own copy. Keep one on a medium in your safe before you delete these: %s", "\n  "+strings.Join(list, "\n  ")))
	}
}
