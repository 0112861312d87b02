package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// shopOfSales makes a closed ledger with sales of every kind and returns its folder.
func shopOfSales(t *testing.T) (dir string, numbers []string) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	for i := range 40 {
		no := sell(t, l, pos.Fen(1000+i))
		numbers = append(numbers, no)
		if i%8 == 0 {
			update(t, l, func(tx pos.Tx) error {
				_, err := refund(tx, no, 300, pos.RefundSucceeded)
				return err
			})
		}
	}
	update(t, l, func(tx pos.Tx) error { // open ones
		for range 3 {
			p, err := charge(tx, 700)
			if err != nil {
				return err
			}
			numbers = append(numbers, p.OutTradeNo)
		}
		return nil
	})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, numbers
}

// flip changes one byte of a file.
func flip(t *testing.T, path string, at int64, by byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[at] ^= by
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyOf copies a data folder.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// money is everything of a ledger that is money: what a flipped byte must not change unnoticed.
func money(l *db.Ledger, numbers []string) (string, error) {
	var b strings.Builder
	err := l.View(context.Background(), func(tx pos.Tx) error {
		for _, no := range numbers {
			p, err := tx.Payment(no)
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, p.OutTradeNo, p.OrderID, p.Wallet, p.Amount, p.State, p.TransactionID, p.Refunded)
			refunds, err := tx.RefundsOf(no)
			if err != nil {
				return err
			}
			for _, r := range refunds {
				fmt.Fprintln(&b, r.OutRefundNo, r.Amount, r.State)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	totals, err := l.Totals(context.Background(), "0000-01-01", "9999-12-31")
	for _, d := range totals {
		fmt.Fprintln(&b, d.Wallet, d.Paid, d.PaidCount, d.Refunded, d.RefundCount)
	}
	return b.String(), err
}

// TestFlippedByte changes one byte of a ledger at a time. Whatever the byte, the ledger opens for reading
// only and says so, or cannot be read and says so, or its money is what it was.
func TestFlippedByte(t *testing.T) {
	dir, numbers := shopOfSales(t)
	l := open(t, dir)
	want, err := money(l, numbers)
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(dir, db.FileName))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(6, 1))
	var unreadable, frozen, harmless int
	offsets := []int64{0, 16, 18, 19, 24, 28, 44, 47, 56, 60, 100, 103, 105}                          // the header and the first page's
	for _, column := range []string{"number INTEGER", "synchronous INTEGER", "out_trade_no   TEXT"} { // names in its schema
		offsets = append(offsets, int64(bytes.Index(content, []byte(column))))
	}
	for len(offsets) < dbtest.Rounds(45, 2000) {
		offsets = append(offsets, random.Int64N(int64(len(content))))
	}
	for _, at := range offsets {
		by := byte(1 + random.IntN(255))
		own := copyOf(t, dir)
		flip(t, filepath.Join(own, db.FileName), at, by)
		l, err := db.Open(t.Context(), own, db.Options{})
		if err != nil {
			if pos.CodeOf(err) != pos.Damaged || !strings.Contains(err.Error(), "saomactl restore") {
				t.Errorf("byte %d changed by %#x: open says %v", at, by, err)
			}
			unreadable++
			continue
		}
		if err := l.Check(t.Context()); err != nil && pos.CodeOf(err) != pos.Damaged {
			t.Errorf("byte %d changed by %#x: check says %v", at, by, err)
		}
		if l.Damage() != nil {
			frozen++
			refusesToWrite(t, l)
		} else {
			harmless++
			if got, err := money(l, numbers); err != nil || got != want {
				t.Errorf("byte %d changed by %#x, and nobody noticed (%v):\n%s\nbefore:\n%s", at, by, err, got, want)
			}
		}
		_ = l.Close()
	}
	if frozen == 0 || unreadable == 0 {
		t.Errorf("%d read only, %d unreadable, %d harmless", frozen, unreadable, harmless)
	}
	dbtest.Figures(t, "flipped bytes: %d (%d opened read-only, %d unreadable, %d in titles and free space), 0 unnoticed in money",
		len(offsets), frozen, unreadable, harmless)
}

// refusesToWrite wants one sentence from every Update.
func refusesToWrite(t *testing.T, l *db.Ledger) {
	t.Helper()
	ran := false
	err := l.Update(t.Context(), func(tx pos.Tx) error { ran = true; return nil })
	e, ok := errors.AsType[*pos.Error](err)
	if !ok || ran || e.Code != pos.Damaged || !strings.Contains(e.Sentence(), "only reads") || !strings.Contains(e.Sentence(), "saomactl restore") {
		t.Errorf("writing to a damaged ledger: %v, ran %v", err, ran)
	}
	told := make(chan error, 2)
	l.OnDamage(func(err error) { told <- err })
	if len(told) != 1 {
		t.Errorf("OnDamage told %d times", len(told))
	}
}

// TestDamageWhileOpen spoils a page under an open ledger: who reads it first, to show something or to
// record something, ends all writing.
func TestDamageWhileOpen(t *testing.T) {
	for name, meet := range map[string]func(*db.Ledger, string) error{
		"reading": func(l *db.Ledger, no string) error { _, err := money(l, []string{no}); return err },
		"writing": func(l *db.Ledger, no string) error {
			return l.Update(context.Background(), func(tx pos.Tx) error { _, _ = tx.Payment(no); return nil }) // hides it
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, numbers := shopOfSales(t)
			l := open(t, dir)
			told := make(chan error, 2)
			l.OnDamage(func(err error) { told <- err })
			spoilPage(t, dir, "payment")
			if err := meet(l, numbers[0]); pos.CodeOf(err) != pos.Damaged {
				t.Errorf("meeting what is damaged: %v", err)
			}
			if len(told) != 1 || pos.CodeOf(l.Damage()) != pos.Damaged {
				t.Errorf("told %d times, damage %v", len(told), l.Damage())
			}
			refusesToWrite(t, l)
			if _, err := l.Totals(t.Context(), "0000-01-01", "9999-12-31"); err != nil {
				t.Errorf("what is not damaged can be read no more: %v", err)
			}
		})
	}
}

// spoilPage overwrites the first page of a table, and makes every connection forget what it has read.
func spoilPage(t *testing.T, dir, table string) {
	t.Helper()
	d := raw(t, dir)
	defer d.Close()
	var page int64
	if err := d.QueryRow(`SELECT rootpage - 1 FROM sqlite_schema WHERE name = ?`, table).Scan(&page); err != nil {
		t.Fatal(err)
	}
	mustExec(t, d, `UPDATE writer SET at = at + 1; PRAGMA wal_checkpoint(TRUNCATE)`)
	f, err := os.OpenFile(filepath.Join(dir, db.FileName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xee}, 4096), page*4096); err != nil {
		t.Fatal(err)
	}
}
