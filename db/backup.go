package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// BackupFolder is the folder of a data folder that keeps its backups. Each of them anchors the audit
// chain: Verify wants to find all of it in the ledger.
const BackupFolder = "backups"

const (
	backupStamp = "20060102-150405"
	tempSuffix  = ".tmp"
	// staleAfter is how long a backup may take before what it left is taken for that of a crash.
	staleAfter = time.Hour
)

var (
	backupName = regexp.MustCompile(`^ledger-\d{8}-\d{6}\.db$`)
	staleName  = regexp.MustCompile(`^ledger-\d{8}-\d{6}\.db\.\d+\.tmp(-journal|-wal|-shm)?$`)
)

// Backup copies the ledger, as it is at one moment, to a new file at path, while the counter works and
// also from a ledger opened for reading only. The copy bears its name only when it has been looked
// through and is on disk. Where path exists already, the error is a Conflict and the file is left alone.
func (l *Ledger) Backup(ctx context.Context, path string) error {
	if err := l.mayWrite(path); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+tempSuffix) // readable by its owner only
	if err != nil {
		return unwritable(path, err)
	}
	temp := f.Name()
	defer os.Remove(temp) // after publish there is none
	if err := f.Close(); err != nil {
		return unwritable(path, err)
	}
	before, err := l.head(ctx)
	if err != nil {
		return err
	}
	if err := l.copyInto(ctx, temp); err != nil {
		return err
	}
	if err := checkCopy(ctx, temp, before); err != nil {
		return err
	}
	if err := l.mayWrite(path); err != nil { // somebody else may have been faster
		return err
	}
	if err := publish(temp, path); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// BackupDaily backs the ledger up into dir, which it makes where it is missing, as
// ledger-YYYYMMDD-HHMMSS.db by the clock and time zone of now, and deletes all but the newest of each of the newest
// keep days, and the last day's. It verifies the ledger before that: of a damaged one, which is a Damaged error, the backups
// before are worth more. It returns the new file's path, or "" where the day has a backup already and force does not
// ask for another. Files that are not named so are left alone, but for what a crashed backup left.
func (l *Ledger) BackupDaily(ctx context.Context, dir string, now time.Time, keep int, force bool) (path string, err error) {
	if err := makeFolder(dir); err != nil {
		return "", unwritable(dir, err)
	}
	names, err := backupsIn(dir)
	if err != nil {
		return "", err
	}
	today := now.Format("ledger-20060102-")
	if !force && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, today) }) {
		return "", nil
	}
	if err := l.Check(ctx); err != nil {
		return "", err
	}
	if err := removeStale(dir); err != nil {
		return "", err
	}
	path = freePath(dir, "ledger-", now)
	if err := l.Backup(ctx, path); err != nil {
		return "", err
	}
	for _, name := range outdated(append(names, filepath.Base(path)), keep) {
		if err := discard(dir, name); err != nil {
			return path, err
		}
	}
	return path, nil
}

// outdated are the backups, their names oldest first, that need not be kept: those of earlier days than the newest keep,
// and of each day before the last all but its newest. However often a day is closed, it takes no other's place.
func outdated(names []string, keep int) (old []string) {
	const day = len("ledger-20060102")
	days, later := 0, ""
	for i := len(names) - 1; i >= 0; i-- {
		of := names[i][:day]
		if of != later {
			days++
			later = of
		} else if days > 1 {
			old = append(old, names[i])
			continue
		}
		if days > max(keep, 1) {
			old = append(old, names[i])
		}
	}
	return old
}

// BackupInfo is what a backup says of itself.
type BackupInfo struct {
	Last    time.Time // when the ledger in it was last changed: of its last audit row, zero where it has none
	Counter string    // of its newest order, "" where it has none
	// Merchants are whose money it is about: of each wallet the merchant of its newest payment.
	Merchants []Merchant
}

// Merchant is who a wallet's payments are for.
type Merchant struct {
	Wallet pos.Wallet
	ID     string
}

