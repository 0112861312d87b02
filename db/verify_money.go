package db

import (
	"maps"
	"slices"
	"strings"

	"saoma/pos"
)

func verifyPaymentEntries(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM payment WHERE state = 'paid'`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s: paid %d, entries %d of %d in all', p.out_trade_no, p.amount, count(e.id), coalesce(sum(e.amount), 0))
		FROM payment p LEFT JOIN entry e ON e.out_trade_no = p.out_trade_no AND e.out_refund_no IS NULL
		WHERE p.state = 'paid' GROUP BY p.id
		HAVING count(e.id) <> 1 OR sum(e.amount) <> p.amount OR max(e.wallet) <> p.wallet`)
}

func verifyRefundEntries(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM refund WHERE state = 'succeeded'`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s: refunded %d, entries %d of %d in all', r.out_refund_no, r.amount, count(e.id), coalesce(sum(e.amount), 0))
		FROM refund r LEFT JOIN entry e ON e.out_refund_no = r.out_refund_no
		WHERE r.state = 'succeeded' GROUP BY r.id
		HAVING count(e.id) <> 1 OR sum(e.amount) <> -r.amount OR max(e.out_trade_no) <> r.out_trade_no OR max(e.wallet) <> r.wallet`)
}

func verifyEntries(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM entry`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s %s: entry %d of %d, but the payment is %s and the refund %s', e.out_trade_no,
			coalesce(e.out_refund_no, ''), e.id, e.amount, coalesce(p.state, 'missing'), coalesce(r.state, 'missing'))
		FROM entry e
		LEFT JOIN payment p ON p.out_trade_no = e.out_trade_no
		LEFT JOIN refund r ON r.out_refund_no = e.out_refund_no
		WHERE p.state IS NOT 'paid' OR (e.out_refund_no IS NOT NULL AND r.state IS NOT 'succeeded')
		ORDER BY e.id`)
}

func verifyRefunds(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM refund`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s: %s %d, refunds %d', r.out_trade_no, coalesce(p.state, 'missing'), p.amount, sum(r.amount))
		FROM refund r LEFT JOIN payment p ON p.out_trade_no = r.out_trade_no
		WHERE r.state <> 'failed' GROUP BY r.out_trade_no
		HAVING p.state IS NOT 'paid' OR sum(r.amount) > p.amount`)
}

func verifyEvidence(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM payment_log WHERE state = 'paid'`); err != nil {
		return err
	}
	return v.none(`SELECT format('%s: %s says in %s that %d was paid (log %d)', l.out_trade_no, l.wallet, l.transaction_id, l.amount, l.id)
		FROM payment_log l
		WHERE l.state = 'paid'
		AND NOT EXISTS (SELECT 1 FROM payment p JOIN entry e ON e.out_trade_no = p.out_trade_no AND e.out_refund_no IS NULL
			WHERE p.out_trade_no = l.out_trade_no AND p.wallet = l.wallet AND p.transaction_id = l.transaction_id AND e.amount = l.amount)
		AND NOT EXISTS (SELECT 1 FROM exception x
			WHERE x.out_trade_no = l.out_trade_no AND x.wallet = l.wallet AND x.transaction_id = l.transaction_id)
		ORDER BY l.id`)
}

func verifyTotals(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM day_total`); err != nil {
		return err
	}
	return v.none(`WITH summed (day, counter, cashier, wallet, ` + totalColumns + `) AS (
			SELECT e.day, e.counter, e.cashier, e.wallet, ` + entrySums + `
			FROM entry e GROUP BY e.day, e.counter, e.cashier, e.wallet),
		titled (day, title, ` + totalColumns + `) AS (
			SELECT e.day, p.title, ` + entrySums + `
			FROM entry e JOIN payment p ON p.out_trade_no = e.out_trade_no GROUP BY e.day, p.title)
		SELECT format('%s %s %s %s: total %d in %d less %d in %d, fees %d in %d, entries %d in %d less %d in %d, fees %d in %d',
			coalesce(d.day, s.day), coalesce(d.counter, s.counter), coalesce(d.cashier, s.cashier), coalesce(d.wallet, s.wallet),
			d.paid, d.paid_count, d.refunded, d.refund_count, d.fees, d.fee_count,
			s.paid, s.paid_count, s.refunded, s.refund_count, s.fees, s.fee_count)
		FROM day_total d FULL JOIN summed s
			ON s.day = d.day AND s.counter = d.counter AND s.cashier = d.cashier AND s.wallet = d.wallet
		WHERE (d.paid, d.paid_count, d.refunded, d.refund_count, d.fees, d.fee_count)
			IS NOT (s.paid, s.paid_count, s.refunded, s.refund_count, s.fees, s.fee_count)
		UNION ALL
		SELECT format('%s %s: title total %d in %d less %d in %d, fees %d in %d, entries %d in %d less %d in %d, fees %d in %d',
			coalesce(d.day, s.day), coalesce(d.title, s.title), d.paid, d.paid_count, d.refunded, d.refund_count, d.fees, d.fee_count,
			s.paid, s.paid_count, s.refunded, s.refund_count, s.fees, s.fee_count)
		FROM title_total d FULL JOIN titled s ON s.day = d.day AND s.title = d.title
		WHERE (d.paid, d.paid_count, d.refunded, d.refund_count, d.fees, d.fee_count)
			IS NOT (s.paid, s.paid_count, s.refunded, s.refund_count, s.fees, s.fee_count)
		ORDER BY 1`)
}

