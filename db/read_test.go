package db_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

func TestReading(t *testing.T) {
	clock := time.Date(2026, 1, 30, 12, 0, 0, 0, shop.TimeZone)
	l, err := db.Open(t.Context(), t.TempDir(), db.Options{Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := sell(t, l, 1000)
	clock = clock.AddDate(0, 0, 1)
	second, third := sell(t, l, 200), sell(t, l, 30)
	var back *pos.Refund
	update(t, l, func(tx pos.Tx) (err error) {
		if back, err = refund(tx, first, 400, pos.RefundSucceeded); err != nil {
			return err
		}
		return raiseIt(tx, &pos.Exception{Kind: pos.LatePayment, Wallet: pos.WeChat, OutTradeNo: second})
	})

	totals, err := l.Totals(t.Context(), "2026-01-30", "2026-01-31")
	want := []pos.DayTotal{
		{Day: "2026-01-30", Counter: "T1", Cashier: "li", Wallet: pos.WeChat, Totals: pos.Totals{Paid: 1000, PaidCount: 1}},
		{Day: "2026-01-31", Counter: "T1", Cashier: "li", Wallet: pos.WeChat, Totals: pos.Totals{Paid: 230, PaidCount: 2, Refunded: 400, RefundCount: 1}},
	}
	if err != nil || len(totals) != 2 || totals[0] != want[0] || totals[1] != want[1] {
		t.Errorf("totals %+v (%v)", totals, err)
	}
	if one, err := l.Totals(t.Context(), "2026-01-31", "2026-02-28"); err != nil || len(one) != 1 || one[0] != want[1] {
		t.Errorf("totals of one day %+v (%v)", one, err)
	}

	orders, err := l.Orders(t.Context(), "2026-01-31")
	if err != nil || len(orders) != 2 || orders[0].Payments[0].OutTradeNo != third || orders[1].Payments[0].OutTradeNo != second {
		t.Fatalf("orders %+v (%v)", orders, err)
	}
	if o := orders[1]; len(o.Order.Lines) != 1 || len(o.Exceptions) != 1 || o.Exceptions[0].Kind != pos.LatePayment || len(orders[0].Exceptions) != 0 {
		t.Errorf("order %+v", o)
	}
	for _, no := range []string{first, back.OutRefundNo} {
		o, err := l.OrderByNo(t.Context(), no)
		if err != nil || o.Payments[0].OutTradeNo != first || o.Payments[0].Refunded != 400 || len(o.Refunds) != 1 || o.Refunds[0].OutRefundNo != back.OutRefundNo {
			t.Errorf("order of %s: %+v (%v)", no, o, err)
		}
	}
	if none, err := l.Orders(t.Context(), "2020-01-01"); err != nil || len(none) != 0 {
		t.Errorf("orders of another day %+v (%v)", none, err)
	}

	trail, err := l.AuditTrail(t.Context(), first)
	if err != nil || len(trail) != 3 || trail[0].To != "created" || trail[2].From != "waiting" || trail[2].To != "paid" || trail[2].At.IsZero() {
		t.Errorf("trail %+v (%v)", trail, err)
	}
	view(t, l, func(tx pos.Tx) error {
		recent, err := tx.RecentPayments(2)
		if err != nil || len(recent) != 2 || recent[0].OutTradeNo != third || recent[1].OutTradeNo != second {
			t.Errorf("recent %+v (%v)", recent, err)
		}
		return nil
	})
	sound(t, l)
}

func TestReadOnlyBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	if _, err := db.OpenReadOnly(t.Context(), dir); pos.CodeOf(err) != pos.Setup {
		t.Errorf("without a ledger: %v", err)
	}
	l := open(t, dir)
	no := sell(t, l, 100)
	r, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	view(t, r, func(tx pos.Tx) error {
		if _, err := tx.Payment(no); err != nil {
			t.Error(err)
		}
		later := sell(t, l, 100) // the writer goes on beside an open snapshot, which does not see it
		if _, err := tx.Payment(later); pos.CodeOf(err) != pos.NotFound {
			t.Errorf("a snapshot that moves: %v", err)
		}
		return nil
	})
	write := func(tx pos.Tx) error { return tx.Audit(pos.AuditEntry{}) }
	if err := errors.Join(l.View(t.Context(), write), r.View(t.Context(), write)); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("a write in a view: %v", err)
	}
	if err := r.Update(t.Context(), func(pos.Tx) error { return nil }); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("an update: %v", err)
	}
	sound(t, r)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := r.OrderByNo(t.Context(), no); err != nil || after.Order.Status != pos.OrderPaid {
		t.Errorf("after the writer closed: %+v (%v)", after, err)
	}
	before := content(t, dir)
	alone, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, alone)
	if err := errors.Join(alone.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(content(t, dir), before) {
		t.Error("reading changed the file")
	}
}

func content(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, db.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPathsOfPeople(t *testing.T) {
	dir := t.TempDir() + "/收银 100% #1?"
	l := open(t, dir)
	no := sell(t, l, 100)
	r, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.OrderByNo(t.Context(), no); err != nil {
		t.Error(err)
	}
}

func TestAfterClose(t *testing.T) {
	l := open(t, t.TempDir())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(pos.Tx) error { t.Error("ran"); return nil }
	if err := l.Update(t.Context(), nothing); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("update: %v", err)
	}
	if err := l.View(t.Context(), nothing); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("view: %v", err)
	}
}
