package notify_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"saoma/pos"
)

type alipayForgery = forgery[*alipayNotice]

// Whatever is posted that is not Alipay's word about this very payment moves no money.
func TestForgeriesOfAlipay(t *testing.T) {
	r := newRig(t)
	cases := append(alipayUnsigned(r), alipaySigned(r)...)
	for _, c := range transport() {
		cases = append(cases, alipayForgery{name: c.name, want: c.want, change: func(n *alipayNotice) { n.deliver = c.deliver }})
	}
	mustBelieveNone(r, pos.Alipay, r.alipayNotice, cases)
	p := r.charge(pos.Alipay)
	if status, body := r.tell(r.alipayNotice(p).request()); status != http.StatusOK || body != alipayOK || r.until(p, pos.Paid).Amount != price {
		t.Errorf("the real one: %d %s", status, body)
	}
}

// alipayUnsigned are the forgeries whose signature is not Alipay's, or not over what was sent.
func alipayUnsigned(r *rig) []alipayForgery {
	keys, _ := papers()
	sent := func(name string, change func(q *request)) alipayForgery {
		return alipayForgery{name: name, want: refused, change: func(n *alipayNotice) { n.sent = change }}
	}
	field := func(name, key, value string) alipayForgery {
		return sent(name, func(q *request) { q.body = set(q.body, key, value) })
	}
	appended := func(name, text string) alipayForgery {
		return sent(name, func(q *request) { q.body = append(q.body, text...) })
	}
	random := make([]byte, 256)
	rand.Read(random)
	other := r.alipayNotice(r.charge(pos.Alipay)).request() // is never sent
	form, _ := url.ParseQuery(string(other.body))
	entity := trap(r)
	return []alipayForgery{
		field("no signature", "sign", ""),
		sent("nothing at all", func(q *request) { q.body = nil }),
		field("signature not base64", "sign", "%%%"),
		field("random signature", "sign", base64.StdEncoding.EncodeToString(random)),
		field("signature of another order's notice", "sign", form.Get("sign")),
		field("sign_type RSA", "sign_type", "RSA"),
		field("sign_type MD5", "sign_type", "MD5"),
		field("sign_type none", "sign_type", "none"),
		field("sign_type empty", "sign_type", ""),
		field("sign_type in small letters", "sign_type", "rsa2"),
		{name: "attacker's key", want: refused, change: func(n *alipayNotice) { n.by = stranger() }},
		{name: "application's own key", want: refused, change: func(n *alipayNotice) { n.by = keys.Alipay.AppKey }},
		{name: "unknown alipay_cert_sn", want: refused, change: func(n *alipayNotice) {
			n.by, n.sent = stranger(), func(q *request) { q.body = append(q.body, "&alipay_cert_sn=00112233445566778899aabbccddeeff"...) }
		}},
		field("other amount", "total_amount", "92.50"),
		field("amount written otherwise", "total_amount", "012.50"),
		field("other order", "out_trade_no", form.Get("out_trade_no")),
		field("other notify_id", "notify_id", "N1"),
		appended("unsigned field", "&passback_params=x"),
		appended("empty unsigned field", "&passback_params="),
		appended("parameter twice", "&total_amount=12.50"),
		appended("parameter twice, other value", "&total_amount=0.01"),
		appended("parameter twice, escaped", "&total%5Famount=0.01"),
		appended("two signatures", "&sign="+url.QueryEscape(form.Get("sign"))),
		appended("broken escape", "&%zz=1"),
		appended("semicolon", ";x=1"),
		sent("everything in the address", func(q *request) { q.path, q.body = q.path+"?"+string(q.body), nil }),
		sent("query and body mixed", func(q *request) { q.path, q.body = q.path+"?total_amount=12.50", set(q.body, "total_amount", "") }),
		sent("query beside the body", func(q *request) { q.path += "?app_id=1" }),
		sent("no content type", func(q *request) { clear(q.header) }),
		sent("JSON", func(q *request) {
			q.header.Set("Content-Type", "application/json")
			q.body = []byte(`{"total_amount":"12.50","trade_status":"TRADE_SUCCESS"}`)
		}),
		sent("multipart", func(q *request) {
			q.header.Set("Content-Type", "multipart/form-data; boundary=b")
			q.body = []byte("--b\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nx\r\n--b--")
		}),
		sent("XML with an external entity", func(q *request) {
			q.header.Set("Content-Type", "text/xml")
			q.body = []byte(`<!DOCTYPE x [<!ENTITY e SYSTEM "` + entity + `">]><notify>&e;</notify>`)
		}),
		sent("charset switch of the header", func(q *request) { q.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=GBK") }),
		field("charset switch, unsigned", "charset", "GBK"),
		sent("more than 64 KiB", func(q *request) { q.body = append(q.body, "&x="+strings.Repeat("x", 64<<10)...) }),
		sent("one byte flipped", func(q *request) { q.body = bytes.Replace(q.body, []byte("TRADE_S"), []byte("TRADE_R"), 1) }),
	}
}

// alipaySigned are notifications that Alipay's key has signed, but that do not pay this payment.
func alipaySigned(r *rig) []alipayForgery {
	signed := func(name string, want answer, raises pos.ExceptionKind, pairs ...string) alipayForgery {
		return alipayForgery{name: name, want: want, raises: raises, change: func(n *alipayNotice) {
			for i := 0; i < len(pairs); i += 2 {
				if n.form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
					n.form.Del(pairs[i])
				}
			}
		}}
	}
	paid := r.charge(pos.Alipay)
	r.paid(paid, r.alipayNotice(paid).request())
	return []alipayForgery{
		signed("other app_id", unsettled, pos.ForeignMerchant, "app_id", "2021999999999999"),
		signed("other seller_id", unsettled, pos.ForeignMerchant, "seller_id", "2088999999999999"),
		signed("no app_id", refused, "", "app_id", ""),
		signed("no seller_id", refused, "", "seller_id", ""),
		signed("one fen less", unsettled, pos.AmountMismatch, "total_amount", (price - 1).String()),
		signed("one fen more", unsettled, pos.AmountMismatch, "total_amount", (price + 1).String()),
		signed("other currency", unsettled, pos.AmountMismatch, "trans_currency", "USD"),
		signed("unknown order", unsettled, pos.UnknownOrder, "out_trade_no", "K1NOSUCHORDER"),
		signed("unknown order of another seller", unsettled, pos.ForeignMerchant, "out_trade_no", "K1NOSUCHORDER2", "seller_id", "2088999999999999"),
		signed("one trade_no for two orders", unsettled, pos.DuplicatePayment, "trade_no", "2026"+paid.OutTradeNo),
		signed("no trade_no", refused, "", "trade_no", ""),
		{name: "order of the other wallet", want: unsettled, raises: pos.ForeignMerchant, change: func(n *alipayNotice) {
			n.form.Set("out_trade_no", r.charge(pos.WeChat).OutTradeNo)
		}},
		{name: "another order's notice, and its notify_id", want: acknowledged, change: func(n *alipayNotice) { *n = *r.alipayNotice(paid) }},
		{name: "a paid order paid again", want: unsettled, raises: pos.DuplicatePayment, change: func(n *alipayNotice) {
			*n = *r.alipayNotice(paid)
			n.form.Set("trade_no", "2099"+paid.OutTradeNo)
		}},
		{name: "notify_id of another notice", want: unsettled, raises: pos.AmountMismatch, change: func(n *alipayNotice) {
			n.form.Set("notify_id", "N"+paid.OutTradeNo)
			n.form.Set("total_amount", "0.01")
		}},
		signed("amount with three decimals", refused, "", "total_amount", "12.500"),
		signed("amount with one decimal", refused, "", "total_amount", "12.5"),
		signed("amount with an exponent", refused, "", "total_amount", "1.250e1"),
		signed("amount after a blank", refused, "", "total_amount", " 12.50"),
		signed("amount after a zero", refused, "", "total_amount", "012.50"),
		signed("amount with a sign", refused, "", "total_amount", "+12.50"),
		signed("amount in full width", refused, "", "total_amount", "１２.50"),
		signed("no amount", refused, "", "total_amount", ""),
		signed("charset switch, signed", refused, "", "charset", "GBK"),
		signed("not UTF-8", refused, "", "subject", "\xff\xfe"),
		signed("WAIT_BUYER_PAY as paid", acknowledged, "", "trade_status", "WAIT_BUYER_PAY"),
		{name: "TRADE_CLOSED as paid", want: acknowledged, leaves: pos.Closed, change: func(n *alipayNotice) { n.form.Set("trade_status", "TRADE_CLOSED") }},
		signed("state nobody knows", refused, "", "trade_status", "TRADE_PENDING"),
		signed("state in small letters", refused, "", "trade_status", "trade_success"),
		{name: "parameter twice, signed", want: refused, change: func(n *alipayNotice) { n.form.Add("total_amount", "12.50") }},
		{name: "sign_type RSA, by the right key", want: refused, change: func(n *alipayNotice) { n.signType = "RSA" }},
	}
}

// set changes one parameter of a form; an empty value takes it away.
func set(body []byte, key, value string) []byte {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		panic(err)
	}
	if form.Set(key, value); value == "" {
		form.Del(key)
	}
	return []byte(form.Encode())
}
