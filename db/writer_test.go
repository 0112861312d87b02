package db_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"saoma/db"
	"saoma/pos"
)

func TestManyAtOnce(t *testing.T) {
	l := open(t, t.TempDir())
	const sales = 10 * connections
	numbers := make([]string, sales)
	each(sales, func(i int) {
		err := l.Update(context.Background(), func(tx pos.Tx) error {
			p, err := charge(tx, pos.Fen(i+1))
			if err != nil {
				return err
			}
			numbers[i] = p.OutTradeNo
			return settle(tx, p.OutTradeNo)
		})
		if err != nil {
			t.Error(err)
		}
		if err := l.View(context.Background(), func(tx pos.Tx) error { // what was acknowledged is seen
			p, err := tx.Payment(numbers[i])
			if err == nil && (p.State != pos.Paid || p.Amount != pos.Fen(i+1)) {
				t.Errorf("%+v", p)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
	totals, err := l.Totals(t.Context(), "2000-01-01", "2999-12-31")
	var sum pos.Fen
	for _, d := range totals {
		sum += d.Paid
	}
	if want := pos.Fen(sales * (sales + 1) / 2); err != nil || sum != want {
		t.Errorf("totals %s, want %s (%v)", sum, want, err)
	}
	sound(t, l)
}

// TestOneSettlementOfMany races the same evidence, as notification and poll do.
func TestOneSettlementOfMany(t *testing.T) {
	l := open(t, t.TempDir())
	var p *pos.Payment
	update(t, l, func(tx pos.Tx) (err error) {
		p, err = charge(tx, 100)
		return err
	})
	var mu sync.Mutex
	var won int
	each(connections, func(int) {
		err := l.Update(context.Background(), func(tx pos.Tx) error { return settle(tx, p.OutTradeNo) })
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			won++
		} else if pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
	})
	if won != 1 {
		t.Errorf("settled %d times", won)
	}
	sound(t, l)
}

// gather runs first and, while it is under way, lets every one of the others queue up behind it. It
// returns their errors, first's at the end.
func gather(t *testing.T, l *db.Ledger, first func(pos.Tx) error, others ...func(pos.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(others)+1)
	begun, proceed := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		errs[len(others)] = l.Update(context.Background(), func(tx pos.Tx) error {
			close(begun)
			<-proceed
			return first(tx)
		})
	})
	<-begun
	for i, fn := range others {
		all.Go(func() { errs[i] = l.Update(context.Background(), fn) })
	}
	synctest.Wait() // all of them are blocked now
	close(proceed)
	all.Wait()
	return errs
}

func sale(tx pos.Tx) error {
	p, err := charge(tx, 100)
	if err != nil {
		return err
	}
	return settle(tx, p.OutTradeNo)
}

func TestOneCommitForMany(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		sell(t, l, 100)
		before := commits(t, dir)
		others := make([]func(pos.Tx) error, connections-1)
		for i := range others {
			others[i] = sale
		}
		if err := errors.Join(gather(t, l, sale, others...)...); err != nil {
			t.Fatal(err)
		}
		if n := commits(t, dir) - before; n != 1 {
			t.Errorf("%d commits for %d transactions", n, connections)
		}
		before = commits(t, dir)
		if err := errors.Join(gather(t, l, sale, append(others, sale, sale)...)...); err != nil {
			t.Fatal(err)
		}
		if n := commits(t, dir) - before; n != 2 {
			t.Errorf("%d commits for %d transactions", n, connections+2)
		}
		sound(t, l)
	})
}

// commits counts the commits in the write-ahead log: the frames whose header gives the size of the
// database after a commit (sqlite.org/fileformat2.html#walformat).
func commits(t *testing.T, dir string) (n int) {
	t.Helper()
	const header, frameHeader = 32, 24
	wal, err := os.ReadFile(filepath.Join(dir, db.FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	page := int(binary.BigEndian.Uint32(wal[8:]))
	for at := header; at+frameHeader+page <= len(wal); at += frameHeader + page {
		salted := string(wal[at+8:at+16]) == string(wal[16:24]) // of this round of the log
		if salted && binary.BigEndian.Uint32(wal[at+4:]) != 0 {
			n++
		}
	}
	return n
}

func TestEachStandsAlone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		own := errors.New("mine")
		lost := number()
		errs := gather(t, l, sale,
			sale,
			func(tx pos.Tx) error { _, _ = chargeNo(tx, lost, 100); return own },
			sale,
			func(tx pos.Tx) error { _, _ = chargeNo(tx, lost, 100); panic("at the disco") },
			sale,
		)
		for i, err := range errs {
			switch i {
			case 1:
				if err != own {
					t.Errorf("the error became %v", err)
				}
			case 3:
				if pos.CodeOf(err) != pos.Internal || !strings.Contains(err.Error(), "at the disco") {
					t.Errorf("the panic became %v", err)
				}
			default:
				if err != nil {
					t.Error(err)
				}
			}
		}
		view(t, l, func(tx pos.Tx) error {
			if _, err := tx.Payment(lost); pos.CodeOf(err) != pos.NotFound {
				t.Errorf("what was taken back is there: %v", err)
			}
			if all, err := tx.RecentPayments(10); err != nil || len(all) != 4 {
				t.Errorf("%d sales (%v)", len(all), err)
			}
			return nil
		})
		sound(t, l)
	})
}

func TestContextCountsUntilTheStart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir)
		waiting, giveUp := context.WithCancel(context.Background())
		running, cancel := context.WithCancel(context.Background())
		var gaveUp error
		var done sync.WaitGroup
		err := l.Update(running, func(tx pos.Tx) error {
			done.Go(func() {
				gaveUp = l.Update(waiting, func(pos.Tx) error { t.Error("ran"); return nil })
			})
			synctest.Wait()
			giveUp()
			cancel() // too late: it has begun
			return sale(tx)
		})
		done.Wait()
		if err != nil {
			t.Errorf("begun and cancelled: %v", err)
		}
		if !errors.Is(gaveUp, context.Canceled) {
			t.Errorf("given up: %v", gaveUp)
		}
		if err := l.Update(running, func(pos.Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		if totals, err := l.Totals(context.Background(), "1999-01-01", "2999-12-31"); err != nil || len(totals) != 1 || totals[0].PaidCount != 1 {
			t.Errorf("totals %+v (%v)", totals, err)
		}
	})
}

func TestCancelledView(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 100)
	for range 3 * connections { // more often than there are readers
		ctx, cancel := context.WithCancel(t.Context())
		_ = l.View(ctx, func(tx pos.Tx) error { cancel(); _, err := tx.Payment(no); return err })
	}
	view(t, l, func(tx pos.Tx) error { _, err := tx.Payment(no); return err })
}
