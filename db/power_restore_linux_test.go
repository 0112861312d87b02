package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saoma/db"
	"saoma/db/dbtest"
)

// TestPowerCutWhileRestoring cuts the power while the ledger is backed up and while a backup is restored.
// What bears the name of a backup or of the kept ledger must be whole, and the ledger the one or the other.
func TestPowerCutWhileRestoring(t *testing.T) {
	events := record(t, func(dir string) {
		c, _ := child(t, "power and restore", dir)
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	})
	figures := cutPower(t, events, dbtest.Rounds(200, 1<<30), (*powerCut).lookAtRestored)
	if !t.Failed() {
		dbtest.Figures(t, "power cuts while backing up and restoring: %s, 0 violations", figures)
	}
}

func (c *powerCut) lookAtRestored() error {
	dir := filepath.Join(c.dir, ledgerFolder)
	copies, err := c.soundCopies(dir)
	if err != nil {
		return err
	}
	// How many backups and kept ledgers there must be at least after so many remarks.
	if want := []int{0, 0, 1, 1, 2, 3}[c.told]; copies < want {
		return fmt.Errorf("%d backups and kept ledgers, want %d", copies, want)
	}
	l, err := db.Open(context.Background(), dir, db.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	have, err := count(dir)
	if err != nil {
		return err
	}
	restored := rows(powerScript()[:2])
	restored.add(tally{audit: 1})
	may := []tally{restored}
	if c.told < 5 {
		at := []int{0, 2, 2, 4, 4}[c.told] // what was told is there, of what follows any number of commits
		for may = nil; at <= 4; at++ {
			may = append(may, rows(powerScript()[:at]))
		}
		if c.told == 4 {
			may = append(may, restored)
		}
	}
	if !slices.Contains(may, have) {
		return fmt.Errorf("there is\n%+v, want one of\n%+v", have, may)
	}
	return broken(l)
}

// soundCopies opens every backup and kept ledger of the one in dir, and counts them.
func (c *powerCut) soundCopies(dir string) (n int, err error) {
	for path := range c.image {
		name := filepath.Base(path)
		if !strings.HasSuffix(name, ".db") || name == db.FileName {
			continue
		}
		n++
		alone := filepath.Join(c.dir, "alone "+name)
		err := os.Mkdir(alone, 0o700)
		if err == nil {
			err = os.WriteFile(filepath.Join(alone, db.FileName), c.image[path], 0o600)
		}
		if err != nil {
			return n, err
		}
		l, err := db.Open(context.Background(), alone, db.Options{})
		if err == nil {
			err = errors.Join(broken(l), l.Close())
		}
		if err != nil {
			return n, fmt.Errorf("%s: %w", path, err)
		}
	}
	return n, nil
}
