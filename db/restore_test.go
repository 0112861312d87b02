package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// shopWithBackup is a closed ledger with a sale, a backup of it in its own folder, and a sale after that.
func shopWithBackup(t *testing.T) (dir, backup, before, after string) {
	t.Helper()
	dir = t.TempDir()
	l := open(t, dir)
	before = sell(t, l, 100)
	backup, err := l.BackupDaily(t.Context(), filepath.Join(dir, db.BackupFolder), time.Now(), 9, false)
	if err != nil {
		t.Fatal(err)
	}
	after = sell(t, l, 200)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, backup, before, after
}

// holds opens the ledger in dir, wants it sound, with these payments and without those.
func holds(t *testing.T, dir string, with, without []string) {
	t.Helper()
	l := open(t, dir)
	found(t, l, with)
	view(t, l, func(tx pos.Tx) error {
		for _, no := range without {
			if _, err := tx.Payment(no); pos.CodeOf(err) != pos.NotFound {
				t.Errorf("%s is there (%v)", no, err)
			}
		}
		return nil
	})
	sound(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// restore wants Restore to succeed and returns the kept file.
func restore(t *testing.T, backup, dir string, force bool) string {
	t.Helper()
	kept, err := db.Restore(t.Context(), backup, dir, force)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// refuses wants Restore to fail so and to leave the ledger as it was, and nothing beside it.
func refuses(t *testing.T, backup, dir string, force bool, code pos.Code, words string) {
	t.Helper()
	state := func() (string, []string) {
		b, _ := os.ReadFile(filepath.Join(dir, db.FileName)) // there may be none
		log, _ := os.ReadFile(filepath.Join(dir, db.FileName+"-wal"))
		names := slices.DeleteFunc(filesIn(t, dir), func(n string) bool { return strings.HasSuffix(n, "-shm") || strings.HasSuffix(n, "-wal") })
		return string(b) + string(log), names
	}
	content, names := state()
	kept, err := db.Restore(t.Context(), backup, dir, force)
	if pos.CodeOf(err) != code || !strings.Contains(err.Error(), words) || kept != "" {
		t.Errorf("%s: %v, kept %q", filepath.Base(backup), err, kept)
	}
	if c, n := state(); c != content || !slices.Equal(n, names) {
		t.Errorf("the folder has changed: %q, before %q", n, names)
	}
}

func TestRestoreIntoAnEmptyFolder(t *testing.T) {
	_, backup, before, after := shopWithBackup(t)
	dir := filepath.Join(t.TempDir(), "new", "till")
	if kept := restore(t, backup, dir, false); kept != "" {
		t.Errorf("kept %s", kept)
	}
	if names := filesIn(t, dir); !slices.Equal(names, []string{db.FileName, "lock"}) {
		t.Errorf("there are %q", names)
	}
	r, err := db.OpenReadOnly(t.Context(), dir) // even before the counter is opened
	if err != nil {
		t.Fatal(err)
	}
	sound(t, r)
	if trail, err := r.AuditTrail(t.Context(), filepath.Base(backup)); err != nil || len(trail) != 1 || trail[0].Action != "restore" {
		t.Errorf("%v (%v)", trail, err)
	}
	r.Close()
	holds(t, dir, []string{before}, []string{after})
}

// TestRestoreForward puts a backup in the place of a ledger that has less.
func TestRestoreForward(t *testing.T) {
	dir, first, before, after := shopWithBackup(t)
	l := open(t, dir)
	second := backup(t, l)
	l.Close()
	old := t.TempDir()
	copyTo(t, first, filepath.Join(old, db.FileName))
	kept := restore(t, second, old, false)
	holds(t, old, []string{before, after}, nil)
	rest := t.TempDir()
	copyTo(t, kept, filepath.Join(rest, db.FileName))
	holds(t, rest, []string{before}, []string{after})
}

// TestRestoreBack loses a sale on purpose, and gets it back from the file that was kept.
func TestRestoreBack(t *testing.T) {
	dir, backup, before, after := shopWithBackup(t)
	refuses(t, backup, dir, false, pos.Conflict, "--force")
	holds(t, dir, []string{before, after}, nil)
	l := open(t, dir)
	newer, err := l.BackupDaily(t.Context(), filepath.Join(dir, db.BackupFolder), time.Now(), 9, true)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	kept := restore(t, backup, dir, true)
	holds(t, dir, []string{before}, []string{after})
	if names := filesIn(t, filepath.Join(dir, db.BackupFolder)); !slices.Equal(names, []string{filepath.Base(backup), "replaced-" + filepath.Base(newer)}) {
		t.Errorf("there are %q", names)
	}
	refuses(t, kept, dir, false, pos.Conflict, "--force") // the ledger has had the audit row of its restoration
	if again := restore(t, kept, dir, true); again == kept {
		t.Errorf("the kept ledger %s was overwritten", kept)
	}
	holds(t, dir, []string{before, after}, nil)
}

func TestRestoreRefusesAnotherLedger(t *testing.T) {
	dir, _, before, after := shopWithBackup(t)
	_, foreign, _, _ := shopWithBackup(t)
	refuses(t, foreign, dir, false, pos.Conflict, "apart from it")
	refuses(t, filepath.Join(dir, db.FileName), dir, true, pos.Conflict, "the ledger itself")
	holds(t, dir, []string{before, after}, nil)
}

func TestRestoreNeedsTheFolderForItself(t *testing.T) {
	dir, backup, _, _ := shopWithBackup(t)
	l := open(t, dir)
	if _, err := db.Restore(t.Context(), backup, dir, true); pos.CodeOf(err) != pos.Conflict || !strings.Contains(err.Error(), "the counter is open") {
		t.Errorf("beside a counter: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	view(t, r, func(pos.Tx) error {
		_, err := db.Restore(t.Context(), backup, dir, true)
		if pos.CodeOf(err) != pos.Unavailable {
			t.Errorf("beside a reader: %v", err)
		}
		return nil
	})
	sound(t, r)
}

func TestRestoreRefusesWhatIsNotSound(t *testing.T) {
	dir, backup, before, after := shopWithBackup(t)
	folder := t.TempDir()
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":           {},
		"no ledger":       []byte(strings.Repeat("not a ledger ", 1000)),
		"cut off":         whole[:len(whole)/2],
		"a page of 0xee":  slices.Concat(whole[:8192], bytes.Repeat([]byte{0xee}, 4096), whole[12288:]),
		"one byte flips":  bytes.Replace(whole, []byte("T1"+before[2:]), []byte("T1"+before[2:len(before)-1]+"X"), 1),
		"audit row wrong": bytes.Replace(whole, []byte("tillsettle"), []byte("tallsettle"), 1),
	} {
		path := filepath.Join(folder, name)
		if bytes.Equal(content, whole) {
			t.Fatal(name, "is not broken")
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, path, dir, true, pos.Conflict, "not a sound ledger")
	}
	refuses(t, filepath.Join(folder, "missing"), dir, true, pos.Setup, "cannot be read")
	holds(t, dir, []string{before, after}, nil)
}

// TestRestoreOverALedgerThatCannotBeRead needs force, because nobody knows what is lost.
func TestRestoreOverALedgerThatCannotBeRead(t *testing.T) {
	dir, backup, before, after := shopWithBackup(t)
	garbage, log := bytes.Repeat([]byte("garbage "), 1000), bytes.Repeat([]byte("not a log "), 1000)
	path := filepath.Join(dir, db.FileName)
	for name, content := range map[string][]byte{path: garbage, path + "-wal": log} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, backup, dir, false, pos.Conflict, "cannot be read")
	kept := restore(t, backup, dir, true)
	holds(t, dir, []string{before}, []string{after})
	for name, content := range map[string][]byte{kept: garbage, kept + "-wal": log} {
		if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, content) {
			t.Errorf("%s is not what was there (%v)", name, err)
		}
	}
}

