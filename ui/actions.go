package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"saoma/pos"
	"saoma/ui/kit"
)

// onAmountKey takes a digit, the dot or backspace, from the keypad or the keyboard.
func (c *Cashier) onAmountKey(r rune) {
	if c.signedOut() {
		return
	}
	if c.live() || c.busy {
		c.notify(c.l.T("A payment is waiting: cancel it with Esc before keying in a new amount."), kit.Doubtful)
		return
	}
	if c.current != nil || c.fresh {
		c.startOver()
	}
	c.dismiss()
	if err := c.amount.key(r); err != nil {
		c.complain(err)
		return
	}
	c.render()
}

// startOver makes room for the next sale. A payment that is still being cancelled stays in the list.
func (c *Cashier) startOver() {
	c.current, c.second, c.fresh, c.unanswered = nil, nil, false, false
	c.amount.text = ""
	c.sale.title.SetText("")
}

// onEnter charges with the wallet used last.
func (c *Cashier) onEnter() {
	if c.live() {
		c.render()
		return
	}
	c.onWallet(c.lastWallet)
}

// onWallet charges the amount through w, or offers the waiting payment through w instead.
func (c *Cashier) onWallet(w pos.Wallet) {
	switch {
	case c.busy, c.signedOut():
	case c.second != nil:
		c.onAlreadyOffered()
	case c.current != nil && (c.live() || c.current.State == pos.Closing):
		if c.current.Wallet != w || c.current.State == pos.Closing {
			c.switchTo(w)
		}
	default:
		c.charge(w)
	}
}

func (c *Cashier) charge(w pos.Wallet) {
	amount, err := c.amount.fen()
	if err != nil {
		c.complain(err)
		return
	}
	request := pos.ChargeRequest{Amount: amount, Title: strings.TrimSpace(c.sale.title.Text), Wallet: w, Cashier: c.opts.Cashier}
	c.hold()
	c.begin(w)
	c.current, c.second = nil, nil
	c.off(func(ctx context.Context) error {
		_, err := c.till.Charge(ctx, request)
		return err
	}, c.onCharged)
	c.render()
}

func (c *Cashier) switchTo(w pos.Wallet) {
	outTradeNo, cashier := c.current.OutTradeNo, c.opts.Cashier
	c.begin(w)
	c.off(func(ctx context.Context) error {
		_, err := c.till.SwitchWallet(ctx, outTradeNo, w, cashier)
		return err
	}, c.onCharged)
	c.notify(c.l.T("Switching to %s.", w), kit.Working)
}

// begin notes that a code of w is being asked for. The payment itself arrives as an event.
func (c *Cashier) begin(w pos.Wallet) {
	c.busy, c.charging, c.unanswered, c.fresh = true, w, false, false
	c.dismiss()
	c.lastWallet = w
	c.app.Preferences().SetString(prefWallet, string(w))
}

// onCharged ends what begin began. Every change of the payment has arrived as an event before.
func (c *Cashier) onCharged(err error) {
	c.held = false
	c.busy, c.charging = false, ""
	c.settleDown()
	if err != nil {
		c.complain(err)
		return
	}
	c.render()
}

// onCancel withdraws the payment on the screen; with none, it clears the amount.
func (c *Cashier) onCancel() {
	if c.busy || c.signedOut() {
		return
	}
	if !c.live() {
		c.startOver()
		c.dismiss()
		c.render()
		return
	}
	two, cashier := c.second != nil, c.opts.Cashier // another may sign in meanwhile
	c.duringEach(func(ctx context.Context, outTradeNo string) error {
		_, err := c.till.Cancel(ctx, outTradeNo, cashier)
		if two && pos.CodeOf(err) == pos.Conflict {
			return nil // one of the two was faster, and the screen says so
		}
		return err
	})
}

// onCheck asks the platform now.
func (c *Cashier) onCheck() {
	if c.current == nil || c.current.State.Final() || c.busy {
		return
	}
	c.notify(c.l.T("Asking %s now.", c.current.Wallet), kit.Working)
	c.duringEach(func(ctx context.Context, outTradeNo string) error {
		_, err := c.till.Check(ctx, outTradeNo)
		return err
	})
}

// onPayAsCustomer lets the sandbox's customer pay.
func (c *Cashier) onPayAsCustomer(outTradeNo string) {
	if c.live() && !c.busy && c.opts.PayAsCustomer != nil {
		c.during(func(ctx context.Context, _ string) error { return c.opts.PayAsCustomer(ctx, outTradeNo) })
	}
}

// during does something with the payment on the screen that must not be done twice at once.
func (c *Cashier) during(work func(ctx context.Context, outTradeNo string) error) {
	outTradeNo := c.current.OutTradeNo
	c.busy = true
	c.off(func(ctx context.Context) error { return work(ctx, outTradeNo) }, func(err error) {
		c.busy, c.charging = false, ""
		c.settleDown()
		if err != nil {
			c.complain(err)
			return
		}
		c.render()
	})
	c.render()
}

// duringEach does it with every code on the screen.
func (c *Cashier) duringEach(work func(ctx context.Context, outTradeNo string) error) {
	codes := c.codes()
	c.during(func(ctx context.Context, _ string) error {
		var errs []error
		for _, p := range codes {
			errs = append(errs, work(ctx, p.OutTradeNo))
		}
		return errors.Join(errs...)
	})
}

// onShow brings a payment of the list back to the screen, if nothing else is on it.
func (c *Cashier) onShow(outTradeNo string) {
	if c.signedOut() {
		return
	}
	i := slices.IndexFunc(c.recent, func(p pos.Payment) bool { return p.OutTradeNo == outTradeNo })
	switch {
	case i < 0 || c.busy:
		return
	case c.recent[i].State == pos.Paid:
		c.refund(outTradeNo)
		return
	case c.recent[i].State.Final() || c.live():
		return
	}
	p := c.recent[i]
	c.adopt(&p)
	c.render()
}

// adopt puts a payment on the screen.
func (c *Cashier) adopt(p *pos.Payment) {
	c.current, c.second, c.unanswered = p, nil, false
	c.amount.text = p.Amount.String()
	c.fresh = true
}

// onClose asks before a waiting payment is left to the next start.
func (c *Cashier) onClose() {
	if c.question != nil {
		return
	}
	if !c.live() {
		c.close()
		return
	}
	c.question = kit.Ask(c.win.Canvas(),
		c.l.T("A payment is still waiting"),
		c.l.T("If you close the counter now, the payment of ¥%s stays open. It is shown again at the next start.", c.current.Amount),
		c.l.T("Close the counter"), c.l.T("Go on waiting"),
		func(yes bool) {
			c.question = nil
			if yes {
				c.close()
			}
		})
}

// Close closes the window. A payment that waits is taken up again by the next one.
func (c *Cashier) Close() { c.close() }

func (c *Cashier) close() {
	c.cancel()
	if c.customer != nil {
		c.customer.Close()
	}
	c.win.Close()
}
