package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// console is a real terminal: the test types at one end, a command sits at the other.
type console struct {
	t            *testing.T
	person, seat *os.File
	mu           sync.Mutex
	screen       bytes.Buffer
}

func newConsole(t *testing.T) *console {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	seat, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := &console{t: t, person: person, seat: seat}
	t.Cleanup(func() { seat.Close(); person.Close() })
	go func() {
		text := make([]byte, 4096)
		for {
			n, err := person.Read(text)
			x.mu.Lock()
			x.screen.Write(text[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return x
}

func (x *console) shows() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// answer waits for the nth showing of the question, until the terminal hides what is typed, and types.
func (x *console) answer(question string, nth int, text string) {
	x.t.Helper()
	x.until("the question "+question, func() bool { return strings.Count(x.shows(), question) >= nth && !echoes(x.t, x.seat) })
	if _, err := x.person.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

func (x *console) until(what string, there func() bool) {
	x.t.Helper()
	for end := time.Now().Add(slowly); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			x.t.Fatalf("%s did not come: %q", what, x.shows())
		}
	}
}

// sit starts a command at the terminal.
func (x *console) sit(s *shop, args ...string) *exec.Cmd {
	x.t.Helper()
	c := s.command(args...)
	c.Stdin, c.Stdout, c.Stderr = x.seat, x.seat, x.seat
	if err := c.Start(); err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = c.Process.Kill() }) // ended already, unless the test failed
	return c
}

// ends waits for the command's end and returns its exit code.
func (x *console) ends(c *exec.Cmd) int {
	x.t.Helper()
	if err := c.Wait(); err != nil {
		if _, exited := errors.AsType[*exec.ExitError](err); !exited {
			x.t.Fatal(err)
		}
	}
	return c.ProcessState.ExitCode()
}

// TestPassphraseTyped seals, changes and opens with a passphrase that is typed: nothing of it is shown, and Ctrl-C
// leaves a terminal that shows again.
func TestPassphraseTyped(t *testing.T) {
	s := newMerchant(t)
	x := newConsole(t)
	c := x.sit(s, "keys", "seal", "--passphrase")
	x.answer("New passphrase of the keys:", 1, "short\r")
	x.answer("New passphrase of the keys:", 2, "hunter2-hunter2\r")
	x.answer("The same once more:", 1, "hunter3-hunter3\r")
	x.answer("New passphrase of the keys:", 3, "hunter2-hunter2\r")
	x.answer("The same once more:", 2, "hunter2-hunter2\r")
	if code := x.ends(c); code != 0 {
		t.Fatalf("seal: %d: %s", code, x.shows())
	}
	s.kept("passphrase", "sealed")

	x = newConsole(t)
	c = x.sit(s, "keys", "passphrase")
	x.answer("Passphrase of the keys:", 1, "hunter7-hunter7\r")
	x.answer("Passphrase of the keys:", 2, "hunter2-hunter2\r")
	x.answer("New passphrase of the keys:", 1, "hunter5-hunter5\r")
	x.answer("The same once more:", 1, "hunter5-hunter5\r")
	if code := x.ends(c); code != 0 {
		t.Fatalf("passphrase: %d: %s", code, x.shows())
	}
	if !strings.Contains(x.shows(), "This passphrase is wrong.") || strings.Contains(x.shows(), "hunter") {
		t.Errorf("shown: %q", x.shows())
	}

	x = newConsole(t)
	c = x.sit(s, "check", "K1261121122636ZWJ9E2ZZ")
	x.answer("Passphrase of the keys:", 1, "hunter5-hunter5\r")
	if code := x.ends(c); code != 1 {
		t.Errorf("check: %d: %s", code, x.shows())
	}
	x.until("the answer", func() bool { return strings.Contains(x.shows(), "K1261121122636ZWJ9E2ZZ") })

	x = newConsole(t)
	c = x.sit(s, "serve")
	for nth := range tries {
		x.answer("Passphrase of the keys:", nth+1, "hunter2-hunter2\r")
	}
	if code := x.ends(c); code != 2 {
		t.Errorf("serve: %d: %s", code, x.shows())
	}
	x.until("the end", func() bool { return strings.Contains(x.shows(), "The passphrase was wrong 3 times.") })

	x = newConsole(t)
	c = x.sit(s, "serve")
	x.answer("Passphrase of the keys:", 1, "hun")
	if err := c.Process.Signal(os.Interrupt); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	if code := x.ends(c); code != 2 || !echoes(x.t, x.seat) {
		t.Errorf("after Ctrl-C: %d, the terminal shows what is typed: %v", code, echoes(x.t, x.seat))
	}
}
