package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// people is the hub's tab of the users: who there is, and adding, changing and disabling them. Where there are none it
// makes the first one.
type people struct {
	c     *Cashier
	by    string // the manager who opened it; every change is looked up again under this name
	whole *fyne.Container
	leaf  leaf
	gate  *gate // while there are no users

	users  []pos.User
	chosen string
	loaded bool
	asked  string // what is filled in or to be confirmed; empty: nothing
	busy   bool
	reads  int

	name, pin, again *kit.Entry
	role             *kit.Pick
	choices          *kit.Choices
}

// What a page of people asks.
const (
	askAdd     = "add"
	askRole    = "role"
	askPIN     = "pin"
	askDisable = "disable"
)

// peopleTabs are the tabs of who works here and what was done.
func (c *Cashier) peopleTabs() []*tab {
	who := &tab{title: func(l words.Language) string { return l.T("People") }, needs: pos.ManageUsers}
	who.make = func() page { return newPeople(c, who.by) }
	what := &tab{title: func(l words.Language) string { return l.T("Audit") }, needs: pos.ReadAudit}
	what.make = func() page { return newAudit(c, what.by) }
	return []*tab{who, what}
}

func newPeople(c *Cashier, by string) *people {
	p := &people{c: c, by: by, whole: container.NewStack()}
	p.update()
	p.read()
	return p
}

// onFirstUser goes on as u, who has just made the counter one with users.
func (c *Cashier) onFirstUser(u *pos.User) {
	c.peopled, c.opts.Cashier, c.opts.SignedIn = true, u.Name, true
	c.buildUI()
}

func (p *people) object() fyne.CanvasObject { return p.whole }

func (p *people) update() {
	p.fields()
	p.leaf = leaf{list: container.NewStack(), details: container.NewStack()}
	if p.gate != nil {
		p.gate.rebuild()
	}
	p.draw()
}

// fields makes the fields anew, with what was in them.
func (p *people) fields() {
	l := p.c.l
	entry := func(old *kit.Entry, placeholder string, secret bool) *kit.Entry {
		e := p.c.entry(old, placeholder)
		e.Password, e.OnEnter = secret, p.onEnter
		return e
	}
	p.name = entry(p.name, l.T("Name"), false)
	p.pin, p.again = entry(p.pin, l.T("4 to 12 digits"), true), entry(p.again, l.T("The same PIN again"), true)
	var values, labels []string
	for _, r := range pos.Roles {
		values, labels = append(values, string(r)), append(labels, roleWord(l, r)+": "+roleStory(l, r))
	}
	was := ""
	if p.role != nil {
		was = p.role.Value()
	}
	p.role = kit.NewPick(values, labels, p.c.onKey)
	p.role.SetValue(was)
}

// read reads the users.
func (p *people) read() {
	var users []pos.User
	p.c.latest(&p.reads, func(ctx context.Context) (err error) {
		users, err = p.c.till.Users(ctx)
		return err
	}, func() {
		p.users, p.loaded = users, true
		if p.at() < 0 && len(users) > 0 {
			p.chosen = users[0].Name
		}
		if len(users) == 0 && p.gate == nil {
			p.gate = newGate(&p.c.room, p.c.till, pos.ManageUsers, "", "", p.c.onKey, p.onFirst)
		}
		p.draw()
	})
}

// onFirst goes on as the manager who was just made.
func (p *people) onFirst(u *pos.User) {
	p.by, p.gate, p.chosen = u.Name, nil, u.Name
	if h, ok := p.c.page.(*hub); ok {
		h.forget(p)
	}
	p.c.onFirstUser(u)
	p.c.notify(p.c.l.T("Signed in: %s.", u.Name), kit.Glad)
	p.read()
}

// at is the chosen user's place in the list; -1: none.
func (p *people) at() int {
	return slices.IndexFunc(p.users, func(u pos.User) bool { return u.Name == p.chosen })
}

func (p *people) choose(name string) {
	if !p.busy {
		p.chosen = name
		p.ask("")
	}
}

// ask asks for what a change needs; empty takes the question back.
func (p *people) ask(what string) {
	if p.busy {
		return
	}
	p.asked = what
	for _, e := range []*kit.Entry{p.name, p.pin, p.again} {
		e.SetText("")
	}
	if at := p.at(); at >= 0 && what == askRole {
		p.role.SetValue(string(p.users[at].Role))
	} else {
		p.role.SetValue("")
	}
	p.draw()
	canvas := p.c.win.Canvas()
	switch what {
	case askAdd:
		canvas.Focus(p.name)
	case askPIN:
		canvas.Focus(p.pin)
	case askRole:
		canvas.Focus(p.role)
	default:
		canvas.Unfocus()
	}
}

