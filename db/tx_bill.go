package db

import (
	"encoding/json"
	"time"

	"saoma/pos"
)

// clockSlack is how far a refund's times may be off: they are of this machine's clock, which may be wrong by the five
// minutes that the platforms' signatures allow. A payment bears the platform's own time.
const clockSlack = 5 * time.Minute

// longestRefund is how long before a day a refund that ends on it can have been asked for.
const longestRefund = 93 * 24 * time.Hour

const (
	movedPayments = `FROM payment p
		WHERE p.state = 'paid' AND p.wallet = ?1 AND coalesce(p.paid_at, p.settled_at) >= ?2 AND coalesce(p.paid_at, p.settled_at) < ?3
		AND p.merchant_id = ?4`
	movedRefunds = `FROM refund r JOIN payment p ON p.out_trade_no = r.out_trade_no
		WHERE r.wallet = ?1 AND r.created_at >= ?2 - ?6 AND r.created_at < ?3 + ?5
		AND coalesce(r.settled_at, ?3) >= ?2 - ?5 AND r.state <> 'failed' AND p.merchant_id = ?4`

	paymentMovement = `p.out_trade_no, coalesce(p.transaction_id, ''), '', '', p.amount, p.state,
		coalesce(p.paid_at, p.created_at), coalesce(p.paid_at, p.settled_at)`
	refundMovement = `r.out_trade_no, coalesce(p.transaction_id, ''), r.out_refund_no, coalesce(r.refund_id, ''), r.amount, r.state,
		r.created_at, r.settled_at`
)

func scanMovement(row scanner, m *pos.Movement) error {
	return row.Scan(&m.OutTradeNo, &m.TransactionID, &m.OutRefundNo, &m.RefundID, &m.Amount, &m.State, moment{&m.From}, moment{&m.To})
}

// Movements reads row by row: a day may have a hundred thousand.
func (t *tx) Movements(w pos.Wallet, merchantID string, from, to time.Time, fn func(pos.Movement) error) error {
	if err := t.movements(fn, `SELECT `+paymentMovement+` `+movedPayments, w, from.UnixMilli(), to.UnixMilli(), merchantID); err != nil {
		return err
	}
	return t.movements(fn, `SELECT `+refundMovement+` `+movedRefunds,
		w, from.UnixMilli(), to.UnixMilli(), merchantID, clockSlack.Milliseconds(), longestRefund.Milliseconds())
}

func (t *tx) movements(fn func(pos.Movement) error, query string, args ...any) error {
	if t.broken != nil {
		return t.broken
	}
	rows, err := t.session.query(t.ctx, query, args...)
	if err != nil {
		return t.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m pos.Movement
		if err := scanMovement(rows, &m); err != nil {
			return t.failed(err)
		}
		if err := fn(m); err != nil {
			return err
		}
	}
	return t.failed(rows.Err())
}

// namesAtOnce is how many numbers one question is about.
const namesAtOnce = 500

