package pos

import (
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

	Resolution Resolution // empty: open
	Note       string     // the manager's words
	ResolvedBy string
	ResolvedAt time.Time
}

// Resolution is what a manager decides about an exception.
type Resolution string

const (
	Accept        Resolution = "accept"  // the money is the shop's: it is credited, if it was not yet
	GiveBack      Resolution = "refund"  // it is credited and refunded
	NoteAndForget Resolution = "dismiss" // no money of the shop is involved
)
