package alipay

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

const (
	testAppID    = "2021000000000001"
	testSellerID = "2088000000000001"
	testBuyerID  = "2088123456789012"
)

// keys are generated once for the whole test binary: RSA keys take a while.
var keys = sync.OnceValue(func() (k struct{ app, platform, stranger *rsa.PrivateKey }) {
	for _, into := range []**rsa.PrivateKey{&k.app, &k.platform, &k.stranger} {
		var err error
		if *into, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	return k
})

func sign(key *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

// asked is one request as the platform understood it: the public parameters and the business ones.
type asked struct {
	form url.Values
	biz  map[string]any
}

// platform answers each method with a business text, signed unless by says otherwise.
type platform struct {
	t      *testing.T
	mu     sync.Mutex
	asked  []asked
	answer map[string]string // by method; "" is for every other
	raw    string            // instead: the whole body
	status int
	by     *rsa.PrivateKey // default the platform's key
	extra  string          // members beside the answer, such as `"alipay_cert_sn":"1",`
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.t.Error(err)
	}
	form := r.PostForm
	p.check(r, form)
	var biz map[string]any
	if err := json.Unmarshal([]byte(form.Get("biz_content")), &biz); err != nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	p.asked = append(p.asked, asked{form, biz})
	p.mu.Unlock()

	w.Header().Set("Content-Type", "text/html;charset=utf-8")
	w.WriteHeader(max(p.status, 200))
	if p.raw != "" {
		io.WriteString(w, p.raw)
		return
	}
	text, ok := p.answer[form.Get("method")]
	if !ok {
		text = p.answer[""]
	}
	by := p.by
	if by == nil {
		by = keys().platform
	}
	io.WriteString(w, `{"`+strings.ReplaceAll(form.Get("method"), ".", "_")+`_response":`+text+`,`+p.extra+`"sign":"`+sign(by, text)+`"}`)
}

// check verifies a request as the platform does: sorted non-empty parameters except sign.
func (p *platform) check(r *http.Request, form url.Values) {
	var pairs []string
	for k, v := range form {
		if k != "sign" && v[0] != "" {
			pairs = append(pairs, k+"="+v[0])
		}
	}
	slices.Sort(pairs)
	sum := sha256.Sum256([]byte(strings.Join(pairs, "&")))
	signature, err := base64.StdEncoding.DecodeString(form.Get("sign"))
	if err == nil {
		err = rsa.VerifyPKCS1v15(&keys().app.PublicKey, crypto.SHA256, sum[:], signature)
	}
	if err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		p.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	for k, want := range map[string]string{"app_id": testAppID, "sign_type": "RSA2", "charset": "utf-8", "version": "1.0", "format": "JSON"} {
		if form.Get(k) != want {
			p.t.Errorf("%s is %q", k, form.Get(k))
		}
	}
	at, err := time.ParseInLocation(time.DateTime, form.Get("timestamp"), wire.Beijing)
	if err != nil || time.Since(at).Abs() > time.Hour {
		p.t.Errorf("timestamp %q is not Beijing's time", form.Get("timestamp"))
	}
}

// gateway runs p and returns a gateway that asks it.
func (p *platform) gateway(t *testing.T) *Gateway {
	t.Helper()
	p.t = t
	return gateway(t, Config{GatewayURL: serve(t, p)})
}

// serve runs p and returns the address of its gateway.
func serve(t *testing.T, p *platform) string {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return s.URL + "/gateway.do"
}

// always is a gateway whose platform answers everything with one signed text.
func always(t *testing.T, text string) *Gateway {
	t.Helper()
	return (&platform{answer: map[string]string{"": text}}).gateway(t)
}

func gateway(t *testing.T, cfg Config) *Gateway {
	t.Helper()
	g, err := New(papers(cfg))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func papers(cfg Config) Config {
	cfg.AppID, cfg.SellerID = testAppID, testSellerID
	cfg.AppKey, cfg.AlipayPublicKey = keys().app, &keys().platform.PublicKey
	return cfg
}

func payment() *pos.Payment {
	at := time.Date(2026, 1, 31, 14, 3, 22, 987e6, time.UTC)
	return &pos.Payment{
		OutTradeNo: "A0126013114032212345678", Wallet: pos.Alipay, Amount: 1250, Title: "拿铁 ×2",
		Account: pos.Account{MerchantID: testSellerID, AppID: testAppID}, State: pos.Waiting, CreatedAt: at, ExpiresAt: at.Add(5 * time.Minute),
	}
}

func refundOf(p *pos.Payment) *pos.Refund {
	return &pos.Refund{OutRefundNo: "R" + p.OutTradeNo, OutTradeNo: p.OutTradeNo, Wallet: pos.Alipay, Amount: 250, Reason: "少一杯"}
}

// tradeWords is a paid trade as the platform words it, with changes.
func tradeWords(changes map[string]any) string {
	return words(map[string]any{
		"code": "10000", "msg": "Success", "out_trade_no": payment().OutTradeNo, "trade_no": "2026013122001",
		"trade_status": "TRADE_SUCCESS", "total_amount": "12.50", "receipt_amount": "12.50", "buyer_pay_amount": "12.50",
		"buyer_user_id": testBuyerID, "buyer_logon_id": "zhang***@example.com", "buyer_open_id": "074a1CcTG1LelxKe4xQC0zgNdId0",
		"send_pay_date":  "2026-01-31 22:03:30",
		"fund_bill_list": []any{map[string]any{"fund_channel": "ALIPAYACCOUNT", "amount": "12.50"}},
	}, changes)
}

// words marshals fields with changes; a nil change takes the field away.
func words(fields, changes map[string]any) string {
	for k, v := range changes {
		if fields[k] = v; v == nil {
			delete(fields, k)
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func refusalWords(code, sub string) string {
	return words(map[string]any{"code": code, "msg": "Business Failed", "sub_code": sub, "sub_msg": "不行"}, nil)
}

// wantFailure checks what err proves, and that it tells nothing it must not.
func wantFailure(t *testing.T, err error, want pos.Failure) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", want)
	}
	if got := pos.FailureOf(err); got != want {
		t.Errorf("failure %s, want %s: %v", got, want, err)
	}
	for _, secret := range []string{testBuyerID, "sign="} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}
