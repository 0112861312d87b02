// Package gatewaytest is the conformance suite that every gateway must pass: what the till relies on,
// proved over a platform that speaks the real protocol and misbehaves on request.
package gatewaytest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// patience is how long a condition is waited for: only a machine in trouble reaches it.
const patience = time.Minute

// Harness is one gateway beside its platform. Run asks for a fresh one for each test.
type Harness struct {
	Platform
	Gateway pos.Gateway
	// At is the same gateway with another address of the platform, http://host:port or https://host; a nil transport is
	// the gateway's own. It lives as long as the test.
	At       func(t *testing.T, base string, transport http.RoundTripper) pos.Gateway
	Handler  http.Handler              // the platform itself
	SetClock func(ahead time.Duration) // of the platform, against this machine's
	Decode   func(context.Context, http.Header, []byte) (pos.Notice, error)
	Notices  *Receiver // where the platform sends its notifications

	// BeforeScan is what Query says of a code nobody has scanned.
	BeforeScan pos.TradeState
	// RefundNotices is whether the platform notifies refunds as such.
	RefundNotices bool
}

// suite is one test's harness with what every test does.
type suite struct {
	*testing.T
	Harness
	raw pos.Gateway // Gateway is asked steadily
}

func newSuite(t *testing.T, h Harness) suite {
	s := suite{t, h, h.Gateway}
	s.Gateway = steady{h.Gateway}
	return s
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
	for late := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
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
	if got, err := s.Platform.money(p.OutTradeNo); err != nil || got != want {
		s.Errorf("the platform has %s of this order (%v), want %s", got, err, want)
	}
}

// eventually waits for a condition.
func (s suite) eventually(what string, ok func() (bool, error)) {
	s.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		switch fine, err := ok(); {
		case err != nil:
			s.Fatalf("%s: %v", what, err)
		case fine:
			return
		case time.Now().After(late):
			s.Fatalf("still not true that %s", what)
		}
	}
}
