package db

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"saoma/pos"
)

// failure turns what SQLite says into a pos.Error with a sentence; SQLite's words stay its cause.
func failure(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := errors.AsType[*pos.Error](err); ok {
		return e
	}
	return sentence(err).Because(err)
}

func sentence(err error) *pos.Error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return pos.Errorf(pos.Internal, "The ledger cannot be read or written; look into the log.")
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return refusal(e)
	case sqlite3.SQLITE_FULL:
		return pos.Errorf(pos.Unavailable, "The disk is full and nothing was recorded; make room and try again.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return pos.Errorf(pos.Unavailable, "Another program holds the ledger; close it and try again.")
	case sqlite3.SQLITE_READONLY:
		return pos.Errorf(pos.Conflict, "The ledger is open for reading only.")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return breaks("integrity", nil)
	case sqlite3.SQLITE_IOERR:
		if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // how a full disk shows first
			return pos.Errorf(pos.Unavailable, "The disk is full and nothing was recorded; make room and try again.")
		}
		return pos.Errorf(pos.Unavailable, "The disk failed and nothing was recorded; try again, and have the disk looked at.")
	}
	return pos.Errorf(pos.Internal, "The ledger cannot be read or written; look into the log.")
}

// refusal is the sentence for a rule of the schema. The triggers' texts are in migration/.
func refusal(e *sqlite.Error) *pos.Error {
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return pos.Errorf(pos.Conflict, "The ledger has this already; it is recorded only once.")
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return pos.Errorf(pos.NotFound, "The ledger does not know what this belongs to.")
	}
	for _, r := range refusals {
		if strings.Contains(e.Error(), r.text) {
			e := *r.refusal
			return &e
		}
	}
	return pos.Errorf(pos.Internal, "The ledger refuses a value that must not be.")
}

var refusals = []struct {
	text    string
	refusal *pos.Error
}{
	{"state cannot change so", pos.Errorf(pos.Conflict, "This state cannot follow the one before it.")},
	{"ledger row is fixed", pos.Errorf(pos.Conflict, "What the ledger has recorded cannot be changed.")},
	{"no manager left", pos.Errorf(pos.Conflict, "There must be a manager who is not disabled; make another one first.")},
	{"refund without payment", pos.Errorf(pos.Conflict, "Only a paid payment can be refunded.")},
	{"refund exceeds payment", pos.Errorf(pos.Conflict, "The refunds would exceed the payment.")},
	{"day is closed", pos.Errorf(pos.Conflict, "The business day is closed and takes no more entries.")},
	{"entry disagrees", pos.Errorf(pos.Conflict, "The ledger entry does not agree with its payment or refund.")},
}

// refused reports whether err left the transaction usable: the ledger said no to one statement only.
func refused(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// damaged reports whether err says that the file is not what SQLite wrote.
func damaged(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// nonsense reports whether err says that there is no sense in what was read, and not that the machine
// kept one from reading: the program's own queries make sense of every sound ledger.
func nonsense(ctx context.Context, err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		_, system := errors.AsType[*fs.PathError](err)
		return !system && ctx.Err() == nil && pos.CodeOf(err) == pos.Internal
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
		sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL:
		return false
	}
	return true
}
