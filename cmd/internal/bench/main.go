// Command bench measures the counter and prints each figure beside its limit: the least that the same machine needs for the
// same thing, measured in the same run. A slow machine is no failure; a payment that went missing is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line asks for.
type settings struct {
	rows          []int
	orders        int // in the ledger of reports, searches and files
	rounds        int // of charge and payment through the window
	starts        int // of each program
	notifications int
	bill          int           // lines of the bill that is reconciled
	flood         time.Duration // of garbage
	dir           string        // for work files; it goes at the end
	shots         string        // where to keep what the window showed; empty: nowhere
}

// parts are the measurements, in the order of the table. One run of the window gives two rows.
var parts = []struct {
	rows   []int
	window bool // needs Xvfb
	run    func(context.Context, settings) ([]line, error)
}{
	{[]int{1, 2}, true, windowRows},
	{[]int{3}, false, notificationRow},
	{[]int{4, 8, 9}, false, ledgerRows},
	{[]int{5}, true, startRow},
	{[]int{6}, false, floodRow},
	{[]int{7}, false, reconcileRow},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type usageError string

func (e usageError) Error() string { return string(e) }

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args, out)
	if err != nil {
		return err
	}
	cleanUp, err := workFolder(ctx, &s)
	if err != nil {
		return err
	}
	defer cleanUp()
	fmt.Fprintln(out, machine())
	var lines []line
	var errs []error
	for _, p := range parts {
		if !slices.ContainsFunc(p.rows, func(row int) bool { return slices.Contains(s.rows, row) }) {
			continue
		}
		if p.window && !hasXvfb() {
			fmt.Fprintln(out, say("Rows %s are left out: they need Linux and Xvfb.", "第 %s 行跳过：需要 Linux 与 Xvfb。", list(p.rows)))
			continue
		}
		measured, err := p.run(ctx, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", say("rows %s", "第 %s 行", list(p.rows)), err))
		}
		lines = append(lines, measured...)
		if ctx.Err() != nil {
			break
		}
	}
	lines = slices.DeleteFunc(lines, func(l line) bool { return !slices.Contains(s.rows, l.row) })
	slices.SortStableFunc(lines, func(a, b line) int { return a.row - b.row })
	fmt.Fprintf(out, "\n%s\n%s\n", table(lines), say("Ratios are of medians or of rates, in row 6 of p99. Rows 1, 2 and 5: %dx%d pixels on Xvfb, software OpenGL.",
		"倍率按中位数或速率计算，第 6 行按 p99。第 1、2、5 行：Xvfb，%dx%d 像素，软件 OpenGL。", screenWidth, screenHeight))
	return errors.Join(errs...)
}

// machine says what is measured on, and how busy it was before.
func machine() string {
	text := fmt.Sprintf("%s/%s, %s, %s", runtime.GOOS, runtime.GOARCH, runtime.Version(), say("%d cores", "%d 核", runtime.NumCPU()))
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return text // no Linux
	}
	first, _, _ := strings.Cut(string(load), " ")
	return text + ", " + say("load before: %s", "测前负载：%s", first)
}

func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	var rows string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&rows, "rows", "1,2,3,4,5,6,7,8,9", say("rows to measure", "要测的行"))
	f.IntVar(&s.orders, "orders", 550_000, say("orders in the ledger of reports, searches and files", "报表、搜索、导出所用账本的订单数"))
	f.IntVar(&s.rounds, "rounds", 40, say("charges through the window", "窗口收款次数"))
	f.IntVar(&s.starts, "starts", 7, say("starts of each program", "每个程序的启动次数"))
	f.IntVar(&s.notifications, "notifications", 8000, say("notifications sent", "发送的通知数"))
	f.IntVar(&s.bill, "bill", 100_000, say("lines of the bill that is reconciled", "对账的账单笔数"))
	f.DurationVar(&s.flood, "flood", 20*time.Second, say("how long garbage is sent", "垃圾请求的时长"))
	f.StringVar(&s.dir, "dir", "", say("folder for work files (default: beside Go's build cache)", "工作文件目录（默认在 Go 编译缓存旁）"))
	f.StringVar(&s.shots, "shots", "", say("keep what the window showed in this folder", "把窗口画面存入此目录"))
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(out)
		f.PrintDefaults()
		return s, err
	} else if err != nil {
		return s, usageError(err.Error())
	}
	if f.NArg() > 0 || s.flood <= 0 || min(s.orders, s.rounds, s.starts, s.notifications, s.bill) < 1 {
		return s, usageError(say("bench takes flags only, and numbers from 1; see -h.", "bench 只接受选项，数值至少为 1；见 -h。"))
	}
	for _, text := range strings.Split(rows, ",") {
		row, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || row < 1 || row > 9 {
			return s, usageError(say("-rows must be numbers from 1 to 9, such as 1,3.", "-rows 须为 1 到 9 的数字，如 1,3。"))
		}
		s.rows = append(s.rows, row)
	}
	return s, nil
}

// workFolder makes the folder of this run's files. It lies on the disk of Go's build cache, because a folder for temporary
// files is often in memory, where a commit costs nothing.
func workFolder(ctx context.Context, s *settings) (cleanUp func(), err error) {
	if s.dir == "" {
		cache, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
		if err != nil {
			return nil, fmt.Errorf("go env GOCACHE: %w", err)
		}
		s.dir = filepath.Dir(strings.TrimSpace(string(cache)))
	}
	if s.dir, err = os.MkdirTemp(s.dir, "saoma-bench-*"); err != nil {
		return nil, err
	}
	return func() { os.RemoveAll(s.dir) }, nil
}

// folder makes a folder of its own inside the work folder.
func (s settings) folder(name string) (string, error) {
	return os.MkdirTemp(s.dir, name+"-*")
}

// progress says what is being done; it is not part of the table.
func progress(en, zh string, args ...any) {
	fmt.Fprintln(os.Stderr, "    "+say(en, zh, args...))
}

func list(rows []int) string {
	var out []string
	for _, r := range rows {
		out = append(out, strconv.Itoa(r))
	}
	return strings.Join(out, ", ")
}
