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

// refundableShown is how many payments the refunds' page goes back; older ones are looked up.
var refundableShown = 200

// refundsShown is how many refunds of one payment it shows.
const refundsShown = 4

// refunds is the page that gives money back: the payments that were paid, and what became of their refunds.
type refunds struct {
	c              *Cashier
	leaf           leaf
	payments       []pos.Payment
	chosen         string // out_trade_no
	made           []pos.Refund
	left           pos.Fen
	asked          pos.Fen // to be confirmed; 0: nothing
	busy           bool
	reads          int
	amount, reason *kit.Entry
	choices        *kit.Choices
}

// onRefunds opens the refunds' page at the payment on the screen, or closes it.
func (c *Cashier) onRefunds() {
	if _, open := c.page.(*refunds); open {
		c.turnTo(nil)
		return
	}
	outTradeNo := ""
	if c.current != nil && c.current.State == pos.Paid {
		outTradeNo = c.current.OutTradeNo
	}
	c.refund(outTradeNo)
}

// refund opens the refunds' page at a payment; empty: at the last one.
func (c *Cashier) refund(outTradeNo string) {
	if c.signedOut() {
		return
	}
	r := &refunds{c: c, chosen: outTradeNo}
	r.update()
	c.turnTo(r)
}

func (r *refunds) object() fyne.CanvasObject { return r.leaf.whole }

// update makes the page anew and reads the payments again.
func (r *refunds) update() {
	c := r.c
	amount, reason := "", ""
	if r.amount != nil {
		amount, reason = r.amount.Text, r.reason.Text
	}
	r.leaf = newLeaf(c, c.l.T("Refunds: give a payment back, all of it or a part"), "back")
	r.amount, r.reason = kit.NewEntry("0.00", c.onKey), kit.NewEntry(c.l.T("Shown to the customer (optional)"), c.onKey)
	r.amount.SetText(amount)
	r.reason.SetText(reason)
	r.draw()
	r.read()
}

// read reads the payments, and the refunds of the chosen one.
func (r *refunds) read() {
	var payments []pos.Payment
	var made []pos.Refund
	var left pos.Fen
	chosen, shown := r.chosen, refundableShown
	r.c.latest(&r.reads, func(ctx context.Context) (err error) {
		if payments, err = r.c.till.Recent(ctx, shown); err != nil {
			return err
		}
		payments = slices.DeleteFunc(payments, func(p pos.Payment) bool { return p.State != pos.Paid })
		if chosen != "" && indexOf(payments, chosen) < 0 { // it was looked up
			old, err := r.c.till.Payment(ctx, chosen)
			if err != nil {
				return err
			}
			payments = append(payments, *old)
		}
		if len(payments) == 0 {
			return nil
		}
		if chosen == "" {
			chosen = payments[0].OutTradeNo
		}
		made, left, err = r.c.till.Refunds(ctx, chosen)
		return err
	}, func() {
		r.payments = payments
		if r.chosen != chosen || r.amount.Text == "" || left < r.left {
			r.amount.SetText(left.String())
		}
		r.chosen, r.made, r.left = chosen, made, left
		r.draw()
	})
}

func indexOf(payments []pos.Payment, outTradeNo string) int {
	return slices.IndexFunc(payments, func(p pos.Payment) bool { return p.OutTradeNo == outTradeNo })
}

func (r *refunds) at() int { return indexOf(r.payments, r.chosen) }

func (r *refunds) choose(outTradeNo string) {
	if r.busy || outTradeNo == r.chosen {
		return
	}
	r.chosen, r.made, r.left, r.asked = outTradeNo, nil, 0, 0
	r.amount.SetText("")
	r.reason.SetText("")
	r.draw()
	r.read()
}

func (r *refunds) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp, fyne.KeyDown:
		next := r.at() + 1
		if k == fyne.KeyUp {
			next = r.at() - 1
		}
		if next >= 0 && next < len(r.payments) {
			r.choose(r.payments[next].OutTradeNo)
		}
		return true
	case fyne.KeyF5:
		r.check()
		return true
	case fyne.KeyEscape:
		if r.asked == 0 {
			return false
		}
		r.takeBack()
		return true
	}
	return r.choices != nil && r.choices.OnKey(k)
}

func (r *refunds) draw() {
	rows := make([]row, len(r.payments))
	for i := range r.payments {
		p := &r.payments[i]
		word, tone := stateWord(r.c.l, p)
		note := r.c.moment(p.PaidAt)
		if p.Title != "" {
			note += " · " + p.Title
		}
		rows[i] = row{
			kit.Payment{Mark: markOf(p.Wallet), Amount: "¥" + p.Amount.String(), State: word, Tone: tone, Note: note},
			func() { r.choose(p.OutTradeNo) },
		}
	}
	old := r.choices
	r.choices = nil
	at := r.at()
	if at < 0 {
		r.leaf.fill(rows, at, nothing(r.c.l.T("No payment here could be refunded.")))
		return
	}
	r.leaf.fill(rows, at, r.details(&r.payments[at]))
	r.choices.Again(old)
}

