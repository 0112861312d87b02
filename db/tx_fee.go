package db

import (
	"encoding/json"

	"saoma/pos"
)

// keepFees puts fees on entries, named by their ids, after it has changed the totals by what is new about them.
var keepFees = []string{
	`UPDATE day_total SET fees = day_total.fees + more.fees, fee_count = fee_count + n
		FROM (SELECT e.day, e.counter, e.cashier, e.wallet, sum(j.value - coalesce(e.fee, 0)) AS fees, sum(e.fee IS NULL) AS n
			FROM json_each(?) j CROSS JOIN entry e ON e.id = CAST(j.key AS INTEGER) GROUP BY 1, 2, 3, 4) more
		WHERE day_total.day = more.day AND day_total.counter = more.counter AND day_total.cashier = more.cashier AND day_total.wallet = more.wallet`,
	`UPDATE title_total SET fees = title_total.fees + more.fees, fee_count = fee_count + n
		FROM (SELECT e.day, p.title, sum(j.value - coalesce(e.fee, 0)) AS fees, sum(e.fee IS NULL) AS n
			FROM json_each(?) j CROSS JOIN entry e ON e.id = CAST(j.key AS INTEGER) JOIN payment p ON p.out_trade_no = e.out_trade_no GROUP BY 1, 2) more
		WHERE title_total.day = more.day AND title_total.title = more.title`,
	`UPDATE entry SET fee = j.value FROM json_each(?) j WHERE entry.id = CAST(j.key AS INTEGER)`,
}

// SaveFees hands each statement all its fees as one JSON object: a statement for each fee would take several times as long,
// and a sale waits meanwhile. Fees that are known as they are cost no write.
func (t *tx) SaveFees(fees []pos.EntryFee) error {
	payments, refunds := map[string]pos.Fen{}, map[string]pos.Fen{}
	for _, f := range fees {
		if f.OutRefundNo == "" {
			payments[f.OutTradeNo] = f.Amount
		} else {
			refunds[f.OutRefundNo] = f.Amount
		}
	}
	told := map[int64]pos.Fen{}
	if err := t.tellFees(told, payments, `e.out_trade_no = j.key AND e.out_refund_no IS NULL`); err != nil {
		return err
	}
	if err := t.tellFees(told, refunds, `e.out_refund_no = j.key`); err != nil || len(told) == 0 {
		return err
	}
	text, err := json.Marshal(told)
	if err != nil {
		return err
	}
	for _, statement := range keepFees {
		if _, err := t.exec(statement, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// tellFees adds to told, by entry, the fees that are not known yet as they are told; where finds the entry of a number.
func (t *tx) tellFees(told map[int64]pos.Fen, fees map[string]pos.Fen, where string) error {
	text, err := json.Marshal(fees)
	if err != nil {
		return err
	}
	_, err = list(t, func(row scanner, _ *struct{}) error {
		var entry int64
		var fee pos.Fen
		err := row.Scan(&entry, &fee)
		told[entry] = fee
		return err
	}, `SELECT e.id, j.value FROM json_each(?) j CROSS JOIN entry e ON `+where+` WHERE e.fee IS NOT j.value`, string(text))
	return err
}
