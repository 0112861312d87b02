package pos_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/payments/notify"
	"saoma/pos"
)

// simCounter is one life of the counter's process, and the store its till works with: the real ledger on a
// disk that takes its time, fails now and then, and takes the process with it when that is killed.
type simCounter struct {
	pos.PINs // the ledger's; nobody signs in
	s        *sim
	dir      string
	ledger   *db.Ledger
	till     *pos.Till
	handler  http.Handler
	ctx      context.Context // ends with the process
	end      context.CancelFunc
	polling  chan struct{} // closed when the poller has ended
	dead     atomic.Bool
	doom     atomic.Int32 // how the process dies in its next transaction
}

// How a process dies in a transaction.
const (
	lives      = iota
	diesInside // before its commit
	diesAfter  // between its commit and anything else
)

var (
	errDead = errors.New("simulated: the process is dead")
	errDisk = errors.New("simulated: the disk failed")
)

// simTemplate is a new ledger's file, so that not every seed has to migrate one.
func simTemplate(t *testing.T) []byte {
	dir := t.TempDir()
	l, err := db.Open(t.Context(), dir, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, db.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// newFolder makes the data folder of the next life: with a new ledger, or with what a dead process left.
func (s *sim) newFolder(left map[string][]byte) string {
	if left == nil {
		left = map[string][]byte{db.FileName: s.template}
	}
	s.mu.Lock()
	s.lives++
	dir := filepath.Join(s.root, fmt.Sprint(s.lives))
	s.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err)
	}
	for name, content := range left {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			panic(err)
		}
	}
	return dir
}

// open starts the counter.
func (s *sim) open(dir string) {
	c := &simCounter{s: s, dir: dir, polling: make(chan struct{})}
	c.ctx, c.end = context.WithCancel(context.Background())
	var err error
	if c.ledger, err = db.Open(c.ctx, dir, db.Options{Now: s.now}); err != nil {
		panic(fmt.Sprintf("seed %d: the ledger does not open: %v", s.seed, err))
	}
	c.PINs = c.ledger
	gateways := s.platform.gateways()
	c.till = &pos.Till{
		Shop: pos.Shop{
			Name: "Test", Counter: "T1", TimeZone: time.FixedZone("CST", 8*3600),
			MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
		},
		Store: c, Now: s.now, Gateways: gateways,
	}
	c.till.Subscribe(func(e pos.Event) { s.hear(c, e) })
	c.handler = notify.New(notify.Options{
		Till: c.till, Log: slog.New(slog.DiscardHandler),
		Decoders: s.platform.decoders(gateways),
	})
	list, err := c.till.Resume(c.ctx)
	s.logf("the counter opens with %d unfinished payments (%v)", len(list), err)
	poller := &pos.Poller{Till: c.till}
	go func() {
		defer close(c.polling)
		poller.Run(c.ctx)
	}()
	time.Sleep(time.Nanosecond)
	// Whoever publishes goes on a moment after the poller was woken by it, not at the same instant.
	c.till.Subscribe(func(pos.Event) { time.Sleep(time.Nanosecond) })
	s.mu.Lock()
	s.counter = c
	s.mu.Unlock()
}

// up waits for a counter that is open.
func (s *sim) up() *simCounter {
	for {
		s.mu.Lock()
		c := s.counter
		s.mu.Unlock()
		if c != nil && !c.dead.Load() {
			return c
		}
		time.Sleep(time.Second)
	}
}

// stop ends the counter as a person closing the window does, and returns its data folder.
func (s *sim) stop() string {
	c := s.up()
	c.end()
	time.Sleep(time.Microsecond) // for those who gave up with it to come back
	<-c.polling
	if !c.dead.CompareAndSwap(false, true) { // killed while it stopped
		return s.stop()
	}
	s.mu.Lock()
	s.counter = nil
	s.mu.Unlock()
	if err := c.ledger.Close(); err != nil {
		s.violated("the ledger does not close: %v", err)
	}
	return c.dir
}

// restart closes the counter and opens it again later.
func (s *sim) restart(pause time.Duration) {
	s.count(&s.counts.Restarts)
	s.logf("the counter is closed for %s", pause)
	dir := s.stop()
	time.Sleep(pause)
	s.open(dir)
}

// kill ends the process at once. The next one starts with the files as they are on the disk now.
func (c *simCounter) kill(how string) {
	if !c.dead.CompareAndSwap(false, true) {
		return
	}
	left := map[string][]byte{}
	for _, name := range []string{db.FileName, db.FileName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(c.dir, name))
		if err == nil {
			left[name] = content
		} else if !errors.Is(err, os.ErrNotExist) {
			panic(err)
		}
	}
	s := c.s
	s.count(&s.counts.Crashes)
	s.logf("the counter is killed %s", how)
	pause := within(s.dice("revive"), time.Second, 2*time.Minute)
	c.end()
	s.work.Go(func() {
		time.Sleep(pause)
		<-c.polling
		c.ledger.Close() // of the dead process: its file is not used any more
		os.RemoveAll(c.dir)
		s.open(s.newFolder(left))
	})
}

// View is the store's.
func (c *simCounter) View(ctx context.Context, fn func(pos.Tx) error) error {
	if c.dead.Load() {
		return errDead
	}
	return c.ledger.View(ctx, fn)
}

// Update is the store's. How long it takes depends on the instant only: what happens at the same instant has
// nothing to do with each other, and may come in any order.
func (c *simCounter) Update(ctx context.Context, fn func(pos.Tx) error) error {
	d := c.s.roll("disk " + time.Since(c.s.begin).String())
	time.Sleep(within(d, 1, 2*time.Millisecond))
	if c.dead.Load() {
		return errDead
	}
	if !c.s.healed.Load() && c.s.trouble > 0 && d.IntN(300) == 0 {
		c.s.logf("the disk fails")
		return errDisk
	}
	how := c.doom.Swap(lives)
	err := c.ledger.Update(ctx, func(tx pos.Tx) error {
		err := fn(tx)
		if how == diesInside && err == nil {
			c.kill("inside a transaction")
			return errDead
		}
		return err
	})
	if how == diesAfter && err == nil {
		c.kill("after a commit")
	}
	time.Sleep(within(d, 1, 15*time.Millisecond))
	if c.dead.Load() {
		return errDead
	}
	return err
}
