package pos_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// door is a till with nothing but a ledger and its users, and a clock that the test sets.
type door struct {
	t      *testing.T
	dir    string
	clock  atomic.Int64 // nanoseconds that this machine's clock is ahead
	ledger *db.Ledger
	till   *pos.Till
	looked atomic.Int64 // how many PINs were compared
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, dir: t.TempDir()}
	d.open()
	t.Cleanup(d.close)
	if _, err := d.till.AddUser(t.Context(), nil, pos.NewUser{Name: manager, Role: pos.Manager, PIN: managerPIN}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *door) open() {
	d.t.Helper()
	now := func() time.Time { return time.Now().Add(time.Duration(d.clock.Load())) }
	var err error
	if d.ledger, err = db.Open(d.t.Context(), d.dir, db.Options{Now: now}); err != nil {
		d.t.Fatal(err)
	}
	d.till = &pos.Till{Shop: pos.Shop{Counter: "T1", TimeZone: time.UTC}, Store: counted{d.ledger, &d.looked}, Now: now}
}

func (d *door) close() {
	d.t.Helper()
	report, err := d.ledger.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		d.t.Error(err)
	} else {
		for _, c := range report.Checks {
			if c.Broken > 0 {
				d.t.Errorf("verify: %s: %q", c.Name, c.Violations)
			}
		}
	}
	if err := d.ledger.Close(); err != nil {
		d.t.Error(err)
	}
}

// counted counts what is compared.
type counted struct {
	pos.Store
	n *atomic.Int64
}

func (c counted) MatchPIN(ctx context.Context, user, pin string) (bool, error) {
	c.n.Add(1)
	return c.Store.MatchPIN(ctx, user, pin)
}

// try signs in and demands the code, empty for success.
func (d *door) try(name, pin string, want pos.Code) {
	d.t.Helper()
	u, err := d.till.SignIn(d.t.Context(), name, pin)
	switch {
	case want == "" && (err != nil || u.Name != name):
		d.t.Errorf("%s: %+v, %v", name, u, err)
	case want != "" && (pos.CodeOf(err) != want || u != nil):
		d.t.Errorf("%s: %+v, %v; want %s", name, u, err, want)
	}
}

func (d *door) pass(by time.Duration) { d.clock.Add(int64(by)) }

// wrong tries n wrong PINs.
func (d *door) wrong(name string, n int) {
	d.t.Helper()
	for range n {
		d.try(name, "0000", pos.Forbidden)
	}
}

func (d *door) actions(subject string) (list []string) {
	d.t.Helper()
	rows, err := d.ledger.AuditTrail(d.t.Context(), subject)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range rows {
		list = append(list, r.Action)
	}
	return list
}

func TestSignIn(t *testing.T) {
	d := newDoor(t)
	d.try(manager, managerPIN, "")
	for _, pin := range []string{"", "7702", managerPIN + "0", strings.Repeat("7", 1<<20), "770219355013"} {
		d.try(manager, pin, pos.Forbidden)
		d.try(manager, managerPIN, "") // which begins the count anew
	}
	d.try("wang", managerPIN, pos.Forbidden) // as it is written
	d.try("", managerPIN, pos.Forbidden)
	boss, err := d.till.SignIn(t.Context(), manager, managerPIN)
	if err != nil || boss.Role != pos.Manager {
		t.Fatalf("%+v, %v", boss, err)
	}
	if _, err := d.till.AddUser(t.Context(), boss, pos.NewUser{Name: cashier, Role: pos.Cashier, PIN: cashierPIN}); err != nil {
		t.Fatal(err)
	}
	d.try(cashier, cashierPIN, "")
	if err := d.till.DisableUser(t.Context(), boss, cashier); err != nil {
		t.Fatal(err)
	}
	d.try(cashier, cashierPIN, pos.Forbidden)
	if err := d.till.EnableUser(t.Context(), boss, cashier); err != nil {
		t.Fatal(err)
	}
	d.try(cashier, cashierPIN, "")
	if err := d.till.SetPIN(t.Context(), &pos.User{Name: cashier}, cashier, "9402"); err != nil {
		t.Fatal(err)
	}
	d.try(cashier, cashierPIN, pos.Forbidden)
	d.try(cashier, "9402", "")
	want := "user_add sign_in user_disable user_enable sign_in user_pin sign_in"
	if got := strings.Join(d.actions("user "+cashier), " "); got != want {
		t.Errorf("audit %s; want %s", got, want)
	}
}

