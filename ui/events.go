package ui

import (
	"context"
	"slices"

	"saoma/assets"
	"saoma/pos"
	"saoma/ui/kit"
)

// load reads the list of recent payments and takes up what was waiting when the program ended.
func (c *Cashier) load() {
	var recent, unfinished []pos.Payment
	var users []pos.User
	c.off(func(ctx context.Context) (err error) {
		if recent, err = c.till.Recent(ctx, recentShown); err != nil {
			return err
		}
		if unfinished, err = c.till.Resume(ctx); err != nil {
			return err
		}
		users, err = c.till.Users(ctx)
		return err
	}, func(err error) {
		c.loaded = true
		for i := range slices.Backward(recent) {
			c.remember(&recent[i])
		}
		for i := range slices.Backward(unfinished) {
			if p := &unfinished[i]; c.current == nil && !c.busy && p.State != pos.Closing {
				c.adopt(p)
			}
		}
		c.pair(unfinished)
		c.count()
		if c.peopled = len(users) > 0; c.peopled {
			c.buildUI() // the header names who is signed in
		}
		c.signedOut()
		if err == nil {
			err = c.opts.Warning
		}
		if err != nil {
			c.complain(err)
			return
		}
		c.render()
	})
}

// onEvent takes in what the till published.
func (c *Cashier) onEvent(e pos.Event) {
	if c.ctx.Err() != nil {
		return
	}
	switch e.Kind {
	case pos.PaymentChanged:
		c.onPayment(e.Payment)
	case pos.NoAnswer:
		if c.current != nil && e.Payment != nil && e.Payment.OutTradeNo == c.current.OutTradeNo {
			c.unanswered = true
		}
	case pos.HealthChanged:
		if c.current != nil && e.Health.Wallet == c.current.Wallet && e.Health.State == pos.Healthy {
			c.unanswered = false
		}
	case pos.ExceptionRaised:
		c.sound(assets.AlertSound)
		c.count()
		c.notify(exceptionSentence(c.l, e.Exception), kit.Alarmed)
		return
	case pos.ExceptionResolved:
		c.count()
	case pos.ReachChanged:
		if e.Reach.State == pos.Unreachable && !c.live() && e.Reach.Err != nil {
			c.notify(c.l.T("Notifications do not arrive: %s Sales go on; the counter asks the platforms instead.", e.Reach.Err), kit.Doubtful)
			return
		}
	case pos.RefundChanged:
		c.reload(e.Refund.OutTradeNo)
	case pos.DayChanged, pos.ShiftChanged, pos.ReconciliationChanged:
		if c.page != nil {
			c.page.read()
		}
	}
	c.render()
}

// count counts the exceptions that wait, and brings an open page in line with the ledger.
func (c *Cashier) count() {
	var open []pos.Exception
	c.latest(&c.counts, func(ctx context.Context) (err error) {
		open, err = c.till.Exceptions(ctx)
		return err
	}, func() {
		c.undecided = len(open)
		c.render()
		if c.page != nil {
			c.page.read()
		}
	})
}

func (c *Cashier) onPayment(p *pos.Payment) {
	if !c.remember(p) {
		return // older news than what is known
	}
	switch {
	case c.current != nil && c.current.OutTradeNo == p.OutTradeNo:
		c.current, c.unanswered, c.held = p, false, false
		c.withdrawn()
	case c.offered(p):
		return
	case c.charging == p.Wallet && p.State == pos.Created && !c.paid():
		c.adopt(p)
	case p.State == pos.Paid && c.alarmed():
		return // the alarm says more of it
	case p.State == pos.Paid:
		c.sound(assets.PaidSound)
		c.notify(c.l.T("An earlier payment of ¥%s has now been paid.", p.Amount), kit.Glad)
		return
	default:
		return
	}
	c.fresh = true
	if p.State == pos.Paid {
		c.onPaid()
	}
}

// onPaid tells the cashier that the money is there.
func (c *Cashier) onPaid() {
	c.sound(assets.PaidSound)
	c.amount.text = ""
	c.settleDown()
}

// settleDown takes a passing sentence away that news has overtaken; an alarm stays.
func (c *Cashier) settleDown() {
	if !c.alarmed() {
		c.dismiss()
	}
}

// rank orders the states of a payment: news of a lower rank is older.
func rank(s pos.PaymentState) int {
	return slices.Index([]pos.PaymentState{pos.Created, pos.Waiting, pos.Closing, pos.Rejected, pos.Closed, pos.Paid}, s)
}

// remember keeps a payment in the list of the last ones, newest first, and reports false where what
// is known of it is newer.
func (c *Cashier) remember(p *pos.Payment) bool {
	i := slices.IndexFunc(c.recent, func(r pos.Payment) bool { return r.OutTradeNo == p.OutTradeNo })
	if i >= 0 {
		if known := &c.recent[i]; rank(p.State) < rank(known.State) || p.Refunded < known.Refunded {
			return false
		}
		c.recent[i] = *p
		return true
	}
	at := slices.IndexFunc(c.recent, func(r pos.Payment) bool { return !r.CreatedAt.After(p.CreatedAt) })
	if at < 0 {
		at = len(c.recent)
	}
	c.recent = slices.Insert(c.recent, at, *p)
	c.recent = c.recent[:min(len(c.recent), recentShown)]
	return true
}

// reload reads one payment again, because a refund changed it.
func (c *Cashier) reload(outTradeNo string) {
	var p *pos.Payment
	c.off(func(ctx context.Context) (err error) {
		p, err = c.till.Payment(ctx, outTradeNo)
		return err
	}, func(err error) {
		if err != nil {
			c.complain(err)
			return
		}
		c.remember(p)
		c.render()
		if c.page != nil {
			c.page.read()
		}
	})
}

func (c *Cashier) sound(wav func() []byte) {
	if !c.opts.Mute {
		play(wav)
	}
}
