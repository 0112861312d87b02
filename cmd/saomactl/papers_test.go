package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A sandbox that is started again on the same folder of papers is the same one, at the same address.
func TestPapersStay(t *testing.T) {
	t.Parallel()
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	papers := filepath.Join(t.TempDir(), "papers")
	var lines []string
	for range 2 {
		p := s.start("sandbox", "--papers", papers)
		lines = append(lines, string(p.until("papers").raw))
		if code := p.end(os.Interrupt); code != 0 {
			t.Fatalf("the sandbox ended with %d: %s", code, p.err.String())
		}
	}
	if lines[0] != lines[1] {
		t.Errorf("%s\nbecame\n%s", lines[0], lines[1])
	}
	if _, err := os.Stat(s.data); !os.IsNotExist(err) {
		t.Errorf("the data folder was touched: %v", err)
	}
	if r := s.run("sandbox", "--certificates"); r.code != exitInput || !strings.Contains(r.err, "--papers") {
		t.Errorf("--certificates alone: %+v", r)
	}
}

// The command that the sandbox suggests works in a terminal that is anywhere.
func TestSandboxSaysWhere(t *testing.T) {
	t.Parallel()
	s := &shop{t: t, data: "data"}
	c := s.command("sandbox", "--papers", "papers", "--listen", "127.0.0.1:0")
	c.Dir = t.TempDir()
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(slowly, func() { _ = c.Process.Kill() })
	defer limit.Stop()
	for in := bufio.NewScanner(out); in.Scan(); {
		if !strings.Contains(in.Text(), "papers are in") {
			continue
		}
		if !strings.Contains(in.Text(), filepath.Join(c.Dir, "papers")) || !strings.Contains(in.Text(), filepath.Join(c.Dir, "data")) {
			t.Errorf("not named in full: %s", in.Text())
		}
		_ = c.Process.Signal(os.Interrupt) // its end is waited for
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
