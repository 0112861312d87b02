package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"saoma/pos"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrationFiles returns the names of the steps; number n is the n-th, counted from 1.
func migrationFiles() ([]string, error) { return fs.Glob(migrations, "migration/*.sql") }

// markers makes the table of the steps that were taken.
const markers = `CREATE TABLE IF NOT EXISTS migration (
		number INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL) STRICT`

// migrate brings the ledger up to date. upgrading is called first if there is anything to do in a ledger that is not new.
func migrate(ctx context.Context, d *sql.DB, now time.Time, upgrading func()) error {
	files, err := migrationFiles()
	if err != nil {
		return failure(err)
	}
	if _, err := d.ExecContext(ctx, markers); err != nil {
		return failure(err)
	}
	done, err := version(ctx, d)
	if err != nil {
		return err
	}
	if done > len(files) {
		return tooNew(done, len(files))
	}
	if done > 0 && done < len(files) && upgrading != nil {
		upgrading()
	}
	return upgrade(ctx, d, files, done, now)
}

// upgrade takes the steps of files after the first done of them, with their marker rows, in one transaction: a ledger
// that cannot take them all is left to the version of the program that it was of.
func upgrade(ctx context.Context, d *sql.DB, files []string, done int, now time.Time) error {
	if done == len(files) {
		return nil
	}
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	defer tx.Rollback() // after Commit it does nothing
	for n := done + 1; n <= len(files); n++ {
		if err := step(ctx, tx, n, files[n-1], now); err != nil {
			return notUpgraded(ctx, n, fmt.Errorf("%s: %w", files[n-1], err))
		}
	}
	if err := tx.Commit(); err != nil {
		return failure(err)
	}
	return nil
}

func step(ctx context.Context, tx *sql.Tx, n int, file string, now time.Time) error {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	name := strings.TrimSuffix(strings.TrimPrefix(file, "migration/"), ".sql")
	_, err = tx.ExecContext(ctx, "INSERT INTO migration (number, name, at) VALUES (?, ?, ?)", n, name, now.UnixMilli())
	return err
}

// notUpgraded is the error for a ledger that does not take step n: neither the machine nor the file is at fault.
func notUpgraded(ctx context.Context, n int, err error) error {
	if damaged(err) || !nonsense(ctx, err) {
		return failure(err)
	}
	return pos.Errorf(pos.Setup, "The ledger cannot be brought up to this version of the program (step %d). It is unharmed and as it was: go on with the version used before, and send whoever helps a support file (saomactl doctor --bundle FILE).", n).Because(err)
}

// version is the number of the last step the ledger has.
func version(ctx context.Context, d *sql.DB) (n int, err error) {
	if err := d.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) FROM migration").Scan(&n); err != nil {
		return 0, failure(err)
	}
	return n, nil
}

// checkVersion refuses a ledger that this program could misread.
func checkVersion(ctx context.Context, d *sql.DB) error {
	files, err := migrationFiles()
	if err != nil {
		return failure(err)
	}
	var markers int
	if err := d.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'").Scan(&markers); err != nil {
		return failure(err)
	}
	done := 0
	if markers > 0 {
		if done, err = version(ctx, d); err != nil {
			return err
		}
	}
	switch {
	case done > len(files):
		return tooNew(done, len(files))
	case done < len(files):
		return pos.Errorf(pos.Setup, "The ledger is of an older version of the program (step %d, this one needs %d); open the counter once to bring it up to date.", done, len(files))
	}
	return nil
}

func tooNew(done, known int) error {
	return pos.Errorf(pos.Setup, "The ledger is of a newer version of the program (step %d, this one knows %d); install the newer version.", done, known)
}
