package alipay

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
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

// madeUp is one answer: a business text, signed, or a whole body.
type madeUp struct {
	text   string
	signed bool
}

func (a *madeUp) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := q.ParseForm(); err != nil {
		return nil, err
	}
	body := a.text
	if a.signed {
		name := strings.ReplaceAll(q.PostForm.Get("method"), ".", "_") + "_response"
		body = `{"` + name + `":` + a.text + `,"sign":"` + sign(keys().platform, a.text) + `"}`
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: q}, nil
}

// Nothing that Alipay's key has not signed is a notification, whatever is posted.
func FuzzNotificationForm(f *testing.F) {
	g := fuzzedGateway(f, nil)
	kind := formHeader().Get("Content-Type")
	f.Add(kind, string(signed(form(nil), keys().stranger)))
	f.Add(kind, form(map[string]string{"sign_type": "RSA"}).Encode()+"&sign=AAAA")
	f.Add(kind, form(nil).Encode()+"&sign=%25&alipay_cert_sn=00112233")
	f.Add("application/json", `{"sign":"x"}`)
	f.Add(kind, "a=1;b=2&a=3&%zz")
	f.Fuzz(func(t *testing.T, kind, body string) {
		n, err := g.Notification(t.Context(), http.Header{"Content-Type": {kind}}, []byte(body))
		switch {
		case n != (pos.Notice{}):
			t.Fatalf("believed: %+v", n)
		case !errors.Is(err, ErrSignature) && !errors.Is(err, ErrMalformed) || strings.Contains(err.Error(), "panic"):
			t.Fatalf("refused with %v", err)
		}
	})
}

// Whatever Alipay signs as a notification is complete or refused, and names no buyer in the log.
func FuzzNotificationFields(f *testing.F) {
	g := fuzzedGateway(f, nil)
	f.Add("K1", "2026013122001", "TRADE_SUCCESS", "12.50", "", "2026-01-31 22:03:30", "buyer_id", testBuyerID)
	f.Add("K1", "2026013122001", "TRADE_FINISHED", "0.01", "USD", "", "Buyer_Open_ID", testBuyerID)
	f.Add("K1", "1", "TRADE_SUCCESS", "12.50", "", "", "operator_open_id", testBuyerID)
	f.Add("K1", "", "WAIT_BUYER_PAY", "8.880", "CNY", "", "charset", "GBK")
	f.Add("K1", "1", "TRADE_CLOSED", "8.888e1", "", "x", "seller_id", "")
	f.Add("K1", "", "TRADE_SUCCESS", "12.50", "", "", "x", "")
	f.Add("K1", "1", "TRADE_SUCCESS", "12.5", "", "", "x", "")
	f.Add("", "1", "TRADE_SUCCESS", " 1.00", "", "", "subject", "\xff")
	f.Fuzz(func(t *testing.T, order, trade, status, amount, currency, at, key, value string) {
		v := form(map[string]string{
			"out_trade_no": order, "trade_no": trade, "trade_status": status, "total_amount": amount, "trans_currency": currency, "gmt_payment": at,
		})
		v.Set(key, value)
		n, err := g.Notification(t.Context(), formHeader(), signed(v, keys().platform))
		if err != nil {
			if n != (pos.Notice{}) || strings.Contains(err.Error(), "panic") {
				t.Fatalf("%+v with %v", n, err)
			}
			return
		}
		p := n.Payment
		if p == nil || n.Refund != nil || p.State == "" || p.OutTradeNo == "" || p.Account.MerchantID == "" || p.Account.AppID == "" ||
			p.Currency == "" || p.Amount < 0 || p.Amount.String() != v.Get("total_amount") {
			t.Fatalf("a payment without what it needs: %+v", p)
		}
		if p.State == pos.TradePaid && (p.TransactionID == "" || p.Amount == 0) {
			t.Fatalf("paid without what it needs: %+v", p)
		}
		anonymous(t, p.Raw)
	})
}

// anonymous checks that what goes to the log names no buyer, repeats no title and has no signature.
func anonymous(t *testing.T, raw []byte) {
	t.Helper()
	if raw == nil {
		return
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatalf("the log gets %s: %v", raw, err)
	}
	for k, v := range fields {
		k = strings.ToLower(k)
		secret := strings.HasPrefix(k, "buyer_") && k != "buyer_pay_amount" && k != "buyer_user_type" || strings.HasSuffix(k, "open_id")
		if secret && v != wire.Masked || k == "sign" || k == "subject" {
			t.Fatalf("the log gets %s", raw)
		}
	}
}

