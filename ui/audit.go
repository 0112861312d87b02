package ui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// auditPage is how many rows of the audit chain are read at a time.
var auditPage = 100

// audit is the hub's tab of who did what, the newest first, and of whether any of it was changed.
type audit struct {
	c     *Cashier
	by    string // the manager who reads
	leaf  leaf
	whole fyne.CanvasObject

	// What narrows the list. The first two are turned by their buttons.
	actor, action string
	about, day    *kit.Entry

	actors []string // who the button of actors turns through; empty: everybody
	rows   []pos.AuditRow
	more   bool // there are older ones
	at     int
	reads  int

	chain    *pos.AuditChain // nil: not worked out yet
	checking bool
	writing  bool
}

func newAudit(c *Cashier, by string) *audit {
	a := &audit{c: c, by: by, actors: []string{""}}
	a.update()
	a.load(nil)
	return a
}

func (a *audit) object() fyne.CanvasObject { return a.whole }

func (a *audit) update() {
	l := a.c.l
	about, day := "", ""
	if a.about != nil {
		about, day = a.about.Text, a.day.Text
	}
	a.about, a.day = kit.NewEntry(l.T("Number of a payment or refund"), a.c.onKey), kit.NewEntry("2026-01-31", a.c.onKey)
	a.about.SetText(about)
	a.day.SetText(day)
	a.about.OnChanged = func(string) { a.load(nil) }
	a.day.OnChanged = a.about.OnChanged
	who, what := l.T("Everybody"), l.T("All actions")
	if a.actor != "" {
		who = report.AuditActor(l, a.actor)
	}
	if a.action != "" {
		what = report.AuditAction(l, a.action)
	}
	a.leaf = leaf{list: container.NewStack(), details: container.NewStack()}
	a.whole = kit.Col(0,
		kit.Fixed(kit.Inset(10, 18, kit.Row(10,
			kit.Fixed(kit.NewButton(who, "", "", kit.PlainLook, func() { a.narrow(after(a.actors, a.actor), a.action, a.about.Text) })),
			kit.Fixed(kit.NewButton(what, "", "", kit.PlainLook, func() { a.narrow(a.actor, after(auditActions, a.action), a.about.Text) })),
			kit.Grow(1, a.about), kit.Fixed(kit.AtLeast(150, 0, a.day)),
			kit.Fixed(kit.NewButton(l.T("All"), "", "", kit.PlainLook, a.all))))),
		kit.Fixed(kit.Rule()),
		kit.Grow(1, kit.Row(0, kit.Share(50, kit.Inset(10, 8, a.leaf.list)), kit.Fixed(kit.Rule()), kit.Share(50, kit.Section(a.leaf.details)))))
	a.draw()
}

// narrow shows the rows of an actor, an action and a subject; what is empty narrows nothing.
func (a *audit) narrow(actor, action, about string) {
	a.actor, a.action = actor, action
	a.about.OnChanged, a.day.OnChanged = nil, nil // one question is enough
	a.about.SetText(about)
	a.redraw()
	a.load(nil)
}

func (a *audit) all() {
	a.day.OnChanged = nil
	a.day.SetText("")
	a.narrow("", "", "")
}

// redraw makes the tab anew where it stands.
func (a *audit) redraw() {
	a.update()
	if h, ok := a.c.page.(*hub); ok {
		h.update()
	}
}

// filter is what is asked for; the day is one of the calendar.
func (a *audit) filter() (f pos.AuditFilter, err error) {
	f = pos.AuditFilter{Actor: a.actor, Action: a.action, Subject: strings.TrimSpace(a.about.Text)}
	text := strings.TrimSpace(a.day.Text)
	if len(text) < len(time.DateOnly) {
		return f, nil // not keyed in yet
	}
	if _, err = pos.ParseDay(text); err == nil {
		f.Since, err = time.ParseInLocation(time.DateOnly, text, a.c.till.Shop.TimeZone)
		f.Until = f.Since.AddDate(0, 0, 1)
	}
	return f, err
}

// read reads the newest again, as long as they are looked at.
func (a *audit) read() {
	if a.at == 0 {
		a.load(nil)
	}
}

// load reads the rows older than those in hand; none in hand: the newest.
func (a *audit) load(hand []pos.AuditRow) {
	f, err := a.filter()
	if err != nil {
		a.c.complain(err)
		return
	}
	f.Limit = auditPage
	if len(hand) > 0 {
		f.Before = hand[len(hand)-1].Seq
	}
	var rows []pos.AuditRow
	var users []pos.User
	a.c.latest(&a.reads, func(ctx context.Context) (err error) {
		if users, err = a.c.till.Users(ctx); err != nil {
			return err
		}
		rows, err = a.c.till.Audit(ctx, a.by, f)
		return err
	}, func() {
		a.actors = []string{""}
		for _, u := range users {
			a.actors = append(a.actors, u.Name)
		}
		if len(hand) == 0 {
			a.at = 0
		}
		a.rows, a.more = append(slices.Clip(hand), rows...), len(rows) == f.Limit
		a.draw()
	})
}

// choose chooses a row, and reads on where the list comes to its end.
func (a *audit) choose(i int) {
	a.at = min(max(i, 0), max(len(a.rows)-1, 0))
	a.draw()
	if a.more && a.at+leafRows >= len(a.rows) {
		a.load(a.rows)
	}
}

