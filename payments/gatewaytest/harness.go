// Package gatewaytest is the conformance suite that every gateway must pass: what the till relies on,
// proved over a platform that speaks the real protocol and misbehaves on request.
package gatewaytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

// Fault names one way a platform misbehaves.
type Fault string

// The faults a harness can switch on.
const (
	Refuse        Fault = "refuse"         // the connection breaks; no effect
	Delay         Fault = "delay"          // everything works, a little later
	TimeoutBefore Fault = "timeout_before" // no answer, no effect
	TimeoutAfter  Fault = "timeout_after"  // no answer, full effect
	HTTP500       Fault = "http_500"       // no effect
	HTTP502       Fault = "http_502"       // no effect
	SystemError   Fault = "system_error"   // signed; no effect
	RateLimit     Fault = "rate_limit"     // no effect
	Truncated     Fault = "truncated"      // half an answer; full effect
	Slow          Fault = "slow"           // an answer that never ends; full effect
	BadSignature  Fault = "bad_signature"  // signed by a stranger; full effect
	Unsigned      Fault = "unsigned"       // full effect
	CaptivePortal Fault = "captive_portal" // a log-in page; no effect
	Redirect      Fault = "redirect"       // no effect
	WrongOrder    Fault = "wrong_order"    // signed, but about another paid order
	OrderPaid     Fault = "order_paid"     // close says that the order is paid
	Stale         Fault = "stale"          // query says unpaid although it is paid
)

// The operations a fault can strike.
const (
	OpCreate      = "create"
	OpQuery       = "query"
	OpClose       = "close"
	OpRefund      = "refund"
	OpQueryRefund = "query_refund"
)

// Harness is one gateway beside its platform. Run asks for a fresh one for each test.
type Harness struct {
	Gateway pos.Gateway
	Pay     func(outTradeNo string) error        // the customer pays
	Scan    func(outTradeNo string) error        // the customer scans
	Money   func(outTradeNo string) pos.Fen      // what the platform has of this order, less refunds
	Fault   func(f Fault, op, outTradeNo string) // strikes once
	Decode  func(context.Context, http.Header, []byte) (pos.Notice, error)
	Notices *Receiver // where the platform sends its notifications

	// BeforeScan is what Query says of a code nobody has scanned.
	BeforeScan pos.TradeState
	// RefundNotices is whether the platform notifies refunds as such.
	RefundNotices bool
}

// Receiver takes a platform's notifications, has them decoded and keeps what they say. It acknowledges
// what decodes and refuses the rest.
type Receiver struct {
	URL     string
	Good    chan pos.Notice
	refused atomic.Int64
	decode  atomic.Pointer[func(context.Context, http.Header, []byte) (pos.Notice, error)]
}

// NewReceiver listens until the test ends. Its address is needed before there is a gateway to decode.
func NewReceiver(t *testing.T) *Receiver {
	t.Helper()
	r := &Receiver{Good: make(chan pos.Notice, 100)}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.URL = s.URL + "/notify"
	return r
}

// Refused is how many notifications did not decode.
func (r *Receiver) Refused() int { return int(r.refused.Load()) }

func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var n pos.Notice
	if decode := r.decode.Load(); err == nil && decode != nil {
		n, err = (*decode)(q.Context(), q.Header, body)
	}
	if err != nil || n == (pos.Notice{}) {
		r.refused.Add(1)
		http.Error(w, "fail", http.StatusBadRequest)
		return
	}
	r.Good <- n
	io.WriteString(w, "success")
}

// next waits for a notification.
func (r *Receiver) next(t *testing.T) pos.Notice {
	t.Helper()
	select {
	case n := <-r.Good:
		return n
	case <-time.After(5 * time.Second):
		t.Fatal("no notification came")
		return pos.Notice{}
	}
}

// suite is one test's harness with what every test does.
type suite struct {
	*testing.T
	Harness
}

// payment is a new attempt of this gateway.
func (s suite) payment(amount pos.Fen) *pos.Payment {
	now := time.Now()
	return &pos.Payment{
		OutTradeNo: "T1" + strings.ToUpper(rand.Text()[:20]), Wallet: s.Gateway.Wallet(), Account: s.Gateway.Account(),
		Amount: amount, Title: "拿铁 ×2", Counter: "T1", State: pos.Created, CreatedAt: now, ExpiresAt: now.Add(5 * time.Minute),
	}
}

// created is a payment whose code is shown.
func (s suite) created(amount pos.Fen) *pos.Payment {
	s.Helper()
	p := s.payment(amount)
	code, err := s.Gateway.Create(s.Context(), p)
	if err != nil || code == "" {
		s.Fatalf("create: %q, %v", code, err)
	}
	p.CodeURL, p.State = code, pos.Waiting
	return p
}

// paid is a payment the customer has paid.
func (s suite) paid(amount pos.Fen) *pos.Payment {
	s.Helper()
	p := s.created(amount)
	s.do(s.Pay(p.OutTradeNo))
	return p
}

func (s suite) do(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// state asks for p and checks what is said.
func (s suite) state(p *pos.Payment, want ...pos.TradeState) pos.Evidence {
	s.Helper()
	e, err := s.Gateway.Query(s.Context(), p)
	if err != nil {
		s.Fatalf("query: %v", err)
	}
	for _, w := range want {
		if e.State == w {
			if e.Wallet != p.Wallet || e.OutTradeNo != p.OutTradeNo || e.Account != p.Account {
				s.Errorf("evidence of another payment: %+v", e)
			}
			return e
		}
	}
	s.Fatalf("query says %s, want %v", e.State, want)
	return e
}

// failure checks that err is a *pos.GatewayError of this wallet that proves one of want.
func (s suite) failure(err error, want ...pos.Failure) {
	s.Helper()
	e, ok := err.(*pos.GatewayError) // the contract is this type, not one that wraps it
	if !ok || e.Wallet != s.Gateway.Wallet() {
		s.Fatalf("not this gateway's error: %T %v", err, err)
	}
	for _, w := range want {
		if e.Failure == w {
			return
		}
	}
	s.Errorf("failure %s, want %v: %v", e.Failure, want, err)
}

// refund is a new refund of p.
func (s suite) refund(p *pos.Payment, n int, amount pos.Fen) *pos.Refund {
	return &pos.Refund{
		OutRefundNo: fmt.Sprintf("R%s-%d", p.OutTradeNo, n), OutTradeNo: p.OutTradeNo, Wallet: p.Wallet,
		Amount: amount, Reason: "少一杯", State: pos.RefundRequested, CreatedAt: time.Now(),
	}
}

// refunded asks for r until it has succeeded.
func (s suite) refunded(p *pos.Payment, r *pos.Refund) pos.RefundEvidence {
	s.Helper()
	for late := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		e, err := s.Gateway.QueryRefund(s.Context(), p, r)
		switch {
		case err != nil:
			s.Fatalf("query refund: %v", err)
		case e.State == pos.RefundSucceeded:
			return e
		case e.State != pos.RefundProcessing || time.Now().After(late):
			s.Fatalf("the refund is %q", e.State)
		}
	}
}

// money checks what the platform has of p.
func (s suite) money(p *pos.Payment, want pos.Fen) {
	s.Helper()
	if got := s.Money(p.OutTradeNo); got != want {
		s.Errorf("the platform has %s of this order, want %s", got, want)
	}
}
