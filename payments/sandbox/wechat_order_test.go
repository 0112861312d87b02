package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWeChatOrderAgain: the same number with the same parameters, with others, paid, closed.
func TestWeChatOrderAgain(t *testing.T) {
	s := start(t, Options{})
	o := nativeOrder(s, nil)
	no := o["out_trade_no"].(string)
	again := func() wxResult { return wechatPost(t, s, "/v3/pay/transactions/native", o) }
	first, second := again(), again()
	if second.status != 200 || first.json.CodeURL == second.json.CodeURL {
		t.Fatalf("again: %d %s", second.status, second.body)
	}
	if _, page := get(t, first.json.CodeURL, "en"); !strings.Contains(page, "no longer valid") {
		t.Error("the old code lives")
	}
	o["amount"] = map[string]any{"total": 1251, "currency": "CNY"}
	if r := again(); r.status != 403 || r.json.Code != "OUT_TRADE_NO_USED" {
		t.Errorf("other parameters: %d %s", r.status, r.body)
	}
	o["amount"] = map[string]any{"currency": "CNY", "total": 1250}
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	if r := again(); r.json.Code != "ORDERPAID" {
		t.Errorf("paid: %d %s", r.status, r.body)
	}
	mch := map[string]any{"mchid": s.papers.WeChat.MchID}
	if r := wechatPost(t, s, "/v3/pay/transactions/out-trade-no/"+no+"/close", mch); r.json.Code != "ORDERPAID" {
		t.Errorf("closing a paid order: %d %s", r.status, r.body)
	}

	o["out_trade_no"] = no + "2"
	again()
	path := "/v3/pay/transactions/out-trade-no/" + no + "2/close"
	if r := wechatPost(t, s, path, mch); r.status != 204 || r.body != "" || r.verified(s) != nil {
		t.Errorf("close: %d %q", r.status, r.body)
	}
	if r := again(); r.json.Code != "ORDER_CLOSED" {
		t.Errorf("closed: %d %s", r.status, r.body)
	}
	if r := wechatQuery(t, s, no+"2"); r.json.TradeState != "CLOSED" {
		t.Errorf("query: %s", r.body)
	}
	if r := wechatPost(t, s, "/v3/pay/transactions/out-trade-no/UNKNOWN1/close", mch); r.status != 404 || r.json.Code != "ORDER_NOT_EXIST" {
		t.Errorf("closing nothing: %d %s", r.status, r.body)
	}
	if r := wechatPost(t, s, path, map[string]any{}); r.json.Code != "PARAM_ERROR" {
		t.Errorf("close without mchid: %d %s", r.status, r.body)
	}
	if r := wechatGet(t, s, "/v3/pay/transactions/out-trade-no/"+no); r.json.Code != "PARAM_ERROR" {
		t.Errorf("query without mchid: %d %s", r.status, r.body)
	}
}

// TestWeChatExpiry: time_expire ends paying, not the order.
func TestWeChatExpiry(t *testing.T) {
	now := newClock(time.Now())
	s := start(t, Options{Now: now.now})
	no := wechatOrder(t, s, map[string]any{"time_expire": now.now().Add(2 * time.Minute).Format(time.RFC3339)})
	now.add(2 * time.Minute)
	if err := s.Pay(no); err == nil {
		t.Error("paid after time_expire")
	}
	if r := wechatQuery(t, s, no); r.json.TradeState != "NOTPAY" {
		t.Errorf("query: %s", r.body)
	}
	if r := wechatPost(t, s, "/v3/pay/transactions/out-trade-no/"+no+"/close", map[string]any{"mchid": s.papers.WeChat.MchID}); r.status != 204 {
		t.Errorf("close: %d %s", r.status, r.body)
	}
	no = wechatOrder(t, s, nil)
	now.add(2 * time.Hour)
	if err := s.Pay(no); err == nil {
		t.Error("paid by a code two hours old")
	}
}

// TestWeChatRefundRules goes through what the platform refuses.
func TestWeChatRefundRules(t *testing.T) {
	now := newClock(time.Now())
	s := start(t, Options{Now: now.now, Speed: 1e6})
	no := wechatOrder(t, s, nil)
	ask := func(outRefundNo string, refund, total int, with map[string]any) wxResult {
		t.Helper()
		body := map[string]any{
			"out_trade_no": no, "out_refund_no": outRefundNo,
			"amount": map[string]any{"refund": refund, "total": total, "currency": "CNY"},
		}
		for k, v := range with {
			body[k] = v
		}
		r := wechatPost(t, s, "/v3/refund/domestic/refunds", body)
		if err := r.verified(s); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask("R0", 1, 1250, nil); r.status == 200 {
		t.Error("an unpaid order was refunded")
	}
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]wxResult{
		"total":    ask("R1", 1, 1249, nil),
		"too much": ask("R1", 1251, 1250, nil),
		"nothing":  ask("R1", 0, 1250, nil),
		"number":   ask("R 1", 1, 1250, nil),
		"unknown":  ask("R1", 1, 1250, map[string]any{"out_trade_no": "UNKNOWN1"}),
		"url":      ask("R1", 1, 1250, map[string]any{"notify_url": "https://a.example/?b=c"}),
	} {
		if r.status < 400 || r.json.Code == "" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := ask("R1", 1000, 1250, nil); r.status != 200 || r.json.Status != "PROCESSING" {
		t.Fatalf("refund: %d %s", r.status, r.body)
	}
	if r := wechatQuery(t, s, no); r.json.TradeState != "REFUND" {
		t.Errorf("after a partial refund: %s", r.body)
	}
	if r := ask("R1", 1000, 1250, nil); r.status != 200 || len(s.Orders()[0].Refunds) != 1 {
		t.Errorf("the same again: %d %s", r.status, r.body)
	}
	if r := ask("R1", 999, 1250, nil); r.status != 400 {
		t.Errorf("the same number, another amount: %d %s", r.status, r.body)
	}
	now.add(time.Minute - time.Second)
	if r := ask("R2", 1, 1250, nil); r.status != 429 || r.json.Code != "FREQUENCY_LIMITED" {
		t.Errorf("59 seconds after the last: %d %s", r.status, r.body)
	}
	now.add(time.Second)
	if r := ask("R2", 251, 1250, nil); r.status != 400 || r.json.Code != "INVALID_REQUEST" {
		t.Errorf("more than is left: %d %s", r.status, r.body)
	}
	for i := range 49 {
		now.add(time.Minute)
		if r := ask(fmt.Sprint("S", i), 1, 1250, nil); r.status != 200 {
			t.Fatalf("refund %d: %s", i+2, r.body)
		}
	}
	now.add(time.Minute)
	if r := ask("S50", 1, 1250, nil); r.status != 400 {
		t.Errorf("the 51st refund: %d %s", r.status, r.body)
	}
	eventually(t, func() bool { return len(s.Money()) == 51 })
	if r := wechatGet(t, s, "/v3/refund/domestic/refunds/NONE"); r.status != 404 || r.json.Code != "RESOURCE_NOT_EXISTS" {
		t.Errorf("an unknown refund: %d %s", r.status, r.body)
	}

	no = wechatOrder(t, s, nil)
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	now.add(365 * 24 * time.Hour)
	if r := ask("LAST", 1, 1250, nil); r.status != 200 {
		t.Errorf("on the last day: %d %s", r.status, r.body)
	}
	now.add(time.Minute)
	if r := ask("LATE", 1, 1250, nil); r.status != 400 || r.json.Code != "INVALID_REQUEST" {
		t.Errorf("after 365 days: %d %s", r.status, r.body)
	}
}
