package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// foundShown is how many payments a search brings.
const foundShown = 50

// find is the hub's tab that looks payments up as one types.
type find struct {
	c     *Cashier
	leaf  leaf
	whole fyne.CanvasObject
	text  *kit.Entry
	// What narrows the search, each a turn of its button.
	wallet pos.Wallet
	state  pos.PaymentState

	found  []pos.Payment
	at     int
	asked  string             // what found is the answer to
	cancel context.CancelFunc // ends the question under way
}

// foundStates are what the button of states turns through; empty: all.
var foundStates = []pos.PaymentState{"", pos.Paid, pos.Waiting, pos.Closing, pos.Closed}

func newFind(c *Cashier) *find {
	f := &find{c: c, cancel: func() {}}
	f.update()
	f.read()
	return f
}

func (f *find) object() fyne.CanvasObject { return f.whole }

func (f *find) update() {
	l := f.c.l
	old := f.text
	f.text = kit.NewEntry(l.T("Number or its end, amount, 14:05, 2026-01-31, title, cashier"), f.c.onKey)
	if old != nil {
		f.text.SetText(old.Text)
	}
	f.text.OnChanged = func(string) { f.read() }
	wallet, state := l.T("All wallets"), l.T("All states")
	if f.wallet != "" {
		wallet = l.T(f.wallet.Name())
	}
	if f.state != "" {
		state, _ = stateWord(l, &pos.Payment{State: f.state})
	}
	f.leaf = leaf{list: container.NewStack(), details: container.NewStack()}
	f.whole = kit.Col(0,
		kit.Fixed(kit.Inset(10, 18, kit.Row(10, kit.Grow(1, f.text),
			kit.Fixed(kit.NewButton(wallet, "", "", kit.PlainLook, f.turnWallet)), kit.Fixed(kit.NewButton(state, "", "", kit.PlainLook, f.turnState))))),
		kit.Fixed(kit.Rule()),
		kit.Grow(1, kit.Row(0, kit.Share(44, kit.Inset(10, 8, f.leaf.list)), kit.Fixed(kit.Rule()), kit.Share(56, kit.Section(f.leaf.details)))))
	f.draw()
}

func (f *find) turnWallet() {
	next := append([]pos.Wallet{""}, pos.Wallets...)
	f.wallet = after(next, f.wallet)
	f.update()
	f.read()
}

func (f *find) turnState() {
	f.state = after(foundStates, f.state)
	f.update()
	f.read()
}

// after is what follows now in a circle.
func after[T comparable](circle []T, now T) T {
	for i, v := range circle {
		if v == now {
			return circle[(i+1)%len(circle)]
		}
	}
	return circle[0]
}

// read looks for what is typed. A question that is not answered yet is given up for the new one.
func (f *find) read() {
	if f.c.opts.Search == nil {
		return
	}
	f.cancel()
	ctx, cancel := context.WithCancel(f.c.ctx)
	f.cancel = cancel
	s := pos.Search{Text: f.text.Text, Wallet: f.wallet, State: f.state, Limit: foundShown}
	var found []pos.Payment
	f.c.off(func(context.Context) (err error) {
		found, err = f.c.opts.Search(ctx, s)
		return err
	}, func(err error) {
		if ctx.Err() != nil {
			return // something else is asked meanwhile
		}
		cancel()
		if err != nil {
			f.c.complain(err)
			return
		}
		chosen := f.chosen()
		f.found, f.asked, f.at = found, s.Text, 0
		if chosen != nil {
			f.at = max(indexOf(found, chosen.OutTradeNo), 0)
		}
		f.draw()
	})
}

func (f *find) chosen() *pos.Payment {
	if f.at >= len(f.found) {
		return nil
	}
	return &f.found[f.at]
}

func (f *find) draw() {
	l := f.c.l
	rows := make([]row, len(f.found))
	for i := range f.found {
		p := &f.found[i]
		word, tone := stateWord(l, p)
		note := []string{f.c.moment(p.CreatedAt)}
		for _, more := range []string{p.Title, p.Cashier} {
			if more != "" {
				note = append(note, more)
			}
		}
		rows[i] = row{
			kit.Payment{Mark: markOf(p.Wallet), Amount: "¥" + p.Amount.String(), State: word, Tone: tone, Note: strings.Join(note, " · ")},
			func() { f.choose(i) },
		}
	}
	p := f.chosen()
	if p == nil {
		f.leaf.fill(rows, 0, nothing(l.T("No payment was found.")))
		return
	}
	f.leaf.fill(rows, f.at, f.details(p))
}

func (f *find) choose(i int) {
	f.at = min(max(i, 0), max(len(f.found)-1, 0))
	f.draw()
}

func (f *find) details(p *pos.Payment) fyne.CanvasObject {
	l := f.c.l
	word, tone := stateWord(l, p)
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(p.Wallet).Disc(38))),
			kit.Grow(1, kit.NewFit("¥"+p.Amount.String(), 30, kit.Ink, true, 1)), kit.Fixed(kit.Chip(word, tone)))),
		fact(l.T("Payment"), p.OutTradeNo), fact(l.T("Begun"), f.c.moment(p.CreatedAt)),
	}
	paid := ""
	if !p.PaidAt.IsZero() {
		paid = f.c.moment(p.PaidAt)
	}
	for _, more := range []struct{ what, value string }{
		{l.T("Paid"), paid}, {l.T("At %s", p.Wallet), p.TransactionID}, {l.T("Title"), p.Title}, {l.T("Cashier"), p.Cashier}, {l.T("Day"), string(p.Day)},
	} {
		if more.value != "" {
			items = append(items, fact(more.what, more.value))
		}
	}
	if p.Refunded > 0 {
		items = append(items, fact(l.T("Refunded ¥"), p.Refunded.String()))
	}
	items = append(items, kit.Gap(1))
	if p.State == pos.Paid {
		items = append(items, kit.Fixed(kit.NewButton(l.T("To its refunds"), "Enter", "", kit.PlainLook, func() { f.c.refund(p.OutTradeNo) })))
	}
	return kit.Col(9, items...)
}

func (f *find) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp:
		f.choose(f.at - 1)
	case fyne.KeyDown:
		f.choose(f.at + 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if p := f.chosen(); p != nil && p.State == pos.Paid {
			f.c.refund(p.OutTradeNo)
		}
	default:
		return false
	}
	return true
}