func (p *people) draw() {
	old := p.choices
	p.choices = nil
	defer func() { p.choices.Again(old) }()
	l := p.c.l
	switch {
	case p.gate != nil:
		p.whole.Objects = []fyne.CanvasObject{p.gate.object}
		p.whole.Refresh()
		return
	case !p.loaded:
		return
	}
	now := p.c.till.Now
	if now == nil {
		now = time.Now
	}
	rows := make([]row, len(p.users))
	for i := range p.users {
		u := &p.users[i]
		word, tone := userWord(p.c, u, now())
		rows[i] = row{kit.Payment{Mark: userMark(u), Amount: u.Name, State: word, Tone: tone, Note: roleWord(l, u.Role)}, func() { p.choose(u.Name) }}
	}
	at := p.at()
	switch {
	case p.asked == askAdd:
		p.leaf.fill(rows, -1, kit.Col(10, p.form(l.T("Add a user"), l.T("Add"), p.add)...))
	case at >= 0:
		p.leaf.fill(rows, at, p.details(&p.users[at], now()))
	}
	add := kit.NewButton(l.T("Add a user"), "", "", kit.PlainLook, func() { p.ask(askAdd) })
	left := kit.Inset(12, 8, kit.Col(8, kit.Grow(1, p.leaf.list), kit.Fixed(kit.Inset(0, 10, add))))
	p.whole.Objects = []fyne.CanvasObject{kit.Row(0, kit.Share(40, left), kit.Fixed(kit.Rule()), kit.Share(60, kit.Section(p.leaf.details)))}
	p.whole.Refresh()
}

// details are the chosen user, and what can be changed.
func (p *people) details(u *pos.User, now time.Time) fyne.CanvasObject {
	l := p.c.l
	word, tone := userWord(p.c, u, now)
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(userMark(u).Disc(44))),
			kit.Grow(1, kit.NewFit(u.Name, 28, kit.Ink, true, 1)), kit.Fixed(kit.Chip(word, tone)))),
		fact(l.T("Role"), roleWord(l, u.Role)), fact(l.T("May"), roleStory(l, u.Role)),
		fact(l.T("Since"), u.CreatedAt.In(p.c.till.Shop.TimeZone).Format("2006-01-02 15:04")),
	}
	if now.Before(u.LockedUntil) {
		items = append(items, fact(l.T("Locked"), l.T("after too many wrong PINs, until %s; a new PIN ends it", p.c.moment(u.LockedUntil))))
	}
	switch p.asked {
	case askRole:
		items = append(items, kit.Gap(1), kit.Fixed(p.role), kit.Fixed(p.confirm(l.T("Change the role"), p.setRole)))
	case askPIN:
		items = append(items, append([]kit.Item{kit.Gap(1)}, append(p.pins(), kit.Fixed(p.confirm(l.T("Change the PIN"), p.setPIN)))...)...)
	case askDisable:
		warning := kit.NewFit(l.T("%s can then no longer sign in or do anything. What was done stays in the books.", u.Name), 17, kit.Warn, true, 2)
		items = append(items, kit.Gap(1), kit.Fixed(kit.Panel(kit.WarnBg, kit.WarnBg, 12, 12, 14, warning)), kit.Fixed(p.confirm(l.T("Disable"), p.disable)))
	default:
		state := kit.NewButton(l.T("Disable"), "", "", kit.PlainLook, func() { p.ask(askDisable) })
		if u.Disabled {
			state = kit.NewButton(l.T("Enable"), "", "", kit.PlainLook, p.enable)
		}
		role := kit.NewButton(l.T("Change the role"), "", "", kit.PlainLook, func() { p.ask(askRole) })
		pin := kit.NewButton(l.T("Change the PIN"), "", "", kit.PlainLook, func() { p.ask(askPIN) })
		items = append(items, kit.Gap(1), kit.Fixed(kit.Row(10, kit.Share(1, role), kit.Share(1, pin), kit.Share(1, state))))
	}
	return kit.Col(10, items...)
}

// form are the fields of a new user.
func (p *people) form(title, yes string, do func()) []kit.Item {
	l := p.c.l
	items := []kit.Item{
		kit.Fixed(kit.NewText(title, 24, kit.Ink, true)), kit.Fixed(field(l.T("Name"), p.name)),
		kit.Fixed(kit.NewText(l.T("Role"), 15, kit.Muted, false)), kit.Fixed(p.role),
	}
	return append(append(items, p.pins()...), kit.Gap(1), kit.Fixed(p.confirm(yes, do)))
}

func (p *people) pins() []kit.Item {
	l := p.c.l
	return []kit.Item{kit.Fixed(kit.Row(12, kit.Share(1, field(l.T("PIN"), p.pin)), kit.Share(1, field(l.T("The same PIN again"), p.again))))}
}

// confirm is the way back and the way on.
func (p *people) confirm(yes string, do func()) fyne.CanvasObject {
	p.choices = p.c.meant(func() { p.ask("") }, yes, do, p.busy)
	return p.choices.Object
}

func (p *people) onKey(k fyne.KeyName) bool {
	enter := k == fyne.KeyReturn || k == fyne.KeyEnter
	switch {
	case p.gate != nil:
		if enter {
			p.gate.onEnter()
		}
		return enter
	case k == fyne.KeyEscape && p.asked != "":
		p.ask("")
	case (k == fyne.KeyUp || k == fyne.KeyDown) && len(p.users) > 0 && p.asked == "":
		step := 1
		if k == fyne.KeyUp {
			step = -1
		}
		p.choose(p.users[min(max(p.at()+step, 0), len(p.users)-1)].Name)
	default:
		return p.choices != nil && p.choices.OnKey(k)
	}
	return true
}

// onEnter goes on to the next empty field, or does what is asked.
func (p *people) onEnter() {
	fields := []*kit.Entry{p.pin, p.again}
	do := p.setPIN
	if p.asked == askAdd {
		fields, do = []*kit.Entry{p.name, p.pin, p.again}, p.add
	}
	for _, e := range fields {
		if strings.TrimSpace(e.Text) == "" {
			p.c.win.Canvas().Focus(e)
			return
		}
	}
	do()
}
