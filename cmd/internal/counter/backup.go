package counter

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"saoma/db"
	"saoma/pos"
)

// When the day's backup is made. It works beside a sale, so one that finds no quiet moment is made all the same.
const (
	backupLook  = 30 * time.Second // between two looks for a quiet moment
	backupLast  = 2 * time.Hour    // after this the counter is not waited for any more
	backupRetry = time.Hour        // after a failure
)

// backUpDaily makes one backup each business day, at the first quiet moment, until ctx ends. A failure is
// a line in the log: sales go on.
func (c *Counter) backUpDaily(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var since time.Time // when the backup fell due
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now, next := time.Now(), backupLook
		switch {
		case !c.backupDue(now):
			since = time.Time{}
		case since.IsZero():
			since = now
			fallthrough
		default:
			if c.quiet(ctx) || now.Sub(since) > backupLast {
				next = c.backUp(ctx, now)
			}
		}
		timer.Reset(next)
	}
}

// backupDue reports whether the newest backup is of another business day than now.
func (c *Counter) backupDue(now time.Time) bool {
	if c.Damage() != nil { // of a damaged ledger the backups before are worth more
		return false
	}
	files, err := os.ReadDir(c.backups())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	for _, f := range files {
		at, err := time.ParseInLocation("ledger-20060102-150405.db", f.Name(), c.Shop.TimeZone)
		if err == nil && c.Shop.Day(at) == c.Shop.Day(now) {
			return false
		}
	}
	return true
}

func (c *Counter) backups() string { return filepath.Join(c.Config.Dir, db.BackupFolder) }

// quiet reports whether no customer has a code before him.
func (c *Counter) quiet(ctx context.Context) bool {
	quiet := true
	err := c.Ledger.View(ctx, func(tx pos.Tx) error {
		list, err := tx.UnfinishedPayments()
		for _, p := range list {
			quiet = quiet && p.State == pos.Closing
		}
		return err
	})
	return err == nil && quiet
}

// backUp makes the backup and returns when to look again.
func (c *Counter) backUp(ctx context.Context, now time.Time) time.Duration {
	path, err := c.Ledger.BackupDaily(ctx, c.backups(), now.In(c.Shop.TimeZone), c.Config.Backup.Keep, true)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.Log.Warn("the daily backup could not be made", "error", err)
		return backupRetry
	default:
		c.Log.Info("the ledger is backed up", "file", path)
	}
	return backupLook
}
