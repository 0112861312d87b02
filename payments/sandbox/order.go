package sandbox

import (
	"errors"
	"fmt"
	"time"
)

// The wallets.
const (
	WeChat = "wechat"
	Alipay = "alipay"
)

// The states of an order, each platform's own words.
const (
	wxNotPay  = "NOTPAY"
	wxSuccess = "SUCCESS"
	wxRefund  = "REFUND"
	wxClosed  = "CLOSED"

	noTrade      = "" // Alipay before the scan: there is only a code
	waitBuyerPay = "WAIT_BUYER_PAY"
	tradeSuccess = "TRADE_SUCCESS"
	tradeClosed  = "TRADE_CLOSED"
)

// Refund states; Alipay's refunds succeed at once.
const (
	refundProcessing = "PROCESSING"
	refundSuccess    = "SUCCESS"
	refundAbnormal   = "ABNORMAL"
)

// codeLife is how long a QR code of either platform can be scanned.
const codeLife = 2 * time.Hour

// trade is one order as its platform keeps it. Amounts are fen. Everything is exported for the state file.
type trade struct {
	Wallet        string
	OutTradeNo    string
	Description   string
	Amount        int64
	Attach        string `json:",omitempty"`
	NotifyURL     string `json:",omitempty"`
	Fingerprint   string // the order's parameters, to tell a repetition from another order
	State         string
	TransactionID string `json:",omitempty"`
	Buyer         string // openid or user id
	Serial        string `json:",omitempty"` // WeChat: the identity the merchant asked to be answered with

	Created  time.Time
	Scanned  time.Time     `json:",omitzero"`
	Paid     time.Time     `json:",omitzero"`
	Closed   time.Time     `json:",omitzero"`
	Deadline time.Time     `json:",omitzero"`  // no payment from here on
	Timeout  time.Duration `json:",omitempty"` // Alipay's timeout_express: a deadline that starts with the scan

	Code     string // the token of the one living code; "" when killed
	CodeDies time.Time
	Canceled string `json:",omitempty"` // what Alipay's cancel did: close or refund

	Refunds []*back   `json:",omitempty"`
	Notices []*notice `json:",omitempty"`
}

// back is one refund.
type back struct {
	OutRefundNo string
	RefundID    string
	Amount      int64
	Reason      string `json:",omitempty"`
	NotifyURL   string `json:",omitempty"`
	Serial      string `json:",omitempty"`
	Fingerprint string
	State       string
	Created     time.Time
	Done        time.Time `json:",omitzero"`
	Abnormal    bool      `json:",omitempty"` // a fault decided that it will not arrive
}

func (t *trade) key() string { return t.Wallet + " " + t.OutTradeNo }

// paidOnce says whether money came in, refunded or not.
func (t *trade) paidOnce() bool { return !t.Paid.IsZero() }

// refunded is the sum of refunds asked for, in fen: money that cannot be refunded again.
func (t *trade) refunded() int64 {
	var sum int64
	for _, r := range t.Refunds {
		if t.Wallet == WeChat || r.State == refundSuccess {
			sum += r.Amount
		}
	}
	return sum
}

func (t *trade) refund(outRefundNo string) *back {
	for _, r := range t.Refunds {
		if r.OutRefundNo == outRefundNo {
			return r
		}
	}
	return nil
}

// settle lets the clock act: Alipay closes an unpaid trade at its deadline, WeChat Pay does not.
func (t *trade) settle(now time.Time) {
	if t.Wallet == Alipay && t.State == waitBuyerPay && t.expired(now) {
		t.State, t.Closed, t.Code = tradeClosed, t.Deadline, ""
	}
}

func (t *trade) expired(now time.Time) bool { return !t.Deadline.IsZero() && !now.Before(t.Deadline) }

// waiting says whether the customer could scan or pay now.
func (t *trade) waiting(now time.Time) bool {
	t.settle(now)
	open := t.State == wxNotPay || t.State == waitBuyerPay || t.Wallet == Alipay && t.State == noTrade
	dead := t.Code == "" || t.State != waitBuyerPay && !now.Before(t.CodeDies) // a trade already scanned outlives its code
	return open && !dead && !t.expired(now)
}

// Why a customer cannot pay.
var (
	ErrUnknownOrder = errors.New("no such order in the sandbox")
	ErrNotPayable   = errors.New("this order cannot be paid")
)

