package db_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

const billDay = pos.Day("2026-03-14")

// difference is one that a comparison may find.
func difference(kind pos.DifferenceKind, no string) pos.Difference {
	return pos.Difference{
		Wallet: pos.WeChat, Day: billDay, Kind: kind, OutTradeNo: no, Lines: 1,
		There: pos.Claim{Amount: 880, State: string(pos.TradePaid), TransactionID: "42" + no, At: time.UnixMilli(1_773_460_800_123)},
		Here:  pos.Claim{Amount: 800, State: string(pos.Paid), TransactionID: "43" + no, At: time.UnixMilli(1_773_460_800_456)},
	}
}

// compared records a day with one difference open and one noted.
func compared(t *testing.T, l *db.Ledger) {
	t.Helper()
	till := &pos.Till{Store: l}
	found := []pos.Difference{difference(pos.OtherAmount, "A"), difference(pos.MissingHere, "B")}
	if _, err := till.KeepReconciliation(t.Context(), pos.Reconciliation{Wallet: pos.WeChat, Day: billDay}, found, nil, pos.Unattended); err != nil {
		t.Fatal(err)
	}
	if _, err := till.Remedy(t.Context(), pos.WeChat, billDay, 2, pos.NoteIt, "boss", "seen"); err != nil {
		t.Fatal(err)
	}
}

// TestReconciliationComesBack stores everything a day can have and reads it again.
func TestReconciliationComesBack(t *testing.T) {
	l := open(t, t.TempDir())
	want := pos.Reconciliation{
		Wallet: pos.Alipay, Day: billDay, State: pos.SignedOff, BillName: "b.zip", BillHash: strings.Repeat("a", 64), OriginalHash: strings.Repeat("b", 64),
		DownloadedAt: time.UnixMilli(1_773_540_000_001), ComparedAt: time.UnixMilli(1_773_540_000_002),
		All: pos.BillSum{Lines: 9, Paid: 8, Refunded: 7, Fee: -6}, Own: pos.BillSum{Lines: 5, Paid: 4, Refunded: 3, Fee: 2}, Agree: 1, Deferred: 11,
		Ledger: pos.Standing{Payments: 12, Refunds: 13, Paid: 14, Refunded: 15, Pending: 16}, FeesKept: true,
		Note: "n", DecidedBy: "li", DecidedAt: time.UnixMilli(1_773_540_000_003),
	}
	d := difference(pos.Doubled, "C")
	d.State, d.Lines = pos.DifferenceOpen, 3
	update(t, l, func(tx pos.Tx) error {
		if _, err := tx.Reconciliation(want.Wallet, want.Day); pos.CodeOf(err) != pos.NotFound {
			t.Error(err)
		}
		if err := tx.SaveReconciliation(&want); err != nil {
			return err
		}
		first := want.ID
		if err := tx.SaveReconciliation(&want); err != nil || want.ID != first || first == 0 {
			t.Errorf("stored twice: %d and %d, %v", first, want.ID, err)
		}
		if err := tx.AddDifference(want.ID, &d); err != nil {
			return err
		}
		return tx.Audit(pos.AuditEntry{Actor: "li", Action: "sign off", Subject: "bill alipay 2026-03-14", To: string(want.State)})
	})
	d.Wallet, want.Differences, want.Open = pos.Alipay, 1, 1
	view(t, l, func(tx pos.Tx) error {
		got, err := tx.Reconciliation(want.Wallet, want.Day)
		if err != nil || *got != want {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
		list, err := tx.Reconciliations(billDay, billDay)
		if err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := tx.Reconciliations("2026-03-15", "9999-99-99"); err != nil || len(list) != 0 {
			t.Errorf("another day: %+v, %v", list, err)
		}
		differences, err := tx.Differences(want.ID)
		if err != nil || len(differences) != 1 || differences[0] != d || d.N != 1 {
			t.Errorf("%+v, %v\nwant %+v", differences, err, d)
		}
		return nil
	})
	sound(t, l)
}

// TestReconciliationGuards: what a bill said stays, and a day cannot agree while something is open.
func TestReconciliationGuards(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	compared(t, l)
	d := raw(t, dir)
	for _, statement := range []string{
		`UPDATE difference SET there_amount = 1`,
		`UPDATE difference SET kind = 'doubled' WHERE n = 1`,
		`UPDATE difference SET here_transaction = ''`,
		`UPDATE difference SET n = 7 WHERE n = 1`,
		`DELETE FROM difference`,
		`UPDATE reconciliation SET day = '2026-03-15'`,
		`DELETE FROM reconciliation`,
		`UPDATE reconciliation SET state = 'agreed'`,
		`UPDATE reconciliation SET state = 'signed_off'`, // without words
		`UPDATE difference SET state = 'noted', decided_at = 1 WHERE n = 1`,
		`UPDATE difference SET state = 'cleared' WHERE n = 1`, // without a time
		`UPDATE difference SET state = 'open' WHERE n = 2`,
		`INSERT INTO reconciliation SELECT NULL, wallet, day, 'differs', '', '', '', NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', NULL FROM reconciliation`,
	} {
		if _, err := d.Exec(statement); err == nil {
			t.Errorf("allowed: %s", statement)
		}
	}
	sound(t, l)
}

// TestMovements: what may be on a day's bill is found by the platforms' time and the merchant, refunds with the whole way
// they took.
func TestMovements(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 1000)
	var paid time.Time
	update(t, l, func(tx pos.Tx) error {
		p, err := tx.Payment(no)
		if err != nil {
			return err
		}
		paid = p.SettledAt
		if _, err := refund(tx, no, 300, pos.RefundSucceeded); err != nil {
			return err
		}
		if _, err := refund(tx, no, 200, pos.RefundProcessing); err != nil {
			return err
		}
		_, err = refund(tx, no, 100, pos.RefundFailed)
		return err
	})
	view(t, l, func(tx pos.Tx) error {
		p, err := tx.Payment(no)
		if err != nil {
			return err
		}
		for name, c := range map[string]struct {
			merchant string
			from, to time.Time
			want     pos.Standing
		}{
			"the day":         {p.Account.MerchantID, paid.Add(-time.Hour), paid.Add(time.Hour), pos.Standing{Payments: 1, Paid: 1000, Refunds: 1, Refunded: 300, Pending: 1}},
			"its last moment": {p.Account.MerchantID, paid.Add(-time.Hour), paid, pos.Standing{Refunds: 1, Refunded: 300, Pending: 1}}, // their clock may be off
			"the day after":   {p.Account.MerchantID, paid.Add(time.Hour), paid.Add(25 * time.Hour), pos.Standing{Pending: 1}},
			"the day before":  {p.Account.MerchantID, paid.Add(-25 * time.Hour), paid.Add(-time.Hour), pos.Standing{}},
			"other merchant":  {p.Account.MerchantID + "x", paid.Add(-time.Hour), paid.Add(time.Hour), pos.Standing{}},
		} {
			got, err := tx.Standing(p.Wallet, c.merchant, c.from, c.to)
			if err != nil || got != c.want {
				t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
			}
			var summed pos.Standing
			if err := tx.Movements(p.Wallet, c.merchant, c.from, c.to, func(m pos.Movement) error {
				switch {
				case m.OutRefundNo == "":
					summed.Payments, summed.Paid = summed.Payments+1, summed.Paid+m.Amount
				case m.State == string(pos.RefundSucceeded):
					summed.Refunds, summed.Refunded = summed.Refunds+1, summed.Refunded+m.Amount
				default:
					summed.Pending++
				}
				return nil
			}); err != nil || summed != c.want {
				t.Errorf("%s: movements %+v, %v; want %+v", name, summed, err, c.want)
			}
		}
		if first, err := tx.FirstPaid(p.Wallet); err != nil || first.IsZero() || first.After(paid) {
			t.Errorf("first paid %s, %v", first, err)
		}
		if none, err := tx.FirstPaid("cash"); err != nil || !none.IsZero() {
			t.Errorf("first paid %s, %v", none, err)
		}
		all, err := tx.MovementsOf(p.Wallet, []string{no, "NONE"}, []string{"NONE"}, []string{p.TransactionID})
		if err != nil || len(all) != 2 || all[0].OutTradeNo != no || all[1] != all[0] {
			t.Errorf("%+v, %v", all, err)
		}
		return nil
	})
}

