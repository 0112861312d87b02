package sandbox

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The clients here are written from the protocol alone and share no code with the package: they sign, send and verify
// by themselves, so that a mistake in the package cannot hide itself.

// clock is a time that tests move by hand.
type clock struct{ ms atomic.Int64 }

func newClock(at time.Time) *clock {
	c := new(clock)
	c.ms.Store(at.UnixMilli())
	return c
}

func (c *clock) now() time.Time      { return time.UnixMilli(c.ms.Load()) }
func (c *clock) add(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func rsaSign(t testing.TB, k *rsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sig)
}

func rsaVerify(k *rsa.PublicKey, text, signature string) error {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig)
}

// wxRequest is one request to WeChat Pay; change may spoil it after it was built.
type wxRequest struct {
	method, path string
	body         string
	serial       string // Wechatpay-Serial
	at           time.Time
	auth         func(fields map[string]string) string // nil writes the usual header
	change       func(r *http.Request)
}

type wxResult struct {
	status int
	header http.Header
	body   string
	json   struct {
		Code, Message string
		CodeURL       string `json:"code_url"`
		TradeState    string `json:"trade_state"`
		OutTradeNo    string `json:"out_trade_no"`
		Status        string
		Detail        struct{ Field string }
	}
	err error
}

func authHeader(f map[string]string) string {
	return fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="%s",signature="%s",timestamp="%s",serial_no="%s"`,
		f["mchid"], f["nonce_str"], f["signature"], f["timestamp"], f["serial_no"])
}

// send sends q and verifies the answer's signature unless it failed.
func (q wxRequest) send(t testing.TB, s *Sandbox) wxResult {
	t.Helper()
	w := s.papers.WeChat
	if q.at.IsZero() {
		q.at = s.now()
	}
	if q.auth == nil {
		q.auth = authHeader
	}
	f := map[string]string{
		"mchid": w.MchID, "nonce_str": rand.Text(), "timestamp": fmt.Sprint(q.at.Unix()), "serial_no": w.MerchantSerial,
	}
	f["signature"] = rsaSign(t, w.MerchantKey, strings.Join([]string{q.method, q.path, f["timestamp"], f["nonce_str"], q.body, ""}, "\n"))
	r, err := http.NewRequestWithContext(t.Context(), q.method, s.WeChatURL()+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", q.auth(f))
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "saoma-test")
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.serial != "" {
		r.Header.Set("Wechatpay-Serial", q.serial)
	}
	if q.change != nil {
		q.change(r)
	}
	return exchange(r)
}

func exchange(r *http.Request) (out wxResult) {
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		out.err = err
		return out
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	out.status, out.header, out.body, out.err = res.StatusCode, res.Header, string(body), err
	json.Unmarshal(body, &out.json) // a body that is not JSON leaves it empty
	return out
}

// verified checks the answer's signature by the key its serial names.
func (r wxResult) verified(s *Sandbox) error {
	w, h := s.papers.WeChat, r.header
	key := &w.PlatformKey.PublicKey
	switch h.Get("Wechatpay-Serial") {
	case w.PublicKeyID:
	case w.CertificateSerial:
		key = &w.CertificateKey.PublicKey
	default:
		return fmt.Errorf("serial %q", h.Get("Wechatpay-Serial"))
	}
	return rsaVerify(key, h.Get("Wechatpay-Timestamp")+"\n"+h.Get("Wechatpay-Nonce")+"\n"+r.body+"\n", h.Get("Wechatpay-Signature"))
}

func wechatGet(t testing.TB, s *Sandbox, path string) wxResult {
	t.Helper()
	return wxRequest{method: "GET", path: path}.send(t, s)
}

func wechatPost(t testing.TB, s *Sandbox, path string, body map[string]any) wxResult {
	t.Helper()
	return wxRequest{method: "POST", path: path, body: toJSON(t, body)}.send(t, s)
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nativeOrder is a valid order of 12.50 yuan with some fields replaced; nil removes one.
func nativeOrder(s *Sandbox, with map[string]any) map[string]any {
	w := s.papers.WeChat
	o := map[string]any{
		"appid": w.AppID, "mchid": w.MchID, "description": "coffee", "out_trade_no": "W" + rand.Text(),
		"notify_url": "https://shop.example/notify/wechat", "amount": map[string]any{"total": 1250, "currency": "CNY"},
	}
	maps.Copy(o, with)
	maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil })
	return o
}

// wechatOrder places a valid order and returns its number.
func wechatOrder(t testing.TB, s *Sandbox, with map[string]any) string {
	t.Helper()
	o := nativeOrder(s, with)
	if r := wechatPost(t, s, "/v3/pay/transactions/native", o); r.status != 200 || r.json.CodeURL == "" || r.verified(s) != nil {
		t.Fatalf("order: %d %s %v", r.status, r.body, r.err)
	}
	return o["out_trade_no"].(string)
}

func wechatQuery(t testing.TB, s *Sandbox, no string) wxResult {
	t.Helper()
	return wechatGet(t, s, "/v3/pay/transactions/out-trade-no/"+no+"?mchid="+s.papers.WeChat.MchID)
}

// aliCommon are the common parameters of a valid request.
func aliCommon(s *Sandbox, method string, bizContent any) map[string]string {
	text, _ := json.Marshal(bizContent)
	return map[string]string{
		"app_id": s.papers.Alipay.AppID, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
		"timestamp": s.now().In(time.FixedZone("", 8*3600)).Format("2006-01-02 15:04:05"), "version": "1.0", "biz_content": string(text),
	}
}

// aliSigned adds the signature over the sorted non-empty parameters, sign_type included.
func aliSigned(t testing.TB, s *Sandbox, p map[string]string) url.Values {
	t.Helper()
	var pairs []string
	v := url.Values{}
	for name, value := range p {
		v.Set(name, value)
		if value != "" && name != "sign" {
			pairs = append(pairs, name+"="+value)
		}
	}
	sort.Strings(pairs)
	if _, given := p["sign"]; !given {
		v.Set("sign", rsaSign(t, s.papers.Alipay.AppKey, strings.Join(pairs, "&")))
	}
	return v
}

type aliResult struct {
	node, text, sign string
	status           int
	header           http.Header
	raw              string
	err              error
	json             struct {
		Code, Msg   string
		SubCode     string `json:"sub_code"`
		SubMsg      string `json:"sub_msg"`
		OutTradeNo  string `json:"out_trade_no"`
		TradeStatus string `json:"trade_status"`
		TradeNo     string `json:"trade_no"`
		QRCode      string `json:"qr_code"`
		Action      string
		FundChange  string `json:"fund_change"`
		URL         string `json:"bill_download_url"`
	}
}

// aliExchange takes the answer apart by text, as a verifier must: the signature is over the exact bytes.
func aliExchange(r *http.Request) (out aliResult) {
	res := exchange(r)
	out.status, out.header, out.raw, out.err = res.status, res.header, res.body, res.err
	rest, isJSON := strings.CutPrefix(res.body, `{"`)
	node, rest, isAnswer := strings.Cut(rest, `":`)
	if out.node = node; !isJSON || !isAnswer {
		return out
	}
	d := json.NewDecoder(bytes.NewReader([]byte(rest)))
	var raw json.RawMessage
	if d.Decode(&raw) != nil {
		return out
	}
	out.text = rest[:d.InputOffset()]
	if tail, ok := strings.CutPrefix(rest[d.InputOffset():], `,"sign":"`); ok {
		out.sign = strings.TrimSuffix(tail, `"}`)
	}
	json.Unmarshal(raw, &out.json)
	return out
}

func (r aliResult) verified(s *Sandbox) error {
	return rsaVerify(&s.papers.Alipay.PlatformKey.PublicKey, r.text, r.sign)
}

// alipayCall sends a valid request as a form.
func alipayCall(t testing.TB, s *Sandbox, method string, bizContent map[string]any) aliResult {
	t.Helper()
	return aliPost(t, s, aliSigned(t, s, aliCommon(s, method, bizContent)))
}

func aliPost(t testing.TB, s *Sandbox, form url.Values) aliResult {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.AlipayURL(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	return aliExchange(r)
}

// alipayOrder precreates 12.50 yuan with some fields replaced and returns its number.
func alipayOrder(t testing.TB, s *Sandbox, with map[string]any) string {
	t.Helper()
	o := map[string]any{"out_trade_no": "A" + rand.Text(), "total_amount": "12.50", "subject": "coffee"}
	maps.Copy(o, with)
	r := alipayCall(t, s, "alipay.trade.precreate", o)
	if r.json.Code != "10000" || r.json.QRCode == "" || r.verified(s) != nil {
		t.Fatalf("precreate: %s %v", r.raw, r.err)
	}
	return o["out_trade_no"].(string)
}
