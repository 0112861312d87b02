package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/db/dbtest"
)

// bigShop is a data folder without a sandbox whose ledger is large enough to be killed in the middle of.
func bigShop(t *testing.T, orders int) *shop {
	t.Helper()
	t.Parallel()
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	if r := s.run("init", "--sandbox", "--counter", "T7"); r.code != 0 {
		t.Fatalf("init: %+v", r)
	}
	s.seed(orders, time.Now().AddDate(0, 0, -1))
	return s
}

// seed adds past sales, all before until.
func (s *shop) seed(orders int, until time.Time) {
	s.t.Helper()
	cfg, err := config.Load(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	sales := dbtest.Sales{Orders: orders, Days: 1, Until: until, Shop: cfg.Shop, Cashiers: []string{"li"}}
	if err := dbtest.Seed(s.t.Context(), s.data, sales); err != nil {
		s.t.Fatal(err)
	}
}

// killed runs a command and kills it at a moment between its begin and its usual end. It reports whether
// the command was still at work.
func (s *shop) killed(random *rand.Rand, usual time.Duration, args ...string) bool {
	s.t.Helper()
	c := s.command(args...)
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(time.Duration(random.Int64N(int64(usual))))
	_ = c.Process.Kill() // it may have ended
	_ = c.Wait()
	return c.ProcessState.ExitCode() != 0
}

// timed runs a command to its end and returns how long that takes.
func (s *shop) timed(args ...string) time.Duration {
	s.t.Helper()
	begin := time.Now()
	if r := s.run(args...); r.code != 0 {
		s.t.Fatalf("%v: %+v", args, r)
	}
	return time.Since(begin)
}

// sales counts the payments in the ledger, which must be sound in everything.
func (s *shop) sales() (n int64) {
	s.t.Helper()
	l, err := db.Open(s.t.Context(), s.data, db.Options{}) // as the next counter does
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	dbtest.Sound(s.t, l)
	days, err := l.Totals(s.t.Context(), "2000-01-01", "2999-12-31")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range days {
		n += d.PaidCount
	}
	return n
}

// salesIn counts the payments in a backup, which must be one that can be restored.
func salesIn(t *testing.T, backup string) int64 {
	t.Helper()
	s := &shop{t: t, data: t.TempDir()}
	if _, err := db.Restore(t.Context(), backup, s.data, false); err != nil {
		t.Errorf("%s: %v", backup, err)
		return 0
	}
	return s.sales()
}

// TestBackupKilled kills a backup in its middle, again and again: its file is there in full or not at
// all, and the ledger never notices.
func TestBackupKilled(t *testing.T) {
	const orders, paid = 500, 500 * 97 / 100
	s := bigShop(t, orders)
	dir := t.TempDir()
	usual := s.timed("backup", filepath.Join(dir, "first.db"))
	rounds, early, whole := dbtest.Rounds(5, 100), 0, 0
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 16))
		file := filepath.Join(dir, "killed.db")
		if s.killed(random, usual, "backup", file) {
			early++
		}
		if _, err := os.Stat(file); err == nil {
			whole++
			if n := salesIn(t, file); n != paid {
				t.Errorf("seed %d: %d sales in the backup", seed, n)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if n := s.sales(); n != paid {
		t.Errorf("%d sales in the ledger", n)
	}
	dbtest.Figures(t, "crash point backup: %d kills, %d of them before its end, %d backups whole, 0 in part", rounds, early, whole)
}

// TestRestoreKilled kills a restore in its middle, again and again: the ledger is the old one or the new
// one, and sound, and so is every old one that is kept; the next restore works.
func TestRestoreKilled(t *testing.T) {
	const few, more = 100, 300
	s := bigShop(t, few)
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small.db"), filepath.Join(dir, "large.db")
	s.timed("backup", small)
	s.seed(more, time.Now().AddDate(0, 0, -3))
	s.timed("backup", large)
	counts := map[string]int64{small: few * 97 / 100, large: few*97/100 + more*97/100}
	usual := s.timed("restore", small, "--force", "--offline")

	rounds, early, replaced := dbtest.Rounds(5, 100), 0, 0
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 17))
		before, file := s.sales(), large
		if before == counts[large] {
			file = small
		}
		if s.killed(random, usual, "restore", file, "--force", "--offline") {
			early++
		}
		switch n := s.sales(); n {
		case counts[file]:
			replaced++
		case before:
		default:
			t.Errorf("seed %d: %d sales, neither %d nor %d", seed, n, before, counts[file])
		}
	}
	s.timed("restore", large, "--force", "--offline")
	if n := s.sales(); n != counts[large] {
		t.Errorf("after all: %d sales", n)
	}
	kept, err := filepath.Glob(filepath.Join(s.data, "ledger-replaced-*.db"))
	if err != nil || len(kept) == 0 {
		t.Fatal(kept, err)
	}
	for _, file := range kept {
		if n := salesIn(t, file); n != counts[small] && n != counts[large] {
			t.Errorf("%s has %d sales", file, n)
		}
	}
	dbtest.Figures(t, "crash point restore: %d kills, %d of them before its end, %d times the new ledger and else the old one, 0 in part", rounds, early, replaced)
}
