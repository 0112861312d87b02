package pos

import (
	"context"
	"sync"
)

// update runs fn in one transaction and, once that is on disk, publishes the events fn returned: in the
// order in which the transactions ran, whichever goroutine comes back from the disk first. Otherwise a
// window could hear of "closing" after "paid".
func (t *Till) update(ctx context.Context, fn func(Tx) ([]Event, error)) error {
	var (
		events []Event
		place  place
	)
	err := t.Store.Update(ctx, func(tx Tx) (err error) {
		events, err = fn(tx)
		if err == nil && len(events) > 0 && place.done == nil {
			place = t.row.join()
		}
		return err
	})
	if place.done == nil {
		return err
	}
	if place.before != nil {
		<-place.before
	}
	defer close(place.done)
	if err == nil {
		t.publish(events...)
	}
	return err
}

// row lets those who stand in it act one after another.
type row struct {
	mu   sync.Mutex
	last chan struct{} // closed when the last in the row has acted
}

// place is one place in a row: whoever has it waits for before, acts, and closes done.
type place struct{ before, done chan struct{} }

func (r *row) join() place {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := place{before: r.last, done: make(chan struct{})}
	r.last = p.done
	return p
}
