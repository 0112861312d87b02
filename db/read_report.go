package db

import (
	"context"
	"encoding/hex"

	"saoma/pos"
)

// Quarters adds up the entries of the business days from..to by the quarter of an hour they were booked in, oldest
// first. A quarter lies within one hour of every time zone.
func (l *Ledger) Quarters(ctx context.Context, from, to pos.Day) (all []pos.QuarterTotal, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		all, err = list(t, func(row scanner, q *pos.QuarterTotal) error {
			return row.Scan(moment{&q.Begins}, &q.Paid, &q.PaidCount, &q.Refunded, &q.RefundCount, &q.Fees, &q.FeeCount)
		}, `SELECT at / 900000 * 900000, sum(iif(amount > 0, amount, 0)), sum(amount > 0), -sum(iif(amount < 0, amount, 0)), sum(amount < 0),
				coalesce(sum(fee), 0), count(fee)
			FROM entry WHERE day BETWEEN ? AND ? GROUP BY 1 ORDER BY 1`, from, to)
		return err
	})
	return all, err
}

// TitleTotals adds up the entries of the business days from..to by the title of their payment, the most paid first,
// at most n titles.
func (l *Ledger) TitleTotals(ctx context.Context, from, to pos.Day, n int) (all []pos.TitleTotal, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		all, err = list(t, func(row scanner, q *pos.TitleTotal) error {
			return row.Scan(&q.Title, &q.Paid, &q.PaidCount, &q.Refunded, &q.RefundCount, &q.Fees, &q.FeeCount)
		}, `SELECT title, sum(paid), sum(paid_count), sum(refunded), sum(refund_count), sum(fees), sum(fee_count)
			FROM title_total WHERE day BETWEEN ? AND ? GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?`, from, to, n)
		return err
	})
	return all, err
}

// paymentFee is the fee of a payment p and its refunds; null while one of them is not known.
const paymentFee = `(SELECT e.fee FROM entry e WHERE e.out_trade_no = p.out_trade_no AND e.out_refund_no IS NULL)
	+ (SELECT iif(count(e.fee) = count(*), coalesce(sum(e.fee), 0), NULL)
		FROM refund r JOIN entry e ON e.out_refund_no = r.out_refund_no WHERE r.out_trade_no = p.out_trade_no)`

// followed is a row with one column behind those that are scanned.
type followed struct {
	scanner
	last any
}

func (f followed) Scan(to ...any) error { return f.scanner.Scan(append(to, f.last)...) }

// EachPayment calls fn for every attempt of the orders of the business days from..to, oldest first, and keeps none
// in memory. An error of fn ends it.
func (l *Ledger) EachPayment(ctx context.Context, from, to pos.Day, fn func(*pos.PaymentRow) error) error {
	return l.view(ctx, func(t *tx) error {
		rows, err := t.session.query(ctx, `SELECT `+paymentColumns+`, `+paymentFee+`
			FROM orders o JOIN payment p ON p.order_id = o.id WHERE o.day BETWEEN ? AND ? ORDER BY o.day, o.id, p.id`, from, to)
		if err != nil {
			return t.failed(err)
		}
		defer rows.Close()
		for rows.Next() {
			var p pos.PaymentRow
			if err := scanPayment(followed{rows, fee{&p.Fee}}, &p.Payment); err != nil {
				return t.failed(err)
			}
			if err := fn(&p); err != nil {
				return err
			}
		}
		return t.failed(rows.Err())
	})
}

// EachEntry calls fn for every ledger entry of the business days from..to, in the order they were booked, and keeps none in
// memory: together they are what the totals of these days say. An error of fn ends it.
func (l *Ledger) EachEntry(ctx context.Context, from, to pos.Day, fn func(*pos.EntryRow) error) error {
	return l.view(ctx, func(t *tx) error {
		rows, err := t.session.query(ctx, `SELECT e.at, e.day, p.day, p.title, e.out_trade_no, coalesce(e.out_refund_no, ''), e.wallet, e.counter,
				e.cashier, e.amount, coalesce(iif(e.out_refund_no IS NULL, p.transaction_id, r.refund_id), ''), e.fee
			FROM entry e JOIN payment p ON p.out_trade_no = e.out_trade_no LEFT JOIN refund r ON r.out_refund_no = e.out_refund_no
			WHERE e.day BETWEEN ? AND ? ORDER BY e.day, e.id`, from, to)
		if err != nil {
			return t.failed(err)
		}
		defer rows.Close()
		for rows.Next() {
			var e pos.EntryRow
			if err := rows.Scan(moment{&e.At}, &e.Day, &e.Sold, &e.Title, &e.OutTradeNo, &e.OutRefundNo, &e.Wallet, &e.Counter, &e.Cashier,
				&e.Amount, &e.Number, fee{&e.Fee}); err != nil {
				return t.failed(err)
			}
			if err := fn(&e); err != nil {
				return err
			}
		}
		return t.failed(rows.Err())
	})
}

// CountPayments is how many attempts EachPayment tells of.
func (l *Ledger) CountPayments(ctx context.Context, from, to pos.Day) (n int64, err error) {
	err = l.view(ctx, func(t *tx) error {
		count, err := first(t, func(row scanner, n *int64) error { return row.Scan(n) },
			`SELECT count(*) FROM orders o JOIN payment p ON p.order_id = o.id WHERE o.day BETWEEN ? AND ?`, from, to)
		if count != nil {
			n = *count
		}
		return err
	})
	return n, err
}

// DayCloses are the closes of the business days from..to, by day and in order.
func (l *Ledger) DayCloses(ctx context.Context, from, to pos.Day) (all []pos.Batch, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		all, err = t.Batches(pos.DayBatch, from, to)
		return err
	})
	return all, err
}

// AuditHead is the hash of the audit chain's last row, in hexadecimal.
func (l *Ledger) AuditHead(ctx context.Context) (head string, err error) {
	err = l.view(ctx, func(t *tx) error {
		last, err := t.lastAudit()
		if err == nil {
			head = hex.EncodeToString(last.hash)
		}
		return err
	})
	return head, err
}
