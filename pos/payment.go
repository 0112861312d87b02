package pos

import "time"

// Wallet names the platform a payment goes through.
type Wallet string

const (
	WeChat Wallet = "wechat"
	Alipay Wallet = "alipay"
)

// Wallets lists every wallet in the order shown to people.
var Wallets = []Wallet{WeChat, Alipay}

// Name is the wallet's name in English; it is also the key of its translation.
func (w Wallet) Name() string {
	switch w {
	case WeChat:
		return "WeChat Pay"
	case Alipay:
		return "Alipay"
	}
	return string(w)
}

// ParseWallet reads a wallet as written on a command line.
func ParseWallet(s string) (Wallet, error) {
	for _, w := range Wallets {
		if s == string(w) {
			return w, nil
		}
	}
	return "", Errorf(Invalid, "The wallet %q is not known; it must be wechat or alipay.", s)
}

// PaymentState is the state of one attempt:
//
//	created -> waiting -> paid | closing -> closed | rejected
//
// Evidence of payment leads to paid from every state; nothing else leads back.
type PaymentState string

const (
	Created  PaymentState = "created"  // durable here; the gateway's answer is not known yet
	Waiting  PaymentState = "waiting"  // the customer can pay code_url
	Paid     PaymentState = "paid"     // proved by signed evidence; has its ledger entry
	Closing  PaymentState = "closing"  // withdrawn from the customer, but not yet proved closed: still watched
	Closed   PaymentState = "closed"   // proved unpaid and unpayable
	Rejected PaymentState = "rejected" // the gateway refused to create it; no code was ever shown
)

// Final reports whether the attempt needs no more watching.
func (s PaymentState) Final() bool { return s == Paid || s == Closed || s == Rejected }

// CanCancel returns why an attempt in this state cannot be cancelled, or nil.
func (s PaymentState) CanCancel() error {
	switch s {
	case Paid:
		return Errorf(Conflict, "This payment is already paid; refund it instead.")
	case Closed, Rejected:
		return Errorf(Conflict, "This payment is already closed; nothing is left to cancel.")
	}
	return nil
}

// CanRefund returns why a payment in this state cannot be refunded, or nil.
func (s PaymentState) CanRefund() error {
	if s != Paid {
		return Errorf(Conflict, "Only a paid payment can be refunded.")
	}
	return nil
}

// Account is whom the platform pays: WeChat's mchid and appid, or Alipay's seller_id and app_id.
type Account struct {
	MerchantID string
	AppID      string
}

// Payment is one attempt to pay an order through one wallet.
type Payment struct {
	OutTradeNo string // our number at the platform, unique for ever
	OrderID    int64
	Wallet     Wallet
	Account    Account // the account it was created under; evidence must name the same
	Amount     Fen
	Title      string
	Counter    string
	Cashier    string
	State      PaymentState
	CodeURL    string // what the QR code holds; empty until the gateway answered

	CreatedAt time.Time
	ExpiresAt time.Time // when this counter withdraws the code
	ShownAt   time.Time // when code_url arrived; zero before

	TransactionID string    // the platform's number, once paid
	PaidAt        time.Time // the platform's time of payment
	SettledAt     time.Time // when the ledger had it
	ConfirmedBy   Source    // which evidence came first
	Refunded      Fen       // sum of succeeded refunds; derived by the store
	Day           Day       // business day of CreatedAt
}

// CodeGrace is how much longer than ExpiresAt the platform keeps the code payable. It lets a create
// of unknown outcome be repeated with identical parameters up to the last second (WeChat Pay demands
// a time_expire at least one minute ahead), and covers a skewed clock.
const CodeGrace = 2 * time.Minute

// SettleGrace is how long after the code's end at the platform a payment made in its last moment may
// still come to light.
const SettleGrace = time.Minute

// StuckAfter is how long after the code's end at the platform a manager is told that the proof is missing.
const StuckAfter = 10 * time.Minute

// StuckRefundAfter is how long after a refund was first asked for a manager is told that there is no answer.
const StuckRefundAfter = 30 * time.Minute

