package pos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Gateway is one wallet's platform. It signs, verifies and translates; it decides nothing. Its
// methods are called outside any transaction and may take seconds. Every error is a *GatewayError;
// every answer is one whose signature was verified and whose numbers match what was asked.
type Gateway interface {
	Wallet() Wallet
	Account() Account
	// Create orders p at the platform and returns code_url. Repeating it with the same payment is
	// safe and returns a code that is valid.
	Create(ctx context.Context, p *Payment) (codeURL string, err error)
	// Query asks for the trade's state. "No such trade" is evidence (TradeNone), not an error.
	Query(ctx context.Context, p *Payment) (Evidence, error)
	// Close asks the platform to close an unpaid trade. nil says only that it accepted or that there
	// is nothing to close; the proof is a Query.
	Close(ctx context.Context, p *Payment) error
	// Refund asks for a refund under its own number; repeating it is safe.
	Refund(ctx context.Context, p *Payment, r *Refund) (RefundEvidence, error)
	// QueryRefund asks for the refund's state. "No such refund" is evidence with an empty state.
	QueryRefund(ctx context.Context, p *Payment, r *Refund) (RefundEvidence, error)
}

// BillDownloader is the optional capability of fetching the platform's bill of one day, which is its own
// day in China's time whatever the shop's is. A bill that the platform has not made yet is a NotReady failure.
type BillDownloader interface {
	DownloadBill(ctx context.Context, day Day) (*Bill, error)
}

// BillReader is the optional capability of reading a bill again from its kept text. The error is an Unknown failure.
type BillReader interface {
	ReadBill(day Day, text []byte) (*Bill, error)
}

// Bill is what a platform says it did for the merchant on one day. A day without trade may have none: then all of it
// but Wallet and Day is empty.
type Bill struct {
	Wallet   Wallet
	Day      Day
	FileName string // as the platform would name it
	Original []byte // as downloaded, its hash checked where the platform gives one
	Text     []byte // its lines and totals as UTF-8 text, without what names the payers: what may be kept
	Lines    []BillLine
}

// BillLine is one movement of money in a bill: a payment, or a refund where OutRefundNo is not empty.
type BillLine struct {
	OutTradeNo    string
	TransactionID string
	OutRefundNo   string
	RefundID      string
	Amount        Fen    // of the payment or of the refund; positive
	Fee           Fen    // what the platform keeps; negative where it gives a fee back
	State         string // TradePaid of a payment, RefundState of a refund; empty where the platform's word is not known
	At            time.Time
}

// RefundLimiter is the optional capability of knowing what refunds the platform refuses anyway, so that
// a person gets a sentence before the call.
type RefundLimiter interface {
	RefundLimits() RefundLimits
}

// RefundLimits is what a platform allows for the refunds of one payment; zero fields limit nothing.
type RefundLimits struct {
	Within time.Duration // after the payment
	Count  int           // of refunds
	Apart  time.Duration // between two
}

// Clock is the optional capability of telling the platform's time: from the Date header of its last
// answer, carried on by this machine's monotonic clock, so that setting the wall clock does not move it.
type Clock interface {
	PlatformNow() (now time.Time, known bool)
}

// PaperWatcher is the optional capability of noticing, while the counter works, that the shop's papers have to be
// changed: one finding for each that has, none while all is well. It asks nobody.
type PaperWatcher interface {
	Papers() []Finding
}

// Failure classifies what an error from a Gateway proves.
type Failure string

const (
	// Unknown: time-out, broken or unsigned answer, 5xx. It may have happened or not.
	Unknown Failure = "unknown"
	// RateLimited: the platform wants to be asked less often. Unknown in effect.
	RateLimited Failure = "rate_limited"
	// Refused: a signed, definite no. Nothing happened, and asking again will not help.
	Refused Failure = "refused"
	// Misconfigured: the platform does not accept this merchant's papers or permissions. Unknown in effect.
	Misconfigured Failure = "misconfigured"
	// NotReady: a bill that the platform makes later.
	NotReady Failure = "not_ready"
	// AlreadyPaid: create or close was refused because the trade is paid: query it.
	AlreadyPaid Failure = "already_paid"
)

// GatewayError is the only error a Gateway returns.
type GatewayError struct {
	Wallet  Wallet
	Failure Failure
	Code    string // the platform's code, for the log
	Err     error  // the cause, for the log, without secrets
}

func (e *GatewayError) Error() string {
	return fmt.Sprintf("%s: %s %s: %v", e.Wallet, e.Failure, e.Code, e.Err)
}

func (e *GatewayError) Unwrap() error { return e.Err }

// FailureOf classifies err; anything that is not a GatewayError is Unknown.
func FailureOf(err error) Failure {
	if e, ok := errors.AsType[*GatewayError](err); ok {
		return e.Failure
	}
	return Unknown
}

// Time-outs of every gateway's HTTP client: connect within ConnectTimeout, the whole call within CallTimeout.
const (
	ConnectTimeout = 3 * time.Second
	CallTimeout    = 8 * time.Second
)
