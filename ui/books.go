package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// How far back the tab of the bills goes, in days, and how many differences of a day it shows at once.
const (
	booksShown       = 31
	differencesShown = 2
)

// books is the hub's tab of the reconciliation: how each day's bill and the ledger stand to each other, and what is done
// about what differs.
type books struct {
	c     *Cashier
	leaf  leaf
	whole fyne.CanvasObject

	days        []pos.Reconciliation // newest first
	at          int
	differences []pos.Difference // of the chosen day
	loaded      bool
	busy        bool
	reads       int
	note        *kit.Entry
}

func newBooks(c *Cashier) *books {
	b := &books{c: c}
	b.update()
	b.read()
	return b
}

func (b *books) object() fyne.CanvasObject { return b.whole }

func (b *books) update() {
	b.note = b.c.entry(b.note, b.c.l.T("What was found out"))
	b.leaf = leaf{list: container.NewStack(), details: container.NewStack()}
	b.whole = kit.Row(0, kit.Share(40, kit.Inset(12, 8, b.leaf.list)), kit.Fixed(kit.Rule()), kit.Share(60, kit.Section(b.leaf.details)))
	b.draw()
}

// read reads how the days stand, and what differs on the chosen one.
func (b *books) read() {
	var days []pos.Reconciliation
	var differences []pos.Difference
	chosen := b.chosen()
	b.c.latest(&b.reads, func(ctx context.Context) (err error) {
		today := time.Now()
		list, err := b.c.till.Reconciliations(ctx, pos.BillDay(today.AddDate(0, 0, -booksShown)), pos.BillDay(today))
		if err != nil {
			return err
		}
		for i := len(list) - 1; i >= 0; i-- {
			days = append(days, list[i])
		}
		if chosen == nil && len(days) > 0 {
			chosen = &days[0]
		}
		if chosen == nil {
			return nil
		}
		differences, err = b.c.till.DifferencesOf(ctx, chosen.Wallet, chosen.Day)
		if pos.CodeOf(err) == pos.NotFound { // not compared yet
			err = nil
		}
		return err
	}, func() {
		b.loaded, b.days, b.differences = true, days, differences
		b.at = 0
		for i := range days {
			if chosen != nil && dayOf(&days[i]) == dayOf(chosen) {
				b.at = i
			}
		}
		b.draw()
	})
}

// dayOf names a wallet's day.
func dayOf(r *pos.Reconciliation) string { return string(r.Day) + " " + string(r.Wallet) }

func (b *books) chosen() *pos.Reconciliation {
	if b.at >= len(b.days) {
		return nil
	}
	return &b.days[b.at]
}

func (b *books) draw() {
	if !b.loaded {
		return
	}
	l := b.c.l
	rows := make([]row, len(b.days))
	for i := range b.days {
		r := &b.days[i]
		word, tone := reconciliationWord(l, r.State)
		note := l.T(r.Wallet.Name())
		if r.Open > 0 {
			note += " · " + l.T("To decide: %d", r.Open)
		}
		rows[i] = row{kit.Payment{Mark: markOf(r.Wallet), Amount: string(r.Day), State: word, Tone: tone, Note: note}, func() { b.choose(i) }}
	}
	r := b.chosen()
	if r == nil {
		b.leaf.fill(rows, 0, nothing(l.T("There is no day to compare yet.")))
		return
	}
	b.leaf.fill(rows, b.at, b.details(r))
}

func (b *books) choose(i int) {
	b.at = min(max(i, 0), max(len(b.days)-1, 0))
	b.differences = nil
	b.draw()
	b.read()
}

