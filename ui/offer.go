package ui

import (
	"context"
	"slices"

	"saoma/pos"
	"saoma/ui/kit"
)

// otherWallet is a wallet that the waiting payment could be offered through as well; empty: none.
func (c *Cashier) otherWallet() pos.Wallet {
	if c.current == nil || c.current.State != pos.Waiting || c.second != nil {
		return ""
	}
	for _, w := range pos.Wallets {
		if _, ok := c.till.Gateways[w]; ok && w != c.current.Wallet {
			return w
		}
	}
	return ""
}

// onOffer offers the waiting payment through the other wallet as well: the customer chooses by scanning.
func (c *Cashier) onOffer() {
	w := c.otherWallet()
	if w == "" || c.busy || c.signedOut() {
		return
	}
	c.charging = w
	cashier := c.opts.Cashier
	c.during(func(ctx context.Context, outTradeNo string) error {
		_, err := c.till.Offer(ctx, outTradeNo, w, cashier)
		return err
	})
}

// offered takes in news of a payment that may be one of two codes for the same order, and reports whether
// it was. Whichever is paid stays on the screen; the other one vanishes as soon as nobody can pay it any more.
func (c *Cashier) offered(p *pos.Payment) bool {
	switch {
	case c.current == nil || p.OrderID != c.current.OrderID || p.OutTradeNo == c.current.OutTradeNo:
		return false
	case c.second == nil && (c.charging != p.Wallet || !c.live() || !payable(p)):
		return false
	case c.second != nil && c.second.OutTradeNo != p.OutTradeNo:
		return false
	case payable(p):
		c.second = p
	case p.State == pos.Paid:
		c.current, c.second = p, nil
		c.onPaid()
	default:
		c.second = nil
	}
	return true
}

// withdrawn puts the other code in current's place, if current cannot be paid any more and it can.
func (c *Cashier) withdrawn() {
	switch {
	case c.current.State == pos.Paid:
		c.second = nil
	case c.second != nil && !payable(c.current):
		c.current, c.second = c.second, nil
	}
}

// codes are the payments whose codes are on the screen, in the order of the wallets.
func (c *Cashier) codes() []*pos.Payment {
	if c.second == nil {
		return []*pos.Payment{c.current}
	}
	both := []*pos.Payment{c.current, c.second}
	slices.SortFunc(both, func(a, b *pos.Payment) int {
		return slices.Index(pos.Wallets, a.Wallet) - slices.Index(pos.Wallets, b.Wallet)
	})
	return both
}

// pair adopts a payment that was offered beside the one on the screen when the program ended.
func (c *Cashier) pair(unfinished []pos.Payment) {
	for i := range unfinished {
		p := &unfinished[i]
		if c.live() && c.second == nil && payable(p) && p.OrderID == c.current.OrderID && p.Wallet != c.current.Wallet {
			c.second = p
		}
	}
}

// onAlreadyOffered says that both codes are on the screen.
func (c *Cashier) onAlreadyOffered() {
	c.notify(c.l.T("Both codes are on the screen: the customer chooses by scanning."), kit.Working)
}
