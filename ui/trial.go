package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// trial is the last step: a payment of the smallest amount through the counter that has just been set up, and its
// refund.
type trial struct {
	g       *guide
	till    *pos.Till
	payment *pos.Payment // nil: none yet
	refund  *pos.Refund  // nil: none yet
	who     string       // has signed in; empty: the ledger has no users
	gate    *gate        // asks who is there; nil: that is known
	busy    bool
	object  *fyne.Container
}

func newTrial(g *guide) *trial { return &trial{g: g, object: container.NewStack()} }

// open opens the counter.
func (t *trial) open() {
	if t.till != nil || t.busy {
		return
	}
	t.busy = true
	t.g.says = line{t.g.room.l.T("Opening the counter."), kit.Working}
	var till *pos.Till
	var users []pos.User
	t.g.call(func(ctx context.Context) (err error) {
		if till, err = t.g.a.Till(ctx); err != nil {
			return err
		}
		users, err = till.Users(ctx)
		return err
	}, func(err error) {
		t.busy = false
		t.g.says = line{}
		if err != nil {
			t.complain(err)
			return
		}
		t.till, t.who = till, t.g.manager
		if len(users) > 0 && t.who == "" {
			t.gate = newGate(t.g.room, till, pos.RefundSmall, t.g.room.l.T("A trial is a sale as any other: it needs to know who makes it."), "", t.g.onFieldKey, func(u *pos.User) {
				t.who, t.gate = u.Name, nil
				t.redraw()
			})
		}
		till.Subscribe(func(e pos.Event) { t.g.room.do(func() { t.onEvent(e) }) })
		t.draw()
	})
	t.draw()
}

// amount is what the trial costs: 0.01, unless the shop takes no so small a payment.
func (t *trial) amount() pos.Fen { return max(1, t.till.Shop.MinCharge) }

// wallets are those that are set up, in the order of pos.Wallets.
func (t *trial) wallets() []pos.Wallet {
	return slices.DeleteFunc(slices.Clone(pos.Wallets), func(w pos.Wallet) bool {
		_, ok := t.till.Gateways[w]
		return !ok
	})
}

// ended reports whether the money is on its way back for good.
func (t *trial) ended() bool { return t.refund != nil && t.refund.State == pos.RefundSucceeded }

// waiting reports whether there is a code that somebody could pay.
func (t *trial) waiting() bool { return t.payment != nil && payable(t.payment) }

// charge asks for a code.
func (t *trial) charge(w pos.Wallet) {
	if t.busy || t.till == nil || t.gate != nil || (t.payment != nil && !t.payment.State.Final() && t.payment.State != pos.Closing) {
		return
	}
	t.payment, t.refund = nil, nil
	request := pos.ChargeRequest{Amount: t.amount(), Title: t.g.room.l.T("Trial"), Wallet: w, Cashier: t.who}
	t.during(t.g.room.l.T("Asking %s for a code.", w), func(ctx context.Context) error {
		_, err := t.till.Charge(ctx, request)
		return err
	})
}

// cancel withdraws the code.
func (t *trial) cancel() {
	if t.payment == nil {
		return
	}
	no := t.payment.OutTradeNo
	t.during("", func(ctx context.Context) error {
		_, err := t.till.Cancel(ctx, no, t.who)
		return err
	})
}

// payAsCustomer has the sandbox's customer pay.
func (t *trial) payAsCustomer() {
	if t.payment == nil || t.payment.State != pos.Waiting {
		return
	}
	no := t.payment.OutTradeNo
	t.during("", func(ctx context.Context) error { return t.g.opts.trial.PayAsCustomer(ctx, no) })
}

// giveBack refunds the payment.
func (t *trial) giveBack() {
	if t.payment == nil || t.payment.State != pos.Paid || t.refund != nil {
		return
	}
	request := pos.RefundRequest{OutTradeNo: t.payment.OutTradeNo, Amount: t.payment.Amount, Reason: t.g.room.l.T("Trial"), Actor: t.who}
	t.during(t.g.room.l.T("Asking %s for the refund.", t.payment.Wallet), func(ctx context.Context) error {
		_, err := t.till.Refund(ctx, request) // every change of it arrives as an event
		return err
	})
}

// check asks the platform now.
func (t *trial) check() {
	switch {
	case t.payment == nil:
	case t.refund != nil && !t.refund.State.Final():
		no := t.refund.OutRefundNo
		t.during("", func(ctx context.Context) error { _, err := t.till.CheckRefund(ctx, no); return err })
	case !t.payment.State.Final():
		no := t.payment.OutTradeNo
		t.during("", func(ctx context.Context) error { _, err := t.till.Check(ctx, no); return err })
	}
}

// during does something that must not be doubled. The assistant is not asked: the till works for itself.
func (t *trial) during(says string, work func(context.Context) error) {
	if t.busy {
		return
	}
	t.busy = true
	t.g.says = line{says, kit.Working}
	t.g.room.off(work, func(err error) {
		t.busy = false
		t.g.says = line{}
		if err != nil {
			t.complain(err)
		}
		t.redraw()
	})
	t.redraw()
}

func (t *trial) complain(err error) {
	t.g.says = line{t.g.room.l.Error(err), toneOfError(err)}
}

// onEvent takes in what the till published about the trial.
func (t *trial) onEvent(e pos.Event) {
	if t.g.room.ctx.Err() != nil {
		return
	}
	switch {
	case e.Kind == pos.PaymentChanged && (t.payment == nil && !e.Payment.State.Final() || t.payment != nil && t.payment.OutTradeNo == e.Payment.OutTradeNo):
		t.payment = e.Payment
	case e.Kind == pos.RefundChanged && t.payment != nil && e.Refund.OutTradeNo == t.payment.OutTradeNo:
		t.refund = e.Refund
	default:
		return
	}
	t.redraw()
}

// finish opens the cashier's window.
func (t *trial) finish() {
	if t.till != nil && !t.busy && t.gate == nil {
		t.g.opts.trial.Done(t.till, t.who)
	}
}

// onEnter does what comes next.
func (t *trial) onEnter() {
	switch {
	case t.till == nil:
		t.open()
	case t.gate != nil:
		t.gate.onEnter()
	case t.payment == nil || t.payment.State == pos.Closed || t.payment.State == pos.Rejected:
		if w := t.wallets(); len(w) > 0 {
			t.charge(w[0])
		}
	case t.payment.State == pos.Paid && t.refund == nil:
		t.giveBack()
	case t.ended():
		t.finish()
	}
}

// onKey takes the keys of the till that have a meaning here.
func (t *trial) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyF1, fyne.KeyF2:
		if w := map[fyne.KeyName]pos.Wallet{fyne.KeyF1: pos.WeChat, fyne.KeyF2: pos.Alipay}[k]; t.till != nil && slices.Contains(t.wallets(), w) {
			t.charge(w)
		}
	case fyne.KeyF5:
		t.check()
	case fyne.KeyF10:
		if t.payment == nil || t.payment.State.Final() {
			t.finish()
		}
	case fyne.KeyEscape:
		if !t.waiting() {
			return false
		}
		t.cancel()
	default:
		return false
	}
	return true
}
