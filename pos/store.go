package pos

import (
	"context"
	"time"
)

// Store is what the till needs of a ledger, and no more.
type Store interface {
	// View runs fn on a consistent read-only snapshot.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in one transaction. When it returns nil the changes are on disk; when it returns
	// an error nothing has changed. fn may run while the caller waits with others and must not
	// call the store again.
	Update(ctx context.Context, fn func(Tx) error) error
	PINs
}

// Tx is one transaction. Its methods return a NotFound Error where a thing named does not exist.
type Tx interface {
	// Now is the transaction's one time, to the millisecond.
	Now() time.Time

	AddOrder(*Order) error // sets ID
	Order(id int64) (*Order, error)
	SetOrderStatus(id int64, s OrderStatus) error

	AddPayment(*Payment) error
	Payment(outTradeNo string) (*Payment, error)
	PaymentByTransaction(w Wallet, transactionID string) (*Payment, error)
	PaymentsOf(orderID int64) ([]Payment, error)
	// UnfinishedPayments returns every attempt that is not final, oldest first.
	UnfinishedPayments() ([]Payment, error)
	// RecentPayments returns the last n attempts, newest first.
	RecentPayments(n int) ([]Payment, error)
	// SavePayment stores p if its state is still from, and fails with Conflict if not.
	SavePayment(p *Payment, from PaymentState) error

	AddRefund(*Refund) error
	Refund(outRefundNo string) (*Refund, error)
	RefundsOf(outTradeNo string) ([]Refund, error)
	UnfinishedRefunds() ([]Refund, error)
	SaveRefund(r *Refund, from RefundState) error

	// AddEntry appends a ledger entry and updates the daily totals with it.
	AddEntry(Entry) error
	// Log appends the raw words of a platform to the payment log.
	Log(LogEntry) error
	// Raise records an exception once and sets its ID: the same kind about the same trade and transaction
	// again returns false and records nothing.
	Raise(x *Exception) (raised bool, err error)
	OpenExceptions() ([]Exception, error)
	// ResolvedExceptions returns the n resolved last, the last first.
	ResolvedExceptions(n int) ([]Exception, error)
	Exception(id int64) (*Exception, error)
	// Resolve stores x's resolution, note, and by whom and when; it fails with Conflict if x is resolved.
	Resolve(x *Exception) error
	// Audit appends to the audit chain.
	Audit(AuditEntry) error

	BillTx // what bills are compared with
	PeopleTx

	// Freeze records b, stamps with it every open entry that is b's, and sets what they add up to. Of a day
	// these are its own entries, and the day takes no more of them; of a shift those since the one before; of
	// a settlement its wallet's through its day.
	Freeze(b *Batch) error
	// Batches returns those of a kind by day, oldest first.
	Batches(k BatchKind, from, to Day) ([]Batch, error)
	// OpenDays returns the days with entries that no close has counted, oldest first.
	OpenDays(through Day) ([]Day, error)
	// Pending adds up the entries of a day that no close has counted.
	Pending(Day) ([]DayTotal, error)
	Closed(Day) (bool, error)
	// LastClosed is the latest day that is closed, and empty where none is.
	LastClosed() (Day, error)
	Reopen(Day) error
	// Owed adds up what no settlement has counted through a day, by wallet; of every day where it is empty.
	Owed(through Day) ([]Owed, error)

	AddShift(*Shift) error // sets ID
	// OpenShift is nil where none is open.
	OpenShift() (*Shift, error)
	EndShift(*Shift) error
	// Shifts returns the last n, newest first.
	Shifts(n int) ([]Shift, error)
	// ShiftTotals sets a shift's Orders, Totals and Before.
	ShiftTotals(*ShiftReport) error
}

// Entry is one ledger entry: +amount for a paid payment, -amount for a succeeded refund.
type Entry struct {
	OutTradeNo  string
	OutRefundNo string // empty for a payment
	Wallet      Wallet
	Counter     string
	Cashier     string
	Amount      Fen
	Day         Day // the business day of the transaction's now
}

// LogEntry is one line of the payment log: the raw evidence, secrets and full payer ids removed.
type LogEntry struct {
	Wallet        Wallet
	OutTradeNo    string
	TransactionID string
	Source        Source
	State         string // TradeState or RefundState
	Amount        Fen
	Raw           []byte
}

// AuditEntry is one row of the audit chain: who changed what. The store adds time and hash.
type AuditEntry struct {
	Actor   string // user name, or "gateway", "poller"
	Action  string // "charge", "show", "settle", "close", …
	Subject string // out_trade_no or out_refund_no
	From    string // state before; empty for a new thing
	To      string
	Detail  string // short and free of secrets
}
