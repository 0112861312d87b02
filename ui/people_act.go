package ui

import (
	"context"
	"strings"
	"time"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// run makes a change under the manager's name, and shows the users as they are then.
func (p *people) run(do func(ctx context.Context, by *pos.User) error, done func()) {
	p.c.win.Canvas().Unfocus()
	p.c.alone(&p.busy, p.draw, func(ctx context.Context) error { return do(ctx, &pos.User{Name: p.by}) }, func(err error) {
		if err != nil {
			p.c.complain(err)
			p.draw()
			return
		}
		p.ask("")
		done()
		p.read()
	})
}

// twice returns the PIN that was keyed in twice.
func (p *people) twice() (string, error) {
	if p.pin.Text != p.again.Text {
		return "", pos.Errorf(pos.Invalid, "The two PINs differ; key both in again.")
	}
	return p.pin.Text, nil
}

func (p *people) add() {
	pin, err := p.twice()
	n := pos.NewUser{Name: strings.TrimSpace(p.name.Text), Role: pos.Role(p.role.Value()), PIN: pin}
	p.run(func(ctx context.Context, by *pos.User) error {
		if err == nil {
			_, err = p.c.till.AddUser(ctx, by, n)
		}
		return err
	}, func() {
		p.chosen = n.Name
		p.c.notify(p.c.l.T("%s can sign in now.", n.Name), kit.Glad)
	})
}

func (p *people) setPIN() {
	name := p.chosen
	pin, err := p.twice()
	p.run(func(ctx context.Context, by *pos.User) error {
		if err == nil {
			err = p.c.till.SetPIN(ctx, by, name, pin)
		}
		return err
	}, func() { p.c.notify(p.c.l.T("%s has a new PIN.", name), kit.Glad) })
}

func (p *people) setRole() {
	name, role := p.chosen, pos.Role(p.role.Value())
	p.run(func(ctx context.Context, by *pos.User) error { return p.c.till.SetRole(ctx, by, name, role) }, func() {
		p.c.notify(p.c.l.T("The role of %s is now: %s.", name, roleWord(p.c.l, role)), kit.Glad)
	})
}

// disable keeps the chosen user out; whoever disables the one who works at the till signs out with it.
func (p *people) disable() {
	name := p.chosen
	p.run(func(ctx context.Context, by *pos.User) error { return p.c.till.DisableUser(ctx, by, name) }, func() {
		if name == p.c.opts.Cashier {
			p.c.signOut()
		}
		p.c.notify(p.c.l.T("%s is disabled.", name), kit.Working)
	})
}

func (p *people) enable() {
	name := p.chosen
	p.run(func(ctx context.Context, by *pos.User) error { return p.c.till.EnableUser(ctx, by, name) }, func() {
		p.c.notify(p.c.l.T("%s can sign in now.", name), kit.Glad)
	})
}

// userMark is a user's first character on the colour of the role.
func userMark(u *pos.User) kit.WalletMark {
	colour := kit.Muted
	switch {
	case u.Disabled:
	case u.Role == pos.Manager:
		colour = kit.Navy
	case u.Role == pos.Supervisor:
		colour = kit.Busy
	default:
		colour = kit.Good
	}
	return kit.WalletMark{Character: firstLetter(u.Name), Color: colour}
}

// userWord says whether u may sign in at now.
func userWord(c *Cashier, u *pos.User, now time.Time) (string, kit.Tone) {
	switch {
	case u.Disabled:
		return c.l.T("disabled"), kit.Calm
	case now.Before(u.LockedUntil):
		return c.l.T("locked until %s", u.LockedUntil.In(c.till.Shop.TimeZone).Format("15:04")), kit.Alarmed
	}
	return c.l.T("active"), kit.Glad
}

func roleWord(l words.Language, r pos.Role) string {
	switch r {
	case pos.Manager:
		return l.T("Manager")
	case pos.Supervisor:
		return l.T("Supervisor")
	}
	return l.T("Cashier")
}

// roleStory says what a role may do.
func roleStory(l words.Language, r pos.Role) string {
	switch r {
	case pos.Manager:
		return l.T("everything")
	case pos.Supervisor:
		return l.T("what a cashier may, every refund, the reports")
	}
	return l.T("payments, small refunds, the shift")
}