// TestRestoreTakesTheLogAlong restores a ledger as a crash left it: its last sales are in the log only.
func TestRestoreTakesTheLogAlong(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	no := sell(t, l, 100)
	crashed := filepath.Join(t.TempDir(), "crashed.db")
	copyTo(t, filepath.Join(dir, db.FileName), crashed)
	copyTo(t, filepath.Join(dir, db.FileName+"-wal"), crashed+"-wal")
	fresh := t.TempDir()
	restore(t, crashed, fresh, false)
	holds(t, fresh, []string{no}, nil)
}

func TestRestoreIsCancelled(t *testing.T) {
	dir, backup, before, after := shopWithBackup(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Restore(ended, backup, dir, true); err == nil {
		t.Error("it was not")
	}
	holds(t, dir, []string{before, after}, nil)
}

// TestVerifyFindsARollback puts an older file in the ledger's place, as somebody would to hide a sale,
// with no rule of the file itself broken.
func TestVerifyFindsARollback(t *testing.T) {
	dir, first, _, _ := shopWithBackup(t)
	l := open(t, dir)
	newest, err := l.BackupDaily(t.Context(), filepath.Join(dir, db.BackupFolder), time.Now(), 9, true)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, l)
	l.Close()
	copyTo(t, first, filepath.Join(dir, db.FileName))
	l = open(t, dir)
	expect(t, dir, "backups", filepath.Base(newest)+": row")
	for range 3 {
		sell(t, l, 300) // more rows than were cut off, but others
	}
	expect(t, dir, "backups", filepath.Base(newest)+": row")
}

func TestVerifyReadsTheBackups(t *testing.T) {
	dir, backup, _, _ := shopWithBackup(t)
	d, err := sql.Open("sqlite", backup)
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	unguarded(t, d, `UPDATE audit SET actor = 'nobody' WHERE seq = (SELECT max(seq) FROM audit)`)
	d.Close()
	open(t, dir) // makes the log again
	expect(t, dir, "backups", filepath.Base(backup)+": row 3 of its audit chain is not what was written")
	if err := os.WriteFile(backup, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, "backups", filepath.Base(backup)+": cannot be read")
}
