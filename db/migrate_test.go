package db

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

func TestMigrations(t *testing.T) {
	dir := t.TempDir()
	markers := func() (n int, newest int64) {
		l, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := l.writer.conn.QueryRowContext(t.Context(), "SELECT count(*), max(at) FROM migration").Scan(&n, &newest); err != nil {
			t.Fatal(err)
		}
		return n, newest
	}
	files, err := migrationFiles()
	if err != nil {
		t.Fatal(err)
	}
	n, at := markers()
	again, sameAt := markers()
	if n != len(files) || again != n || sameAt != at {
		t.Errorf("steps %d at %d, then %d at %d, of %d", n, at, again, sameAt, len(files))
	}

	alter := func(statement string, args ...any) {
		d, err := connect(filepath.Join(dir, FileName), "_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(err error, word string) {
		t.Helper()
		if pos.CodeOf(err) != pos.Setup || !strings.Contains(err.Error(), word) {
			t.Errorf("%v, want a word about %s", err, word)
		}
	}
	alter("INSERT INTO migration VALUES (?, 'from the future', 1)", len(files)+1)
	_, err = Open(t.Context(), dir, Options{})
	refused(err, "newer")
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "newer")
	alter("DELETE FROM migration WHERE number >= ?", len(files))
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "older")
	alter("DROP TABLE migration")
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "older")
}

// TestHalfAStepIsNoStep breaks the last step and sees neither it nor its marker.
func TestHalfAStepIsNoStep(t *testing.T) {
	d, err := connect(filepath.Join(t.TempDir(), FileName), "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec("CREATE VIEW audit AS SELECT 1"); err != nil { // in the way of the first step
		t.Fatal(err)
	}
	if err := migrate(t.Context(), d, time.Now()); err == nil {
		t.Fatal("migrated over a broken step")
	}
	var left int
	if err := d.QueryRow("SELECT (SELECT count(*) FROM migration) + (SELECT count(*) FROM sqlite_schema WHERE name = 'orders')").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d things of a broken step are left (%v)", left, err)
	}
}
