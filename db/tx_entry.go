package db

import "saoma/pos"

// addTotal adds a total to the one that is there.
const addTotal = `paid = paid + excluded.paid, paid_count = paid_count + excluded.paid_count,
	refunded = refunded + excluded.refunded, refund_count = refund_count + excluded.refund_count`

// AddEntry appends an entry and adds it to its day's totals.
func (t *tx) AddEntry(e pos.Entry) error {
	if _, err := t.exec(`INSERT INTO entry (out_trade_no, out_refund_no, wallet, counter, cashier, amount, day, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.OutTradeNo, text(e.OutRefundNo), e.Wallet, e.Counter, e.Cashier, e.Amount, e.Day, t.now.UnixMilli()); err != nil {
		return err
	}
	total := pos.Totals{Paid: e.Amount, PaidCount: 1}
	if e.Amount < 0 {
		total = pos.Totals{Refunded: -e.Amount, RefundCount: 1}
	}
	if _, err := t.exec(`INSERT INTO title_total (day, title, paid, paid_count, refunded, refund_count)
		SELECT ?, title, ?, ?, ?, ? FROM payment WHERE out_trade_no = ?
		ON CONFLICT (day, title) DO UPDATE SET `+addTotal,
		e.Day, total.Paid, total.PaidCount, total.Refunded, total.RefundCount, e.OutTradeNo); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO day_total (day, counter, cashier, wallet, paid, paid_count, refunded, refund_count)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (day, counter, cashier, wallet) DO UPDATE SET `+addTotal,
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
