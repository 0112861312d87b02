package db_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// The tests of this file need a second process. It is this test binary, told by the environment what
// to be.
const (
	childTask = "SAOMA_DB_TEST_CHILD"
	childDir  = "SAOMA_DB_TEST_DIR"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childTask) {
	case "":
		os.Exit(m.Run())
	case "own":
		childLedger()
		fmt.Println("open")
		childWaits()
	case "sell":
		childSells()
	case "sell and wait":
		l := childLedger()
		for i := range 30 {
			childSale(l, i)
		}
		childWaits()
	case "crash":
		childCrashes()
	case "power":
		childSellsUntilPowerIsCut()
	case "power and restore":
		childRestoresUntilPowerIsCut()
	}
}

// childWaits waits until it is killed, or else for the end of the parent, which never writes.
func childWaits() { _, _ = os.Stdin.Read(make([]byte, 1)) }

func childLedger() *db.Ledger {
	l, err := db.Open(context.Background(), os.Getenv(childDir), db.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return l
}

// childSells sells, many at a time, until it is killed.
func childSells() {
	l := childLedger()
	each(1<<30, func(i int) { childSale(l, i) })
}

// childSale sells and says that it is acknowledged.
func childSale(l *db.Ledger, i int) {
	no := fmt.Sprintf("P%dS%d", os.Getpid()+1000, 1000+i)
	err := l.Update(context.Background(), func(tx pos.Tx) error {
		if _, err := chargeNo(tx, no, 100); err != nil {
			return err
		}
		return settle(tx, no)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(no) // one write to the pipe
}

// child starts a second process and returns what it prints.
func child(t *testing.T, task, dir string) (*exec.Cmd, io.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childTask+"="+task, childDir+"="+dir)
	c.Stderr = os.Stderr
	if _, err := c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(c) })
	return c, out
}

// kill ends c at once, as kill -9 and a power cut do.
func kill(c *exec.Cmd) {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}

func TestOneProcessOwnsTheFolder(t *testing.T) {
	dir := t.TempDir()
	c, out := child(t, "own", dir)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	var err error
	for waited, tries := time.Hour, 0; waited > time.Second; tries++ { // a busy machine may take its time
		began := time.Now()
		_, err = db.Open(t.Context(), dir, db.Options{})
		if waited = time.Since(began); tries == 20 {
			t.Fatalf("told after %s", waited)
		}
	}
	if pos.CodeOf(err) != pos.Conflict || !strings.Contains(err.Error(), "the counter is open") || !strings.Contains(err.Error(), fmt.Sprintf("process %d", c.Process.Pid)) {
		t.Errorf("the second process: %v", err)
	}
	r, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	kill(c)
	sell(t, open(t, dir), 100) // the system gave the folder free
}

func TestTheSameProcessCannotOpenTwice(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := db.Open(t.Context(), dir, db.Options{}); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("twice: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(dir + "/" + db.FileName + "-wal"); err != nil {
		t.Errorf("no write-ahead log: %v", err)
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	sell(t, l, 100)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{db.FileName + "-wal", db.FileName + "-shm", "lock.owner"} {
		if _, err := os.Stat(dir + "/" + left); !os.IsNotExist(err) {
			t.Errorf("%s is left (%v)", left, err)
		}
	}
	if info, err := os.Stat(dir + "/" + db.FileName); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v (%v)", info, err)
	}
}

// TestKilledWhileWriting kills a process in the middle of its writing, again and again, and finds every
// sale it had acknowledged.
func TestKilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for range 3 {
		c, out := child(t, "sell", dir)
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged = append(acknowledged, lines.Text())
			if n == 300 {
				_ = c.Process.Kill() // what is still in the pipe was acknowledged too
			}
		}
		kill(c)
		for _, check := range []func() *db.Ledger{
			func() *db.Ledger { // before anybody has recovered the write-ahead log
				r, err := db.OpenReadOnly(t.Context(), dir)
				if err != nil {
					t.Fatal(err)
				}
				return r
			},
			func() *db.Ledger { return open(t, dir) },
		} {
			l := check()
			found(t, l, acknowledged)
			sound(t, l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(acknowledged) < 900 {
		t.Errorf("only %d sales", len(acknowledged))
	}
}

func found(t *testing.T, l *db.Ledger, numbers []string) {
	t.Helper()
	view(t, l, func(tx pos.Tx) error {
		for _, no := range numbers {
			p, err := tx.Payment(no)
			if err != nil {
				return err
			}
			if p.State != pos.Paid {
				t.Errorf("%s is %s", no, p.State)
			}
		}
		return nil
	})
}
