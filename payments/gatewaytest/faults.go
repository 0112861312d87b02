package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

// Fault names one way a platform, or the way to it, misbehaves.
type Fault string

// The faults of the table. The platform is told of the first three by nobody: they happen on the way to it.
const (
	Refused        Fault = "refused"         // nobody listens there
	DNS            Fault = "dns"             // the name is not found
	BadCertificate Fault = "bad_certificate" // nobody vouches for who answers

	TimeoutBefore  Fault = "timeout_before"  // no answer, no effect
	TimeoutAfter   Fault = "timeout_after"   // no answer, full effect
	HTTP500        Fault = "http_500"        // no effect
	HTTP502        Fault = "http_502"        // no effect
	SystemError    Fault = "system_error"    // signed; no effect
	RateLimit      Fault = "rate_limit"      // no effect
	Slow           Fault = "slow"            // one byte a second; full effect
	Truncated      Fault = "truncated"       // half an answer; full effect
	Unsigned       Fault = "unsigned"        // full effect
	BadSignature   Fault = "bad_signature"   // signed by a stranger; full effect
	CaptivePortal  Fault = "captive_portal"  // a log-in page; no effect
	Redirect       Fault = "redirect"        // no effect
	OrderPaid      Fault = "order_paid"      // close says that the order is paid
	Stale          Fault = "stale"           // query says unpaid although it is paid
	NumberUsed     Fault = "number_used"     // create says that the number is another order's
	RefundAbnormal Fault = "refund_abnormal" // the refund is accepted and does not arrive
	WrongOrder     Fault = "wrong_order"     // signed, but about another paid order
	Reset          Fault = "refuse"          // the connection is made, then breaks; no effect
	Delay          Fault = "delay"           // everything works, a little later
)

// The faults without an end of their own, and those that the platform does not know of.
var (
	silent   = []Fault{TimeoutBefore, TimeoutAfter, Slow}
	onTheWay = []Fault{Refused, DNS, BadCertificate}
)

// Faults runs the whole table over one platform and returns how many cells held and how many are not applicable.
func Faults(t *testing.T, h Harness) (held, na int) {
	cells, err := cellsOf(h.Gateway.Wallet(), table)
	if err != nil {
		t.Fatal(err)
	}
	var good atomic.Int64
	t.Run("cells", func(t *testing.T) { // returns when the parallel ones have ended
		for _, c := range cells {
			if c.na != "" {
				na++
				continue
			}
			t.Run(fmt.Sprintf("%s of %s", c.fault, c.op), func(t *testing.T) {
				t.Parallel() // some of them wait
				newSuite(t, h).cell(c)
				if !t.Failed() {
					good.Add(1)
				}
			})
		}
	})
	return int(good.Load()), na
}

// cell lets one fault strike one operation and compares with the table.
func (s suite) cell(c cell) {
	column := columns[c.op]
	var (
		p      *pos.Payment
		answer string
		err    error
	)
	for range tries { // a call that was only too slow shows nothing, so another payment meets the fault
		p = column.prepare(s, c.fault)
		if answer, err = s.strike(column, c, p); !late(err) {
			break
		}
	}
	if err != nil {
		e, ok := err.(*pos.GatewayError) // the contract is this type, not one that wraps it
		if !ok || e.Wallet != s.Gateway.Wallet() {
			s.Fatalf("not this gateway's error: %T %v", err, err)
		}
		answer = string(e.Failure)
	}
	if answer != c.answer && (c.answer != "unknown?" || answer != "unknown" && answer != "answered") {
		s.Errorf("the gateway made %q of it, want %q: %v", answer, c.answer, err)
	}
	s.eventually("the platform holds "+string(c.holds), func() (bool, error) {
		holds, err := s.Platform.holds(p.OutTradeNo)
		return holds == c.holds, err
	})
	if struck, err := s.Platform.struck(p.OutTradeNo); err != nil || !struck {
		s.Fatalf("the fault did not strike (%v)", err)
	}
	column.after(s, p, c)
}

// strike makes the call while the fault is on. A call that nothing would ever end is given up as its time-out would,
// once the platform has done whatever it does.
func (s suite) strike(column operation, c cell, p *pos.Payment) (answer string, err error) {
	if slices.Contains(onTheWay, c.fault) {
		if answer, err = column.call(s, s.Context(), s.through(c.fault), p); !late(err) {
			s.cause(c.fault, err)
		}
		return answer, err
	}
	if c.fault != RefundAbnormal || c.op != opQueryRefund { // that one struck when the refund was asked for
		op := c.op
		if op == opQueryUnpaid {
			op = opQuery
		}
		s.do(s.Platform.fault(c.fault, op, p.OutTradeNo))
	}
	if !slices.Contains(silent, c.fault) {
		return column.call(s, s.Context(), s.raw, p)
	}
	ctx, giveUp := context.WithCancelCause(s.Context())
	defer giveUp(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, err = column.call(s, ctx, s.raw, p)
	}()
	s.eventually("the fault strikes", func() (bool, error) { return s.Platform.struck(p.OutTradeNo) })
	s.eventually("the platform holds "+string(c.holds), func() (bool, error) {
		holds, err := s.Platform.holds(p.OutTradeNo)
		return holds == c.holds, err
	})
	if c.fault == Slow {
		time.Sleep(1200 * time.Millisecond) // some bytes come; how many does not matter
	}
	giveUp(context.DeadlineExceeded)
	<-done
	if c.fault != Slow && !errors.Is(err, context.DeadlineExceeded) { // an SDK may lose it while it reads
		s.Errorf("the cause is lost: %v", err)
	}
	return answer, err
}
