package db_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// smallDisk mounts a file system of its own that holds so much, such as "600k", and returns its folder.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v %s", err, said)
	}
	t.Cleanup(func() {
		if said, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, said)
		}
	})
	return dir
}

// fill leaves no room on the disk of dir, and returns how to make room again.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// paidIn counts the entries of a ledger and what they add up to, by another program's eyes.
func paidIn(t *testing.T, dir string) (n int, sum pos.Fen) {
	t.Helper()
	d := raw(t, dir)
	defer d.Close()
	if err := d.QueryRow(`SELECT count(*), coalesce(sum(amount), 0) FROM entry`).Scan(&n, &sum); err != nil {
		t.Fatal(err)
	}
	return n, sum
}

// TestDiskIsFull sells on a disk that is full, again after room is made, and opens where there is none.
func TestDiskIsFull(t *testing.T) {
	dir := smallDisk(t, "1m")
	l := open(t, dir)
	sell(t, l, 100)
	acknowledged := 1
	empty := fill(t, dir)
	var all sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		all.Go(func() {
			errs[i] = l.Update(t.Context(), func(tx pos.Tx) error {
				p, err := charge(tx, 100)
				if err != nil {
					return err
				}
				return settle(tx, p.OutTradeNo)
			})
		})
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		e, ok := errors.AsType[*pos.Error](err)
		switch {
		case err == nil: // room in the log was left
			acknowledged++
		case ok && e.Code == pos.Unavailable && strings.HasPrefix(e.Sentence(), "The disk is full"):
			refused++
		default:
			t.Errorf("on a full disk: %v", err)
		}
	}
	if refused == 0 || l.Damage() != nil {
		t.Fatalf("%d refused on a full disk; damage: %v", refused, l.Damage())
	}
	sound(t, l)
	empty()
	sell(t, l, 100) // the same ledger goes on
	if n, sum := paidIn(t, dir); n != acknowledged+1 || sum != pos.Fen(n*100) {
		t.Errorf("%d entries of ¥%s, %d acknowledged", n, sum, acknowledged+1)
	}
	sound(t, l)

	empty = fill(t, dir)
	if err := l.Close(); err != nil {
		t.Errorf("closing on a full disk: %v", err)
	}
	empty()
	l = open(t, dir)
	sell(t, l, 100)
	if n, _ := paidIn(t, dir); n != acknowledged+2 {
		t.Errorf("%d entries, %d acknowledged", n, acknowledged+2)
	}
	sound(t, l)
	dbtest.Figures(t, "full disk: %d commits refused, %d acknowledged and found, 0 violations", refused, acknowledged+2)
}

func TestFolderIsReadOnly(t *testing.T) {
	dir := smallDisk(t, "4m")
	l := open(t, dir)
	sell(t, l, 100)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	remount := func(how string) {
		if said, err := exec.Command("mount", "-o", "remount,"+how, dir).CombinedOutput(); err != nil {
			t.Skipf("the small disk cannot be remounted: %v %s", err, said)
		}
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	remount("ro")
	for _, folder := range []string{dir, empty, filepath.Join(dir, "new")} {
		_, err := db.Open(t.Context(), folder, db.Options{})
		e, ok := errors.AsType[*pos.Error](err)
		if !ok || e.Code != pos.Setup || !strings.Contains(e.Sentence(), folder) {
			t.Errorf("%s read-only: %v", folder, err)
		}
	}
	remount("rw")
	l = open(t, dir)
	sell(t, l, 100)
	sound(t, l)
}

// TestDaysOverClockChanges sells through the days on which shops set their clocks and adds up what each
// business day must have by the moments, in UTC, at which it begins and ends.
func TestDaysOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone         string
		day          pos.Day
		begins, ends string // its hours: the shop's day starts at 02:30
		hours        float64
	}{
		{zone: "Europe/Berlin", day: "2026-03-29", begins: "2026-03-29T01:00", ends: "2026-03-30T00:30", hours: 23.5},
		{zone: "Europe/Berlin", day: "2026-10-25", begins: "2026-10-25T00:30", ends: "2026-10-26T01:30", hours: 25},
		{zone: "America/New_York", day: "2026-03-08", begins: "2026-03-08T07:00", ends: "2026-03-09T06:30", hours: 23.5},
		{zone: "America/New_York", day: "2026-11-01", begins: "2026-11-01T07:30", ends: "2026-11-02T07:30", hours: 24},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		begins, err1 := time.Parse("2006-01-02T15:04", c.begins)
		ends, err2 := time.Parse("2006-01-02T15:04", c.ends)
		if err := errors.Join(err1, err2); err != nil || ends.Sub(begins).Hours() != c.hours {
			t.Fatalf("%s: %s (%v)", c.zone, ends.Sub(begins), err)
		}
		dir := t.TempDir()
		sales := dbtest.Sales{
			Orders: 3 * 24 * 2, Days: 3, Until: ends.Add(24 * time.Hour), Cashiers: []string{"li"}, // one in half an hour
			Shop: pos.Shop{Counter: "T1", TimeZone: zone, DayStartsAt: 2*time.Hour + 30*time.Minute},
		}
		if err := dbtest.Seed(t.Context(), dir, sales); err != nil {
			t.Fatal(err)
		}
		var want int64
		first := sales.Until.AddDate(0, 0, -sales.Days)
		for i := range sales.Orders {
			at := first.Add(time.Duration(i) * 30 * time.Minute)
			if !at.Before(begins) && at.Before(ends) && i%100 < 97 { // Seed leaves three of a hundred unpaid
				want++
			}
		}
		l := open(t, dir)
		sound(t, l)
		totals, err := l.Totals(t.Context(), c.day, c.day)
		var got int64
		for _, d := range totals {
			got += d.PaidCount
		}
		if err != nil || got != want {
			t.Errorf("%s %s: %d payments, %d in its hours (%v)", c.zone, c.day, got, want, err)
		}
	}
}
