package pos_test

import (
	"context"
	"slices"
	"time"

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
	if p.State == pos.Closed || p.State == pos.Rejected {
		s.mu.Lock()
		s.withdrawn[p.OutTradeNo] = true
		s.mu.Unlock()
	}
	t := s.platform.about(p.OutTradeNo)
	if t != nil && t.deadline.IsZero() {
		t.deadline = p.CodeExpiresAt() // the sandbox does not tell it
	}
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
	var known *simRefund
	if t := s.platform.about(r.OutTradeNo); t != nil {
		known = t.refund(r.OutRefundNo)
	}
	if r.State == pos.RefundFailed && known != nil && !known.stranded(r.Wallet) {
		s.violated("%s is said to have failed, and has not", s.name("R", r.OutRefundNo))
	}
	if r.State == pos.RefundSucceeded && (known == nil || known.state != pos.RefundSucceeded || known.amount != r.Amount) {
		s.violated("%s is said to have succeeded, and has not", s.name("R", r.OutRefundNo))
	}
}

// ration checks that nothing is asked more often than a platform bears: every two seconds by the poller, and
// now and then by a person.
func (s *sim) ration(question string) {
	const perMinute = 45
	now := time.Since(s.begin)
	s.mu.Lock()
	asked := append(s.asked[question], now)
	for now-asked[0] > time.Minute {
		asked = asked[1:]
	}
	s.asked[question] = asked
	s.mu.Unlock()
	if len(asked) == perMinute {
		s.violated("%s is asked %d times within a minute", question, perMinute)
	}
}

// prompt checks that the counter knows of a payment soon where nothing goes wrong.
func (s *sim) prompt(no string) {
	if s.trouble > 0 {
		return
	}
	patience := 4 * time.Second
	if s.deaf {
		patience = 20 * time.Second
	}
	time.Sleep(patience)
	if p, err := s.up().till.Payment(context.Background(), no); err != nil || p.State != pos.Paid {
		s.violated("%s has been paid for %s, and the counter does not know it", s.name("P", no), patience)
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
