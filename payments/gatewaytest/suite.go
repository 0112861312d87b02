package gatewaytest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"saoma/pos"
)

// Run runs the suite.
func Run(t *testing.T, fresh func(*testing.T) Harness) {
	for _, c := range []struct {
		name string
		test func(suite)
	}{
		{"a payment from code to money", lifecycle},
		{"create repeated", createRepeated},
		{"create after the end", createAfterTheEnd},
		{"close an unpaid order", closeUnpaid},
		{"close a code nobody scanned", closeUnscanned},
		{"close a paid order", closePaid},
		{"an unknown number", unknownNumber},
		{"refund in parts", refundInParts},
		{"refund in full", refundInFull},
		{"refund repeated", refundRepeated},
		{"refund refused", refundRefused},
		{"another account", anotherAccount},
		{"the caller gives up", callerGivesUp},
		{"at the same time", atTheSameTime},
		{"notifications", notifications},
		{"the platform's clock", platformsClock},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := fresh(t)
			if h.Notices != nil {
				h.Notices.decode.Store(&h.Decode)
			}
			c.test(newSuite(t, h))
		})
	}
}

func lifecycle(s suite) {
	p := s.created(1250)
	s.state(p, s.BeforeScan)
	s.do(s.Scan(p.OutTradeNo))
	s.state(p, pos.TradeUnpaid)
	s.do(s.Pay(p.OutTradeNo))
	e := s.state(p, pos.TradePaid)
	if e.Amount != p.Amount || e.Currency != pos.CNY || e.TransactionID == "" || time.Since(e.At).Abs() > time.Hour {
		s.Errorf("evidence %+v", e)
	}
	if !json.Valid(e.Raw) {
		s.Errorf("raw words %q", e.Raw)
	}
	if again := s.state(p, pos.TradePaid); again.TransactionID != e.TransactionID || !again.At.Equal(e.At) {
		s.Errorf("asked twice: %+v and %+v", e, again)
	}
	s.money(p, 1250)
}

func createRepeated(s suite) {
	p := s.created(1)
	code, err := s.Gateway.Create(s.Context(), p)
	if err != nil || code == "" {
		s.Fatalf("repeated: %q, %v", code, err)
	}
	s.do(s.Pay(p.OutTradeNo))
	s.state(p, pos.TradePaid)
	s.money(p, 1)
}

func createAfterTheEnd(s suite) {
	p := s.paid(300)
	_, err := s.Gateway.Create(s.Context(), p)
	s.failure(err, pos.AlreadyPaid)
	p = s.created(300)
	s.do(s.Scan(p.OutTradeNo))
	s.do(s.Gateway.Close(s.Context(), p))
	_, err = s.Gateway.Create(s.Context(), p)
	s.failure(err, pos.Refused)
}

func closeUnpaid(s suite) {
	p := s.created(300)
	s.do(s.Scan(p.OutTradeNo))
	s.do(s.Gateway.Close(s.Context(), p))
	s.state(p, pos.TradeClosed)
	s.do(s.Gateway.Close(s.Context(), p)) // nothing is left to close
	if s.Pay(p.OutTradeNo) == nil {
		s.Error("the customer could pay a closed order")
	}
	s.money(p, 0)
}

func closeUnscanned(s suite) {
	p := s.created(300)
	s.do(s.Gateway.Close(s.Context(), p))
	s.state(p, pos.TradeClosed, pos.TradeNone)
}

func closePaid(s suite) {
	p := s.paid(300)
	if err := s.Gateway.Close(s.Context(), p); err != nil {
		s.failure(err, pos.AlreadyPaid)
	}
	s.state(p, pos.TradePaid)
	s.money(p, 300) // withdrawing must never give money back
}

func unknownNumber(s suite) {
	p := s.payment(300)
	s.state(p, pos.TradeNone)
	s.do(s.Gateway.Close(s.Context(), p))
	r := s.refund(p, 1, 100)
	_, err := s.Gateway.Refund(s.Context(), p, r)
	s.failure(err, pos.Refused)
	e, err := s.Gateway.QueryRefund(s.Context(), p, r)
	if err != nil || e.State != "" {
		s.Errorf("unknown refund: %+v, %v", e, err)
	}
}

// refundInParts also makes sure that a refund is told apart from the sum of all.
func refundInParts(s suite) {
	p := s.paid(1000)
	for n, amount := range []pos.Fen{250, 300, 450} {
		r := s.refund(p, n, amount)
		e, err := s.Gateway.Refund(s.Context(), p, r)
		if err != nil || e.Amount != amount || e.State != pos.RefundProcessing && e.State != pos.RefundSucceeded {
			s.Fatalf("refund %d: %+v, %v", n, e, err)
		}
		if e = s.refunded(p, r); e.Amount != amount || e.OutRefundNo != r.OutRefundNo || e.OutTradeNo != p.OutTradeNo || e.Wallet != p.Wallet || e.At.IsZero() || !json.Valid(e.Raw) {
			s.Errorf("refund %d: %+v", n, e)
		}
		if n < 2 {
			s.state(p, pos.TradePaid) // a partial refund leaves it paid
		}
	}
	s.money(p, 0)
	_, err := s.Gateway.Refund(s.Context(), p, s.refund(p, 9, 1))
	s.failure(err, pos.Refused)
	s.money(p, 0)
}

