package main

import (
	"os"
	"path/filepath"
	"testing"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/setup"
	"saoma/db"
	flow "saoma/pos/setup"
)

// TestWhoseFolder tells the folders that the assistant opens from those that the counter does.
func TestWhoseFolder(t *testing.T) {
	write := func(dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !unfinished(filepath.Join(t.TempDir(), "none")) || !unfinished(t.TempDir()) {
		t.Error("a new folder is not the assistant's")
	}
	lost := t.TempDir()
	write(lost, db.FileName, "a ledger")
	if unfinished(lost) {
		t.Error("a shop that has lost its saoma.toml is taken for a new one")
	}
	broken := t.TempDir()
	write(broken, config.FileName, "[shop\n")
	if unfinished(broken) {
		t.Error("a broken saoma.toml is taken for a new shop's")
	}
	dir := filepath.Join(t.TempDir(), "shop")
	a, err := setup.New(dir, setup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r := resumable{a, dir}
	if err := r.Keep(t.Context(), flow.Shop, flow.Values{}); err == nil || exists(dir, unfinishedName) {
		t.Errorf("nothing was kept, %v, and yet the set-up has begun", err)
	}
	shop := flow.Values{"shop.name": "老街茶馆", "shop.counter": "K1", "shop.timezone": "Asia/Shanghai", "shop.day_starts_at": "04:00"}
	if err := r.Keep(t.Context(), flow.Shop, shop); err != nil {
		t.Fatal(err)
	}
	if !unfinished(dir) || !exists(dir, unfinishedName) {
		t.Error("a set-up that was left in the middle is not taken up again")
	}
	for range 2 { // a second time changes nothing
		if err := finish(dir); err != nil || exists(dir, unfinishedName) {
			t.Errorf("finished: %v", err)
		}
	}
	if !unfinished(dir) {
		t.Error("a counter without any wallet opens")
	}
}