// scan is the customer's camera: Alipay's trade begins here.
func (t *trade) scan(now time.Time) error {
	if !t.waiting(now) {
		return fmt.Errorf("%s: %w: %s", t.OutTradeNo, ErrNotPayable, t.why(now))
	}
	if !t.Scanned.IsZero() {
		return nil
	}
	t.Scanned = now
	if t.Wallet == Alipay {
		t.State, t.TransactionID = waitBuyerPay, alipayTradeNo(now)
		if end := now.Add(t.Timeout); t.Timeout > 0 && (t.Deadline.IsZero() || end.Before(t.Deadline)) {
			t.Deadline = end
		}
	}
	return nil
}

func (t *trade) why(now time.Time) string {
	switch {
	case t.paidOnce():
		return "already paid"
	case t.State == wxClosed || t.State == tradeClosed || t.Code == "":
		return "closed"
	case t.expired(now) || !now.Before(t.CodeDies):
		return "expired"
	}
	return "state " + t.State
}

// pay is the customer's thumb on Pay.
func (t *trade) pay(now time.Time) error {
	if err := t.scan(now); err != nil {
		return err
	}
	t.Paid = now
	if t.Wallet == WeChat {
		t.State, t.TransactionID = wxSuccess, wechatTransactionID(now)
	} else {
		t.State = tradeSuccess
	}
	return nil
}

func wechatTransactionID(now time.Time) string {
	return "4200" + digits(6) + now.In(beijing).Format("20060102") + digits(10)
}

func wechatRefundID(now time.Time) string {
	return "503" + digits(8) + now.In(beijing).Format("20060102") + digits(10)
}

func alipayTradeNo(now time.Time) string {
	return now.In(beijing).Format("20060102") + "22001" + digits(15)
}

// beijing is the platforms' time zone; it has had no summer time since 1991.
var beijing = time.FixedZone("+08:00", 8*60*60)

// yuan writes fen as yuan with two decimals.
func yuan(fen int64) string {
	minus := ""
	if fen < 0 {
		minus, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", minus, fen/100, fen%100)
}

// Order is what a script or a test may see of an order.
type Order struct {
	Wallet        string    `json:"wallet"`
	OutTradeNo    string    `json:"out_trade_no"`
	Description   string    `json:"description"`
	Amount        int64     `json:"amount"` // fen
	State         string    `json:"state"`  // the platform's word; "" for an Alipay code not scanned yet
	TransactionID string    `json:"transaction_id,omitempty"`
	CodeURL       string    `json:"code_url,omitempty"` // "" once the code is dead
	Created       time.Time `json:"created"`
	Paid          time.Time `json:"paid,omitzero"`
	Refunds       []Refund  `json:"refunds,omitempty"`
}

// Refund is one refund of an Order.
type Refund struct {
	OutRefundNo string `json:"out_refund_no"`
	RefundID    string `json:"refund_id"`
	Amount      int64  `json:"amount"` // fen
	State       string `json:"state"`  // PROCESSING, SUCCESS or ABNORMAL
}

// Movement is money that moved at a platform: a payment, or a refund that succeeded.
type Movement struct {
	Wallet        string    `json:"wallet"`
	OutTradeNo    string    `json:"out_trade_no"`
	OutRefundNo   string    `json:"out_refund_no,omitempty"`
	TransactionID string    `json:"transaction_id"`
	Amount        int64     `json:"amount"` // fen: positive paid, negative refunded
	At            time.Time `json:"at"`
}

func (t *trade) order(base string) Order {
	o := Order{
		Wallet: t.Wallet, OutTradeNo: t.OutTradeNo, Description: t.Description, Amount: t.Amount, State: t.State,
		TransactionID: t.TransactionID, Created: t.Created, Paid: t.Paid,
	}
	if t.Code != "" {
		o.CodeURL = codeURL(base, t.Code)
	}
	for _, r := range t.Refunds {
		o.Refunds = append(o.Refunds, Refund{r.OutRefundNo, r.RefundID, r.Amount, r.State})
	}
	return o
}

func (t *trade) movements() []Movement {
	if !t.paidOnce() {
		return nil
	}
	m := Movement{Wallet: t.Wallet, OutTradeNo: t.OutTradeNo, TransactionID: t.TransactionID, Amount: t.Amount, At: t.Paid}
	out := []Movement{m}
	for _, r := range t.Refunds {
		if r.State == refundSuccess {
			m.OutRefundNo, m.Amount, m.At = r.OutRefundNo, -r.Amount, r.Done
			out = append(out, m)
		}
	}
	return out
}

func codeURL(base, token string) string { return base + "/phone/" + token }
