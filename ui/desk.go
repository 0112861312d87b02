package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// resolvedShown is how many resolved exceptions the desk lists.
const resolvedShown = 30

// desk is the page where a manager decides exceptions: the open ones first, then those resolved last.
type desk struct {
	c          *Cashier
	leaf       leaf
	exceptions []pos.Exception
	chosen     int64          // ID
	asked      pos.Resolution // to be confirmed; empty: none
	busy       bool
	reads      int
	note, name *kit.Entry
	choices    *kit.Choices
}

// onDesk opens the desk, or closes it.
func (c *Cashier) onDesk() {
	if c.signedOut() {
		return
	}
	if _, open := c.page.(*desk); open {
		c.turnTo(nil)
		return
	}
	d := &desk{c: c}
	d.update()
	c.turnTo(d)
}

func (d *desk) object() fyne.CanvasObject { return d.leaf.whole }

// update makes the page anew and reads the exceptions again.
func (d *desk) update() {
	c := d.c
	note, name := "", c.manager()
	if d.note != nil {
		note, name = d.note.Text, d.name.Text
	}
	d.leaf = newLeaf(c, c.l.T("Exceptions: what only a manager can decide"), "warning")
	d.note, d.name = kit.NewEntry(c.l.T("What was done about it, and why"), c.onKey), kit.NewEntry(c.l.T("Name"), c.onKey)
	d.note.SetText(note)
	d.name.SetText(name)
	if c.opts.SignedIn { // nobody decides under another's name
		d.name.SetText(c.opts.Cashier)
		d.name.Disable()
	}
	d.draw()
	d.read()
}

func (d *desk) read() {
	var open, resolved []pos.Exception
	d.c.latest(&d.reads, func(ctx context.Context) (err error) {
		if open, err = d.c.till.Exceptions(ctx); err != nil {
			return err
		}
		resolved, err = d.c.till.ResolvedExceptions(ctx, resolvedShown)
		return err
	}, func() {
		d.exceptions = append(open, resolved...)
		if d.at() < 0 && len(d.exceptions) > 0 {
			d.choose(d.exceptions[0].ID)
			return
		}
		d.draw()
	})
}

// at is the chosen exception's place in the list; -1: none.
func (d *desk) at() int {
	return slices.IndexFunc(d.exceptions, func(x pos.Exception) bool { return x.ID == d.chosen })
}

func (d *desk) choose(id int64) {
	if d.busy {
		return
	}
	if id != d.chosen {
		d.note.SetText("")
	}
	d.chosen, d.asked, d.choices = id, "", nil
	d.draw()
}

func (d *desk) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp, fyne.KeyDown:
		next := d.at() + 1
		if k == fyne.KeyUp {
			next = d.at() - 1
		}
		if next >= 0 && next < len(d.exceptions) {
			d.choose(d.exceptions[next].ID)
		}
		return true
	case fyne.KeyEscape:
		if d.asked == "" {
			return false
		}
		d.ask("")
		return true
	}
	return d.choices != nil && d.choices.OnKey(k)
}

func (d *desk) draw() {
	rows := make([]row, len(d.exceptions))
	for i := range d.exceptions {
		x := &d.exceptions[i]
		word, tone := decisionWord(d.c.l, x.Resolution)
		rows[i] = row{kit.Payment{
			Mark: markOf(x.Wallet), Amount: "¥" + x.Amount.String(), State: word, Tone: tone,
			Note: d.c.moment(x.CreatedAt) + " · " + kindWord(d.c.l, x.Kind),
		}, func() { d.choose(x.ID) }}
	}
	old := d.choices
	d.choices = nil
	at := d.at()
	if at < 0 {
		d.leaf.fill(rows, at, nothing(d.c.l.T("Nothing waits for a manager.")))
		return
	}
	d.leaf.fill(rows, at, d.details(&d.exceptions[at]))
	d.choices.Again(old)
}