// TestKeepBill keeps two versions of a day's bill side by side, packed and for the owner only, and notices what became of
// them.
func TestKeepBill(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	text := bytes.Repeat([]byte("`2026-03-14,`账单\r\n"), 10_000)
	var hashes []string
	for _, version := range [][]byte{text, text, append(bytes.Clone(text), 'x')} {
		hash, err := l.KeepBill(pos.WeChat, billDay, version)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := l.KeptBill(pos.WeChat, billDay, hash); err != nil || !bytes.Equal(back, version) {
			t.Errorf("%d of %d bytes, %v", len(back), len(version), err)
		}
		hashes = append(hashes, hash)
	}
	files, err := filepath.Glob(filepath.Join(dir, db.BillFolder, "*"))
	if err != nil || len(files) != 2 || hashes[0] != hashes[1] || hashes[1] == hashes[2] {
		t.Fatalf("%q %q %v", files, hashes, err)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Size() > int64(len(text)/20) {
		t.Errorf("%d bytes of %d, %v", info.Size(), len(text), err)
	}
	for hash, want := range map[string]pos.Code{"": pos.NotFound, "../../etc": pos.NotFound, strings.Repeat("0", 64): pos.NotFound, hashes[0][:63] + "z": pos.NotFound} {
		if _, err := l.KeptBill(pos.WeChat, billDay, hash); pos.CodeOf(err) != want {
			t.Errorf("%q: %v", hash, err)
		}
	}
	if _, err := l.KeptBill(pos.Alipay, billDay, hashes[0]); pos.CodeOf(err) != pos.NotFound {
		t.Errorf("another wallet's: %v", err)
	}
	for _, spoil := range []func(string) error{
		func(path string) error { return os.WriteFile(path, []byte("no gzip"), 0o600) },
		func(path string) error { return os.Truncate(path, 3) },
		func(path string) error { return os.Rename(files[1], path) }, // a bill, but another
	} {
		if err := spoil(files[0]); err != nil {
			t.Fatal(err)
		}
		spoiled := 0
		for _, hash := range []string{hashes[0], hashes[2]} {
			if _, err := l.KeptBill(pos.WeChat, billDay, hash); pos.CodeOf(err) == pos.Damaged {
				spoiled++
			}
		}
		if spoiled != 1 {
			t.Errorf("%d spoiled files noticed", spoiled)
		}
	}
	for _, hash := range []string{hashes[0], hashes[2]} {
		if _, err := l.KeepBill(pos.WeChat, billDay, map[string][]byte{hashes[0]: text, hashes[2]: append(bytes.Clone(text), 'x')}[hash]); err != nil {
			t.Fatal(err)
		}
		if _, err := l.KeptBill(pos.WeChat, billDay, hash); err != nil {
			t.Errorf("kept anew: %v", err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, db.BillFolder)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, db.BillFolder), nil, 0o600); err != nil { // where the folder belongs
		t.Fatal(err)
	}
	if _, err := l.KeepBill(pos.WeChat, billDay, text); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("no folder: %v", err)
	}
}
