package pos

import (
	"context"
	"strings"
	"time"
)

// Exceptions returns those that wait for a manager, oldest first.
func (t *Till) Exceptions(ctx context.Context) (list []Exception, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.OpenExceptions()
		return err
	})
	return list, err
}

// ResolvedExceptions returns the n exceptions that were resolved last, the last first.
func (t *Till) ResolvedExceptions(ctx context.Context, n int) (list []Exception, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.ResolvedExceptions(n)
		return err
	})
	return list, err
}

// Resolve carries out what a manager decides about an exception, in one transaction: accepting credits
// the money where it was not yet; refunding credits it and gives it back by the normal refund; dismissing
// needs a note. The exception it returns is resolved; the error then is the refund's, if it was refused.
func (t *Till) Resolve(ctx context.Context, id int64, r Resolution, actor, note string) (*Exception, error) {
	return t.resolve(ctx, id, r, actor, note, ResolveException)
}

// resolve is Resolve for an actor who may do a.
func (t *Till) resolve(ctx context.Context, id int64, r Resolution, actor, note string, a Action) (*Exception, error) {
	note = strings.TrimSpace(note)
	if err := CheckTitle(note); err != nil {
		return nil, err
	}
	if r == NoteAndForget && note == "" {
		return nil, Errorf(Invalid, "Say in the note why this is dismissed.")
	}
	var (
		x      *Exception
		refund *Refund
	)
	err := t.act(ctx, actor, a, func(tx Tx) (events []Event, err error) {
		if x, err = tx.Exception(id); err != nil {
			return nil, err
		}
		if err = x.Allows(r); err != nil {
			return nil, err
		}
		x.Resolution, x.Note, x.ResolvedBy, x.ResolvedAt = r, note, actor, tx.Now()
		if err = tx.Resolve(x); err != nil {
			return nil, err
		}
		if err = tx.Audit(AuditEntry{Actor: actor, Action: "resolve", Subject: x.subject(), To: string(r), Detail: x.TransactionID}); err != nil {
			return nil, err
		}
		events, refund, err = t.carryOut(tx, x)
		return append(events, Event{Kind: ExceptionResolved, Exception: x}), err
	})
	if err != nil {
		return nil, err
	}
	if refund != nil {
		_, err = t.CheckRefund(ctx, refund.OutRefundNo)
	}
	return x, err
}

// carryOut books what the resolution of x asks for. A refund it returns is to be asked for after the commit.
func (t *Till) carryOut(tx Tx, x *Exception) (events []Event, refund *Refund, err error) {
	if x.Resolution == NoteAndForget {
		return nil, nil, nil
	}
	if x.OutRefundNo != "" {
		refund, err = t.adoptRefund(tx, RefundEvidence{
			Wallet: x.Wallet, OutTradeNo: x.OutTradeNo, OutRefundNo: x.OutRefundNo, RefundID: x.TransactionID,
			Amount: x.Amount, State: RefundSucceeded, At: x.PaidAt, Source: FromManager,
		}, x.ResolvedBy)
		return refundChanged(refund), nil, err
	}
	if !x.Credited {
		if events, err = t.creditException(tx, x); err != nil {
			return nil, nil, err
		}
	}
	if x.Resolution != GiveBack {
		return events, nil, nil
	}
	p, err := tx.Payment(x.OutTradeNo)
	if err != nil {
		return nil, nil, err
	}
	refunds, err := tx.RefundsOf(p.OutTradeNo)
	if err != nil {
		return nil, nil, err
	}
	left, err := refundable(p, refunds)
	if err != nil {
		return nil, nil, err
	}
	reason := x.Note
	if reason == "" {
		reason = string(x.Kind)
	}
	refund, err = t.addRefund(tx, RefundRequest{OutTradeNo: p.OutTradeNo, Amount: left, Reason: reason, Actor: x.ResolvedBy}, "")
	return append(events, refundChanged(refund)...), refund, err
}

