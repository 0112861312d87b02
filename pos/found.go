package pos

import (
	"context"
	"strings"
)

// foundAgain is the note on what Recover books by itself.
const foundAgain = "Found again through the platform's bill 对账找回"

// Minted reports whether this counter made no: its code, twelve digits of time, eight random characters.
// The length tells K1 from K11.
func (s Shop) Minted(no string) bool {
	rest, ok := strings.CutPrefix(no, s.Counter)
	return ok && len(rest) == 20 && strings.Trim(rest[:12], "0123456789") == "" && strings.Trim(rest[12:], base32) == ""
}

// mintedRefund is Minted for an out_refund_no.
func (s Shop) mintedRefund(no string) bool {
	trade, ok := strings.CutPrefix(no, "R")
	return ok && s.Minted(trade)
}

// book books a payment that the platform proved: to its own attempt, or, where this ledger has lost that,
// to a miscellaneous order. A notification may have reported it meanwhile as an unknown order; then it is
// that exception which is accepted.
func (t *Till) book(ctx context.Context, e Evidence, actor string) (Outcome, error) {
	var (
		adopted *Payment
		open    *Exception
	)
	err := t.update(ctx, func(tx Tx) (_ []Event, err error) {
		known, err := isKnown(tx, e)
		if err != nil || known || e.Account != t.Gateways[e.Wallet].Account() || e.Currency != CNY {
			return nil, err // for Settle to decide
		}
		if open, err = unknownOrder(tx, Exception{Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.TransactionID}); err != nil || open != nil {
			return nil, err
		}
		if err := tx.Log(logOf(e)); err != nil {
			return nil, err
		}
		adopted, err = t.adopt(tx, e, actor)
		return changed(adopted), err
	})
	switch {
	case err != nil:
		return "", err
	case open != nil:
		_, err := t.resolve(ctx, open.ID, Accept, actor, foundAgain, Reconcile)
		return Credited, err
	case adopted != nil:
		return Credited, nil
	}
	return t.Settle(ctx, e)
}

// isKnown reports whether the ledger has e's number, or its transaction under another number.
func isKnown(tx Tx, e Evidence) (bool, error) {
	_, err := tx.Payment(e.OutTradeNo)
	if CodeOf(err) == NotFound {
		_, err = tx.PaymentByTransaction(e.Wallet, e.TransactionID)
	}
	if CodeOf(err) == NotFound {
		return false, nil
	}
	return err == nil, err
}

// unknownOrder returns the open exception that like is about, or nil.
func unknownOrder(tx Tx, like Exception) (*Exception, error) {
	list, err := tx.OpenExceptions()
	for _, x := range list {
		if x.Kind == UnknownOrder && x.Wallet == like.Wallet && x.OutTradeNo == like.OutTradeNo &&
			x.OutRefundNo == like.OutRefundNo && x.TransactionID == like.TransactionID {
			return &x, err
		}
	}
	return nil, err
}

// bookRefund books a refund that the platform proved and whose payment is here. One that this counter
// numbered is taken up again, whether it has gone through or is still under way; one that was made
// elsewhere waits for a manager as always.
func (t *Till) bookRefund(ctx context.Context, e RefundEvidence, actor string) (Outcome, error) {
	var (
		adopted *Refund
		open    *Exception
	)
	err := t.update(ctx, func(tx Tx) ([]Event, error) {
		_, err := tx.Refund(e.OutRefundNo)
		if CodeOf(err) != NotFound || !t.Shop.mintedRefund(e.OutRefundNo) || e.State == RefundFailed {
			return nil, notMissing(err) // for SettleRefund to decide
		}
		if open, err = unknownOrder(tx, Exception{
			Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, OutRefundNo: e.OutRefundNo, TransactionID: e.RefundID,
		}); err != nil || open != nil {
			return nil, err
		}
		if err := tx.Log(logOfRefund(e)); err != nil {
			return nil, err
		}
		if e.State == RefundSucceeded {
			adopted, err = t.adoptRefund(tx, e, actor)
		} else {
			adopted, err = t.watchRefund(tx, e, actor)
		}
		return refundChanged(adopted), err
	})
	switch {
	case err != nil:
		return "", err
	case open != nil:
		_, err := t.resolve(ctx, open.ID, Accept, actor, foundAgain, Reconcile)
		return Credited, err
	case adopted == nil, e.State == RefundAbnormal: // once it is taken up, a manager hears of it
		return t.SettleRefund(ctx, e)
	case e.State == RefundSucceeded:
		return Credited, nil
	}
	return Recorded, nil
}

// watchRefund takes up a refund that the platform has not come to an end with: the Poller asks on.
func (t *Till) watchRefund(tx Tx, e RefundEvidence, actor string) (*Refund, error) {
	r := &Refund{
		OutRefundNo: e.OutRefundNo, OutTradeNo: e.OutTradeNo, Wallet: e.Wallet, Amount: e.Amount, Reason: Miscellaneous,
		State: RefundRequested, RequestedBy: actor, CreatedAt: tx.Now(), AskedAt: tx.Now(), Day: t.Shop.Day(tx.Now()),
	}
	if err := insertRefund(tx, r); err != nil {
		return nil, err
	}
	return r, t.applyRefund(tx, r, e, RefundProcessing)
}

// notMissing is err, unless it only says that something is not there.
func notMissing(err error) error {
	if CodeOf(err) == NotFound {
		return nil
	}
	return err
}
