package pos_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// editedBills is a gateway on whose way home the bill is changed; everything else is the real one.
type editedBills struct {
	pos.Gateway
	edit func([]pos.BillLine) []pos.BillLine
}

func (g editedBills) DownloadBill(ctx context.Context, day pos.Day) (*pos.Bill, error) {
	bill, err := g.Gateway.(pos.BillDownloader).DownloadBill(ctx, day)
	if err == nil {
		bill.Lines = g.edit(bill.Lines)
	}
	return bill, err
}

// edit changes the bills from now on.
func (d *drill) edit(edit func([]pos.BillLine) []pos.BillLine) {
	for w, g := range d.till.Gateways {
		d.till.Gateways[w] = editedBills{g, edit}
	}
}

// loss is a drill whose ledger loses everything that happens in do.
func loss(t *testing.T, do func(d *drill)) *drill {
	t.Helper()
	d := newDrill(t)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := d.ledger.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	do(d)
	d.restore(backup)
	d.tomorrow()
	return d
}

// want compares what was found; lines, days and sums aside.
func want(t *testing.T, r pos.Recovered, payments, refunds, excepted, missing int) {
	t.Helper()
	if r.Payments != payments || r.Refunds != refunds || r.Excepted != excepted || len(r.Missing) != missing {
		t.Errorf("want %d payments, %d refunds, %d exceptions, %d missing: %+v", payments, refunds, excepted, missing, r)
	}
}

// TestRefundBringsItsPayment: the bill of a later day has only the refund; the payment comes with it, also
// where Alipay calls its trade closed.
func TestRefundBringsItsPayment(t *testing.T) {
	d := loss(t, func(d *drill) {
		for _, w := range pos.Wallets {
			d.refund(d.sell(w, 990), 990)
		}
	})
	d.edit(func(lines []pos.BillLine) (refunds []pos.BillLine) {
		for _, l := range lines {
			if l.OutRefundNo != "" {
				refunds = append(refunds, l)
			}
		}
		return refunds
	})
	want(t, d.recover(), 2, 2, 0, 0)
	want(t, d.recover(), 0, 0, 0, 0)
	d.complete()
}

// TestForgedBill: whoever writes into an unsigned bill gets nothing booked but what the platform signs.
func TestForgedBill(t *testing.T) {
	var real *pos.Payment
	d := loss(t, func(d *drill) { real = d.sell(pos.Alipay, 100) })
	invented := real.OutTradeNo[:len(real.OutTradeNo)-8] + "00000000"
	d.edit(func(lines []pos.BillLine) []pos.BillLine {
		for i := range lines {
			lines[i].Amount = 9999_00
		}
		at := time.Now()
		return append(lines, pos.BillLine{OutTradeNo: invented, TransactionID: "1", Amount: 500, At: at},
			pos.BillLine{OutTradeNo: real.OutTradeNo, TransactionID: "1", OutRefundNo: "R" + invented, Amount: 100, At: at})
	})
	r, err := d.till.Recover(t.Context(), pos.Alipay, pos.BillDay(time.Now()), "boss")
	if err != nil {
		t.Fatal(err)
	}
	want(t, r, 1, 0, 0, 2)
	d.complete()
	if paid, refunded := d.totals(); paid != 100 || refunded != 0 {
		t.Errorf("¥%s, ¥%s", paid, refunded)
	}
}

// TestStaleAnswer: a signed answer that does not prove the payment books nothing and closes nothing.
func TestStaleAnswer(t *testing.T) {
	var no string
	d := loss(t, func(d *drill) { no = d.sell(pos.WeChat, 100).OutTradeNo })
	d.fault(sandbox.Fault{Kind: sandbox.FaultStale, Op: "query", OutTradeNo: no, Count: 1})
	r := d.recover()
	want(t, r, 0, 0, 0, 1)
	if m := r.Missing; len(m) == 1 && (m[0].No != no || pos.CodeOf(m[0].Err) != pos.Conflict) {
		t.Errorf("%+v", m)
	}
	want(t, d.recover(), 1, 0, 0, 0)
	d.complete()
}

// TestPlatformIsDown: a platform that does not answer ends the recovery, and doing it again completes it.
func TestPlatformIsDown(t *testing.T) {
	d := loss(t, func(d *drill) {
		for range 5 {
			d.sell(pos.WeChat, 100)
		}
	})
	d.fault(sandbox.Fault{Kind: sandbox.FaultHTTP500, Op: "query"})
	r, err := d.till.Recover(t.Context(), pos.WeChat, pos.BillDay(time.Now()), "boss")
	if pos.CodeOf(err) != pos.Unavailable || len(r.Missing) != 3 {
		t.Errorf("%v, %+v", err, r)
	}
	d.platform.Faults().Clear()
	d.fault(sandbox.Fault{Kind: sandbox.FaultRateLimit, Op: "query", Count: 1})
	want(t, d.recover(), 5, 0, 0, 0)
	d.complete()
}

