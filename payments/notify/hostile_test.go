package notify_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

const payer = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

func sign(key *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

// wechatTrade is a paid trade in the platform's words.
func wechatTrade(p *pos.Payment, change func(map[string]any)) string {
	v := map[string]any{
		"mchid": p.Account.MerchantID, "appid": p.Account.AppID, "out_trade_no": p.OutTradeNo, "transaction_id": "42000001",
		"trade_state": "SUCCESS", "success_time": time.Now().Format(time.RFC3339), "payer": map[string]any{"openid": payer},
		"amount": map[string]any{"total": int64(p.Amount), "currency": "CNY"},
	}
	if change != nil {
		change(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// wechatBody seals a resource under key.
func wechatBody(key, resource string) []byte {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	const nonce = "twelve-chars"
	body, err := json.Marshal(map[string]any{"id": "EV-1", "event_type": "TRANSACTION.SUCCESS", "resource": map[string]any{
		"algorithm": "AEAD_AES_256_GCM", "associated_data": "transaction", "nonce": nonce,
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), []byte(resource), []byte("transaction"))),
	}})
	if err != nil {
		panic(err)
	}
	return body
}

func wechatHeader(key *rsa.PrivateKey, serial string, at time.Time, body []byte) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"Content-Type": {"application/json"}, "Wechatpay-Serial": {serial}, "Wechatpay-Timestamp": {timestamp},
		"Wechatpay-Nonce": {"a-nonce"}, "Wechatpay-Signature": {sign(key, timestamp+"\na-nonce\n"+string(body)+"\n")},
	}
}

// alipayForm is a paid trade's notification in the platform's words, signed.
func alipayForm(key *rsa.PrivateKey, p *pos.Payment, change func(url.Values)) []byte {
	v := url.Values{
		"app_id": {p.Account.AppID}, "seller_id": {p.Account.MerchantID}, "out_trade_no": {p.OutTradeNo}, "trade_no": {"2026000001"},
		"trade_status": {"TRADE_SUCCESS"}, "total_amount": {p.Amount.String()}, "buyer_id": {payer}, "charset": {"utf-8"},
		"gmt_payment": {time.Now().Format(time.DateTime)},
	}
	if change != nil {
		change(v)
	}
	var pairs []string
	for k := range v {
		pairs = append(pairs, k+"="+v.Get(k))
	}
	slices.Sort(pairs)
	v.Set("sign", sign(key, strings.Join(pairs, "&")))
	v.Set("sign_type", "RSA2")
	return []byte(v.Encode())
}

var formHeader = http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}

// hostile is one notification that must not be believed.
type hostile struct {
	name   string
	path   string // default the wallet's
	header http.Header
	body   []byte
	except pos.ExceptionKind // signed and durable, but not to be credited
}

