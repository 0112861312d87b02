package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

func TestAnAuditFileIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	shop := pos.Shop{Counter: "K1", TimeZone: time.FixedZone("CST", 8*3600)}
	at := time.Date(2026, 1, 31, 16, 30, 0, 0, time.UTC)
	var broken error
	rows := func(yield func(pos.AuditRow, error) bool) {
		row := pos.AuditRow{Seq: 7, At: at, AuditEntry: pos.AuditEntry{Actor: "=王芳", Action: "sign_in"}, Hash: "ab12"}
		if yield(row, nil) && broken != nil {
			yield(pos.AuditRow{}, broken)
		}
	}
	file, err := writeAudit(dir, shop, rows, words.Zh, at)
	if err != nil || !strings.HasSuffix(file, "audit-K1-20260201-003000.csv") {
		t.Fatal(file, err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "7,2026-02-01 00:30:00.000,'=王芳,sign_in,") || !strings.Contains(string(text), "ab12") {
		t.Errorf("%q, %v", text, err)
	}
	broken = errors.New("the ledger went away")
	if _, err = writeAudit(dir, shop, rows, words.Zh, at.Add(time.Second)); pos.CodeOf(err) != pos.Invalid || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}
