package ui

import (
	"context"
	"maps"
	"slices"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// guide leads through the steps of a set-up: a rail of them on the left, one on the right. The assistant's window and
// the settings page each show one. All its fields belong to the UI thread, except that calling is the assistant's.
type guide struct {
	room *room
	a    setup.Assistant
	opts guideOptions

	object  *fyne.Container
	stops   []stop
	at      int  // -1: nothing has been read yet
	tried   bool // the findings of a try take the place of the fields
	calls   int  // under way
	busy    bool // some are
	says    line // under the step
	kept    bool // something was kept since the guide began
	outside []string
	manager string // who gave a PIN as the manager while the guide was open

	form    *form
	wrong   error  // what is wrong with the field wrongAt
	wrongAt string // key
	pane    *kit.Pane
	finds   *findings
	trial   *trial
	modal   func(fyne.KeyName) // takes every key while something is asked; nil: nothing is
	lastDir string             // where a file was chosen last
	calling sync.Mutex         // the assistant is called by one goroutine at a time
	stopTry context.CancelFunc // ends a try that is under way
}

// guideOptions are how the two places of a guide differ.
type guideOptions struct {
	settings bool           // nothing follows on the last step, and kept changes want the counter opened again
	leave    []setup.StepID // steps that are not shown
	language func(words.Language)
	onKey    func(fyne.KeyName) // of keys that the guide has no use for
	trial    AssistantOptions
	reopen   func() // opens the counter again; nil: cannot
}

// stop is one step and how far it is.
type stop struct {
	setup.Step
	state setup.State
	kept  setup.Values // as the assistant has them
	draft setup.Values // as typed
}

// languageStep is the window's own: it keeps nothing in the data folder.
func languageStep() setup.Step {
	title, about := languageWords()
	return setup.Step{ID: setup.Language, Title: title, About: about}
}

// languageWords are title and purpose of the step; each is the key of its translation.
func languageWords() (title, about string) {
	return "Language", "Every window speaks it. The bar on top changes it at any time."
}

// triable are the steps that can be tried on their own.
var triable = []setup.StepID{setup.WeChat, setup.Alipay, setup.Address}

func newGuide(r *room, a setup.Assistant, o guideOptions) *guide {
	g := &guide{room: r, a: a, opts: o, at: -1, object: container.NewStack(), pane: kit.NewPane(), finds: newFindings()}
	g.call(func(context.Context) error { return nil }, func(error) { g.show(g.first()) })
	return g
}

// first is the step to go on with.
func (g *guide) first() int {
	if g.opts.settings {
		return 0
	}
	i := slices.IndexFunc(g.stops, func(s stop) bool { return s.state == setup.Open })
	if i < 0 {
		return len(g.stops) - 1
	}
	return i
}

// call has the assistant do something away from the UI thread, reads how far its steps are then, and shows it.
func (g *guide) call(work func(context.Context) error, done func(error)) {
	g.calls++
	g.busy = true
	var stops []stop
	var outside []string
	g.room.off(func(ctx context.Context) error {
		g.calling.Lock()
		defer g.calling.Unlock()
		err := work(ctx)
		for _, step := range g.a.Steps() {
			stops = append(stops, stop{Step: step, state: g.a.State(step.ID), kept: g.a.Values(step.ID)})
		}
		outside = g.a.Originals()
		return err
	}, func(err error) {
		g.calls--
		g.busy = g.calls > 0
		g.takeIn(stops, outside)
		done(err)
		g.draw()
	})
	g.draw()
}

// takeIn keeps what was read, and what was typed in other steps meanwhile.
func (g *guide) takeIn(stops []stop, outside []string) {
	if !slices.ContainsFunc(stops, func(s stop) bool { return s.ID == setup.Language }) {
		stops = slices.Insert(stops, 0, stop{Step: languageStep()})
	}
	stops = slices.DeleteFunc(stops, func(s stop) bool { return slices.Contains(g.opts.leave, s.ID) })
	for i := range stops {
		s := &stops[i]
		if s.ID == setup.Language {
			s.state = setup.Open
			if g.room.app.Preferences().String(prefLanguage) != "" {
				s.state = setup.Kept
			}
		}
		s.draft = maps.Clone(s.kept)
		if s.draft == nil {
			s.draft = setup.Values{}
		}
		if i < len(g.stops) && g.stops[i].draft != nil && g.stops[i].ID == s.ID && maps.Equal(g.stops[i].kept, s.kept) {
			s.draft = g.stops[i].draft
		}
	}
	g.stops, g.outside = stops, outside
}

// show turns to a step, at its fields.
func (g *guide) show(i int) {
	if i < 0 || i >= len(g.stops) {
		return
	}
	g.leaveTry()
	g.collect()
	g.at, g.tried, g.says, g.wrong, g.wrongAt = i, false, line{}, nil, ""
	g.form = nil
	if g.here().ID == setup.Trial {
		if g.trial == nil {
			g.trial = newTrial(g)
		}
		g.trial.open()
	}
	g.draw()
	g.focus("")
}

// open reports whether a step can be gone to: all before it are kept or passed over.
func (g *guide) open(i int) bool {
	return g.opts.settings || !slices.ContainsFunc(g.stops[:i], func(s stop) bool { return s.state == setup.Open })
}

// here is the step that is shown.
func (g *guide) here() *stop { return &g.stops[g.at] }

// collect takes what is typed into the step's values.
func (g *guide) collect() {
	if g.form != nil {
		g.form.into(g.here().draft)
	}
}

// onPick shows the fields that belong to another choice.
func (g *guide) onPick(key string) {
	g.collect()
	g.form = nil
	g.draw()
	g.focus(key)
}

// focus leads the keyboard to a field; empty: the first one.
func (g *guide) focus(key string) {
	if g.form == nil || len(g.form.inputs) == 0 || g.tried {
		g.room.win.Canvas().Unfocus()
		return
	}
	in := g.form.inputs[max(g.form.at(key), 0)]
	g.room.win.Canvas().Focus(in.focus)
	g.reveal(in.object)
}

// reveal scrolls to a field that got the focus.
func (g *guide) reveal(o fyne.CanvasObject) { g.pane.Reveal(o) }
