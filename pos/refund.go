package pos

import (
	"context"
	"errors"
	"strings"
	"time"
)

// RefundRequest is what a person asks to give back, in full or in part.
type RefundRequest struct {
	OutTradeNo string
	Amount     Fen
	Reason     string
	Actor      string
	Approval   *Approval // by Approve, where the actor's role asks for it; else nil
}

// Refund makes a refund durable and asks the platform for it. The refund it returns is succeeded,
// failed, processing, or still requested where the answer is not clear: the Poller then goes on under
// the same number. Where it needs a supervisor's approval the error is NeedsApproval.
func (t *Till) Refund(ctx context.Context, r RefundRequest) (*Refund, error) {
	if r.Amount < 1 {
		return nil, Errorf(Invalid, "The amount must be at least ¥%s.", Fen(1))
	}
	r.Reason = strings.TrimSpace(r.Reason)
	if err := CheckTitle(r.Reason); err != nil {
		return nil, err
	}
	var (
		refund     *Refund
		approvedBy string
	)
	err := t.update(ctx, func(tx Tx) (_ []Event, err error) {
		if approvedBy, err = t.allowRefund(tx, r); err != nil {
			return nil, err
		}
		refund, err = t.addRefund(tx, r, approvedBy)
		return refundChanged(refund), err
	})
	if err != nil {
		if approvedBy != "" {
			r.Approval.used.Store(false) // nothing was recorded: it holds for the next try
		}
		return nil, err
	}
	return t.CheckRefund(ctx, refund.OutRefundNo)
}

// addRefund makes a refund durable before anything leaves the machine, unless the payment or the
// platform's rules do not allow it.
func (t *Till) addRefund(tx Tx, r RefundRequest, approvedBy string) (*Refund, error) {
	p, err := tx.Payment(r.OutTradeNo)
	if err != nil {
		return nil, err
	}
	refunds, err := tx.RefundsOf(p.OutTradeNo)
	if err != nil {
		return nil, err
	}
	left, err := refundable(p, refunds)
	if err != nil {
		return nil, err
	}
	if left < 1 && p.Refunded < p.Amount {
		return nil, Errorf(Conflict, "Other refunds of this payment are under way or hold what is left.")
	}
	if r.Amount > left || r.Amount < 1 {
		return nil, Errorf(Conflict, "At most ¥%s of this payment can still be refunded.", left)
	}
	if g, ok := t.Gateways[p.Wallet].(RefundLimiter); ok {
		if err := g.RefundLimits().check(p, refunds, tx.Now()); err != nil {
			return nil, err
		}
	}
	refund := &Refund{
		OutRefundNo: "R" + t.Shop.mint(tx.Now()), OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Amount: r.Amount,
		Reason: r.Reason, State: RefundRequested, RequestedBy: r.Actor, ApprovedBy: approvedBy, CreatedAt: tx.Now(), Day: t.Shop.Day(tx.Now()),
	}
	return refund, insertRefund(tx, refund)
}

// insertRefund records a refund with its audit row. The reason, a person's words, is in the refund only.
func insertRefund(tx Tx, r *Refund) error {
	if err := tx.AddRefund(r); err != nil {
		return err
	}
	detail := r.OutTradeNo + " " + r.Amount.String()
	if r.ApprovedBy != "" {
		detail += " approved by " + r.ApprovedBy
	}
	return tx.Audit(AuditEntry{Actor: r.RequestedBy, Action: "refund", Subject: r.subject(), To: string(r.State), Detail: detail})
}

