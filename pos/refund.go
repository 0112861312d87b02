package pos

import "context"

// RefundRequest is what a person asks to give back, in full or in part.
type RefundRequest struct {
	OutTradeNo string
	Amount     Fen
	Reason     string
	Actor      string
}

// Refund makes a refund durable and asks the platform for it. The refund it returns is succeeded,
// failed, processing, or still requested where the answer is not clear: the Poller then goes on under
// the same number.
func (t *Till) Refund(ctx context.Context, r RefundRequest) (*Refund, error) {
	if r.Amount < 1 {
		return nil, Errorf(Invalid, "The amount must be at least ¥%s.", Fen(1))
	}
	if err := CheckTitle(r.Reason); err != nil {
		return nil, err
	}
	var refund *Refund
	err := t.Store.Update(ctx, func(tx Tx) error {
		p, err := tx.Payment(r.OutTradeNo)
		if err != nil {
			return err
		}
		left, err := refundable(tx, p)
		if err != nil {
			return err
		}
		if r.Amount > left {
			return Errorf(Conflict, "At most ¥%s of this payment can still be refunded.", left)
		}
		refund = &Refund{
			OutRefundNo: "R" + t.Shop.mint(tx.Now()), OutTradeNo: p.OutTradeNo, Wallet: p.Wallet,
			Amount: r.Amount, Reason: r.Reason, State: RefundRequested, RequestedBy: r.Actor,
			CreatedAt: tx.Now(), Day: t.Shop.Day(tx.Now()),
		}
		if err := tx.AddRefund(refund); err != nil {
			return err
		}
		return tx.Audit(AuditEntry{
			Actor: r.Actor, Action: "refund", Subject: refund.OutRefundNo, To: string(RefundRequested),
			Detail: p.OutTradeNo + " " + r.Amount.String(), // the reason, a person's words, is in the refund
		})
	})
	if err != nil {
		return nil, err
	}
	t.publish(Event{Kind: RefundChanged, Refund: refund})
	return t.CheckRefund(ctx, refund.OutRefundNo)
}

// refundable is what of p is neither refunded nor promised to a refund under way.
func refundable(tx Tx, p *Payment) (Fen, error) {
	if err := p.State.CanRefund(); err != nil {
		return 0, err
	}
	refunds, err := tx.RefundsOf(p.OutTradeNo)
	if err != nil {
		return 0, err
	}
	left := p.Amount
	for _, r := range refunds {
		if r.State.Holds() {
			left -= r.Amount
		}
	}
	return left, nil
}

// CheckRefund asks the platform about one refund now and returns it as it then stands. An unclear
// answer is no error: the state says what is known.
func (t *Till) CheckRefund(ctx context.Context, outRefundNo string) (*Refund, error) {
	asked := t.attempts.with(ctx, outRefundNo, func() error { return t.stepRefund(ctx, outRefundNo, FromCheck) })
	r, _, err := t.refund(context.WithoutCancel(ctx), outRefundNo)
	if err != nil {
		return nil, err
	}
	if r.State == RefundFailed {
		return r, Errorf(Conflict, "%s refused the refund; no money went back.", r.Wallet).Because(asked)
	}
	return r, nil
}

// refund reads a refund and its payment.
func (t *Till) refund(ctx context.Context, outRefundNo string) (r *Refund, p *Payment, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		if r, err = tx.Refund(outRefundNo); err != nil {
			return err
		}
		p, err = tx.Payment(r.OutTradeNo)
		return err
	})
	return r, p, err
}

// stepRefund asks the platform whatever the refund's state calls for, and settles the answer.
func (t *Till) stepRefund(ctx context.Context, outRefundNo string, source Source) error {
	r, p, err := t.refund(ctx, outRefundNo)
	if err != nil || r.State.Final() {
		return err
	}
	g, err := t.gateway(r.Wallet)
	if err != nil {
		return err
	}
	ask := g.QueryRefund
	if r.State == RefundRequested {
		ask = g.Refund
	}
	e, err := ask(ctx, p, r)
	t.heard(ctx, r.Wallet, t.now(), err)
	if FailureOf(err) == Refused {
		return t.refuseRefund(ctx, g, p, r, source, err)
	}
	if err != nil {
		t.noAnswer(ctx, p, r, err)
		return err
	}
	e.Source = source
	_, err = t.SettleRefund(context.WithoutCancel(ctx), e)
	return err
}

