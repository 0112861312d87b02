package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"saoma/cmd/internal/setup"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// setupRequest is the command line of setup.
type setupRequest struct {
	step, try, skip, confirm, wallet string
	set                              []string
	remove                           bool // the originals of what is brought in
}

// setup leads through the set-up step by step, or does one thing of it.
func (a *app) setup(ctx context.Context, f *flags, args []string) (err error) {
	var r setupRequest
	step, try, skip, confirm, wallet := f.text("step", "STEP"), f.text("try", "STEP"), f.text("skip", "STEP,…"), f.text("confirm", "FINGERPRINT"), f.text("wallet", "wechat|alipay")
	set := f.each("set", "KEY=VALUE")
	f.toggle("remove-originals", &r.remove)
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	r.step, r.try, r.skip, r.confirm, r.wallet, r.set = *step, *try, *skip, *confirm, *wallet, *set
	dir, err := a.dir()
	if err != nil {
		return err
	}
	assistant, err := setup.New(dir, setup.Options{Ask: a.asker()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, assistant.Close()) }()
	s := &settingUp{app: a, assistant: assistant, request: r}
	for _, id := range []string{r.step, r.try} {
		if id != "" && s.find(flow.StepID(id)) == nil {
			return pos.Errorf(pos.Invalid, "%s is not a step of the set-up; allowed are %s.", id, setup.Names())
		}
	}
	switch {
	case r.skip == "" && len(r.set) == 0 && r.try == "" && r.step == "" && r.confirm == "" && a.json:
		return s.list()
	default:
		if err := s.mayChange(ctx); err != nil {
			return err
		}
		if r.skip == "" && len(r.set) == 0 && r.try == "" && r.confirm == "" && r.step != string(flow.Trial) {
			return s.lead(ctx)
		}
		return s.unasked(ctx)
	}
}

// settingUp is one run of setup.
type settingUp struct {
	*app
	assistant *setup.Assistant
	request   setupRequest
	lines     *lineReader
	who       string // the manager who has signed in, or was just made; empty: there are no users
}

func (s *settingUp) find(id flow.StepID) *flow.Step {
	for _, step := range s.assistant.Steps() {
		if step.ID == id {
			return &step
		}
	}
	return nil
}

// mayChange has a manager sign in where there is one: the shop's papers are nobody else's business.
func (s *settingUp) mayChange(ctx context.Context) error {
	if s.assistant.State(flow.Manager) != flow.Kept {
		return nil
	}
	if s.user == "" && hasTerminal() {
		s.user = s.assistant.Values(flow.Manager)["manager.name"]
	}
	return s.assistant.People(ctx, func(till *pos.Till) error {
		u, err := s.signIn(ctx, till)
		if err != nil || u == nil {
			return err
		}
		s.who = u.Name
		return till.May(ctx, u.Name, pos.ChangeSettings)
	})
}

// stepView is a step as scripts read it.
type stepView struct {
	Event  string      `json:"event"`
	Step   flow.StepID `json:"step"`
	Title  string      `json:"title"`
	State  flow.State  `json:"state"`
	Skip   bool        `json:"skip"`
	Fields []fieldView `json:"fields"`
}

// fieldView is a field. A secret or paper that is kept has the value "••••••".
type fieldView struct {
	Key      string    `json:"key"`
	Label    string    `json:"label"`
	Where    string    `json:"where,omitempty"`
	Example  string    `json:"example,omitempty"`
	Kind     flow.Kind `json:"kind"`
	Optional bool      `json:"optional,omitempty"`
	Choices  []string  `json:"choices,omitempty"`
	Value    string    `json:"value"`
	When     *whenView `json:"when,omitempty"`
}

// whenView says that a field counts only while another has one of these values.
type whenView struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// list prints the steps, their fields and how far they are.
func (s *settingUp) list() error {
	for _, step := range s.assistant.Steps() {
		values := s.assistant.Values(step.ID)
		v := stepView{Event: "step", Step: step.ID, Title: s.lang.T(step.Title), State: s.assistant.State(step.ID), Skip: step.Skip, Fields: []fieldView{}}
		for i := range step.Fields {
			f := &step.Fields[i]
			field := fieldView{Key: f.Key, Label: s.lang.T(f.Label), Example: f.Example, Kind: f.Kind, Optional: f.Optional, Value: values[f.Key], When: (*whenView)(f.When)}
			if f.Where != "" {
				field.Where = s.lang.T(f.Where)
			}
			for _, c := range f.Choices {
				field.Choices = append(field.Choices, c.Value)
			}
			v.Fields = append(v.Fields, field)
		}
		s.emit(v, "")
	}
	return nil
}

