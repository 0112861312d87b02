package wechat_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// rotation is a merchant whose certificate has just been renewed, beside a platform that may not know it yet.
type rotation struct {
	*testing.T
	sandbox  *sandbox.Sandbox
	gateway  *wechat.Gateway
	fresh    sandbox.Fresh
	old      string // the serial of the certificate before
	requests atomic.Int64
	ahead    atomic.Int64 // of the gateway's clock
}

func newRotation(t *testing.T, until time.Time) *rotation {
	t.Helper()
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	r := &rotation{T: t, sandbox: sandbox.New(p, sandbox.Options{RefundGap: -1}), old: p.WeChat.MerchantSerial}
	r.must(r.sandbox.Start("127.0.0.1:0"))
	t.Cleanup(func() { r.sandbox.Close() })
	r.fresh, err = r.sandbox.Rotate(sandbox.MerchantCertificate, false)
	r.must(err)
	w := p.WeChat
	r.gateway, err = wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, APIv3Key: w.APIv3Key, MerchantSerial: r.fresh.Serial, MerchantKey: privateKey(t, r.fresh.PrivateKey),
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: r.sandbox.WeChatURL(), Transport: r,
		Previous: wechat.Previous{MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, Until: until},
		Now:      func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) },
	})
	r.must(err)
	t.Cleanup(r.gateway.Stop)
	return r
}

func (r *rotation) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rotation) RoundTrip(q *http.Request) (*http.Response, error) {
	r.requests.Add(1)
	return http.DefaultTransport.RoundTrip(q)
}

// asks demands that a query is answered with so many requests.
func (r *rotation) asks(p *pos.Payment, want int64) {
	r.Helper()
	r.requests.Store(0)
	_, err := r.gateway.Query(r.Context(), p)
	r.must(err)
	if n := r.requests.Load(); n != want {
		r.Errorf("%d requests, want %d", n, want)
	}
}

func (r *rotation) finds(want string) {
	r.Helper()
	got := ""
	for _, f := range r.gateway.Papers() {
		got += f.Check
	}
	if got != want {
		r.Errorf("finding %q, want %q", got, want)
	}
}

func payment(g *wechat.Gateway, no string) *pos.Payment {
	now := time.Now()
	return &pos.Payment{
		OutTradeNo: no, Wallet: pos.WeChat, Account: g.Account(), Amount: 300, Title: "拿铁", State: pos.Created,
		CreatedAt: now, ExpiresAt: now.Add(5 * time.Minute),
	}
}

func privateKey(t *testing.T, text string) *rsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// A new merchant certificate works from the moment it is entered: while the platform does not know it the one before
// it signs, and afterwards it does itself. Every request has its effect once.
func TestNewMerchantCertificate(t *testing.T) {
	dbtest.OneDay(t) // at its end it asks for today's bill
	r := newRotation(t, time.Time{})
	g := r.gateway
	p := payment(g, "K1ROTATION01")
	code, err := g.Create(r.Context(), p)
	if err != nil || code == "" || r.requests.Load() != 2 {
		t.Fatalf("code %q, %v, %d requests", code, err, r.requests.Load())
	}
	r.finds("wechat_merchant_certificate")
	r.asks(p, 1) // what works is remembered
	r.must(r.sandbox.Pay(p.OutTradeNo))

	r.must(r.sandbox.SetEffective(r.fresh.Serial, true))
	r.asks(p, 1)
	r.finds("wechat_merchant_certificate")
	r.ahead.Store(int64(11 * time.Minute)) // for a while
	r.finds("")
	r.asks(p, 1) // by the new one
	r.ahead.Store(0)
	r.must(r.sandbox.SetEffective(r.old, false))
	r.asks(p, 2) // remembered still, but revoked
	r.asks(p, 1)
	r.finds("")

	refund := &pos.Refund{OutRefundNo: "RK1ROTATION01", OutTradeNo: p.OutTradeNo, Wallet: pos.WeChat, Amount: 100, Reason: "少一杯"}
	r.must(r.sandbox.SetEffective(r.fresh.Serial, false))
	r.must(r.sandbox.SetEffective(r.old, true))
	r.requests.Store(0)
	_, err = g.Refund(r.Context(), p, refund)
	r.must(err)
	if orders := r.sandbox.Orders(); r.requests.Load() != 2 || len(orders) != 1 || len(orders[0].Refunds) != 1 {
		t.Errorf("%d requests, orders %+v", r.requests.Load(), orders)
	}
	if _, err := g.DownloadBill(r.Context(), pos.Day(time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly))); err != nil {
		t.Errorf("the bill and its file: %v", err)
	}
}

