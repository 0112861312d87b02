package pos

import (
	"context"
	"sync"
	"time"
)

// EventKind says what an Event is about.
type EventKind string

const (
	PaymentChanged  EventKind = "payment"   // Payment is as it now stands in the ledger
	RefundChanged   EventKind = "refund"    // Refund is as it now stands in the ledger
	ExceptionRaised EventKind = "exception" // Exception waits for a manager
	NoAnswer        EventKind = "no_answer" // the platform was asked about Payment or Refund and gave no clear answer; Err says why
	HealthChanged   EventKind = "health"    // Health of one wallet
)

// Event is published after the commit that it tells of. Its pointers are the receiver's own.
type Event struct {
	Kind      EventKind
	Payment   *Payment
	Refund    *Refund
	Exception *Exception
	Health    Health
	Err       error
}

// Health is how one wallet's platform answers.
type Health struct {
	Wallet  Wallet
	State   HealthState
	HeardAt time.Time // of the last clear answer; zero before the first
	Clock   ClockState
	Skew    time.Duration // how far the counter's clock is ahead of the platform's
	Err     error         // why it is not healthy
}

// HealthState is the colour of a health light.
type HealthState string

const (
	HealthUnknown HealthState = "unknown"   // not asked yet
	Healthy       HealthState = "healthy"   // the last question was answered clearly
	Failing       HealthState = "failing"   // the last question was not
	Rejecting     HealthState = "rejecting" // the platform does not accept our papers
)

// ClockState says whether the counter's clock and the platform's agree.
type ClockState string

const (
	ClockUnknown ClockState = ""      // the platform has not told its time yet
	ClockRight   ClockState = "right" // they agree within SkewWarning
	ClockSkewed  ClockState = "skewed"
	ClockWrong   ClockState = "wrong" // beyond SkewLimit; at 5 minutes the platform's signatures no longer count
)

// Skews beyond which the counter warns and turns its light red.
const (
	SkewWarning = time.Minute
	SkewLimit   = 4 * time.Minute
)

// bus hands events to the subscribers and remembers each wallet's health.
type bus struct {
	mu          sync.Mutex
	subscribers []func(Event)
	health      map[Wallet]Health
}

// Subscribe registers fn for every later event. fn is called on the goroutine that made the change and
// must not block or call the till.
func (b *bus) Subscribe(fn func(Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, fn)
}

// Health returns how w's platform answers.
func (b *bus) Health(w Wallet) Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, ok := b.health[w]; ok {
		return h
	}
	return Health{Wallet: w, State: HealthUnknown}
}

func (b *bus) publish(e Event) {
	b.mu.Lock()
	subscribers := b.subscribers
	b.mu.Unlock()
	for _, fn := range subscribers {
		fn(e.clone())
	}
}

// clone gives each receiver pointers of its own.
func (e Event) clone() Event {
	if e.Payment != nil {
		p := *e.Payment
		e.Payment = &p
	}
	if e.Refund != nil {
		r := *e.Refund
		e.Refund = &r
	}
	if e.Exception != nil {
		x := *e.Exception
		e.Exception = &x
	}
	return e
}

// heard notes how w's platform answered at t; err is nil or a GatewayError. A question that was given up
// here, its ctx ended, says nothing of the platform.
func (b *bus) heard(ctx context.Context, w Wallet, t time.Time, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	state := Healthy
	switch {
	case err == nil:
	case FailureOf(err) == Misconfigured:
		state = Rejecting
	case FailureOf(err) == Unknown || FailureOf(err) == RateLimited:
		state = Failing
	default: // a clear no is an answer
		err = nil
	}
	b.mu.Lock()
	before := b.health[w]
	now := Health{Wallet: w, State: state, HeardAt: before.HeardAt, Err: err}
	if state == Healthy {
		now.HeardAt = t
	}
	if b.health == nil {
		b.health = map[Wallet]Health{}
	}
	b.health[w] = now
	b.mu.Unlock()
	if before.State != state {
		b.publish(Event{Kind: HealthChanged, Health: now})
	}
}
