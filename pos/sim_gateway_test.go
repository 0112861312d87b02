package pos_test

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// simGateway is one wallet's platform over a network that loses, delays and distorts.
type simGateway struct {
	m      *simPlatform
	wallet pos.Wallet
	heard  atomic.Bool // it has told its time since the process began
}

var (
	_ pos.Gateway       = (*simGateway)(nil)
	_ pos.Clock         = (*simGateway)(nil)
	_ pos.RefundLimiter = (*simGateway)(nil)
)

func (m *simPlatform) gateways() map[pos.Wallet]pos.Gateway {
	return map[pos.Wallet]pos.Gateway{
		pos.WeChat: &simGateway{m: m, wallet: pos.WeChat}, pos.Alipay: &simGateway{m: m, wallet: pos.Alipay},
	}
}

// simTrouble is one way a call goes wrong, under the name the sandbox gives it, as the adapters report it.
type simTrouble struct {
	kind    sandbox.FaultKind
	effect  bool // the platform does what it was asked
	hangs   bool // no answer comes
	late    bool // the request arrives after the counter has given up
	failure pos.Failure
}

var simTroubles = []simTrouble{
	{kind: sandbox.FaultRefuse, failure: pos.Unknown},
	{kind: sandbox.FaultTimeoutBefore, failure: pos.Unknown, hangs: true},
	{kind: sandbox.FaultTimeoutAfter, failure: pos.Unknown, hangs: true, effect: true},
	{kind: sandbox.FaultSlow, failure: pos.Unknown, hangs: true, effect: true},
	{kind: "late", failure: pos.Unknown, hangs: true, effect: true, late: true},
	{kind: sandbox.FaultHTTP500, failure: pos.Unknown},
	{kind: sandbox.FaultHTTP502, failure: pos.Unknown},
	{kind: sandbox.FaultSystemError, failure: pos.Unknown},
	{kind: sandbox.FaultRateLimit, failure: pos.RateLimited},
	{kind: sandbox.FaultTruncated, failure: pos.Unknown, effect: true},
	{kind: sandbox.FaultBadSignature, failure: pos.Unknown, effect: true},
	{kind: sandbox.FaultUnsigned, failure: pos.Unknown, effect: true},
	{kind: sandbox.FaultWrongOrder, failure: pos.Unknown, effect: true},
	{kind: sandbox.FaultCaptivePortal, failure: pos.Unknown},
	{kind: sandbox.FaultRedirect, failure: pos.Unknown},
	{kind: "papers", failure: pos.Misconfigured},
	{kind: sandbox.FaultOrderPaid, failure: pos.AlreadyPaid},
	{kind: sandbox.FaultStale, effect: true},
	{kind: sandbox.FaultAbnormal, effect: true},
}

// fits says whether the trouble can show itself in op at all.
func (f simTrouble) fits(op string) bool {
	switch f.kind {
	case sandbox.FaultOrderPaid:
		return op == "close"
	case sandbox.FaultStale:
		return op == "query"
	case sandbox.FaultAbnormal:
		return op == "refund"
	}
	return true
}

// trouble picks what goes wrong with a call.
func (g *simGateway) trouble(d *rand.Rand, op string) simTrouble {
	s := g.m.s
	f := simTroubles[d.IntN(len(simTroubles))]
	bad := d.IntN(1000) < s.trouble
	if op == "refund" && chance(d, 30) { // what only refunds can meet
		f = simTroubles[len(simTroubles)-1]
	}
	g.m.mu.Lock()
	down := time.Now().Before(g.m.down[g.wallet])
	g.m.mu.Unlock()
	switch {
	case s.healed.Load():
		return simTrouble{effect: true}
	case g.wallet == pos.WeChat && time.Duration(s.skew.Load()).Abs() > 5*time.Minute:
		return simTrouble{kind: "clock", failure: pos.Misconfigured} // SIGN_ERROR: the timestamp does not count
	case down:
		return simTrouble{kind: sandbox.FaultRefuse, failure: pos.Unknown}
	case bad && f.fits(op):
		s.count(&s.counts.Faults)
		return f
	}
	return simTrouble{effect: true}
}

