package notify_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

type wechatForgery = forgery[*wechatNotice]

// Whatever is posted that is not WeChat Pay's word about this very payment moves no money.
func TestForgeriesOfWeChat(t *testing.T) {
	r := newRig(t)
	cases := append(wechatUnsigned(r), wechatOdd(r)...)
	cases = append(cases, wechatSigned(r)...)
	for _, c := range transport() {
		cases = append(cases, wechatForgery{name: c.name, want: c.want, change: func(n *wechatNotice) { n.deliver = c.deliver }})
	}
	mustBelieveNone(r, pos.WeChat, r.wechatNotice, cases)
	for _, err := range r.reports.list() {
		if err != nil && strings.Contains(err.Error(), "probe") {
			t.Errorf("a probe raised an alarm: %v", err)
		}
	}
	p := r.charge(pos.WeChat)
	if status, body := r.tell(r.wechatNotice(p).request()); status != http.StatusOK || body != wechatOK || r.until(p, pos.Paid).Amount != price {
		t.Errorf("the real one: %d %s", status, body)
	}
}

// wechatUnsigned are the forgeries whose signature is not WeChat Pay's, or not over what was sent, or not now.
func wechatUnsigned(r *rig) []wechatForgery {
	keys, _ := papers()
	w := keys.WeChat
	sent := func(name string, change func(q *request)) wechatForgery {
		return wechatForgery{name: name, want: refused, change: func(n *wechatNotice) { n.sent = change }}
	}
	header := func(name, key, value string) wechatForgery {
		return sent(name, func(q *request) { q.header.Set(key, value) })
	}
	body := func(name string, change func([]byte) []byte) wechatForgery {
		return sent(name, func(q *request) { q.body = change(q.body) })
	}
	twice := func(key string) wechatForgery {
		return sent("two headers "+key, func(q *request) { q.header.Add(key, q.header.Get(key)) })
	}
	resource := func(name, key, value string) wechatForgery {
		return body(name+", unsigned", func(b []byte) []byte {
			v := unmarshal(b)
			v["resource"].(map[string]any)[key] = value
			return []byte(jsonText(v))
		})
	}
	random := make([]byte, 256)
	rand.Read(random)
	other := r.wechatNotice(r.charge(pos.WeChat)).request() // is never sent
	return []wechatForgery{
		sent("no signature", func(q *request) { clear(q.header) }),
		sent("nothing at all", func(q *request) { clear(q.header); q.body = nil }),
		header("empty signature", "Wechatpay-Signature", ""),
		header("signature not base64", "Wechatpay-Signature", "%%%"),
		header("random signature", "Wechatpay-Signature", base64.StdEncoding.EncodeToString(random)),
		header("probe", "Wechatpay-Signature", "WECHATPAY/SIGNTEST/x"),
		header("signature of another order's notice", "Wechatpay-Signature", other.header.Get("Wechatpay-Signature")),
		header("other signature type", "Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
		header("no serial", "Wechatpay-Serial", ""),
		header("unknown serial", "Wechatpay-Serial", "PUB_KEY_ID_0000000000000000"),
		header("swapped serial", "Wechatpay-Serial", w.CertificateSerial),
		header("no timestamp", "Wechatpay-Timestamp", ""),
		header("timestamp not a number", "Wechatpay-Timestamp", "NaN"),
		header("timestamp beyond all numbers", "Wechatpay-Timestamp", strings.Repeat("9", 30)),
		header("timestamp written otherwise", "Wechatpay-Timestamp", "+"+strconv.FormatInt(r.now.Unix(), 10)),
		header("other timestamp", "Wechatpay-Timestamp", strconv.FormatInt(r.now.Unix()-1, 10)),
		header("no nonce", "Wechatpay-Nonce", ""),
		header("other nonce", "Wechatpay-Nonce", "b-nonce"),
		twice("Wechatpay-Signature"), twice("Wechatpay-Timestamp"), twice("Wechatpay-Nonce"), twice("Wechatpay-Serial"),
		{name: "attacker's key", want: refused, change: func(n *wechatNotice) { n.by = stranger() }},
		{name: "attacker's key and serial", want: refused, change: func(n *wechatNotice) { n.by, n.serial = stranger(), "PUB_KEY_ID_0000000000000000" }},
		{name: "merchant's own key", want: refused, change: func(n *wechatNotice) { n.by = w.MerchantKey }},
		{name: "merchant's own key and serial", want: refused, change: func(n *wechatNotice) { n.by, n.serial = w.MerchantKey, w.MerchantSerial }},
		{name: "key of the other identity", want: refused, change: func(n *wechatNotice) { n.by = w.CertificateKey }},
		{name: "301 s late", want: refused, change: func(n *wechatNotice) { n.at = r.now.Add(-301 * time.Second) }},
		{name: "301 s early", want: refused, change: func(n *wechatNotice) { n.at = r.now.Add(301 * time.Second) }},
		body("one byte flipped", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }),
		body("one byte more", func(b []byte) []byte { return append(b, '\n') }),
		body("no body", func([]byte) []byte { return nil }),
		body("JSON written again", func(b []byte) []byte { return append([]byte(" "), jsonText(unmarshal(b))...) }),
		body("another order's resource", func([]byte) []byte { return other.body }),
		resource("other ciphertext", "ciphertext", base64.StdEncoding.EncodeToString(random)),
		resource("other associated_data", "associated_data", "refund"),
		resource("other nonce", "nonce", "other-nonce-"),
		resource("other algorithm", "algorithm", "AEAD_SM4_GCM"),
		sent("order named by the address", func(q *request) { q.path += "?out_trade_no=" + "K1" }),
		sent("address with an empty query", func(q *request) { q.path += "?" }),
	}
}

