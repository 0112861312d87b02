package db_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// asLedger lays a copy of a backup into a folder of its own and opens it there.
func asLedger(t *testing.T, backup string) *db.Ledger {
	t.Helper()
	dir := t.TempDir()
	copyTo(t, backup, filepath.Join(dir, db.FileName))
	return open(t, dir)
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// filesIn are the names in a folder.
func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		names = append(names, f.Name())
	}
	return names
}

// backup backs l up to a new file and returns it.
func backup(t *testing.T, l *db.Ledger) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBackupUnderLoad backs up while the counter sells, by its own ledger and by one opened for reading
// beside it. A copy holds every sale that was acknowledged before it was asked for.
func TestBackupUnderLoad(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	beside, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	var (
		mu   sync.Mutex
		sold []string
		all  sync.WaitGroup
		stop = make(chan struct{})
	)
	soldBy := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(sold)
	}
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				no := number()
				if err := l.Update(context.Background(), func(tx pos.Tx) error {
					if _, err := chargeNo(tx, no, 100); err != nil {
						return err
					}
					return settle(tx, no)
				}); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				sold = append(sold, no)
				mu.Unlock()
			}
		})
	}
	folder := t.TempDir()
	for i, from := range []*db.Ledger{l, beside, l} {
		for len(soldBy()) < 50*(i+1) && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		before := soldBy()
		path := filepath.Join(folder, string(rune('a'+i))+".db")
		if err := from.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Errorf("%v (%v)", info, err)
		}
		c := asLedger(t, path)
		found(t, c, before)
		sound(t, c)
	}
	close(stop)
	all.Wait()
	if names := filesIn(t, folder); !slices.Equal(names, []string{"a.db", "b.db", "c.db"}) {
		t.Errorf("there are %q", names)
	}
	sound(t, l)
}

func TestBackupRefusesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	sell(t, l, 100)
	other := filepath.Join(t.TempDir(), "other.db")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(filepath.Join(dir, db.FileName), link); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]pos.Code{
		other:                           pos.Conflict,
		link:                            pos.Conflict,
		filepath.Join(dir, db.FileName): pos.Conflict,
		dir + "/../" + filepath.Base(dir) + "/./" + db.FileName: pos.Conflict,
		filepath.Join(dir, db.FileName+"-journal"):              pos.Conflict,
		filepath.Join(dir, "no such folder", "x.db"):            pos.Setup,
	} {
		if err := l.Backup(t.Context(), path); pos.CodeOf(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "mine" {
		t.Errorf("%q (%v)", b, err)
	}
	sound(t, l)
}

func TestBackupThatFailsLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x.db")
	dir := t.TempDir()
	l := open(t, dir)
	sell(t, l, 100)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Backup(ended, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Backup(t.Context(), path); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("closed: %v", err)
	}
	spoil(t, dir, "payment")
	r, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Backup(t.Context(), path); err == nil {
		t.Error("a damaged ledger was backed up")
	}
	if names := filesIn(t, folder); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}

// spoil overwrites the root page of a table or an index in a closed ledger's file.
func spoil(t *testing.T, dir, name string) {
	t.Helper()
	d := raw(t, dir)
	var page, size int64
	if err := d.QueryRow(`SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?`, name).Scan(&page, &size); err != nil {
		t.Fatal(err)
	}
	mustExec(t, d, `PRAGMA wal_checkpoint(TRUNCATE)`)
	d.Close()
	f, err := os.OpenFile(filepath.Join(dir, db.FileName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xee}, int(size)), (page-1)*size); err != nil {
		t.Fatal(err)
	}
}