// A locked user is locked whatever PIN comes, whatever this machine's clock is set to, and after a restart;
// each lock is twice as long as the one before, and a PIN that is right begins anew.
func TestLock(t *testing.T) {
	d := newDoor(t)
	for _, minutes := range []int{5, 10, 20, 40, 80, 160, 240, 240} {
		d.wrong(manager, pos.MaxTries)
		lock := time.Duration(minutes) * time.Minute
		looked := d.looked.Load()
		d.try(manager, managerPIN, pos.Locked)
		for _, set := range []time.Duration{-48 * time.Hour, -time.Minute, lock - 2*time.Minute} { // the rest is a slow machine's
			d.pass(set)
			d.try(manager, managerPIN, pos.Locked)
			d.pass(-set)
		}
		if minutes == 10 || minutes == 240 {
			d.close()
			d.open()
			d.try(manager, managerPIN, pos.Locked)
		}
		if now := d.looked.Load(); now != looked {
			t.Errorf("%d PINs compared behind a lock", now-looked)
		}
		d.pass(lock + time.Second)
	}
	d.try(manager, managerPIN, "")
	d.wrong(manager, pos.MaxTries-1)
	d.try(manager, managerPIN, "") // the last try locks before it is looked at, and unlocks then
	d.wrong(manager, pos.MaxTries)
	d.pass(5*time.Minute + time.Second)
	d.try(manager, managerPIN, "")
	locks := 0
	for _, a := range d.actions("user " + manager) {
		if a == "lock" {
			locks++
		}
	}
	if locks != 10 {
		t.Errorf("%d locks in the audit chain, want 10", locks)
	}
}

// Setting the clock back before the tries does not make a lock that has ended once the clock is right again.
func TestLockUnderAClockSetBack(t *testing.T) {
	d := newDoor(t)
	d.pass(-30 * 24 * time.Hour)
	d.wrong(manager, pos.MaxTries)
	d.pass(30 * 24 * time.Hour)
	d.try(manager, managerPIN, pos.Locked)
	d.pass(6 * time.Minute)
	d.try(manager, managerPIN, "")
}

