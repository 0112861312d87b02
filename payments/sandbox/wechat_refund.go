package sandbox

import (
	"net/http"
	"regexp"
	"time"
)

// The rules of a refund: pay.weixin.qq.com, "refund".
const (
	refundDays = 365
	maxRefunds = 50
	refundGap  = time.Minute // between two of one order
)

var wxOutRefundNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*@]+$`)

var errRefundNotExist = wxFail(404, "RESOURCE_NOT_EXISTS", "退款单不存在")

// wxRefundAnswer is a refund in answers.
type wxRefundAnswer struct {
	RefundID      string         `json:"refund_id"`
	OutRefundNo   string         `json:"out_refund_no"`
	TransactionID string         `json:"transaction_id"`
	OutTradeNo    string         `json:"out_trade_no"`
	Channel       string         `json:"channel"`
	Account       string         `json:"user_received_account"`
	SuccessTime   string         `json:"success_time,omitempty"`
	CreateTime    string         `json:"create_time"`
	Status        string         `json:"status"`
	FundsAccount  string         `json:"funds_account"`
	Amount        wxRefundAmount `json:"amount"`
	Promotions    []string       `json:"promotion_detail"`
}

type wxRefundAmount struct {
	Total            int64    `json:"total"`
	Refund           int64    `json:"refund"`
	From             []string `json:"from"`
	PayerTotal       int64    `json:"payer_total"`
	PayerRefund      int64    `json:"payer_refund"`
	SettlementRefund int64    `json:"settlement_refund"`
	SettlementTotal  int64    `json:"settlement_total"`
	DiscountRefund   int64    `json:"discount_refund"`
	Currency         string   `json:"currency"`
}

func refundAnswer(t *trade, r *back) wxRefundAnswer {
	a := wxRefundAnswer{
		RefundID: r.RefundID, OutRefundNo: r.OutRefundNo, TransactionID: t.TransactionID, OutTradeNo: t.OutTradeNo,
		Channel: "ORIGINAL", Account: "支付用户零钱", CreateTime: rfc3339(r.Created), Status: r.State,
		FundsAccount: "UNSETTLED", Promotions: []string{},
		Amount: wxRefundAmount{
			Total: t.Amount, Refund: r.Amount, From: []string{}, PayerTotal: t.Amount, PayerRefund: r.Amount,
			SettlementRefund: r.Amount, SettlementTotal: t.Amount, Currency: "CNY",
		},
	}
	if r.State == refundSuccess {
		a.SuccessTime = rfc3339(r.Done)
	}
	return a
}

// wechatRefund is POST /v3/refund/domestic/refunds: it only accepts; the money moves later.
func (s *Sandbox) wechatRefund(c *call, _ string) (int, any, *wxError) {
	if fail := jsonBody(c); fail != nil {
		return 0, nil, fail
	}
	f := parseFields(c.body)
	r := &back{
		OutRefundNo: f.match("out_refund_no", 1, 64, wxOutRefundNo),
		Reason:      f.text("reason", 0, 80),
		NotifyURL:   f.notifyURL(false),
	}
	id, no := f.text("transaction_id", 0, 32), f.text("out_trade_no", 0, 32)
	if id == "" && no == "" {
		f.refuse("out_trade_no", "与 transaction_id 必须二选一填写")
	}
	amount := f.object("amount")
	r.Amount = amount.fen("refund", 1)
	total := amount.fen("total", 1)
	amount.currency(true)
	if fail := f.err(); fail != nil {
		return 0, nil, fail
	}
	r.Fingerprint = f.fingerprint("notify_url")
	r.Serial = c.r.Header.Get("Wechatpay-Serial")

	t := s.findWeChat(id, no)
	if old := s.refunds[r.OutRefundNo]; old != nil {
		known := old.refund(r.OutRefundNo)
		if old != t || known.Fingerprint != r.Fingerprint {
			return 0, nil, wxFail(400, "INVALID_REQUEST", "商户退款单号 out_refund_no 重复：与首次申请的参数不一致")
		}
		return http.StatusOK, refundAnswer(s.decoy(c, t), known), nil
	}
	if fail := s.mayRefund(t, r, total); fail != nil {
		return 0, nil, fail
	}
	s.startRefund(t, r)
	return http.StatusOK, refundAnswer(s.decoy(c, t), r), nil
}

// findWeChat finds an order by either number; when both are given they must agree.
func (s *Sandbox) findWeChat(id, no string) *trade {
	for _, t := range s.list {
		if t.Wallet == WeChat && (no == "" || t.OutTradeNo == no) && (id == "" || t.TransactionID == id) {
			return t
		}
	}
	return nil
}

func (s *Sandbox) mayRefund(t *trade, r *back, total int64) *wxError {
	now := s.now()
	switch {
	case t == nil:
		return wxFail(404, "RESOURCE_NOT_EXISTS", "订单不存在")
	case !t.paidOnce():
		return wxFail(400, "INVALID_REQUEST", "订单状态不支持退款：未支付")
	case total != t.Amount:
		return wxFail(400, "INVALID_REQUEST", "订单金额 amount.total 与原订单不一致")
	case t.refunded()+r.Amount > t.Amount:
		return wxFail(400, "INVALID_REQUEST", "申请退款金额 amount.refund 大于订单剩余可退金额")
	case len(t.Refunds) >= maxRefunds:
		return wxFail(400, "INVALID_REQUEST", "一笔订单最多申请 50 次部分退款")
	case now.Sub(t.Paid) > refundDays*24*time.Hour:
		return wxFail(400, "INVALID_REQUEST", "订单支付已超过一年，不支持退款")
	}
	if n := len(t.Refunds); n > 0 && now.Sub(t.Refunds[n-1].Created) < s.opt.RefundGap {
		return wxFail(429, "FREQUENCY_LIMITED", "同一订单的两次退款须间隔 1 分钟")
	}
	return nil
}

func (s *Sandbox) startRefund(t *trade, r *back) {
	now := s.now()
	r.RefundID, r.State, r.Created = wechatRefundID(now), refundProcessing, now
	r.Abnormal = s.faults.takeKind(FaultAbnormal, WeChat, opRefund, t.OutTradeNo)
	t.Refunds = append(t.Refunds, r)
	t.State = wxRefund
	s.refunds[r.OutRefundNo] = t
	s.save(t)
	s.finishLater(t, r)
}

// finishLater ends PROCESSING after its time. The caller holds the lock.
func (s *Sandbox) finishLater(t *trade, r *back) {
	s.later(r.Created.Add(s.sooner(s.opt.RefundDelay)).Sub(s.now()), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		r.State, r.Done = refundSuccess, s.now()
		if r.Abnormal {
			r.State = refundAbnormal
		}
		s.notifyRefunded(t, r)
		s.save(t)
	})
}

func (s *Sandbox) wechatQueryRefund(c *call, no string) (int, any, *wxError) {
	t := s.refunds[no]
	if t == nil {
		return 0, nil, errRefundNotExist
	}
	return http.StatusOK, refundAnswer(s.decoy(c, t), t.refund(no)), nil
}
