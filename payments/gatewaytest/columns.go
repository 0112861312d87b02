package gatewaytest

import (
	"context"
	"time"

	"saoma/pos"
)

// operation is one column of the table: what is there before, the call, and what must still be possible after.
type operation struct {
	prepare func(suite, Fault) *pos.Payment
	call    func(suite, context.Context, pos.Gateway, *pos.Payment) (answer string, err error)
	after   func(suite, *pos.Payment, cell)
}

var columns = map[string]operation{
	opCreate:      {newPayment, create, stillPayable},
	opQuery:       {paidPayment, query, stillPaid},
	opQueryUnpaid: {scannedPayment, query, stillUnpaid},
	opClose:       {scannedPayment, shut, stillCloses},
	opRefund:      {paidPayment, giveBack, refundsOnce},
	opQueryRefund: {refundedPayment, askRefund, stillRefunded},
}

// --- create: whatever happened, creating again under the same number gives a code, and one payment.

func newPayment(s suite, _ Fault) *pos.Payment { return s.payment(300) }

func create(_ suite, ctx context.Context, g pos.Gateway, p *pos.Payment) (string, error) {
	code, err := g.Create(ctx, p)
	if err == nil && code == "" {
		return "no code", nil
	}
	return "answered", err
}

func stillPayable(s suite, p *pos.Payment, _ cell) {
	s.state(p, pos.TradeUnpaid, pos.TradeNone)
	if code, err := s.Gateway.Create(s.Context(), p); err != nil || code == "" {
		s.Fatalf("again: %q, %v", code, err)
	}
	s.do(s.Platform.Pay(p.OutTradeNo))
	s.state(p, pos.TradePaid)
	s.money(p, 300)
}

// --- query: no fault makes a paid order look anything else for good, or an unpaid one paid.

func paidPayment(s suite, _ Fault) *pos.Payment { return s.paid(300) }

func scannedPayment(s suite, _ Fault) *pos.Payment {
	p := s.created(300)
	s.do(s.Platform.Scan(p.OutTradeNo))
	return p
}

// query calls the truth "answered": what the platform has on record.
func query(s suite, ctx context.Context, g pos.Gateway, p *pos.Payment) (string, error) {
	e, err := g.Query(ctx, p)
	if err != nil {
		return "", err
	}
	holds, err := s.Platform.holds(p.OutTradeNo)
	if string(e.State) == string(holds) {
		return "answered", err
	}
	return string(e.State), err
}

func stillPaid(s suite, p *pos.Payment, _ cell) { s.state(p, pos.TradePaid) }

func stillUnpaid(s suite, p *pos.Payment, _ cell) { s.state(p, pos.TradeUnpaid) }

// --- close: only the query proves it, whatever close answered.

func shut(_ suite, ctx context.Context, g pos.Gateway, p *pos.Payment) (string, error) {
	return "answered", g.Close(ctx, p)
}

func stillCloses(s suite, p *pos.Payment, c cell) {
	before := pos.TradeUnpaid
	if c.holds == closed {
		before = pos.TradeClosed
	}
	s.state(p, before)
	s.do(s.Gateway.Close(s.Context(), p))
	s.state(p, pos.TradeClosed)
	s.money(p, 0)
}

// --- refund: whatever happened, asking again under the same number moves the money once.

func giveBack(s suite, ctx context.Context, g pos.Gateway, p *pos.Payment) (string, error) {
	e, err := g.Refund(ctx, p, s.refund(p, 1, 100))
	return refundWord(e), err
}

func refundWord(e pos.RefundEvidence) string {
	switch e.State {
	case pos.RefundProcessing, pos.RefundSucceeded:
		return "answered"
	case "":
		return "none"
	}
	return string(e.State)
}

func refundsOnce(s suite, p *pos.Payment, c cell) {
	r := s.refund(p, 1, 100)
	if c.fault == RefundAbnormal && c.answer == "answered" { // then it is for a person, and the money stays
		if word, err := askRefund(s, s.Context(), s.Gateway, p); err != nil || word != "abnormal" {
			s.Errorf("the refund ended %q, %v", word, err)
		}
		s.money(p, 300)
		return
	}
	if e, err := s.Gateway.Refund(s.Context(), p, r); err != nil || e.Amount != 100 {
		s.Fatalf("again: %+v, %v", e, err)
	}
	s.refunded(p, r)
	s.money(p, 200)
}

// --- query refund: no fault makes a refund look as if it had not been.

func refundedPayment(s suite, f Fault) *pos.Payment {
	if f == RefundAbnormal {
		return s.abnormal()
	}
	p := s.paid(300)
	r := s.refund(p, 1, 100)
	_, err := s.Gateway.Refund(s.Context(), p, r)
	s.do(err)
	s.refunded(p, r)
	return p
}

// abnormal is a payment whose refund does not arrive. It is asked for once only: asked for again, it could arrive.
func (s suite) abnormal() (p *pos.Payment) {
	for range tries {
		p = s.paid(300)
		s.do(s.Platform.fault(RefundAbnormal, opRefund, p.OutTradeNo))
		if _, err := s.raw.Refund(s.Context(), p, s.refund(p, 1, 100)); !late(err) { // what it answers is in the column before
			break
		}
	}
	return p
}

// askRefund asks for a refund until it is not under way any more.
func askRefund(s suite, ctx context.Context, g pos.Gateway, p *pos.Payment) (string, error) {
	for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		e, err := g.QueryRefund(ctx, p, s.refund(p, 1, 100))
		if err != nil || e.State != pos.RefundProcessing || time.Now().After(late) {
			return refundWord(e), err
		}
	}
}

func stillRefunded(s suite, p *pos.Payment, c cell) {
	if c.answer == "abnormal" {
		s.money(p, 300)
		return
	}
	if c.answer == "none" { // asked for again, it arrives
		refundsOnce(s, p, cell{})
		return
	}
	s.refunded(p, s.refund(p, 1, 100))
	s.money(p, 200)
}
