package wechat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"saoma/pos"
)

func TestRefundAsksInFen(t *testing.T) {
	var got []byte
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		checkRequest(t, r, string(b))
		got = b
		signedReply(200, refundWords(nil)).write(w)
	})
	g := gateway(t, Config{BaseURL: url, NotifyURL: "https://shop.example/notify/wechat"})
	p := payment()
	e, err := g.Refund(t.Context(), p, refundOf(p))
	if err != nil || e.State != pos.RefundProcessing || e.Amount != 250 || e.RefundID != "5030001" || !e.At.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	if bytes.Contains(e.Raw, []byte("0403")) {
		t.Errorf("raw names the payer's account: %s", e.Raw)
	}
	var asked map[string]any
	if err := json.Unmarshal(got, &asked); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(asked)
	if want := `{"amount":{"currency":"CNY","refund":250,"total":1250},"notify_url":"https://shop.example/notify/wechat",` +
		`"out_refund_no":"R` + p.OutTradeNo + `","out_trade_no":"` + p.OutTradeNo + `","reason":"少一杯"}`; string(a) != want {
		t.Errorf("asked\n%s, want\n%s", a, want)
	}
}

func TestQueryRefundTranslatesEveryState(t *testing.T) {
	p := payment()
	for state, want := range map[string]pos.RefundState{
		"SUCCESS": pos.RefundSucceeded, "PROCESSING": pos.RefundProcessing, "ABNORMAL": pos.RefundAbnormal, "CLOSED": pos.RefundFailed,
	} {
		body := refundWords(map[string]any{"status": state, "success_time": "2026-01-31T22:05:00+08:00"})
		e, err := always(t, signedReply(200, body)).QueryRefund(t.Context(), p, refundOf(p))
		if err != nil || e.State != want || e.At.IsZero() == (want == pos.RefundSucceeded) {
			t.Errorf("%s: %+v, %v", state, e, err)
		}
	}
}

func TestNoSuchRefundOnlyWhenSigned(t *testing.T) {
	p := payment()
	body := refusalBody("RESOURCE_NOT_EXISTS")
	e, err := always(t, signedReply(404, body)).QueryRefund(t.Context(), p, refundOf(p))
	if err != nil || e.State != "" || e.OutRefundNo != refundOf(p).OutRefundNo || e.OutTradeNo != p.OutTradeNo || e.Wallet != pos.WeChat {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = always(t, reply{status: 404, body: body}).QueryRefund(t.Context(), p, refundOf(p))
	wantFailure(t, err, pos.Unknown)
	_, err = always(t, signedReply(403, refusalBody("NOT_ENOUGH"))).Refund(t.Context(), p, refundOf(p))
	wantFailure(t, err, pos.Refused)
}

func TestRefundAnswersAboutAnotherRefund(t *testing.T) {
	p := payment()
	for name, changes := range map[string]map[string]any{
		"other refund":   {"out_refund_no": "R1"},
		"other order":    {"out_trade_no": "A1"},
		"other merchant": {"mchid": "1900000002"},
		"no amount":      {"amount": nil},
		"zero amount":    {"amount": map[string]any{"refund": 0}},
		"in dollars":     {"amount": map[string]any{"refund": 250, "currency": "USD"}},
		"no refund id":   {"refund_id": nil},
		"two states":     {"refund_status": "SUCCESS"},
		"no state":       {"status": nil},
		"bad time":       {"status": "SUCCESS", "success_time": "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			g := always(t, signedReply(200, refundWords(changes)))
			_, err := g.Refund(t.Context(), p, refundOf(p))
			wantFailure(t, err, pos.Unknown)
			_, err = g.QueryRefund(t.Context(), p, refundOf(p))
			wantFailure(t, err, pos.Unknown)
		})
	}
}
