package pos_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"saoma/db"
	"saoma/pos"
)

// evening lets everything become right again and quiet, then checks the books.
func (s *sim) evening() {
	s.healed.Store(true)
	s.skew.Store(0)
	s.mu.Lock()
	if s.counter != nil {
		s.counter.doom.Store(lives)
	}
	s.mu.Unlock()
	s.logf("the evening begins: nothing goes wrong any more")
	s.work.Wait()
	s.platform.heal()
	for begin := time.Now(); !s.quiet(); time.Sleep(29 * time.Second) {
		if time.Since(begin) > 14*time.Hour {
			s.violated("it does not become quiet: %s", s.unfinished())
			break
		}
	}
	s.work.Wait() // customers with a code that was shown this late, and is dead by now
	s.audit()
}

// quiet reports whether nothing is under way any more; it withdraws codes that a wrong clock keeps alive for hours.
func (s *sim) quiet() bool {
	c := s.up()
	quiet := s.platform.quiet()
	var list []pos.Payment
	err := c.ledger.View(c.ctx, func(tx pos.Tx) (err error) {
		list, err = tx.UnfinishedPayments()
		return err
	})
	if err != nil {
		s.violated("the ledger cannot be read: %v", err)
	}
	for _, p := range list {
		if p.State != pos.Closing && p.ExpiresAt.After(time.Now().Add(10*time.Minute)) {
			after, err := c.till.Cancel(c.ctx, p.OutTradeNo, "li")
			s.logf("%s withdrawn in the evening: %v (%v)", s.name("P", p.OutTradeNo), after, err)
		}
	}
	return quiet && s.unfinished() == ""
}

// unfinished names what the counter still asks about and nothing explains: a payment of another amount is
// closing until a manager decides.
func (s *sim) unfinished() (what string) {
	s.up().ledger.View(context.Background(), func(tx pos.Tx) error {
		payments, err := tx.UnfinishedPayments()
		if err != nil {
			return err
		}
		exceptions := exceptionsOf(tx)
		for _, p := range payments {
			mismatch := func(x pos.Exception) bool { return x.Kind == pos.AmountMismatch && x.OutTradeNo == p.OutTradeNo }
			if p.State != pos.Closing || !slices.ContainsFunc(exceptions, mismatch) {
				what += fmt.Sprintf(" %s %s", s.name("P", p.OutTradeNo), p.State)
			}
		}
		refunds, err := tx.UnfinishedRefunds()
		for _, r := range refunds {
			what += fmt.Sprintf(" %s %s", s.name("R", r.OutRefundNo), r.State)
		}
		return err
	})
	return what
}

// audit checks the books of the whole seed.
func (s *sim) audit() {
	c := s.up()
	report, err := c.ledger.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		s.violated("the ledger cannot be verified: %v", err)
		return
	}
	for _, rule := range report.Checks {
		if rule.Broken > 0 {
			s.violated("%s (%d of %d broken): %q", rule.Rule, rule.Broken, rule.Counted, rule.Violations)
		}
	}
	for _, n := range s.acked {
		s.durable(c, n)
	}
	err = c.ledger.View(context.Background(), func(tx pos.Tx) error {
		exceptions := exceptionsOf(tx)
		paid := map[int64]int{} // by order
		for _, no := range s.platform.numbers() {
			t, name := s.platform.about(no), s.name("P", no)
			about := slices.DeleteFunc(slices.Clone(exceptions), func(x pos.Exception) bool { return x.OutTradeNo != t.no || x.Wallet != t.wallet })
			s.explain(tx, t, name, about)
			p, err := tx.Payment(t.no)
			if err != nil || p.State != pos.Paid {
				continue
			}
			s.counts.Paid++
			paid[p.OrderID]++
			if paid[p.OrderID] > 1 && !s.flagged(tx, p.OrderID, exceptions) {
				s.violated("the order of %s is paid twice, and no manager hears of it", name)
			}
		}
		return nil
	})
	if err != nil {
		s.violated("the ledger cannot be read: %v", err)
	}
}

// flagged reports whether an attempt of the order has a duplicate_payment.
func (s *sim) flagged(tx pos.Tx, order int64, exceptions []pos.Exception) bool {
	siblings, err := tx.PaymentsOf(order)
	return err == nil && slices.ContainsFunc(siblings, func(p pos.Payment) bool {
		return slices.ContainsFunc(exceptions, func(x pos.Exception) bool {
			return x.OutTradeNo == p.OutTradeNo && (x.Kind == pos.DuplicatePayment || x.Kind == pos.AmountMismatch)
		})
	})
}

// explain checks that what the platform has of a trade is what the ledger has, and what exceptions name.
func (s *sim) explain(tx pos.Tx, t *simTrade, name string, about []pos.Exception) {
	var booked, named pos.Fen
	p, err := tx.Payment(t.no)
	switch {
	case err == nil && p.State == pos.Paid:
		booked = p.Amount - p.Refunded
	case err == nil && p.State == pos.Closed:
		s.counts.Closed++
	}
	for _, x := range about {
		if x.Kind == pos.RefundIsAbnormal || x.Kind == pos.StuckRefund || x.Kind == pos.StuckClosing {
			continue // no money of its own
		}
		if x.OutRefundNo != "" {
			r, err := tx.Refund(x.OutRefundNo)
			if err != nil || r.State != pos.RefundSucceeded {
				named -= x.Amount
			}
			continue
		}
		if !x.Credited {
			named += x.Amount
			if x.Resolution == pos.Accept || x.Resolution == pos.GiveBack {
				s.violated("%s: exception %d (%s) is resolved by %s, and not credited", name, x.ID, x.Kind, x.Resolution)
			}
		}
	}
	for _, r := range t.refunds { // Alipay tells of no refund: one that came after all is for the bill to show
		booked, err := tx.Refund(r.no)
		if err == nil && t.wallet == pos.Alipay && r.state == pos.RefundSucceeded && booked.State == pos.RefundFailed {
			named -= r.amount
		}
	}
	if t.net() != booked+named {
		s.violated("%s: %s at the platform, %s in the ledger and %s in exceptions", name, t.net(), booked, named)
	}
	late := slices.ContainsFunc(about, func(x pos.Exception) bool { return x.OutRefundNo == "" && x.Kind != pos.StuckClosing })
	if s.withdrawn[t.no] && !t.paidAt.IsZero() && !late {
		s.violated("%s was said to be closed, the money is taken, and no manager hears of it", name)
	}
}
