package db_test

import (
	"os"
	"testing"

	"saoma/db"
)

func TestFolderOwner(t *testing.T) {
	dir := t.TempDir()
	if _, open, err := db.FolderOwner(dir); open || err != nil {
		t.Errorf("a new folder: open %v, %v", open, err)
	}
	l, err := db.Open(t.Context(), dir, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o, open, err := db.FolderOwner(dir); !open || err != nil || o.PID != os.Getpid() || o.Since == "" {
		t.Errorf("an open folder: %+v, open %v, %v", o, open, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, open, err := db.FolderOwner(dir); open || err != nil {
		t.Errorf("after Close: open %v, %v", open, err)
	}
	if l, err = db.Open(t.Context(), dir, db.Options{}); err != nil {
		t.Fatalf("after looking: %v", err)
	}
	_ = l.Close()
}
