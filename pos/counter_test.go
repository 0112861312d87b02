package pos_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// counter is a whole counter without a window: a real ledger, both real adapters, the notify server
// and the sandbox behind real HTTP.
type counter struct {
	t        *testing.T
	dir      string
	papers   *sandbox.Papers
	platform *sandbox.Sandbox
	notified *httptest.Server
	handler  atomic.Pointer[http.Handler] // of the till that is open; nil: the counter is down

	site, callback string // where the platforms are, and where they find the counter
	between        between

	ledger *db.Ledger
	till   *pos.Till
	skew   atomic.Int64 // nanoseconds that have passed in no time, here and at the platforms
}

// between is what a test puts between the parts of a counter; nil fields put nothing there.
type between struct {
	transport http.RoundTripper                   // what the adapters reach the platforms through
	adapters  func() time.Time                    // the adapters' clock
	store     func(pos.Store) pos.Store           // till and ledger
	gateway   func(pos.Gateway) pos.Gateway       // till and adapter
	settler   func(notify.Settler) notify.Settler // notify server and till
	decoder   func(notify.Decoder) notify.Decoder // notify server and adapter
	server    func(http.Handler) http.Handler     // platforms and notify server
}

// put applies what stands between, if anything does.
func put[T any](f func(T) T, part T) T {
	if f == nil {
		return part
	}
	return f(part)
}

// adapter is a platform's gateway with everything it can do.
type adapter interface {
	pos.Gateway
	pos.BillDownloader
	pos.RefundLimiter
	pos.Clock
	notify.Decoder
}

// later is an adapter whose platform's clock is ahead as well.
type later struct {
	adapter
	by *atomic.Int64 // nanoseconds
}

func (l later) PlatformNow() (time.Time, bool) {
	now, known := l.adapter.PlatformNow()
	return now.Add(time.Duration(l.by.Load())), known
}

// papersOnce generates the keys of every test's merchant and platforms: making them takes seconds.
var papersOnce = sync.OnceValues(sandbox.NewPapers)

// emptyLedger is the file every counter begins with: making it takes longer than all the rest of a start.
var emptyLedger = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "saoma-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	l, err := db.Open(context.Background(), dir, db.Options{})
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, db.FileName))
})

// newCounter opens a counter that gets every notification but does not poll.
func newCounter(t *testing.T) *counter {
	t.Helper()
	// A refund takes 50 ms, and a notification that a busy machine missed comes again within patience. Skew is the time that passes.
	c := newPlatform(t, sandbox.Options{Speed: 60, RefundDelay: 3 * time.Second, RefundGap: -1})
	c.open()
	t.Cleanup(func() { c.close() })
	return c
}

// newPlatform starts the platforms for a counter that is not open yet.
func newPlatform(t *testing.T, o sandbox.Options) *counter {
	t.Helper()
	dbtest.OneDay(t)
	papers, err := papersOnce()
	if err != nil {
		t.Fatal(err)
	}
	empty, err := emptyLedger()
	if err != nil {
		t.Fatal(err)
	}
	o.Shop = "Test"
	c := &counter{t: t, dir: t.TempDir(), papers: papers, platform: sandbox.New(papers, o)}
	if err := os.WriteFile(filepath.Join(c.dir, db.FileName), empty, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.platform.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.platform.Close() })
	c.site = c.platform.URL()
	c.serve()
	return c
}

// serve takes notifications for as long as the test runs, whether the counter is open or not.
func (c *counter) serve() {
	c.notified = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := c.handler.Load()
		if h == nil {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		(*h).ServeHTTP(w, r)
	}))
	c.t.Cleanup(c.notified.Close)
	if c.callback == "" {
		c.callback = c.notified.URL
	}
}

// open opens the ledger and the till, as a start of the program does.
func (c *counter) open() {
	c.t.Helper()
	now := func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }
	var err error
	if c.ledger, err = db.Open(c.t.Context(), c.dir, db.Options{Now: now}); err != nil {
		c.t.Fatal(err)
	}
	w, a := c.papers.WeChat, c.papers.Alipay
	wx, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey,
		APIv3Key: w.APIv3Key, PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey,
		BaseURL: c.site, NotifyURL: c.callback + "/notify/wechat", Transport: c.between.transport, Now: c.between.adapters,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: c.site + "/gateway.do", NotifyURL: c.callback + "/notify/alipay", Transport: c.between.transport, Now: c.between.adapters,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.till = &pos.Till{
		Shop: pos.Shop{
			Name: "Test", Counter: "T1", TimeZone: time.FixedZone("CST", 8*3600),
			MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
		},
		Store: put[pos.Store](c.between.store, c.ledger), Now: now,
		Gateways: map[pos.Wallet]pos.Gateway{
			pos.WeChat: put[pos.Gateway](c.between.gateway, later{wx, &c.skew}),
			pos.Alipay: put[pos.Gateway](c.between.gateway, later{ali, &c.skew}),
		},
	}
	handler := put(c.between.server, notify.New(notify.Options{
		Till: put[notify.Settler](c.between.settler, c.till), Log: slog.New(slog.DiscardHandler),
		Decoders: map[pos.Wallet]notify.Decoder{
			pos.WeChat: put[notify.Decoder](c.between.decoder, wx), pos.Alipay: put[notify.Decoder](c.between.decoder, ali),
		},
	}))
	c.handler.Store(&handler)
}

// close ends the counter as a stop of the program does; notifications then find nobody.
func (c *counter) close() {
	c.handler.Store(nil)
	if c.ledger != nil {
		if err := c.ledger.Close(); err != nil {
			c.t.Error(err)
		}
		c.ledger = nil
	}
}

// poll runs the poller until the test ends or stop is called.
func (c *counter) poll() (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan struct{})
	poller := &pos.Poller{Till: c.till}
	go func() { defer close(done); poller.Run(ctx) }()
	stop = func() { cancel(); <-done }
	c.t.Cleanup(stop)
	return stop
}

func (c *counter) fault(f sandbox.Fault) {
	c.t.Helper()
	if err := c.platform.Faults().Add(f); err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) charge(w pos.Wallet, amount pos.Fen) *pos.Payment {
	c.t.Helper()
	p, err := c.till.Charge(c.t.Context(), pos.ChargeRequest{Amount: amount, Title: "奶茶", Wallet: w, Cashier: "li"})
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

func (c *counter) pay(outTradeNo string) {
	c.t.Helper()
	if err := c.platform.Pay(outTradeNo); err != nil {
		c.t.Fatal(err)
	}
}

// payment is the attempt as the ledger has it.
func (c *counter) payment(outTradeNo string) *pos.Payment {
	c.t.Helper()
	p, err := c.till.Payment(c.t.Context(), outTradeNo)
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// patience is how long a condition may take on a busy machine.
const patience = 2 * time.Minute

// await waits until the attempt is in the state. An idle machine needs no longer than within; a busy one
// gets all the patience there is.
func (c *counter) await(outTradeNo string, s pos.PaymentState, within time.Duration) *pos.Payment {
	c.t.Helper()
	for end := time.Now().Add(max(within, patience)); ; time.Sleep(5 * time.Millisecond) {
		p := c.payment(outTradeNo)
		if p.State == s {
			return p
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s is %s, not %s", outTradeNo, p.State, s)
		}
	}
}
