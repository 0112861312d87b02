package pos

import (
	"context"
	"time"
)

// AuditRow is one row of the audit chain.
type AuditRow struct {
	Seq int64
	At  time.Time
	AuditEntry
	Hash string // hexadecimal; of this row and the hash before it
}

// AuditFilter selects rows of the audit chain; what is empty or zero selects all.
type AuditFilter struct {
	Actor, Action, Subject string
	Since, Until           time.Time // Until itself is left out
	Before                 int64     // only rows before this number: the next page
	Limit                  int       // at most this many
}

// AuditChain is the state of the whole chain. A chain shows by itself what was changed in it or taken out of
// its middle; compared with an older Head, kept elsewhere, also that its end is gone.
type AuditChain struct {
	Rows   int64
	Head   string // the last row's hash, hexadecimal; empty where there is no row
	Broken int64  // how many rows are not what was written
	First  int64  // the first of them
}

// Audit returns rows of the audit chain, the newest first, to an actor who may read them.
func (t *Till) Audit(ctx context.Context, actor string, f AuditFilter) (list []AuditRow, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		if err := allow(tx, actor, ReadAudit); err != nil {
			return err
		}
		list, err = tx.AuditRows(f)
		return err
	})
	return list, err
}

// AuditChain works out every hash of the audit chain again: seconds for years of sales.
func (t *Till) AuditChain(ctx context.Context, actor string) (c AuditChain, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		if err := allow(tx, actor, ReadAudit); err != nil {
			return err
		}
		c, err = tx.AuditChain()
		return err
	})
	return c, err
}
