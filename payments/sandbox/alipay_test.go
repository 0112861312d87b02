package sandbox

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestAlipayGateway changes a correct request one parameter at a time. These answers are not signed.
func TestAlipayGateway(t *testing.T) {
	s := start(t, Options{})
	for _, tt := range []struct{ name, value, subCode string }{
		{"method", "", "isv.missing-method"},
		{"method", "alipay.trade.nothing", "isv.invalid-method"},
		{"app_id", "", "isv.missing-app-id"},
		{"app_id", "2021000000000000", "isv.invalid-app-id"},
		{"sign_type", "", "isv.missing-signature-type"},
		{"sign_type", "RSA", "isv.invalid-signature-type"},
		{"sign", "", "isv.missing-signature"},
		{"sign", "AAAA", "isv.invalid-signature"},
		{"timestamp", "", "isv.missing-timestamp"},
		{"timestamp", "2026-01-02T03:04:05Z", "isv.invalid-timestamp"},
		{"timestamp", "2020-01-02 03:04:05", "isv.invalid-timestamp"},
		{"charset", "gbk", "isv.invalid-charset"},
		{"charset", "", "isv.invalid-charset"},
		{"version", "", "isv.missing-version"},
		{"version", "2.0", "isv.invalid-version"},
		{"format", "XML", "isv.invalid-format"},
	} {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			p := aliCommon(s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
			p[tt.name] = tt.value
			r := aliPost(t, s, aliSigned(t, s, p))
			if r.json.SubCode != tt.subCode || r.sign != "" || r.status != 200 || r.json.Code == "10000" {
				t.Errorf("%s", r.raw)
			}
		})
	}

	good := aliCommon(s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	for name, spoil := range map[string]func(p map[string]string){
		"value changed":   func(p map[string]string) { p["biz_content"] = `{"out_trade_no":"X2"}` },
		"parameter added": func(p map[string]string) { p["notify_url"] = "https://shop.example/" },
	} {
		form := aliSigned(t, s, good)
		changed := map[string]string{}
		spoil(changed)
		for k, v := range changed {
			form.Set(k, v)
		}
		if r := aliPost(t, s, form); r.json.SubCode != "isv.invalid-signature" || r.json.Code != "40002" || r.sign != "" {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	form := aliSigned(t, s, good)
	form.Set("app_auth_token", "") // an empty parameter is not signed
	if r := aliPost(t, s, form); r.json.SubCode != "ACQ.TRADE_NOT_EXIST" {
		t.Errorf("empty parameter: %s", r.raw)
	}
	form.Add("app_id", "2021000000000000")
	if r := aliPost(t, s, form); r.json.Code != "40002" {
		t.Errorf("a parameter with two values: %s", r.raw)
	}
}

// TestAlipayTransport: query and form together, GET as well, and the exact shape of the answer.
func TestAlipayTransport(t *testing.T) {
	s := start(t, Options{})
	no := alipayOrder(t, s, nil)
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	all := aliSigned(t, s, aliCommon(s, "alipay.trade.query", map[string]any{"out_trade_no": no}))
	body := url.Values{"biz_content": {all.Get("biz_content")}}
	query := maps.Clone(all)
	query.Del("biz_content")
	split, err := http.NewRequest(http.MethodPost, s.AlipayURL()+"?"+query.Encode(), strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	split.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	plain, err := http.NewRequest(http.MethodGet, s.AlipayURL()+"?"+all.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*http.Request{"query and form": split, "get": plain} {
		a := aliExchange(r)
		if a.node != "alipay_trade_query_response" || a.json.TradeStatus != "TRADE_SUCCESS" || a.verified(s) != nil {
			t.Errorf("%s: %s", name, a.raw)
		}
		if got := a.header.Get("Content-Type"); got != "text/html;charset=utf-8" {
			t.Errorf("%s: Content-Type %q", name, got)
		}
		if a.raw != `{"alipay_trade_query_response":`+a.text+`,"sign":"`+a.sign+`"}` {
			t.Errorf("%s: not spliced: %s", name, a.raw)
		}
	}
}

// TestAlipayFields: each mistake is 40004 ACQ.INVALID_PARAMETER, signed, and names the field.
func TestAlipayFields(t *testing.T) {
	s := start(t, Options{})
	future := func(d time.Duration) string {
		return time.Now().Add(d).In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04:05")
	}
	for _, tt := range []struct {
		field string
		value any
		ok    bool
	}{
		{"out_trade_no", nil, false},
		{"out_trade_no", "", false},
		{"out_trade_no", strings.Repeat("x", 65), false},
		{"out_trade_no", "with-dash", false},
		{"out_trade_no", strings.Repeat("x", 63) + "_", true},
		{"subject", nil, false},
		{"subject", strings.Repeat("咖", 257), false},
		{"subject", strings.Repeat("咖", 256), true},
		{"total_amount", "0.00", false},
		{"total_amount", "0.01", true},
		{"total_amount", 0.5, true},
		{"total_amount", 0.005, false},
		{"total_amount", "12.5", true},
		{"total_amount", "12", true},
		{"total_amount", "12.", false},
		{"total_amount", ".5", false},
		{"total_amount", " 12", false},
		{"total_amount", "12.505", false},
		{"total_amount", "12.500", false},
		{"total_amount", "-1.00", false},
		{"total_amount", "1e2", false},
		{"total_amount", "01.00", false},
		{"total_amount", "１.00", false},
		{"total_amount", "100000000.00", true},
		{"total_amount", "100000000.01", false},
		{"time_expire", "2030-01-01T00:00:00+08:00", false},
		{"time_expire", future(-time.Minute), false},
		{"time_expire", future(time.Minute), true},
		{"time_expire", future(16 * 24 * time.Hour), false},
		{"timeout_express", "90m", true},
		{"timeout_express", "1c", true},
		{"timeout_express", "2c", false},
		{"timeout_express", "1.5h", false},
		{"timeout_express", "16d", false},
		{"qr_code_timeout_express", "0m", false},
		{"seller_id", "2088000000000000", false},
		{"seller_id", s.papers.Alipay.SellerID, true},
	} {
		t.Run(fmt.Sprintf("%s=%v", tt.field, tt.value), func(t *testing.T) {
			o := map[string]any{"out_trade_no": "A" + rand.Text(), "total_amount": "12.50", "subject": "coffee"}
			o[tt.field] = tt.value
			r := alipayCall(t, s, "alipay.trade.precreate", o)
			if r.verified(s) != nil {
				t.Fatalf("not signed: %s", r.raw)
			}
			if tt.ok != (r.json.Code == "10000") || !tt.ok && (r.json.SubCode != "ACQ.INVALID_PARAMETER" || !strings.Contains(r.json.SubMsg, tt.field)) {
				t.Errorf("%s", r.raw)
			}
		})
	}
}

// TestAlipayLife: what exists when, and what each call may do.
func TestAlipayLife(t *testing.T) {
	now := newClock(time.Now().Truncate(time.Second))
	s := start(t, Options{Now: now.now})
	do := func(op, no string) string {
		t.Helper()
		r := alipayCall(t, s, "alipay.trade."+op, map[string]any{"out_trade_no": no})
		if r.verified(s) != nil {
			t.Fatalf("not signed: %s", r.raw)
		}
		if r.json.Code == "10000" {
			return r.json.TradeStatus
		}
		return r.json.SubCode
	}
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}

	no := alipayOrder(t, s, map[string]any{"timeout_express": "5m"})
	want(do("query", no), "ACQ.TRADE_NOT_EXIST")
	want(do("close", no), "ACQ.TRADE_NOT_EXIST")
	now.add(10 * time.Minute) // timeout_express has not begun
	if err := s.Scan(no); err != nil {
		t.Fatal(err)
	}
	want(do("query", no), "WAIT_BUYER_PAY")
	now.add(5 * time.Minute)
	want(do("query", no), "TRADE_CLOSED")
	if err := s.Pay(no); err == nil {
		t.Error("paid after timeout_express")
	}

	no = alipayOrder(t, s, map[string]any{"qr_code_timeout_express": "5m"})
	now.add(5 * time.Minute)
	if err := s.Scan(no); err == nil {
		t.Error("scanned after qr_code_timeout_express")
	}
	want(do("query", no), "ACQ.TRADE_NOT_EXIST")

	no = alipayOrder(t, s, nil)
	if err := s.Refuse(no); err != nil {
		t.Fatal(err)
	}
	want(do("query", no), "WAIT_BUYER_PAY")
	want(do("close", no), "")
	want(do("query", no), "TRADE_CLOSED")
	want(do("close", no), "ACQ.TRADE_STATUS_ERROR")

	no = alipayOrder(t, s, nil)
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	want(do("close", no), "ACQ.TRADE_STATUS_ERROR")
	again := map[string]any{"out_trade_no": no, "total_amount": "12.50", "subject": "coffee"}
	want(alipayCall(t, s, "alipay.trade.precreate", again).json.SubCode, "ACQ.TRADE_HAS_SUCCESS")

	no = alipayOrder(t, s, nil)
	again["out_trade_no"], again["total_amount"] = no, "12.51"
	want(alipayCall(t, s, "alipay.trade.precreate", again).json.SubCode, "ACQ.CONTEXT_INCONSISTENT")
	for _, same := range []any{"12.50", "12.5", 12.5} {
		again["total_amount"] = same
		want(alipayCall(t, s, "alipay.trade.precreate", again).json.QRCode, s.Orders()[len(s.Orders())-1].CodeURL)
	}

	refund := func(id, amount string) aliResult {
		return alipayCall(t, s, "alipay.trade.refund", map[string]any{"out_trade_no": no, "refund_amount": amount, "out_request_no": id})
	}
	want(refund("1", "1.00").json.SubCode, "ACQ.TRADE_NOT_EXIST")
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	want(refund("1", "1.00").json.FundChange, "Y")
	want(refund("1", "1.00").json.FundChange, "N")
	want(refund("1", "1.01").json.SubCode, "ACQ.DISCORDANT_REPEAT_REQUEST")
	want(refund("", "1.00").json.SubCode, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL") // a part needs a number
	want(refund("2", "11.51").json.SubCode, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
	want(do("query", no), "TRADE_SUCCESS")
	want(refund("2", "11.50").json.FundChange, "Y")
	want(do("query", no), "TRADE_CLOSED")
}
