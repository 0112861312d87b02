// Package db keeps a counter's ledger in one SQLite file: orders, payments, refunds, entries, the
// payment log, exceptions and the audit chain. It implements pos.Store. What is acknowledged is on
// disk, and the file itself refuses what must never happen, whatever program writes to it.
package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", pure Go

	"saoma/pos"
)

// FileName is the ledger's file in its data folder.
const FileName = "ledger.db"

// Options are what Open may be told. The zero value is right for a counter.
type Options struct {
	Now func() time.Time // nil: time.Now
	// Upgrading is called before an older ledger is brought up to date, which takes some 14 s for 550,000 orders; nil:
	// nobody is told. It must not block.
	Upgrading func()
}

// Ledger is an open ledger. It implements pos.Store; its methods may be called from any goroutine.
type Ledger struct {
	now    func() time.Time
	dir    string
	lock   *folderLock   // nil when read-only
	pool   *sql.DB       // the connections that only read
	spare  chan *session // readers not in use; nil ones are opened when taken
	writes *sql.DB       // the one connection that writes; nil when read-only
	writer *session
	jobs   chan *job     // unbuffered: who waits to be taken is the queue
	quit   chan struct{} // closed by Close
	idle   chan struct{} // closed when the writer has stopped
	ice    ice
	once   sync.Once
	err    error // of Close

	hashing sync.Mutex // one PIN at a time
}

// readers is how many connections read at the same time.
const readers = 4

// Open opens the ledger in dir for reading and writing and becomes dir's only owner until Close. It
// makes folder and ledger where there are none and brings an older ledger up to date. A folder in use
// by another process is a Conflict that says which. A damaged ledger is opened for reading only, see
// Damage; one that cannot even be read, or that is missing where there has been one, is a Damaged error.
func Open(ctx context.Context, dir string, o Options) (*Ledger, error) {
	if err := makeFolder(dir); err != nil {
		return nil, pos.Errorf(pos.Setup, "The data folder %s cannot be made.", dir).Because(err)
	}
	lock, err := lockFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, now: o.Now, lock: lock}
	if l.now == nil {
		l.now = time.Now
	}
	if err := l.open(ctx, o.Upgrading); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, upgrading func()) error {
	if err := lost(l.dir); err != nil {
		return err
	}
	path := filepath.Join(l.dir, FileName)
	if err := ownFile(path); err != nil {
		return pos.Errorf(pos.Setup, "The ledger %s cannot be opened.", path).Because(err)
	}
	err := l.openWriter(ctx, path, upgrading)
	if damage := damageIn(ctx, err); damage != nil {
		return l.openDamaged(ctx, path, damage)
	}
	if err != nil {
		return err
	}
	if err := l.openReaders(path); err != nil {
		return err
	}
	l.jobs, l.idle = make(chan *job), make(chan struct{})
	go l.write()
	return nil
}

// openWriter opens the one connection that writes, to a ledger that is found sound and brought up to date.
func (l *Ledger) openWriter(ctx context.Context, path string, upgrading func()) (err error) {
	if l.writes, err = connect(path, "_txlock=immediate", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"); err != nil {
		return err
	}
	l.writes.SetMaxOpenConns(1)
	log, err := checkLog(path) // before SQLite forgets what follows
	if err != nil {
		return failure(err)
	}
	if log.broken >= 0 {
		return breaks("integrity", log.damage())
	}
	if err := l.quickCheck(ctx, path); err != nil {
		return err
	}
	if err := migrate(ctx, l.writes, l.now(), upgrading); err != nil {
		return err
	}
	if l.writer, err = newSession(ctx, l.writes); err != nil {
		return failure(err)
	}
	if err := recordWriter(ctx, l.writer, l.now()); err != nil {
		return failure(err)
	}
	return nil
}

// lost refuses a folder whose ledger is missing or empty though it has had one, as the log of that, a
// backup or a replaced ledger shows: no new shop begins there in silence.
func lost(dir string) error {
	path := filepath.Join(dir, FileName)
	if size, err := sizeOf(path); err != nil || size > 0 {
		return nil // what may be wrong with it, opening it tells
	}
	log, err := sizeOf(path + "-wal")
	if err != nil {
		return pos.Errorf(pos.Setup, "The ledger %s cannot be opened.", path).Because(err)
	}
	backups, err := backupsIn(filepath.Join(dir, BackupFolder))
	if err != nil {
		return err
	}
	replaced, err := fs.Glob(os.DirFS(dir), keptPrefix+"*.db")
	if log > 0 || len(backups)+len(replaced) > 0 {
		return pos.Errorf(pos.Damaged, "The ledger %s is missing or empty, but there has been one: go on with a backup (saomactl restore FILE), or move the folder backups and every file ledger* away to begin a new shop.", path)
	}
	return err
}