// Whatever is posted that is not the platform's word about this payment moves no money, is answered as a
// failure, panics nowhere and leaves nothing secret in the log.
func TestHostileWeChat(t *testing.T) {
	r := newRig(t)
	keys, _ := papers()
	w := keys.WeChat
	p := r.charge(pos.WeChat)
	good := wechatBody(w.APIv3Key, wechatTrade(p, nil))
	now := time.Now()
	signed := func(name string, body []byte) hostile {
		return hostile{name: name, body: body, header: wechatHeader(w.PlatformKey, w.PublicKeyID, now, body)}
	}
	changed := func(name string, except pos.ExceptionKind, change func(map[string]any)) hostile {
		h := signed(name, wechatBody(w.APIv3Key, wechatTrade(p, change)))
		h.except = except
		return h
	}
	header := func(name, key, value string) hostile {
		h := signed(name, good)
		h.header.Set(key, value)
		return h
	}
	foreign := strings.Repeat("k", 32)
	cases := []hostile{
		{name: "unsigned", body: good, header: http.Header{}},
		{name: "empty", header: http.Header{}},
		{name: "forged", body: good, header: wechatHeader(w.MerchantKey, w.PublicKeyID, now, good)},
		{name: "forged as certificate", body: good, header: wechatHeader(w.MerchantKey, w.CertificateSerial, now, good)},
		{name: "old", body: good, header: wechatHeader(w.PlatformKey, w.PublicKeyID, now.Add(-6*time.Minute), good)},
		{name: "of the future", body: good, header: wechatHeader(w.PlatformKey, w.PublicKeyID, now.Add(6*time.Minute), good)},
		{name: "altered", body: bytes.Replace(good, []byte("EV-1"), []byte("EV-9"), 1), header: wechatHeader(w.PlatformKey, w.PublicKeyID, now, good)},
		{name: "longer", body: append(slices.Clone(good), '\n'), header: wechatHeader(w.PlatformKey, w.PublicKeyID, now, good)},
		{name: "with a query", path: "/notify/wechat?out_trade_no=" + p.OutTradeNo, body: good, header: wechatHeader(w.PlatformKey, w.PublicKeyID, now, good)},
		{name: "empty query", path: "/notify/wechat?", body: good, header: wechatHeader(w.PlatformKey, w.PublicKeyID, now, good)},
		header("probe", "Wechatpay-Signature", "WECHATPAY/SIGNTEST/x"),
		header("new time", "Wechatpay-Timestamp", strconv.FormatInt(now.Unix()+1, 10)),
		header("no serial", "Wechatpay-Serial", ""),
		signed("null", []byte("null")),
		signed("array", []byte("[]")),
		signed("not json", []byte("<xml/>")),
		signed("no resource", []byte(`{"event_type":"TRANSACTION.SUCCESS"}`)),
		signed("null resource", []byte(`{"event_type":"TRANSACTION.SUCCESS","resource":null}`)),
		signed("short nonce", bytes.Replace(good, []byte("twelve-chars"), []byte("short"), 1)),
		signed("wrong key", wechatBody(foreign, wechatTrade(p, nil))),
		signed("null inside", wechatBody(w.APIv3Key, "null")),
		signed("amount twice", wechatBody(w.APIv3Key, strings.Replace(wechatTrade(p, nil), `"total":`, `"total":1,"total":`, 1))),
		signed("huge", append(slices.Clone(good), bytes.Repeat([]byte(" "), 64<<10)...)),
		signed("deep", []byte(strings.Repeat(`{"a":`, 9000)+"1"+strings.Repeat("}", 9000))),
		changed("not paid", "", func(v map[string]any) { v["trade_state"] = "NOTPAY" }),
		changed("negative", "", func(v map[string]any) { v["amount"] = map[string]any{"total": -1250} }),
		changed("float", "", func(v map[string]any) { v["amount"] = map[string]any{"total": 1250.5} }),
		changed("less", pos.AmountMismatch, func(v map[string]any) { v["amount"] = map[string]any{"total": 1, "currency": "CNY"} }),
		changed("in dollars", pos.AmountMismatch, func(v map[string]any) {
			v["amount"] = map[string]any{"total": 1250, "currency": "USD"}
			v["transaction_id"] = "2"
		}),
		changed("other merchant", pos.ForeignMerchant, func(v map[string]any) { v["mchid"] = "1900000009" }),
		changed("other app", pos.ForeignMerchant, func(v map[string]any) { v["appid"] = "wx9"; v["transaction_id"] = "4" }),
		changed("unknown order", pos.UnknownOrder, func(v map[string]any) { v["out_trade_no"] = "K1NOSUCHORDER" }),
	}
	r.mustBelieveNone(pos.WeChat, p, cases)
	status, body := r.post("/notify/wechat", wechatHeader(w.PlatformKey, w.PublicKeyID, now, good), good)
	if status != 200 || body != wechatOK || r.until(p, pos.Paid).TransactionID != "42000001" {
		t.Errorf("the real one: %d %s", status, body)
	}
	r.verified()
}

