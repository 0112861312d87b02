package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"saoma/cmd/internal/config"
)

const (
	startGoal = 1.5         // times a bare window
	settling  = time.Second // after which a program's memory is read
)

// binaries are the window programs, built with the same flags.
type binaries struct{ saoma, bare string }

func buildBinaries(ctx context.Context, s settings) (binaries, error) {
	progress("building the counter and a bare window", "编译收银窗口与裸窗口")
	b := binaries{filepath.Join(s.dir, "saoma"), filepath.Join(s.dir, "bare")}
	for path, source := range map[string]string{b.saoma: "./cmd/saoma", b.bare: "./cmd/internal/bench/testdata/bare"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, source).CombinedOutput(); err != nil {
			return b, fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	return b, nil
}

// startRow measures how long the counter takes to its first window, and its memory then, beside a bare window.
func startRow(ctx context.Context, s settings) (lines []line, err error) {
	built, err := buildBinaries(ctx, s)
	if err != nil {
		return nil, err
	}
	x, err := newScreen(ctx)
	if err != nil {
		return nil, err
	}
	defer x.close()
	dir, err := s.folder("start")
	if err != nil {
		return nil, err
	}
	listen := config.FreeAddress()
	p, err := newPlatform(dir, listen, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	progress("%d starts of each", "各启动 %d 次", s.starts)
	var saoma, bare starts
	for i := range s.starts + 1 {
		if i == 1 { // the first start reads the programs from the disk
			saoma, bare = starts{}, starts{}
		}
		if err := bare.once(ctx, x, dir, built.bare); err != nil {
			return nil, err
		}
		if err := saoma.once(ctx, x, dir, built.saoma, "--data", dir); err != nil {
			return nil, err
		}
	}
	ok := float64(saoma.took.at(50)) <= startGoal*float64(bare.took.at(50))
	return []line{{
		row: 5, what: say("start to first window painted", "启动到首个窗口画出"), measured: saoma.took.String(),
		limit: say("%s a bare Fyne window", "%s 裸 Fyne 窗口", bare.took), ratio: saoma.took.ratioTo(bare.took),
		target: say("<= 1.5 of the limit", "<= 1.5 倍极限"), met: met(ok),
	}, {
		row: 5, what: say("resident memory then", "此时的常驻内存"), measured: fmt.Sprintf("%d MB", saoma.memory>>20),
		limit: say("%d MB a bare Fyne window", "%d MB 裸 Fyne 窗口", bare.memory>>20), ratio: ratio(float64(saoma.memory), float64(bare.memory)),
		target: "-", met: "-",
	}}, nil
}

// starts are what one program's starts took.
type starts struct {
	took   times
	memory int64 // bytes, the most seen
}

func (t *starts) once(ctx context.Context, x *screen, dir, path string, args ...string) error {
	p, err := x.start(ctx, dir, path, args...)
	if err != nil {
		return err
	}
	defer p.stop()
	seen, err := x.awaitWindow(ctx, p)
	if err != nil {
		return err
	}
	t.took = append(t.took, seen.Sub(p.begun))
	time.Sleep(settling)
	memory, err := resident(p.cmd.Process.Pid)
	t.memory = max(t.memory, memory)
	return err
}

// resident is how many bytes of a process are in memory.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for _, l := range strings.Split(string(text), "\n") {
		if kb, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}
