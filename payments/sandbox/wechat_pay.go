package sandbox

import (
	"net/http"
	"regexp"
	"time"
)

// outTradeNo is the alphabet of WeChat Pay's order numbers.
var wxOutTradeNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*]+$`)

var (
	errOrderPaid     = wxFail(400, "ORDERPAID", "该订单已支付")
	errOrderClosed   = wxFail(400, "ORDER_CLOSED", "该订单已关闭")
	errNumberUsed    = wxFail(403, "OUT_TRADE_NO_USED", "商户订单号重复：与首次下单的参数不一致")
	errOrderNotExist = wxFail(404, "ORDER_NOT_EXIST", "订单不存在")
)

// wechatCreate is Native's order: POST /v3/pay/transactions/native.
func (s *Sandbox) wechatCreate(c *call, _ string) (int, any, *wxError) {
	if fail := jsonBody(c); fail != nil {
		return 0, nil, fail
	}
	now := s.now()
	f := parseFields(c.body)
	appID, mchID := f.text("appid", 1, 32), f.text("mchid", 1, 32)
	t := &trade{
		Wallet: WeChat, State: wxNotPay, Created: now,
		Description: f.text("description", 1, 127),
		OutTradeNo:  f.match("out_trade_no", 6, 32, wxOutTradeNo),
		Attach:      f.text("attach", 0, 128),
		NotifyURL:   f.notifyURL(true),
		Deadline:    f.expiry(now),
		Buyer:       "o" + letters(27),
	}
	f.text("goods_tag", 0, 32)
	amount := f.object("amount")
	t.Amount = amount.fen("total", 1)
	amount.currency(false)
	if fail := f.err(); fail != nil {
		return 0, nil, fail
	}
	if fail := s.ours(appID, mchID); fail != nil {
		return 0, nil, fail
	}
	t.Serial = c.r.Header.Get("Wechatpay-Serial")
	t.Fingerprint = f.fingerprint("time_expire") + t.Deadline.UTC().Format(time.RFC3339)

	if old := s.trades[t.key()]; old != nil {
		switch {
		case old.paidOnce():
			return 0, nil, errOrderPaid
		case old.State == wxClosed:
			return 0, nil, errOrderClosed
		case old.Fingerprint != t.Fingerprint:
			return 0, nil, errNumberUsed
		}
		t = old
	} else {
		s.add(t)
	}
	code := s.newCode(t)
	s.save(t)
	return http.StatusOK, map[string]string{"code_url": code}, nil
}

// jsonBody refuses a body that does not say it is JSON.
func jsonBody(c *call) *wxError {
	if !isJSON(c.r.Header.Get("Content-Type")) {
		return wxFail(415, "PARAM_ERROR", "Http头Content-Type应为application/json")
	}
	return nil
}

// ours checks that the application and the merchant belong to each other.
func (s *Sandbox) ours(appID, mchID string) *wxError {
	if mchID != s.papers.WeChat.MchID {
		return wxFail(400, "PARAM_ERROR", "mchid 与签名的商户号不一致")
	}
	if appID != s.papers.WeChat.AppID {
		return wxFail(400, "APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配")
	}
	return nil
}

// wxTransaction is an order in queries and notifications.
type wxTransaction struct {
	AppID          string   `json:"appid"`
	MchID          string   `json:"mchid"`
	OutTradeNo     string   `json:"out_trade_no"`
	TransactionID  string   `json:"transaction_id,omitempty"`
	TradeType      string   `json:"trade_type,omitempty"`
	TradeState     string   `json:"trade_state"`
	TradeStateDesc string   `json:"trade_state_desc"`
	BankType       string   `json:"bank_type,omitempty"`
	Attach         string   `json:"attach"`
	SuccessTime    string   `json:"success_time,omitempty"`
	Payer          *wxPayer `json:"payer,omitempty"`
	Amount         wxAmount `json:"amount"`
	Promotions     []string `json:"promotion_detail"`
}

type wxPayer struct {
	OpenID string `json:"openid"`
}

type wxAmount struct {
	Total         int64  `json:"total"`
	PayerTotal    int64  `json:"payer_total,omitempty"`
	Currency      string `json:"currency"`
	PayerCurrency string `json:"payer_currency,omitempty"`
}

var wxStateDesc = map[string]string{
	wxNotPay: "订单未支付", wxSuccess: "支付成功", wxRefund: "订单发生过退款", wxClosed: "订单已关闭",
}

func (s *Sandbox) transaction(t *trade, state string) wxTransaction {
	x := wxTransaction{
		AppID: s.papers.WeChat.AppID, MchID: s.papers.WeChat.MchID, OutTradeNo: t.OutTradeNo,
		TradeState: state, TradeStateDesc: wxStateDesc[state], Attach: t.Attach,
		Amount: wxAmount{Total: t.Amount, Currency: "CNY"}, Promotions: []string{},
	}
	if state == wxSuccess || state == wxRefund {
		x.TransactionID, x.TradeType, x.BankType = t.TransactionID, "NATIVE", "OTHERS"
		x.SuccessTime = rfc3339(t.Paid)
		x.Payer = &wxPayer{t.Buyer}
		x.Amount.PayerTotal, x.Amount.PayerCurrency = t.Amount, "CNY"
	}
	return x
}

func rfc3339(t time.Time) string { return t.In(beijing).Format(time.RFC3339) }

func (s *Sandbox) wechatQuery(c *call, no string) (int, any, *wxError) {
	if c.r.URL.Query().Get("mchid") != s.papers.WeChat.MchID {
		return 0, nil, wxFail(400, "PARAM_ERROR", "输入源“/query/mchid”缺失或与签名的商户号不一致")
	}
	t := s.trades[WeChat+" "+no]
	if t == nil {
		return 0, nil, errOrderNotExist
	}
	d := s.decoy(c, t)
	state := d.State
	if t.paidOnce() && s.faults.takeKind(FaultStale, WeChat, opQuery, no) {
		state = wxNotPay
	}
	return http.StatusOK, s.transaction(d, state), nil
}

func (s *Sandbox) wechatQueryID(c *call, id string) (int, any, *wxError) {
	for _, t := range s.list {
		if t.Wallet == WeChat && t.TransactionID == id && id != "" {
			return s.wechatQuery(c, t.OutTradeNo)
		}
	}
	return 0, nil, errOrderNotExist
}

// wechatClose answers 204 without a body.
func (s *Sandbox) wechatClose(c *call, no string) (int, any, *wxError) {
	if fail := jsonBody(c); fail != nil {
		return 0, nil, fail
	}
	f := parseFields(c.body)
	mchID := f.text("mchid", 1, 32)
	if fail := f.err(); fail != nil {
		return 0, nil, fail
	}
	t := s.trades[WeChat+" "+no]
	switch {
	case mchID != s.papers.WeChat.MchID:
		return 0, nil, wxFail(400, "PARAM_ERROR", "输入源“/body/mchid”与签名的商户号不一致")
	case t == nil:
		return 0, nil, errOrderNotExist
	case t.paidOnce():
		return 0, nil, errOrderPaid
	case t.State == wxClosed:
		return 0, nil, errOrderClosed
	}
	t.State, t.Closed, t.Code = wxClosed, s.now(), ""
	s.save(t)
	return http.StatusNoContent, nil, nil
}

// wechatCertificates serves the platform certificate, sealed under the APIv3 key.
func (s *Sandbox) wechatCertificates(*call, string) (int, any, *wxError) {
	type certificate struct {
		SerialNo  string `json:"serial_no"`
		Effective string `json:"effective_time"`
		Expire    string `json:"expire_time"`
		Encrypted sealed `json:"encrypt_certificate"`
	}
	data := []certificate{}
	for _, i := range s.keys.platformCertificates() {
		from, to := validity(i.certificate)
		data = append(data, certificate{i.serial, rfc3339(from), rfc3339(to), seal(s.papers.WeChat.APIv3Key, "certificate", i.certificate)})
	}
	return http.StatusOK, map[string][]certificate{"data": data}, nil
}