func (t *tx) MovementsOf(w pos.Wallet, outTradeNos, outRefundNos, transactionIDs []string) (all []pos.Movement, err error) {
	for _, by := range []struct {
		names []string
		query string
	}{
		{outTradeNos, `SELECT ` + paymentMovement + ` FROM payment p WHERE p.wallet = ?1 AND p.out_trade_no IN (SELECT value FROM json_each(?2))`},
		{transactionIDs, `SELECT ` + paymentMovement + ` FROM payment p WHERE p.wallet = ?1 AND p.transaction_id IN (SELECT value FROM json_each(?2))`},
		{outRefundNos, `SELECT ` + refundMovement + ` FROM refund r JOIN payment p ON p.out_trade_no = r.out_trade_no
			WHERE r.wallet = ?1 AND r.out_refund_no IN (SELECT value FROM json_each(?2))`},
	} {
		for begin := 0; begin < len(by.names); begin += namesAtOnce {
			names, err := json.Marshal(by.names[begin:min(begin+namesAtOnce, len(by.names))])
			if err != nil {
				return nil, err
			}
			found, err := list(t, scanMovement, by.query, w, string(names))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

func (t *tx) Standing(w pos.Wallet, merchantID string, from, to time.Time) (s pos.Standing, err error) {
	payments, err := first(t, func(row scanner, s *pos.Standing) error { return row.Scan(&s.Payments, &s.Paid) },
		`SELECT count(*), coalesce(sum(p.amount), 0) `+movedPayments, w, from.UnixMilli(), to.UnixMilli(), merchantID)
	if err != nil {
		return s, err
	}
	refunds, err := first(t, func(row scanner, s *pos.Standing) error { return row.Scan(&s.Refunds, &s.Refunded, &s.Pending) },
		`SELECT count(*) FILTER (WHERE r.state = 'succeeded'), coalesce(sum(r.amount) FILTER (WHERE r.state = 'succeeded'), 0),
			count(*) FILTER (WHERE r.state <> 'succeeded') `+movedRefunds,
		w, from.UnixMilli(), to.UnixMilli(), merchantID, clockSlack.Milliseconds(), longestRefund.Milliseconds())
	if err != nil {
		return s, err
	}
	s = *refunds
	s.Payments, s.Paid = payments.Payments, payments.Paid
	return s, nil
}

func (t *tx) FirstPaid(w pos.Wallet) (at time.Time, err error) {
	found, err := first(t, func(row scanner, at *time.Time) error { return row.Scan(moment{at}) },
		`SELECT coalesce(p.paid_at, p.settled_at) FROM payment p WHERE p.state = 'paid' AND p.wallet = ?
		ORDER BY p.wallet, coalesce(p.paid_at, p.settled_at) LIMIT 1`, w)
	if found != nil {
		at = *found
	}
	return at, err
}

const reconciliationColumns = `c.id, c.wallet, c.day, c.state, c.bill_name, c.bill_hash, c.original_hash, c.downloaded_at, c.compared_at,
	c.lines, c.paid, c.refunded, c.fee, c.own_lines, c.own_paid, c.own_refunded, c.own_fee, c.agree, c.deferred,
	c.ledger_payments, c.ledger_refunds, c.ledger_paid, c.ledger_refunded, c.ledger_pending, c.fees_kept, c.note, c.decided_by, c.decided_at,
	(SELECT count(*) FROM difference d WHERE d.reconciliation_id = c.id),
	(SELECT count(*) FROM difference d WHERE d.reconciliation_id = c.id AND d.state = 'open')`

func scanReconciliation(row scanner, r *pos.Reconciliation) error {
	return row.Scan(&r.ID, &r.Wallet, &r.Day, &r.State, &r.BillName, &r.BillHash, &r.OriginalHash, moment{&r.DownloadedAt}, moment{&r.ComparedAt},
		&r.All.Lines, &r.All.Paid, &r.All.Refunded, &r.All.Fee, &r.Own.Lines, &r.Own.Paid, &r.Own.Refunded, &r.Own.Fee, &r.Agree, &r.Deferred,
		&r.Ledger.Payments, &r.Ledger.Refunds, &r.Ledger.Paid, &r.Ledger.Refunded, &r.Ledger.Pending, &r.FeesKept,
		&r.Note, &r.DecidedBy, moment{&r.DecidedAt}, &r.Differences, &r.Open)
}

func (t *tx) Reconciliation(w pos.Wallet, day pos.Day) (*pos.Reconciliation, error) {
	r, err := first(t, scanReconciliation, `SELECT `+reconciliationColumns+` FROM reconciliation c WHERE c.wallet = ? AND c.day = ?`, w, day)
	if err == nil && r == nil {
		return nil, pos.Errorf(pos.NotFound, "The bill of %s for %s was not compared yet.", w, string(day))
	}
	return r, err
}

func (t *tx) Reconciliations(from, to pos.Day) ([]pos.Reconciliation, error) {
	return list(t, scanReconciliation, `SELECT `+reconciliationColumns+` FROM reconciliation c
		WHERE c.day BETWEEN ? AND ? ORDER BY c.day, c.wallet`, from, to)
}

func (t *tx) SaveReconciliation(r *pos.Reconciliation) error {
	if _, err := t.exec(`INSERT INTO reconciliation (wallet, day, state, bill_name, bill_hash, original_hash, downloaded_at, compared_at,
			lines, paid, refunded, fee, own_lines, own_paid, own_refunded, own_fee, agree, deferred,
			ledger_payments, ledger_refunds, ledger_paid, ledger_refunded, ledger_pending, fees_kept, note, decided_by, decided_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (wallet, day) DO UPDATE SET state = excluded.state, bill_name = excluded.bill_name, bill_hash = excluded.bill_hash,
			original_hash = excluded.original_hash, downloaded_at = excluded.downloaded_at, compared_at = excluded.compared_at,
			lines = excluded.lines, paid = excluded.paid, refunded = excluded.refunded, fee = excluded.fee,
			own_lines = excluded.own_lines, own_paid = excluded.own_paid, own_refunded = excluded.own_refunded, own_fee = excluded.own_fee,
			agree = excluded.agree, deferred = excluded.deferred,
			ledger_payments = excluded.ledger_payments, ledger_refunds = excluded.ledger_refunds, ledger_paid = excluded.ledger_paid,
			ledger_refunded = excluded.ledger_refunded, ledger_pending = excluded.ledger_pending,
			fees_kept = excluded.fees_kept, note = excluded.note, decided_by = excluded.decided_by, decided_at = excluded.decided_at`,
		r.Wallet, r.Day, r.State, r.BillName, r.BillHash, r.OriginalHash, instant(r.DownloadedAt), instant(r.ComparedAt),
		r.All.Lines, r.All.Paid, r.All.Refunded, r.All.Fee, r.Own.Lines, r.Own.Paid, r.Own.Refunded, r.Own.Fee, r.Agree, r.Deferred,
		r.Ledger.Payments, r.Ledger.Refunds, r.Ledger.Paid, r.Ledger.Refunded, r.Ledger.Pending, r.FeesKept,
		r.Note, r.DecidedBy, instant(r.DecidedAt)); err != nil {
		return err
	}
	saved, err := t.Reconciliation(r.Wallet, r.Day)
	if err == nil {
		r.ID = saved.ID
	}
	return err
}

const differenceColumns = `c.wallet, c.day, d.n, d.kind, d.out_trade_no, d.out_refund_no, d.lines,
	d.there_amount, d.there_state, d.there_transaction, d.there_at, d.here_amount, d.here_state, d.here_transaction, d.here_at,
	d.state, d.note, d.decided_by, d.decided_at`

func scanDifference(row scanner, d *pos.Difference) error {
	return row.Scan(&d.Wallet, &d.Day, &d.N, &d.Kind, &d.OutTradeNo, &d.OutRefundNo, &d.Lines,
		&d.There.Amount, &d.There.State, &d.There.TransactionID, moment{&d.There.At},
		&d.Here.Amount, &d.Here.State, &d.Here.TransactionID, moment{&d.Here.At}, &d.State, &d.Note, &d.DecidedBy, moment{&d.DecidedAt})
}

func (t *tx) Differences(reconciliation int64) ([]pos.Difference, error) {
	return list(t, scanDifference, `SELECT `+differenceColumns+` FROM difference d JOIN reconciliation c ON c.id = d.reconciliation_id
		WHERE d.reconciliation_id = ? ORDER BY d.n`, reconciliation)
}

func (t *tx) AddDifference(reconciliation int64, d *pos.Difference) error {
	next, err := first(t, func(row scanner, n *int) error { return row.Scan(n) },
		`SELECT coalesce(max(n), 0) + 1 FROM difference WHERE reconciliation_id = ?`, reconciliation)
	if err != nil {
		return err
	}
	d.N = *next
	_, err = t.exec(`INSERT INTO difference (reconciliation_id, n, kind, out_trade_no, out_refund_no, lines,
			there_amount, there_state, there_transaction, there_at, here_amount, here_state, here_transaction, here_at, state)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		reconciliation, d.N, d.Kind, d.OutTradeNo, d.OutRefundNo, d.Lines,
		d.There.Amount, d.There.State, d.There.TransactionID, instant(d.There.At),
		d.Here.Amount, d.Here.State, d.Here.TransactionID, instant(d.Here.At), d.State)
	return err
}

func (t *tx) SaveDifference(reconciliation int64, d *pos.Difference) error {
	n, err := t.exec(`UPDATE difference SET state = ?, note = ?, decided_by = ?, decided_at = ? WHERE reconciliation_id = ? AND n = ?`,
		d.State, d.Note, d.DecidedBy, instant(d.DecidedAt), reconciliation, d.N)
	if err == nil && n == 0 {
		return pos.Errorf(pos.NotFound, "There is no difference %d on %s.", d.N, string(d.Day))
	}
	return err
}
