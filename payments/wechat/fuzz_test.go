package wechat

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

// fuzzedGateway is a gateway whose platform answers what the fuzzer makes up.
func fuzzedGateway(f *testing.F, answers http.RoundTripper) *Gateway {
	g, err := New(papers(Config{Transport: answers, Now: func() time.Time { return payment().CreatedAt }}))
	if err != nil {
		f.Fatal(err)
	}
	return g
}

// madeUp is one answer.
type madeUp struct {
	status int
	body   string
	signed bool
}

func (a *madeUp) RoundTrip(q *http.Request) (*http.Response, error) {
	r := &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: q}
	if a.signed {
		r.Header = signedHeader(keys().platform, testKeyID, time.Now(), a.body)
	}
	return r, nil
}

// Nothing that WeChat Pay's key has not signed is a notification, whatever stands in its headers.
func FuzzNotificationHeader(f *testing.F) {
	g := fuzzedGateway(f, nil)
	now := strconv.FormatInt(g.now().Unix(), 10)
	f.Add(now, "nonce", testKeyID, "AAAA", "WECHATPAY2-SHA256-RSA2048", `{"event_type":"TRANSACTION.SUCCESS"}`)
	f.Add(now, "nonce", testKeyID, "WECHATPAY/SIGNTEST/AAAA", "", "")
	f.Add("-1", "", "0A1B2C", "%%%", "x", "null")
	f.Fuzz(func(t *testing.T, timestamp, nonce, serial, signature, kind, body string) {
		header := http.Header{
			"Wechatpay-Timestamp": {timestamp}, "Wechatpay-Nonce": {nonce}, "Wechatpay-Serial": {serial}, "Wechatpay-Signature": {signature},
		}
		if kind != "" {
			header.Set(signatureType, kind)
		}
		n, err := g.Notification(t.Context(), header, []byte(body))
		switch {
		case n != (pos.Notice{}):
			t.Fatalf("believed: %+v", n)
		case err != ErrSignature && err != ErrStale && err != ErrProbe: // none of which quotes anything
			t.Fatalf("refused with %v", err)
		}
	})
}

// Whatever WeChat Pay signs as a notification is a complete one or refused.
func FuzzNotificationBody(f *testing.F) {
	g := fuzzedGateway(f, nil)
	for _, n := range []notification{
		{},
		{event: "REFUND.SUCCESS", resource: refundWords(map[string]any{"mchid": testMchID, "status": nil, "refund_status": "SUCCESS"})},
		{nonce: "short"},
		{body: "null"},
		{body: `{"event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM","nonce":"twelve-chars","ciphertext":"AAAA"}}`},
	} {
		_, body := n.build()
		f.Add(string(body))
	}
	f.Fuzz(func(t *testing.T, body string) {
		n, err := g.Notification(t.Context(), signedHeader(keys().platform, testKeyID, g.now(), body), []byte(body))
		if err != nil && !errors.Is(err, ErrMalformed) || err != nil && strings.Contains(err.Error(), "panic") {
			t.Fatal(err)
		}
		complete(t, n, err)
	})
}

// A resource is a complete notice or refused, and has one reading only: written again as another program
// would, it says the same.
func FuzzNotificationResource(f *testing.F) {
	g := fuzzedGateway(f, nil)
	f.Add("TRANSACTION.SUCCESS", trade(nil))
	f.Add("TRANSACTION.SUCCESS", trade(map[string]any{"success_time": nil, "trade_state": "REFUND"}))
	f.Add("REFUND.SUCCESS", refundWords(map[string]any{"mchid": testMchID, "status": nil, "refund_status": "SUCCESS"}))
	f.Add("REFUND.ABNORMAL", refundWords(map[string]any{"status": "ABNORMAL"}))
	for _, key := range []string{"mchid", "appid", "out_trade_no", "transaction_id", "trade_state", "amount", "payer"} {
		f.Add("TRANSACTION.SUCCESS", trade(map[string]any{key: nil}))
		f.Add("REFUND.SUCCESS", refundWords(map[string]any{key: nil, "status": "SUCCESS"}))
	}
	for _, key := range []string{"out_refund_no", "refund_id", "status", "user_received_account"} {
		f.Add("REFUND.SUCCESS", refundWords(map[string]any{key: nil}))
	}
	f.Add("TRANSACTION.SUCCESS", strings.Replace(trade(nil), `"mchid"`, `"MCHID":"1","mchid"`, 1))
	f.Fuzz(func(t *testing.T, event, resource string) {
		n, err := g.notice(event, []byte(resource))
		complete(t, n, err)
		if err != nil {
			return
		}
		again, err := g.notice(event, rewritten(t, resource))
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Errorf("written again, %+v becomes %+v, %v", n, again, err)
		}
	})
}

// rewritten is JSON text as another program would write it.
func rewritten(t *testing.T, text string) []byte {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// complete checks that a notice has all that the till decides by, and an error comes alone.
func complete(t *testing.T, n pos.Notice, err error) {
	t.Helper()
	if err != nil {
		if n != (pos.Notice{}) {
			t.Fatalf("%+v with %v", n, err)
		}
		return
	}
	p, r := n.Payment, n.Refund
	switch {
	case (p == nil) == (r == nil):
		t.Fatalf("about neither or both: %+v", n)
	case p != nil && (p.State != pos.TradePaid || p.TransactionID == "" || p.OutTradeNo == "" || p.Amount <= 0 ||
		p.Account.MerchantID == "" || p.Account.AppID == "" || p.Source != pos.FromNotification || p.Wallet != pos.WeChat):
		t.Fatalf("a payment without what it needs: %+v", p)
	case r != nil && (r.State == "" || r.OutRefundNo == "" || r.OutTradeNo == "" || r.RefundID == "" || r.Amount <= 0):
		t.Fatalf("a refund without what it needs: %+v", r)
	case p != nil:
		anonymous(t, p.Raw)
	case r != nil:
		anonymous(t, r.Raw)
	}
}

// anonymous checks that what goes to the log names no payer.
func anonymous(t *testing.T, raw []byte) {
	t.Helper()
	if raw == nil {
		return
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("the log gets %s: %v", raw, err)
	}
	var look func(v any, secret bool)
	look = func(v any, secret bool) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				k = strings.ToLower(k)
				look(inner, secret || strings.HasSuffix(k, "openid") || k == "payer" || k == "user_received_account")
			}
		case []any:
			for _, inner := range v {
				look(inner, secret)
			}
		default:
			if secret && v != wire.Masked {
				t.Fatalf("the log gets the payer: %s", raw)
			}
		}
	}
	look(v, false)
}

