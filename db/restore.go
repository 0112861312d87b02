package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"saoma/pos"
)

const (
	restoreFolder = "restore.tmp" // in the data folder: the new ledger while it is made
	keptPrefix    = "ledger-replaced-"
	asidePrefix   = "replaced-" // before the name of a backup that the restored ledger knows nothing of
)

// zoned tells a time so that nobody takes the machine's time zone for the shop's.
const zoned = time.DateTime + " -07:00"

// companions are what SQLite reads beside a ledger's file and as a part of it.
var companions = []string{"-wal", "-journal"}

// restoration is one Restore under way.
type restoration struct {
	backup, dir, path string  // path is the ledger's in dir
	work              string  // the folder in dir where the new ledger is made
	next              *Ledger // the new ledger
	held              *AuditRow
	present           *AuditRow // the end of the present ledger's audit chain
	unreadable        error     // why there is no present
}

// Restore puts a backup in the place of the ledger in dir, after it has been verified in full, and
// returns where the ledger that was there is kept, or "" if there was none. It needs the folder for
// itself. Where the present ledger holds anything that the backup does not, or cannot be read, it is a
// Conflict unless force is given. Killed at any moment it leaves the one ledger or the other.
//
// The restored ledger tells of it in its audit chain. Backups made of what it has forgotten no longer
// anchor it and get another name.
func Restore(ctx context.Context, backup, dir string, force bool) (kept string, err error) {
	if err := makeFolder(dir); err != nil {
		return "", pos.Errorf(pos.Setup, "The data folder %s cannot be made.", dir).Because(err)
	}
	lock, err := lockFolder(ctx, dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	r := restoration{backup: backup, dir: dir, path: filepath.Join(dir, FileName), work: filepath.Join(dir, restoreFolder)}
	if sameFile(backup, r.path) {
		return "", pos.Errorf(pos.Conflict, "The file %s is the ledger itself and not a backup of it.", backup)
	}
	defer os.RemoveAll(r.work)
	if err := r.rebuild(ctx); err != nil {
		return "", err
	}
	defer r.next.Close()
	if err := r.compare(ctx, force); err != nil {
		return "", err
	}
	if kept, err = r.keep(ctx); err != nil {
		return "", err
	}
	if err := r.record(ctx); err != nil {
		return kept, err
	}
	if err := r.setBackupsAside(ctx); err != nil {
		return kept, err
	}
	return kept, r.replace()
}

// rebuild makes a ledger of the backup in a folder of its own, where it is brought up to date, and
// verifies it.
func (r *restoration) rebuild(ctx context.Context) error {
	if info, err := os.Stat(r.backup); err == nil && info.Size() == 0 { // SQLite would make a new ledger of it
		return r.unsound(errors.New("it is empty"))
	}
	if err := errors.Join(os.RemoveAll(r.work), os.Mkdir(r.work, 0o700)); err != nil {
		return r.failed(err)
	}
	if err := copyLedger(r.backup, filepath.Join(r.work, FileName)); err != nil {
		return pos.Errorf(pos.Setup, "The backup %s cannot be read.", r.backup).Because(err)
	}
	next, err := Open(ctx, r.work, Options{})
	if err != nil {
		return r.unsound(err)
	}
	r.next = next
	report, err := next.Verify(ctx, VerifyOptions{Limit: 1})
	if err != nil {
		return r.unsound(err)
	}
	if c := report.damage(); c != nil {
		return r.unsound(fmt.Errorf("%s: %s", c.Name, c.Violations[0]))
	}
	r.held, err = next.head(ctx)
	return err
}

// unsound refuses the backup, but for the program's own age, which has its own sentence.
func (r *restoration) unsound(err error) error {
	if pos.CodeOf(err) == pos.Setup || errors.Is(err, context.Canceled) {
		return err
	}
	return pos.Errorf(pos.Conflict, "The file %s is not a sound ledger and is not restored.", r.backup).Because(err)
}

func (r *restoration) failed(err error) error {
	return pos.Errorf(pos.Setup, "The ledger in %s cannot be replaced.", r.dir).Because(err)
}

// compare refuses to lose, without force, what only the present ledger holds.
func (r *restoration) compare(ctx context.Context, force bool) error {
	if r.present, r.unreadable = presentHead(ctx, r.path); ctx.Err() != nil {
		return ctx.Err()
	}
	if force {
		return nil
	}
	if r.unreadable != nil {
		return pos.Errorf(pos.Conflict, "The present ledger cannot be read, so what would be lost with it is not known; --force replaces it all the same and keeps the old file.").Because(r.unreadable)
	}
	held, err := r.next.holds(ctx, r.present)
	if err == nil && !held {
		return pos.Errorf(pos.Conflict, "The present ledger was changed at %s, after the backup or apart from it; --force replaces it all the same and keeps the old file.",
			r.present.At.Format(zoned))
	}
	return err
}

// presentHead is the end of the audit chain of the ledger at path: row 0 where there is no ledger or
// nothing in it yet. It leaves a damaged ledger as it is, which SQLite does not where it may write.
func presentHead(ctx context.Context, path string) (end *AuditRow, err error) {
	size, err := sizeOf(path)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		if log, err := sizeOf(path + "-wal"); err != nil || log > 0 {
			return nil, cmp.Or(err, errors.New("of the ledger only its log is there"))
		}
		return &AuditRow{}, nil
	}
	switch log, err := checkLog(path); {
	case err != nil:
		return nil, err
	case log.broken >= 0:
		return nil, log.damage()
	}
	return headOf(ctx, path)
}

