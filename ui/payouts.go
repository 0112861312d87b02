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

// payoutsShown is through how many days back the payouts are listed that were booked.
const payoutsShown = 60

// bookKey books a payout.
const bookKey = fyne.KeyF5

// payouts is the hub's tab for what the platforms owe the shop, and what they have paid out.
type payouts struct {
	c      *Cashier
	whole  fyne.CanvasObject
	leaf   leaf
	day    pos.Day     // through which owed was read; empty until it is
	owed   []pos.Owed  // the list begins with them
	booked []pos.Batch // newest first
	at     int         // in the list
	asked  bool        // whether the payout is meant
	busy   bool

	through, note *kit.Entry
	choices       *kit.Choices
	reads         int
}

func newPayouts(c *Cashier) *payouts {
	p := &payouts{c: c}
	p.update()
	p.through.SetText(string(c.till.Shop.Day(time.Now()).Add(-1))) // today's payout ends with yesterday; this reads it
	return p
}

func (p *payouts) object() fyne.CanvasObject { return p.whole }

func (p *payouts) update() {
	p.through, p.note = p.c.entry(p.through, "2026-01-31"), p.c.entry(p.note, p.c.l.T("Such as the bank's reference (optional)"))
	p.through.OnChanged = func(string) { p.read() }
	p.leaf = leaf{list: container.NewStack(), details: container.NewStack()}
	p.whole = kit.Row(0, kit.Share(40, kit.Inset(12, 8, p.leaf.list)), kit.Fixed(kit.Rule()), kit.Share(60, kit.Section(p.leaf.details)))
	p.draw()
}

// read reads what is owed through the day that is keyed in, as soon as it is one.
func (p *payouts) read() {
	day, err := pos.ParseDay(strings.TrimSpace(p.through.Text))
	if err != nil {
		return
	}
	var owed []pos.Owed
	var booked []pos.Batch
	p.c.latest(&p.reads, func(ctx context.Context) (err error) {
		if owed, err = p.c.till.Owed(ctx, day); err != nil {
			return err
		}
		today := p.c.till.Shop.Day(time.Now())
		booked, err = p.c.till.Settlements(ctx, today.Add(-payoutsShown), today)
		return err
	}, func() {
		slices.Reverse(booked)
		chosen := p.chosen()
		p.day, p.owed, p.booked = day, owed, booked
		at := slices.Index(p.list(), chosen) // another platform may owe by now, and stand before it
		if p.at = max(at, 0); at < 0 {
			p.asked, p.choices = false, nil
		}
		p.draw()
	})
}

// payout names one row of the list: what a wallet owes, or a batch that was booked.
type payout struct {
	wallet pos.Wallet
	batch  int64
}

func (p *payouts) list() (all []payout) {
	for _, o := range p.owed {
		all = append(all, payout{wallet: o.Wallet})
	}
	for _, b := range p.booked {
		all = append(all, payout{batch: b.ID})
	}
	return all
}

// chosen is the row at p.at; the zero payout where the list is empty.
func (p *payouts) chosen() (none payout) {
	if all := p.list(); p.at < len(all) {
		return all[p.at]
	}
	return none
}

func (p *payouts) draw() {
	if p.day == "" {
		return // not read yet
	}
	l := p.c.l
	var rows []row
	for i, o := range p.owed {
		amount, less := p.less(o.Net(), o.Fees, o.WithoutFee())
		words := kit.Payment{Mark: markOf(o.Wallet), Amount: amount, State: l.T("owed"), Tone: kit.Working, Note: l.T("since %s", string(o.First)) + " · " + less}
		rows = append(rows, row{words, func() { p.choose(i) }})
	}
	for i, b := range p.booked {
		amount, less := p.less(b.Amount, b.Fees, b.Entries-b.Known)
		words := kit.Payment{Mark: markOf(b.Wallet), Amount: amount, State: l.T("settled"), Tone: kit.Glad, Note: l.T("through %s", string(b.Day)) + " · " + less}
		rows = append(rows, row{words, func() { p.choose(len(p.owed) + i) }})
	}
	old := p.choices
	p.choices = nil
	p.leaf.fill(rows, p.at, p.details())
	p.choices.Again(old)
}

func (p *payouts) details() fyne.CanvasObject {
	l := p.c.l
	switch {
	case p.at < len(p.owed):
		return kit.Col(9, p.owes(&p.owed[p.at])...)
	case p.at < len(p.owed)+len(p.booked):
		return kit.Col(9, p.paidOut(&p.booked[p.at-len(p.owed)])...)
	}
	return kit.Col(9, kit.Grow(1, nothing(l.T("Nothing is owed through %s.", string(p.day)))), kit.Fixed(field(l.T("Through"), p.through)))
}

