package db

import "saoma/pos"

func (t *tx) Raise(x *pos.Exception) (raised bool, err error) {
	r, err := t.run(`INSERT INTO exception (kind, wallet, out_trade_no, out_refund_no, transaction_id, amount, currency,
			merchant_id, app_id, paid_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, wallet, out_trade_no, out_refund_no, transaction_id) DO NOTHING`,
		x.Kind, x.Wallet, x.OutTradeNo, x.OutRefundNo, x.TransactionID, x.Amount, x.Currency,
		x.Account.MerchantID, x.Account.AppID, instant(x.PaidAt), t.now.UnixMilli())
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return false, t.failed(err)
	}
	x.ID, err = r.LastInsertId()
	return true, t.failed(err)
}

const exceptionColumns = `x.id, x.kind, x.wallet, x.out_trade_no, x.out_refund_no, x.transaction_id, x.amount,
	x.currency, x.merchant_id, x.app_id, x.paid_at, x.created_at, x.resolution, x.note, x.resolved_by, x.resolved_at,
	coalesce((SELECT p.state FROM payment p WHERE p.out_trade_no = x.out_trade_no), ''),
	EXISTS (SELECT 1 FROM payment p WHERE p.out_trade_no = x.out_trade_no AND p.wallet = x.wallet
		AND p.transaction_id = x.transaction_id AND p.state = 'paid')`

func scanException(row scanner, x *pos.Exception) error {
	return row.Scan(&x.ID, &x.Kind, &x.Wallet, &x.OutTradeNo, &x.OutRefundNo, &x.TransactionID, &x.Amount,
		&x.Currency, &x.Account.MerchantID, &x.Account.AppID, moment{&x.PaidAt}, moment{&x.CreatedAt},
		&x.Resolution, &x.Note, &x.ResolvedBy, moment{&x.ResolvedAt}, &x.Attempt, &x.Credited)
}

func (t *tx) OpenExceptions() ([]pos.Exception, error) {
	return list(t, scanException, `SELECT `+exceptionColumns+` FROM exception x WHERE x.resolved = 0 ORDER BY x.id`)
}

func (t *tx) ResolvedExceptions(n int) ([]pos.Exception, error) {
	return list(t, scanException, `SELECT `+exceptionColumns+` FROM exception x WHERE x.resolved = 1 ORDER BY x.resolved_at DESC, x.id DESC LIMIT ?`, n)
}

func (t *tx) Exception(id int64) (*pos.Exception, error) {
	x, err := first(t, scanException, `SELECT `+exceptionColumns+` FROM exception x WHERE x.id = ?`, id)
	if err == nil && x == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no exception %d.", id)
	}
	return x, err
}

func (t *tx) Resolve(x *pos.Exception) error {
	n, err := t.exec(`UPDATE exception SET resolved = 1, resolution = ?, note = ?, resolved_by = ?, resolved_at = ?
		WHERE id = ? AND resolved = 0`, x.Resolution, x.Note, x.ResolvedBy, instant(x.ResolvedAt), x.ID)
	if err != nil || n == 1 {
		return err
	}
	if _, err := t.Exception(x.ID); err != nil {
		return err
	}
	return pos.Errorf(pos.Conflict, "This exception has been resolved already.")
}
