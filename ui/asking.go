package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// asking is the page that asks for somebody else's PIN on the spot, in the place of the one it comes back to.
type asking struct {
	c     *Cashier
	back  page
	gate  *gate
	whole fyne.CanvasObject
}

// as calls then with the name of somebody who may do action: whoever works at the till, or else somebody who says so
// with a PIN.
func (c *Cashier) as(action pos.Action, then func(actor string)) {
	actor := c.opts.Cashier
	switch {
	case c.peopled && !c.opts.SignedIn:
		actor = "" // a name alone proves nothing
	case !c.peopled && actor == "":
		actor = pos.AtWindow
	}
	c.off(func(ctx context.Context) error { return c.till.May(ctx, actor, action) }, func(err error) {
		switch pos.CodeOf(err) {
		case pos.Forbidden, pos.NeedsApproval:
			c.askPIN(action, c.l.T("This needs somebody who may do it: name and PIN."), nil, func(u *pos.User) { then(u.Name) })
		default:
			if err != nil {
				c.complain(err)
				return
			}
			then(actor)
		}
	})
}

// askPIN asks for the name and the PIN of somebody who may do action; enter proves them, see gate.
func (c *Cashier) askPIN(action pos.Action, about string, enter func(ctx context.Context, name, pin string) (*pos.User, error), then func(*pos.User)) {
	a := &asking{c: c, back: c.page, whole: container.NewStack()}
	c.turnTo(a)
	a.gate = newGate(&c.room, c.till, action, about, "", c.onKey, func(u *pos.User) {
		if c.page == page(a) {
			c.turnTo(a.back)
			then(u)
		}
	})
	a.gate.enter = enter
	a.update()
	c.fillBody()
}

func (a *asking) object() fyne.CanvasObject { return a.whole }
func (a *asking) read()                     {}

func (a *asking) update() {
	a.gate.rebuild()
	a.whole = kit.Col(0, kit.Fixed(pageHead(a.c, a.c.l.T("Sign in"), "lock")), kit.Fixed(kit.Rule()), kit.Grow(1, a.gate.object))
}

func (a *asking) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyReturn, fyne.KeyEnter:
		a.gate.onEnter()
	case fyne.KeyEscape:
		a.c.turnTo(a.back)
	default:
		return false
	}
	return true
}
