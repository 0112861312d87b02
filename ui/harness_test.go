package ui

import (
	"context"
	"database/sql"
	"image/png"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/assets/words"
	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// shopPapers are made once: generating keys takes a moment.
var shopPapers = func() *sandbox.Papers {
	p, err := sandbox.NewPapers()
	if err != nil {
		panic(err)
	}
	return p
}()

// counter is a real counter over a real ledger and the sandbox, with its windows on Fyne's headless
// driver. What the windows ask to be done on the UI thread is done by pump, on the test's goroutine.
type counter struct {
	t       *testing.T
	dir     string
	sandbox *sandbox.Sandbox
	till    *pos.Till
	app     fyne.App
	ui      *Cashier
	queue   chan func()
	opts    Options
	ledger  *db.Ledger

	// From the next openTill on:
	ahead       time.Duration // how far the counter's clock is ahead
	refundLimit pos.Fen       // of a cashier

	closeTill func() // what a restart does first
}

// newCounter opens everything but the windows.
func newCounter(t *testing.T) *counter {
	t.Helper()
	dbtest.OneDay(t)
	c := &counter{t: t, dir: t.TempDir(), queue: make(chan func(), 10_000)}
	c.sandbox = sandbox.New(shopPapers, sandbox.Options{Identity: sandbox.PublicKey, Shop: "老街茶馆"})
	if err := c.sandbox.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.sandbox.Close() })
	c.openTill()
	c.app = test.NewTempApp(t)
	c.opts = Options{Till: c.till, Sandbox: true, Language: words.En, Mute: true, PayAsCustomer: func(_ context.Context, no string) error {
		return c.sandbox.Pay(no)
	}}
	return c
}

// openTill opens the ledger and the till, and asks the platforms until the test ends.
func (c *counter) openTill() {
	c.t.Helper()
	ledger, err := db.Open(c.t.Context(), c.dir, db.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.ledger = ledger
	notified := httptest.NewUnstartedServer(nil)
	notifyURL := "http://" + notified.Listener.Addr().String()
	w, a := shopPapers.WeChat, shopPapers.Alipay
	wechatPay, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: c.sandbox.WeChatURL(), NotifyURL: notifyURL + "/notify/wechat", Title: "老街茶馆",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: c.sandbox.AlipayURL(), NotifyURL: notifyURL + "/notify/alipay", Title: "老街茶馆",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.till = &pos.Till{
		Shop: pos.Shop{
			Name: "老街茶馆", Counter: "K1", TimeZone: time.FixedZone("CST", 8*3600),
			MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge, CashierRefundLimit: c.refundLimit,
		},
		Store:    ledger,
		Gateways: map[pos.Wallet]pos.Gateway{pos.WeChat: wechatPay, pos.Alipay: ali},
	}
	if ahead := c.ahead; ahead != 0 {
		c.till.Now = func() time.Time { return time.Now().Add(ahead) }
	}
	notified.Config.Handler = notify.New(notify.Options{
		Till: c.till, Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: wechatPay, pos.Alipay: ali},
		Log: slog.New(slog.DiscardHandler),
	})
	notified.Start()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { (&pos.Poller{Till: c.till}).Run(ctx); close(done) }()
	c.closeTill = sync.OnceFunc(func() {
		cancel()
		<-done
		notified.Close()
		wechatPay.Stop()
		if err := ledger.Close(); err != nil {
			c.t.Error(err)
		}
	})
	c.t.Cleanup(c.closeTill)
}

// open opens the cashier's window at a size.
func (c *counter) open(width, height float32) *Cashier {
	c.t.Helper()
	c.ui = open(c.app, c.opts, func(f func()) { c.queue <- f })
	c.t.Cleanup(c.ui.cancel)
	c.ui.win.Resize(fyne.NewSize(width, height))
	c.until("the counter has loaded", func() bool { return c.ui.loaded })
	return c.ui
}

// until does what the windows ask for until something is true.
func (c *counter) until(what string, ok func() bool) {
	c.t.Helper()
	late := time.After(2 * time.Minute) // much more than any of it takes, even where a busy machine is ten times slower
	for !ok() {
		select {
		case f := <-c.queue:
			f()
		case <-late:
			said := ""
			if c.ui != nil {
				said = c.ui.state.Sentence()
			}
			c.t.Fatalf("never saw: %s; the window says %q", what, said)
		}
	}
}

// typed types on the window as a person would, where no field has the focus.
func (c *counter) typed(text string) {
	test.TypeOnCanvas(c.ui.win.Canvas(), text)
}

func (c *counter) press(k fyne.KeyName) {
	c.ui.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: k})
}

// payAsCustomer has the sandbox's customer pay what is on the screen.
func (c *Cashier) payAsCustomer() { c.onPayAsCustomer(c.current.OutTradeNo) }

// damage changes the ledger behind the counter's back, and has the counter look.
func (c *counter) damage() {
	c.t.Helper()
	intruder, err := sql.Open("sqlite", filepath.Join(c.dir, db.FileName)+"?_pragma=busy_timeout(60000)")
	if err != nil {
		c.t.Fatal(err)
	}
	defer intruder.Close()
	if _, err := intruder.Exec(`INSERT INTO day_total VALUES ('2026-01-01', 'K1', '', 'wechat', 100, 1, 0, 0, 0, 0)`); err != nil {
		c.t.Fatal(err)
	}
	if err := c.ledger.Check(c.t.Context()); pos.CodeOf(err) != pos.Damaged {
		c.t.Fatalf("the counter finds %v", err)
	}
}

// sell keys in an amount, and the customer pays it.
func (c *counter) sell(amount string, wallet fyne.KeyName) *pos.Payment {
	c.t.Helper()
	c.typed(amount)
	c.press(wallet)
	c.state(pos.Waiting)
	c.ui.payAsCustomer()
	return c.state(pos.Paid)
}

// state waits until the payment on the screen is in a state.
func (c *counter) state(s pos.PaymentState) *pos.Payment {
	c.t.Helper()
	c.until("a payment "+string(s), func() bool {
		return c.ui.current != nil && c.ui.current.State == s && !c.ui.busy
	})
	return c.ui.current
}

// shot keeps a picture of a canvas in the folder SAOMA_SHOTS, if that is set.
func shot(t *testing.T, canvas fyne.Canvas, name string) {
	t.Helper()
	dir := os.Getenv("SAOMA_SHOTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, canvas.Capture()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
