package db

import (
	"context"
	"database/sql"
	"time"

	"saoma/pos"
)

// tx is one transaction: a savepoint of the writer, or a snapshot of a reader.
type tx struct {
	ctx     context.Context
	session *session
	now     time.Time
	broken  error     // SQLite's first failure; nothing more is done then
	audited *AuditRow // the last row it appended to the audit chain
}

var _ pos.Tx = (*tx)(nil)

func newTx(ctx context.Context, s *session, now time.Time) *tx {
	return &tx{ctx: ctx, session: s, now: time.UnixMilli(now.UnixMilli())}
}

// Now is the transaction's one time, to the millisecond.
func (t *tx) Now() time.Time { return t.now }

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	r, err := t.run(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return n, t.failed(err)
}

func (t *tx) run(query string, args ...any) (sql.Result, error) {
	if t.broken != nil {
		return nil, t.broken
	}
	r, err := t.session.exec(t.ctx, query, args...)
	return r, t.failed(err)
}

// failed turns err into a pos.Error, and ends the transaction unless SQLite only refused a statement.
func (t *tx) failed(err error) error {
	if err == nil {
		return nil
	}
	e := failure(err)
	if !refused(err) {
		t.broken = e
	}
	return e
}

// scanner is a row under the cursor.
type scanner interface{ Scan(...any) error }

// list returns every row of a query, each read by scan.
func list[T any](t *tx, scan func(scanner, *T) error, query string, args ...any) ([]T, error) {
	if t.broken != nil {
		return nil, t.broken
	}
	rows, err := t.session.query(t.ctx, query, args...)
	if err != nil {
		return nil, t.failed(err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, t.failed(err)
		}
		all = append(all, one)
	}
	return all, t.failed(rows.Err())
}

// each calls fn for every row of a query, keeping none.
func (t *tx) each(query string, fn func(scanner) error) error {
	rows, err := t.session.query(t.ctx, query)
	if err != nil {
		return t.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return t.failed(err)
		}
	}
	return t.failed(rows.Err())
}

// first returns the first row of a query, or nil where there is none.
func first[T any](t *tx, scan func(scanner, *T) error, query string, args ...any) (*T, error) {
	all, err := list(t, scan, query, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// instant is a time in a column: integer Unix milliseconds, null where it is zero.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// moment reads such a column.
type moment struct{ to *time.Time }

func (m moment) Scan(v any) error {
	*m.to = time.Time{}
	if ms, ok := v.(int64); ok {
		*m.to = time.UnixMilli(ms)
	}
	return nil
}

// fee reads a column that is null while no bill has told the fee.
type fee struct{ to *pos.Fee }

func (f fee) Scan(v any) error {
	fen, known := v.(int64)
	*f.to = pos.Fee{Amount: pos.Fen(fen), Known: known}
	return nil
}

// text is a column that is null where it is empty.
func text[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return string(s)
}
