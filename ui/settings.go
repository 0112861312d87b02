package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// settings is the page where a manager changes what the assistant has set up.
type settings struct {
	c     *Cashier
	whole *fyne.Container
	body  *fyne.Container
	gate  *gate
	guide *guide
}

// onSettings opens the settings, or closes them.
func (c *Cashier) onSettings() {
	if _, open := c.page.(*settings); open {
		c.turnTo(nil)
		return
	}
	if c.opts.Settings == nil {
		return
	}
	s := &settings{c: c, body: container.NewStack()}
	c.turnTo(s)
	s.gate = newGate(&c.room, c.till, pos.ChangeSettings, c.l.T("Only a manager changes the settings."), c.app.Preferences().String(prefManager), c.onKey, s.enter)
	s.update()
	c.fillBody()
}

// enter shows the settings to the manager u.
func (s *settings) enter(u *pos.User) {
	s.c.app.Preferences().SetString(prefManager, u.Name)
	if s.gate.first {
		s.c.onFirstUser(u)
	}
	var a setup.Assistant
	s.c.off(func(ctx context.Context) (err error) {
		a, err = s.c.opts.Settings(ctx)
		return err
	}, func(err error) {
		if err != nil {
			s.c.complain(err)
			return
		}
		if s.c.page != page(s) {
			return // the page was left meanwhile
		}
		s.gate = nil
		s.guide = newGuide(&s.c.room, a, guideOptions{
			settings: true, leave: []setup.StepID{setup.Language, setup.Manager, setup.Trial},
			language: func(words.Language) {}, onKey: s.c.onKey, reopen: s.c.onReopen,
		})
		s.c.win.SetOnDropped(s.guide.onDropped)
		s.update()
	})
}

func (s *settings) object() fyne.CanvasObject {
	if s.whole == nil {
		return container.NewStack()
	}
	return s.whole
}

// update draws the page anew.
func (s *settings) update() {
	switch {
	case s.guide != nil:
		s.guide.rebuild()
		s.body.Objects = []fyne.CanvasObject{s.guide.object}
	case s.gate != nil:
		s.gate.rebuild()
		s.body.Objects = []fyne.CanvasObject{s.gate.object}
	}
	s.whole = kit.Col(0, kit.Fixed(pageHead(s.c, s.c.l.T("Settings"), "gear")), kit.Fixed(kit.Rule()), kit.Grow(1, s.body))
	if s.c.page == page(s) {
		s.c.fillBody()
	}
}

func (s *settings) read() {}

// close ends what the guide has under way: the page is left.
func (s *settings) close() {
	s.c.win.SetOnDropped(func(fyne.Position, []fyne.URI) {})
	if s.guide != nil {
		s.guide.leaveTry()
	}
}

func (s *settings) onKey(k fyne.KeyName) bool {
	switch {
	case s.guide != nil:
		return k != fyne.KeyF9 && k != fyne.KeyF10 && s.guide.onKey(k)
	case s.gate != nil && (k == fyne.KeyReturn || k == fyne.KeyEnter):
		s.gate.onEnter()
		return true
	}
	return false
}

// onReopen closes the counter and opens it again, so that what was changed counts.
func (c *Cashier) onReopen() {
	if c.live() {
		c.notify(c.l.T("A payment is waiting: let it end before the counter is opened again."), kit.Doubtful)
		return
	}
	c.opts.Reopen()
}