func (r *refunds) details(p *pos.Payment) fyne.CanvasObject {
	l := r.c.l
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(p.Wallet).Disc(38))),
			kit.Grow(1, kit.NewFit(l.T(p.Wallet.Name()), 23, kit.Ink, true, 1)),
			kit.Fixed(kit.NewText("¥"+p.Amount.String(), 30, kit.Ink, true)))),
		fact(l.T("Payment"), p.OutTradeNo),
		fact(l.T("At %s", p.Wallet), p.TransactionID),
		fact(l.T("Paid"), r.c.moment(p.PaidAt)),
		fact(l.T("Left"), "¥"+r.left.String()),
	}
	for _, made := range r.made[max(len(r.made)-refundsShown, 0):] {
		items = append(items, kit.Fixed(r.madeRow(made)))
	}
	return kit.Col(9, append(append(items, kit.Gap(1)), r.form(p)...)...)
}

// madeRow is one refund and how it stands.
func (r *refunds) madeRow(made pos.Refund) fyne.CanvasObject {
	word, tone := refundWord(r.c.l, made.State)
	note := made.Reason
	if note == "" {
		note = made.OutRefundNo
	}
	text := kit.NewFit(r.c.moment(made.CreatedAt)+" · "+note, 15, kit.Muted, false, 1)
	text.Cut = true
	return kit.Row(12, kit.Fixed(kit.NewText("−¥"+made.Amount.String(), 17, kit.Ink, true)), kit.Grow(1, text),
		kit.Fixed(kit.Chip(word, tone)))
}

// form asks for amount and reason, or whether the refund is meant.
func (r *refunds) form(p *pos.Payment) []kit.Item {
	l := r.c.l
	switch {
	case r.asked > 0:
		r.choices = r.c.meant(r.takeBack, l.T("Refund ¥%s", r.asked), r.send, r.busy)
		text := l.T("¥%s go back to the customer through %s. This cannot be undone.", r.asked, p.Wallet)
		return []kit.Item{
			kit.Fixed(kit.Panel(kit.WarnBg, kit.WarnBg, 12, 12, 14, kit.NewFit(text, 18, kit.Warn, true, 2))),
			kit.Fixed(r.choices.Object),
		}
	case r.left == 0:
		return nil
	}
	r.choices = kit.NewChoices(kit.NewButton(l.T("Refund"), "", "", kit.PlainLook, r.ask))
	return []kit.Item{
		kit.Fixed(kit.Row(12, kit.Share(32, field(l.T("Amount"), r.amount)), kit.Share(68, field(l.T("Reason"), r.reason)))),
		kit.Fixed(r.choices.Object),
	}
}

// ask asks whether the refund is meant.
func (r *refunds) ask() {
	amount, err := pos.ParseYuan(strings.TrimSpace(r.amount.Text))
	if err == nil && (amount < 1 || amount > r.left) {
		err = pos.Errorf(pos.Conflict, "At most ¥%s of this payment can still be refunded.", r.left)
	}
	if err != nil {
		r.c.complain(err)
		r.c.win.Canvas().Focus(r.amount)
		return
	}
	r.c.win.Canvas().Unfocus()
	r.asked = amount
	r.draw()
}

func (r *refunds) takeBack() {
	if !r.busy {
		r.asked = 0
		r.draw()
	}
}

// send asks the platform for the refund. It is in the ledger before, and the counter goes on asking for it
// whatever becomes of this page. Where it is more than the cashier may give back alone, a supervisor's PIN is asked for.
func (r *refunds) send() {
	r.give(pos.RefundRequest{OutTradeNo: r.chosen, Amount: r.asked, Reason: strings.TrimSpace(r.reason.Text), Actor: r.c.opts.Cashier})
}

func (r *refunds) give(request pos.RefundRequest) {
	var made *pos.Refund
	r.c.alone(&r.busy, r.draw, func(ctx context.Context) (err error) {
		made, err = r.c.till.Refund(ctx, request)
		return err
	}, func(err error) {
		if pos.CodeOf(err) == pos.NeedsApproval && request.Approval == nil {
			r.approve(request)
			return
		}
		r.asked = 0
		r.amount.SetText("")
		r.reason.SetText("")
		r.draw()
		r.read()
		if err != nil {
			r.c.complain(err)
			return
		}
		said := refundSentence(r.c.l, made)
		r.c.notify(said.text, said.tone)
	})
}

// approve has a supervisor allow the refund on the spot. Coming back without one leaves it asked for.
func (r *refunds) approve(request pos.RefundRequest) {
	r.draw()
	about := r.c.l.T("¥%s is more than %s may give back alone: a supervisor's name and PIN.", request.Amount, request.Actor)
	r.c.askPIN(pos.RefundLarge, about, func(ctx context.Context, name, pin string) (*pos.User, error) {
		approval, err := r.c.till.Approve(ctx, name, pin, request)
		request.Approval = approval
		return &pos.User{Name: name}, err
	}, func(*pos.User) { r.give(request) })
}

// check asks the platform now about the refunds that are under way.
func (r *refunds) check() {
	for _, made := range r.made {
		if made.State.Final() {
			continue
		}
		r.c.notify(r.c.l.T("Asking %s now.", made.Wallet), kit.Working)
		r.c.off(func(ctx context.Context) error {
			_, err := r.c.till.CheckRefund(ctx, made.OutRefundNo)
			return err
		}, func(err error) {
			if err != nil {
				r.c.complain(err)
			}
			r.read()
		})
	}
}
