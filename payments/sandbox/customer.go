package sandbox

import "fmt"

// Scan is the customer scanning the code: Alipay's trade comes into being, WAIT_BUYER_PAY.
// It fails with ErrUnknownOrder, or ErrNotPayable when the code is expired or killed.
func (s *Sandbox) Scan(outTradeNo string) error {
	return s.customer(outTradeNo, func(t *trade) error { return t.scan(s.now()) })
}

// Pay is the customer paying, scanning first if needed: SUCCESS or TRADE_SUCCESS, and the notification sets out.
// It fails like Scan, and when the order is already paid.
func (s *Sandbox) Pay(outTradeNo string) error {
	return s.customer(outTradeNo, s.payLocked)
}

func (s *Sandbox) payLocked(t *trade) error {
	if err := t.pay(s.now()); err != nil {
		return err
	}
	s.log.Info("paid", "wallet", t.Wallet, "out_trade_no", t.OutTradeNo, "fen", t.Amount)
	s.notifyPaid(t)
	return nil
}

// Refuse is the customer leaving the payment page: nothing changes but that the code was scanned.
func (s *Sandbox) Refuse(outTradeNo string) error {
	return s.Scan(outTradeNo)
}

// customer does something to the order of that number. Both wallets may know the number; the one that waits is meant.
func (s *Sandbox) customer(outTradeNo string, do func(*trade) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *trade
	for _, wallet := range []string{Alipay, WeChat} {
		if t := s.trades[wallet+" "+outTradeNo]; t != nil && (found == nil || t.waiting(s.now())) {
			found = t
		}
	}
	if found == nil {
		return fmt.Errorf("%s: %w", outTradeNo, ErrUnknownOrder)
	}
	defer s.save(found) // expiry alone may have changed it
	return do(found)
}

// Orders returns every order, oldest first.
func (s *Sandbox) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Order, 0, len(s.list))
	for _, t := range s.list {
		t.settle(s.now())
		out = append(out, t.order(s.phone))
	}
	return out
}

// Money returns every payment and every refund that succeeded, order by order: what a ledger should hold.
func (s *Sandbox) Money() []Movement {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Movement{}
	for _, t := range s.list {
		out = append(out, t.movements()...)
	}
	return out
}

// add keeps a new order; open gives it the code that can be scanned from now on.
func (s *Sandbox) add(t *trade) {
	s.trades[t.key()] = t
	s.list = append(s.list, t)
	s.index(t)
}

func (s *Sandbox) index(t *trade) {
	if t.Code != "" {
		s.codes[t.Code] = t
	}
	if t.Wallet == WeChat {
		for _, r := range t.Refunds {
			s.refunds[r.OutRefundNo] = t
		}
	}
}

// newCode gives the order a fresh code; the old one leads to the order still but is dead.
func (s *Sandbox) newCode(t *trade) string {
	now := s.now()
	t.Code = letters(22) // 131 bits: nobody guesses it
	t.CodeDies = now.Add(codeLife)
	s.codes[t.Code] = t
	return codeURL(s.phone, t.Code)
}
