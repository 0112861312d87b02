// Package setup is the assistant behind the window's first run, its settings and saomactl setup. A step that is
// kept stands in saoma.toml and the files it names: that is the whole state, so the assistant can be left at any
// time and taken up again.
package setup

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/vault"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// Options are what New may be told.
type Options struct {
	// Counter is the one that this process has open on the folder. What is changed meanwhile, it uses when it is
	// opened again. nil: the folder must not be open anywhere.
	Counter *counter.Counter
	// Ask asks for the passphrase of keys that are sealed already.
	Ask func(ctx context.Context, again bool) (string, error)
	Log *slog.Logger     // nil: the folder's own
	Now func() time.Time // nil: time.Now
}

// Assistant sets up the counter of one data folder. It implements pos/setup.Assistant; call Close at the end.
type Assistant struct {
	dir string
	o   Options

	vault      *vault.Vault // nil until it is needed
	passphrase string       // that was chosen here: the counter of the trial is not asked for it again
	proposal   string       // of keys.kind
	listen     string       // proposed for notify.listen
	people     bool         // there is a manager
	open       *open        // the counter of the trial
	originals  []string
}

var _ flow.Assistant = (*Assistant)(nil)

// New starts the assistant of the data folder dir, which may be empty or not there. A saoma.toml that is broken is an
// error: it has to be mended by hand first.
func New(dir string, o Options) (*Assistant, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The data folder %s cannot be found; choose one with --data.", dir).Because(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &Assistant{dir: dir, o: o}
	if o.Counter != nil {
		a.vault = o.Counter.Vault
	}
	_, err = a.config()
	return a, err
}