// keep copies the present ledger, if there is one, to a file of another name.
func (r *restoration) keep(ctx context.Context) (kept string, err error) {
	_, err = os.Stat(r.path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && r.unreadable == nil:
		return "", nil
	case missing: // its log is there and is kept beside an empty file
		if err := ownFile(r.path); err != nil {
			return "", r.failed(err)
		}
	case r.unreadable == nil:
		if err := oneFile(ctx, r.path); err != nil {
			return "", err
		}
	}
	kept = freePath(r.dir, keptPrefix, time.Now())
	if err := copyLedger(r.path, kept); err != nil {
		return "", r.failed(err)
	}
	return kept, nil
}

// record adds the audit row that tells of the restoration.
func (r *restoration) record(ctx context.Context) error {
	detail := fmt.Sprintf("row %d %x", r.held.Seq, r.held.hash)
	if r.present != nil {
		detail += fmt.Sprintf(", in place of row %d %x", r.present.Seq, r.present.hash)
	}
	return r.next.Update(ctx, func(t pos.Tx) error {
		return t.Audit(pos.AuditEntry{Actor: "restore", Action: "restore", Subject: filepath.Base(r.backup), Detail: detail})
	})
}

// setBackupsAside renames the kept backups that the new ledger does not contain.
func (r *restoration) setBackupsAside(ctx context.Context) error {
	dir := filepath.Join(r.dir, BackupFolder)
	names, err := backupsIn(dir)
	if err != nil || len(names) == 0 {
		return err
	}
	for _, name := range names {
		end, err := headOf(ctx, filepath.Join(dir, name))
		if err != nil {
			continue // it anchors nothing, and Verify goes on telling that it cannot be read
		}
		held, err := r.next.holds(ctx, end)
		if err != nil {
			return err
		}
		if held {
			continue
		}
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, asidePrefix+name)); err != nil {
			return r.failed(err)
		}
	}
	if err := syncFile(dir); err != nil { // before the ledger that they would contradict is there
		return r.failed(err)
	}
	return nil
}

// replace lets the new ledger take the present one's name. What SQLite would read as a part of it goes
// first: of a sound ledger there is nothing, of another it is kept with its copy. Such a ledger goes before
// its log, for without that it may pass for a sound one of before; lost keeps the folder until a next try.
func (r *restoration) replace() error {
	next := filepath.Join(r.work, FileName)
	if err := r.next.Close(); err != nil {
		return r.failed(err)
	}
	if r.unreadable != nil {
		if err := r.remove(""); err != nil {
			return r.failed(err)
		}
	}
	if err := r.remove(append(companions, "-shm")...); err != nil {
		return r.failed(err)
	}
	if err := publish(next, r.path); err != nil {
		return r.failed(err)
	}
	return nil
}

// remove removes the present ledger's files of these suffixes that are there.
func (r *restoration) remove(suffixes ...string) error {
	for _, suffix := range suffixes {
		if err := os.Remove(r.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncFile(r.dir)
}

// oneFile moves everything of a sound ledger into its file; this needs that nobody else reads it.
func oneFile(ctx context.Context, path string) error {
	pool, err := connect(path, "mode=rw")
	if err != nil {
		return err
	}
	defer pool.Close()
	var mode string
	if err := pool.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode); err != nil {
		return failure(err)
	}
	if mode != "delete" {
		return pos.Errorf(pos.Unavailable, "Another program holds the ledger; close it and try again.")
	}
	return nil
}

// copyLedger copies a ledger's file and its companions, which come first: the file is whole when it is
// there.
func copyLedger(from, to string) error {
	for _, suffix := range companions {
		if err := copyFile(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return copyFile(from, to)
}
