package db_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"saoma/db"
	"saoma/db/dbtest"
)

// powerCut is one image to be looked at.
type powerCut struct {
	after int   // how many events
	event event // the last of them
	loss  loss
	seed  uint64
	told  int               // how many remarks there were before
	image map[string][]byte // each file's content by its path; folders end in a slash
	dir   string            // where it is stored
}

// TestPowerCut sells on a file system that notes every write and sync, and cuts the power after each of
// them, in several ways. Every commit acknowledged before must be there and nothing of a later one but
// the next, and that in full.
func TestPowerCut(t *testing.T) {
	events := record(t, func(dir string) {
		c, _ := child(t, "power", dir)
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	})
	script := powerScript()
	acknowledged := slices.DeleteFunc(slices.Clone(events), func(e event) bool { return e.op != remark })
	if len(acknowledged) != len(script) {
		t.Fatalf("the script was told of %d commits, it has %d", len(acknowledged), len(script))
	}
	figures := cutPower(t, events, dbtest.Rounds(500, 1<<30), func(c *powerCut) error { return c.look(script) })
	if !t.Failed() {
		dbtest.Figures(t, "power cuts: %s, of %d commits for %d orders, 0 violations", figures, len(script), powerOrders)
	}
}

// cutPower cuts the power after every event in several ways, or at as many of these cuts as limit says,
// and has every image looked at. Where there is room, the cuts that lose all after a turn are among them;
// the others are chosen at random. It returns what it did.
func cutPower(t *testing.T, events []event, limit int, look func(*powerCut) error) (figures string) {
	t.Helper()
	ways := []loss{loseAll, loseNone}
	for range dbtest.Rounds(1, 2) {
		ways = append(ways, loseTail, loseAny)
	}
	points, strict := 0, 0
	for _, e := range events {
		if e.op != remark {
			points++
		}
		if e.turns() {
			strict++
		}
	}
	cuts := make(chan *powerCut)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for c := range cuts {
				if t.Failed() {
					continue // one violation tells enough
				}
				if err := c.store(t); err != nil {
					t.Error(err)
				} else if err := look(c); err != nil {
					t.Errorf("%s: %v", c, err)
				}
				os.RemoveAll(c.dir)
			}
		})
	}
	if strict > limit {
		strict = 0 // none of them is sure of its place then
	}
	every := points * len(ways)
	left, wanted, tried := every-strict, min(limit, every)-strict, 0
	d, told := newDisk(), 0
	for i, e := range events {
		if e.op == remark {
			told++
			continue
		}
		d.do(e)
		for _, way := range ways {
			if way != loseAll || !e.turns() || strict == 0 {
				chosen := rand.IntN(left) < wanted // each is as likely as any other
				if left--; !chosen {
					continue
				}
				wanted--
			}
			seed := rand.Uint64()
			image := d.cut(way, rand.New(rand.NewPCG(seed, 0)))
			cuts <- &powerCut{after: i + 1, event: e, loss: way, seed: seed, told: told, image: image}
			tried++
		}
	}
	close(cuts)
	all.Wait()
	return fmt.Sprintf("%d of %d (%d writes, truncations, syncs and changes of names, %d ways each)", tried, every, points, len(ways))
}

// turns reports whether e decides what a power cut leaves, as every sync and every change of a name does.
func (e event) turns() bool { return e.op != writeBytes && e.op != truncateTo && e.op != remark }

func (c *powerCut) String() string {
	return fmt.Sprintf("power cut after event %d (%d in node %d, name %q, %d bytes at %d), losing %s, seed %d, %d remarks",
		c.after, c.event.op, c.event.node, c.event.name, len(c.event.data), c.event.at, c.loss, c.seed, c.told)
}

// store writes the image to a folder. Where there can be one, the shared memory of before the power cut
// is there too, with no sense in it.
func (c *powerCut) store(t *testing.T) (err error) {
	base := "/dev/shm" // there is nothing to sync here
	if _, err := os.Stat(base); err != nil {
		base = t.TempDir()
	}
	if c.dir, err = os.MkdirTemp(base, "saoma-power-"); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.image)) { // folders come before what is in them
		path := filepath.Join(c.dir, name)
		if strings.HasSuffix(name, "/") {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, c.image[name], 0o600)
		}
		if err == nil && c.loss == loseAny && filepath.Base(name) == db.FileName {
			err = os.WriteFile(path+"-shm", bytes.Repeat([]byte{0xa5}, 1<<15), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// look opens the ledger that the power cut left, as the counter does when the power is back.
func (c *powerCut) look(script []commit) error {
	dir := filepath.Join(c.dir, ledgerFolder)
	l, err := db.Open(context.Background(), dir, db.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	have, err := count(dir)
	if err != nil {
		return err
	}
	done := c.told
	if done < len(script) && have == rows(script[:done+1]) {
		done++ // that was on disk, but nobody was told yet
	}
	if want := rows(script[:done]); have != want {
		return fmt.Errorf("there is\n%+v, want\n%+v", have, want)
	}
	if done < len(script) { // the counter goes on
		if err := l.Update(context.Background(), script[done].do); err != nil {
			return err
		}
	}
	return broken(l)
}

// broken is what Verify finds, as an error.
func broken(l *db.Ledger) error {
	report, err := l.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		return err
	}
	for _, check := range report.Checks {
		if check.Broken > 0 {
			return fmt.Errorf("%s: %q", check.Name, check.Violations)
		}
	}
	return l.Damage()
}

// count is what there is in the ledger in dir.
func count(dir string) (have tally, err error) {
	d, err := sql.Open("sqlite", filepath.Join(dir, db.FileName)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return have, err
	}
	defer d.Close()
	err = d.QueryRow(`SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_line), (SELECT count(*) FROM payment),
			(SELECT count(*) FROM payment WHERE state = 'paid'), (SELECT count(*) FROM refund WHERE state = 'succeeded'),
			(SELECT count(*) FROM entry), (SELECT count(*) FROM payment_log), (SELECT count(*) FROM audit),
			(SELECT coalesce(sum(amount), 0) FROM entry)`).
		Scan(&have.orders, &have.lines, &have.payments, &have.paid, &have.refunds, &have.entries, &have.logs, &have.audit, &have.sum)
	return have, err
}
