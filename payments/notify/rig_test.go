package notify_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/db"
	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

var papers = sync.OnceValues(sandbox.NewPapers)

// rig is a counter without a window: a real till on a real ledger, both real gateways over the sandbox,
// and the handler between.
type rig struct {
	*testing.T
	ledger  *db.Ledger
	till    *pos.Till
	sandbox *sandbox.Sandbox
	wechat  *wechat.Gateway
	alipay  *alipay.Gateway
	handler http.Handler
	server  *httptest.Server
	log     *logged

	mu       sync.Mutex
	reported []error
}

// logged is a log that a test may read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRig(t *testing.T) *rig {
	t.Helper()
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, log: &logged{}}
	r.sandbox = sandbox.New(p, sandbox.Options{Speed: 1000, Identity: sandbox.PublicKey})
	r.must(r.sandbox.Start("127.0.0.1:0"))
	t.Cleanup(func() { r.sandbox.Close() })
	// The handler's address is in the gateways' configuration, so the server comes first.
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.handler.ServeHTTP(w, q) }))
	t.Cleanup(r.server.Close)

	w, a := p.WeChat, p.Alipay
	r.wechat, err = wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: r.sandbox.WeChatURL(), NotifyURL: r.server.URL + "/notify/wechat",
	})
	r.must(err)
	r.alipay, err = alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: r.sandbox.AlipayURL(), NotifyURL: r.server.URL + "/notify/alipay",
	})
	r.must(err)
	r.ledger, err = db.Open(t.Context(), filepath.Join(t.TempDir(), "shop"), db.Options{})
	r.must(err)
	t.Cleanup(func() { r.ledger.Close() })
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.till = &pos.Till{
		Shop: pos.Shop{
			Name: "老街茶馆", Counter: "K1", TimeZone: time.FixedZone("CST", 8*3600), MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
		},
		Store: r.ledger, Gateways: map[pos.Wallet]pos.Gateway{pos.WeChat: r.wechat, pos.Alipay: r.alipay}, Log: log,
	}
	r.handler = notify.New(r.options(log))
	return r
}

func (r *rig) options(log *slog.Logger) notify.Options {
	return notify.Options{
		Till: r.till, Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: r.wechat, pos.Alipay: r.alipay}, Log: log,
		Report: func(_ pos.Wallet, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.reported = append(r.reported, err)
		},
	}
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// charge is a payment whose code is shown.
func (r *rig) charge(w pos.Wallet) *pos.Payment {
	r.Helper()
	p, err := r.till.Charge(r.Context(), pos.ChargeRequest{Wallet: w, Amount: 1250, Cashier: "mei", Timeout: 5 * time.Minute})
	r.must(err)
	return p
}

// until waits for a payment to reach a state.
func (r *rig) until(p *pos.Payment, want pos.PaymentState) *pos.Payment {
	r.Helper()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		now, err := r.till.Payment(r.Context(), p.OutTradeNo)
		r.must(err)
		if now.State == want {
			return now
		}
		if time.Now().After(late) {
			r.Fatalf("payment %s is %s, want %s", p.OutTradeNo, now.State, want)
		}
	}
}

// paidInLedger is what the ledger's totals say was paid.
func (r *rig) paidInLedger() (sum pos.Fen) {
	r.Helper()
	day := r.till.Shop.Day(time.Now())
	totals, err := r.ledger.Totals(r.Context(), day, day)
	r.must(err)
	for _, t := range totals {
		sum += t.Paid
	}
	return sum
}

func (r *rig) exceptions() (open []pos.Exception) {
	r.Helper()
	r.must(r.ledger.View(r.Context(), func(tx pos.Tx) (err error) {
		open, err = tx.OpenExceptions()
		return err
	}))
	return open
}

// verified checks every invariant of the ledger.
func (r *rig) verified() {
	r.Helper()
	report, err := r.ledger.Verify(r.Context(), db.VerifyOptions{})
	r.must(err)
	if !report.OK() {
		r.Errorf("the ledger does not verify: %+v", report)
	}
}

// post sends a notification and returns status and body.
func (r *rig) post(path string, header http.Header, body []byte) (int, string) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), http.MethodPost, r.server.URL+path, bytes.NewReader(body))
	r.must(err)
	q.Header = header
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	r.must(err)
	return a.StatusCode, string(text)
}

// quiet checks that the log tells nothing it must not.
func (r *rig) quiet(secrets ...string) {
	r.Helper()
	p, _ := papers()
	for _, s := range append(secrets, p.WeChat.APIv3Key, "PRIVATE KEY", "ciphertext", "buyer_id", "openid", "sign=") {
		if s != "" && strings.Contains(r.log.String(), s) {
			r.Errorf("the log tells %q:\n%s", s, r.log)
		}
	}
}

// stub settles as a test says.
type stub struct {
	settle func(context.Context) (pos.Outcome, error)
}

func (s stub) Settle(ctx context.Context, _ pos.Evidence) (pos.Outcome, error) { return s.settle(ctx) }

func (s stub) SettleRefund(ctx context.Context, _ pos.RefundEvidence) (pos.Outcome, error) {
	return s.settle(ctx)
}

// decoder decodes as a test says.
type decoder func() (pos.Notice, error)

func (d decoder) Notification(context.Context, http.Header, []byte) (pos.Notice, error) { return d() }

const (
	wechatOK   = `{"code":"SUCCESS","message":"成功"}`
	wechatFail = `"code":"FAIL"`
)

// failed says whether an answer makes the platform tell again.
func failed(wallet pos.Wallet, status int, body string) error {
	switch {
	case status < 400 || status > 599:
		return fmt.Errorf("status %d", status)
	case wallet == pos.WeChat && (!strings.Contains(body, wechatFail) || len(body) > 60):
		return fmt.Errorf("body %q", body)
	case wallet == pos.Alipay && body != "fail":
		return fmt.Errorf("body %q", body)
	}
	return nil
}
