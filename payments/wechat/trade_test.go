package wechat

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

var authorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="(.+)",nonce_str="(.+)",timestamp="(\d+)",serial_no="(.+)",signature="(.+)"$`)

// checkRequest verifies a request as the platform does: the host is no part of what is signed.
func checkRequest(t *testing.T, r *http.Request, body string) {
	t.Helper()
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		t.Errorf("Authorization is %q", r.Header.Get("Authorization"))
		return
	}
	if m[1] != testMchID || m[4] != "0A1B2C" {
		t.Errorf("signed by mchid %s, serial %s", m[1], m[4])
	}
	signature, err := base64.StdEncoding.DecodeString(m[5])
	if err != nil {
		t.Error(err)
	}
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.URL.RequestURI() + "\n" + m[3] + "\n" + m[2] + "\n" + body + "\n"))
	if err := rsa.VerifyPKCS1v15(&keys().merchant.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	if got := r.Header.Get("Wechatpay-Serial"); got != testKeyID {
		t.Errorf("the answer is asked for under serial %q", got)
	}
}

func TestCreateAsksIdenticallyEachTime(t *testing.T) {
	var bodies []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		checkRequest(t, r, string(b))
		bodies = append(bodies, r.URL.Path+string(b))
		signedReply(200, `{"code_url":"weixin://wxpay/bizpayurl?pr=abc"}`).write(w)
	})
	g := gateway(t, Config{BaseURL: url + "/", NotifyURL: "https://shop.example/notify/wechat", Title: "店"})
	for range 2 {
		code, err := g.Create(t.Context(), payment())
		if err != nil || code != "weixin://wxpay/bizpayurl?pr=abc" {
			t.Fatalf("code_url %q, %v", code, err)
		}
	}
	if bodies[0] != bodies[1] {
		t.Errorf("a repetition differs:\n%s\n%s", bodies[0], bodies[1])
	}
	path, text, _ := strings.Cut(bodies[0], "{")
	if path != "/v3/pay/transactions/native" {
		t.Errorf("path %s", path)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte("{"+text), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"appid": testAppID, "mchid": testMchID, "description": "拿铁 ×2", "out_trade_no": payment().OutTradeNo,
		"time_expire": "2026-01-31T22:10:22+08:00", // two minutes after ExpiresAt
		"notify_url":  "https://shop.example/notify/wechat",
		"amount":      map[string]any{"total": 1250.0, "currency": "CNY"},
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if !bytes.Equal(a, b) {
		t.Errorf("asked\n%s, want\n%s", a, b)
	}
}

func TestDescriptionIsNeverEmptyNorTooLong(t *testing.T) {
	g := &Gateway{cfg: Config{Title: strings.Repeat("店", 50)}}
	p := payment()
	p.Title = ""
	if got := g.description(p); got != strings.Repeat("店", 42) {
		t.Errorf("fallback %q", got)
	}
	g.cfg.Title = ""
	if got := g.description(p); got != p.OutTradeNo {
		t.Errorf("last resort %q", got)
	}
}

func TestQueryTranslatesEveryState(t *testing.T) {
	for state, want := range map[string]pos.TradeState{
		"SUCCESS": pos.TradePaid, "REFUND": pos.TradePaid, "NOTPAY": pos.TradeUnpaid, "USERPAYING": pos.TradeUnpaid,
		"PAYERROR": pos.TradeUnpaid, "CLOSED": pos.TradeClosed, "REVOKED": pos.TradeClosed,
	} {
		e, err := always(t, signedReply(200, trade(map[string]any{"trade_state": state}))).Query(t.Context(), payment())
		if err != nil || e.State != want {
			t.Errorf("%s: %s, %v; want %s", state, e.State, err, want)
		}
	}
	_, err := always(t, signedReply(200, trade(map[string]any{"trade_state": "NEW_STATE"}))).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
}

func TestQueryPaid(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		checkRequest(t, r, "")
		if want := "/v3/pay/transactions/out-trade-no/" + payment().OutTradeNo + "?mchid=" + testMchID; r.URL.RequestURI() != want {
			t.Errorf("asked %s", r.URL)
		}
		signedReply(200, trade(nil)).write(w)
	})
	e, err := gateway(t, Config{BaseURL: url}).Query(t.Context(), payment())
	if err != nil {
		t.Fatal(err)
	}
	if !e.At.Equal(time.Date(2026, 1, 31, 14, 3, 30, 0, time.UTC)) {
		t.Errorf("at %s", e.At)
	}
	if bytes.Contains(e.Raw, []byte(testOpenID)) || !bytes.Contains(e.Raw, []byte(`"openid":"***"`)) || !bytes.Contains(e.Raw, []byte("4200001")) {
		t.Errorf("raw %s", e.Raw)
	}
	e.At, e.Raw = time.Time{}, nil
	want := pos.Evidence{
		Wallet: pos.WeChat, OutTradeNo: payment().OutTradeNo, TransactionID: "4200001",
		Account: payment().Account, Amount: 1250, Currency: "CNY", State: pos.TradePaid,
	}
	if !equal(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
}

func equal(a, b pos.Evidence) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// A validly signed answer about another order proves nothing about ours; one about ours with another
// amount or app is evidence for the till to judge.
func TestQueryComparesWithWhatWasAsked(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"other order":    {"out_trade_no": "A0126013114032299999999"},
		"other merchant": {"mchid": "1900000002"},
		"no order":       {"out_trade_no": nil},
		"no transaction": {"transaction_id": nil},
		"no amount":      {"amount": nil},
		"null amount":    {"amount": map[string]any{"total": nil}},
		"zero amount":    {"amount": map[string]any{"total": 0}},
		"negative":       {"amount": map[string]any{"total": -1250}},
		"text amount":    {"amount": map[string]any{"total": "1250"}},
		"float amount":   {"amount": map[string]any{"total": 12.5}},
		"bad time":       {"success_time": "yesterday"},
		"state a number": {"trade_state": 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, signedReply(200, trade(changes))).Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
		})
	}
	e, err := always(t, signedReply(200, trade(map[string]any{"amount": map[string]any{"total": 1, "currency": "USD"}, "appid": "wxother"}))).Query(t.Context(), payment())
	if err != nil || e.Amount != 1 || e.Currency != "USD" || e.Account.AppID != "wxother" {
		t.Errorf("evidence for the till: %+v, %v", e, err)
	}
}

func TestNoSuchOrderOnlyWhenSigned(t *testing.T) {
	body := refusalBody("ORDER_NOT_EXIST")
	e, err := always(t, signedReply(404, body)).Query(t.Context(), payment())
	if err != nil || e.State != pos.TradeNone || e.OutTradeNo != payment().OutTradeNo || e.Account != payment().Account {
		t.Errorf("signed: %+v, %v", e, err)
	}
	for name, a := range map[string]reply{
		"unsigned":      {status: 404, body: body},
		"by a stranger": {status: 404, body: body, by: keys().stranger},
		"of yesterday":  {status: 404, body: body, by: keys().platform, at: time.Now().Add(-24 * time.Hour)},
		"other serial":  {status: 404, body: body, by: keys().platform, serial: "PUB_KEY_ID_0"},
		"as a redirect": {status: 302, body: body, by: keys().platform},
		"as a 500":      {status: 500, body: body, by: keys().platform},
		"code twice":    {status: 404, body: `{"code":"ORDER_NOT_EXIST","Code":"SYSTEM_ERROR"}`, by: keys().platform},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, a).Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
			wantFailure(t, always(t, a).Close(t.Context(), payment()), pos.Unknown)
		})
	}
}

func TestWhatARefusalProves(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		signed bool
		want   pos.Failure
	}{
		{400, "PARAM_ERROR", true, pos.Refused},
		{400, "PARAM_ERROR", false, pos.Unknown},
		{400, "INVALID_REQUEST", true, pos.Refused},
		{400, "ORDER_CLOSED", true, pos.Refused},
		{403, "NOT_ENOUGH", true, pos.Refused},
		{400, "ORDERPAID", true, pos.AlreadyPaid},
		{400, "ORDERPAID", false, pos.Unknown},
		{403, "OUT_TRADE_NO_USED", true, pos.Unknown},
		{202, "USER_PAYING", true, pos.Unknown},
		{401, "SIGN_ERROR", false, pos.Misconfigured},
		{401, "SIGN_ERROR", true, pos.Misconfigured},
		{403, "NO_AUTH", true, pos.Misconfigured},
		{400, "APPID_MCHID_NOT_MATCH", true, pos.Misconfigured},
		{400, "MCH_NOT_EXISTS", true, pos.Misconfigured},
		{403, "", false, pos.Unknown},
		{429, "FREQUENCY_LIMITED", true, pos.RateLimited},
		{429, "", false, pos.RateLimited},
		{403, "RULE_LIMIT", true, pos.RateLimited},
		{500, "SYSTEM_ERROR", true, pos.Unknown},
		{400, "SYSTEM_ERROR", true, pos.Unknown},
		{502, "", false, pos.Unknown},
		{500, "PARAM_ERROR", true, pos.Unknown},
		{400, "", true, pos.Unknown},
	} {
		a := reply{status: c.status, body: refusalBody(c.code)}
		if c.signed {
			a.by = keys().platform
		}
		_, err := always(t, a).Create(t.Context(), payment())
		if got := pos.FailureOf(err); err == nil || got != c.want {
			t.Errorf("%d %s signed=%t: %v (%v), want %s", c.status, c.code, c.signed, got, err, c.want)
		}
	}
}

func TestClose(t *testing.T) {
	for _, c := range []struct {
		a    reply
		want pos.Failure // empty: nil
	}{
		{signedReply(204, ""), ""},
		{signedReply(404, refusalBody("ORDER_NOT_EXIST")), ""},
		{signedReply(400, refusalBody("ORDER_CLOSED")), ""},
		{signedReply(400, refusalBody("ORDERPAID")), pos.AlreadyPaid},
		{signedReply(400, refusalBody("USER_PAYING")), pos.Unknown},
		{reply{status: 204}, pos.Unknown},
		{reply{status: 400, body: refusalBody("ORDER_CLOSED")}, pos.Unknown},
	} {
		err := always(t, c.a).Close(t.Context(), payment())
		if c.want == "" && err != nil {
			t.Errorf("%+v: %v", c.a, err)
		} else if c.want != "" {
			wantFailure(t, err, c.want)
		}
	}
}

// Whatever is not a complete, verified answer leaves the outcome unknown.
func TestBrokenAnswersAreUnknown(t *testing.T) {
	good := trade(nil)
	for name, a := range map[string]reply{
		"unsigned":       {status: 200, body: good},
		"by a stranger":  {status: 200, body: good, by: keys().stranger},
		"old":            {status: 200, body: good, by: keys().platform, at: time.Now().Add(-6 * time.Minute)},
		"captive portal": {status: 200, body: "<html>Log in to the Wi-Fi</html>"},
		"signed null":    signedReply(200, "null"),
		"signed array":   signedReply(200, "[]"),
		"signed nothing": signedReply(200, ""),
		"signed half":    signedReply(200, good[:len(good)/2]),
		"two objects":    signedReply(200, good+good),
		"key twice":      signedReply(200, `{"trade_state":"NOTPAY",`+good[1:]),
		"key in caps":    signedReply(200, `{"TRADE_STATE":"NOTPAY",`+good[1:]),
		"nested twice":   signedReply(200, strings.Replace(good, `"total":`, `"total":1,"Total":`, 1)),
		"huge":           signedReply(200, `{"pad":"`+strings.Repeat("x", wire.MaxAnswer)+`",`+good[1:]),
		"huge refusal":   signedReply(400, `{"code":"`+strings.Repeat("x", wire.MaxAnswer)+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, a).Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
			_, err = always(t, a).Create(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
			_, err = always(t, a).Refund(t.Context(), payment(), refundOf(payment()))
			wantFailure(t, err, pos.Unknown)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		signedReply(200, trade(nil)).write(w)
	})
	_, err := gateway(t, Config{BaseURL: url}).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestTimeOutsAreUnknown(t *testing.T) {
	release := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	enough := errors.New("enough")
	ctx, giveUp := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { giveUp(enough) })
	_, err := gateway(t, Config{BaseURL: url}).Create(ctx, payment())
	wantFailure(t, err, pos.Unknown)
	if !errors.Is(err, enough) {
		t.Errorf("the caller gave up, and the call ended with %v", err)
	}
	wantFailure(t, gateway(t, Config{BaseURL: "http://127.0.0.1:1"}).Close(t.Context(), payment()), pos.Unknown)
}

func TestAnotherMerchantsPaymentIsNotAskedAbout(t *testing.T) {
	g := always(t, signedReply(404, refusalBody("ORDER_NOT_EXIST")))
	p := payment()
	p.Account.MerchantID = "1900000009"
	_, err := g.Query(t.Context(), p)
	wantFailure(t, err, pos.Misconfigured)
	wantFailure(t, g.Close(t.Context(), p), pos.Misconfigured)
	_, err = g.Refund(t.Context(), p, refundOf(p))
	wantFailure(t, err, pos.Misconfigured)
	_, err = g.QueryRefund(t.Context(), p, refundOf(p))
	wantFailure(t, err, pos.Misconfigured)
	_, err = g.Create(t.Context(), p)
	wantFailure(t, err, pos.Misconfigured)
}
