package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"saoma/db"
	"saoma/pos"
)

// A crash test runs this test binary as a child that works on a ledger and, at a named point, kills
// itself as kill -9 does. The points are reached through SQLite's own hooks, so that the ledger under
// test is the one that is shipped. The child says on a pipe what it was told is done; the parent opens
// the ledger that is left and finds it all.
const (
	crashPoint = "SAOMA_DB_TEST_POINT"
	crashSeed  = "SAOMA_DB_TEST_SEED"
)

// crashPoints are where the child dies. Each arms what kills it, before or after the ledger is open.
var crashPoints = []struct {
	name string
	arm  func(*crasher)
}{
	{"mid-transaction", func(c *crasher) { c.inside = true }},
	{"before COMMIT", func(c *crasher) { c.atCommit = true }},
	{"while COMMIT writes", func(c *crasher) { go c.whenFileChanges("-wal") }},
	{"after COMMIT before the answer", func(c *crasher) { c.unsaid = true }},
	{"checkpoint", func(c *crasher) { go c.whenFileChanges("") }},
	{"migration", nil}, // see migrates
	{"audit append", func(c *crasher) { c.table, c.op = "audit", sqlite3.SQLITE_INSERT }},
	{"totals update", func(c *crasher) { c.table, c.op = "day_total", sqlite3.SQLITE_UPDATE }},
	{"exception resolved", func(c *crasher) { c.table, c.op = "exception", sqlite3.SQLITE_UPDATE }},
}

// crasher is the child.
type crasher struct {
	point  string
	random *rand.Rand
	left   atomic.Int64 // how often the point is passed before it kills
	armed  atomic.Bool

	inside, atCommit, unsaid bool
	table                    string // whose rows are about to change
	op                       int32
	said                     sync.Mutex
}

// pass is called at the point; unsaid is what is done there and was not said.
func (c *crasher) pass(unsaid string) {
	if c.armed.Load() && c.left.Add(-1) < 0 {
		c.die(unsaid)
	}
}

// die says that the point was reached and ends the process, with nothing done that an ordinary end does.
func (c *crasher) die(unsaid string) {
	c.said.Lock() // for good: nothing is said any more
	fmt.Printf("killed at %s:%s\n", c.point, unsaid)
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {}
}

// say tells the parent one thing in one write.
func (c *crasher) say(what string) {
	c.said.Lock()
	defer c.said.Unlock()
	fmt.Println(what)
}

// hook has SQLite tell the child what the writer is about to do.
func (c *crasher) hook(conn sqlite.ExecQuerierContext, dsn string) error {
	writer, ok := conn.(sqlite.HookRegisterer)
	if !ok || !strings.Contains(dsn, "_txlock=immediate") {
		return nil
	}
	writer.RegisterPreUpdateHook(func(d sqlite.SQLitePreUpdateData) {
		if d.TableName == c.table && d.Op == c.op {
			c.pass("")
		}
	})
	writer.RegisterCommitHook(func() int32 {
		if c.atCommit {
			c.pass("")
		}
		return 0
	})
	return nil
}

// whenFileChanges kills as soon as a file of the ledger is not what it was.
func (c *crasher) whenFileChanges(suffix string) {
	path := filepath.Join(os.Getenv(childDir), db.FileName+suffix)
	look := func() (size, modified int64) {
		if info, err := os.Stat(path); err == nil {
			size, modified = info.Size(), info.ModTime().UnixNano()
		}
		return size, modified
	}
	patience := time.Duration(c.random.IntN(3000)) * time.Microsecond
	size, modified := look()
	for s, m := size, modified; s == size && m == modified; s, m = look() {
		time.Sleep(20 * time.Microsecond)
	}
	time.Sleep(patience)
	c.die("")
}

// childCrashes works on the ledger until it is killed.
func childCrashes() {
	seed, err := strconv.ParseUint(os.Getenv(crashSeed), 10, 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := &crasher{point: os.Getenv(crashPoint), random: rand.New(rand.NewPCG(seed, 20))}
	c.left.Store(c.random.Int64N(30))
	numbers.Store(int64(os.Getpid()) * 1_000_000) // none that another child has used
	sqlite.RegisterConnectionHook(c.hook)
	if c.point == "migration" {
		c.migrates()
	}
	l := childLedger()
	for _, p := range crashPoints {
		if p.name == c.point {
			p.arm(c)
		}
	}
	c.armed.Store(true)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 1000 {
				if err := c.work(l, fmt.Sprintf("C%dW%dS%d", os.Getpid()+1000, worker, 1000+i), i); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		})
	}
	all.Wait() // and ends without having been killed, which the parent does not accept
}

// work does everything that a ledger is for once, each step in a transaction of its own.
func (c *crasher) work(l *db.Ledger, no string, i int) error {
	steps := []struct {
		done string
		do   func(pos.Tx) error
	}{
		{"charged", func(tx pos.Tx) error { _, err := chargeNo(tx, no, 100); return err }},
		{"paid", func(tx pos.Tx) error { return settle(tx, no) }},
		{"refunded", func(tx pos.Tx) error { _, err := refund(tx, no, 10, pos.RefundSucceeded); return err }},
		{"raised", func(tx pos.Tx) error { return raise(tx, no) }},
		{"resolved", func(tx pos.Tx) error { return resolve(tx, no) }},
	}
	for _, s := range steps {
		c.say("begin " + s.done + " " + no)
		err := l.Update(context.Background(), func(tx pos.Tx) error {
			if err := s.do(tx); err != nil {
				return err
			}
			if c.inside {
				c.pass("")
			}
			return nil
		})
		if err != nil {
			return err
		}
		if c.unsaid {
			c.pass(s.done + " " + no)
		}
		c.say(s.done + " " + no)
	}
	return nil
}

// migrates brings an older ledger up to date and dies on the way, or else at its end.
func (c *crasher) migrates() {
	c.left.Store(c.random.Int64N(3))
	switch c.random.IntN(3) {
	case 0:
		c.table, c.op = "migration", sqlite3.SQLITE_INSERT // a step is done but for its marker
	case 1:
		c.atCommit = true
	default:
		go c.whenFileChanges("-wal")
	}
	c.armed.Store(true)
	childLedger()
	c.die("")
}

func raise(tx pos.Tx, no string) error {
	x := pos.Exception{
		Kind: pos.ForeignMerchant, Wallet: pos.WeChat, OutTradeNo: no, TransactionID: "43" + no, Amount: 100,
		Currency: pos.CNY, CreatedAt: tx.Now(),
	}
	if _, err := tx.Raise(&x); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "notification", Action: "raise", Subject: "exception " + no, To: string(x.Kind), Detail: x.TransactionID})
}

func resolve(tx pos.Tx, no string) error {
	x, err := raised(tx, no)
	if err != nil {
		return err
	}
	x.Resolution, x.Note, x.ResolvedBy, x.ResolvedAt = pos.NoteAndForget, "of the shop next door", "wang", tx.Now()
	if err := tx.Resolve(x); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "wang", Action: "resolve", Subject: "exception " + no, From: string(x.Kind), To: string(x.Resolution), Detail: x.TransactionID})
}

// raised finds the open exception about no.
func raised(tx pos.Tx, no string) (*pos.Exception, error) {
	list, err := tx.OpenExceptions()
	for i := range list {
		if list[i].OutTradeNo == no {
			return &list[i], nil
		}
	}
	return nil, errors.Join(err, errors.New("no open exception about "+no))
}
