package db

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
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

// AuditTrail returns what was done about one out_trade_no or out_refund_no, oldest first.
func (l *Ledger) AuditTrail(ctx context.Context, subject string) (trail []AuditRow, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		trail, err = list(t, scanAudit, `SELECT `+auditColumns+` FROM audit a WHERE a.subject = ? ORDER BY a.seq`, subject)
		return err
	})
	return trail, err
}
