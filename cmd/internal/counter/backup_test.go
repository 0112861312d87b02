package counter

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// backupsOf lists the names of the backups, oldest first.
func backupsOf(t *testing.T, c *Counter) (names []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.backups(), "*.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		names = append(names, filepath.Base(path))
	}
	return names
}

// TestDailyBackup follows the calendar through days with a cut-off at four.
func TestDailyBackup(t *testing.T) {
	dir, _ := newFolder(t)
	c := open(t, dir)
	defer c.Close()
	c.Shop.DayStartsAt = 4 * time.Hour
	c.Config.Backup.Keep = 3
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 5, 0, 0, c.Shop.TimeZone) }
	for _, step := range []struct {
		at  time.Time
		due bool
	}{
		{at(1, 12), true},
		{at(1, 13), false},
		{at(2, 3), false}, // still the day before
		{at(2, 5), true},
		{at(2, 23), false},
		{at(4, 1), true}, // of the 3rd
		{at(4, 9), true},
		{at(4, 10), false},
	} {
		if due := c.backupDue(step.at); due != step.due {
			t.Errorf("%s: due %v", step.at, due)
		}
		if step.due {
			c.backUp(t.Context(), step.at)
		}
	}
	want := "ledger-20260301-120500.db ledger-20260302-050500.db ledger-20260304-010500.db ledger-20260304-090500.db" // of three days
	if got := strings.Join(backupsOf(t, c), " "); got != want {
		t.Errorf("kept %s", got)
	}
}

// TestQuiet: a code on the screen is not a quiet moment.
func TestQuiet(t *testing.T) {
	dir, box := newFolder(t)
	c := open(t, dir)
	defer c.Close()
	quiet := func(want bool) {
		t.Helper()
		if got := c.quiet(t.Context()); got != want {
			t.Errorf("quiet %v", got)
		}
	}
	quiet(true)
	p, err := c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 100, Wallet: pos.WeChat, Cashier: "test"})
	if err != nil {
		t.Fatal(err)
	}
	quiet(false)
	if err := box.Pay(p.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Till.Check(t.Context(), p.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	quiet(true)
}

// TestBackupFails: sales go on, and the log says why there is none.
func TestBackupFails(t *testing.T) {
	dir, _ := newFolder(t)
	c := open(t, dir)
	defer c.Close()
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	if err := os.WriteFile(c.backups(), nil, 0o600); err != nil { // a file where the folder belongs
		t.Fatal(err)
	}
	if next := c.backUp(t.Context(), time.Now()); next != backupRetry || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("again in %s: %s", next, log.String())
	}
	if _, err := c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 100, Wallet: pos.WeChat, Cashier: "test"}); err != nil {
		t.Error(err)
	}
}

// TestRunBacksUp: a counter that runs makes today's backup, which is a ledger.
func TestRunBacksUp(t *testing.T) {
	dir, _ := newFolder(t)
	c := open(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	for end := time.Now().Add(slowly); len(backupsOf(t, c)) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no backup")
		}
	}
	cancel()
	if err := errors.Join(<-ended, c.Close()); err != nil {
		t.Fatal(err)
	}
	names := backupsOf(t, c)
	if len(names) != 1 {
		t.Fatalf("%v", names)
	}
	if _, err := db.InspectBackup(t.Context(), filepath.Join(c.backups(), names[0])); err != nil {
		t.Error(err)
	}
}

// TestRunKeepsGoodBackups runs a counter whose ledger has lost its audit chain: no backup of it takes the
// place of yesterday's.
func TestRunKeepsGoodBackups(t *testing.T) {
	dir, _ := newFolder(t)
	c := open(t, dir)
	if err := c.Ledger.Update(t.Context(), func(tx pos.Tx) error {
		return tx.Audit(pos.AuditEntry{Actor: "li", Action: "look", Subject: "drawer"})
	}); err != nil {
		t.Fatal(err)
	}
	good, err := c.Ledger.BackupDaily(t.Context(), c.backups(), time.Now().AddDate(0, 0, -1), 1, true)
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", filepath.Join(dir, db.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Exec("DROP TRIGGER audit_stays; DELETE FROM audit"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	c = open(t, dir)
	c.Config.Backup.Keep = 1
	told := make(chan error, 1)
	c.OnDamage(func(err error) { told <- err })
	run(t, c)
	select {
	case <-told:
	case <-time.After(slowly):
		t.Fatal("nobody found the damage")
	}
	if c.backupDue(time.Now()) {
		t.Error("another is due")
	}
	if names := backupsOf(t, c); len(names) != 1 || names[0] != filepath.Base(good) {
		t.Errorf("there are %q, not the good one, %s", names, filepath.Base(good))
	}
}
