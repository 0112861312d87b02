package ui

import (
	"time"

	"saoma/ui/kit"
)

// lockIdle signs out at now whoever has left the counter alone for too long.
func (c *Cashier) lockIdle(now time.Time) {
	if uses := kit.Uses(); uses != c.uses {
		c.uses, c.usedAt = uses, now
	}
	if c.peopled && c.opts.LockAfter > 0 && now.Sub(c.usedAt) >= c.opts.LockAfter && c.exposed() {
		c.lock()
	}
}

// exposed reports whether somebody else could go on where a person left: signed in, or on a page that was opened with a PIN.
func (c *Cashier) exposed() bool {
	_, asks := c.page.(*signIn)
	return c.opts.SignedIn || c.page != nil && !asks
}

// lock signs out because nobody is there.
func (c *Cashier) lock() {
	c.signOut()
	c.notify(c.l.T("Nobody was at the counter: sign in to go on."), kit.Calm)
}

// signOut has nobody at the counter. A payment that waits stays on the screen and is waited for as before; the next key
// or tap asks who is there.
func (c *Cashier) signOut() {
	c.opts.SignedIn = false
	c.turnTo(nil)
	c.buildUI()
	if !c.live() {
		c.onSignIn()
	}
}
