package pos_test

import (
	"errors"
	"slices"
	"time"

	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// finish goes on until nothing is under way: the cashier gives up what is not paid.
func (c *counter) finish() {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		payments, refunds := c.unfinished()
		if len(payments) == 0 && len(refunds) == 0 {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("still unfinished: %+v %+v", payments, refunds)
		}
		for _, p := range payments {
			// A code that Alipay has never seen scanned cannot be closed: let the customer look at it.
			if err := c.platform.Scan(p.OutTradeNo); err != nil && !errors.Is(err, sandbox.ErrNotPayable) && !errors.Is(err, sandbox.ErrUnknownOrder) {
				c.t.Error(err)
			}
			if _, err := c.till.Cancel(c.t.Context(), p.OutTradeNo, "li"); err != nil && pos.CodeOf(err) != pos.Conflict {
				c.t.Error(err)
			}
		}
		for _, r := range refunds {
			if _, err := c.till.CheckRefund(c.t.Context(), r.OutRefundNo); err != nil {
				c.t.Error(err)
			}
		}
	}
}

func (c *counter) unfinished() (payments []pos.Payment, refunds []pos.Refund) {
	c.t.Helper()
	err := c.ledger.View(c.t.Context(), func(tx pos.Tx) (err error) {
		if payments, err = tx.UnfinishedPayments(); err != nil {
			return err
		}
		refunds, err = tx.UnfinishedRefunds()
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return payments, refunds
}

// audit checks every invariant the ledger can show, and that the platforms' money is the ledger's
// money: each trade's net at the platform is the net of its entries, or an exception is open for it.
func (c *counter) audit() {
	c.t.Helper()
	report, err := c.ledger.Verify(c.t.Context(), db.VerifyOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, check := range report.Checks {
		for _, v := range check.Violations {
			c.t.Errorf("verify: %s: %s", check.Name, v)
		}
	}
	platform := map[string]pos.Fen{}
	for _, m := range c.platform.Money() {
		platform[m.OutTradeNo] += pos.Fen(m.Amount)
	}
	for no, want := range platform {
		got, named := c.booked(no)
		if got != want && got+named != want {
			c.t.Errorf("%s: ¥%s at the platform, ¥%s in the ledger, ¥%s in exceptions", no, want, got, named)
		}
	}
}

// booked is what the ledger took for a trade, refunds taken off, and what of it is not in the ledger but named
// by an exception.
func (c *counter) booked(outTradeNo string) (got, named pos.Fen) {
	c.t.Helper()
	o, err := c.ledger.OrderByNo(c.t.Context(), outTradeNo)
	if pos.CodeOf(err) == pos.NotFound {
		o = &pos.OrderDetail{}
		o.Exceptions, err = c.till.Exceptions(c.t.Context())
	}
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range o.Payments {
		if p.OutTradeNo == outTradeNo && p.State == pos.Paid {
			got += p.Amount - p.Refunded
		}
	}
	for _, x := range o.Exceptions {
		switch {
		case x.OutTradeNo != outTradeNo || x.Credited:
		case x.OutRefundNo == "":
			named += x.Amount
		case x.Kind == pos.UnknownOrder && !slices.ContainsFunc(o.Refunds, func(r pos.Refund) bool { return r.OutRefundNo == x.OutRefundNo }):
			named -= x.Amount
		}
	}
	return got, named
}
