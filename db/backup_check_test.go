package db

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"saoma/pos"
)

// TestCopyIsLookedThrough spoils copies as a bad disk would, before they get their name.
func TestCopyIsLookedThrough(t *testing.T) {
	l := openHere(t)
	for range 3 {
		if err := l.Update(t.Context(), func(tx pos.Tx) error {
			return tx.Audit(pos.AuditEntry{Actor: "li", Action: "charge", Subject: "X"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	end, err := l.head(t.Context())
	if err != nil || end.Seq != 3 {
		t.Fatal(end, err)
	}
	for name, statement := range map[string]string{
		"nothing":          "SELECT 1",
		"last row changed": "DROP TRIGGER audit_is_fixed; UPDATE audit SET detail = 'x' WHERE seq = 3",
		"last row gone":    "DROP TRIGGER audit_stays; DELETE FROM audit WHERE seq = 3",
		"page used twice":  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'orders_by_day') WHERE name = 'audit_of_subject'",
	} {
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.copyInto(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		d, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		d.SetMaxOpenConns(1)
		if _, err := d.Exec(statement); err != nil {
			t.Fatal(name, err)
		}
		d.Close()
		if err := checkCopy(t.Context(), path, end); (err != nil) != (name != "nothing") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRestoreOfAnOlderVersion restores a ledger made by the program of before, and refuses one of the
// program to come.
func TestRestoreOfAnOlderVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "older.db")
	d, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	files, err := migrationFiles()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec(`CREATE TABLE migration (
		number INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL) STRICT`); err != nil {
		t.Fatal(err)
	}
	if err := upgrade(t.Context(), d, files[:len(files)-1], 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Restore(t.Context(), path, dir, false); err != nil {
		t.Fatal(err)
	}
	l, err := OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if report, err := l.Verify(t.Context(), VerifyOptions{}); err != nil || !report.OK() {
		t.Error(report, err)
	}
	if err := upgrade(t.Context(), d, files, len(files)-1, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec("INSERT INTO migration VALUES (99, 'to come', 1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), path, t.TempDir(), false); pos.CodeOf(err) != pos.Setup {
		t.Errorf("of a newer version: %v", err)
	}
}