func TestHostileAlipay(t *testing.T) {
	r := newRig(t)
	keys, _ := papers()
	a := keys.Alipay
	p := r.charge(pos.Alipay)
	good := alipayForm(a.PlatformKey, p, nil)
	altered := bytes.Replace(good, []byte("total_amount=12.50"), []byte("total_amount=92.50"), 1)
	changed := func(name string, except pos.ExceptionKind, key, value string) hostile {
		return hostile{name: name, header: formHeader, except: except, body: alipayForm(a.PlatformKey, p, func(v url.Values) {
			v.Set(key, value)
			v.Set("trade_no", "2026"+name)
		})}
	}
	cases := []hostile{
		{name: "empty", header: formHeader},
		{name: "unsigned", header: formHeader, body: []byte("out_trade_no=" + p.OutTradeNo + "&trade_status=TRADE_SUCCESS&total_amount=12.50")},
		{name: "forged", header: formHeader, body: alipayForm(a.AppKey, p, nil)},
		{name: "altered", header: formHeader, body: altered},
		{name: "parameter added", header: formHeader, body: append(slices.Clone(good), "&x=1"...)},
		{name: "parameter twice", header: formHeader, body: append(slices.Clone(good), "&total_amount=12.50"...)},
		{name: "in the query", path: "/notify/alipay?" + string(good), header: formHeader},
		{name: "some in the query", path: "/notify/alipay?app_id=" + a.AppID, header: formHeader, body: good},
		{name: "json", header: http.Header{"Content-Type": {"application/json"}}, body: []byte("null")},
		{name: "no type", header: http.Header{}, body: good},
		{name: "multipart", header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, body: []byte("--b\r\nContent-Disposition: form-data; name=\"sign\"\r\n\r\nx\r\n--b--")},
		{name: "certificate", header: formHeader, body: append(alipayForm(a.AppKey, p, nil), "&alipay_cert_sn=00112233"...)},
		{name: "huge", header: formHeader, body: append(slices.Clone(good), "&x="+strings.Repeat("x", 64<<10)...)},
		{name: "broken escape", header: formHeader, body: append(slices.Clone(good), "&%zz=1"...)},
		changed("one decimal", "", "total_amount", "12.5"),
		changed("exponent", "", "total_amount", "1.25e1"),
		changed("padded", "", "total_amount", " 12.50"),
		changed("new state", "", "trade_status", "TRADE_NEW"),
		changed("gbk", "", "charset", "gbk"),
		changed("less", pos.AmountMismatch, "total_amount", "0.01"),
		changed("dollars", pos.AmountMismatch, "trans_currency", "USD"),
		changed("other seller", pos.ForeignMerchant, "seller_id", "2088999999999999"),
		changed("other app", pos.ForeignMerchant, "app_id", "2021999999999999"),
		changed("unknown order", pos.UnknownOrder, "out_trade_no", "K1NOSUCHORDER"),
	}
	r.mustBelieveNone(pos.Alipay, p, cases)
	status, body := r.post("/notify/alipay", formHeader, good)
	if status != 200 || body != "success" || r.until(p, pos.Paid).TransactionID != "2026000001" {
		t.Errorf("the real one: %d %s", status, body)
	}
	r.verified()
}

// mustBelieveNone posts every case and looks at the ledger and the log after each.
func (r *rig) mustBelieveNone(w pos.Wallet, p *pos.Payment, cases []hostile) {
	r.Helper()
	for _, c := range cases {
		r.Run(c.name, func(t *testing.T) {
			before := len(r.exceptions())
			path := c.path
			if path == "" {
				path = "/notify/" + string(w)
			}
			status, body := r.post(path, c.header, c.body)
			if err := failed(w, status, body); err != nil {
				t.Error(err)
			}
			now, err := r.till.Payment(t.Context(), p.OutTradeNo)
			if err != nil || now.State != pos.Waiting || r.paidInLedger() != 0 {
				t.Fatalf("believed: %s, ledger %s, %v", now.State, r.paidInLedger(), err)
			}
			raised := r.exceptions()[before:]
			if (c.except == "") != (len(raised) == 0) || c.except != "" && raised[0].Kind != c.except {
				t.Errorf("exceptions %+v, want %q", raised, c.except)
			}
		})
	}
	r.quiet(payer)
	if strings.Contains(r.log.String(), "panic") {
		r.Errorf("a panic:\n%s", r.log)
	}
	for _, c := range cases {
		if s := c.header.Get("Wechatpay-Signature"); s != "" && strings.Contains(r.log.String(), s) {
			r.Errorf("%s: the log has its signature", c.name)
		}
	}
	// A probe of the platform is refused without an alarm.
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range r.reported {
		if err != nil && strings.Contains(err.Error(), "probe") {
			r.Errorf("alarm: %v", err)
		}
	}
}
