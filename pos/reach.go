package pos

import "time"

// Reach is whether notifications find their way to this counter. Sales do not depend on it: without it the
// poller confirms payments, a little later.
type Reach struct {
	State     ReachState
	RoundTrip time.Duration // of the last nonce that came back through the public address
	At        time.Time     // when that was tried last
	Err       error         // why the counter is not reached: a sentence
}

// ReachState is the colour of the light.
type ReachState string

const (
	ReachNone    ReachState = ""            // no public address is set up: polling only
	ReachUnknown ReachState = "unknown"     // not tried yet
	Reached      ReachState = "reached"     // the counter's nonce came back
	Unreachable  ReachState = "unreachable" // it did not; Err says why
)

// Reach returns what NoteReach was last told.
func (b *bus) Reach() Reach {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reach
}

// NoteReach keeps the result of a try and publishes it.
func (b *bus) NoteReach(r Reach) {
	b.mu.Lock()
	b.reach = r
	b.mu.Unlock()
	b.publish(Event{Kind: ReachChanged, Reach: r})
}