// TestRefundUnderWay: a refund that the platform has not come to an end with is taken up and watched, and
// one that was made on the platform's site waits for a manager.
func TestRefundUnderWay(t *testing.T) {
	d := loss(t, func(d *drill) {
		d.fault(sandbox.Fault{Kind: sandbox.FaultAbnormal, Op: "refund", Count: 1})
		d.refundTo(pos.RefundAbnormal, d.sell(pos.WeChat, 1000), 300)
		p := d.sell(pos.Alipay, 2000)
		if _, err := d.till.Gateways[pos.Alipay].Refund(t.Context(), p, &pos.Refund{OutRefundNo: "SITE1", Amount: 500}); err != nil {
			t.Fatal(err)
		}
	})
	r := d.recover()
	want(t, r, 2, 1, 1, 0)
	if r.Refunded != 0 {
		t.Errorf("¥%s booked", r.Refunded)
	}
	want(t, d.recover(), 0, 0, 1, 0)
	open, err := d.till.Exceptions(t.Context())
	if err != nil || len(open) != 2 {
		t.Fatal(open, err)
	}
	site := slices.IndexFunc(open, func(x pos.Exception) bool { return x.OutRefundNo == "SITE1" })
	if site < 0 || open[1-site].Kind != pos.RefundIsAbnormal {
		t.Fatalf("%+v", open)
	}
	err = d.ledger.View(t.Context(), func(tx pos.Tx) error {
		list, err := tx.UnfinishedRefunds()
		if len(list) != 1 || list[0].State != pos.RefundAbnormal {
			t.Errorf("watched: %+v", list)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := d.till.Resolve(t.Context(), open[site].ID, pos.Accept, "boss", "on the site"); err != nil {
		t.Error(err)
	}
	d.complete()
}

// TestHeardBeforeFound: notifications about what is lost came before the recovery; their exceptions are
// settled by it, once.
func TestHeardBeforeFound(t *testing.T) {
	d := loss(t, func(d *drill) { d.refund(d.sell(pos.WeChat, 900), 400) })
	for _, m := range d.platform.Money() {
		g := d.till.Gateways[pos.WeChat]
		p := &pos.Payment{OutTradeNo: m.OutTradeNo, Wallet: pos.WeChat, Account: g.Account()}
		if m.OutRefundNo == "" {
			e, err := g.Query(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			e.Source = pos.FromNotification
			if outcome, err := d.till.Settle(t.Context(), e); outcome != pos.Excepted || err != nil {
				t.Fatal(outcome, err)
			}
			continue
		}
		e, err := g.QueryRefund(t.Context(), p, &pos.Refund{OutRefundNo: m.OutRefundNo})
		if err != nil {
			t.Fatal(err)
		}
		e.Source = pos.FromNotification
		if outcome, err := d.till.SettleRefund(t.Context(), e); outcome != pos.Excepted || err != nil {
			t.Fatal(outcome, err)
		}
	}
	want(t, d.recover(), 1, 1, 0, 0)
	if open, err := d.till.Exceptions(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	d.complete()
}

// TestNoBills: a wallet that is not set up, days that a platform has no bill of, and a gateway without bills.
func TestNoBills(t *testing.T) {
	d := newDrill(t)
	day := pos.BillDay(time.Now())
	if _, err := d.till.Recover(t.Context(), "cash", day, "boss"); pos.CodeOf(err) != pos.Setup {
		t.Error(err)
	}
	for day, word := range map[pos.Day]string{day.Add(1): "from 10:00 of the next day on", "1999-01-31": "could not be fetched"} { // both are refused
		if _, err := d.till.Recover(t.Context(), pos.WeChat, day, "boss"); pos.CodeOf(err) != pos.Unavailable || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", day, err)
		}
	}
	d.till.Gateways[pos.WeChat] = struct{ pos.Gateway }{d.till.Gateways[pos.WeChat]}
	if _, err := d.till.Recover(t.Context(), pos.WeChat, day, "boss"); pos.CodeOf(err) != pos.Conflict || !strings.Contains(err.Error(), "no bills") {
		t.Error(err)
	}
}

func TestBillDay(t *testing.T) {
	at := time.Date(2026, 3, 14, 16, 0, 0, 0, time.UTC) // midnight in China
	if day := pos.BillDay(at); day != "2026-03-15" {
		t.Error(day)
	}
	if ready := pos.BillReadyAt("2026-03-14"); !ready.Equal(at.Add(10 * time.Hour)) {
		t.Error(ready)
	}
	if ready := pos.BillReadyAt("14.3."); ready.Year() != 1 {
		t.Error(ready)
	}
}