// creditException books the money that x is about: to its own attempt, with the amount that came, or to a
// miscellaneous order where the counter has no such attempt.
func (t *Till) creditException(tx Tx, x *Exception) ([]Event, error) {
	e := x.evidence()
	if g, ok := t.Gateways[x.Wallet]; ok && e.Account == (Account{}) { // raised before exceptions knew account and time
		e.Account = g.Account()
	}
	if e.At.IsZero() {
		e.At = x.CreatedAt
	}
	p, err := tx.Payment(x.OutTradeNo)
	if CodeOf(err) == NotFound {
		p, err = t.adopt(tx, e, x.ResolvedBy)
		return changed(p), err
	}
	if err != nil {
		return nil, err
	}
	siblings, err := tx.PaymentsOf(p.OrderID)
	if err != nil {
		return nil, err
	}
	p.Amount = x.Amount
	return t.credit(tx, p, siblings, e, x.ResolvedBy)
}

// Miscellaneous is the title of an order that was made elsewhere and is only booked here.
const Miscellaneous = "Miscellaneous 杂项"

// adopt books a payment that this ledger did not know: a miscellaneous order with one attempt under the
// platform's number, paid as e says. Its day is today's: the days before may be closed.
func (t *Till) adopt(tx Tx, e Evidence, actor string) (*Payment, error) {
	o, err := t.addOrder(tx, Miscellaneous, e.Amount, actor)
	if err != nil {
		return nil, err
	}
	p := &Payment{
		OutTradeNo: e.OutTradeNo, OrderID: o.ID, Wallet: e.Wallet, Account: e.Account, Amount: e.Amount, Title: o.Title,
		Counter: o.Counter, Cashier: actor, State: Created, CreatedAt: o.CreatedAt, ExpiresAt: o.CreatedAt, Day: o.Day,
	}
	if err := tx.AddPayment(p); err != nil {
		return nil, err
	}
	if err := tx.Audit(AuditEntry{
		Actor: actor, Action: "adopt", Subject: p.OutTradeNo, To: string(Created), Detail: string(p.Wallet) + " " + p.Amount.String(),
	}); err != nil {
		return nil, err
	}
	_, err = t.credit(tx, p, nil, e, actor)
	return p, err
}

// adoptRefund books a refund that this ledger did not know, succeeded as e says. Its payment must be here.
func (t *Till) adoptRefund(tx Tx, e RefundEvidence, actor string) (*Refund, error) {
	p, err := tx.Payment(e.OutTradeNo)
	if CodeOf(err) == NotFound {
		return nil, Errorf(Conflict, "The payment %s that was refunded is not in this ledger; accept the payment first.", e.OutTradeNo)
	}
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
	if _, err := tx.Payment(e.OutRefundNo); e.OutRefundNo != e.OutTradeNo && CodeOf(err) != NotFound {
		return nil, Errorf(Conflict, "The refund's number %s is another payment's; note what was done about it and dismiss it.", e.OutRefundNo).Because(err)
	}
	if e.Amount > left {
		return nil, Errorf(Conflict, "At most ¥%s of this payment can still be refunded.", left)
	}
	r := &Refund{
		OutRefundNo: e.OutRefundNo, OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Amount: e.Amount, Reason: Miscellaneous,
		State: RefundRequested, RequestedBy: actor, CreatedAt: happened(tx, e), Day: t.Shop.Day(tx.Now()),
	}
	if err := insertRefund(tx, r); err != nil {
		return nil, err
	}
	return r, t.applyRefund(tx, r, e, RefundSucceeded)
}

// happened is when the platform made the refund that e tells of, on whose bill it is, as far as e says so; not later than now.
func happened(tx Tx, e RefundEvidence) time.Time {
	if now := tx.Now(); e.At.UnixMilli() <= 0 || e.At.After(now) {
		return now
	}
	return e.At
}
