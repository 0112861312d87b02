package pos_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"saoma/db/dbtest"
	"saoma/pos"
)

// The order in which states may be seen.
var (
	paymentRank = []pos.PaymentState{pos.Created, pos.Waiting, pos.Closing, pos.Rejected, pos.Closed, pos.Paid}
	refundRank  = []pos.RefundState{pos.RefundRequested, pos.RefundProcessing, pos.RefundAbnormal, pos.RefundFailed, pos.RefundSucceeded}
)

// hear is the counter's windows: it checks every event, and lets customers see the codes.
func (s *sim) hear(c *simCounter, e pos.Event) {
	if c.dead.Load() {
		return
	}
	switch e.Kind {
	case pos.PaymentChanged:
		p := e.Payment
		name := s.name("P", p.OutTradeNo)
		s.logf("%s is %s", name, p.State)
		s.forward(name, slices.Index(paymentRank, p.State), string(p.State))
		s.told(p)
		if p.State == pos.Waiting && s.shows(p) {
			s.work.Go(func() { s.visit(p.OutTradeNo, p.CodeURL) })
		}
	case pos.RefundChanged:
		name := s.name("R", e.Refund.OutRefundNo)
		s.logf("%s is %s", name, e.Refund.State)
		s.forward(name, slices.Index(refundRank, e.Refund.State), string(e.Refund.State))
		s.refundTold(e.Refund)
	case pos.ExceptionRaised:
		x := e.Exception
		s.logf("exception %d: %s about %s %s", x.ID, x.Kind, s.name("P", x.OutTradeNo), x.Amount)
		s.count(&s.counts.Exceptions)
	}
}

// forward notes that a state was seen; states never go backwards.
func (s *sim) forward(name string, rank int, state string) {
	s.mu.Lock()
	before, known := s.seen[name]
	s.seen[name] = max(before, rank)
	s.mu.Unlock()
	if known && rank < before {
		s.violated("%s went backwards to %s", name, state)
	}
}

// shows notes a code that is on the window now, and says whether it is new.
func (s *sim) shows(p *pos.Payment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.shown[p.OutTradeNo], p.CodeURL) {
		return false
	}
	s.shown[p.OutTradeNo] = append(s.shown[p.OutTradeNo], p.CodeURL)
	return true
}

func (s *sim) codes(no string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.shown[no])
}

func (s *sim) wasShown(no string) bool { return len(s.codes(no)) > 0 }

// told checks what the cashier is told of a payment against the platform: paid means that the money is
// there, and closed that no customer can pay any more.
func (s *sim) told(p *pos.Payment) {
	name, codes := s.name("P", p.OutTradeNo), s.codes(p.OutTradeNo)
	m := s.platform
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.trades[p.OutTradeNo]
	switch {
	case p.State == pos.Paid && (t == nil || t.paidAt.IsZero() || t.txn != p.TransactionID || t.amount != p.Amount):
		s.violated("%s is said to be paid, and is not", name)
	case p.State != pos.Closed && p.State != pos.Rejected || t == nil || t.odd:
	case !t.paidAt.IsZero():
		s.violated("%s is said to be %s, and the money is taken", name, p.State)
	default:
		for _, code := range codes {
			if t.payable(code, time.Now()) {
				s.violated("%s is said to be %s, and a customer can still pay it", name, p.State)
			}
		}
	}
}

// refundTold checks what the cashier is told of a refund.
func (s *sim) refundTold(r *pos.Refund) {
	m := s.platform
	m.mu.Lock()
	defer m.mu.Unlock()
	var known *simRefund
	if t := m.trades[r.OutTradeNo]; t != nil {
		known = t.refund(r.OutRefundNo)
	}
	if r.State == pos.RefundSucceeded && (known == nil || known.state != pos.RefundSucceeded || known.amount != r.Amount) {
		s.violated("%s is said to have succeeded, and has not", s.name("R", r.OutRefundNo))
	}
}

// accepted notes that the counter has acknowledged n, which from then on is in the ledger.
func (s *sim) accepted(c *simCounter, n simNotice) {
	s.mu.Lock()
	s.acked = append(s.acked, n)
	s.mu.Unlock()
	s.durable(c, n)
}

// durable checks that the ledger has the money of an acknowledged notification, or an exception about it.
func (s *sim) durable(c *simCounter, n simNotice) {
	var there bool
	err := c.ledger.View(context.Background(), func(tx pos.Tx) error {
		there = hasNotice(tx, n.Notice)
		return nil
	})
	if c.dead.Load() {
		return
	}
	if err != nil || !there {
		s.violated("the notice about %s was acknowledged and is not in the ledger (%v)", n.name, err)
	}
}

func hasNotice(tx pos.Tx, n pos.Notice) bool {
	if e := n.Payment; e != nil {
		if e.State != pos.TradePaid {
			return true
		}
		p, err := tx.Payment(e.OutTradeNo)
		return err == nil && p.State == pos.Paid && p.TransactionID == e.TransactionID ||
			slices.ContainsFunc(exceptionsOf(tx), func(x pos.Exception) bool { return x.TransactionID == e.TransactionID })
	}
	if n.Refund.State != pos.RefundSucceeded {
		return true
	}
	r, err := tx.Refund(n.Refund.OutRefundNo)
	return err == nil && r.State == pos.RefundSucceeded ||
		slices.ContainsFunc(exceptionsOf(tx), func(x pos.Exception) bool { return x.OutRefundNo == n.Refund.OutRefundNo })
}

// exceptionsOf are all there are, resolved or not.
func exceptionsOf(tx pos.Tx) (all []pos.Exception) {
	for id := int64(1); ; id++ {
		x, err := tx.Exception(id)
		if err != nil {
			return all
		}
		all = append(all, *x)
	}
}

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
	s.platform.settle()
	for begin := time.Now(); !s.quiet(); time.Sleep(29 * time.Second) {
		if time.Since(begin) > 14*time.Hour {
			s.violated("it does not become quiet: %s", s.unfinished())
			break
		}
	}
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
	dbtest.Sound(s.t, c.ledger)
	for _, n := range s.acked {
		s.durable(c, n)
	}
	err := c.ledger.View(context.Background(), func(tx pos.Tx) error {
		exceptions := exceptionsOf(tx)
		paid := map[int64]int{} // by order
		for _, t := range s.platform.order {
			name := s.name("P", t.no)
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
		if x.Kind == pos.RefundIsAbnormal || x.Kind == pos.StuckClosing {
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
	if t.net() != booked+named {
		s.violated("%s: %s at the platform, %s in the ledger and %s in exceptions", name, t.net(), booked, named)
	}
	late := slices.ContainsFunc(about, func(x pos.Exception) bool { return x.OutRefundNo == "" && x.Kind != pos.StuckClosing })
	if t.odd && !late {
		s.violated("%s was paid after its close, and no manager hears of it", name)
	}
}
