package pos

import "context"

// refundVerdict is what evidence means for a refund.
type refundVerdict struct {
	outcome   Outcome
	to        RefundState // empty: no change
	exception ExceptionKind
}

// decideRefund says what e means for r, which is nil where no such refund exists; covered tells whether
// the payment has the money for a refund that had failed. It is pure.
func decideRefund(r *Refund, e RefundEvidence, covered bool) refundVerdict {
	succeeded := e.State == RefundSucceeded
	switch {
	case r == nil && succeeded: // made on the platform's site, behind the counter's back
		return refundVerdict{outcome: Excepted, exception: UnknownOrder}
	case r == nil:
		return refundVerdict{outcome: Ignored}
	case e.Wallet != r.Wallet || e.OutTradeNo != r.OutTradeNo || (succeeded && e.Amount != r.Amount):
		return refundVerdict{outcome: Excepted, exception: AmountMismatch}
	case e.State == r.State:
		return refundVerdict{outcome: Replayed}
	case r.State == RefundFailed && succeeded && covered: // the money went back, so it is booked
		return refundVerdict{outcome: Credited, to: RefundSucceeded, exception: LateRefund}
	case r.State == RefundFailed && succeeded:
		return refundVerdict{outcome: Excepted, exception: LateRefund}
	case e.State == "" || e.State == RefundRequested || r.State.Final():
		return refundVerdict{outcome: Ignored}
	case e.State == RefundProcessing && r.State == RefundAbnormal:
		return refundVerdict{outcome: Ignored}
	case succeeded:
		return refundVerdict{outcome: Credited, to: RefundSucceeded}
	case e.State == RefundAbnormal:
		return refundVerdict{outcome: Recorded, to: RefundAbnormal, exception: RefundIsAbnormal}
	case e.State == RefundFailed && r.State == RefundProcessing: // the customer was told that money comes back
		return refundVerdict{outcome: Recorded, to: RefundFailed, exception: RefundIsAbnormal}
	}
	return refundVerdict{outcome: Recorded, to: e.State}
}

// SettleRefund is Settle for refunds: the only way to "succeeded".
func (t *Till) SettleRefund(ctx context.Context, e RefundEvidence) (Outcome, error) {
	var v refundVerdict
	err := t.update(ctx, func(tx Tx) (changes []Event, err error) {
		r, covered, err := refundAndCover(tx, e.OutRefundNo)
		if err != nil {
			return nil, err
		}
		v = decideRefund(r, e, covered)
		if v.to != "" {
			if err = t.applyRefund(tx, r, e, v.to); err != nil {
				return nil, err
			}
			changes = refundChanged(r)
		}
		if v.exception == "" {
			if v.to != "" {
				err = tx.Log(logOfRefund(e))
			}
			return changes, err
		}
		raised, err := raise(tx, Exception{
			Kind: v.exception, Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, OutRefundNo: e.OutRefundNo,
			TransactionID: e.RefundID, Amount: e.Amount, Currency: CNY, PaidAt: e.At,
		}, logOfRefund(e))
		return append(changes, raised...), err
	})
	if err != nil {
		return "", err
	}
	return v.outcome, nil
}

// refundChanged is the event that tells of r.
func refundChanged(r *Refund) []Event { return []Event{{Kind: RefundChanged, Refund: r}} }

// refundAndCover reads a refund, nil where there is none, and whether its payment still has the money for
// it although it does not hold it.
func refundAndCover(tx Tx, outRefundNo string) (r *Refund, covered bool, err error) {
	r, err = tx.Refund(outRefundNo)
	if CodeOf(err) == NotFound {
		return nil, false, nil
	}
	if err != nil || r.State.Holds() {
		return r, true, err
	}
	p, err := tx.Payment(r.OutTradeNo)
	if err != nil {
		return nil, false, err
	}
	refunds, err := tx.RefundsOf(r.OutTradeNo)
	if err != nil {
		return nil, false, err
	}
	left, err := refundable(p, refunds)
	return r, left >= r.Amount, err
}

// applyRefund moves r to another state, with the ledger entry if that is succeeded.
func (t *Till) applyRefund(tx Tx, r *Refund, e RefundEvidence, to RefundState) error {
	from := r.State
	r.State = to
	if e.RefundID != "" {
		r.RefundID = e.RefundID
	}
	if r.State.Final() {
		r.SettledAt = tx.Now()
	}
	if err := tx.SaveRefund(r, from); err != nil {
		return err
	}
	if err := tx.Audit(AuditEntry{
		Actor: string(e.Source), Action: "settle", Subject: r.subject(), From: string(from), To: string(r.State), Detail: r.RefundID,
	}); err != nil {
		return err
	}
	if to != RefundSucceeded {
		return nil
	}
	p, err := tx.Payment(r.OutTradeNo)
	if err != nil {
		return err
	}
	return t.enter(tx, Entry{
		OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Wallet: p.Wallet, Counter: p.Counter,
		Cashier: p.Cashier, Amount: -r.Amount,
	})
}

func logOfRefund(e RefundEvidence) LogEntry {
	return LogEntry{
		Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.RefundID,
		Source: e.Source, State: "refund " + string(e.State), Amount: e.Amount, Raw: e.Raw,
	}
}
