package db

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"

	"saoma/pos"
)

// maxGroup is how many waiting transactions share one commit, and so one wait for the disk.
const maxGroup = 64

// job is one transaction that somebody waits for.
type job struct {
	ctx  context.Context
	fn   func(pos.Tx) error
	err  error
	done chan struct{}
}

// Update runs fn in one transaction; see pos.Store. While the disk is busy with others' commits, fn
// waits with others and shares the next commit with them; each still stands or falls alone. A ctx that
// ends before fn starts leaves everything as it is; after that the outcome is the commit's. A ledger that
// was found damaged records nothing more: Update then returns Damage.
func (l *Ledger) Update(ctx context.Context, fn func(pos.Tx) error) error {
	if err := l.Damage(); err != nil {
		return err
	}
	if l.writer == nil {
		return pos.Errorf(pos.Conflict, "The ledger is open for reading only.")
	}
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case l.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.quit:
		return errClosed()
	}
	<-j.done
	return j.err
}

func errClosed() error { return pos.Errorf(pos.Unavailable, "The ledger is closed.") }

// write is the one goroutine that writes.
func (l *Ledger) write() {
	defer close(l.idle)
	for {
		select {
		case j := <-l.jobs:
			l.commitGroup(j)
		case <-l.quit:
			return
		}
	}
}

// commitGroup runs first and whoever waits by then in one SQLite transaction, commits it and answers
// them all.
func (l *Ledger) commitGroup(first *job) {
	var group []*job
	err := l.control("BEGIN IMMEDIATE")
	for j := first; j != nil; j = l.next(len(group)) {
		group = append(group, j)
		if err == nil {
			err = l.run(j)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = l.Damage() // of which one of the group has learned
	}
	if err == nil {
		err = l.control("COMMIT")
	}
	if err != nil {
		_ = l.control("ROLLBACK") // fails where SQLite has already rolled back
	}
	for _, j := range group {
		j.err = cmp.Or(j.err, err)
		close(j.done)
	}
}

// next returns somebody who waits, or nil.
func (l *Ledger) next(taken int) *job {
	if taken == maxGroup {
		return nil
	}
	select {
	case j := <-l.jobs:
		return j
	default:
		return nil
	}
}

// run runs one job in a savepoint of its own. The job's error is its own; the error returned says that
// the transaction of the whole group is lost.
func (l *Ledger) run(j *job) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	if err := l.control("SAVEPOINT one"); err != nil {
		return err
	}
	t := newTx(context.Background(), l.writer, l.now())
	j.err = t.call(j.fn)
	l.suspect(t.broken)
	if j.err != nil {
		if err := l.control("ROLLBACK TO one"); err != nil {
			return cmp.Or(t.broken, err) // SQLite gave up the whole transaction, as when the disk is full
		}
	}
	return l.control("RELEASE one")
}

// control runs a statement that moves the writer's transaction. It is never interrupted: a commit has
// one outcome.
func (l *Ledger) control(statement string) error {
	if _, err := l.writer.exec(context.Background(), statement); err != nil {
		l.suspect(err)
		return failure(err)
	}
	return nil
}

// call runs fn on t. A panic of fn is its error; a broken transaction is one even where fn hid it.
func (t *tx) call(fn func(pos.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = pos.Errorf(pos.Internal, "An internal error; nothing was recorded.").Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		err = cmp.Or(err, t.broken)
		t.session = nil // a Tx kept beyond its transaction fails at once
	}()
	return fn(t)
}
