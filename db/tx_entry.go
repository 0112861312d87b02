package db

import "saoma/pos"

// AddEntry appends an entry and adds it to its day's total.
func (t *tx) AddEntry(e pos.Entry) error {
	if _, err := t.exec(`INSERT INTO entry (out_trade_no, out_refund_no, wallet, counter, cashier, amount, day, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.OutTradeNo, text(e.OutRefundNo), e.Wallet, e.Counter, e.Cashier, e.Amount, e.Day, t.now.UnixMilli()); err != nil {
		return err
	}
	total := pos.DayTotal{Paid: e.Amount, PaidCount: 1}
	if e.Amount < 0 {
		total = pos.DayTotal{Refunded: -e.Amount, RefundCount: 1}
	}
	_, err := t.exec(`INSERT INTO day_total (day, counter, cashier, wallet, paid, paid_count, refunded, refund_count)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (day, counter, cashier, wallet) DO UPDATE SET
			paid = paid + excluded.paid, paid_count = paid_count + excluded.paid_count,
			refunded = refunded + excluded.refunded, refund_count = refund_count + excluded.refund_count`,
		e.Day, e.Counter, e.Cashier, e.Wallet, total.Paid, total.PaidCount, total.Refunded, total.RefundCount)
	return err
}

func (t *tx) Log(l pos.LogEntry) error {
	raw := l.Raw
	if raw == nil {
		raw = []byte{}
	}
	_, err := t.exec(`INSERT INTO payment_log (at, wallet, out_trade_no, transaction_id, source, state, amount, raw)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		t.now.UnixMilli(), l.Wallet, l.OutTradeNo, l.TransactionID, l.Source, l.State, l.Amount, raw)
	return err
}

func (t *tx) Raise(x pos.Exception) (raised bool, err error) {
	n, err := t.exec(`INSERT INTO exception (kind, wallet, out_trade_no, out_refund_no, transaction_id, amount, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, wallet, out_trade_no, out_refund_no, transaction_id) DO NOTHING`,
		x.Kind, x.Wallet, x.OutTradeNo, x.OutRefundNo, x.TransactionID, x.Amount, t.now.UnixMilli())
	return n == 1, err
}

const exceptionColumns = `x.id, x.kind, x.wallet, x.out_trade_no, x.out_refund_no, x.transaction_id, x.amount, x.created_at, x.resolved`

func scanException(row scanner, x *pos.Exception) error {
	return row.Scan(&x.ID, &x.Kind, &x.Wallet, &x.OutTradeNo, &x.OutRefundNo, &x.TransactionID, &x.Amount, moment{&x.CreatedAt}, &x.Resolved)
}

func (t *tx) OpenExceptions() ([]pos.Exception, error) {
	return list(t, scanException, `SELECT `+exceptionColumns+` FROM exception x WHERE x.resolved = 0 ORDER BY x.id`)
}
