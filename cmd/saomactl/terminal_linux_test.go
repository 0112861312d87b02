package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// screen is a terminal that a test types on and reads, with one command of saomactl on it.
type screen struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd

	mu    sync.Mutex
	shown strings.Builder
}

// onTerminal runs a command on a terminal of its own.
func (s *shop) onTerminal(args ...string) *screen {
	s.t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		s.t.Skip("this machine has no pseudo-terminals: ", err)
	}
	s.t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer slave.Close()
	c := &screen{t: s.t, master: master, cmd: s.command(args...)}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // ended already, unless the test failed
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			c.mu.Lock()
			c.shown.Write(b[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *screen) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown.String()
}

// echoes reports whether the terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// answer waits for the n-th time the question is asked, by when nothing typed is echoed, and types.
func (c *screen) answer(question string, n int, typed string) {
	c.t.Helper()
	for end := time.Now().Add(slowly); ; time.Sleep(5 * time.Millisecond) {
		if strings.Count(c.text(), question) >= n && !echoes(c.t, c.master) { // in this order: the answer before was not echoed, either
			break
		}
		if time.Now().After(end) {
			c.t.Fatalf("it does not ask %q, or shows what is typed: %q", question, c.text())
		}
	}
	if _, err := io.WriteString(c.master, typed+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// end waits for the exit code.
func (c *screen) end() int {
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}

// TestTypedPINs makes the first manager and signs in by PINs that are typed, none of which is shown.
func TestTypedPINs(t *testing.T) {
	const pin, typo = "770219355012", "770218355012" // long enough to stand in no other number
	s := newShop(t)
	c := s.onTerminal("users", "add", "Wang", "--role", "manager")
	c.answer("New PIN of Wang:", 1, "1111")
	c.answer("New PIN of Wang:", 2, pin)
	c.answer("The same once more:", 1, typo)
	c.answer("New PIN of Wang:", 3, pin)
	c.answer("The same once more:", 2, pin)
	if code := c.end(); code != 0 {
		t.Fatalf("exit %d: %q", code, c.text())
	}
	if users := s.must("users"); len(users) != 1 || users[0].Name != "Wang" {
		t.Errorf("users %+v", users)
	}
	wrong := s.onTerminal("--user", "Wang", "users", "role", "Wang", "manager")
	wrong.answer("PIN of Wang:", 1, typo)
	if code := wrong.end(); code != 1 {
		t.Errorf("a wrong PIN: exit %d: %q", code, wrong.text())
	}
	right := s.onTerminal("--user", "Wang", "users", "role", "Wang", "manager")
	right.answer("PIN of Wang:", 1, pin)
	if code := right.end(); code != 0 {
		t.Errorf("the right PIN: exit %d: %q", code, right.text())
	}
	for _, screen := range []*screen{c, wrong, right} {
		for _, typed := range []string{pin, typo} {
			if strings.Contains(screen.text(), typed) {
				t.Errorf("%s was shown: %q", typed, screen.text())
			}
		}
	}
}

// TestTypoInSetup mistypes the first of the two hidden PINs: both are asked for again, after an easy one, too.
func TestTypoInSetup(t *testing.T) {
	t.Parallel()
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.must("setup", "--set", "shop.name=x")
	c := s.onTerminal("setup", "--step", "manager")
	if _, err := io.WriteString(c.master, "Wang\n"); err != nil {
		t.Fatal(err)
	}
	c.answer("\nPIN\r\n", 1, "1111")
	c.answer("PIN, once more", 1, "1111")
	c.answer("\nPIN\r\n", 2, "770218")
	c.answer("PIN, once more", 2, "770219")
	c.answer("\nPIN\r\n", 3, "770219")
	c.answer("PIN, once more", 3, "770219")
	if code := c.end(); code != 0 {
		t.Fatalf("exit %d: %q", code, c.text())
	}
}
