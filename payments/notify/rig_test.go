package notify_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
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
	url     string // of the server
	log     *logged
	now     time.Time // at the gateways, as far as notifications go: it stands still
	outside *sql.DB   // the ledger's file, seen from outside

	reports *reports
}

// reports is what the handler reported.
type reports struct {
	mu  sync.Mutex
	all []error
}

func (r *reports) add(_ pos.Wallet, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func (r *reports) list() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
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
	return newRigWith(t, nil, nil)
}

// newRigWith is a rig whose WeChat gateway has other papers, and whose handler is wrapped; either may be nil.
func newRigWith(t *testing.T, change func(*sandbox.Sandbox, *wechat.Config), wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, log: &logged{}, reports: &reports{}, now: time.Now().Truncate(time.Second)}
	r.sandbox = sandbox.New(p, sandbox.Options{Speed: 1000, Identity: sandbox.PublicKey})
	r.must(r.sandbox.Start("127.0.0.1:0"))
	t.Cleanup(func() { r.sandbox.Close() })
	// The server's address is in the gateways' configuration, so its listener comes first.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	r.url = "http://" + l.Addr().String()

	w, a := p.WeChat, p.Alipay
	cfg := wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: r.sandbox.WeChatURL(), NotifyURL: r.url + "/notify/wechat",
		Now: func() time.Time { return r.now },
	}
	if change != nil {
		change(r.sandbox, &cfg)
	}
	r.wechat, err = wechat.New(cfg)
	r.must(err)
	t.Cleanup(r.wechat.Stop)
	r.alipay, err = alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: r.sandbox.AlipayURL(), NotifyURL: r.url + "/notify/alipay",
	})
	r.must(err)
	dir := filepath.Join(t.TempDir(), "shop")
	r.ledger, err = db.Open(t.Context(), dir, db.Options{})
	r.must(err)
	t.Cleanup(func() { r.ledger.Close() })
	r.outside, err = sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(dir, db.FileName))+"?mode=ro")
	r.must(err)
	r.outside.SetMaxOpenConns(1)
	t.Cleanup(func() { r.outside.Close() })
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.till = &pos.Till{
		Shop: pos.Shop{
			Name: "老街茶馆", Counter: "K1", TimeZone: time.FixedZone("CST", 8*3600), MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
		},
		Store: r.ledger, Gateways: map[pos.Wallet]pos.Gateway{pos.WeChat: r.wechat, pos.Alipay: r.alipay}, Log: log,
	}
	r.handler = notify.New(notify.Options{
		Till: r.till, Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: r.wechat, pos.Alipay: r.alipay}, Log: log,
		Report: r.reports.add,
	})
	if wrap != nil {
		r.handler = wrap(r.handler)
	}
	server := notify.Server("", r.handler, log)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return r
}

// in is the same rig inside a subtest.
func (r *rig) in(t *testing.T) *rig {
	sub := *r
	sub.T = t
	return &sub
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

const price = pos.Fen(1250)

// charge is a payment whose code is shown.
func (r *rig) charge(w pos.Wallet) *pos.Payment {
	r.Helper()
	p, err := r.till.Charge(r.Context(), pos.ChargeRequest{Wallet: w, Amount: price, Cashier: "mei", Timeout: 5 * time.Minute})
	r.must(err)
	return p
}

// paid sends the notification that pays p.
func (r *rig) paid(p *pos.Payment, q request) {
	r.Helper()
	if status, body := r.tell(q); status != http.StatusOK || body != success(p.Wallet) {
		r.Fatalf("the notification of %s is answered %d %q", p.OutTradeNo, status, body)
	}
	r.until(p, pos.Paid)
}

// until waits for a payment to reach a state.
func (r *rig) until(p *pos.Payment, want pos.PaymentState) *pos.Payment {
	r.Helper()
	for late := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
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

// paidInLedger is what the ledger's totals say was paid, since midnight too if it has passed.
func (r *rig) paidInLedger() (sum pos.Fen) {
	r.Helper()
	totals, err := r.ledger.Totals(r.Context(), r.till.Shop.Day(r.now), r.till.Shop.Day(time.Now()))
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

// version changes whenever anything is written into the ledger.
func (r *rig) version() (n int64) {
	r.Helper()
	r.must(r.outside.QueryRow("PRAGMA data_version").Scan(&n))
	return n
}

// post sends a notification and returns status and body, or no status where there was no answer.
func (r *rig) post(q request) (int, string) {
	r.Helper()
	p, err := http.NewRequestWithContext(r.Context(), http.MethodPost, r.url+q.path, bytes.NewReader(q.body))
	r.must(err)
	p.Header = q.header
	a, err := http.DefaultClient.Do(p)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	r.must(err)
	return a.StatusCode, string(text)
}

// tell is post, again and again while this machine was only too slow to take or to settle it, as the platform does.
func (r *rig) tell(q request) (status int, body string) {
	r.Helper()
	for late := time.Now().Add(time.Minute); ; {
		before := len(r.reports.list())
		status, body = r.post(q)
		slow := status == 0
		for _, err := range r.reports.list()[before:] {
			slow = slow || tooSlow(err)
		}
		if !slow || time.Now().After(late) {
			return status, body
		}
	}
}

// tooSlow reports whether a notification was reported as not settled only because this machine could not take or settle it
// in time.
func tooSlow(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || err != nil && strings.Contains(err.Error(), "it broke off")
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
	alipayOK   = "success"
	wechatFail = `"code":"FAIL"`
)

// success is the exact answer that ends a notification.
func success(w pos.Wallet) string {
	if w == pos.WeChat {
		return wechatOK
	}
	return alipayOK
}

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