func verifyBatches(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM batch`); err != nil {
		return err
	}
	if err := verifySettlements(v); err != nil {
		return err
	}
	return v.none(`WITH stamped AS (
			SELECT 'day' AS kind, day_batch AS id, count(*) AS entries, sum(amount) AS amount, count(fee) AS fee_count
			FROM entry WHERE day_batch IS NOT NULL GROUP BY day_batch
			UNION ALL
			SELECT 'shift', shift_batch, count(*), sum(amount), count(fee)
			FROM entry WHERE shift_batch IS NOT NULL GROUP BY shift_batch
			UNION ALL
			SELECT 'settlement', settlement_batch, count(*), sum(amount), count(fee)
			FROM entry WHERE settlement_batch IS NOT NULL GROUP BY settlement_batch)
		SELECT format('%s %d: counted %d of %d in all, fees of %d, stamped %d of %d in all, fees of %d',
			coalesce(b.kind, s.kind), coalesce(b.id, s.id), b.entries, b.amount, b.fee_count, s.entries, s.amount, s.fee_count)
		FROM batch b FULL JOIN stamped s ON s.kind = b.kind AND s.id = b.id
		WHERE b.id IS NULL OR b.entries <> coalesce(s.entries, 0) OR b.amount <> coalesce(s.amount, 0)
			OR b.fee_count > coalesce(s.fee_count, 0) -- more can become known, never less
		UNION ALL
		SELECT format('entry %d: of the day %s, in the close of %s', e.id, e.day, b.day)
		FROM entry e JOIN batch b ON b.id = e.day_batch WHERE b.day <> e.day
		UNION ALL
		SELECT format('entry %d: of the day %s, which is closed, and in no close of it', e.id, e.day)
		FROM entry e JOIN closed_day c ON c.day = e.day AND c.closed = 1 WHERE e.day_batch IS NULL
		ORDER BY 1`)
}

// verifySettlements counts both ways, like verifyExceptions. Rows of older versions have no fees, and these froze none.
func verifySettlements(v *verifier) error {
	more := map[string]int{} // in the ledger than in the audit chain
	err := v.each(`SELECT wallet || ' ' || day, amount, fees, fee_count FROM batch WHERE kind = 'settlement'`, func(row scanner) error {
		var subject string
		var b pos.Batch
		err := row.Scan(&subject, &b.Amount, &b.Fees, &b.Known)
		more[subject+": "+b.AuditDetail()]++
		return err
	})
	if err != nil {
		return err
	}
	err = v.each(`SELECT subject, detail FROM audit WHERE action = 'settlement'`, func(row scanner) error {
		var subject, detail string
		err := row.Scan(&subject, &detail)
		if !strings.Contains(detail, ",") {
			detail += ", fees 0.00 of 0"
		}
		more[subject+": "+detail]--
		return err
	})
	for _, settlement := range slices.Sorted(maps.Keys(more)) {
		if n := more[settlement]; n != 0 {
			v.broken("settlement %s: %+d in the ledger against the audit chain", settlement, n)
		}
	}
	return err
}
