package pos_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
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

	ledger *db.Ledger
	till   *pos.Till
	skew   atomic.Int64 // nanoseconds the counter's clock is ahead
}

// papersOnce generates the keys of every test's merchant and platforms: making them takes seconds.
var papersOnce = sync.OnceValues(sandbox.NewPapers)

// newCounter opens a counter that gets every notification but does not poll.
func newCounter(t *testing.T) *counter {
	t.Helper()
	papers, err := papersOnce()
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{t: t, dir: t.TempDir(), papers: papers}
	c.platform = sandbox.New(c.papers, sandbox.Options{Shop: "Test", Speed: 1, RefundDelay: 50 * time.Millisecond})
	if err := c.platform.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.platform.Close() })
	c.notified = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := c.handler.Load()
		if h == nil {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		(*h).ServeHTTP(w, r)
	}))
	t.Cleanup(c.notified.Close)
	c.open()
	t.Cleanup(func() { c.close() })
	return c
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
		BaseURL: c.platform.WeChatURL(), NotifyURL: c.notified.URL + "/notify/wechat",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: c.platform.AlipayURL(), NotifyURL: c.notified.URL + "/notify/alipay",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.till = &pos.Till{
		Shop: pos.Shop{
			Name: "Test", Counter: "T1", TimeZone: time.FixedZone("CST", 8*3600),
			MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
		},
		Store: c.ledger, Now: now, Gateways: map[pos.Wallet]pos.Gateway{pos.WeChat: wx, pos.Alipay: ali},
	}
	handler := notify.New(notify.Options{
		Till: c.till, Log: slog.New(slog.DiscardHandler),
		Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: wx, pos.Alipay: ali},
	})
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

// await waits until the attempt is in the state.
func (c *counter) await(outTradeNo string, s pos.PaymentState, within time.Duration) *pos.Payment {
	c.t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(5 * time.Millisecond) {
		p := c.payment(outTradeNo)
		if p.State == s {
			return p
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s is %s after %s, not %s", outTradeNo, p.State, within, s)
		}
	}
}

// audit checks every invariant the ledger can show, and that the platforms' money is the ledger's
// money: each trade's net at the platform is the net of its entries, or an exception is open for it.
func (c *counter) audit() {
	c.t.Helper()
	report, err := c.ledger.Verify(c.t.Context(), db.VerifyOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, check := range report.Checks {
		for _, v := range check.Violations {
			c.t.Errorf("verify: %s: %s", check.Name, v)
		}
	}
	platform := map[string]pos.Fen{}
	for _, m := range c.platform.Money() {
		platform[m.OutTradeNo] += pos.Fen(m.Amount)
	}
	for no, want := range platform {
		o, err := c.ledger.OrderByNo(c.t.Context(), no)
		if err != nil {
			c.t.Errorf("%s took %s at the platform and is not in the ledger: %v", no, want, err)
			continue
		}
		var got pos.Fen
		for _, p := range o.Payments {
			if p.OutTradeNo == no && p.State == pos.Paid {
				got += p.Amount - p.Refunded
			}
		}
		if got != want && len(o.Exceptions) == 0 {
			c.t.Errorf("%s: ¥%s at the platform, ¥%s in the ledger", no, want, got)
		}
	}
}
