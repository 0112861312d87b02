package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"saoma/db"
	"saoma/pos"
)

// Bounds of the ledger's surroundings.
const (
	lowDisk  = 2 << 30   // bytes; years of sales and thirty backups fit
	fullDisk = 200 << 20 // bytes; below this a backup may fail
	oldAfter = 48 * time.Hour
	lostFrom = 7 * 24 * time.Hour
)

func lookFolderOwner(_ context.Context, v *visit) *result {
	o, open, err := db.FolderOwner(v.o.Dir)
	host, _ := os.Hostname()
	switch {
	case err != nil:
		return warn(
			pos.Errorf(pos.Setup, "Whether a counter has the data folder open cannot be told.").Because(err),
			pos.Errorf(pos.Setup, "Run this as the user who runs the counter."),
		)
	case !open:
		return good(pos.Errorf(pos.Setup, "No program has the data folder open: the counter is closed."))
	case o.Host != "" && o.Host != host:
		return bad(
			pos.Errorf(pos.Setup, "Another computer, %s, has the data folder open: it lies on a network share, where a ledger is not safe.", o.Host),
			pos.Errorf(pos.Setup, "Give each counter a data folder on its own disk."),
		)
	case o.Program == "":
		return good(pos.Errorf(pos.Setup, "A program has the data folder open."))
	}
	return good(pos.Errorf(pos.Setup, "The counter is open: %s, process %d since %s.", o.Program, o.PID, o.Since))
}

// lookWritable writes a file, waits for the disk and takes it away again: only that shows a full or read-only disk.
func lookWritable(_ context.Context, v *visit) *result {
	dirs := []string{v.o.Dir}
	backups := filepath.Join(v.o.Dir, db.BackupFolder)
	if _, err := os.Stat(backups); err == nil {
		dirs = append(dirs, backups)
	}
	for _, dir := range dirs {
		f, err := os.CreateTemp(dir, ".doctor-*")
		if err == nil {
			_, err = f.Write(make([]byte, 64<<10))
			err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
		}
		if err != nil {
			return bad(
				pos.Errorf(pos.Setup, "The folder %s cannot be written.", dir).Because(err),
				pos.Errorf(pos.Setup, "See that its disk is neither full nor read-only and that it belongs to the user who runs the counter."),
			)
		}
	}
	return good(pos.Errorf(pos.Setup, "The data folder can be written, and the disk says so."))
}

func lookDiskSpace(_ context.Context, v *visit) *result {
	free, err := v.o.Machine.DiskFree(v.o.Dir)
	room := pos.Errorf(pos.Setup, "Make room on that disk, or move the data folder to a larger one.")
	switch mb := free >> 20; {
	case err != nil:
		return warn(
			pos.Errorf(pos.Setup, "How much room the disk has cannot be told.").Because(err),
			pos.Errorf(pos.Setup, "See that the data folder is there and on this computer's own disk."),
		)
	case free < fullDisk:
		return bad(pos.Errorf(pos.Setup, "The disk has only %d MB left; when it is full nothing can be charged.", mb), room)
	case free < lowDisk:
		return warn(pos.Errorf(pos.Setup, "The disk has only %d MB left.", mb), room)
	default:
		return good(pos.Errorf(pos.Setup, "The disk has %d MB left.", mb))
	}
}

func lookLedgerVersion(ctx context.Context, v *visit) *result {
	if _, err := v.book(ctx); err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Open the counter with this version of the program, or restore the last backup: saomactl restore FILE"))
	}
	return good(pos.Errorf(pos.Setup, "The ledger is of this program's version."))
}

// verify verifies the whole ledger, as saomactl verify does.
func (v *visit) verify(ctx context.Context) (*db.VerifyReport, error) {
	book, err := v.book(ctx)
	if err != nil {
		return nil, err
	}
	return v.report.get(func() (*db.VerifyReport, error) {
		report, err := book.Verify(ctx, db.VerifyOptions{})
		if err != nil && ctx.Err() != nil {
			return nil, errTooLarge
		}
		return report, err
	})
}

// errTooLarge: the ledger could not be verified while the doctor looks.
var errTooLarge = errors.New("no time")

// rules is the finding about some of the ledger's rules: those that is picks.
func (v *visit) rules(ctx context.Context, is func(name string) bool, kept *pos.Error) *result {
	if _, err := v.book(ctx); err != nil {
		return notMade(db.FileName)
	}
	report, err := v.verify(ctx)
	if errors.Is(err, errTooLarge) {
		return warn(
			pos.Errorf(pos.Unavailable, "The ledger is too large to be verified within seconds."),
			pos.Errorf(pos.Unavailable, "Verify it without hurry: saomactl verify"),
		)
	}
	if err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Keep the file as it is and verify it alone: saomactl verify"))
	}
	for _, c := range report.Checks {
		if is(c.Name) && c.Broken > 0 {
			return bad(
				pos.Errorf(pos.Damaged, "The ledger breaks the rule %s; broken rows: %d.", c.Name, c.Broken),
				pos.Errorf(pos.Damaged, "Keep the file as it is, see what is broken with saomactl verify, and call for help."),
			)
		}
	}
	return good(kept)
}

// What of the ledger's rules is about its file, and what about its history; all else is about money.
var (
	fileRules    = []string{"integrity", "schema", "durability", "references"}
	historyRules = []string{"audit chain", "audit states", "exceptions", "backups", "secrets"}
)

func lookIntegrity(ctx context.Context, v *visit) *result {
	return v.rules(ctx, func(name string) bool { return slices.Contains(fileRules, name) },
		pos.Errorf(pos.Setup, "The ledger's file is intact and written as it should be."))
}

func lookRules(ctx context.Context, v *visit) *result {
	return v.rules(ctx, func(name string) bool {
		return !slices.Contains(fileRules, name) && !slices.Contains(historyRules, name)
	},
		pos.Errorf(pos.Setup, "Every fen in the ledger has its payment or refund."))
}

func lookAuditChain(ctx context.Context, v *visit) *result {
	return v.rules(ctx, func(name string) bool { return slices.Contains(historyRules, name) },
		pos.Errorf(pos.Setup, "The audit chain is whole, and every backup is a part of it."))
}

func lookBackup(_ context.Context, v *visit) *result {
	make := pos.Errorf(pos.Setup, "Leave the counter open: it makes one each day. Or make one now: saomactl backup")
	entries, err := os.ReadDir(filepath.Join(v.o.Dir, db.BackupFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return bad(v.sentence(err), make)
	}
	var last time.Time
	for _, e := range entries {
		name := e.Name()
		if info, err := e.Info(); err == nil && strings.HasPrefix(name, "ledger-") && strings.HasSuffix(name, ".db") && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	age := v.o.Now().Sub(last)
	switch {
	case last.IsZero():
		return warn(pos.Errorf(pos.Setup, "There is no backup of the ledger yet."), make)
	case age > lostFrom:
		return bad(pos.Errorf(pos.Setup, "The last backup of the ledger is of %s.", v.day(last)), make)
	case age > oldAfter:
		return warn(pos.Errorf(pos.Setup, "The last backup of the ledger is of %s.", v.day(last)), make)
	}
	return good(pos.Errorf(pos.Setup, "The ledger was backed up on %s. A copy on another disk is safer still.", v.day(last)))
}