// config is saoma.toml; nil where there is none yet.
func (a *Assistant) config() (*config.Config, error) {
	if _, err := os.Stat(filepath.Join(a.dir, config.FileName)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return config.Load(a.dir)
}

// kept is config for those who only look: an empty one where there is none, or none that can be read.
func (a *Assistant) kept() *config.Config {
	if c, err := a.config(); err == nil && c != nil {
		return c
	}
	return &config.Config{Dir: a.dir, Tunnel: config.Tunnel{Kind: "none"}}
}

// Steps are all but the language: that is the window's own.
func (a *Assistant) Steps() []flow.Step { return steps() }

// State reads how far a step is from saoma.toml: a section with enabled = false, or a tunnel without an
// address, was passed over.
func (a *Assistant) State(id flow.StepID) flow.State {
	c, sections := a.kept(), config.Sections(a.dir)
	switch id {
	case flow.Shop:
		return stateOf(c.Shop.Name != "", false)
	case flow.Manager:
		return stateOf(a.hasManager(), false)
	case flow.Keys:
		kind, err := vault.Look(a.dir)
		return stateOf(err == nil && (kind != vault.Plain || sections["vault"]), false)
	case flow.WeChat:
		return stateOf(c.WeChat.Enabled, sections["wechat"])
	case flow.Alipay:
		return stateOf(c.Alipay.Enabled, sections["alipay"])
	case flow.Address:
		return stateOf(c.Notify.PublicURL != "" || c.Notify.Listen != "" || c.Tunnel.Kind != "none", sections["tunnel"])
	case flow.Trial:
		return stateOf(a.hasSold(), false)
	}
	return flow.Open
}

func stateOf(kept, passed bool) flow.State {
	switch {
	case kept:
		return flow.Kept
	case passed:
		return flow.Skipped
	}
	return flow.Open
}

// Keep checks what is filled in and keeps it.
func (a *Assistant) Keep(ctx context.Context, id flow.StepID, values flow.Values) error {
	step := find(id)
	if step == nil {
		return pos.Errorf(pos.Invalid, "%s is not a step of the set-up; allowed are %s.", string(id), Names())
	}
	if err := a.mayChange(id); err != nil {
		return err
	}
	filled := filledIn(step, values)
	if err := picked(step, filled); err != nil {
		return err
	}
	keep := map[flow.StepID]func(context.Context, flow.Values) error{
		flow.Shop: a.keepShop, flow.Manager: a.keepManager, flow.Keys: a.keepKeys, flow.WeChat: a.keepWeChat,
		flow.Alipay: a.keepAlipay, flow.Address: a.keepAddress,
		flow.Trial: func(context.Context, flow.Values) error { return nil },
	}[id]
	return located(step, keep(ctx, filled))
}

// filledIn are the values of the fields that count.
func filledIn(step *flow.Step, values flow.Values) flow.Values {
	filled := flow.Values{}
	for i := range step.Fields {
		f := &step.Fields[i]
		if v := strings.TrimSpace(values[f.Key]); f.Shows(values) {
			filled[f.Key] = v
		}
	}
	return filled
}

// picked refuses a pick that is none of its choices.
func picked(step *flow.Step, filled flow.Values) error {
	for _, f := range step.Fields {
		var allowed []string
		for _, c := range f.Choices {
			allowed = append(allowed, c.Value)
		}
		if value, counts := filled[f.Key]; counts && f.Kind == flow.Pick && !slices.Contains(allowed, value) {
			return flow.At(f.Key, pos.Errorf(pos.Invalid, "%s must be %s.", f.Key, strings.Join(allowed, "|")))
		}
	}
	return nil
}

// Check reads what is filled in of a wallet's papers up to the field key, and keeps nothing. Its error is about that
// field alone: what stands behind it may have to be changed with it. It returns the values with what follows from them,
// such as the certificate out of a zip; those of other steps are as they were.
func (a *Assistant) Check(ctx context.Context, id flow.StepID, values flow.Values, key string) (flow.Values, error) {
	if id != flow.WeChat && id != flow.Alipay {
		return values, nil
	}
	step := find(id)
	step.Fields = step.Fields[:1+slices.IndexFunc(step.Fields, func(f flow.Field) bool { return f.Key == key })]
	b, err := a.batch(ctx, filledIn(step, values))
	if err != nil {
		return nil, err
	}
	old := a.kept()
	if id == flow.WeChat {
		_, err = b.readWeChat(&old.WeChat)
	} else {
		_, err = b.readAlipay(&old.Alipay)
	}
	switch err = b.given(err); {
	case key == merchantSerial && flow.KeyOf(err) == merchantCert: // its serial number would have done instead
		err = flow.At(key, errors.Unwrap(err))
	case flow.KeyOf(err) != key: // another field's turn comes
		err = nil
	}
	return b.values, err
}

// Pass leaves a step out. A wallet that was kept is switched off; its papers stay.
func (a *Assistant) Pass(_ context.Context, id flow.StepID) error {
	if err := a.mayChange(id); err != nil {
		return err
	}
	switch id {
	case flow.WeChat:
		return config.Change(a.dir, config.Edit{Key: "wechat.enabled", Value: false})
	case flow.Alipay:
		return config.Change(a.dir, config.Edit{Key: "alipay.enabled", Value: false})
	case flow.Address:
		return config.Change(a.dir, config.Edit{Key: "tunnel.kind", Value: "none"}, config.Edit{Key: "notify.public_url"}, config.Edit{Key: "notify.listen"})
	case flow.Trial:
		return nil
	}
	return pos.Errorf(pos.Invalid, "This step cannot be left out.")
}

// mayChange refuses a folder that another process has open, and the steps behind the shop's while there is no shop.
func (a *Assistant) mayChange(id flow.StepID) error {
	if err := a.closeTrial(); err != nil {
		return err
	}
	if a.o.Counter == nil {
		if err := counter.Closed(context.Background(), a.dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return pos.Errorf(pos.Setup, "The data folder %s cannot be made.", a.dir).Because(err)
	}
	c, err := a.config()
	if err != nil {
		return err
	}
	if c == nil && id != flow.Shop {
		return pos.Errorf(pos.Conflict, "Fill in the shop first.")
	}
	return nil
}

// located finds the field that an error of config is about: its sentences begin with the key.
func located(step *flow.Step, err error) error {
	e, ok := errors.AsType[*pos.Error](err)
	if !ok || flow.KeyOf(err) != "" {
		return err
	}
	sentence := e.Sentence()
	i := slices.IndexFunc(step.Fields, func(f flow.Field) bool { return strings.HasPrefix(sentence, f.Key+" ") })
	if i < 0 {
		return err
	}
	return flow.At(step.Fields[i].Key, err)
}

// Names lists the steps.
func Names() string {
	var list []string
	for _, s := range steps() {
		list = append(list, string(s.ID))
	}
	return strings.Join(list, ", ")
}

// Close closes the counter of the trial, if it is open.
func (a *Assistant) Close() error { return a.closeTrial() }
