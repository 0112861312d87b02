package db

import (
	"context"

	"saoma/pos"
)

// View runs fn on a consistent snapshot, beside the writer and other readers.
func (l *Ledger) View(ctx context.Context, fn func(pos.Tx) error) error {
	return l.view(ctx, func(t *tx) error { return t.call(fn) })
}

// view is View with the type of this package.
func (l *Ledger) view(ctx context.Context, fn func(*tx) error) error {
	s, err := l.reader(ctx)
	if err != nil {
		return err
	}
	if _, err := s.exec(ctx, "BEGIN"); err != nil {
		l.discard(s)
		l.suspect(err)
		return failure(err)
	}
	t := newTx(ctx, s, l.now())
	err = fn(t)
	l.suspect(t.broken)
	if _, end := s.exec(context.Background(), "ROLLBACK"); end != nil || ctx.Err() != nil {
		l.discard(s) // in a state unknown
		return err
	}
	l.spare <- s
	return err
}

// reader takes a connection that nobody uses.
func (l *Ledger) reader(ctx context.Context) (*session, error) {
	select {
	case <-l.quit:
		return nil, errClosed()
	default:
	}
	select {
	case s := <-l.spare:
		if s != nil {
			return s, nil
		}
		s, err := newSession(ctx, l.pool)
		if err != nil {
			l.spare <- nil
			l.suspect(err)
			return nil, failure(err)
		}
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.quit:
		return nil, errClosed()
	}
}

// discard closes a connection; the next reader opens another.
func (l *Ledger) discard(s *session) {
	_ = s.close()
	l.spare <- nil
}