func (d *desk) details(x *pos.Exception) fyne.CanvasObject {
	l := d.c.l
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(x.Wallet).Disc(38))),
			kit.Grow(1, kit.NewFit(kindWord(l, x.Kind), 23, kit.Ink, true, 1)),
			kit.Fixed(kit.NewText("¥"+x.Amount.String(), 30, kit.Ink, true)))),
		kit.Fixed(kit.NewFit(l.Error(x.Story()), 18, kit.Ink, false, 3)),
		fact(l.T("Payment"), x.OutTradeNo),
	}
	if x.OutRefundNo != "" {
		items = append(items, fact(l.T("Refund"), x.OutRefundNo))
	}
	if x.TransactionID != "" {
		items = append(items, fact(l.T("At %s", x.Wallet), x.TransactionID))
	}
	if !x.PaidAt.IsZero() {
		items = append(items, fact(l.T("Paid"), d.c.moment(x.PaidAt)))
	}
	items = append(items, fact(l.T("Found"), d.c.moment(x.CreatedAt)), kit.Gap(1))
	if x.Resolution == "" {
		return kit.Col(9, append(items, d.decision(x)...)...)
	}
	word, _ := decisionWord(l, x.Resolution)
	if x.ResolvedBy != "" {
		word += " · " + x.ResolvedBy
	}
	items = append(items, fact(l.T("Decided"), word+" · "+d.c.moment(x.ResolvedAt)))
	if x.Note != "" {
		items = append(items, kit.Fixed(kit.NewFit(x.Note, 18, kit.Ink, false, 3)))
	}
	return kit.Col(9, items...)
}

// decision is what a manager can do about x: the choices, or the question whether one is meant.
func (d *desk) decision(x *pos.Exception) []kit.Item {
	l := d.c.l
	if d.asked == "" {
		var buttons []*kit.Button
		for _, r := range x.Choices() {
			buttons = append(buttons, kit.NewButton(choiceWord(l, r), "", "", kit.PlainLook, func() { d.ask(r) }))
		}
		d.choices = kit.NewChoices(buttons...)
		fields := kit.Row(12, kit.Share(68, field(l.T("Note"), d.note)), kit.Share(32, field(l.T("Decided by"), d.name)))
		return []kit.Item{kit.Fixed(fields), kit.Fixed(d.choices.Object)}
	}
	d.choices = d.c.meant(func() { d.ask("") }, choiceWord(l, d.asked), func() { d.resolve(x.ID, d.asked) }, d.busy)
	return []kit.Item{
		kit.Fixed(kit.Panel(kit.WarnBg, kit.WarnBg, 12, 12, 14, kit.NewFit(consequence(l, x, d.asked), 18, kit.Warn, true, 2))),
		kit.Fixed(d.choices.Object),
	}
}

// ask asks whether r is meant; empty takes the question back.
func (d *desk) ask(r pos.Resolution) {
	if d.busy {
		return
	}
	canvas := d.c.win.Canvas()
	switch {
	case r == pos.NoteAndForget && strings.TrimSpace(d.note.Text) == "":
		d.c.complain(pos.Errorf(pos.Invalid, "Say in the note why this is dismissed."))
		canvas.Focus(d.note)
		return
	case r != "" && strings.TrimSpace(d.name.Text) == "":
		d.c.complain(pos.Errorf(pos.Invalid, "Write who decides this."))
		canvas.Focus(d.name)
		return
	}
	canvas.Unfocus()
	d.asked = r
	d.draw()
}

// resolve carries the decision out and goes on with the next exception.
func (d *desk) resolve(id int64, r pos.Resolution) {
	name, note := strings.TrimSpace(d.name.Text), strings.TrimSpace(d.note.Text)
	d.c.app.Preferences().SetString(prefManager, name)
	var x *pos.Exception
	d.c.alone(&d.busy, d.draw, func(ctx context.Context) (err error) {
		x, err = d.c.till.Resolve(ctx, id, r, name, note)
		return err
	}, func(err error) {
		d.asked = ""
		if x != nil {
			d.chosen = 0 // the next one
			d.note.SetText("")
			d.c.notify(decided(d.c.l, x), kit.Glad)
		}
		if err != nil {
			d.c.complain(err)
		}
		d.draw()
		d.read()
	})
}

// manager is who is proposed as the one who decides.
func (c *Cashier) manager() string {
	if name := c.app.Preferences().String(prefManager); name != "" {
		return name
	}
	return c.opts.Cashier
}

// moment is a time as pages show it: the shop's, with its day.
func (c *Cashier) moment(t time.Time) string {
	return t.In(c.till.Shop.TimeZone).Format("01-02 15:04:05")
}