// What is masked names no payer, however it is nested and spelled.
func FuzzMask(f *testing.F) {
	f.Add(trade(nil))
	f.Add(refundWords(nil))
	f.Add(`{"payer":{"name":"x"},"User_Received_Account":["y"]}`)
	f.Add(`{"payer":[{"sub_openid":1.50,"OpenID":null}],"x":["openid"]}`)
	f.Fuzz(func(t *testing.T, text string) { anonymous(t, mask([]byte(text))) })
}

// A signed answer is about what was asked and complete, or proves nothing; an unsigned one proves nothing.
func FuzzAnswer(f *testing.F) {
	answers := &madeUp{}
	g := fuzzedGateway(f, answers)
	for _, signed := range []bool{true, false} {
		f.Add(signed, uint8(0), uint16(0), `{"code_url":"weixin://wxpay/bizpayurl?pr=1"}`)
		f.Add(signed, uint8(1), uint16(0), trade(nil))
		f.Add(signed, uint8(1), uint16(0), trade(map[string]any{"trade_state": "NOTPAY", "amount": nil, "transaction_id": nil}))
		f.Add(signed, uint8(1), uint16(0), trade(map[string]any{"transaction_id": nil}))
		f.Add(signed, uint8(1), uint16(0), trade(map[string]any{"out_trade_no": "K1"}))
		f.Add(signed, uint8(1), uint16(204), refusalBody("ORDER_NOT_EXIST"))
		f.Add(signed, uint8(2), uint16(200), refusalBody("ORDERPAID"))
		f.Add(signed, uint8(2), uint16(4), "")
		f.Add(signed, uint8(3), uint16(0), refundWords(nil))
		f.Add(signed, uint8(4), uint16(0), refundWords(map[string]any{"status": "SUCCESS", "success_time": "2026-01-31T22:05:00+08:00"}))
		f.Add(signed, uint8(4), uint16(0), refundWords(map[string]any{"out_refund_no": "R1"}))
		f.Add(signed, uint8(4), uint16(204), refusalBody("RESOURCE_NOT_EXISTS"))
	}
	p := payment()
	r := refundOf(p)
	f.Fuzz(func(t *testing.T, signed bool, call uint8, status uint16, body string) {
		*answers = madeUp{200 + int(status%400), body, signed}
		var err error
		switch call % 5 {
		case 0:
			var code string
			if code, err = g.Create(t.Context(), p); err == nil && code == "" {
				t.Error("created without a code")
			}
		case 1:
			var e pos.Evidence
			if e, err = g.Query(t.Context(), p); err == nil {
				aboutPayment(t, e, p)
			}
		case 2:
			err = g.Close(t.Context(), p)
		case 3, 4:
			ask := g.Refund
			if call%5 == 4 {
				ask = g.QueryRefund
			}
			var e pos.RefundEvidence
			if e, err = ask(t.Context(), p, r); err == nil {
				aboutRefund(t, e, r)
			}
		}
		proves(t, signed, err)
	})
}

// proves checks what an error may prove.
func proves(t *testing.T, signed bool, err error) {
	t.Helper()
	failure := pos.FailureOf(err)
	if _, ok := errors.AsType[*pos.GatewayError](err); err != nil && !ok {
		t.Errorf("an error that is no *pos.GatewayError: %v", err)
	}
	if !signed && (err == nil || failure == pos.Refused || failure == pos.AlreadyPaid || failure == pos.NotReady) {
		t.Errorf("an unsigned answer proves %q: %v", failure, err)
	}
}

func aboutPayment(t *testing.T, e pos.Evidence, p *pos.Payment) {
	t.Helper()
	known := e.State == pos.TradePaid || e.State == pos.TradeUnpaid || e.State == pos.TradeClosed || e.State == pos.TradeNone
	if !known || e.Wallet != p.Wallet || e.OutTradeNo != p.OutTradeNo || e.Account.MerchantID != p.Account.MerchantID {
		t.Errorf("about something else: %+v", e)
	}
	if e.State == pos.TradePaid && (e.TransactionID == "" || e.Amount <= 0) || e.State != pos.TradePaid && e.Amount != p.Amount {
		t.Errorf("without what it needs: %+v", e)
	}
	anonymous(t, e.Raw)
}

func aboutRefund(t *testing.T, e pos.RefundEvidence, r *pos.Refund) {
	t.Helper()
	if e.Wallet != r.Wallet || e.OutTradeNo != r.OutTradeNo || e.OutRefundNo != r.OutRefundNo || e.Amount <= 0 || e.State == pos.RefundRequested {
		t.Errorf("about something else: %+v", e)
	}
	if e.State != "" && e.RefundID == "" {
		t.Errorf("without what it needs: %+v", e)
	}
	anonymous(t, e.Raw)
}
