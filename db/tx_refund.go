package db

import "saoma/pos"

func (t *tx) AddRefund(r *pos.Refund) error {
	_, err := t.exec(`INSERT INTO refund (out_refund_no, out_trade_no, wallet, amount, reason, state, refund_id, requested_by, approved_by, created_at, day)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.OutRefundNo, r.OutTradeNo, r.Wallet, r.Amount, r.Reason, r.State, text(r.RefundID), r.RequestedBy, r.ApprovedBy, r.CreatedAt.UnixMilli(), r.Day)
	return err
}

const refundColumns = `r.out_refund_no, r.out_trade_no, r.wallet, r.amount, r.reason, r.state,
	coalesce(r.refund_id, ''), r.requested_by, r.approved_by, r.created_at, r.asked_at, r.settled_at, r.day`

func scanRefund(row scanner, r *pos.Refund) error {
	return row.Scan(&r.OutRefundNo, &r.OutTradeNo, &r.Wallet, &r.Amount, &r.Reason, &r.State,
		&r.RefundID, &r.RequestedBy, &r.ApprovedBy, moment{&r.CreatedAt}, moment{&r.AskedAt}, moment{&r.SettledAt}, &r.Day)
}

const selectRefund = `SELECT ` + refundColumns + ` FROM refund r `

func (t *tx) Refund(outRefundNo string) (*pos.Refund, error) {
	r, err := first(t, scanRefund, selectRefund+`WHERE r.out_refund_no = ?`, outRefundNo)
	if err == nil && r == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no refund %s.", outRefundNo)
	}
	return r, err
}

func (t *tx) RefundsOf(outTradeNo string) ([]pos.Refund, error) {
	return list(t, scanRefund, selectRefund+`WHERE r.out_trade_no = ? ORDER BY r.id`, outTradeNo)
}

func (t *tx) UnfinishedRefunds() ([]pos.Refund, error) {
	return list(t, scanRefund, selectRefund+
		`WHERE r.state IN ('requested', 'processing', 'abnormal') ORDER BY r.created_at, r.id`)
}

func (t *tx) SaveRefund(r *pos.Refund, from pos.RefundState) error {
	n, err := t.exec(`UPDATE refund SET state = ?, refund_id = ?, asked_at = ?, settled_at = ? WHERE out_refund_no = ? AND state = ?`,
		r.State, text(r.RefundID), instant(r.AskedAt), instant(r.SettledAt), r.OutRefundNo, from)
	if err != nil || n == 1 {
		return err
	}
	if _, err := t.Refund(r.OutRefundNo); err != nil {
		return err
	}
	return pos.Errorf(pos.Conflict, "This refund has changed meanwhile; look at it again.")
}
