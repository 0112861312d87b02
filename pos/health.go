package pos

import (
	"context"
	"slices"
	"time"
)

// Health is how one wallet's platform answers.
type Health struct {
	Wallet  Wallet
	State   HealthState
	HeardAt time.Time // of the last clear answer; zero before the first
	Clock   ClockState
	Skew    time.Duration // how far the counter's clock is ahead of the platform's
	Err     error         // why it is not healthy
	Papers  []Finding     // what the gateway noticed of the shop's papers
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

// Health returns how w's platform answers.
func (b *bus) Health(w Wallet) Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h, ok := b.health[w]; ok {
		return h
	}
	return Health{Wallet: w, State: HealthUnknown}
}

// ClockError says what is wrong with the counter's clock, and is nil while it is right or not known to be wrong.
func (h Health) ClockError() error {
	seconds := int(h.Skew.Abs().Seconds())
	switch {
	case h.Clock == ClockSkewed && h.Skew > 0:
		return Errorf(Setup, "This computer's clock is %d s ahead of %s; set it right before it is 4 minutes off.", seconds, h.Wallet)
	case h.Clock == ClockSkewed:
		return Errorf(Setup, "This computer's clock is %d s behind %s; set it right before it is 4 minutes off.", seconds, h.Wallet)
	case h.Clock == ClockWrong && h.Skew > 0:
		return Errorf(Setup, "This computer's clock is %d s ahead of %s: payments may not be confirmed. Set the clock now.", seconds, h.Wallet)
	case h.Clock == ClockWrong:
		return Errorf(Setup, "This computer's clock is %d s behind %s: payments may not be confirmed. Set the clock now.", seconds, h.Wallet)
	}
	return nil
}

// heard notes how w's platform answered just now; err is nil or a GatewayError. A question that was given up
// here, its ctx ended, says nothing of the platform.
func (t *Till) heard(ctx context.Context, w Wallet, err error) {
	if err != nil && ctx.Err() != nil {
		return
	}
	now := t.now()
	h := Health{Wallet: w, State: Healthy, HeardAt: now, Err: err}
	switch {
	case err == nil:
	case FailureOf(err) == Misconfigured:
		h.State = Rejecting
	case FailureOf(err) == Unknown || FailureOf(err) == RateLimited:
		h.State = Failing
	default: // a clear no is an answer
		h.Err = nil
	}
	if p, ok := t.Gateways[w].(PaperWatcher); ok {
		h.Papers = p.Papers()
	}
	if platform, known := t.platformClock(w); known {
		h.Skew = now.Sub(platform).Round(time.Second)
		h.Clock = clockState(h.Skew)
	}
	t.noteHealth(h)
}

// noteHealth keeps h and publishes it if a light changes by it.
func (b *bus) noteHealth(h Health) {
	b.mu.Lock()
	before := b.health[h.Wallet]
	if h.State != Healthy {
		h.HeardAt = before.HeardAt
	}
	if h.Clock == ClockUnknown { // the platform told no time just now
		h.Clock, h.Skew = before.Clock, before.Skew
	}
	if b.health == nil {
		b.health = map[Wallet]Health{}
	}
	b.health[h.Wallet] = h
	b.mu.Unlock()
	if before.State != h.State || before.Clock != h.Clock || !sameFindings(before.Papers, h.Papers) {
		b.publish(Event{Kind: HealthChanged, Health: h})
	}
}

// sameFindings compares by name and level: since when something lasts is no news.
func sameFindings(a, b []Finding) bool {
	return slices.EqualFunc(a, b, func(x, y Finding) bool { return x.Check == y.Check && x.Level == y.Level })
}

func clockState(skew time.Duration) ClockState {
	switch skew = skew.Abs(); {
	case skew > SkewLimit:
		return ClockWrong
	case skew > SkewWarning:
		return ClockSkewed
	}
	return ClockRight
}

// platformClock is the time at w's platform, if it has told it.
func (t *Till) platformClock(w Wallet) (now time.Time, known bool) {
	if c, ok := t.Gateways[w].(Clock); ok {
		return c.PlatformNow()
	}
	return time.Time{}, false
}

// platformTime is the time at w's platform, and now where it is not known. What the platform does at a
// time, such as ending a code, is judged by it: the counter's clock can be set at any moment.
func (t *Till) platformTime(w Wallet, now time.Time) time.Time {
	if platform, known := t.platformClock(w); known {
		return platform
	}
	return now
}
