package pos

import "sync"

// EventKind says what an Event is about.
type EventKind string

const (
	PaymentChanged    EventKind = "payment"   // Payment is as it now stands in the ledger
	RefundChanged     EventKind = "refund"    // Refund is as it now stands in the ledger
	ExceptionRaised   EventKind = "exception" // Exception waits for a manager
	ExceptionResolved EventKind = "resolved"  // Exception, as a manager decided
	NoAnswer          EventKind = "no_answer" // the platform was asked about Payment or Refund and gave no clear answer; Err says why
	HealthChanged     EventKind = "health"    // Health of one wallet
	ReachChanged      EventKind = "reach"     // Reach of the notification address
	// ReconciliationChanged: Reconciliation is as it now stands; its differences are to be read anew.
	ReconciliationChanged EventKind = "reconciliation"
	DayChanged            EventKind = "day"   // Day was closed or opened again
	ShiftChanged          EventKind = "shift" // Shift was opened or closed
)

// Event is published after the commit that it tells of. Its pointers are the receiver's own.
type Event struct {
	Kind      EventKind
	Payment   *Payment
	Refund    *Refund
	Exception *Exception
	Health    Health
	Reach     Reach
	// Reconciliation of one wallet's bill of one day.
	Reconciliation *Reconciliation
	Day            Day
	Shift          *Shift
	Err            error
}

// bus hands events to the subscribers and remembers each wallet's health.
type bus struct {
	mu          sync.Mutex
	subscribers []func(Event)
	health      map[Wallet]Health
	reach       Reach
}

// Subscribe registers fn for every later event. fn is called on the goroutine that made the change and
// must not block or call the till.
func (b *bus) Subscribe(fn func(Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers = append(b.subscribers, fn)
}

func (b *bus) publish(events ...Event) {
	b.mu.Lock()
	subscribers := b.subscribers
	b.mu.Unlock()
	for _, e := range events {
		for _, fn := range subscribers {
			fn(e.clone())
		}
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
	if e.Shift != nil {
		s := *e.Shift
		e.Shift = &s
	}
	if e.Reconciliation != nil {
		r := *e.Reconciliation
		e.Reconciliation = &r
	}
	return e
}
