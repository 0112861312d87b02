package db

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync"

	"modernc.org/sqlite"

	"saoma/pos"
)

// ice is what a ledger knows of its own damage. Once there is some, nothing more is written until the
// ledger is opened again: what is added to a damaged file may be lost with it, and what has been
// recorded must be kept as it is.
type ice struct {
	mu     sync.Mutex
	damage *pos.Error
	tell   []func(error)
}

// Damage returns nil for a sound ledger, and else the sentence that every Update returns: a Damaged
// pos.Error. Reading goes on as far as the file can be read.
func (l *Ledger) Damage() error {
	l.ice.mu.Lock()
	defer l.ice.mu.Unlock()
	if l.ice.damage == nil {
		return nil
	}
	return l.ice.damage
}

// OnDamage has fn called once with the ledger's damage, at once if there is some already. fn must not
// block or call the ledger.
func (l *Ledger) OnDamage(fn func(error)) {
	l.ice.mu.Lock()
	damage := l.ice.damage
	if damage == nil {
		l.ice.tell = append(l.ice.tell, fn)
	}
	l.ice.mu.Unlock()
	if damage != nil {
		fn(damage)
	}
}

// Check verifies the whole ledger and ends its writing if a rule is broken. It returns the ledger's
// damage, or why it could not look.
func (l *Ledger) Check(ctx context.Context) error {
	report, err := l.Verify(ctx, VerifyOptions{Limit: 1})
	if err != nil {
		return err
	}
	if c := report.damage(); c != nil {
		l.freeze(breaks(c.Name, errors.New(c.Violations[0])))
	}
	return l.Damage()
}

// damage is the first broken rule about what the ledger holds, or nil.
func (r *VerifyReport) damage() *Check {
	for i, c := range r.Checks {
		switch c.Name {
		case "durability", "secrets", "backups": // how the ledger is run, what it tells, what is beside it
			continue
		}
		if c.Broken > 0 {
			return &r.Checks[i]
		}
	}
	return nil
}

// breaks is the damage that breaks the rule of the check of this name.
func breaks(name string, cause error) *pos.Error {
	return pos.Errorf(pos.Damaged, "The ledger is damaged; the counter only reads it and records nothing more. Keep the data folder as it is, call for help, and go on with a backup: saomactl restore FILE. The rule that is broken: %s",
		&pos.Error{Code: pos.Damaged, Format: rule(name)}).Because(cause)
}

// freeze ends all writing. The first damage found is the one that is told.
func (l *Ledger) freeze(damage *pos.Error) {
	l.ice.mu.Lock()
	tell := l.ice.tell
	if l.ice.damage == nil {
		l.ice.damage = damage
	}
	l.ice.tell = nil
	l.ice.mu.Unlock()
	for _, fn := range tell {
		fn(damage)
	}
}

// suspect freezes the ledger if err, from any statement, says that its file is damaged.
func (l *Ledger) suspect(err error) {
	if damaged(err) {
		l.freeze(breaks("integrity", err))
	}
}

// maxQuick is the largest file, in bytes, that is looked through before the counter opens; Check looks
// through every other.
const maxQuick = 8 << 20

// quickCheck looks through a ledger before anything is written to it: its beginning, and all of it where
// that is small.
func (l *Ledger) quickCheck(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return failure(err)
	}
	found, err := l.look(ctx, info.Size() <= maxQuick)
	switch {
	case err != nil && nonsense(ctx, err):
		return breaks("integrity", err)
	case err != nil:
		return failure(err)
	case found != "ok":
		return breaks("integrity", errors.New(found))
	}
	return nil
}

// look begins to write, which a damaged header forbids, and reads.
func (l *Ledger) look(ctx context.Context, all bool) (found string, err error) {
	tx, err := l.writes.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback()
	query := "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_schema)"
	if all {
		query = "PRAGMA quick_check(1)"
	}
	err = tx.QueryRowContext(ctx, query).Scan(&found)
	return found, cmp.Or(err, tx.Rollback())
}

// damageIn is the damage that kept a ledger from being opened for writing, and nil where err is another
// error or none.
func damageIn(ctx context.Context, err error) *pos.Error {
	switch e, _ := errors.AsType[*pos.Error](err); pos.CodeOf(err) {
	case pos.Damaged:
		return e
	case pos.Setup: // the ledger is sound, but not of this version
		return nil
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && nonsense(ctx, e) {
		return breaks("schema", e)
	}
	return nil
}

// openDamaged opens for reading what cannot be opened for writing.
func (l *Ledger) openDamaged(ctx context.Context, path string, damage *pos.Error) error {
	_ = l.closeWriter() // its errors are of the same damage
	l.writer, l.writes = nil, nil
	if err := l.openReaders(path); err != nil {
		return err
	}
	if err := checkVersion(ctx, l.pool); err != nil {
		return unreadable(path, err)
	}
	l.freeze(damage)
	return nil
}

// unreadable is the error for a ledger that cannot even be read.
func unreadable(path string, err error) error {
	return pos.Errorf(pos.Damaged, "The ledger %s is damaged and cannot be read. Keep it as it is and go on with a backup: saomactl restore FILE", path).Because(err)
}
