package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// signIn is the page where whoever works at the till says so. A counter without users never shows it.
type signIn struct {
	c     *Cashier
	gate  *gate
	whole fyne.CanvasObject
}

// onSignIn opens the page, or closes it.
func (c *Cashier) onSignIn() {
	if _, open := c.page.(*signIn); open {
		c.turnTo(nil)
		return
	}
	if !c.peopled {
		return
	}
	s := &signIn{c: c}
	s.whole = container.NewStack()
	c.turnTo(s)
	s.gate = newGate(&c.room, c.till, pos.TakePayment, c.l.T("Name and PIN, so that every sale has its cashier."), c.opts.Cashier, c.onKey, c.onSignedIn)
	s.update()
	c.fillBody()
}

// onSignedIn goes on as u.
func (c *Cashier) onSignedIn(u *pos.User) {
	c.opts.Cashier, c.opts.SignedIn = u.Name, true
	c.turnTo(nil)
	c.buildUI()
	c.notify(c.l.T("Signed in: %s.", u.Name), kit.Glad)
}

// signedOut reports whether nobody may work yet, and asks who is there.
func (c *Cashier) signedOut() bool {
	if !c.peopled || c.opts.SignedIn {
		return false
	}
	if _, open := c.page.(*signIn); !open {
		c.onSignIn()
	}
	return true
}

func (s *signIn) object() fyne.CanvasObject { return s.whole }
func (s *signIn) read()                     {}

func (s *signIn) update() {
	s.gate.rebuild()
	s.whole = kit.Col(0, kit.Fixed(pageHead(s.c, s.c.l.T("Sign in"), "lock")), kit.Fixed(kit.Rule()), kit.Grow(1, s.gate.object))
}

func (s *signIn) onKey(k fyne.KeyName) bool {
	if k == fyne.KeyReturn || k == fyne.KeyEnter {
		s.gate.onEnter()
		return true
	}
	return false
}
