package alipay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

func TestCreateAsksIdenticallyEachTime(t *testing.T) {
	p := payment()
	api := &platform{answer: map[string]string{"alipay.trade.precreate": words(map[string]any{
		"code": "10000", "msg": "Success", "out_trade_no": p.OutTradeNo, "qr_code": "https://qr.alipay.com/bax0",
	}, nil)}}
	api.t = t
	s := httptest.NewServer(api)
	defer s.Close()
	g := gateway(t, Config{GatewayURL: s.URL, NotifyURL: "https://shop.example/notify/alipay"})
	for range 2 {
		code, err := g.Create(t.Context(), p)
		if err != nil || code != "https://qr.alipay.com/bax0" {
			t.Fatalf("qr_code %q, %v", code, err)
		}
	}
	first, second := api.asked[0], api.asked[1]
	if first.form.Get("biz_content") != second.form.Get("biz_content") {
		t.Errorf("a repetition differs:\n%s\n%s", first.form.Get("biz_content"), second.form.Get("biz_content"))
	}
	if got := first.form.Get("notify_url"); got != "https://shop.example/notify/alipay" {
		t.Errorf("notify_url %q", got)
	}
	for k, want := range map[string]string{
		"out_trade_no": p.OutTradeNo, "total_amount": "12.50", "subject": "拿铁 ×2", "seller_id": testSellerID,
		"time_expire": "2026-01-31 22:10:22", // two minutes after ExpiresAt
	} {
		if first.biz[k] != want {
			t.Errorf("%s is %v, want %s", k, first.biz[k], want)
		}
	}
}

func TestCreateNeedsItsOwnCode(t *testing.T) {
	for name, text := range map[string]string{
		"other order": `{"code":"10000","out_trade_no":"A1","qr_code":"https://qr.alipay.com/x"}`,
		"no code":     `{"code":"10000","out_trade_no":"` + payment().OutTradeNo + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, text).Create(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
		})
	}
}

func TestSubjectIsNeverEmptyNorForbidden(t *testing.T) {
	g := &Gateway{cfg: Config{Title: strings.Repeat("店", 50)}}
	p := payment()
	p.Title = "a/b=c&d"
	if got := g.subject(p); got != "a b c d" {
		t.Errorf("subject %q", got)
	}
	p.Title = "/"
	if got := g.subject(p); got != strings.Repeat("店", 42) {
		t.Errorf("fallback %q", got)
	}
	g.cfg.Title = ""
	if got := g.subject(p); got != p.OutTradeNo {
		t.Errorf("last resort %q", got)
	}
}

func TestQueryPaid(t *testing.T) {
	g := always(t, tradeWords(nil))
	e, err := g.Query(t.Context(), payment())
	if err != nil {
		t.Fatal(err)
	}
	if !e.At.Equal(time.Date(2026, 1, 31, 14, 3, 30, 0, time.UTC)) {
		t.Errorf("at %s", e.At)
	}
	for _, secret := range []string{testBuyerID, "zhang", "074a1Cc"} {
		if bytes.Contains(e.Raw, []byte(secret)) {
			t.Errorf("raw names the buyer: %s", e.Raw)
		}
	}
	if !bytes.Contains(e.Raw, []byte(`"buyer_pay_amount":"12.50"`)) {
		t.Errorf("raw %s", e.Raw)
	}
	e.At, e.Raw = time.Time{}, nil
	want := pos.Evidence{
		Wallet: pos.Alipay, OutTradeNo: payment().OutTradeNo, TransactionID: "2026013122001",
		Account: g.Account(), Amount: 1250, Currency: "CNY", State: pos.TradePaid,
	}
	a, _ := json.Marshal(e)
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestQueryTranslatesEveryState(t *testing.T) {
	for state, want := range map[string]pos.TradeState{
		"TRADE_SUCCESS": pos.TradePaid, "TRADE_FINISHED": pos.TradePaid, "WAIT_BUYER_PAY": pos.TradeUnpaid, "TRADE_CLOSED": pos.TradeClosed,
	} {
		e, err := always(t, tradeWords(map[string]any{"trade_status": state})).Query(t.Context(), payment())
		if err != nil || e.State != want {
			t.Errorf("%s: %s, %v", state, e.State, err)
		}
	}
	_, err := always(t, tradeWords(map[string]any{"trade_status": "TRADE_NEW"})).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	e, err := always(t, refusalWords("40004", "ACQ.TRADE_NOT_EXIST")).Query(t.Context(), payment())
	if err != nil || e.State != pos.TradeNone || e.OutTradeNo != payment().OutTradeNo || e.Account != payment().Account {
		t.Errorf("none: %+v, %v", e, err)
	}
}

// The SDK's own answer type fails on these; the money has moved all the same.
func TestFundBillDoesNotHidePayment(t *testing.T) {
	for _, bill := range []any{
		[]any{map[string]any{"fund_channel": "COUPON", "amount": "1.00", "real_amount": ""}},
		[]any{map[string]any{"fund_channel": "COUPON", "amount": "1.00", "real_amount": 1.5}},
		"[{}]", 1, nil,
	} {
		e, err := always(t, tradeWords(map[string]any{"fund_bill_list": bill})).Query(t.Context(), payment())
		if err != nil || e.State != pos.TradePaid || e.Amount != 1250 {
			t.Errorf("fund_bill_list %v: %+v, %v", bill, e, err)
		}
	}
}

func TestQueryComparesWithWhatWasAsked(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"other order":     {"out_trade_no": "A1"},
		"no order":        {"out_trade_no": nil},
		"no trade number": {"trade_no": nil},
		"no amount":       {"total_amount": nil},
		"zero":            {"total_amount": "0.00"},
		"one decimal":     {"total_amount": "12.5"},
		"no decimals":     {"total_amount": "1250"},
		"three decimals":  {"total_amount": "12.500"},
		"exponent":        {"total_amount": "1.25e1"},
		"padded":          {"total_amount": " 12.50"},
		"leading zero":    {"total_amount": "012.50"},
		"negative":        {"total_amount": "-12.50"},
		"plus":            {"total_amount": "+12.50"},
		"full width":      {"total_amount": "１２.50"},
		"comma":           {"total_amount": "1,250.00"},
		"a number":        {"total_amount": 12.5},
		"bad time":        {"send_pay_date": "2026-01-31T22:03:30+08:00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, tradeWords(changes)).Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
		})
	}
	e, err := always(t, tradeWords(map[string]any{"total_amount": "0.01", "trans_currency": "USD"})).Query(t.Context(), payment())
	if err != nil || e.Amount != 1 || e.Currency != "USD" {
		t.Errorf("evidence for the till: %+v, %v", e, err)
	}
}

