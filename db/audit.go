package db

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"saoma/pos"
)

// AuditRow is one row of the audit chain.
type AuditRow struct {
	Seq int64
	At  time.Time
	pos.AuditEntry
	prev, hash []byte
}

// chain is the row's hash: SHA-256 over the hash before it and every field, each preceded by its
// length, so that no two different rows are encoded alike.
func (r *AuditRow) chain() [sha256.Size]byte {
	b := make([]byte, 0, 512)
	field := func(s string) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	field(string(r.prev))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMilli()))
	for _, s := range []string{r.Actor, r.Action, r.Subject, r.From, r.To, r.Detail} {
		field(s)
	}
	return sha256.Sum256(b)
}

const auditColumns = `a.seq, a.at, a.actor, a.action, a.subject, a.from_state, a.to_state, a.detail, a.prev, a.hash`

func scanAudit(row scanner, r *AuditRow) error {
	return row.Scan(&r.Seq, moment{&r.At}, &r.Actor, &r.Action, &r.Subject, &r.From, &r.To, &r.Detail, &r.prev, &r.hash)
}

// Audit appends a row to the chain.
func (t *tx) Audit(e pos.AuditEntry) error {
	last, err := t.lastAudit()
	if err != nil {
		return err
	}
	r := AuditRow{Seq: last.Seq + 1, At: t.now, AuditEntry: e, prev: last.hash}
	hash := r.chain()
	r.hash = hash[:]
	if _, err := t.exec(`INSERT INTO audit (seq, at, actor, action, subject, from_state, to_state, detail, prev, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Seq, r.At.UnixMilli(), r.Actor, r.Action, r.Subject, r.From, r.To, r.Detail, r.prev, r.hash); err != nil {
		return err
	}
	t.audited = &r
	return nil
}

// lastAudit is the end of the chain. The transaction remembers what it appended itself; what others
// did before it may have been rolled back, so that is read.
func (t *tx) lastAudit() (*AuditRow, error) {
	if t.audited != nil {
		return t.audited, nil
	}
	last, err := first(t, func(row scanner, r *AuditRow) error { return row.Scan(&r.Seq, &r.hash) },
		`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`)
	if err == nil && last == nil {
		last = &AuditRow{hash: make([]byte, sha256.Size)} // the chain begins with zeros
	}
	return last, err
}

// AuditRows returns what f selects, the newest first; see pos.PeopleTx.
func (t *tx) AuditRows(f pos.AuditFilter) ([]pos.AuditRow, error) {
	query, args := `SELECT `+auditColumns+` FROM audit a WHERE 1`, []any{}
	where := func(asked bool, condition string, arg any) {
		if asked {
			query, args = query+` AND `+condition, append(args, arg)
		}
	}
	where(f.Actor != "", `a.actor = ?`, f.Actor)
	where(f.Action != "", `a.action = ?`, f.Action)
	where(f.Subject != "", `a.subject = ?`, f.Subject)
	where(!f.Since.IsZero(), `a.at >= ?`, f.Since.UnixMilli())
	where(!f.Until.IsZero(), `a.at < ?`, f.Until.UnixMilli())
	where(f.Before != 0, `a.seq < ?`, f.Before)
	query, args = query+` ORDER BY a.seq DESC LIMIT ?`, append(args, f.Limit)
	rows, err := list(t, scanAudit, query, args...)
	all := make([]pos.AuditRow, len(rows))
	for i, r := range rows {
		all[i] = pos.AuditRow{Seq: r.Seq, At: r.At, AuditEntry: r.AuditEntry, Hash: hex.EncodeToString(r.hash)}
	}
	return all, err
}

// AuditChain works out every hash again.
func (t *tx) AuditChain() (c pos.AuditChain, err error) {
	last, err := t.walkChain(func(r *AuditRow, broken string) {
		c.Rows++
		if broken == "" {
			return
		}
		if c.Broken++; c.Broken == 1 {
			c.First = r.Seq
		}
	})
	if c.Rows > 0 {
		c.Head = hex.EncodeToString(last.hash)
	}
	return c, err
}

// AuditRows returns what f selects, the newest first, to whoever may read the file: Till.Audit asks who.
func (l *Ledger) AuditRows(ctx context.Context, f pos.AuditFilter) (rows []pos.AuditRow, err error) {
	err = l.view(ctx, func(t *tx) error {
		rows, err = t.AuditRows(f)
		return err
	})
	return rows, err
}

// AuditChain works out every hash again; see AuditRows.
func (l *Ledger) AuditChain(ctx context.Context) (c pos.AuditChain, err error) {
	err = l.view(ctx, func(t *tx) error {
		c, err = t.AuditChain()
		return err
	})
	return c, err
}

// walkChain calls fn for every row of the chain, from the first, with what is wrong with it, and returns the last.
func (t *tx) walkChain(fn func(r *AuditRow, broken string)) (*AuditRow, error) {
	last := &AuditRow{hash: make([]byte, sha256.Size)} // the chain begins with zeros
	err := t.each(`SELECT `+auditColumns+` FROM audit a ORDER BY a.seq`, func(row scanner) error {
		r := &AuditRow{}
		if err := scanAudit(row, r); err != nil {
			return err
		}
		fn(r, r.breaks(last))
		last = r
		return nil
	})
	return last, err
}

// breaks says what is wrong with r behind the row before it; nothing where the chain holds.
func (r *AuditRow) breaks(before *AuditRow) string {
	hash := r.chain()
	switch {
	case r.Seq != before.Seq+1:
		return fmt.Sprintf("follows row %d", before.Seq)
	case !bytes.Equal(r.prev, before.hash):
		return fmt.Sprintf("is not chained to row %d", before.Seq)
	case !bytes.Equal(r.hash, hash[:]):
		return "is not what was written"
	}
	return ""
}

// AuditTrail returns what was done about one out_trade_no or out_refund_no, oldest first.
func (l *Ledger) AuditTrail(ctx context.Context, subject string) (trail []AuditRow, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		trail, err = list(t, scanAudit, `SELECT `+auditColumns+` FROM audit a WHERE a.subject = ? ORDER BY a.seq`, subject)
		return err
	})
	return trail, err
}
