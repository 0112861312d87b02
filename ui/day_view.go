package ui

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"saoma/pos"
	"saoma/ui/kit"
)

// shiftItems are the left half: the shift that is open, the one that was just closed, or how to open one.
func (d *day) shiftItems() []kit.Item {
	l := d.c.l
	if d.shift == nil {
		items := []kit.Item{kit.Fixed(kit.NewText(l.T("No shift is open."), 22, kit.Ink, true))}
		if d.last != nil {
			items = append(items, kit.Fixed(kit.NewText(l.T("Closed: the shift of %s", d.last.Cashier), 18, kit.Good, true)))
			items = append(items, d.shiftFacts(d.last)...)
		}
		return append(items, kit.Gap(1), kit.Fixed(field(l.T("Cashier"), d.cashier)), d.act(l.T("Open a shift"), shiftKey, kit.StrongLook, d.openShift))
	}
	items := append([]kit.Item{kit.Fixed(kit.NewText(l.T("The shift of %s", d.shift.Cashier), 22, kit.Ink, true))}, d.shiftFacts(d.shift)...)
	items = append(items, kit.Gap(1))
	if d.asked != askCloseShift {
		return append(items, d.act(l.T("Close the shift"), shiftKey, kit.PlainLook, func() { d.ask(askCloseShift) }))
	}
	fields := []kit.Item{kit.Share(1, field(l.T("Note"), d.note))}
	if len(d.shift.Unfinished) > 0 {
		items = append(items, kit.Fixed(d.warning(l.T("Not final yet: %d. Wait for them, or name who goes on with them.", len(d.shift.Unfinished)))))
		fields = append(fields, kit.Share(1, field(l.T("Signed over to"), d.over)))
	}
	return append(items, kit.Fixed(kit.Row(12, fields...)), kit.Fixed(d.confirm(l.T("Close the shift"), d.closeShift)))
}

// shiftFacts are what a shift took in.
func (d *day) shiftFacts(r *pos.ShiftReport) []kit.Item {
	l := d.c.l
	since := d.c.moment(r.OpenedAt)
	if !r.ClosedAt.IsZero() {
		since += " – " + d.c.moment(r.ClosedAt)
	}
	items := []kit.Item{fact(l.T("Opened"), since), fact(l.T("Orders"), strconv.FormatInt(r.Orders, 10))}
	items = append(items, d.byWallet(r.Totals)...)
	if r.Before.PaidCount+r.Before.RefundCount > 0 {
		items = append(items, fact(l.T("Before it opened"), d.sum(r.Before)))
	}
	if r.Exceptions > 0 {
		items = append(items, fact(l.T("To decide"), strconv.Itoa(r.Exceptions)))
	}
	if r.ClosedAt.IsZero() && len(r.Unfinished) > 0 {
		numbers := make([]string, len(r.Unfinished))
		for i, p := range r.Unfinished {
			numbers[i] = "¥" + p.Amount.String()
		}
		items = append(items, fact(l.T("Not final yet"), strings.Join(numbers, ", ")))
	}
	if r.SignedOver != "" {
		items = append(items, fact(l.T("Signed over to"), r.SignedOver))
	}
	return items
}

// byWallet are what is expected in each wallet, and in all.
func (d *day) byWallet(totals []pos.DayTotal) []kit.Item {
	l := d.c.l
	var items []kit.Item
	var all pos.DayTotal
	for _, w := range pos.Wallets {
		var sum pos.DayTotal
		for _, t := range totals {
			if t.Wallet == w {
				sum = plus(sum, t)
			}
		}
		all = plus(all, sum)
		if sum.PaidCount+sum.RefundCount > 0 {
			items = append(items, fact(l.T(w.Name()), d.sum(sum)))
		}
	}
	return append(items, kit.Fixed(kit.Row(12, kit.Fixed(kit.AtLeast(110, 0, kit.NewText(l.T("Net"), 15, kit.Muted, false))),
		kit.Grow(1, kit.NewFit("¥"+all.Net().String(), 30, kit.Ink, true, 1)))))
}

func plus(a, b pos.DayTotal) pos.DayTotal {
	a.Paid, a.PaidCount = a.Paid+b.Paid, a.PaidCount+b.PaidCount
	a.Refunded, a.RefundCount = a.Refunded+b.Refunded, a.RefundCount+b.RefundCount
	return a
}

// sum says what came in and what went back.
func (d *day) sum(t pos.DayTotal) string {
	if t.RefundCount == 0 {
		return d.c.l.T("¥%s · %d×", t.Paid, t.PaidCount)
	}
	return d.c.l.T("¥%s · %d×, refunded ¥%s · %d×", t.Paid, t.PaidCount, t.Refunded, t.RefundCount)
}

// dayItems are the right half: today, its closes, and what the platforms owe.
func (d *day) dayItems() []kit.Item {
	l := d.c.l
	title := l.T("Today, %s", string(d.today.Day))
	closed := d.today.Takes != d.today.Day
	if closed {
		title = l.T("Today, %s, is closed", string(d.today.Day))
	}
	items := []kit.Item{kit.Fixed(kit.NewText(title, 22, kit.Ink, true))}
	if closed {
		items = append(items, fact(l.T("Payments count to"), string(d.today.Takes)))
	}
	for i, b := range d.today.Closes {
		items = append(items, fact(l.T("Close %d", i+1), l.T("¥%s · %d×, %s, %s", b.Amount, b.Entries, d.c.moment(b.At), b.By)))
	}
	if !closed {
		items = append(items, d.byWallet(d.today.Pending)...)
	}
	for _, o := range d.owed {
		items = append(items, fact(l.T("%s owes", o.Wallet), d.owes(o)))
	}
	for _, file := range d.files {
		items = append(items, fact(l.T("File"), file))
	}
	items = append(items, kit.Gap(1))
	switch {
	case d.asked == askCloseDay:
		return append(items, kit.Fixed(d.warning(l.T("The day's figures never change again; later payments belong to the next day."))),
			kit.Fixed(field(l.T("Note"), d.note)), kit.Fixed(d.confirm(l.T("Close the day"), d.closeDay)))
	case d.asked == askReopen:
		return append(items, kit.Fixed(field(l.T("Reason"), d.reason)), kit.Fixed(d.confirm(l.T("Open the day again"), d.reopen)))
	case closed:
		return append(items, d.act(l.T("Open the day again"), dayKey, kit.PlainLook, func() { d.ask(askReopen) }))
	}
	return append(items, d.act(l.T("Close the day"), dayKey, kit.PlainLook, func() { d.ask(askCloseDay) }))
}

// owes says what a platform owes, as far as its fees are known.
func (d *day) owes(o pos.Owed) string {
	switch l := d.c.l; {
	case !o.Fee().Known:
		return l.T("¥%s before fees, since %s", o.Net(), string(o.First))
	case o.WithoutFee() > 0:
		return l.T("¥%s after fees of ¥%s (%d unknown), since %s", o.Payout(), o.Fees, o.WithoutFee(), string(o.First))
	default:
		return l.T("¥%s after fees of ¥%s, since %s", o.Payout(), o.Fees, string(o.First))
	}
}

func (d *day) warning(text string) fyne.CanvasObject {
	return kit.Panel(kit.WarnBg, kit.WarnBg, 12, 12, 14, kit.NewFit(text, 17, kit.Warn, true, 2))
}
