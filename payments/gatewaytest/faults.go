package gatewaytest

import (
	"context"
	"slices"
	"testing"
	"time"

	"saoma/pos"
)

// shortly is how long a call may take where the platform never answers: the gateway's own limit is
// pos.CallTimeout, which would make the suite take minutes.
const shortly = 300 * time.Millisecond

// unknown are the faults after which nobody can say what happened.
var unknown = []Fault{
	Refuse, TimeoutBefore, TimeoutAfter, HTTP500, HTTP502, SystemError, Truncated, Slow, BadSignature, Unsigned, CaptivePortal, Redirect,
}

// silent are the faults without an end of their own.
var silent = []Fault{TimeoutBefore, TimeoutAfter, Slow}

// each lets every fault strike op once and checks what the gateway makes of it; then settle must find
// everything as it should be.
func (s suite) each(op string, faults []Fault, want pos.Failure, prepare func(suite) *pos.Payment,
	call func(suite, context.Context, *pos.Payment) error, settle func(suite, *pos.Payment),
) {
	for _, f := range faults {
		s.Run(string(f), func(t *testing.T) {
			t.Parallel() // most of them wait
			s := suite{t, s.Harness}
			p := prepare(s)
			s.Harness.Fault(f, op, p.OutTradeNo)
			ctx, cancel := t.Context(), func() {}
			if slices.Contains(silent, f) {
				ctx, cancel = context.WithTimeout(ctx, shortly)
			}
			err := call(s, ctx, p)
			cancel()
			switch {
			case want == "":
				s.do(err)
			case f == Refuse && err == nil: // HTTP itself may ask again what changes nothing
			default:
				s.failure(err, want)
			}
			settle(s, p)
		})
	}
}

// faultsOfCreate: whatever happened, creating again under the same number gives a code, and one payment.
func faultsOfCreate(s suite) {
	prepare := func(s suite) *pos.Payment { return s.payment(300) }
	create := func(s suite, ctx context.Context, p *pos.Payment) error {
		_, err := s.Gateway.Create(ctx, p)
		return err
	}
	again := func(s suite, p *pos.Payment) {
		s.state(p, pos.TradeUnpaid, pos.TradeNone)
		if code, err := s.Gateway.Create(s.Context(), p); err != nil || code == "" {
			s.Fatalf("again: %q, %v", code, err)
		}
		s.do(s.Pay(p.OutTradeNo))
		s.state(p, pos.TradePaid)
		s.money(p, 300)
	}
	s.each(OpCreate, unknown, pos.Unknown, prepare, create, again)
	s.each(OpCreate, []Fault{RateLimit}, pos.RateLimited, prepare, create, again)
	s.each(OpCreate, []Fault{Delay}, "", prepare, create, again)
}

// faultsOfQuery: no fault makes a paid order look anything else, or an unpaid one paid.
func faultsOfQuery(s suite) {
	query := func(s suite, ctx context.Context, p *pos.Payment) error {
		_, err := s.Gateway.Query(ctx, p)
		return err
	}
	paid := func(s suite) *pos.Payment { return s.paid(300) }
	stillPaid := func(s suite, p *pos.Payment) { s.state(p, pos.TradePaid) }
	s.each(OpQuery, append(unknown, WrongOrder), pos.Unknown, paid, query, stillPaid)
	s.each(OpQuery, []Fault{RateLimit}, pos.RateLimited, paid, query, stillPaid)
	s.each(OpQuery, []Fault{Delay, Stale}, "", paid, query, stillPaid)

	scanned := func(s suite) *pos.Payment {
		p := s.created(300)
		s.do(s.Scan(p.OutTradeNo))
		return p
	}
	s.Run("unpaid", func(t *testing.T) {
		suite{t, s.Harness}.each(OpQuery, []Fault{WrongOrder}, pos.Unknown, scanned, query, func(s suite, p *pos.Payment) { s.state(p, pos.TradeUnpaid) })
	})
}

// faultsOfClose: only the query proves it, whatever close answered.
func faultsOfClose(s suite) {
	scanned := func(s suite) *pos.Payment {
		p := s.created(300)
		s.do(s.Scan(p.OutTradeNo))
		return p
	}
	shut := func(s suite, ctx context.Context, p *pos.Payment) error { return s.Gateway.Close(ctx, p) }
	again := func(s suite, p *pos.Payment) {
		s.state(p, pos.TradeUnpaid, pos.TradeClosed)
		s.do(s.Gateway.Close(s.Context(), p))
		s.state(p, pos.TradeClosed)
		s.money(p, 0)
	}
	s.each(OpClose, unknown, pos.Unknown, scanned, shut, again)
	s.each(OpClose, []Fault{RateLimit}, pos.RateLimited, scanned, shut, again)
	s.each(OpClose, []Fault{OrderPaid}, pos.AlreadyPaid, scanned, shut, again)
	s.each(OpClose, []Fault{Delay}, "", scanned, shut, again)
}

// faultsOfRefund: whatever happened, asking again under the same number moves the money once.
func faultsOfRefund(s suite) {
	paid := func(s suite) *pos.Payment { return s.paid(300) }
	refund := func(s suite, ctx context.Context, p *pos.Payment) error {
		_, err := s.Gateway.Refund(ctx, p, s.refund(p, 1, 100))
		return err
	}
	again := func(s suite, p *pos.Payment) {
		r := s.refund(p, 1, 100)
		if e, err := s.Gateway.Refund(s.Context(), p, r); err != nil || e.Amount != 100 {
			s.Fatalf("again: %+v, %v", e, err)
		}
		s.refunded(p, r)
		s.money(p, 200)
	}
	s.each(OpRefund, append(unknown, WrongOrder), pos.Unknown, paid, refund, again)
	s.each(OpRefund, []Fault{RateLimit}, pos.RateLimited, paid, refund, again)
	s.each(OpRefund, []Fault{Delay}, "", paid, refund, again)
}

// faultsOfQueryRefund: no fault makes a refund look as if it had not been.
func faultsOfQueryRefund(s suite) {
	refunded := func(s suite) *pos.Payment {
		p := s.paid(300)
		r := s.refund(p, 1, 100)
		_, err := s.Gateway.Refund(s.Context(), p, r)
		s.do(err)
		s.refunded(p, r)
		return p
	}
	query := func(s suite, ctx context.Context, p *pos.Payment) error {
		_, err := s.Gateway.QueryRefund(ctx, p, s.refund(p, 1, 100))
		return err
	}
	still := func(s suite, p *pos.Payment) { s.refunded(p, s.refund(p, 1, 100)) }
	s.each(OpQueryRefund, append(unknown, WrongOrder), pos.Unknown, refunded, query, still)
	s.each(OpQueryRefund, []Fault{RateLimit}, pos.RateLimited, refunded, query, still)
	s.each(OpQueryRefund, []Fault{Delay}, "", refunded, query, still)
}
