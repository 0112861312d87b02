package db

import "saoma/pos"

func (t *tx) AddPayment(p *pos.Payment) error {
	_, err := t.exec(`INSERT INTO payment (out_trade_no, order_id, wallet, merchant_id, app_id, amount, title,
			counter, cashier, state, code_url, created_at, expires_at, shown_at, day)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.OutTradeNo, p.OrderID, p.Wallet, p.Account.MerchantID, p.Account.AppID, p.Amount, p.Title,
		p.Counter, p.Cashier, p.State, p.CodeURL, p.CreatedAt.UnixMilli(), p.ExpiresAt.UnixMilli(), instant(p.ShownAt), p.Day)
	return err
}

// paymentColumns has what was refunded worked out, so that it cannot differ from the refunds.
const paymentColumns = `p.out_trade_no, p.order_id, p.wallet, p.merchant_id, p.app_id, p.amount, p.title,
	p.counter, p.cashier, p.state, p.code_url, p.created_at, p.expires_at, p.shown_at,
	coalesce(p.transaction_id, ''), p.paid_at, p.settled_at, coalesce(p.confirmed_by, ''), p.day,
	(SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.out_trade_no = p.out_trade_no AND r.state = 'succeeded')`

func scanPayment(row scanner, p *pos.Payment) error {
	return row.Scan(&p.OutTradeNo, &p.OrderID, &p.Wallet, &p.Account.MerchantID, &p.Account.AppID, &p.Amount, &p.Title,
		&p.Counter, &p.Cashier, &p.State, &p.CodeURL, moment{&p.CreatedAt}, moment{&p.ExpiresAt}, moment{&p.ShownAt},
		&p.TransactionID, moment{&p.PaidAt}, moment{&p.SettledAt}, &p.ConfirmedBy, &p.Day, &p.Refunded)
}

const selectPayment = `SELECT ` + paymentColumns + ` FROM payment p `

func (t *tx) Payment(outTradeNo string) (*pos.Payment, error) {
	p, err := first(t, scanPayment, selectPayment+`WHERE p.out_trade_no = ?`, outTradeNo)
	if err == nil && p == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no payment %s.", outTradeNo)
	}
	return p, err
}

func (t *tx) PaymentByTransaction(w pos.Wallet, transactionID string) (*pos.Payment, error) {
	p, err := first(t, scanPayment, selectPayment+`WHERE p.wallet = ? AND p.transaction_id = ?`, w, transactionID)
	if err == nil && p == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no payment %s.", transactionID)
	}
	return p, err
}

func (t *tx) PaymentsOf(orderID int64) ([]pos.Payment, error) {
	return list(t, scanPayment, selectPayment+`WHERE p.order_id = ? ORDER BY p.id`, orderID)
}

func (t *tx) UnfinishedPayments() ([]pos.Payment, error) {
	return list(t, scanPayment, selectPayment+
		`WHERE p.state IN ('created', 'waiting', 'closing') ORDER BY p.created_at, p.id`)
}

func (t *tx) RecentPayments(n int) ([]pos.Payment, error) {
	return list(t, scanPayment, selectPayment+`ORDER BY p.id DESC LIMIT ?`, n)
}

func (t *tx) SavePayment(p *pos.Payment, from pos.PaymentState) error {
	n, err := t.exec(`UPDATE payment SET state = ?, amount = ?, code_url = ?, expires_at = ?, shown_at = ?,
			transaction_id = ?, paid_at = ?, settled_at = ?, confirmed_by = ?
		WHERE out_trade_no = ? AND state = ?`,
		p.State, p.Amount, p.CodeURL, p.ExpiresAt.UnixMilli(), instant(p.ShownAt),
		text(p.TransactionID), instant(p.PaidAt), instant(p.SettledAt), text(p.ConfirmedBy), p.OutTradeNo, from)
	if err != nil || n == 1 {
		return err
	}
	if _, err := t.Payment(p.OutTradeNo); err != nil {
		return err
	}
	return pos.Errorf(pos.Conflict, "This payment has changed meanwhile; look at it again.")
}
