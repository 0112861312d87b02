package pos_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// drill is a counter whose bills are asked for at a time of its own: the platforms make them at 10:00 of
// the next day.
type drill struct {
	*counter
	begin time.Time
	ahead atomic.Int64 // nanoseconds
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	d := &drill{begin: time.Now()}
	later := func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }
	d.counter = newPlatform(t, sandbox.Options{RefundDelay: 50 * time.Millisecond, StrictBillTime: true, BillNow: later})
	d.between.adapters = later
	d.open()
	t.Cleanup(func() { d.close() })
	return d
}

// tomorrow lets the platforms make the bills of today.
func (d *drill) tomorrow() {
	d.ahead.Store(int64(time.Until(pos.BillReadyAt(pos.BillDay(time.Now()))) + time.Minute))
}

func (d *drill) sell(w pos.Wallet, amount pos.Fen) *pos.Payment {
	d.t.Helper()
	p := d.charge(w, amount)
	d.pay(p.OutTradeNo)
	return d.await(p.OutTradeNo, pos.Paid, patience)
}

func (d *drill) refund(p *pos.Payment, amount pos.Fen) *pos.Refund {
	d.t.Helper()
	return d.refundTo(pos.RefundSucceeded, p, amount)
}

// refundTo asks for a refund and waits until the platform has come to that end with it.
func (d *drill) refundTo(end pos.RefundState, p *pos.Payment, amount pos.Fen) *pos.Refund {
	d.t.Helper()
	r, err := d.till.Refund(d.t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: amount, Reason: "退货", Actor: "wang"})
	if err != nil {
		d.t.Fatal(err)
	}
	for late := time.Now().Add(patience); r.State != end; time.Sleep(20 * time.Millisecond) {
		if r, err = d.till.CheckRefund(d.t.Context(), r.OutRefundNo); err != nil || time.Now().After(late) {
			d.t.Fatal(r, err)
		}
	}
	return r
}

// restore destroys the ledger and puts the backup in its place.
func (d *drill) restore(backup string) {
	d.t.Helper()
	d.close()
	for _, name := range []string{db.FileName, db.FileName + "-wal", db.FileName + "-shm"} {
		if err := os.Remove(filepath.Join(d.dir, name)); err != nil && !os.IsNotExist(err) {
			d.t.Fatal(err)
		}
	}
	if _, err := db.Restore(d.t.Context(), backup, d.dir, false); err != nil {
		d.t.Fatal(err)
	}
	d.open()
}

// recover goes through both platforms' bills of every day since the drill began, newest first.
func (d *drill) recover() (all pos.Recovered) {
	d.t.Helper()
	for at := time.Now(); ; at = at.AddDate(0, 0, -1) {
		for _, w := range pos.Wallets {
			r, err := d.till.Recover(d.t.Context(), w, pos.BillDay(at), "boss")
			if err != nil {
				d.t.Fatal(err)
			}
			all.Lines += r.Lines
			all.Agreed += r.Agreed
			all.Foreign += r.Foreign
			all.Payments += r.Payments
			all.Paid += r.Paid
			all.Refunds += r.Refunds
			all.Refunded += r.Refunded
			all.Excepted += r.Excepted
			all.Missing = append(all.Missing, r.Missing...)
		}
		if pos.BillDay(at) <= pos.BillDay(d.begin) {
			return all
		}
	}
}

// complete demands that the ledger has every single movement of money that the platforms have.
func (d *drill) complete(foreign ...string) {
	d.t.Helper()
	dbtest.Sound(d.t, d.ledger)
	err := d.ledger.View(d.t.Context(), func(tx pos.Tx) error {
		for _, m := range d.platform.Money() {
			if slices.Contains(foreign, m.OutTradeNo) {
				continue
			}
			if m.OutRefundNo == "" {
				p, err := tx.Payment(m.OutTradeNo)
				if err != nil || p.State != pos.Paid || p.Amount != pos.Fen(m.Amount) {
					d.t.Errorf("%s of ¥%s: %+v, %v", m.OutTradeNo, pos.Fen(m.Amount), p, err)
				}
				continue
			}
			r, err := tx.Refund(m.OutRefundNo)
			if err != nil || r.State != pos.RefundSucceeded || r.Amount != -pos.Fen(m.Amount) {
				d.t.Errorf("%s of ¥%s: %+v, %v", m.OutRefundNo, pos.Fen(m.Amount), r, err)
			}
		}
		return nil
	})
	if err != nil {
		d.t.Error(err)
	}
}