type simAnswer[T any] struct {
	value T
	err   error
}

// simCall takes a question to the platform and its answer back, or loses either on the way.
func simCall[T any](ctx context.Context, g *simGateway, op, name string, effect func(simTrouble) (T, error)) (T, error) {
	s := g.m.s
	s.ration(op + " " + name)
	d := s.dice(op + " " + name)
	f := g.trouble(d, op)
	there, back := within(d, 1, 150*time.Millisecond), within(d, 1, 150*time.Millisecond)
	switch {
	case f.late:
		there = within(d, pos.CallTimeout, pos.CallTimeout+40*time.Second)
	case chance(d, 5):
		there = within(d, time.Second, 6*time.Second)
	}
	answer := make(chan simAnswer[T], 1)
	time.AfterFunc(there, func() {
		var a simAnswer[T]
		if f.effect {
			g.m.mu.Lock()
			a.value, a.err = effect(f)
			g.m.mu.Unlock()
		}
		if f.failure != "" {
			a = simAnswer[T]{err: simFailure(g.wallet, f.failure, string(f.kind))}
		}
		if f.kind != "" || a.err != nil || op == "create" || op == "refund" {
			s.logf("%s %s %s: %v %v", g.wallet, op, name, f.kind, a.err)
		}
		time.Sleep(back)
		if !f.hangs {
			answer <- a
		}
	})
	select {
	case a := <-answer:
		g.heard.Store(true)
		return a.value, a.err
	case <-time.After(pos.CallTimeout + within(d, 1, 20*time.Millisecond)):
	case <-ctx.Done():
	}
	var none T
	return none, simFailure(g.wallet, pos.Unknown, "no answer")
}

func (g *simGateway) Wallet() pos.Wallet   { return g.wallet }
func (g *simGateway) Account() pos.Account { return simAccount(g.wallet) }

// PlatformNow is told by any answer, and stays right whatever is done to the counter's clock.
func (g *simGateway) PlatformNow() (time.Time, bool) { return time.Now(), g.heard.Load() }

func (g *simGateway) RefundLimits() pos.RefundLimits {
	if g.wallet == pos.WeChat {
		return pos.RefundLimits{Within: 365 * 24 * time.Hour, Count: 50, Apart: time.Minute}
	}
	return pos.RefundLimits{}
}

func (g *simGateway) Create(ctx context.Context, p *pos.Payment) (string, error) {
	return simCall(ctx, g, "create", g.m.s.name("P", p.OutTradeNo), func(simTrouble) (string, error) { return g.m.create(p) })
}

func (g *simGateway) Query(ctx context.Context, p *pos.Payment) (pos.Evidence, error) {
	name := "probe"
	if !p.CreatedAt.IsZero() {
		name = g.m.s.name("P", p.OutTradeNo)
	}
	return simCall(ctx, g, "query", string(g.wallet)+" "+name, func(f simTrouble) (pos.Evidence, error) {
		return g.m.query(p, f.kind == sandbox.FaultStale), nil
	})
}

func (g *simGateway) Close(ctx context.Context, p *pos.Payment) error {
	_, err := simCall(ctx, g, "close", g.m.s.name("P", p.OutTradeNo), func(simTrouble) (bool, error) { return true, g.m.shut(p) })
	return err
}

func (g *simGateway) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	return simCall(ctx, g, "refund", g.m.s.name("R", r.OutRefundNo), func(f simTrouble) (pos.RefundEvidence, error) {
		return g.m.refund(p, r, f.kind == sandbox.FaultAbnormal)
	})
}

func (g *simGateway) QueryRefund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	return simCall(ctx, g, "query refund", g.m.s.name("R", r.OutRefundNo), func(simTrouble) (pos.RefundEvidence, error) {
		return g.m.queryRefund(p, r), nil
	})
}
