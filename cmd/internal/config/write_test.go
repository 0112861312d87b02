package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestFilesAreWholeOrNotThere: whatever goes wrong, the old file stays and nothing is left beside it.
func TestFilesAreWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "day.csv")
	text := func(s string, then error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return errors.Join(err, then)
		}
	}
	holds := func(name, want string) {
		t.Helper()
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, not %q (%v)", name, got, want, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("in the folder: %v, %v", left, err)
		}
	}
	broken := errors.New("the disk is full")
	if err := CreateFile(path, text("half", broken)); !errors.Is(err, broken) {
		t.Errorf("a broken first one: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := CreateFile(path, text("one", nil)); err != nil {
		t.Fatal(err)
	}
	holds("day.csv", "one")
	if err := WriteFile(path, text("half", broken)); !errors.Is(err, broken) {
		t.Errorf("a broken second one: %v", err)
	}
	holds("day.csv", "one")
	if err := CreateFile(path, func(io.Writer) error { t.Error("made in vain"); return nil }); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	holds("day.csv", "one")
	if err := WriteFile(path, text("two", nil)); err != nil {
		t.Fatal(err)
	}
	holds("day.csv", "two")
	late := func(w io.Writer) error { // somebody takes the name meanwhile
		return errors.Join(os.WriteFile(path, []byte("theirs"), 0o600), text("mine", nil)(w))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(path, late); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name taken meanwhile: %v", err)
	}
	holds("day.csv", "theirs")
}