// totals is what the ledger has taken and given back on all its days.
func (d *drill) totals() (paid, refunded pos.Fen) {
	d.t.Helper()
	days, err := d.ledger.Totals(d.t.Context(), "2000-01-01", "2999-12-31")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, day := range days {
		paid, refunded = paid+day.Paid, refunded+day.Refunded
	}
	return paid, refunded
}

// TestDrill is the day on which the counter's disk dies: a backup made in the rush, hours of trade after
// it, the ledger destroyed. Restored, it finds every fen again.
func TestDrill(t *testing.T) {
	d := newDrill(t)
	stop := d.poll()
	before := d.sell(pos.WeChat, 8800)
	left := d.charge(pos.Alipay, 1234) // paid after the backup
	backup := filepath.Join(t.TempDir(), "backup.db")

	var rush sync.WaitGroup
	for _, w := range pos.Wallets {
		rush.Go(func() {
			for i := range 6 {
				p, err := d.till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.Fen(100 + i), Wallet: w, Cashier: "li"})
				if err != nil {
					t.Error(err)
				} else if err := d.platform.Pay(p.OutTradeNo); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if err := d.ledger.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	rush.Wait()

	d.pay(left.OutTradeNo)
	d.await(left.OutTradeNo, pos.Paid, patience)
	d.refund(before, 800)
	for _, w := range pos.Wallets {
		d.sell(w, 2500)
		d.refund(d.sell(w, 990), 330)
		d.refund(d.sell(w, 777), 777) // Alipay then calls the trade closed
		if p, err := d.till.Cancel(t.Context(), d.charge(w, 555).OutTradeNo, "li"); err != nil {
			t.Fatal(p, err)
		}
		d.charge(w, 666) // nobody pays
	}
	for _, m := range d.platform.Money() {
		d.await(m.OutTradeNo, pos.Paid, patience)
	}
	stop()
	foreign := d.elsewhere()
	paid, refunded := d.totals()

	d.restore(backup)
	if _, err := d.till.Recover(t.Context(), pos.WeChat, pos.BillDay(time.Now()), "boss"); pos.CodeOf(err) != pos.Unavailable || !strings.Contains(err.Error(), "not made yet") {
		t.Errorf("today's bill: %v", err)
	}
	d.tomorrow()
	found := d.recover()
	if found.Lines != len(d.platform.Money()) || found.Foreign != 1 || found.Excepted != 0 || len(found.Missing) != 0 || found.Payments < 6 || found.Refunds != 5 {
		t.Errorf("%+v", found)
	}
	d.complete(foreign)
	if p, r := d.totals(); p != paid || r != refunded {
		t.Errorf("¥%s paid and ¥%s refunded before, ¥%s and ¥%s after", paid, refunded, p, r)
	}
	rows := d.rows()
	again := d.recover()
	if again.Payments != 0 || again.Refunds != 0 || again.Agreed != found.Lines-1 || d.rows() != rows {
		t.Errorf("again: %+v", again)
	}
	dbtest.Figures(t, "restore drill: %d lines of bills, %d payments and %d refunds found again, 0 fen missing", found.Lines, found.Payments, found.Refunds)
}

// elsewhere sells at another counter of the same merchant, one whose code begins as this one's does.
func (d *drill) elsewhere() (outTradeNo string) {
	d.t.Helper()
	other := newPlatformOf(d)
	p, err := other.Charge(d.t.Context(), pos.ChargeRequest{Amount: 4321, Wallet: pos.WeChat, Cashier: "zhao"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.handler.Store(nil) // its notification goes to its own counter
	d.pay(p.OutTradeNo)
	return p.OutTradeNo
}

// newPlatformOf is the till of another counter over a ledger of its own.
func newPlatformOf(d *drill) *pos.Till {
	shop := d.till.Shop
	shop.Counter = "T11"
	return &pos.Till{Shop: shop, Store: dbtest.Open(d.t), Gateways: d.till.Gateways}
}

// rows is how much of everything the ledger has: nothing changes without an audit row.
func (d *drill) rows() (n int64) {
	d.t.Helper()
	report, err := d.ledger.Verify(d.t.Context(), db.VerifyOptions{})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range report.Checks {
		n += c.Counted
	}
	return n
}