func TestBackupDaily(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	folder := filepath.Join(dir, "new", db.BackupFolder)
	noon := time.Date(2026, 1, 31, 23, 30, 0, 0, shop.TimeZone)
	daily := func(now time.Time, keep int, force bool, want ...string) {
		t.Helper()
		sell(t, l, 100)
		path, err := l.BackupDaily(t.Context(), folder, now, keep, force)
		if err != nil {
			t.Fatal(err)
		}
		names := filesIn(t, folder)
		if !slices.Equal(names, want) {
			t.Errorf("there are %q, want %q", names, want)
		}
		if path != "" && !slices.Contains(names, filepath.Base(path)) {
			t.Errorf("%s is not there", path)
		}
	}
	const a, b, c, d, e = "ledger-20260131-233000.db", "ledger-20260131-233001.db", "ledger-20260201-003000.db", "ledger-20260202-003000.db", "ledger-20260203-003000.db"
	daily(noon, 3, false, a)
	daily(noon.Add(20*time.Minute), 3, false, a) // the day has its backup
	daily(noon, 3, true, a, b)                   // in the same second
	daily(noon.Add(time.Hour), 3, false, b, c)   // of a day before its newest
	daily(noon.Add(25*time.Hour), 3, false, b, c, d)
	daily(noon.Add(26*time.Hour), 3, true, b, c, d, "ledger-20260202-013000.db") // it takes no other day's place
	others := []string{"ledger-2026.db", "mine.db", "replaced-ledger-20200101-000000.db", "z.tmp"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	daily(noon.Add(49*time.Hour), 1, false, slices.Sorted(slices.Values(append(others, e)))...)
	daily(noon, 0, true, slices.Sorted(slices.Values(append(others, a)))...) // never the one just made
	sound(t, asLedger(t, filepath.Join(folder, a)))
}

// TestBackupDailyTwiceAtOnce: what is outdated is so for each of several backups, and only one of them can delete it.
func TestBackupDailyTwiceAtOnce(t *testing.T) {
	l := open(t, t.TempDir())
	folder := t.TempDir()
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, shop.TimeZone)
	for day := range 200 {
		name := noon.AddDate(0, 0, -1-day).Format("ledger-20060102-150405.db")
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	want := make([]string, 4)
	for i := range want {
		now := noon.Add(time.Duration(i) * time.Minute)
		want[i] = now.Format("ledger-20060102-150405.db")
		all.Go(func() {
			if _, err := l.BackupDaily(t.Context(), folder, now, 1, true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if names := filesIn(t, folder); !slices.Equal(names, want) {
		t.Errorf("there are %q, want %q", names, want)
	}
}

func TestBackupDailyClearsUpAfterACrash(t *testing.T) {
	l := open(t, t.TempDir())
	folder := t.TempDir()
	const crashed, working = "ledger-20260130-120000.db.123.tmp", "ledger-20260131-120000.db.456.tmp"
	for _, name := range []string{crashed, crashed + "-journal", working} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(filepath.Join(folder, name), old, old); name != working && err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(folder, working), time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	path, err := l.BackupDaily(t.Context(), folder, time.Now(), 3, false)
	if err != nil {
		t.Fatal(err)
	}
	if names := filesIn(t, folder); len(names) != 2 || !slices.Contains(names, working) || !slices.Contains(names, filepath.Base(path)) {
		t.Errorf("there are %q", names)
	}
}

func TestInspectBackup(t *testing.T) {
	l := open(t, t.TempDir())
	if info, err := db.InspectBackup(t.Context(), backup(t, l)); err != nil || info.Counter != "" || !info.Last.IsZero() || info.Merchants != nil {
		t.Errorf("of nothing: %v (%v)", info, err)
	}
	before := time.Now().Truncate(time.Millisecond)
	sell(t, l, 100)
	if info, err := db.InspectBackup(t.Context(), backup(t, l)); err != nil || info.Last.Before(before) || info.Last.After(time.Now()) || info.Counter != "T1" {
		t.Errorf("%v (%v)", info, err)
	}
	if _, err := db.InspectBackup(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil || strings.Contains(err.Error(), "internal") {
		t.Errorf("of no file: %v", err)
	}
}
