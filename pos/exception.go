package pos

import (
	"slices"
	"time"
)

// ExceptionKind names why evidence could not simply be settled.
type ExceptionKind string

const (
	LatePayment      ExceptionKind = "late_payment"      // paid after it was closed here; credited, to be accepted or refunded
	DuplicatePayment ExceptionKind = "duplicate_payment" // the order is paid twice; one of them is to be refunded
	AmountMismatch   ExceptionKind = "amount_mismatch"   // another amount or currency; not credited
	UnknownOrder     ExceptionKind = "unknown_order"     // no such order or refund here; not credited
	ForeignMerchant  ExceptionKind = "foreign_merchant"  // another merchant's or app's; not credited
	RefundIsAbnormal ExceptionKind = "refund_abnormal"   // a refund the platform could not pay out
	LateRefund       ExceptionKind = "late_refund"       // a refund that had failed here went through all the same
	StuckRefund      ExceptionKind = "stuck_refund"      // no clear answer yet to a refund that was asked for
	StuckClosing     ExceptionKind = "stuck_closing"     // no proof yet that a withdrawn code cannot be paid any more
)

// Exception waits for a manager.
type Exception struct {
	ID            int64
	Kind          ExceptionKind
	Wallet        Wallet
	OutTradeNo    string
	OutRefundNo   string // empty where it is about a payment
	TransactionID string // of the payment, or the platform's number of the refund
	Account       Account
	Amount        Fen // what the platform says
	Currency      string
	PaidAt        time.Time // the platform's time of payment; zero where none was
	CreatedAt     time.Time

	Attempt  PaymentState // of the attempt named OutTradeNo as it now stands; empty where there is none; derived by the store
	Credited bool         // the ledger has TransactionID as that attempt's payment; derived by the store

	Resolution Resolution // empty: open
	Note       string     // the manager's words
	ResolvedBy string
	ResolvedAt time.Time
}

// subject is what the audit chain calls x.
func (x *Exception) subject() string { return "exception " + x.OutTradeNo }

// Resolution is what a manager decides about an exception.
type Resolution string

const (
	Accept        Resolution = "accept"  // the money is the shop's: it is credited, if it was not yet
	GiveBack      Resolution = "refund"  // it is credited and refunded
	NoteAndForget Resolution = "dismiss" // no money of the shop is involved
)

// Choices are what a manager can decide about x, the likeliest first; none once it is resolved.
func (x *Exception) Choices() []Resolution {
	credited := x.Attempt == Paid && x.Credited
	switch {
	case x.Resolution != "":
		return nil
	case x.Kind == UnknownOrder && x.OutRefundNo != "":
		return []Resolution{Accept, NoteAndForget}
	case x.OutRefundNo != "" || x.Kind == ForeignMerchant || x.Kind == StuckClosing || x.Currency != CNY:
		return []Resolution{NoteAndForget}
	case x.Kind == DuplicatePayment && credited:
		return []Resolution{GiveBack, Accept}
	case credited:
		return []Resolution{Accept, GiveBack}
	case x.Kind == DuplicatePayment || x.Attempt == Paid: // the ledger has this number, or this transaction, already
		return []Resolution{NoteAndForget}
	}
	return []Resolution{Accept, GiveBack}
}

// Allows returns why r cannot settle x, or nil.
func (x *Exception) Allows(r Resolution) error {
	switch {
	case r != Accept && r != GiveBack && r != NoteAndForget:
		return Errorf(Invalid, "The decision %q is not known; it must be accept, refund or dismiss.", string(r))
	case x.Resolution != "":
		return Errorf(Conflict, "This exception has been resolved already.")
	case slices.Contains(x.Choices(), r):
		return nil
	case r == NoteAndForget:
		return Errorf(Conflict, "Money of the shop is involved, so this cannot be dismissed; accept it or refund it.")
	}
	return Errorf(Conflict, "There is nothing here that could be credited or refunded; note what was done about it and dismiss it.")
}

// Story says in plain words what happened.
func (x *Exception) Story() *Error {
	switch {
	case x.Kind == LatePayment:
		return Errorf(Conflict, "The customer paid ¥%s through %s after the code had been closed here. The money is in the ledger: keep it if the goods were handed over, or give it back.", x.Amount, x.Wallet)
	case x.Kind == DuplicatePayment && x.Credited:
		return Errorf(Conflict, "This order is paid twice: ¥%s more arrived through %s. The money is in the ledger; give this payment back.", x.Amount, x.Wallet)
	case x.Kind == DuplicatePayment:
		return Errorf(Conflict, "%s reports ¥%s under a number or a transaction that the ledger has already. Compare it with the platform's site.", x.Wallet, x.Amount)
	case x.Kind == AmountMismatch && x.OutRefundNo != "":
		return Errorf(Conflict, "%s reports a refund of ¥%s that does not agree with the refund asked for here. Compare it with the platform's site.", x.Wallet, x.Amount)
	case x.Kind == AmountMismatch && x.Currency != CNY:
		return Errorf(Conflict, "%s reports a payment in %s, which this counter does not take. Settle it on the platform's site.", x.Wallet, x.Currency)
	case x.Kind == AmountMismatch:
		return Errorf(Conflict, "%s reports ¥%s for a code that asked for another amount. Nothing is in the ledger yet: accept what was paid, or give it back.", x.Wallet, x.Amount)
	case x.Kind == UnknownOrder && x.OutRefundNo != "":
		return Errorf(Conflict, "A refund of ¥%s was made on the site of %s, not at this counter. Accept it to have it in the ledger.", x.Amount, x.Wallet)
	case x.Kind == UnknownOrder:
		return Errorf(Conflict, "%s reports ¥%s for an order this counter does not know. Accept it as a miscellaneous sale, or give it back.", x.Wallet, x.Amount)
	case x.Kind == ForeignMerchant:
		return Errorf(Conflict, "%[1]s reports ¥%[2]s paid to another merchant or app than this counter's. It is not the shop's money; check the set-up of %[1]s.", x.Wallet, x.Amount)
	case x.Kind == RefundIsAbnormal:
		return Errorf(Conflict, "%s could not pay out the refund of ¥%s. Complete it on the platform's site or pay the customer back another way.", x.Wallet, x.Amount)
	case x.Kind == LateRefund:
		return Errorf(Conflict, "The refund of ¥%s had failed here, but %s paid it out all the same.", x.Amount, x.Wallet)
	case x.Kind == StuckRefund:
		return Errorf(Conflict, "%s has neither accepted nor refused the refund of ¥%s. The counter goes on asking under the same number: look it up on the platform's site before paying the customer back another way.", x.Wallet, x.Amount)
	case x.Kind == StuckClosing:
		return Errorf(Conflict, "%s has not confirmed that the code over ¥%s is closed, long after its end. The counter goes on asking; look it up on the platform's site.", x.Wallet, x.Amount)
	}
	return Errorf(Conflict, "%s reports ¥%s that the counter cannot explain.", x.Wallet, x.Amount)
}

// evidence is what the platform said when x was raised, now vouched for by a manager.
func (x *Exception) evidence() Evidence {
	return Evidence{
		Wallet: x.Wallet, OutTradeNo: x.OutTradeNo, TransactionID: x.TransactionID, Account: x.Account,
		Amount: x.Amount, Currency: x.Currency, State: TradePaid, At: x.PaidAt, Source: FromManager,
	}
}
