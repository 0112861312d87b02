package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"saoma/db"
	"saoma/pos"
)

// backedUp is what backup prints.
type backedUp struct {
	Event     string    `json:"event"`
	File      string    `json:"file"`
	Bytes     int64     `json:"bytes"`
	LastEntry time.Time `json:"last_entry,omitzero"` // when the ledger in it was last changed
}

// backup copies the ledger into a file, beside a running counter or without one.
func (a *app) backup(ctx context.Context, f *flags, args []string) error {
	arguments, err := f.parseSome(args, 0, 1)
	if err != nil || a.asked(f) {
		return err
	}
	if len(arguments) == 1 {
		if err := newFile(arguments[0]); err != nil {
			return err
		}
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	var path string
	if len(arguments) == 1 {
		path = arguments[0]
		err = ledger.Backup(ctx, path)
	} else {
		path, err = ledger.BackupDaily(ctx, filepath.Join(cfg.Dir, db.BackupFolder), time.Now().In(cfg.Shop.TimeZone), cfg.Backup.Keep, true)
	}
	if err != nil {
		return err
	}
	return a.tellBackup(ctx, path, cfg.Shop.TimeZone)
}

func (a *app) tellBackup(ctx context.Context, path string, zone *time.Location) error {
	file, err := os.Stat(path)
	if err != nil {
		return err
	}
	info, err := db.InspectBackup(ctx, path)
	if err != nil {
		return err
	}
	a.emit(backedUp{"backup", path, file.Size(), at(info.Last, zone)},
		a.lang.T("The ledger is backed up to %s (%d bytes, last entry %s).", path, file.Size(), clock(info.Last, zone)))
	return nil
}

// newFile refuses a name that is taken or whose folder is not there.
func newFile(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return pos.Errorf(pos.Invalid, "FILE %s exists already, and nothing is overwritten; choose another name.", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return pos.Errorf(pos.Invalid, "FILE %s would lie in a folder that does not exist; make the folder first.", path)
	}
	return nil
}