// owes is what one platform owes, and how to book that it has paid.
func (p *payouts) owes(o *pos.Owed) []kit.Item {
	l := p.c.l
	items := append(p.head(o.Wallet, o.Net(), o.Fees, o.WithoutFee()),
		fact(l.T("Taken"), l.T("¥%s · %d×", o.Paid, o.PaidCount)), fact(l.T("Refunded"), l.T("¥%s · %d×", o.Refunded, o.RefundCount)),
		fact(l.T("Before fees"), "¥"+o.Net().String()), fact(l.T("Fees"), p.fees(o.Fee(), o.WithoutFee())))
	items = append(items, fact(l.T("Days"), l.T("%s to %s", string(o.First), string(o.Last))), kit.Gap(1))
	if p.asked {
		words := l.T("All that %s owes through %s counts as paid out then. This cannot be undone.", o.Wallet, string(p.day))
		p.choices = p.c.meant(func() { p.ask(false) }, l.T("Book the payout"), func() { p.book(o.Wallet) }, p.busy)
		return append(items, kit.Fixed(kit.Panel(kit.WarnBg, kit.WarnBg, 12, 12, 14, kit.NewFit(words, 17, kit.Warn, true, 2))), kit.Fixed(p.choices.Object))
	}
	fields := kit.Row(12, kit.Share(1, field(l.T("Through"), p.through)), kit.Share(2, field(l.T("Note"), p.note)))
	return append(items, kit.Fixed(fields), kit.Fixed(kit.NewButton(l.T("Book the payout"), string(bookKey), "", kit.PlainLook, p.onBook)))
}

// paidOut is a payout that was booked.
func (p *payouts) paidOut(b *pos.Batch) []kit.Item {
	l := p.c.l
	items := append(p.head(b.Wallet, b.Amount, b.Fees, b.Entries-b.Known), fact(l.T("Through"), string(b.Day)), fact(l.T("Entries"), strconv.FormatInt(b.Entries, 10)),
		fact(l.T("Before fees"), "¥"+b.Amount.String()), fact(l.T("Fees"), p.fees(b.Fee(), b.Entries-b.Known)))
	switch count, fees := b.Since(); {
	case count > 0:
		items = append(items, fact(l.T("Known since"), l.T("fees of ¥%s, of %d entries", fees, count)))
	case fees != 0:
		items = append(items, fact(l.T("Known since"), l.T("a correction of the fees by ¥%s", fees)))
	}
	items = append(items, fact(l.T("Booked"), p.c.moment(b.At)+" · "+report.AuditActor(l, b.By)))
	if b.Note != "" {
		items = append(items, fact(l.T("Note"), b.Note))
	}
	return append(items, kit.Gap(1))
}

// head is a wallet, and what it pays out.
func (p *payouts) head(w pos.Wallet, net, fees pos.Fen, unknown int64) []kit.Item {
	amount, less := p.less(net, fees, unknown)
	return []kit.Item{kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(w).Disc(38))),
		kit.Grow(1, kit.NewFit(p.c.l.T(w.Name()), 23, kit.Ink, true, 1)), kit.Fixed(kit.NewText(less, 15, kit.Muted, false)),
		kit.Fixed(kit.NewText(amount, 30, kit.Ink, true))))}
}

// less is what a platform pays out once every fee is known, and what it takes the fees off until then.
func (p *payouts) less(net, fees pos.Fen, unknown int64) (amount, less string) {
	if unknown > 0 {
		return "¥" + net.String(), p.c.l.T("before fees")
	}
	return "¥" + (net - fees).String(), p.c.l.T("after fees")
}

// fees says what is known of them.
func (p *payouts) fees(known pos.Fee, unknown int64) string {
	switch l := p.c.l; {
	case !known.Known:
		return l.T("not known before the bill is compared")
	case unknown > 0:
		return l.T("¥%s; of %d entries not known yet", known, unknown)
	}
	return "¥" + known.String()
}

func (p *payouts) choose(i int) {
	if !p.busy {
		p.at, p.choices = min(max(i, 0), max(len(p.list())-1, 0)), nil
		p.ask(false)
	}
}

// onBook asks whether the payout is meant, once what is shown is what is owed through the day that is keyed in.
func (p *payouts) onBook() {
	day, err := pos.ParseDay(strings.TrimSpace(p.through.Text))
	switch {
	case err != nil:
		p.c.complain(err)
		p.c.win.Canvas().Focus(p.through)
	case day == p.day && p.at < len(p.owed):
		p.ask(true)
	}
}

func (p *payouts) ask(whether bool) {
	p.asked = whether
	p.c.win.Canvas().Unfocus()
	p.draw()
}

func (p *payouts) onKey(k fyne.KeyName) bool {
	switch {
	case k == fyne.KeyUp:
		p.choose(p.at - 1)
	case k == fyne.KeyDown:
		p.choose(p.at + 1)
	case k == fyne.KeyEscape && p.asked:
		p.ask(false)
	case k == bookKey:
		p.onBook()
	default:
		return p.choices != nil && p.choices.OnKey(k)
	}
	return true
}

// book freezes what a platform owes through the day that is on the page.
func (p *payouts) book(w pos.Wallet) {
	request := pos.SettlementRequest{Wallet: w, Through: p.day, Note: strings.TrimSpace(p.note.Text)}
	var b *pos.Batch
	p.c.perform(pos.SettleWallet, &p.busy, p.draw, func(ctx context.Context, actor string) (err error) {
		request.Actor = actor
		b, err = p.c.till.BookSettlement(ctx, request)
		return err
	}, func(err error) {
		p.asked = false
		if err != nil {
			p.c.complain(err)
		} else {
			p.note.SetText("")
			amount, less := p.less(b.Amount, b.Fees, b.Entries-b.Known)
			p.c.notify(p.c.l.T("%s has paid out %s (%s) through %s.", w, amount, less, string(b.Day)), kit.Glad)
		}
		p.draw()
		p.read()
	})
}
