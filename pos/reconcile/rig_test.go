package reconcile_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/alipay"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
	"saoma/pos/reconcile"
)

const day = pos.Day("2026-03-14")

var china = time.FixedZone("CST", 8*60*60)

// midnight is when the day begins, in China.
var midnight = time.Date(2026, 3, 14, 0, 0, 0, 0, china)

// papersOnce generates the keys of every test's merchant: making them takes seconds.
var papersOnce = sync.OnceValues(sandbox.NewPapers)

// rig is a counter's books over a real ledger, both real adapters and the sandbox behind real HTTP. All of them live by
// one clock that a test sets.
type rig struct {
	t        *testing.T
	dir      string
	clock    atomic.Int64 // Unix milliseconds
	platform *sandbox.Sandbox
	gateways map[pos.Wallet]pos.Gateway
	ledger   *db.Ledger
	till     *pos.Till
	books    *reconcile.Books
	watch    *reconcile.Watch
	quiet    bool
	cutOff   time.Duration // when the shop's business day begins
}

func (r *rig) now() time.Time { return time.UnixMilli(r.clock.Load()) }

// set moves every clock.
func (r *rig) set(at time.Time) { r.clock.Store(at.UnixMilli()) }

// newRig makes a counter at noon of the day after day.
func newRig(t *testing.T) *rig {
	t.Helper()
	papers, err := papersOnce()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), quiet: true}
	r.set(midnight.AddDate(0, 0, 1).Add(12 * time.Hour))
	r.platform = sandbox.New(papers, sandbox.Options{Shop: "Test", StrictBillTime: true, BillNow: r.now, RefundDelay: time.Millisecond})
	if err := r.platform.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.platform.Close() })
	w, a := papers.WeChat, papers.Alipay
	wx, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey,
		APIv3Key: w.APIv3Key, PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: r.platform.URL(), Now: r.now,
		Transport: &http.Transport{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wx.Stop)
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: r.platform.AlipayURL(), Now: r.now, Transport: &http.Transport{},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.gateways = map[pos.Wallet]pos.Gateway{pos.WeChat: wx, pos.Alipay: ali}
	t.Cleanup(func() { r.close() })
	return r
}

// seed records past sales of the day in a new ledger, spread evenly over it.
func (r *rig) seed(orders int) { r.seedDays(orders, 1) }

// seedDays is seed of the day and those that follow it.
func (r *rig) seedDays(orders, days int) {
	r.t.Helper()
	if err := dbtest.Seed(r.t.Context(), r.dir, dbtest.Sales{
		Orders: orders, Days: days, Until: midnight.AddDate(0, 0, days), Shop: r.shop(), Cashiers: []string{"li"},
		Account: func(w pos.Wallet) pos.Account { return r.gateways[w].Account() },
	}); err != nil {
		r.t.Fatal(err)
	}
	r.open()
}

var (
	smallOnce   sync.Once
	smallLedger []byte
)

// seedSmall is seed of a small day, which every test begins with: made once, because it takes longer than the rest.
func (r *rig) seedSmall() {
	r.t.Helper()
	path := filepath.Join(r.dir, db.FileName)
	smallOnce.Do(func() {
		r.seed(200)
		r.close()
		var err error
		if smallLedger, err = os.ReadFile(path); err != nil {
			r.t.Fatal(err)
		}
	})
	if err := os.WriteFile(path, smallLedger, 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.open()
}

func (r *rig) shop() pos.Shop {
	return pos.Shop{Name: "Test", Counter: "T1", TimeZone: china, DayStartsAt: r.cutOff, MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge}
}

// open opens the counter, as a start of the program does.
func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.ledger, err = db.Open(r.t.Context(), r.dir, db.Options{Now: r.now}); err != nil {
		r.t.Fatal(err)
	}
	r.till = &pos.Till{Shop: r.shop(), Store: r.ledger, Gateways: r.gateways, Now: r.now}
	r.books = reconcile.New(r.till, r.ledger)
	r.books.Now = r.now
	r.watch = &reconcile.Watch{Books: r.books, Quiet: func(context.Context) bool { return r.quiet }, Log: slog.New(slog.DiscardHandler)}
}

func (r *rig) close() {
	if r.ledger == nil {
		return
	}
	dbtest.Sound(r.t, r.ledger)
	if err := r.ledger.Close(); err != nil {
		r.t.Error(err)
	}
	r.ledger = nil
}

// orders is everything the ledger has of the day.
func (r *rig) orders() []pos.OrderDetail { return r.ordersOf(day) }

// ordersOf is everything the ledger has of a business day.
func (r *rig) ordersOf(day pos.Day) []pos.OrderDetail {
	r.t.Helper()
	all, err := r.ledger.Orders(r.t.Context(), day)
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// remember lets the platforms have made what the ledger has.
func (r *rig) remember(orders []pos.OrderDetail) {
	r.t.Helper()
	var past []sandbox.Past
	for i := range orders {
		for _, p := range orders[i].Payments {
			if p.State == pos.Paid {
				past = append(past, pastOf(&p))
			}
		}
		for _, b := range orders[i].Refunds {
			past = append(past, sandbox.Past{
				Wallet: string(b.Wallet), OutTradeNo: b.OutTradeNo, OutRefundNo: b.OutRefundNo, RefundID: b.RefundID,
				Amount: int64(b.Amount), At: b.CreatedAt,
			})
		}
	}
	if err := r.platform.Remember(past); err != nil {
		r.t.Fatal(err)
	}
}

func pastOf(p *pos.Payment) sandbox.Past {
	return sandbox.Past{
		Wallet: string(p.Wallet), OutTradeNo: p.OutTradeNo, TransactionID: "42" + p.OutTradeNo, Amount: int64(p.Amount), At: p.CreatedAt,
	}
}

func (r *rig) fault(f sandbox.Fault) {
	r.t.Helper()
	f.Op = "bill"
	if err := r.platform.Faults().Add(f); err != nil {
		r.t.Fatal(err)
	}
}

// reconcile compares the day, which must be possible.
func (r *rig) reconcile(w pos.Wallet, again bool) *pos.Reconciliation {
	r.t.Helper()
	got, err := r.books.Reconcile(r.t.Context(), w, day, again, "boss")
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

func (r *rig) differences(w pos.Wallet) []pos.Difference {
	r.t.Helper()
	list, err := r.till.DifferencesOf(r.t.Context(), w, day)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// state is how the day of a wallet is marked.
func (r *rig) state(w pos.Wallet) pos.ReconciliationState {
	r.t.Helper()
	list, err := r.till.Reconciliations(r.t.Context(), day, day)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, one := range list {
		if one.Wallet == w {
			return one.State
		}
	}
	return ""
}
