package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"path/filepath"
	"time"
)

// verifyBackups looks for the end of every kept backup's audit chain in the ledger's. A chain shows by
// itself what was changed or taken out of it, but not that its last rows are gone; a backup does.
func verifyBackups(v *verifier) error {
	dir := filepath.Join(v.ledger.dir, BackupFolder)
	names, err := backupsIn(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		v.check.Counted++
		end, err := headOf(v.ctx, filepath.Join(dir, name))
		if v.ctx.Err() != nil {
			return v.ctx.Err()
		}
		if err != nil {
			v.broken("%s: cannot be read: %v", name, err)
			continue
		}
		held, err := v.has(end)
		switch {
		case err != nil:
			return err
		case !end.whole():
			v.broken("%s: row %d of its audit chain is not what was written", name, end.Seq)
		case !held:
			v.broken("%s: row %d of its audit chain is not in the ledger", name, end.Seq)
		}
	}
	return nil
}

// verifyExceptions counts both ways: an exception or a decision without its audit row came about in
// silence, and an audit row without them tells of one that was taken away.
func verifyExceptions(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM exception`); err != nil {
		return err
	}
	return v.none(`WITH event AS (
			SELECT 'raise' AS action, out_trade_no AS no, kind AS what, transaction_id AS of, 1 AS there, 0 AS told FROM exception
			UNION ALL
			SELECT 'resolve', out_trade_no, resolution, transaction_id, 1, 0 FROM exception WHERE resolved = 1
			UNION ALL
			SELECT action, substr(subject, length('exception ') + 1), to_state, detail, 0, 1
			FROM audit WHERE action IN ('raise', 'resolve') AND subject GLOB 'exception *')
		SELECT format('%s: %s of %s %s: %d in the ledger, %d in the audit chain', no, action, what, of, sum(there), sum(told))
		FROM event GROUP BY no, action, what, of
		HAVING sum(there) <> sum(told)
		ORDER BY 1`)
}

// head is the last row of the audit chain; where there is none yet, row 0 with a hash of zeros. Its hash
// stands for every row up to it.
func (t *tx) head() (*AuditRow, error) {
	end, err := first(t, scanAudit, `SELECT `+auditColumns+` FROM audit a ORDER BY a.seq DESC LIMIT 1`)
	if err == nil && end == nil {
		end = &AuditRow{hash: make([]byte, sha256.Size)}
	}
	return end, err
}

// has reports whether r is a row of this chain.
func (t *tx) has(r *AuditRow) (bool, error) {
	if r.Seq == 0 {
		return true, nil
	}
	found, err := first(t, func(row scanner, n *int) error { return row.Scan(n) },
		`SELECT 1 FROM audit WHERE seq = ? AND hash = ?`, r.Seq, r.hash)
	return found != nil, err
}

// whole reports whether the row's hash is that of its fields.
func (r *AuditRow) whole() bool {
	hash := r.chain()
	return r.Seq == 0 || bytes.Equal(r.hash, hash[:])
}

// head is the end of the ledger's audit chain now.
func (l *Ledger) head(ctx context.Context) (end *AuditRow, err error) {
	err = l.view(ctx, func(t *tx) error {
		end, err = t.head()
		return err
	})
	return end, err
}

// holds reports whether r is a row of the ledger's audit chain.
func (l *Ledger) holds(ctx context.Context, r *AuditRow) (held bool, err error) {
	err = l.view(ctx, func(t *tx) error {
		held, err = t.has(r)
		return err
	})
	return held, err
}

// openFile opens a ledger's file of any name and version for reading.
func openFile(path string) (*Ledger, error) {
	l := &Ledger{dir: filepath.Dir(path), now: time.Now}
	return l, l.openReaders(path)
}

// headOf is the end of the audit chain in the file at path.
func headOf(ctx context.Context, path string) (*AuditRow, error) {
	l, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.head(ctx)
}