// A signed answer is about what was asked and complete, or proves nothing; an unsigned one proves nothing.
func FuzzAnswer(f *testing.F) {
	answers := &madeUp{}
	g := fuzzedGateway(f, answers)
	p := payment()
	r := refundOf(p)
	f.Add(true, uint8(0), words(map[string]any{"code": "10000", "out_trade_no": p.OutTradeNo, "qr_code": "https://qr.alipay.com/x"}, nil))
	f.Add(true, uint8(1), tradeWords(nil))
	f.Add(true, uint8(1), tradeWords(map[string]any{"trade_status": "WAIT_BUYER_PAY", "send_pay_date": nil}))
	f.Add(true, uint8(1), tradeWords(map[string]any{"trade_no": nil}))
	f.Add(true, uint8(1), tradeWords(map[string]any{"out_trade_no": "K1"}))
	f.Add(true, uint8(1), refusalWords("40004", "ACQ.TRADE_NOT_EXIST"))
	f.Add(true, uint8(2), refusalWords("40004", "ACQ.TRADE_HAS_SUCCESS"))
	f.Add(true, uint8(3), words(map[string]any{"code": "10000", "out_trade_no": p.OutTradeNo, "fund_change": "Y", "refund_fee": "2.50"}, nil))
	f.Add(true, uint8(4), words(map[string]any{
		"code": "10000", "out_trade_no": p.OutTradeNo, "out_request_no": r.OutRefundNo, "refund_amount": "2.50", "refund_status": "REFUND_SUCCESS",
	}, nil))
	f.Add(false, uint8(1), `{"alipay_trade_query_response":`+tradeWords(nil)+`}`)
	f.Add(false, uint8(1), `{"alipay_trade_query_response":`+tradeWords(nil)+`,"sign":"AAAA"}`)
	f.Add(false, uint8(0), `{"alipay_trade_precreate_response":null}`)
	f.Add(false, uint8(2), `{"error_response":{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}}`)
	f.Add(false, uint8(3), `{"alipay_cert_sn":"00112233","alipay_trade_refund_response":{"code":"10000"},"sign":""}`)
	f.Fuzz(func(t *testing.T, signed bool, call uint8, text string) {
		*answers = madeUp{text, signed}
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
	if !known || e.Wallet != p.Wallet || e.OutTradeNo != p.OutTradeNo || e.Account != p.Account {
		t.Errorf("about something else: %+v", e)
	}
	if e.State == pos.TradePaid && (e.TransactionID == "" || e.Amount <= 0) || e.State != pos.TradePaid && e.Amount != p.Amount {
		t.Errorf("without what it needs: %+v", e)
	}
	anonymous(t, e.Raw)
}

func aboutRefund(t *testing.T, e pos.RefundEvidence, r *pos.Refund) {
	t.Helper()
	if e.Wallet != r.Wallet || e.OutTradeNo != r.OutTradeNo || e.OutRefundNo != r.OutRefundNo || e.State != "" && e.State != pos.RefundSucceeded {
		t.Errorf("about something else: %+v", e)
	}
	anonymous(t, e.Raw)
}

// A form is read in one way only: what is accepted is what another program would read.
func FuzzReadForm(f *testing.F) {
	f.Add(string(signed(form(nil), keys().stranger)))
	f.Add("sign=x&sign_type=RSA2&charset=utf-8&a=1&a=2")
	f.Add("sign=x&sign_type=RSA2&charset=utf-8&a=%FF")
	f.Add("sign=x&sign_type=RSA2&charset=UTF-8&=&a;b")
	f.Fuzz(func(t *testing.T, body string) {
		got, err := readForm(formHeader(), []byte(body))
		if err != nil {
			return
		}
		if got.Get("sign_type") != "RSA2" || got.Get("sign") == "" || !strings.EqualFold(got.Get("charset"), "utf-8") {
			t.Fatalf("%q is accepted", body)
		}
		again, err := url.ParseQuery(got.Encode())
		if err != nil || again.Encode() != got.Encode() {
			t.Errorf("%q is read as %v and as %v", body, got, again)
		}
		for k, v := range got {
			if len(v) != 1 {
				t.Errorf("%q has %q %d times", body, k, len(v))
			}
		}
	})
}