// A certificate that nobody accepts is said once, for the two requests; and after its day the old one signs no more.
func TestNoMerchantCertificateIsAccepted(t *testing.T) {
	until := time.Now().Add(time.Hour)
	r := newRotation(t, until)
	p := payment(r.gateway, "K1ROTATION02")
	ask := func(want int64) {
		t.Helper()
		r.requests.Store(0)
		_, err := r.gateway.Query(r.Context(), p)
		if pos.FailureOf(err) != pos.Misconfigured || r.requests.Load() != want {
			t.Errorf("%v after %d requests, want %d", err, r.requests.Load(), want)
		}
	}
	r.must(r.sandbox.SetEffective(r.old, false))
	ask(2)
	r.must(r.sandbox.SetEffective(r.old, true))
	if _, err := r.gateway.Create(r.Context(), p); err != nil {
		t.Fatal(err)
	}
	r.ahead.Store(int64(2 * time.Hour))
	ask(1)
}

// Only the platform's own refusal of a signature makes a request be sent again.
func TestWhatIsSentAgain(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	w := p.WeChat
	other, err := papersOfAnother()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   int64
	}{
		"not our certificate": {401, `{"code":"SIGN_ERROR","message":"x"}`, 2},
		"another 401":         {401, `{"code":"NO_AUTH","message":"x"}`, 1},
		"a portal":            {401, `<html>log in</html>`, 1},
		"empty":               {401, ``, 1},
		"403":                 {403, `{"code":"SIGN_ERROR","message":"x"}`, 1},
		"500":                 {500, `{"code":"SIGN_ERROR","message":"x"}`, 1},
		"long":                {401, `{"code":"SIGN_ERROR","message":"` + strings.Repeat("x", 2<<20) + `"}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			asked := &refusing{status: c.status, body: c.body}
			g, err := wechat.New(wechat.Config{
				MchID: w.MchID, AppID: w.AppID, APIv3Key: w.APIv3Key, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey,
				PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, Transport: asked,
				Previous: wechat.Previous{MerchantSerial: "0A1B2C3D", MerchantKey: other},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = g.Query(t.Context(), payment(g, "K1ROTATION03"))
			if err == nil || len(asked.signed) != int(c.want) {
				t.Errorf("%v, asked %d times, want %d", err, len(asked.signed), c.want)
			}
			if c.want == 2 && (!strings.Contains(asked.signed[0], w.MerchantSerial) || !strings.Contains(asked.signed[1], `serial_no="0A1B2C3D"`)) {
				t.Errorf("signed by %q", asked.signed)
			}
		})
	}
}

// refusing answers everything alike.
type refusing struct {
	status int
	body   string
	signed []string
}

func (f *refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	f.signed = append(f.signed, r.Header.Get("Authorization"))
	return &http.Response{StatusCode: f.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(f.body)), Request: r}, nil
}

func papersOfAnother() (*rsa.PrivateKey, error) {
	p, err := papers()
	if err != nil {
		return nil, err
	}
	return p.Alipay.AppKey, nil // any other key
}

func TestNewRefusesHalvesOfWhatIsReplaced(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	w := p.WeChat
	for name, c := range map[string]struct {
		previous wechat.Previous
		says     string
	}{
		"serial alone":  {wechat.Previous{MerchantSerial: "0A"}, "its key"},
		"key alone":     {wechat.Previous{MerchantKey: p.Alipay.AppKey}, "its serial"},
		"not a serial":  {wechat.Previous{MerchantSerial: "serial", MerchantKey: p.Alipay.AppKey}, "hexadecimal"},
		"the same":      {wechat.Previous{MerchantSerial: strings.ToLower(w.MerchantSerial), MerchantKey: w.MerchantKey}, "in force"},
		"id alone":      {wechat.Previous{PublicKeyID: "PUB_KEY_ID_1"}, "its key"},
		"public alone":  {wechat.Previous{PublicKey: &w.PlatformKey.PublicKey}, "its id"},
		"the same, too": {wechat.Previous{PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey}, "in force"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wechat.New(wechat.Config{
				MchID: w.MchID, AppID: w.AppID, APIv3Key: w.APIv3Key, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey,
				PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, Previous: c.previous,
			})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}