func TestWhatARefusalProves(t *testing.T) {
	for _, c := range []struct {
		code, sub string
		want      pos.Failure
		unsigned  pos.Failure
	}{
		{"40004", "ACQ.INVALID_PARAMETER", pos.Refused, pos.Unknown},
		{"40002", "isv.invalid-parameter", pos.Refused, pos.Unknown},
		{"40004", "ACQ.TRADE_HAS_CLOSE", pos.Refused, pos.Unknown},
		{"40004", "ACQ.TRADE_HAS_SUCCESS", pos.AlreadyPaid, pos.Unknown},
		{"40004", "ACQ.CONTEXT_INCONSISTENT", pos.Unknown, pos.Unknown},
		{"40004", "ACQ.SYSTEM_ERROR", pos.Unknown, pos.Unknown},
		{"40004", "", pos.Unknown, pos.Unknown},
		{"20000", "isp.unknow-error", pos.Unknown, pos.Unknown},
		{"20000", "ACQ.SYSTEM_ERROR", pos.Unknown, pos.Unknown},
		{"10003", "", pos.Unknown, pos.Unknown},
		{"40005", "isv.call-limited", pos.RateLimited, pos.RateLimited},
		{"40002", "isv.invalid-signature", pos.Misconfigured, pos.Misconfigured},
		{"40002", "isv.invalid-app-id", pos.Misconfigured, pos.Misconfigured},
		{"40006", "isv.insufficient-isv-permissions", pos.Misconfigured, pos.Misconfigured},
		{"20001", "aop.invalid-auth-token", pos.Misconfigured, pos.Misconfigured},
		{"", "", pos.Unknown, pos.Unknown},
	} {
		text := refusalWords(c.code, c.sub)
		_, err := always(t, text).Create(t.Context(), payment())
		wantFailure(t, err, c.want)
		_, err = (&platform{raw: `{"alipay_trade_precreate_response":` + text + `}`}).gateway(t).Create(t.Context(), payment())
		wantFailure(t, err, c.unsigned)
		_, err = (&platform{raw: `{"error_response":` + text + `}`}).gateway(t).Create(t.Context(), payment())
		wantFailure(t, err, c.unsigned)
	}
}

