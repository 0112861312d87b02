package pos

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAskInterval(t *testing.T) {
	p := attempt(Waiting)
	p.ShownAt, p.ExpiresAt = noon, noon.Add(5*time.Minute)
	for age, want := range map[time.Duration]time.Duration{
		0: 2 * time.Second, 59 * time.Second: 2 * time.Second, time.Minute: 5 * time.Second,
		5 * time.Minute: 5 * time.Second, 5*time.Minute + CodeGrace + SettleGrace: time.Minute, 24 * time.Hour: time.Minute,
	} {
		if got := askInterval(p, noon.Add(age)); got != want {
			t.Errorf("%s after the code: every %s, want %s", age, got, want)
		}
	}
}

// scripted is a Store of one unfinished payment and a Gateway that answers as told: the poller's
// schedule is checked in virtual time, without a disk and a network.
type scripted struct {
	Tx
	PINs
	mu     sync.Mutex // one transaction at a time
	p      Payment
	asked  []time.Time
	probes int
	err    error
	slow   time.Duration
	views  int // reads so far
	fails  int // the read that fails
}

func (s *scripted) View(_ context.Context, fn func(Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.views++; s.views == s.fails {
		return errors.New("the disk hiccups")
	}
	return fn(s)
}

func (s *scripted) Update(ctx context.Context, fn func(Tx) error) error { return s.View(ctx, fn) }
func (s *scripted) Now() time.Time                                      { return time.Now() }
func (s *scripted) Payment(string) (*Payment, error)                    { p := s.p; return &p, nil }
func (s *scripted) UnfinishedPayments() ([]Payment, error)              { return []Payment{s.p}, nil }
func (s *scripted) UnfinishedRefunds() ([]Refund, error)                { return nil, nil }
func (s *scripted) SavePayment(p *Payment, _ PaymentState) error        { s.p = *p; return nil }
func (s *scripted) Audit(AuditEntry) error                              { return nil }
func (s *scripted) Wallet() Wallet                                      { return s.p.Wallet }
func (s *scripted) Account() Account                                    { return account }
func (s *scripted) Create(context.Context, *Payment) (string, error)    { panic("not asked") }
func (s *scripted) Close(context.Context, *Payment) error               { return s.err }

func (s *scripted) QueryRefund(context.Context, *Payment, *Refund) (RefundEvidence, error) {
	panic("not asked")
}

func (s *scripted) Query(_ context.Context, p *Payment) (Evidence, error) {
	if p.OutTradeNo == s.p.OutTradeNo { // and not a probe
		s.asked = append(s.asked, time.Now())
	} else {
		s.probes++
	}
	time.Sleep(s.slow)
	return Evidence{Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, Account: account, State: TradeUnpaid}, s.err
}

// gatewayOf is scripted as a Gateway, whose Refund is not Tx's.
type gatewayOf struct{ *scripted }

func (g gatewayOf) Refund(ctx context.Context, p *Payment, r *Refund) (RefundEvidence, error) {
	panic("not asked")
}

func pollFor(t *testing.T, s *scripted, d time.Duration) []time.Duration {
	t.Helper()
	var ages []time.Duration
	synctest.Test(t, func(t *testing.T) {
		s.p = *attempt(Waiting)
		s.p.ShownAt, s.p.ExpiresAt = time.Now(), time.Now().Add(5*time.Minute)
		till := &Till{Store: s, Shop: Shop{Counter: "A", TimeZone: time.UTC}, Gateways: map[Wallet]Gateway{WeChat: gatewayOf{s}}}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		(&Poller{Till: till}).Run(ctx)
		for _, at := range s.asked {
			ages = append(ages, at.Sub(begin))
		}
	})
	return ages
}

// TestPollerSchedule: first after 2 s, every 2 s to 60 s, then every 5 s to the end.
func TestPollerSchedule(t *testing.T) {
	ages := pollFor(t, &scripted{}, 5*time.Minute)
	if len(ages) == 0 || ages[0] != 2*time.Second {
		t.Fatalf("first asked after %v", ages)
	}
	for i := 1; i < len(ages); i++ {
		want := fastInterval
		if ages[i-1] >= fastPeriod {
			want = slowInterval
		}
		if gap := ages[i] - ages[i-1]; gap < want || gap > want+2*readInterval {
			t.Errorf("asked at %s, then after %s; want %s", ages[i-1], gap, want)
		}
	}
	if n := len(ages); n < 70 || n > 78 {
		t.Errorf("asked %d times in five minutes; 30 in the first and 48 after were planned", n)
	}
}

func TestPollerBacksOff(t *testing.T) {
	ages := pollFor(t, &scripted{err: &GatewayError{Wallet: WeChat, Failure: RateLimited}}, 4*time.Minute)
	if len(ages) < 4 || len(ages) > 12 {
		t.Fatalf("asked at %v in spite of rate limits", ages)
	}
	for i := 2; i < len(ages)-1; i++ {
		if ages[i+1]-ages[i] < ages[i]-ages[i-1] {
			t.Errorf("the pauses got shorter: %v", ages)
		}
	}
}

func TestPollerKeepsAskingWithoutAnswer(t *testing.T) {
	ages := pollFor(t, &scripted{err: &GatewayError{Wallet: WeChat, Failure: Unknown}}, time.Minute)
	if len(ages) < 25 {
		t.Errorf("asked only %d times in a minute", len(ages))
	}
}

// TestPollerOneInFlight: an answer slower than the interval is waited for.
func TestPollerOneInFlight(t *testing.T) {
	s := &scripted{slow: 7 * time.Second}
	ages := pollFor(t, s, time.Minute)
	for i := 1; i < len(ages); i++ {
		if gap := ages[i] - ages[i-1]; gap < s.slow {
			t.Errorf("asked again after %s while an answer takes %s", gap, s.slow)
		}
	}
	if len(ages) < 6 {
		t.Errorf("asked only at %v", ages)
	}
}

// TestPollerAfterFailedRead: one failed read of the ledger costs seconds, not the customer's patience.
func TestPollerAfterFailedRead(t *testing.T) {
	ages := pollFor(t, &scripted{fails: 1}, time.Minute)
	if len(ages) == 0 || ages[0] > 5*time.Second {
		t.Errorf("asked at %v", ages)
	}
}

// TestProbesAfterClockSetBack: a platform that was last heard "in an hour" and does not answer is probed no
// more often than any other.
func TestProbesAfterClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{p: *attempt(Waiting)}
		s.p.ShownAt, s.p.ExpiresAt = time.Now(), time.Now().Add(time.Hour)
		till := &Till{Store: s, Shop: Shop{Counter: "A", TimeZone: time.UTC}, Gateways: map[Wallet]Gateway{WeChat: gatewayOf{s}}}
		till.noteHealth(Health{Wallet: WeChat, State: Healthy, HeardAt: time.Now().Add(time.Hour)})
		s.err = &GatewayError{Wallet: WeChat, Failure: Unknown}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		(&Poller{Till: till}).Run(ctx)
		if s.probes < 1 || s.probes > 8 {
			t.Errorf("probed %d times in a minute", s.probes)
		}
	})
}

// TestAfterClockSetBack: what seems to lie ahead is due now.
func TestAfterClockSetBack(t *testing.T) {
	if got := after(noon.Add(8*time.Hour), firstAsk, noon); got != noon {
		t.Errorf("due at %s", got)
	}
	if got := after(noon, firstAsk, noon); got != noon.Add(firstAsk) {
		t.Errorf("due at %s", got)
	}
}
