package reconcile_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/pos"
	"saoma/pos/report"
)

// feeOf is what the sandbox's platforms take: 0.6 %, each line rounded to the fen.
func feeOf(amount pos.Fen) pos.Fen { return (amount*6 + 500) / 1000 }

// feesOf adds up the fees of what happened from one time up to, but without, another.
func feesOf(orders []pos.OrderDetail, from, to time.Time) (fees pos.Fen, count int64) {
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	for _, o := range orders {
		for _, p := range o.Payments {
			if p.State == pos.Paid && within(p.PaidAt) {
				fees, count = fees+feeOf(p.Amount), count+1
			}
		}
		for _, b := range o.Refunds {
			if within(b.CreatedAt) {
				fees, count = fees-feeOf(b.Amount), count+1
			}
		}
	}
	return fees, count
}

// report is the report of business days.
func (r *rig) report(from, to pos.Day) *report.Report {
	r.t.Helper()
	made, err := report.Make(r.t.Context(), r.ledger, r.shop(), report.Period{Kind: report.Range, From: from, To: to}, r.now())
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// reported are the fees of a sum.
func (r *rig) reported(s report.Sum, fees pos.Fen, unknown int64) {
	r.t.Helper()
	if s.FeesUnknown != unknown || s.Fees != (pos.Fee{Amount: fees, Known: unknown < s.PaidCount+s.RefundCount}) {
		r.t.Errorf("fees %+v, unknown %d; want ¥%s, %d", s.Fees, s.FeesUnknown, fees, unknown)
	}
}

// TestFeesFromBillToSettlement: what both platforms' bills say that they keep, and give back with a refund, is in the
// report and the settlement to the fen, whether a bill is compared once or again; before that it is not known.
func TestFeesFromBillToSettlement(t *testing.T) {
	r := small(t)
	all, entries := feesOf(r.orders(), time.Time{}, r.now())
	if all <= 0 || entries != 198 { // 194 of 200 are paid, 4 are refunded in part
		t.Fatalf("¥%s of %d", all, entries)
	}
	r.reported(r.report(day, day).Total, 0, entries)
	lost := r.paidBy(pos.WeChat, 1)[0]
	r.fault(sandbox.Fault{Kind: sandbox.FaultBillMissing, Wallet: string(pos.WeChat), OutTradeNo: lost.OutTradeNo, Count: 1})
	w, a := r.reconcile(pos.WeChat, false), r.reconcile(pos.Alipay, false)
	r.reported(r.report(day, day).Total, all-feeOf(lost.Amount), 1)
	if w.Own.Fee+a.Own.Fee != all-feeOf(lost.Amount) || !w.FeesKept {
		t.Errorf("the bills have ¥%s and ¥%s of ¥%s", w.Own.Fee, a.Own.Fee, all)
	}
	for _, again := range []bool{true, false, true} {
		w, a = r.reconcile(pos.WeChat, again), r.reconcile(pos.Alipay, again)
		made := r.report(day, day)
		for _, s := range []report.Sum{made.Total, made.Days[0].Sum, made.Cashiers[0].Sum, made.Counters[0].Sum, made.Titles[0].Sum} {
			r.reported(s, all, 0)
		}
		r.reported(made.Wallets[0].Sum, w.Own.Fee, 0)
		r.reported(made.Wallets[1].Sum, a.Own.Fee, 0)
		var hours pos.Fen
		for _, h := range made.Hours {
			hours += h.Fees.Amount
		}
		if hours != all {
			t.Errorf("¥%s by hour", hours)
		}
	}
	owed, err := r.till.Owed(t.Context(), "")
	if err != nil || len(owed) != 2 || owed[0].WithoutFee() != 0 || owed[0].Payout() != a.Own.Settlement() || owed[1].Payout() != w.Own.Settlement() {
		t.Errorf("owed %+v, %v", owed, err)
	}
	b, err := r.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: day, Actor: "boss"})
	if err != nil || b.Payout() != w.Own.Settlement() || b.Known != b.Entries {
		t.Errorf("%+v, %v", b, err)
	}
	for action, want := range map[string]string{
		"settlement": fmt.Sprintf("%s, fees %s of %d", b.Amount, w.Own.Fee, b.Entries),
		"reconcile":  fmt.Sprintf("lines %d, agree %d, of other counters 0, differences open 0, fees %s of %d", w.Own.Lines, w.Own.Lines, w.Own.Fee, b.Entries),
	} {
		if rows, err := r.ledger.AuditRows(t.Context(), pos.AuditFilter{Action: action, Limit: 2}); err != nil || rows[len(rows)-1].Detail != want {
			t.Errorf("%s: %+v, %v; want %q", action, rows, err, want)
		}
	}
}

// TestFeesOfADayOnTwoBills: a business day that begins at four has its fees from two bills; before the second is compared,
// those of its night are not known.
func TestFeesOfADayOnTwoBills(t *testing.T) {
	r := newRig(t)
	r.cutOff = 4 * time.Hour
	r.set(midnight.AddDate(0, 0, 2).Add(12 * time.Hour))
	r.seedDays(100, 2)
	const before, after = pos.Day("2026-03-13"), pos.Day("2026-03-15")
	orders := map[pos.Day][]pos.OrderDetail{before: r.ordersOf(before), day: r.ordersOf(day), after: r.ordersOf(after)}
	for _, d := range orders {
		r.remember(d)
	}
	next := midnight.AddDate(0, 0, 1)
	evening, known := feesOf(orders[day], midnight, next)
	night, unknown := feesOf(orders[day], next, next.AddDate(0, 0, 1))
	early, _ := feesOf(orders[before], midnight, next)
	if known == 0 || unknown == 0 || early == 0 || night == 0 {
		t.Fatalf("%d in the evening, %d in the night", known, unknown)
	}
	compare := func(d pos.Day) {
		t.Helper()
		for _, w := range pos.Wallets {
			if got, err := r.books.Reconcile(t.Context(), w, d, false, "boss"); err != nil || got.State != pos.Agreed {
				t.Fatalf("%+v, %v", got, err)
			}
		}
	}
	compare(day)
	r.reported(r.report(before, before).Total, early, 0)
	r.reported(r.report(day, day).Total, evening, unknown)
	compare(after)
	r.reported(r.report(day, day).Total, evening+night, 0)
	r.reported(r.report(before, day).Total, early+evening+night, 0)
}