// OpenReadOnly opens the ledger in dir for reading, beside a counter that has it open or not. It takes
// no lock and changes nothing; a ledger of another version than the program's is refused.
func OpenReadOnly(ctx context.Context, dir string) (*Ledger, error) {
	if err := lost(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, pos.Errorf(pos.Setup, "There is no ledger in %s yet; open the counter once to make it.", dir).Because(err)
	case err != nil:
		return nil, pos.Errorf(pos.Setup, "The ledger %s cannot be opened.", path).Because(err)
	}
	l := &Ledger{dir: dir, now: time.Now}
	if err := l.openReaders(path); err != nil {
		return nil, err
	}
	if err := checkVersion(ctx, l.pool); err != nil {
		if nonsense(ctx, err) {
			err = unreadable(path, err)
		}
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Ledger) openReaders(path string) (err error) {
	if l.pool, err = connect(path, "mode=ro", "query_only(1)"); err != nil {
		return err
	}
	l.quit = make(chan struct{})
	l.spare = make(chan *session, readers)
	for range readers {
		l.spare <- nil
	}
	return nil
}

// Close waits for the transaction under way, moves the write-ahead log into the ledger's file and
// gives the folder free. Calling it again returns the first call's error.
func (l *Ledger) Close() error {
	l.once.Do(func() { l.err = l.close() })
	return l.err
}

func (l *Ledger) close() error {
	if l.quit != nil {
		close(l.quit)
	}
	if l.idle != nil {
		<-l.idle
	}
	var errs []error
	if l.pool != nil {
		for range readers {
			if s := <-l.spare; s != nil {
				errs = append(errs, s.close())
			}
		}
		errs = append(errs, l.pool.Close())
	}
	errs = append(errs, l.closeWriter())
	if l.lock != nil {
		errs = append(errs, l.lock.release())
	}
	return errors.Join(errs...)
}

// closeWriter closes the connection that writes, if it is open, and moves the write-ahead log of a sound
// ledger into its file.
func (l *Ledger) closeWriter() error {
	var errs []error
	if l.writer != nil {
		if l.Damage() == nil {
			_, err := l.writer.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
			l.suspect(err) // else the disk is full: what stays in the log is as safe there
		}
		errs = append(errs, l.writer.close())
	}
	if l.writes != nil {
		errs = append(errs, l.writes.Close())
	}
	return errors.Join(errs...)
}

// connect prepares a pool of connections to the file at path. busyTimeout covers a reader that meets
// the recovery or checkpoint of another process.
func connect(path, parameter string, pragmas ...string) (*sql.DB, error) {
	const busyTimeout = "busy_timeout(5000)"
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The ledger %s cannot be opened.", path).Because(err)
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a drive letter
	}
	name := (&url.URL{Scheme: "file", Path: abs}).String() + "?_dqs=0&" + parameter
	for _, p := range append(pragmas, busyTimeout) {
		name += "&_pragma=" + p
	}
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, failure(err)
	}
	return pool, nil
}

// ownFile makes the file, if there is none, readable by its owner only; SQLite gives its companions
// the same permissions.
func ownFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	return cmp.Or(err, f.Close())
}

// recordWriter keeps on file how this writer runs, for those who verify the ledger from outside.
func recordWriter(ctx context.Context, s *session, now time.Time) error {
	var runs, recorded int
	if err := s.conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&runs); err != nil {
		return err
	}
	err := s.conn.QueryRowContext(ctx, "SELECT synchronous FROM writer").Scan(&recorded)
	if err == nil && recorded == runs {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	_, err = s.conn.ExecContext(ctx, `INSERT INTO writer (id, synchronous, at) VALUES (1, ?1, ?2)
		ON CONFLICT (id) DO UPDATE SET synchronous = ?1, at = ?2`, runs, now.UnixMilli())
	return err
}
