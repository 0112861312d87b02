package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// alipayNotice is a trade as it is now, or as refund r left it.
func (s *Sandbox) alipayNotice(t *trade, r *back) *notice {
	p := s.papers.Alipay
	id := s.now().In(beijing).Format("20060102") + "00222" + digits(21)
	f := url.Values{
		"notify_id":        {id},
		"notify_type":      {"trade_status_sync"},
		"app_id":           {p.AppID},
		"auth_app_id":      {p.AppID},
		"seller_id":        {p.SellerID},
		"buyer_id":         {t.Buyer},
		"buyer_logon_id":   {buyerLogonID},
		"trade_no":         {t.TransactionID},
		"out_trade_no":     {t.OutTradeNo},
		"subject":          {t.Description},
		"total_amount":     {yuan(t.Amount)},
		"receipt_amount":   {yuan(t.Amount)},
		"buyer_pay_amount": {yuan(t.Amount)},
		"invoice_amount":   {yuan(t.Amount)},
		"point_amount":     {"0.00"},
		"gmt_create":       {aliTimestamp(t.Scanned)},
		"gmt_payment":      {aliTimestamp(t.Paid)},
		"trade_status":     {t.State},
		"fund_bill_list":   {`[{"amount":"` + yuan(t.Amount) + `","fundChannel":"ALIPAYACCOUNT"}]`},
		"charset":          {"utf-8"},
		"version":          {"1.0"},
	}
	if t.Attach != "" {
		f.Set("passback_params", t.Attach)
	}
	if r != nil {
		f.Set("refund_fee", yuan(t.refunded()))
		f.Set("gmt_refund", aliTimestamp(r.Done)+".000")
		f.Set("out_biz_no", r.OutRefundNo)
		if t.State == tradeClosed {
			f.Set("gmt_close", aliTimestamp(t.Closed))
		}
	}
	return &notice{ID: id, URL: t.NotifyURL, Event: "trade_status_sync", Fact: f.Encode()}
}

func (s *Sandbox) notifyAlipayRefund(t *trade, r *back) {
	if t.NotifyURL != "" {
		s.announce(t, s.alipayNotice(t, r))
	}
}

// alipayMessage signs the decoded non-empty parameters without sign and sign_type. In certificate mode it names no
// certificate: documents show none, and Alipay's own SDK would take it for signed where others take it for unsigned.
func (s *Sandbox) alipayMessage(ctx context.Context, n *notice, fault FaultKind) (*http.Request, error) {
	f, err := url.ParseQuery(n.Fact)
	if err != nil {
		return nil, err
	}
	f.Set("notify_time", aliTimestamp(s.now()))
	key, _ := s.keys.alipay()
	if fault == FaultForged || fault == FaultBadSignature || fault == FaultProbe {
		key = stranger()
	}
	signature := sign(key, signedText(f))
	if fault == FaultCorrupt {
		f.Set("total_amount", "0"+f.Get("total_amount"))
	}
	if fault != FaultUnsigned {
		f.Set("sign_type", "RSA2")
		f.Set("sign", signature)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, strings.NewReader(f.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("User-Agent", "Mozilla/4.0")
	return req, nil
}

// alipayAccepted: the body must be success and nothing else.
func alipayAccepted(status int, body []byte) bool {
	return status == http.StatusOK && string(body) == "success"
}

// stranger is an attacker's key: nobody trusts it.
var stranger = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return k
})