// TestFeesRaceSettlements lets two managers settle while the bills of many days are compared: every entry is settled once,
// each settlement has the fees of a moment between two comparisons, and what came later is told beside it.
func TestFeesRaceSettlements(t *testing.T) {
	const days = 8
	r := newRig(t)
	r.set(midnight.AddDate(0, 0, days).Add(12 * time.Hour))
	r.seedDays(10*days, days)
	fees, counts := map[pos.Day]pos.Fen{}, map[pos.Day]int64{} // of WeChat
	var list []pos.Day
	for d := day; len(list) < days; d = d.Add(1) {
		list = append(list, d)
		orders := r.ordersOf(d)
		r.remember(orders)
		var own []pos.OrderDetail
		for _, o := range orders {
			if o.Payments[0].Wallet == pos.WeChat {
				own = append(own, o)
			}
		}
		fees[d], counts[d] = feesOf(own, time.Time{}, r.now())
	}
	var work sync.WaitGroup
	work.Go(func() {
		for _, d := range list {
			if _, err := r.books.Reconcile(t.Context(), pos.WeChat, d, false, "boss"); err != nil {
				t.Error(err)
			}
		}
	})
	for range 2 {
		work.Go(func() {
			for _, d := range list {
				_, err := r.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: d, Actor: "boss"})
				if err != nil && pos.CodeOf(err) != pos.Conflict { // the other manager has settled it
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	settled, err := r.till.Settlements(t.Context(), day, list[days-1])
	if err != nil || len(settled) == 0 {
		t.Fatal(settled, err)
	}
	var entries, known int64
	var kept, all pos.Fen
	for _, b := range settled {
		of := map[pos.Day]bool{}
		for _, total := range b.Totals {
			of[total.Day] = true
		}
		var possible pos.Fen
		var sofar int64
		found := b.Known == 0 && b.Fees == 0
		for _, d := range list { // in the order they are compared
			if of[d] {
				possible, sofar = possible+fees[d], sofar+counts[d]
				found = found || b.Known == sofar && b.Fees == possible
			}
		}
		if count, since := b.Since(); !found || b.Known+count != b.Entries || b.Fees+since != possible {
			t.Errorf("%+v: ¥%s of %d entries are between two comparisons", b, b.Fees, b.Known)
		} else {
			entries, known, kept = entries+b.Entries, known+b.Known+count, kept+b.Fees+since
		}
	}
	var want int64
	for _, d := range list {
		want, all = want+counts[d], all+fees[d]
	}
	if entries != want || known != want || kept != all {
		t.Errorf("%d entries settled, %d with ¥%s; want %d with ¥%s", entries, known, kept, want, all)
	}
}

// TestFeesOfAnOlderLedger: a ledger whose days were compared before it kept fees opens and says that they are not known,
// until the unattended run compares these days again, with the bills that are kept.
func TestFeesOfAnOlderLedger(t *testing.T) {
	r := small(t)
	w, a := r.reconcile(pos.WeChat, false), r.reconcile(pos.Alipay, false)
	r.close()
	withoutFees(t, filepath.Join(r.dir, db.FileName))
	r.open()
	all, entries := feesOf(r.orders(), time.Time{}, r.now())
	r.reported(r.report(day, day).Total, 0, entries)
	if r.state(pos.WeChat) != pos.Agreed {
		t.Errorf("after the upgrade: %s", r.state(pos.WeChat))
	}
	r.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Count: 100}) // no bill is downloaded again
	for range 2 {
		for range 4 {
			r.watch.Step(context.Background())
		}
		r.set(r.now().Add(2 * time.Hour)) // it looks for changed days again
	}
	r.reported(r.report(day, day).Total, all, 0)
	if all != w.Own.Fee+a.Own.Fee || r.state(pos.Alipay) != pos.Agreed {
		t.Errorf("¥%s of ¥%s and ¥%s, %s", all, w.Own.Fee, a.Own.Fee, r.state(pos.Alipay))
	}
	if said := r.trail(pos.WeChat); len(said) != 2 {
		t.Errorf("compared more than once again: %q", said)
	}
}

// withoutFees makes a ledger what the step before the fees left.
func withoutFees(t *testing.T, path string) {
	t.Helper()
	d, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec(`DELETE FROM migration WHERE number >= 8; DROP TRIGGER entry_fee_stays; ALTER TABLE entry DROP COLUMN fee;
		ALTER TABLE day_total DROP COLUMN fee_count; ALTER TABLE day_total DROP COLUMN fees;
		ALTER TABLE title_total DROP COLUMN fee_count; ALTER TABLE title_total DROP COLUMN fees;
		ALTER TABLE batch DROP COLUMN fee_count; ALTER TABLE batch DROP COLUMN fees;
		ALTER TABLE reconciliation DROP COLUMN fees_kept`); err != nil {
		t.Fatal(err)
	}
}