func (a *audit) draw() {
	l := a.c.l
	rows := make([]row, len(a.rows))
	for i := range a.rows {
		r := &a.rows[i]
		note := []string{a.c.moment(r.At), report.AuditActor(l, r.Actor)}
		if r.Subject != "" {
			note = append(note, report.AuditAbout(l, r.Subject))
		}
		rows[i] = row{kit.Payment{
			Mark: auditMark(l, r.Actor, a.actors), Amount: report.AuditAction(l, r.Action), State: report.AuditState(l, r, r.To), Tone: kit.Calm, Note: strings.Join(note, " · "),
		}, func() { a.choose(i) }}
	}
	items := []kit.Item{kit.Grow(1, nothing(l.T("Nothing was done.")))}
	if a.at < len(a.rows) {
		items = []kit.Item{kit.Grow(1, kit.Col(8, a.details(&a.rows[a.at])...))}
	}
	a.leaf.fill(rows, a.at, kit.Col(8, append(items, a.foot()...)...))
}

// details are the chosen row, and how to come from it to those that belong to it.
func (a *audit) details(r *pos.AuditRow) []kit.Item {
	l := a.c.l
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(auditMark(l, r.Actor, a.actors).Disc(38))), kit.Grow(1, kit.NewFit(report.AuditAction(l, r.Action), 24, kit.Ink, true, 1)))),
		fact(l.T("No."), strconv.FormatInt(r.Seq, 10)), fact(l.T("Time"), r.At.In(a.c.till.Shop.TimeZone).Format("2006-01-02 15:04:05.000")), fact(l.T("Actor"), report.AuditActor(l, r.Actor)),
	}
	for _, more := range []struct{ what, value string }{
		{l.T("About"), report.AuditAbout(l, r.Subject)}, {l.T("From"), report.AuditState(l, r, r.From)}, {l.T("To"), report.AuditState(l, r, r.To)}, {l.T("Detail"), report.AuditDetail(l, r)},
	} {
		if more.value != "" {
			items = append(items, fact(more.what, more.value))
		}
	}
	items = append(items, fact("SHA-256", r.Hash[:min(16, len(r.Hash))]+"…"))
	var only []kit.Item
	for _, o := range []struct {
		label, now, then string
		do               func()
	}{
		{l.T("Only %s", report.AuditActor(l, r.Actor)), a.actor, r.Actor, func() { a.narrow(r.Actor, a.action, a.about.Text) }},
		{l.T("Only this action"), a.action, r.Action, func() { a.narrow(a.actor, r.Action, a.about.Text) }},
		{l.T("Only this number"), a.about.Text, r.Subject, func() { a.narrow(a.actor, a.action, r.Subject) }},
	} {
		if o.then != "" && o.then != o.now {
			only = append(only, kit.Fixed(kit.NewButton(o.label, "", "", kit.SmallLook, o.do)))
		}
	}
	return append(items, kit.Fixed(kit.Row(6, append(only, kit.Gap(1))...)))
}

// foot is turning the pages, whether the chain is whole, and the file.
func (a *audit) foot() []kit.Item {
	l := a.c.l
	newer := kit.NewButton("↑", "", "", kit.PlainLook, func() { a.choose(a.at - leafRows) })
	older := kit.NewButton("↓", "", "", kit.PlainLook, func() { a.choose(a.at + leafRows) })
	newer.SetDisabled(a.at == 0)
	older.SetDisabled(a.at >= len(a.rows)-1 && !a.more)
	check := kit.NewButton(l.T("Check the chain"), "F5", "", kit.PlainLook, a.check)
	check.SetDisabled(a.checking)
	items := []kit.Item{kit.Fixed(newer), kit.Fixed(older), kit.Share(1, check)}
	if a.c.opts.ExportAudit != nil {
		file := kit.NewButton(l.T("Export"), "F3", "", kit.PlainLook, a.export)
		file.SetDisabled(a.writing)
		items = append(items, kit.Share(1, file))
	}
	foot := []kit.Item{kit.Fixed(kit.Row(10, items...))}
	switch {
	case a.checking:
		return append([]kit.Item{kit.Fixed(chainPanel(l.T("Working out the whole chain again …"), kit.Working))}, foot...)
	case a.chain == nil:
		return foot
	case a.chain.Broken > 0:
		says := l.T("The audit chain is broken at row %d; rows that are not what was written: %d. Keep the file as it is and call for help.", a.chain.First, a.chain.Broken)
		return append([]kit.Item{kit.Fixed(chainPanel(says, kit.Alarmed))}, foot...)
	}
	says := l.T("The chain is whole: %d rows, head %s…", a.chain.Rows, a.chain.Head[:min(16, len(a.chain.Head))])
	return append([]kit.Item{kit.Fixed(chainPanel(says, kit.Glad))}, foot...)
}

func chainPanel(text string, t kit.Tone) fyne.CanvasObject {
	return kit.Panel(t.Ground, t.Ground, 10, 9, 12, kit.NewFit(text, 15, t.Ink, true, 2))
}

func (a *audit) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp:
		a.choose(a.at - 1)
	case fyne.KeyDown:
		a.choose(a.at + 1)
	case fyne.KeyPageUp:
		a.choose(a.at - leafRows)
	case fyne.KeyPageDown:
		a.choose(a.at + leafRows)
	case fyne.KeyHome:
		a.choose(0)
	case fyne.KeyF3:
		a.export()
	case fyne.KeyF5:
		a.check()
	default:
		return false
	}
	return true
}
