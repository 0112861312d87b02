package db_test

import (
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// tell puts fees on entries as a bill does.
func tell(t *testing.T, l *db.Ledger, fees ...pos.EntryFee) {
	t.Helper()
	update(t, l, func(tx pos.Tx) error { return tx.SaveFees(fees) })
	sound(t, l)
}

// owed is what the one wallet owes, and what its day's and title's totals and its quarters say; all must be the same.
func owed(t *testing.T, l *db.Ledger) pos.Totals {
	t.Helper()
	const first, last = pos.Day("0000-00-00"), pos.Day("9999-99-99")
	var sums []pos.Totals
	view(t, l, func(tx pos.Tx) error {
		list, err := tx.Owed("")
		if err == nil && len(list) == 1 {
			sums = append(sums, list[0].Totals)
		}
		return err
	})
	days, err1 := l.Totals(t.Context(), first, last)
	titles, err2 := l.TitleTotals(t.Context(), first, last, 10)
	quarters, err3 := l.Quarters(t.Context(), first, last)
	if err1 != nil || err2 != nil || err3 != nil || len(days) != 1 || len(titles) != 1 || len(quarters) != 1 || len(sums) != 1 {
		t.Fatalf("%+v %+v %+v %+v %v %v %v", days, titles, quarters, sums, err1, err2, err3)
	}
	if sums = append(sums, days[0].Totals, titles[0].Totals, quarters[0].Totals); sums[1] != sums[0] || sums[2] != sums[0] || sums[3] != sums[0] {
		t.Errorf("owed %+v, day %+v, title %+v, quarter %+v", sums[0], sums[1], sums[2], sums[3])
	}
	return sums[0]
}

// TestFees: a fee is not known until it is told, and then counted once, however often it is told; one that is told anew
// replaces it. A refund has its own, which is given back.
func TestFees(t *testing.T) {
	noon := time.Date(2026, 1, 30, 12, 0, 0, 0, shop.TimeZone) // all of it is of one quarter of an hour
	l, err := db.Open(t.Context(), t.TempDir(), db.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first, second := sell(t, l, 1000), sell(t, l, 200)
	var back *pos.Refund
	update(t, l, func(tx pos.Tx) (err error) {
		back, err = refund(tx, first, 500, pos.RefundSucceeded)
		return err
	})
	want := func(fees pos.Fen, count int64, one pos.Fee) {
		t.Helper()
		if got := owed(t, l); got.Fees != fees || got.FeeCount != count || got.WithoutFee() != 3-count || got.Payout() != 700-fees || got.Fee().Known != (count > 0) {
			t.Errorf("fees %+v; want ¥%s of %d", got, fees, count)
		}
		listed := map[string]pos.Fee{}
		if err := l.EachPayment(t.Context(), "0000-00-00", "9999-99-99", func(p *pos.PaymentRow) error {
			listed[p.OutTradeNo] = p.Fee
			return nil
		}); err != nil || len(listed) != 2 || listed[first] != one || listed[second].Known != (count == 3) {
			t.Errorf("by payment %+v, %v; want %+v of the one with a refund", listed, err, one)
		}
	}
	want(0, 0, pos.Fee{})
	tell(t, l, pos.EntryFee{OutTradeNo: first, Amount: 6}, pos.EntryFee{OutTradeNo: "GHOST", Amount: 99}, pos.EntryFee{OutTradeNo: first, OutRefundNo: "GHOST", Amount: 99})
	want(6, 1, pos.Fee{})
	for range 2 {
		tell(t, l, pos.EntryFee{OutTradeNo: first, Amount: 6}, pos.EntryFee{OutTradeNo: first, OutRefundNo: back.OutRefundNo, Amount: -3})
		want(3, 2, pos.Fee{Amount: 3, Known: true})
	}
	tell(t, l, pos.EntryFee{OutTradeNo: second}, pos.EntryFee{OutTradeNo: first, Amount: 7})
	want(4, 3, pos.Fee{Amount: 4, Known: true})
	tell(t, l)

	var told []pos.Fee
	if err := l.EachEntry(t.Context(), "0000-00-00", "9999-99-99", func(e *pos.EntryRow) error {
		told = append(told, e.Fee)
		return nil
	}); err != nil || len(told) != 3 || told[0].Amount != 7 || told[1] != (pos.Fee{Known: true}) || told[2].Amount != -3 {
		t.Errorf("by entry %+v, %v", told, err)
	}
}

// book settles what WeChat owes; detail is what the audit chain says of it.
func book(t *testing.T, l *db.Ledger, detail func(*pos.Batch) string) (b pos.Batch) {
	t.Helper()
	update(t, l, func(tx pos.Tx) error {
		b = pos.Batch{Kind: pos.SettlementBatch, Wallet: pos.WeChat, Day: shop.Day(tx.Now()), At: tx.Now(), By: "wang"}
		if err := tx.Freeze(&b); err != nil {
			return err
		}
		return tx.Audit(pos.AuditEntry{Actor: b.By, Action: "settlement", Subject: string(b.Wallet) + " " + string(b.Day), To: "settled", Detail: detail(&b)})
	})
	sound(t, l)
	return b
}

// TestSettlementIsSealed: fees that are changed by hand in the file are found, also those of a settlement that a version
// before the fees has booked, whose audit row has only the amount.
func TestSettlementIsSealed(t *testing.T) {
	for name, c := range map[string]struct {
		fees   []pos.Fen
		detail func(*pos.Batch) string
	}{
		"with fees": {[]pos.Fen{6, 1}, (*pos.Batch).AuditDetail},
		"older":     {nil, func(b *pos.Batch) string { return b.Amount.String() }},
	} {
		dir := t.TempDir()
		l := open(t, dir)
		nos := []string{sell(t, l, 1000), sell(t, l, 200)}
		for i, fee := range c.fees {
			tell(t, l, pos.EntryFee{OutTradeNo: nos[i], Amount: fee})
		}
		book(t, l, c.detail)
		unguarded(t, raw(t, dir), `UPDATE batch SET fees = fees + 1`)
		if err := l.Check(t.Context()); pos.CodeOf(err) != pos.Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFeesOfABatch: what was known when a settlement was summed is frozen with it; what a bill tells later stands beside it.
func TestFeesOfABatch(t *testing.T) {
	l := open(t, t.TempDir())
	first, second := sell(t, l, 1000), sell(t, l, 200)
	tell(t, l, pos.EntryFee{OutTradeNo: first, Amount: 6})
	b := book(t, l, (*pos.Batch).AuditDetail)
	if b.Entries != 2 || b.Amount != 1200 || b.Fees != 6 || b.Known != 1 || b.Payout() != 1194 {
		t.Errorf("%+v", b)
	}
	tell(t, l, pos.EntryFee{OutTradeNo: first, Amount: 5}, pos.EntryFee{OutTradeNo: second, Amount: 1})
	view(t, l, func(tx pos.Tx) error {
		list, err := tx.Batches(pos.SettlementBatch, b.Day, b.Day)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		after := &list[0]
		if count, fees := after.Since(); after.Fees != 6 || after.Known != 1 || after.Payout() != 1194 || count != 1 || fees != 0 {
			t.Errorf("afterwards %+v: %d more entries, ¥%s", after, count, fees)
		}
		if rest, err := tx.Owed(""); err != nil || len(rest) != 0 {
			t.Errorf("still owed: %+v, %v", rest, err)
		}
		return nil
	})
}