// InspectBackup reads what the backup at path says of itself. The backup may be of an older version of the program: it
// reads only what the first step made, and its queries name no column that a later one adds.
func InspectBackup(ctx context.Context, path string) (info BackupInfo, err error) {
	l, err := openFile(path)
	if err != nil {
		return info, err
	}
	defer l.Close()
	err = l.view(ctx, func(t *tx) error {
		end, err := t.head()
		if err != nil {
			return err
		}
		info.Last = end.At
		counter, err := first(t, func(row scanner, s *string) error { return row.Scan(s) },
			`SELECT counter FROM orders ORDER BY id DESC LIMIT 1`)
		if counter != nil {
			info.Counter = *counter
		}
		if err != nil {
			return err
		}
		info.Merchants, err = list(t, func(row scanner, m *Merchant) error { return row.Scan(&m.Wallet, &m.ID) },
			`SELECT p.wallet, p.merchant_id FROM payment p WHERE p.id IN (SELECT max(id) FROM payment GROUP BY wallet)`)
		return err
	})
	return info, err
}

// mayWrite refuses a path that is taken, or that SQLite would take for a part of this ledger.
func (l *Ledger) mayWrite(path string) error {
	ledger := filepath.Join(l.dir, FileName)
	if sameFile(filepath.Dir(path), l.dir) && strings.HasPrefix(filepath.Base(path), FileName) {
		return pos.Errorf(pos.Conflict, "The backup %s would be a part of the ledger itself; choose another name.", path)
	}
	switch _, err := os.Lstat(path); {
	case err == nil && sameFile(path, ledger):
		return pos.Errorf(pos.Conflict, "The backup %s would be a part of the ledger itself; choose another name.", path)
	case err == nil:
		return pos.Errorf(pos.Conflict, "The file %s exists already and is not overwritten.", path)
	case !errors.Is(err, fs.ErrNotExist):
		return unwritable(path, err)
	}
	return nil
}

func unwritable(path string, err error) error {
	return pos.Errorf(pos.Setup, "The backup %s cannot be written.", path).Because(err)
}

// copyInto fills the empty file at path by a connection of its own: VACUUM reads one snapshot, keeps
// nobody from writing, and leaves out what is only space.
func (l *Ledger) copyInto(ctx context.Context, path string) error {
	pool, err := connect(filepath.Join(l.dir, FileName), "mode=ro")
	if err != nil {
		return err
	}
	defer pool.Close()
	abs, err := filepath.Abs(path)
	if err != nil {
		return unwritable(path, err)
	}
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", abs); err != nil {
		return failure(err)
	}
	return nil
}

// checkCopy looks through a fresh copy, which must hold the audit chain up to before.
func checkCopy(ctx context.Context, path string, before *AuditRow) error {
	l, err := openFile(path)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.view(ctx, func(t *tx) error {
		wrong, err := first(t, func(row scanner, s *string) error { return row.Scan(s) },
			`SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'`)
		if err != nil {
			return err
		}
		kept, err := t.has(before)
		if err != nil {
			return err
		}
		end, err := t.head()
		if err != nil {
			return err
		}
		if wrong != nil || !kept || !end.whole() {
			return pos.Errorf(pos.Internal, "The copy of the ledger is not sound and was thrown away; verify the ledger.").
				Because(fmt.Errorf("quick_check %v, row %d kept %v, row %d whole %v", wrong, before.Seq, kept, end.Seq, end.whole()))
		}
		return nil
	})
}

// backupsIn returns the names of the backups that BackupDaily made in dir, oldest first.
func backupsIn(dir string) ([]string, error) {
	found, err := os.ReadDir(dir) // in order of their names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, pos.Errorf(pos.Setup, "The folder %s cannot be read.", dir).Because(err)
	}
	var names []string
	for _, e := range found {
		if e.Type().IsRegular() && backupName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// removeStale deletes what backups left that never came to their end.
func removeStale(dir string) error {
	found, err := os.ReadDir(dir)
	if err != nil {
		return unwritable(dir, err)
	}
	for _, e := range found {
		if !staleName.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < staleAfter {
			continue // gone by now, or at work
		}
		if err := discard(dir, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// discard deletes a file that another backup at the same time may have deleted already.
func discard(dir, name string) error {
	if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(dir, err)
	}
	return nil
}