// check returns which of the platform's rules a further refund of p, made at now, would break.
func (l RefundLimits) check(p *Payment, before []Refund, now time.Time) error {
	if l.Within > 0 && now.Sub(p.PaidAt) > l.Within {
		return Errorf(Conflict, "%s refunds a payment only within %d days; pay the customer back another way.", p.Wallet, int(l.Within.Hours()/24))
	}
	made := 0
	for _, r := range before {
		if r.State.Holds() {
			made++
		}
		if wait := l.Apart - now.Sub(r.CreatedAt); wait > 0 && wait <= l.Apart {
			return Errorf(Conflict, "%s takes one refund of a payment at a time; try again in %d seconds.", p.Wallet, int(wait.Seconds())+1)
		}
	}
	if l.Count > 0 && made >= l.Count {
		return Errorf(Conflict, "%s allows %d refunds of a payment, and all are used; pay the customer back another way.", p.Wallet, l.Count)
	}
	return nil
}

// refundable is what of p is neither refunded nor promised to a refund under way.
func refundable(p *Payment, refunds []Refund) (Fen, error) {
	if err := p.State.CanRefund(); err != nil {
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

// Refunds returns the refunds of one payment, oldest first, and how much of it can still be refunded: zero
// where its state allows no refund.
func (t *Till) Refunds(ctx context.Context, outTradeNo string) (list []Refund, left Fen, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		p, err := tx.Payment(outTradeNo)
		if err != nil {
			return err
		}
		if list, err = tx.RefundsOf(outTradeNo); err != nil {
			return err
		}
		left, _ = refundable(p, list)
		return nil
	})
	return list, left, err
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
	ask, asked := g.QueryRefund, r.AskedAt
	if r.State == RefundRequested {
		ask = g.Refund
		if err := t.markAsked(ctx, r); err != nil {
			return err
		}
	}
	e, err := ask(ctx, p, r)
	t.heard(ctx, r.Wallet, err)
	switch FailureOf(err) {
	case Refused, AlreadyPaid: // such as a trade that is finished
		err = t.refuseRefund(ctx, g, p, r, source, asked, err)
		return errors.Join(err, t.noteStuckRefund(ctx, r, source))
	}
	if err != nil {
		t.noAnswer(ctx, p, r, err)
		return errors.Join(err, t.noteStuckRefund(ctx, r, source))
	}
	e.Source = source
	_, err = t.SettleRefund(context.WithoutCancel(ctx), e)
	return err
}

// noteStuckRefund raises stuck_refund for a refund that the platform has neither accepted nor refused
// StuckRefundAfter it was first asked.
func (t *Till) noteStuckRefund(ctx context.Context, r *Refund, source Source) error {
	if t.now().Sub(r.AskedAt) < StuckRefundAfter {
		return nil
	}
	return t.update(context.WithoutCancel(ctx), func(tx Tx) ([]Event, error) {
		now, err := tx.Refund(r.OutRefundNo)
		if err != nil || now.State != RefundRequested {
			return nil, err
		}
		return raise(tx, Exception{
			Kind: StuckRefund, Wallet: r.Wallet, OutTradeNo: r.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount, Currency: CNY,
		}, LogEntry{Wallet: r.Wallet, OutTradeNo: r.OutTradeNo, Source: source, State: "refund " + string(now.State), Amount: r.Amount})
	})
}

// markAsked makes durable that the platform is asked for r from now on.
func (t *Till) markAsked(ctx context.Context, r *Refund) error {
	if !r.AskedAt.IsZero() {
		return nil
	}
	return t.Store.Update(ctx, func(tx Tx) error {
		r.AskedAt = tx.Now()
		return tx.SaveRefund(r, r.State)
	})
}

// refuseRefund handles a definite no. An earlier request of unknown outcome, first made at asked (zero:
// there was none), may have gone through all the same: the refund has failed only if the platform does
// not know it, and has had the time to.
func (t *Till) refuseRefund(ctx context.Context, g Gateway, p *Payment, r *Refund, source Source, asked time.Time, refusal error) error {
	e, err := g.QueryRefund(ctx, p, r)
	if err != nil {
		return err
	}
	if e.State == "" {
		if !asked.IsZero() && t.now().Sub(asked) < SettleGrace {
			return refusal
		}
		e.State = RefundFailed
	}
	e.Source = source
	if _, err = t.SettleRefund(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	return refusal
}
