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
	after        int   // how many events
	event        event // the last of them
	loss         loss
	seed         uint64
	acknowledged int               // how many commits
	image        map[string][]byte // each file's content by its path; folders end in a slash
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
	cuts := make(chan powerCut)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for c := range cuts {
				if !t.Failed() { // one violation tells enough
					c.look(t, script)
				}
			}
		})
	}
	tried, every := cutEach(events, cuts, dbtest.Rounds(500, 1<<30), dbtest.Rounds(1, 3))
	close(cuts)
	all.Wait()
	if t.Failed() {
		return
	}
	points := len(events) - len(script)
	dbtest.Figures(t, "power cuts: %d of %d (%d writes, truncations, syncs and changes of names of %d commits for %d orders, %d ways each), 0 violations",
		tried, every, points, len(script), powerOrders, every/points)
}

// cutEach cuts the power after every event in every way, or at as many of these cuts as limit says,
// chosen at random, and returns how many it made of how many there are.
func cutEach(events []event, cuts chan<- powerCut, limit, seeds int) (tried, every int) {
	ways := []loss{loseAll, loseNone}
	for range seeds {
		ways = append(ways, loseTail, loseAny)
	}
	d := newDisk()
	points := len(events) - len(powerScript())
	every = points * len(ways)
	left, wanted := every, min(limit, every)
	acknowledged := 0
	for i, e := range events {
		if e.op == remark {
			acknowledged++
			continue
		}
		d.do(e)
		for _, way := range ways {
			if rand.IntN(left) < wanted { // so each is as likely as any other
				seed := rand.Uint64()
				image := d.cut(way, rand.New(rand.NewPCG(seed, 0)))
				cuts <- powerCut{after: i + 1, loss: way, seed: seed, event: e, acknowledged: acknowledged, image: image}
				wanted, tried = wanted-1, tried+1
			}
			left--
		}
	}
	return tried, every
}

// store writes the image to a folder and returns it. Where there can be one, the shared memory of before
// the power cut is there too, with no sense in it.
func (c *powerCut) store(t *testing.T) (dir string) {
	base := "/dev/shm" // there is nothing to sync here
	if _, err := os.Stat(base); err != nil {
		base = t.TempDir()
	}
	dir, err := os.MkdirTemp(base, "saoma-power-")
	if err != nil {
		t.Error(err)
		return t.TempDir()
	}
	for _, name := range slices.Sorted(maps.Keys(c.image)) { // folders come before what is in them
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, c.image[name], 0o600)
		}
		if err == nil && c.loss == loseAny && filepath.Base(name) == db.FileName {
			err = os.WriteFile(path+"-shm", bytes.Repeat([]byte{0xa5}, 1<<15), 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return dir
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

// look opens the ledger that the power cut left, as the counter does when the power is back.
func (c *powerCut) look(t *testing.T, script []commit) {
	dir := c.store(t)
	defer os.RemoveAll(dir)
	fail := func(format string, args ...any) {
		t.Errorf("cut after event %d of %q (%d in node %d, %s, seed %d, %d acknowledged): %s",
			c.after, c.event.name, c.event.op, c.event.node, c.loss, c.seed, c.acknowledged, fmt.Sprintf(format, args...))
	}
	l, err := db.Open(context.Background(), filepath.Join(dir, ledgerFolder), db.Options{})
	if err != nil {
		fail("%v", err)
		return
	}
	defer l.Close()
	if err := l.Damage(); err != nil {
		fail("%v", err)
		return
	}
	have, err := count(filepath.Join(dir, ledgerFolder))
	if err != nil {
		fail("%v", err)
		return
	}
	done := c.acknowledged
	if done < len(script) && have == rows(script[:done+1]) {
		done++ // that was on disk, but nobody was told yet
	}
	if want := rows(script[:done]); have != want {
		fail("there is\n%+v, want\n%+v", have, want)
		return
	}
	if done < len(script) { // the counter goes on
		if err := l.Update(context.Background(), script[done].do); err != nil {
			fail("%s %s: %v", script[done].action, script[done].no, err)
		}
	}
	report, err := l.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		fail("%v", err)
		return
	}
	for _, check := range report.Checks {
		if check.Broken > 0 {
			fail("%s: %q", check.Name, check.Violations)
		}
	}
}
