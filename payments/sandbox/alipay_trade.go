package sandbox

import (
	"net/url"
	"time"
)

var (
	errTradeNotExist   = business("ACQ.TRADE_NOT_EXIST", "交易不存在")
	errTradeHasSuccess = business("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
	errTradeHasClose   = business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
	errInconsistent    = business("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改：与首次下单的参数不一致")
	errTradeStatus     = business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
)

type aliPrecreated struct {
	aliOK
	OutTradeNo string `json:"out_trade_no"`
	QRCode     string `json:"qr_code"`
}

// alipayPrecreate makes a code. There is no trade until the customer scans it.
func (s *Sandbox) alipayPrecreate(c *call, p url.Values, b *biz) (any, *aliError) {
	now := s.now()
	t := &trade{
		Wallet: Alipay, State: noTrade, Created: now,
		OutTradeNo:  b.order("out_trade_no", true),
		Description: b.text("subject", true, 256),
		Amount:      b.fen("total_amount"),
		Attach:      b.text("passback_params", false, 512),
		NotifyURL:   p.Get("notify_url"),
		Deadline:    b.expiry(now),
		Timeout:     b.span("timeout_express", now),
		Buyer:       "2088" + digits(12),
	}
	if qr := b.span("qr_code_timeout_express", now); qr > 0 && (t.Deadline.IsZero() || now.Add(qr).Before(t.Deadline)) {
		t.Deadline = now.Add(qr)
	}
	b.text("body", false, 128)
	if seller := b.text("seller_id", false, 28); seller != "" && seller != s.papers.Alipay.SellerID {
		b.refuse("seller_id", "与签约的支付宝账号不一致")
	}
	if u, err := url.Parse(t.NotifyURL); t.NotifyURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		b.refuse("notify_url", "应为 http 或 https 地址")
	}
	if b.fail != nil {
		return nil, b.fail
	}
	t.Fingerprint = yuan(t.Amount) + " " + t.Description
	t, fail := s.alipayPlace(t, now)
	if fail != nil {
		return nil, fail
	}
	d := s.decoy(c, t)
	return aliPrecreated{success, d.OutTradeNo, codeURL(s.phone, t.Code)}, nil
}

// alipayPlace keeps a new order, or finds that it is a repetition: the code that lives is given again.
func (s *Sandbox) alipayPlace(t *trade, now time.Time) (*trade, *aliError) {
	old := s.trades[t.key()]
	if old == nil {
		s.add(t)
		s.newCode(t)
		s.save(t)
		return t, nil
	}
	old.settle(now)
	switch {
	case old.paidOnce() && old.State == tradeSuccess:
		return nil, errTradeHasSuccess
	case old.State == tradeClosed || old.State == noTrade && old.Canceled != "":
		return nil, errTradeHasClose
	case old.Fingerprint != t.Fingerprint:
		return nil, errInconsistent
	}
	if !old.waiting(now) {
		old.Deadline, old.Timeout = t.Deadline, t.Timeout
		s.newCode(old)
	}
	s.save(old)
	return old, nil
}

// alipayFind finds a trade by either number; one that was never scanned does not exist.
func (s *Sandbox) alipayFind(b *biz) (*trade, *aliError) {
	no, id := b.order("out_trade_no", false), b.order("trade_no", false)
	if no == "" && id == "" {
		b.refuse("out_trade_no", "与 trade_no 不能同时为空")
	}
	if b.fail != nil {
		return nil, b.fail
	}
	t := s.trades[Alipay+" "+no]
	if id != "" { // trade_no wins when both are given
		t = nil
		for _, o := range s.list {
			if o.Wallet == Alipay && o.TransactionID == id {
				t = o
			}
		}
	}
	if t == nil {
		return nil, errTradeNotExist
	}
	t.settle(s.now())
	if t.State == noTrade {
		return t, errTradeNotExist
	}
	return t, nil
}

type aliFund struct {
	Amount  string `json:"amount"`
	Channel string `json:"fund_channel"`
}