// refuseRefund handles a definite no. An earlier request of unknown outcome may have gone through all
// the same, so the refund has failed only if the platform does not know it.
func (t *Till) refuseRefund(ctx context.Context, g Gateway, p *Payment, r *Refund, source Source, refusal error) error {
	e, err := g.QueryRefund(ctx, p, r)
	if err != nil {
		return err
	}
	if e.State == "" {
		e.State = RefundFailed
	}
	e.Source = source
	if _, err = t.SettleRefund(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	return refusal
}

// refundVerdict is what evidence means for a refund.
type refundVerdict struct {
	outcome   Outcome
	to        RefundState // empty: no change
	exception ExceptionKind
}

// decideRefund says what e means for r, which is nil where no such refund exists. It is pure.
func decideRefund(r *Refund, e RefundEvidence) refundVerdict {
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
	case r.State == RefundFailed && succeeded: // it cannot be, so a person must look
		return refundVerdict{outcome: Excepted, exception: RefundIsAbnormal}
	case e.State == "" || e.State == RefundRequested || r.State.Final():
		return refundVerdict{outcome: Ignored}
	case e.State == RefundProcessing && r.State == RefundAbnormal:
		return refundVerdict{outcome: Ignored}
	case succeeded:
		return refundVerdict{outcome: Credited, to: RefundSucceeded}
	case e.State == RefundAbnormal:
		return refundVerdict{outcome: Recorded, to: RefundAbnormal, exception: RefundIsAbnormal}
	}
	return refundVerdict{outcome: Recorded, to: e.State}
}

// SettleRefund is Settle for refunds: the only way to "succeeded".
func (t *Till) SettleRefund(ctx context.Context, e RefundEvidence) (Outcome, error) {
	var (
		v      refundVerdict
		r      *Refund
		raised *Exception
	)
	err := t.Store.Update(ctx, func(tx Tx) (err error) {
		if r, err = tx.Refund(e.OutRefundNo); CodeOf(err) == NotFound {
			r = nil
		} else if err != nil {
			return err
		}
		v = decideRefund(r, e)
		if v.to != "" {
			if err = t.applyRefund(tx, r, e, v); err != nil {
				return err
			}
		}
		if v.exception != "" {
			raised, err = raise(tx, Exception{
				Kind: v.exception, Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, OutRefundNo: e.OutRefundNo,
				TransactionID: e.RefundID, Amount: e.Amount,
			}, logOfRefund(e))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if v.to != "" {
		t.publish(Event{Kind: RefundChanged, Refund: r})
	}
	if raised != nil {
		t.publish(Event{Kind: ExceptionRaised, Exception: raised})
	}
	return v.outcome, nil
}

// applyRefund moves r to v.to, with the ledger entry if that is succeeded.
func (t *Till) applyRefund(tx Tx, r *Refund, e RefundEvidence, v refundVerdict) error {
	from := r.State
	r.State = v.to
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
		Actor: string(e.Source), Action: "settle", Subject: r.OutRefundNo, From: string(from), To: string(r.State), Detail: r.RefundID,
	}); err != nil {
		return err
	}
	if v.exception == "" {
		if err := tx.Log(logOfRefund(e)); err != nil {
			return err
		}
	}
	if v.to != RefundSucceeded {
		return nil
	}
	p, err := tx.Payment(r.OutTradeNo)
	if err != nil {
		return err
	}
	return tx.AddEntry(Entry{
		OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Wallet: p.Wallet, Counter: p.Counter,
		Cashier: p.Cashier, Amount: -r.Amount, Day: t.Shop.Day(tx.Now()),
	})
}

func logOfRefund(e RefundEvidence) LogEntry {
	return LogEntry{
		Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.RefundID,
		Source: e.Source, State: "refund " + string(e.State), Amount: e.Amount, Raw: e.Raw,
	}
}