// CodeExpiresAt is the pay deadline told to the platform.
func (p *Payment) CodeExpiresAt() time.Time { return p.ExpiresAt.Add(CodeGrace) }

// Unpayable reports whether at t a trade that the platform does not know can no longer come into being:
// its code was never handed out, or the code has expired and the grace has passed.
func (p *Payment) Unpayable(t time.Time) bool {
	return p.CodeURL == "" || t.After(p.CodeExpiresAt().Add(SettleGrace))
}

// RefundState is the state of one refund: requested -> processing -> succeeded | abnormal | failed.
// Evidence of success leads to succeeded from every state.
type RefundState string

const (
	RefundRequested  RefundState = "requested"  // durable here; the gateway's answer is not known yet
	RefundProcessing RefundState = "processing" // accepted by the gateway
	RefundSucceeded  RefundState = "succeeded"  // proved; has its ledger entry
	RefundAbnormal   RefundState = "abnormal"   // the platform could not pay it out: a manager must act
	RefundFailed     RefundState = "failed"     // refused or closed; no money moved
)

// Final reports whether the refund needs no more watching. Abnormal is not: a manager settles it on
// the platform's site, and the refund then succeeds or closes.
func (s RefundState) Final() bool { return s == RefundSucceeded || s == RefundFailed }

// Holds reports whether a refund in this state counts against what may still be refunded.
func (s RefundState) Holds() bool { return s != RefundFailed }

// Refund is money going back on a paid payment. Its number is the same on every retry.
type Refund struct {
	OutRefundNo string
	OutTradeNo  string
	Wallet      Wallet
	Amount      Fen
	Reason      string
	State       RefundState
	RefundID    string // the platform's number, once known
	RequestedBy string
	ApprovedBy  string // empty where nobody had to
	CreatedAt   time.Time
	AskedAt     time.Time // when the platform was first asked for it; zero before
	SettledAt   time.Time // when it became succeeded or failed here
	Day         Day
}

// subject is what the audit chain calls r. A platform can number a refund made on its own site like the
// payment.
func (r *Refund) subject() string {
	if r.OutRefundNo == r.OutTradeNo {
		return "refund " + r.OutRefundNo
	}
	return r.OutRefundNo
}

// Source says where evidence came from.
type Source string

const (
	FromNotification Source = "notified"
	FromPoll         Source = "polled"
	FromCheck        Source = "checked" // a person asked
	FromClose        Source = "closed"  // asked after closing
	FromBill         Source = "bill"
	FromManager      Source = "manager" // accepted at the exceptions desk
)

// TradeState is what evidence says of a trade.
type TradeState string

const (
	TradePaid   TradeState = "paid"   // WeChat SUCCESS or REFUND; Alipay TRADE_SUCCESS or TRADE_FINISHED
	TradeUnpaid TradeState = "unpaid" // exists and can still be paid
	TradeClosed TradeState = "closed" // WeChat CLOSED or REVOKED; Alipay TRADE_CLOSED
	TradeNone   TradeState = "none"   // the platform, in a signed answer, knows no such trade
)

// CNY is the only currency this counter takes.
const CNY = "CNY"

// Evidence is what a platform verifiably said about one trade. Only a gateway that has checked the
// platform's signature makes one.
type Evidence struct {
	Wallet        Wallet
	OutTradeNo    string
	TransactionID string
	Account       Account
	Amount        Fen
	Currency      string
	State         TradeState
	At            time.Time // the platform's time of payment; zero when not paid
	Source        Source
	Raw           []byte // the platform's words for the payment log, secrets and payer ids removed
}

// RefundEvidence is what a platform verifiably said about one refund.
type RefundEvidence struct {
	Wallet      Wallet
	OutTradeNo  string
	OutRefundNo string
	RefundID    string
	Amount      Fen
	State       RefundState // processing, succeeded, abnormal or failed; empty: the platform knows no such refund
	At          time.Time
	Source      Source
	Raw         []byte
}

// Notice is one verified notification: about a payment or about a refund.
type Notice struct {
	Payment *Evidence
	Refund  *RefundEvidence
}