type aliQueried struct {
	aliOK
	TradeNo        string    `json:"trade_no"`
	OutTradeNo     string    `json:"out_trade_no"`
	BuyerLogonID   string    `json:"buyer_logon_id"`
	TradeStatus    string    `json:"trade_status"`
	TotalAmount    string    `json:"total_amount"`
	ReceiptAmount  string    `json:"receipt_amount"`
	BuyerPayAmount string    `json:"buyer_pay_amount"`
	PointAmount    string    `json:"point_amount"`
	InvoiceAmount  string    `json:"invoice_amount"`
	SendPayDate    string    `json:"send_pay_date,omitempty"`
	Funds          []aliFund `json:"fund_bill_list,omitempty"`
	BuyerUserID    string    `json:"buyer_user_id"`
}

const buyerLogonID = "139****0000"

func (s *Sandbox) alipayQuery(c *call, _ url.Values, b *biz) (any, *aliError) {
	t, fail := s.alipayFind(b)
	if fail != nil && (t == nil || c.fault.Kind != FaultWrongOrder) {
		return nil, fail
	}
	d := s.decoy(c, t)
	q := aliQueried{
		aliOK: success, TradeNo: d.TransactionID, OutTradeNo: d.OutTradeNo, BuyerLogonID: buyerLogonID,
		TradeStatus: d.State, TotalAmount: yuan(d.Amount), ReceiptAmount: "0.00", BuyerPayAmount: "0.00",
		PointAmount: "0.00", InvoiceAmount: "0.00", BuyerUserID: d.Buyer,
	}
	switch {
	case d.paidOnce() && d == t && s.faults.takeKind(FaultStale, Alipay, opQuery, t.OutTradeNo):
		q.TradeStatus = waitBuyerPay
	case d.paidOnce():
		q.ReceiptAmount, q.BuyerPayAmount, q.InvoiceAmount = yuan(d.Amount), yuan(d.Amount), yuan(d.Amount)
		q.SendPayDate = aliTimestamp(d.Paid)
		q.Funds = []aliFund{{yuan(d.Amount), "ALIPAYACCOUNT"}}
	}
	return q, nil
}

type aliClosed struct {
	aliOK
	TradeNo    string `json:"trade_no,omitempty"`
	OutTradeNo string `json:"out_trade_no"`
	RetryFlag  string `json:"retry_flag,omitempty"`
	Action     string `json:"action,omitempty"`
}

// alipayClose closes a trade that exists and is unpaid.
func (s *Sandbox) alipayClose(c *call, _ url.Values, b *biz) (any, *aliError) {
	t, fail := s.alipayFind(b)
	switch {
	case fail != nil:
		return nil, fail
	case t.State != waitBuyerPay:
		return nil, errTradeStatus
	}
	t.State, t.Closed, t.Code = tradeClosed, s.now(), ""
	s.save(t)
	d := s.decoy(c, t)
	return aliClosed{aliOK: success, TradeNo: d.TransactionID, OutTradeNo: d.OutTradeNo}, nil
}

// alipayCancel closes an unpaid trade, gives a paid one its money back, and kills a code nobody has scanned.
// Repeating it changes nothing.
func (s *Sandbox) alipayCancel(c *call, _ url.Values, b *biz) (any, *aliError) {
	t, fail := s.alipayFind(b)
	if t == nil && fail != errTradeNotExist {
		return nil, fail
	}
	out := aliClosed{aliOK: success, OutTradeNo: b.order("out_trade_no", false), RetryFlag: "N"}
	if t == nil {
		return out, nil
	}
	now := s.now()
	switch t.State {
	case noTrade:
		t.Canceled, t.Code = "code", ""
	case waitBuyerPay:
		t.State, t.Closed, t.Canceled, t.Code = tradeClosed, now, "close", ""
	case tradeSuccess:
		t.Canceled = "refund"
		r := &back{OutRefundNo: "cancel_" + t.OutTradeNo, Amount: t.Amount - t.refunded(), State: refundSuccess, Created: now, Done: now}
		t.Refunds = append(t.Refunds, r)
		t.State, t.Closed = tradeClosed, now
		s.notifyAlipayRefund(t, r)
	}
	s.save(t)
	d := s.decoy(c, t)
	out.OutTradeNo = d.OutTradeNo
	if t.State != noTrade {
		out.TradeNo, out.Action = d.TransactionID, "close"
		if t.paidOnce() {
			out.Action = "refund"
		}
	}
	return out, nil
}