// While the platforms tell their time, locks go by it, and this machine's clock does not matter.
func TestLockGoesByThePlatformsClock(t *testing.T) {
	c := newPlatform(t, sandbox.Options{})
	var back atomic.Int64
	c.between.gateway = func(g pos.Gateway) pos.Gateway { return later{g.(adapter), &back} }
	c.open()
	t.Cleanup(c.close)
	c.staff()
	c.shown(1) // whose answer tells the time
	for range pos.MaxTries {
		if _, err := c.till.SignIn(t.Context(), cashier, "0000"); pos.CodeOf(err) != pos.Forbidden {
			t.Fatal(err)
		}
	}
	const year = 365 * 24 * time.Hour
	c.skew.Store(int64(year)) // of this machine and, as tests have it, of the platforms
	back.Store(-int64(year))  // of the platforms alone
	if _, err := c.till.SignIn(t.Context(), cashier, cashierPIN); pos.CodeOf(err) != pos.Locked {
		t.Errorf("with a clock a year ahead: %v", err)
	}
	back.Add(int64(5*time.Minute + time.Second))
	if _, err := c.till.SignIn(t.Context(), cashier, cashierPIN); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// A lock that was made while this machine's clock was ahead does not last until then: it begins anew where a platform
// tells the time.
func TestLockUnderAClockAhead(t *testing.T) {
	c := newPlatform(t, sandbox.Options{})
	c.open()
	t.Cleanup(c.close)
	c.staff()
	try := func(pin string, want pos.Code) {
		t.Helper()
		if _, err := c.till.SignIn(t.Context(), cashier, pin); (err == nil) != (want == "") || err != nil && pos.CodeOf(err) != want {
			t.Errorf("%v; want %q", err, want)
		}
	}
	const year = 365 * 24 * time.Hour
	c.skew.Store(int64(year))
	for range pos.MaxTries {
		try("0000", pos.Forbidden)
	}
	c.skew.Store(0) // the clock is right again; without a platform nobody can say so
	c.skew.Add(int64(time.Hour))
	try(cashierPIN, pos.Locked)
	c.shown(1) // whose answer tells the time
	for range 2 {
		try(cashierPIN, pos.Locked)
		c.skew.Add(int64(3 * time.Minute))
	}
	try(cashierPIN, "")
}

// Names that no user has share one count: they are compared and locked as a user is, and say nothing else.
func TestNobodySignsIn(t *testing.T) {
	d := newDoor(t)
	_, known := d.till.SignIn(t.Context(), manager, "0000")
	for i := range pos.MaxTries {
		_, unknown := d.till.SignIn(t.Context(), fmt.Sprint("nobody ", i), managerPIN)
		if unknown == nil || unknown.Error() != known.Error() {
			t.Errorf("%v; of a user it is %v", unknown, known)
		}
	}
	if n := d.looked.Load(); n != 1+pos.MaxTries {
		t.Errorf("%d PINs compared", n)
	}
	before := must(d.ledger.AuditChain(t.Context())).Rows
	for i := range 50 {
		d.try(fmt.Sprint("somebody ", i), managerPIN, pos.Locked)
	}
	if after := must(d.ledger.AuditChain(t.Context())).Rows; after != before {
		t.Errorf("a flood of tries left %d audit rows", after-before)
	}
	d.try(manager, managerPIN, "")
}

// However many try at once, exactly as many PINs are compared as are allowed.
func TestTriesAtOnce(t *testing.T) {
	d := newDoor(t)
	var all sync.WaitGroup
	var refused, locked atomic.Int64
	for range 40 {
		all.Go(func() {
			switch _, err := d.till.SignIn(t.Context(), manager, "0000"); pos.CodeOf(err) {
			case pos.Forbidden:
				refused.Add(1)
			case pos.Locked:
				locked.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if refused.Load() != pos.MaxTries || locked.Load() != 40-pos.MaxTries || d.looked.Load() != pos.MaxTries {
		t.Errorf("%d refused, %d locked, %d compared", refused.Load(), locked.Load(), d.looked.Load())
	}
	d.try(manager, managerPIN, pos.Locked)
}

const doorChild = "SAOMA_POS_TEST_DOOR"

// suicidal is a store whose process dies, as by kill -9, at the moment a PIN is compared.
type suicidal struct{ pos.Store }

func (suicidal) MatchPIN(context.Context, string, string) (bool, error) {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// A process that is killed before it has told whether a PIN is right has used up a try.
func TestKilledTriesCount(t *testing.T) {
	if dir := os.Getenv(doorChild); dir != "" {
		l, err := db.Open(t.Context(), dir, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		till := &pos.Till{Store: suicidal{l}}
		_, err = till.SignIn(t.Context(), manager, managerPIN)
		t.Fatal("it lives: ", err)
	}
	d := newDoor(t)
	if err := d.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	for range pos.MaxTries {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledTriesCount$")
		child.Env = append(os.Environ(), doorChild+"="+d.dir)
		out, err := child.CombinedOutput()
		if killed, ok := errors.AsType[*exec.ExitError](err); !ok || killed.Exited() {
			t.Fatalf("the child was not killed: %v\n%s", err, out)
		}
	}
	d.open()
	d.try(manager, managerPIN, pos.Locked)
	d.pass(5*time.Minute + time.Second)
	d.try(manager, managerPIN, "")
}
