package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWeChatAuthorization changes a correct request one part at a time: each must be 401 SIGN_ERROR, signed.
func TestWeChatAuthorization(t *testing.T) {
	now := newClock(time.Now()) // which stands still, however long it takes
	s := start(t, Options{Now: now.now})
	stranger := papers(t).Alipay.AppKey
	set := func(name, value string) func(map[string]string) string {
		return func(f map[string]string) string { f[name] = value; return authHeader(f) }
	}
	path := "/v3/certificates"
	for name, q := range map[string]wxRequest{
		"no header":        {change: func(r *http.Request) { r.Header.Del("Authorization") }},
		"other scheme":     {auth: func(f map[string]string) string { return strings.Replace(authHeader(f), "WECHATPAY2", "WECHATPAY3", 1) }},
		"merchant":         {auth: set("mchid", "1900000001")},
		"serial":           {auth: set("serial_no", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1")},
		"no nonce":         {auth: set("nonce_str", "")},
		"other nonce":      {auth: set("nonce_str", "ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP")},
		"timestamp":        {auth: set("timestamp", "yesterday")},
		"other timestamp":  {auth: func(f map[string]string) string { f["timestamp"] += "1"; return authHeader(f) }},
		"6 minutes early":  {at: now.now().Add(-6 * time.Minute)},
		"6 minutes late":   {at: now.now().Add(6 * time.Minute)},
		"not base64":       {auth: set("signature", "%%%")},
		"other key":        {auth: set("signature", rsaSign(t, stranger, "x"))},
		"other method":     {change: func(r *http.Request) { r.Method = http.MethodPost }, path: "/v3/refund/domestic/refunds"},
		"query added":      {change: func(r *http.Request) { r.URL.RawQuery = "a=1" }},
		"parameter twice":  {auth: func(f map[string]string) string { return authHeader(f) + `,mchid="` + f["mchid"] + `"` }},
		"a parameter more": {auth: func(f map[string]string) string { return authHeader(f) + `,host="x"` }},
	} {
		t.Run(name, func(t *testing.T) {
			q.method = http.MethodGet
			if q.path == "" {
				q.path = path
			}
			r := q.send(t, s)
			if r.status != 401 || r.json.Code != "SIGN_ERROR" || r.json.Message == "" {
				t.Errorf("%d %s", r.status, r.body)
			}
			if err := r.verified(s); err != nil {
				t.Errorf("the error is not signed: %v", err)
			}
		})
	}
	t.Run("body changed", func(t *testing.T) {
		body := toJSON(t, nativeOrder(s, nil))
		r := wxRequest{method: "POST", path: "/v3/pay/transactions/native", body: body, change: func(r *http.Request) {
			other := strings.Replace(body, "1250", "1251", 1)
			r.Body = http.NoBody
			fresh, _ := http.NewRequest("POST", r.URL.String(), strings.NewReader(other))
			r.Body, r.ContentLength, r.GetBody = fresh.Body, fresh.ContentLength, fresh.GetBody
		}}.send(t, s)
		if r.status != 401 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
	for name, at := range map[string]time.Duration{"4 minutes early": -4 * time.Minute, "4 minutes late": 4 * time.Minute} {
		if r := (wxRequest{method: "GET", path: path, at: now.now().Add(at)}).send(t, s); r.status != 200 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := (wxRequest{method: "GET", path: path, change: func(r *http.Request) { r.Header.Set("User-Agent", "") }}).send(t, s); r.status != 400 || !strings.Contains(r.json.Message, "User-Agent") {
		t.Errorf("without User-Agent: %d %s", r.status, r.body)
	}
	if len(s.Orders()) != 0 {
		t.Errorf("orders: %+v", s.Orders())
	}
}

// TestWeChatIdentity: the answer is signed the way the request asked for.
func TestWeChatIdentity(t *testing.T) {
	w := papers(t).WeChat
	for _, tt := range []struct {
		asked string
		def   Identity
		want  string
	}{
		{"", Certificate, w.CertificateSerial},
		{"", PublicKey, w.PublicKeyID},
		{w.PublicKeyID, Certificate, w.PublicKeyID},
		{w.CertificateSerial, PublicKey, w.CertificateSerial},
		{"ABCDEF", Certificate, w.CertificateSerial},
	} {
		s := start(t, Options{Identity: tt.def})
		for _, path := range []string{"/v3/certificates", "/v3/pay/transactions/out-trade-no/UNKNOWN1?mchid=" + w.MchID} {
			r := wxRequest{method: "GET", path: path, serial: tt.asked}.send(t, s)
			if got := r.header.Get("Wechatpay-Serial"); got != tt.want || r.verified(s) != nil {
				t.Errorf("asked %q, default %v: serial %q, %v", tt.asked, tt.def, got, r.verified(s))
			}
		}
	}
}

// openSealed decrypts WeChat Pay's envelope on its own.
func openSealed(t *testing.T, key string, e sealed) []byte {
	t.Helper()
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(e.Ciphertext)
	if err != nil || len(e.Nonce) != 12 || e.Algorithm != "AEAD_AES_256_GCM" {
		t.Fatalf("envelope %+v: %v", e, err)
	}
	plain, err := gcm.Open(nil, []byte(e.Nonce), text, []byte(e.AssociatedData))
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestWeChatCertificates(t *testing.T) {
	s := start(t, Options{})
	r := wechatGet(t, s, "/v3/certificates")
	var list struct {
		Data []struct {
			Serial    string `json:"serial_no"`
			Encrypted sealed `json:"encrypt_certificate"`
		}
	}
	if err := json.Unmarshal([]byte(r.body), &list); err != nil || len(list.Data) != 1 {
		t.Fatal(r.body, err)
	}
	got := openSealed(t, s.papers.WeChat.APIv3Key, list.Data[0].Encrypted)
	if block, _ := pem.Decode(got); block == nil || list.Data[0].Serial != s.papers.WeChat.CertificateSerial || list.Data[0].Encrypted.AssociatedData == "" {
		t.Fatalf("%s", r.body)
	}
}

// TestWeChatFields: each mistake is 400 PARAM_ERROR and its message names the field.
func TestWeChatFields(t *testing.T) {
	now := newClock(time.Now().Truncate(time.Second)) // which stands still, however long it takes
	s := start(t, Options{Now: now.now})
	in := func(d time.Duration) string { return now.now().Add(d).Format(time.RFC3339) }
	amount := func(v any) map[string]any { return map[string]any{"amount": v} }
	total := func(v any) map[string]any { return amount(map[string]any{"total": v, "currency": "CNY"}) }
	for _, tt := range []struct {
		field string
		with  map[string]any
	}{
		{"description", map[string]any{"description": nil}},
		{"description", map[string]any{"description": ""}},
		{"description", map[string]any{"description": strings.Repeat("咖", 42) + "xx"}}, // 128 bytes
		{"description", map[string]any{"description": "☕ coffee 🍰"}},
		{"description", map[string]any{"description": 5}},
		{"out_trade_no", map[string]any{"out_trade_no": "12345"}},
		{"out_trade_no", map[string]any{"out_trade_no": strings.Repeat("1", 33)}},
		{"out_trade_no", map[string]any{"out_trade_no": "ORDER 1234"}},
		{"out_trade_no", map[string]any{"out_trade_no": "订单12"}},
		{"notify_url", map[string]any{"notify_url": nil}},
		{"notify_url", map[string]any{"notify_url": "https://shop.example/notify?x=1"}},
		{"notify_url", map[string]any{"notify_url": "http://shop.example/notify"}},
		{"notify_url", map[string]any{"notify_url": "/notify"}},
		{"amount", amount(nil)},
		{"amount", amount(1250)},
		{"amount/total", total(0)},
		{"amount/total", total(-1)},
		{"amount/total", total("1250")},
		{"amount/total", total(12.5)},
		{"amount/total", amount(map[string]any{"currency": "CNY"})},
		{"amount/currency", amount(map[string]any{"total": 1, "currency": "USD"})},
		{"time_expire", map[string]any{"time_expire": "2030-01-01 00:00:00"}},
		{"time_expire", map[string]any{"time_expire": in(30 * time.Second)}},
		{"time_expire", map[string]any{"time_expire": in(-time.Hour)}},
		{"attach", map[string]any{"attach": strings.Repeat("a", 129)}},
		{"appid", map[string]any{"appid": nil}},
		{"mchid", map[string]any{"mchid": "1900000001"}},
	} {
		t.Run(fmt.Sprintf("%s %v", tt.field, tt.with), func(t *testing.T) {
			r := wechatPost(t, s, "/v3/pay/transactions/native", nativeOrder(s, tt.with))
			if r.status != 400 || r.json.Code != "PARAM_ERROR" || !strings.Contains(r.json.Message, tt.field) || r.verified(s) != nil {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	for name, with := range map[string]map[string]any{
		"127 bytes":        {"description": strings.Repeat("咖", 42) + "x"},
		"32 characters":    {"out_trade_no": strings.Repeat("1", 24) + "aZ_-|*12"},
		"6 characters":     {"out_trade_no": "123456"},
		"loopback":         {"notify_url": "http://127.0.0.1:1/notify"},
		"61 seconds ahead": {"time_expire": in(61 * time.Second)},
		"1 fen":            total(1),
		"no currency":      amount(map[string]any{"total": 1}),
	} {
		if r := wechatPost(t, s, "/v3/pay/transactions/native", nativeOrder(s, with)); r.status != 200 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := wechatPost(t, s, "/v3/pay/transactions/native", nativeOrder(s, map[string]any{"appid": "wx0000000000000000"})); r.json.Code != "APPID_MCHID_NOT_MATCH" {
		t.Errorf("%s", r.body)
	}
	for _, body := range []string{"", "null", "[]", `{"description": "`, "\xff\xfe"} {
		if r := (wxRequest{method: "POST", path: "/v3/pay/transactions/native", body: body}).send(t, s); r.status < 400 || r.status >= 500 {
			t.Errorf("body %q: %d %s", body, r.status, r.body)
		}
	}
}