// wechatOdd are notifications that WeChat Pay's key has signed, but that are not as documented.
func wechatOdd(r *rig) []wechatForgery {
	body := func(name, text string) wechatForgery {
		return wechatForgery{name: name, want: refused, change: func(n *wechatNotice) { n.body = func([]byte) []byte { return []byte(text) } }}
	}
	sealed := func(name, key string, value any) wechatForgery {
		return wechatForgery{name: name + ", signed", want: refused, change: func(n *wechatNotice) {
			n.sealed = func(v map[string]any) { v[key] = value }
		}}
	}
	text := func(name string, change func(string) string) wechatForgery {
		return wechatForgery{name: name, want: refused, change: func(n *wechatNotice) { n.text = change }}
	}
	entity := trap(r)
	return []wechatForgery{
		body("null body", "null"),
		body("array", "[]"),
		body("no resource", `{"event_type":"TRANSACTION.SUCCESS"}`),
		body("null resource", `{"event_type":"TRANSACTION.SUCCESS","resource":null}`),
		body("deeply nested", strings.Repeat(`{"a":`, 9000)+"1"+strings.Repeat("}", 9000)),
		body("XML with an external entity", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "`+entity+`">]><xml><return_code>&e;</return_code></xml>`),
		sealed("other ciphertext", "ciphertext", base64.StdEncoding.EncodeToString(make([]byte, 64))),
		sealed("ciphertext shorter than its tag", "ciphertext", "AAAA"),
		sealed("other associated_data", "associated_data", "refund"),
		sealed("other nonce", "nonce", "other-nonce-"),
		sealed("short nonce", "nonce", "short"),
		sealed("null nonce", "nonce", nil),
		sealed("other algorithm", "algorithm", "AEAD_SM4_GCM"),
		sealed("resource a number", "ciphertext", 1),
		text("null inside", func(string) string { return "null" }),
		text("key twice", func(s string) string { return strings.Replace(s, `"total":`, `"total":1,"total":`, 1) }),
		text("key twice in other letters", func(s string) string { return strings.Replace(s, `"mchid":`, `"MchID":"1900000009","mchid":`, 1) }),
		text("two objects", func(s string) string { return s + s }),
		text("not UTF-8", func(s string) string { return strings.Replace(s, "NATIVE", "NAT\xffVE", 1) }),
		{name: "envelope's key twice", want: refused, change: func(n *wechatNotice) {
			n.body = func(b []byte) []byte {
				return bytes.Replace(b, []byte(`{`), []byte(`{"event_type":"REFUND.SUCCESS",`), 1)
			}
		}},
		{name: "other APIv3 key", want: refused, change: func(n *wechatNotice) { n.key = strings.Repeat("k", 32) }},
		{name: "shorter APIv3 key", want: refused, change: func(n *wechatNotice) { n.key = n.key[:16] }},
		{name: "more than 64 KiB, signed", want: refused, change: func(n *wechatNotice) {
			n.body = func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 64<<10)...) }
		}},
		{name: "event nobody asked for", want: refused, change: func(n *wechatNotice) { n.event = "COUPON.USE" }},
	}
}

// wechatSigned are notifications by WeChat Pay, as documented, that do not pay this payment.
func wechatSigned(r *rig) []wechatForgery {
	signed := func(name string, want answer, raises pos.ExceptionKind, change func(n *wechatNotice)) wechatForgery {
		return wechatForgery{name: name, want: want, raises: raises, change: change}
	}
	state := func(s string) wechatForgery {
		return signed("success that is "+s, refused, "", func(n *wechatNotice) { n.trade["trade_state"] = s })
	}
	paid := r.charge(pos.WeChat)
	r.paid(paid, r.wechatNotice(paid).request())
	return []wechatForgery{
		signed("other mchid", unsettled, pos.ForeignMerchant, func(n *wechatNotice) { n.trade["mchid"] = "1900000009" }),
		signed("other appid", unsettled, pos.ForeignMerchant, func(n *wechatNotice) { n.trade["appid"] = "wx9999999999999999" }),
		signed("one fen less", unsettled, pos.AmountMismatch, func(n *wechatNotice) { n.amount()["total"] = price - 1 }),
		signed("one fen more", unsettled, pos.AmountMismatch, func(n *wechatNotice) { n.amount()["total"] = price + 1 }),
		signed("other currency", unsettled, pos.AmountMismatch, func(n *wechatNotice) { n.amount()["currency"] = "USD" }),
		signed("no currency", unsettled, pos.AmountMismatch, func(n *wechatNotice) { delete(n.amount(), "currency") }),
		signed("unknown order", unsettled, pos.UnknownOrder, func(n *wechatNotice) { n.trade["out_trade_no"] = "K1NOSUCHORDER" }),
		signed("unknown order of another merchant", unsettled, pos.ForeignMerchant, func(n *wechatNotice) {
			n.trade["mchid"], n.trade["out_trade_no"] = "1900000009", "K1NOSUCHORDER2"
		}),
		signed("order of the other wallet", unsettled, pos.ForeignMerchant, func(n *wechatNotice) {
			n.trade["out_trade_no"] = r.charge(pos.Alipay).OutTradeNo
		}),
		signed("another order's notice", acknowledged, "", func(n *wechatNotice) { *n = *r.wechatNotice(paid) }),
		signed("one transaction_id for two orders", unsettled, pos.DuplicatePayment, func(n *wechatNotice) { n.trade["transaction_id"] = "4200" + paid.OutTradeNo }),
		signed("a paid order paid again", unsettled, pos.DuplicatePayment, func(n *wechatNotice) {
			*n = *r.wechatNotice(paid)
			n.trade["transaction_id"] = "4299" + paid.OutTradeNo
		}),
		signed("no transaction_id", refused, "", func(n *wechatNotice) { delete(n.trade, "transaction_id") }),
		signed("no amount", refused, "", func(n *wechatNotice) { delete(n.trade, "amount") }),
		signed("negative amount", refused, "", func(n *wechatNotice) { n.amount()["total"] = -price }),
		signed("amount as text", refused, "", func(n *wechatNotice) { n.amount()["total"] = "1250" }),
		signed("amount with a fraction", refused, "", func(n *wechatNotice) { n.amount()["total"] = 1250.5 }),
		state("NOTPAY"), state("CLOSED"), state("REFUND"), state("PAYERROR"), state(""), state("success"),
		signed("refund event on the pay path", unsettled, pos.UnknownOrder, func(n *wechatNotice) { n.refund() }),
		signed("refund as a payment", refused, "", func(n *wechatNotice) { n.refund(); n.event = "TRANSACTION.SUCCESS" }),
		signed("payment as a refund", refused, "", func(n *wechatNotice) { n.event = "REFUND.SUCCESS" }),
		signed("another merchant's refund", refused, "", func(n *wechatNotice) { n.refund(); n.trade["mchid"] = "1900000009" }),
	}
}

func unmarshal(text []byte) (v map[string]any) {
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return v
}

// trap is an address that must never be asked.
func trap(r *rig) string {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	r.Cleanup(func() {
		s.Close()
		if asked.Load() > 0 {
			r.Error("an external entity was fetched")
		}
	})
	return s.URL
}
