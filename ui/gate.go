package ui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// gate asks who is there: a user's name and PIN, and whether that user may do something. Where the ledger has no users
// yet it makes the first one, a manager.
type gate struct {
	room   *room
	till   *pos.Till
	action pos.Action
	about  string // why it asks
	onKey  func(fyne.KeyName)
	then   func(*pos.User) // called once, on the UI thread
	// enter proves that name is there by the PIN; nil: by signing in, and the role must allow action.
	enter func(ctx context.Context, name, pin string) (*pos.User, error)

	object           *fyne.Container
	loaded           bool
	first            bool // there are no users yet
	busy             bool
	name, pin, again *kit.Entry
	wrong            error
}

// newGate asks for somebody who may do action; name is proposed.
func newGate(r *room, till *pos.Till, action pos.Action, about, name string, onKey func(fyne.KeyName), then func(*pos.User)) *gate {
	g := &gate{room: r, till: till, action: action, about: about, onKey: onKey, then: then, object: container.NewStack()}
	g.fields(name, "", "")
	var users []pos.User
	r.off(func(ctx context.Context) (err error) {
		users, err = till.Users(ctx)
		return err
	}, func(err error) {
		g.loaded, g.first, g.wrong = true, err == nil && len(users) == 0, err
		if g.name.Text == "" {
			if i := slices.IndexFunc(users, func(u pos.User) bool { return !u.Disabled && u.Role.May(action) }); i >= 0 {
				g.name.SetText(users[i].Name)
			}
		}
		g.draw()
		g.focus()
	})
	return g
}

func (g *gate) fields(name, pin, again string) {
	l := g.room.l
	g.name, g.pin, g.again = kit.NewEntry(l.T("Name"), g.onKey), kit.NewEntry(l.T("PIN"), g.onKey), kit.NewEntry(l.T("The same PIN again"), g.onKey)
	g.pin.Password, g.again.Password = true, true
	g.name.SetText(name)
	g.pin.SetText(pin)
	g.again.SetText(again)
	for _, e := range []*kit.Entry{g.name, g.pin, g.again} {
		e.OnEnter = g.onEnter
	}
}

// rebuild draws it anew: the language or the scale changed.
func (g *gate) rebuild() {
	g.fields(g.name.Text, g.pin.Text, g.again.Text)
	g.draw()
}

func (g *gate) draw() {
	if !g.loaded {
		return
	}
	l := g.room.l
	title, about, ready := l.T("Sign in"), g.about, l.T("Sign in")
	if g.first {
		title, ready = l.T("Who is the manager?"), l.T("Make the manager")
		about = l.T("Nobody works at this counter yet. The manager alone changes settings; the PIN has 4 to 12 digits.")
	}
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(kit.Image("lock", kit.Navy, 28))), kit.Grow(1, kit.NewFit(title, 24, kit.Ink, true, 1)))),
		kit.Fixed(kit.NewProse(about, 16, kit.Muted, false)),
		kit.Fixed(field(l.T("Name"), g.name)), kit.Fixed(field(l.T("PIN"), g.pin)),
	}
	if g.first {
		items = append(items, kit.Fixed(field(l.T("The same PIN again"), g.again)))
	}
	if g.wrong != nil {
		items = append(items, kit.Fixed(kit.NewProse(l.Error(g.wrong), 16, kit.Bad, true)))
	}
	enter := kit.NewButton(ready, "Enter", "", kit.StrongLook, g.submit)
	enter.SetDisabled(g.busy)
	items = append(items, kit.Fixed(enter))
	card := kit.AtLeast(460, 0, kit.Inset(0, 0, kit.Tall(10, items...)))
	g.object.Objects = []fyne.CanvasObject{kit.Row(0, kit.Gap(1), kit.Fixed(kit.Tall(0, kit.Gap(1), kit.Fixed(card), kit.Gap(2))), kit.Gap(1))}
	g.object.Refresh()
}

// focus leads to the first field that is empty.
func (g *gate) focus() {
	for _, e := range g.shown() {
		if e.Text == "" {
			g.room.win.Canvas().Focus(e)
			return
		}
	}
	g.room.win.Canvas().Focus(g.pin)
}

func (g *gate) shown() []*kit.Entry {
	if g.first {
		return []*kit.Entry{g.name, g.pin, g.again}
	}
	return []*kit.Entry{g.name, g.pin}
}

// onEnter goes on to the next empty field, or in.
func (g *gate) onEnter() {
	for _, e := range g.shown() {
		if e.Text == "" {
			g.room.win.Canvas().Focus(e)
			return
		}
	}
	g.submit()
}

func (g *gate) submit() {
	if g.busy || !g.loaded {
		return
	}
	name, pin := strings.TrimSpace(g.name.Text), g.pin.Text
	if g.first && pin != g.again.Text {
		g.refuse(pos.Errorf(pos.Invalid, "The two PINs differ; key both in again."))
		return
	}
	g.busy, g.wrong = true, nil
	g.draw()
	var u *pos.User
	g.room.off(func(ctx context.Context) (err error) {
		if g.first {
			u, err = g.till.AddUser(ctx, nil, pos.NewUser{Name: name, Role: pos.Manager, PIN: pin})
			return err
		}
		if g.enter != nil {
			u, err = g.enter(ctx, name, pin)
			return err
		}
		if u, err = g.till.SignIn(ctx, name, pin); err != nil {
			return err
		}
		return u.Role.Allows(g.action)
	}, func(err error) {
		g.busy = false
		if err != nil {
			g.refuse(err)
			return
		}
		g.room.win.Canvas().Unfocus()
		g.then(u)
	})
}

// refuse says why not, and asks for the PIN again.
func (g *gate) refuse(err error) {
	g.wrong = err
	g.pin.SetText("")
	g.again.SetText("")
	g.draw()
	g.focus()
}