// Whatever is not a complete, verified answer leaves the outcome unknown, and nothing panics.
func TestBrokenAnswersAreUnknown(t *testing.T) {
	good := tradeWords(nil)
	key := `"alipay_trade_query_response":`
	signature := `"sign":"` + sign(keys().platform, good) + `"`
	for name, api := range map[string]*platform{
		"unsigned 10000":      {raw: `{` + key + good + `}`},
		"error 10000":         {raw: `{"error_response":` + good + `}`},
		"unsigned null":       {raw: `{` + key + `null}`}, // a nil *Error whose Error() panics
		"error null":          {raw: `{"error_response":null}`},
		"signed null":         {answer: map[string]string{"": "null"}},
		"signed text":         {answer: map[string]string{"": `"x"`}},
		"signed empty text":   {answer: map[string]string{"": `""`}},
		"signed array":        {answer: map[string]string{"": "[]"}},
		"signed code number":  {answer: map[string]string{"": `{"code":10000}`}},
		"sign null":           {raw: `{` + key + good + `,"sign":null}`},
		"sign empty":          {raw: `{` + key + good + `,"sign":""}`},
		"sign a number":       {raw: `{` + key + good + `,"sign":1}`},
		"by a stranger":       {answer: map[string]string{"": good}, by: keys().stranger},
		"changed":             {raw: `{` + key + strings.Replace(good, "12.50", "92.50", 1) + `,` + signature + `}`},
		"not exist, unsigned": {raw: `{` + key + refusalWords("40004", "ACQ.TRADE_NOT_EXIST") + `}`},
		"unknown certificate": {answer: map[string]string{"": good}, extra: `"alipay_cert_sn":"0123456789abcdef",`},
		"captive portal":      {raw: "<html>Log in to the Wi-Fi</html>"},
		"half":                {raw: `{` + key + good[:40]},
		"other method":        {raw: `{"alipay_trade_page_pay_response":` + good + `,` + signature + `}`},
		"status 500":          {answer: map[string]string{"": good}, status: 500},
		"status 502 html":     {raw: "<html>", status: 502},
		"status 302":          {answer: map[string]string{"": good}, status: 302},
		"huge":                {raw: `{"pad":"` + strings.Repeat("x", wire.MaxAnswer) + `",` + key + good + `,` + signature + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := api.gateway(t)
			_, err := g.Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
			wantFailure(t, g.Close(t.Context(), payment()), pos.Unknown)
			_, err = g.Refund(t.Context(), payment(), refundOf(payment()))
			wantFailure(t, err, pos.Unknown)
			if len(api.asked) != 3 {
				t.Errorf("%d requests; want 3, and none for a certificate", len(api.asked))
			}
		})
	}
	_, err := (&platform{raw: "slow down", status: 429}).gateway(t).Query(t.Context(), payment())
	wantFailure(t, err, pos.RateLimited)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	_, err := gateway(t, Config{GatewayURL: s.URL}).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	if followed {
		t.Error("the redirect was followed")
	}
}

func TestTimeOutsAreUnknown(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	enough := errors.New("enough")
	ctx, giveUp := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { giveUp(enough) })
	_, err := gateway(t, Config{GatewayURL: s.URL}).Create(ctx, payment())
	wantFailure(t, err, pos.Unknown)
	if !errors.Is(err, enough) {
		t.Errorf("the caller gave up, and the call ended with %v", err)
	}
	wantFailure(t, gateway(t, Config{GatewayURL: "http://127.0.0.1:1"}).Close(t.Context(), payment()), pos.Unknown)
}

// Close is alipay.trade.close and never cancel, which would give a paid trade's money back.
func TestClose(t *testing.T) {
	p := payment()
	ok := `{"code":"10000","out_trade_no":"` + p.OutTradeNo + `","trade_no":"1"}`
	for text, want := range map[string]pos.Failure{
		ok: "",
		refusalWords("40004", "ACQ.TRADE_NOT_EXIST"):             "",
		refusalWords("40004", "ACQ.TRADE_HAS_CLOSE"):             "",
		refusalWords("40004", "ACQ.TRADE_STATUS_ERROR"):          "",
		refusalWords("40004", "ACQ.REASON_TRADE_STATUS_INVALID"): "",
		refusalWords("40004", "ACQ.TRADE_HAS_SUCCESS"):           pos.AlreadyPaid,
		refusalWords("20000", "ACQ.SYSTEM_ERROR"):                pos.Unknown,
		`{"code":"10000","out_trade_no":"A1"}`:                   pos.Unknown,
	} {
		api := &platform{answer: map[string]string{"": text}}
		err := api.gateway(t).Close(t.Context(), p)
		if want == "" && err != nil {
			t.Errorf("%s: %v", text, err)
		} else if want != "" {
			wantFailure(t, err, want)
		}
		if got := api.asked[0].form.Get("method"); got != "alipay.trade.close" || len(api.asked) != 1 {
			t.Errorf("asked %s", got)
		}
	}
}

func TestAnotherAccountsPaymentIsNotAskedAbout(t *testing.T) {
	api := &platform{answer: map[string]string{"": refusalWords("40004", "ACQ.TRADE_NOT_EXIST")}}
	g := api.gateway(t)
	for _, account := range []pos.Account{{MerchantID: "2088000000000009", AppID: testAppID}, {MerchantID: testSellerID, AppID: "2021000000000009"}} {
		p := payment()
		p.Account = account
		_, err := g.Query(t.Context(), p)
		wantFailure(t, err, pos.Misconfigured)
		wantFailure(t, g.Close(t.Context(), p), pos.Misconfigured)
		_, err = g.Create(t.Context(), p)
		wantFailure(t, err, pos.Misconfigured)
		_, err = g.Refund(t.Context(), p, refundOf(p))
		wantFailure(t, err, pos.Misconfigured)
		_, err = g.QueryRefund(t.Context(), p, refundOf(p))
		wantFailure(t, err, pos.Misconfigured)
	}
	if len(api.asked) != 0 {
		t.Errorf("%d requests", len(api.asked))
	}
}
