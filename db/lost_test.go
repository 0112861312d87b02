package db_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// logAlone is a folder with the log of a ledger that was killed, and an empty file or none for the ledger.
func logAlone(t *testing.T, empty bool) string {
	t.Helper()
	dir, own := t.TempDir(), t.TempDir()
	l := open(t, dir)
	sell(t, l, 100)
	copyTo(t, filepath.Join(dir, db.FileName+"-wal"), filepath.Join(own, db.FileName+"-wal"))
	write(t, filepath.Join(own, "lock"), nil)
	if empty {
		write(t, filepath.Join(own, db.FileName), nil)
	}
	return own
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// refusesToOpen wants both ways of opening to name the ledger that is lost and to make nothing.
func refusesToOpen(t *testing.T, dir string) {
	t.Helper()
	before := filesIn(t, dir)
	for what, open := range map[string]func() (*db.Ledger, error){
		"open": func() (*db.Ledger, error) { return db.Open(t.Context(), dir, db.Options{}) },
		"read": func() (*db.Ledger, error) { return db.OpenReadOnly(t.Context(), dir) },
	} {
		l, err := open()
		if pos.CodeOf(err) != pos.Damaged || !strings.Contains(err.Error(), "saomactl restore FILE") {
			t.Errorf("%s: %v", what, err)
		}
		if err == nil {
			l.Close()
		}
	}
	if after := slices.DeleteFunc(filesIn(t, dir), func(n string) bool { return n == "lock" && !slices.Contains(before, n) }); !slices.Equal(before, after) {
		t.Errorf("there are %q, before %q", after, before)
	}
}

// TestOpenMissesTheLedger: where there has been a ledger, a new one does not begin in silence.
func TestOpenMissesTheLedger(t *testing.T) {
	for _, empty := range []bool{false, true} {
		dir, backup, before, after := shopWithBackup(t)
		path := filepath.Join(dir, db.FileName)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if empty {
			write(t, path, nil)
		}
		refusesToOpen(t, dir)
		restore(t, backup, dir, false)
		holds(t, dir, []string{before}, []string{after})

		refusesToOpen(t, logAlone(t, empty))

		replaced := t.TempDir()
		copyTo(t, backup, filepath.Join(replaced, "ledger-replaced-20260131-120000.db"))
		if empty {
			write(t, filepath.Join(replaced, db.FileName), nil)
		}
		refusesToOpen(t, replaced)

		bare := t.TempDir() // a new shop, and one whose first start ended before it began
		if empty {
			write(t, filepath.Join(bare, db.FileName), nil)
			write(t, filepath.Join(bare, db.FileName+"-wal"), nil)
		}
		sell(t, open(t, bare), 100)
	}
}

// TestRestoreOverALogAlone needs force, for sales may stand in the log, and keeps it.
func TestRestoreOverALogAlone(t *testing.T) {
	_, backup, before, after := shopWithBackup(t)
	for _, empty := range []bool{false, true} {
		dir := logAlone(t, empty)
		log, err := os.ReadFile(filepath.Join(dir, db.FileName+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, backup, dir, false, pos.Conflict, "--force")
		kept := restore(t, backup, dir, true)
		holds(t, dir, []string{before}, []string{after})
		if b, err := os.ReadFile(kept + "-wal"); err != nil || string(b) != string(log) {
			t.Errorf("%s-wal is not the log that was there (%v)", kept, err)
		}
	}
}

// TestRestoreEndsHalfway stops a restore over a ledger whose log is damaged while it removes what is
// there. Without its log that ledger would open as a sound one of before.
func TestRestoreEndsHalfway(t *testing.T) {
	_, backup, before, _ := shopWithBackup(t)
	dir, own := t.TempDir(), t.TempDir()
	l := open(t, dir)
	for range 3 {
		sell(t, l, 100)
	}
	path := filepath.Join(own, db.FileName)
	copyTo(t, filepath.Join(dir, db.FileName), path)
	copyTo(t, filepath.Join(dir, db.FileName+"-wal"), path+"-wal")
	flip(t, path+"-wal", 32+24+4096+100, 1)
	obstacle := path + "-shm"
	if err := os.MkdirAll(filepath.Join(obstacle, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept, err := db.Restore(t.Context(), backup, own, true)
	if pos.CodeOf(err) != pos.Setup || kept == "" {
		t.Fatalf("kept %q: %v", kept, err)
	}
	if err := os.RemoveAll(obstacle); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Fatalf("it ended too early to tell (%v)", err)
	}
	refusesToOpen(t, own)
	restore(t, backup, own, false) // the old one is kept already
	holds(t, own, []string{before}, nil)
}

// TestRestoreWithASecret restores what the counter goes on with: a secret on record is no damage.
func TestRestoreWithASecret(t *testing.T) {
	dir, _, before, after := shopWithBackup(t)
	unguarded(t, raw(t, dir), `INSERT INTO payment_log VALUES (99, 1, 'wechat', '', '', 'polled', 'unpaid', 0, CAST('-----BEGIN RSA PRIVATE KEY-----' AS BLOB))`)
	l := open(t, dir)
	if err := l.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, "secrets", "private key")
	file, fresh := backup(t, l), t.TempDir()
	restore(t, file, fresh, false)
	found(t, open(t, fresh), []string{before, after})
}

// TestBackupDailyOfADamagedLedger: it would push out the good ones.
func TestBackupDailyOfADamagedLedger(t *testing.T) {
	dir, good, _, _ := shopWithBackup(t)
	unguarded(t, raw(t, dir), `DELETE FROM entry`)
	for _, read := range []bool{false, true} {
		var l *db.Ledger
		var err error
		if read {
			l, err = db.OpenReadOnly(t.Context(), dir)
		} else {
			l, err = db.Open(t.Context(), dir, db.Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Dir(good)
		if path, err := l.BackupDaily(t.Context(), folder, time.Now(), 1, true); pos.CodeOf(err) != pos.Damaged || path != "" {
			t.Errorf("%q: %v", path, err)
		}
		if names := filesIn(t, folder); !slices.Equal(names, []string{filepath.Base(good)}) {
			t.Errorf("there are %q", names)
		}
		if err := l.Backup(t.Context(), filepath.Join(t.TempDir(), "evidence.db")); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