func refundInFull(s suite) {
	p := s.paid(1000)
	r := s.refund(p, 1, 1000)
	_, err := s.Gateway.Refund(s.Context(), p, r)
	s.do(err)
	s.refunded(p, r)
	s.state(p, pos.TradePaid, pos.TradeClosed) // Alipay closes a trade that is fully refunded
	s.money(p, 0)
}

func refundRepeated(s suite) {
	p := s.paid(1000)
	r := s.refund(p, 1, 400)
	for range 3 {
		e, err := s.Gateway.Refund(s.Context(), p, r)
		if err != nil || e.Amount != 400 {
			s.Fatalf("%+v, %v", e, err)
		}
	}
	s.refunded(p, r)
	other := *r
	other.Amount = 500
	if e, err := s.Gateway.Refund(s.Context(), p, &other); err == nil && e.Amount == 500 {
		s.Errorf("the same number with another amount: %+v", e)
	}
	s.refunded(p, r)
	s.money(p, 600)
}

func refundRefused(s suite) {
	p := s.created(1000)
	s.do(s.Scan(p.OutTradeNo))
	_, err := s.Gateway.Refund(s.Context(), p, s.refund(p, 1, 1000))
	s.failure(err, pos.Refused)
	s.do(s.Pay(p.OutTradeNo))
	_, err = s.Gateway.Refund(s.Context(), p, s.refund(p, 2, 1001))
	s.failure(err, pos.Refused)
	s.money(p, 1000)
}

// anotherAccount: the platform would truthfully know nothing of it, and the till would believe that.
func anotherAccount(s suite) {
	p := s.paid(300)
	p.Account.MerchantID = "1" + p.Account.MerchantID
	_, err := s.Gateway.Query(s.Context(), p)
	s.failure(err, pos.Misconfigured)
	s.failure(s.Gateway.Close(s.Context(), p), pos.Misconfigured)
	_, err = s.Gateway.Create(s.Context(), p)
	s.failure(err, pos.Misconfigured)
	_, err = s.Gateway.Refund(s.Context(), p, s.refund(p, 1, 1))
	s.failure(err, pos.Misconfigured)
	_, err = s.Gateway.QueryRefund(s.Context(), p, s.refund(p, 1, 1))
	s.failure(err, pos.Misconfigured)
}

func callerGivesUp(s suite) {
	p := s.created(300)
	s.do(s.fault(TimeoutBefore, opQuery, p.OutTradeNo))
	enough := errors.New("enough")
	ctx, giveUp := context.WithCancelCause(s.Context())
	go func() {
		defer giveUp(enough)
		for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
			if struck, err := s.struck(p.OutTradeNo); struck || err != nil {
				return
			}
		}
	}()
	_, err := s.Gateway.Query(ctx, p)
	s.failure(err, pos.Unknown)
	if !errors.Is(err, enough) {
		s.Errorf("the cause is lost: %v", err)
	}
	_, err = s.Gateway.Create(ctx, s.payment(300))
	s.failure(err, pos.Unknown)
}

// platformsClock is heard from every answer, a refusal for its wrong time included.
func platformsClock(s suite) {
	clock, ok := s.raw.(pos.Clock)
	if !ok {
		s.Skip("this gateway tells no time")
	}
	p := s.created(300)
	const tolerance = 45 * time.Second // half of the least shift: the way of an answer, on a busy machine
	for _, ahead := range []time.Duration{0, 90 * time.Second, -90 * time.Second, 10 * time.Minute, -10 * time.Minute} {
		s.SetClock(ahead)
		if _, err := s.Gateway.Query(s.Context(), p); err != nil && ahead.Abs() < 5*time.Minute {
			s.Errorf("%s ahead: %v", ahead, err)
		}
		now, known := clock.PlatformNow()
		if off := time.Until(now) - ahead; !known || off.Abs() > tolerance {
			s.Errorf("%s ahead: told %s (%v), off by %s", ahead, now, known, off)
		}
	}
}

// atTheSameTime is for the race detector.
func atTheSameTime(s suite) {
	p := s.paid(300)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if e, err := s.Gateway.Query(s.Context(), p); err != nil || e.State != pos.TradePaid {
				s.Errorf("%+v, %v", e, err)
			}
			if _, err := s.Gateway.Create(s.Context(), s.payment(100)); err != nil {
				s.Error(err)
			}
		})
	}
	all.Wait()
}