// unasked does what the command line says and asks nobody.
func (s *settingUp) unasked(ctx context.Context) error {
	r := &s.request
	given, err := s.given()
	if err != nil {
		return err
	}
	for _, step := range s.assistant.Steps() {
		switch values := given[step.ID]; {
		case values != nil:
			err = keyed(s.keep(ctx, &step, values))
		case slices.Contains(strings.Split(r.skip, ","), string(step.ID)):
			if err = s.assistant.Pass(ctx, step.ID); err == nil {
				s.told(&step)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := s.originals(ctx); err != nil {
		return err
	}
	if r.confirm != "" {
		if err := s.assistant.Confirm(ctx, flow.Address, r.confirm); err != nil {
			return err
		}
	}
	if r.try != "" {
		if worst, err := s.try(ctx, flow.StepID(r.try)); err != nil || worst == pos.Red {
			return errors.Join(err, saidIf(worst == pos.Red))
		}
	}
	if r.step == string(flow.Trial) {
		return s.trial(ctx)
	}
	return nil
}

func saidIf(said bool) error {
	if said {
		return errSaid
	}
	return nil
}

// given sorts --set by steps. What is not given stays as it is kept or proposed.
func (s *settingUp) given() (map[flow.StepID]flow.Values, error) {
	given := map[flow.StepID]flow.Values{}
	for _, pair := range s.request.set {
		key, value, ok := strings.Cut(pair, "=")
		step := s.stepOf(strings.TrimSpace(key))
		if !ok || step == nil {
			return nil, pos.Errorf(pos.Invalid, "--set %s is not a field of the set-up; list them with: %s", key, "saomactl setup --json")
		}
		if given[step.ID] == nil {
			given[step.ID] = s.assistant.Values(step.ID)
		}
		if name, fromFile := strings.CutPrefix(value, "@"); fromFile { // a secret does not belong on a command line
			text, err := readSecretFile("--set "+key, name)
			if err != nil {
				return nil, err
			}
			value = text
		}
		given[step.ID][strings.TrimSpace(key)] = value
	}
	return given, nil
}

// stepOf is the step that has the field key.
func (s *settingUp) stepOf(key string) *flow.Step {
	for _, step := range s.assistant.Steps() {
		if slices.ContainsFunc(step.Fields, func(f flow.Field) bool { return f.Key == key }) {
			return &step
		}
	}
	return nil
}

// maxSecretFile bounds a file given as @FILE, in bytes.
const maxSecretFile = 64 << 10

// readSecretFile reads the text of @FILE.
func readSecretFile(flag, name string) (string, error) {
	info, err := os.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSecretFile) {
		return "", pos.Errorf(pos.Invalid, "%s %s cannot be read; name a file that holds the text.", flag, "@"+name)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(name)
	}
	if err != nil {
		return "", pos.Errorf(pos.Invalid, "%s %s cannot be read; name a file that holds the text.", flag, "@"+name).Because(err)
	}
	return strings.TrimSpace(string(text)), nil
}

// keep keeps a step and says so.
func (s *settingUp) keep(ctx context.Context, step *flow.Step, values flow.Values) error {
	if err := s.assistant.Keep(ctx, step.ID, values); err != nil {
		return err
	}
	if step.ID == flow.Manager && s.who == "" {
		s.who = strings.TrimSpace(values["manager.name"])
	}
	s.told(step)
	return nil
}

// keyed puts the key of the field before the sentence that refuses it, for whoever gave it by its key.
func keyed(err error) error {
	if key := flow.KeyOf(err); key != "" {
		var field *flow.FieldError
		errors.As(err, &field)
		if e, ok := errors.AsType[*pos.Error](field.Err); ok && !strings.HasPrefix(e.Sentence(), key) {
			return pos.Errorf(e.Code, "%s: %s", key, e)
		}
		return field.Err
	}
	return err
}

// keptView is what setup prints when a step is kept or passed over.
type keptView struct {
	Event string      `json:"event"`
	Step  flow.StepID `json:"step"`
	State flow.State  `json:"state"`
}

func (s *settingUp) told(step *flow.Step) {
	state := s.assistant.State(step.ID)
	words := s.lang.T("%s: left out. To do it later: %s", s.lang.T(step.Title), "saomactl setup --step "+string(step.ID))
	if state == flow.Kept {
		words = s.lang.T("%s: kept.", s.lang.T(step.Title))
	}
	s.emit(keptView{"kept", step.ID, state}, words)
}

// try tries a step and prints each finding.
func (s *settingUp) try(ctx context.Context, id flow.StepID) (worst pos.Level, err error) {
	var findings []pos.Finding
	err = s.assistant.Try(ctx, id, func(f pos.Finding) {
		findings = append(findings, f)
		s.diagnose(f)
	})
	return pos.Worst(findings), err
}
