package counter

import (
	"context"

	"saoma/pos/reconcile"
)

// reconcileDaily compares each day's bills with the ledger once the platforms have made them, until ctx ends. It waits
// for moments in which no customer has a code before him, and leaves a damaged ledger alone.
func (c *Counter) reconcileDaily(ctx context.Context) {
	quiet := func(ctx context.Context) bool { return c.Damage() == nil && c.quiet(ctx) }
	(&reconcile.Watch{Books: c.Books, Quiet: quiet, Log: c.Log}).Run(ctx)
}
