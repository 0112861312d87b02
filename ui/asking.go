package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// asking is a page that asks for a name and a PIN, in the place of the one it comes back to.
type asking struct {
	c     *Cashier
	back  page // nil: the till
	gate  *gate
	whole fyne.CanvasObject
}

// ask turns to p, which is a or the page that a is a part of. Enter proves the PIN, see gate.
func (a *asking) ask(p page, action pos.Action, about, name string, enter func(ctx context.Context, name, pin string) (*pos.User, error), then func(*pos.User)) {
	a.whole = container.NewStack()
	a.c.turnTo(p)
	a.gate = newGate(&a.c.room, a.c.till, action, about, name, a.c.onKey, then)
	a.gate.enter = enter
	a.update()
	a.c.fillBody()
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

// askPIN asks for the name and the PIN of somebody else, who may do action.
func (c *Cashier) askPIN(action pos.Action, about string, enter func(ctx context.Context, name, pin string) (*pos.User, error), then func(*pos.User)) {
	if _, open := c.page.(*asking); open {
		return // the button was pressed twice
	}
	a := &asking{c: c, back: c.page}
	a.ask(a, action, about, "", enter, func(u *pos.User) {
		if c.page == page(a) {
			c.turnTo(a.back)
			then(u)
		}
	})
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
