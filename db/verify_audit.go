package db

import "saoma/pos"

// verifyChain works out every hash again.
func verifyChain(v *verifier) error {
	_, err := v.walkChain(func(r *AuditRow, broken string) {
		v.check.Counted++
		if broken != "" {
			v.broken("row %d: %s", r.Seq, broken)
		}
	})
	return err
}

// verifyStates follows every payment and refund through its audit rows to the state it is in.
func verifyStates(v *verifier) error {
	var subject, state, reached string
	arrived := func() {
		if subject != "" && reached != state {
			v.broken("%s: %s, but its last audit row says %q", subject, state, reached)
		}
	}
	err := v.each(`WITH thing AS (
			SELECT out_trade_no AS no, state, 0 AS refund FROM payment
			UNION ALL SELECT iif(out_refund_no = out_trade_no, 'refund ' || out_refund_no, out_refund_no), state, 1 FROM refund)
		SELECT t.no, t.state, t.refund, coalesce(a.seq, 0), coalesce(a.from_state, ''), coalesce(a.to_state, '')
		FROM thing t LEFT JOIN audit a ON a.subject = t.no AND a.to_state <> ''
		ORDER BY t.no, a.seq`, func(row scanner) error {
		var no, now, from, to string
		var refund bool
		var seq int64
		if err := row.Scan(&no, &now, &refund, &seq, &from, &to); err != nil {
			return err
		}
		if no != subject {
			arrived()
			subject, state, reached = no, now, ""
			v.check.Counted++
		}
		legal := legalPayment(pos.PaymentState(from), pos.PaymentState(to))
		if refund {
			legal = legalRefund(pos.RefundState(from), pos.RefundState(to))
		}
		switch {
		case seq == 0: // no audit row at all: arrived says so
		case from != reached:
			v.broken("%s: audit row %d comes from %q, the one before it went to %q", no, seq, from, reached)
		case from != to && !legal:
			v.broken("%s: audit row %d goes from %q to %q", no, seq, from, to)
		}
		reached = to
		return nil
	})
	arrived()
	return err
}

// legalPayment is the rule of the trigger payment_moves_on.
func legalPayment(from, to pos.PaymentState) bool {
	switch from {
	case "":
		return to == pos.Created
	case pos.Created:
		return true
	case pos.Waiting:
		return to == pos.Closing || to == pos.Closed || to == pos.Paid
	case pos.Closing:
		return to == pos.Closed || to == pos.Paid
	case pos.Closed, pos.Rejected:
		return to == pos.Paid
	}
	return false
}

// legalRefund is the rule of the trigger refund_moves_on.
func legalRefund(from, to pos.RefundState) bool {
	switch from {
	case "":
		return to == pos.RefundRequested
	case pos.RefundRequested:
		return true
	case pos.RefundProcessing:
		return to == pos.RefundSucceeded || to == pos.RefundAbnormal || to == pos.RefundFailed
	case pos.RefundAbnormal:
		return to == pos.RefundSucceeded || to == pos.RefundFailed
	case pos.RefundFailed:
		return to == pos.RefundSucceeded
	}
	return false
}
