package reconcile

import (
	"context"
	"log/slog"
	"time"

	"saoma/pos"
)

// When the unattended run works. It never hurries: a day may wait, a customer may not.
const (
	lookAgain  = 30 * time.Second // for a quiet moment, and between two days
	idle       = 5 * time.Minute  // while nothing is due
	hurryAfter = 2 * time.Hour    // a counter that is never quiet is not waited for any longer
	leastPause = 2 * time.Minute  // after a failure; it doubles with each in a row
	mostPause  = time.Hour
	recheck    = time.Hour // between two looks for days whose ledger has changed since
)

// Watch reconciles every day as soon as its bill is there, one at a time, and catches up on the days that were missed,
// as far back as the platforms keep bills. What is due is read from the ledger each time, so a restart forgets nothing
// but its pauses. It also compares a day again whose payments or refunds have changed since it was compared.
type Watch struct {
	Books *Books
	Quiet func(context.Context) bool // whether no customer has a code before him
	Log   *slog.Logger

	pauses  map[place]pause
	since   time.Time // when work was first put off for want of a quiet moment; zero: it was not
	checked time.Time // when it last looked for changed days
	changed []place   // days found then that are still to be compared again
}

// place is one wallet's bill of one day.
type place struct {
	wallet pos.Wallet
	day    pos.Day
}

// pause keeps a day from being tried again too soon.
type pause struct {
	until  time.Time
	length time.Duration
}

// Run works until ctx ends. A failure is a line in the log, and a red mark on its day.
func (w *Watch) Run(ctx context.Context) {
	timer := time.NewTimer(lookAgain) // the start of a counter has better things to do
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		timer.Reset(w.Step(ctx))
	}
}

// Step works on one day at most, and returns when to look again.
func (w *Watch) Step(ctx context.Context) time.Duration {
	now := w.Books.now()
	next, err := w.next(ctx, now)
	switch {
	case err != nil && ctx.Err() == nil:
		w.Log.Warn("the days to reconcile could not be read", "error", err)
		return idle
	case err != nil || next == nil:
		w.since = time.Time{}
		return idle
	case !w.mayWork(ctx, now):
		return lookAgain
	}
	w.work(ctx, *next, now)
	return lookAgain
}

// mayWork waits for a quiet moment, but not for ever.
func (w *Watch) mayWork(ctx context.Context, now time.Time) bool {
	if w.Quiet(ctx) {
		w.since = time.Time{}
		return true
	}
	if w.since.IsZero() || now.Before(w.since) {
		w.since = now
	}
	return now.Sub(w.since) > hurryAfter
}

// next is the oldest day that is due and not on a pause, or else one that has changed; nil where there is none.
func (w *Watch) next(ctx context.Context, now time.Time) (*place, error) {
	list, err := w.Books.Till.Reconciliations(ctx, pos.BillReach(now), pos.BillDay(now))
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if p := (place{r.Wallet, r.Day}); r.State == pos.BillDue && w.mayTry(p, now) {
			return &p, nil
		}
	}
	if w.checked.IsZero() || now.Sub(w.checked).Abs() >= recheck {
		w.checked = now
		if w.changed, err = w.Books.changed(ctx, list); err != nil {
			return nil, err
		}
	}
	for _, p := range w.changed {
		if w.mayTry(p, now) {
			return &p, nil
		}
	}
	return nil, nil
}

func (w *Watch) mayTry(p place, now time.Time) bool {
	before := w.pauses[p]
	return !now.Before(before.until) || before.until.Sub(now) > mostPause // then the clock was set back
}

// work reconciles one day.
func (w *Watch) work(ctx context.Context, p place, now time.Time) {
	r, err := w.Books.Reconcile(ctx, p.wallet, p.day, false, pos.Unattended)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		if w.pauses == nil {
			w.pauses = map[place]pause{}
		}
		length := min(max(2*w.pauses[p].length, leastPause), mostPause)
		w.pauses[p] = pause{until: now.Add(length), length: length}
		w.Log.Warn("a day could not be reconciled", "wallet", p.wallet, "day", p.day, "again_in", length, "error", err)
		return
	}
	delete(w.pauses, p)
	for i := range w.changed {
		if w.changed[i] == p {
			w.changed = append(w.changed[:i:i], w.changed[i+1:]...)
			break
		}
	}
	w.Log.Info("a day is reconciled", "wallet", p.wallet, "day", p.day, "state", r.State, "lines", r.All.Lines, "open", r.Open)
}

// changed are the days of list whose part of the ledger is not what it was when they were compared, such as by a payment
// that came to light later, and those whose fees were not kept then. To compare them again is the only way in which a day that agreed can turn red.
func (b *Books) changed(ctx context.Context, list []pos.Reconciliation) (changed []place, err error) {
	err = b.Till.Store.View(ctx, func(tx pos.Tx) error {
		for _, r := range list {
			g, ok := b.Till.Gateways[r.Wallet]
			if !ok || r.ComparedAt.IsZero() {
				continue
			}
			s, err := tx.Standing(r.Wallet, g.Account().MerchantID, Begin(r.Day), End(r.Day))
			if err != nil {
				return err
			}
			if s != r.Ledger || !r.FeesKept {
				changed = append(changed, place{r.Wallet, r.Day})
			}
		}
		return nil
	})
	return changed, err
}
