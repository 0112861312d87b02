package ui

import (
	"saoma/pos"
	"saoma/ui/kit"
)

// signIn is the page where whoever works at the till says so. A counter without users never shows it.
type signIn struct{ asking }

// onSignIn opens the page, or closes it.
func (c *Cashier) onSignIn() {
	if _, open := c.page.(*signIn); open {
		c.turnTo(nil)
		return
	}
	if !c.peopled {
		return
	}
	s := &signIn{asking{c: c}}
	s.ask(s, pos.TakePayment, c.l.T("Name and PIN, so that every sale has its cashier."), c.opts.Cashier, nil, c.onSignedIn)
}

// onSignedIn goes on as u.
func (c *Cashier) onSignedIn(u *pos.User) {
	c.opts.Cashier, c.opts.SignedIn = u.Name, true
	c.turnTo(nil)
	c.buildUI()
	if !u.RescuedAt.IsZero() {
		c.notify(c.l.T("This PIN was given with the owner's key; give yourself another one: %s", "F4"), kit.Alarmed)
		return
	}
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