func (b *books) details(r *pos.Reconciliation) fyne.CanvasObject {
	l := b.c.l
	word, tone := reconciliationWord(l, r.State)
	items := []kit.Item{kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(r.Wallet).Disc(38))),
		kit.Grow(1, kit.NewFit(string(r.Day), 26, kit.Ink, true, 1)), kit.Fixed(kit.Chip(word, tone))))}
	if r.BillHash != "" {
		items = append(items,
			fact(l.T("Bill"), l.T("¥%s paid, ¥%s refunded, %d lines", r.Own.Paid, r.Own.Refunded, r.Own.Lines)),
			fact(l.T("Fees"), "¥"+r.Own.Fee.String()), fact(l.T("To be paid out"), "¥"+r.Own.Settlement().String()),
			fact(l.T("Agreed"), strconv.Itoa(r.Agree)))
	}
	if r.Note != "" {
		items = append(items, fact(l.T("Signed off"), r.DecidedBy+": "+r.Note))
	}
	open := b.open()
	for i := range open {
		if i == differencesShown {
			items = append(items, kit.Fixed(kit.NewText(l.T("and %d more", len(open)-i), 15, kit.Muted, false)))
			break
		}
		items = append(items, b.difference(&open[i])...)
	}
	items = append(items, kit.Gap(1))
	if len(open) > 0 || r.State == pos.BillDue {
		items = append(items, kit.Fixed(field(l.T("Note"), b.note)))
	}
	compare := kit.NewButton(l.T("Compare now"), "F5", "", kit.PlainLook, b.compare)
	compare.SetDisabled(b.busy || b.c.opts.Reconcile == nil)
	buttons := []kit.Item{kit.Share(1, compare)}
	if r.State.Red() {
		off := kit.NewButton(l.T("Sign off the day"), "", "", kit.PlainLook, b.signOff)
		off.SetDisabled(b.busy)
		buttons = append(buttons, kit.Share(1, off))
	}
	return kit.Col(8, append(items, kit.Fixed(kit.Row(10, buttons...)))...)
}

// open are the differences of the chosen day that wait for a decision.
func (b *books) open() (list []pos.Difference) {
	for _, d := range b.differences {
		if d.State == pos.DifferenceOpen {
			list = append(list, d)
		}
	}
	return list
}

// difference is what differs, and what can be done about it.
func (b *books) difference(d *pos.Difference) []kit.Item {
	var buttons []kit.Item
	for _, r := range d.Choices() {
		do := kit.NewButton(remedyWord(b.c.l, r), "", "", kit.SmallLook, func() { b.remedy(d, r) })
		do.SetDisabled(b.busy)
		buttons = append(buttons, kit.Fixed(do))
	}
	story := kit.Panel(kit.WarnBg, kit.WarnBg, 10, 9, 12, kit.NewFit(b.c.l.Error(d.Story()), 15, kit.Warn, false, 2))
	return []kit.Item{kit.Fixed(story), kit.Fixed(kit.Row(8, append(buttons, kit.Gap(1))...))}
}

func remedyWord(l words.Language, r pos.Remedy) string {
	switch r {
	case pos.ImportIt:
		return l.T("Import it")
	case pos.AskAgain:
		return l.T("Ask again")
	}
	return l.T("Note it")
}

func reconciliationWord(l words.Language, s pos.ReconciliationState) (string, kit.Tone) {
	tone := kit.Doubtful
	switch {
	case s == pos.BillAhead:
		tone = kit.Calm
	case s.Red():
		tone = kit.Alarmed
	case s == pos.Agreed:
		tone = kit.Glad
	}
	return report.BillName(l, s), tone
}

func (b *books) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp:
		b.choose(b.at - 1)
	case fyne.KeyDown:
		b.choose(b.at + 1)
	case fyne.KeyF5:
		b.compare()
	default:
		return false
	}
	return true
}

// run does something for somebody who may reconcile, and shows how the day stands then.
func (b *books) run(do func(ctx context.Context, actor string) error, said string) {
	if b.chosen() == nil {
		return
	}
	b.c.perform(pos.Reconcile, &b.busy, b.draw, do, func(err error) {
		if err != nil {
			b.c.complain(err)
		} else {
			b.note.SetText("")
			b.c.notify(said, kit.Glad)
		}
		b.draw()
		b.read()
	})
}

// compare fetches the bill and compares it.
func (b *books) compare() {
	if b.c.opts.Reconcile == nil || b.chosen() == nil {
		return
	}
	r := *b.chosen()
	b.run(func(ctx context.Context, actor string) error { return b.c.opts.Reconcile(ctx, r.Wallet, r.Day, actor) }, b.c.l.T("The bill has been compared."))
}

func (b *books) signOff() {
	r, note := *b.chosen(), strings.TrimSpace(b.note.Text)
	b.run(func(ctx context.Context, actor string) error {
		_, err := b.c.till.SignOff(ctx, r.Wallet, r.Day, actor, note)
		return err
	}, b.c.l.T("The day is signed off."))
}

func (b *books) remedy(d *pos.Difference, r pos.Remedy) {
	note := strings.TrimSpace(b.note.Text)
	b.run(func(ctx context.Context, actor string) error {
		_, err := b.c.till.Remedy(ctx, d.Wallet, d.Day, d.N, r, actor, note)
		return err
	}, b.c.l.T("The difference is decided."))
}
