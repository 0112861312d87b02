package main

import (
	"bytes"
	"errors"
	"image"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestRows measures the rows that need no window, on little: real notifications into a real ledger, and its report.
func TestRows(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	dir := t.TempDir()
	var out bytes.Buffer
	err := run(t.Context(), []string{"-rows", "3,4,6,7,8,9", "-bill", "300", "-orders", "600", "-notifications", "80", "-flood", "500ms", "-dir", dir}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		`(?m)^3  notifications, .*  [1-9]\d*/s  +[1-9]\d*/s bare commits  +\d+\.\d\d  `,
		`[1-9]\d*/s RSA verifications`,
		`80 of 80; passes .* yes`,
		`(?m)^4  day report on 600 orders  +\d+\.\d\d ms / \d+\.\d\d ms  `,
		`(?m)^ +month report  +\d+\.\d\d ms / \d+\.\d\d ms  .* p95 <= 50.00 ms  `,
		`(?m)^6  notifications answered beside garbage, 10 of them, p99  +\d+\.\d\d ms  +\d+\.\d\d ms without garbage  `,
		`garbage sent and refused meanwhile, 64 connections  +[1-9]\d*/s `,
		`13 of 13; \d+ lines .* yes`,
		`(?m)^7  a kept bill of 30\d lines read, compared with the ledger, recorded  +\d+\.\d\d ms / `,
		`(?m)^8  search, a key typed: .*  \d+\.\d\d ms / \d+\.\d\d ms  `,
		`(?m)^9  a file of 600 payments, CSV  +\d+\.\d\d ms / .*<= 2 of the limit`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "QR code") {
		t.Error("a row that was not asked for was measured")
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-rows", "10"}, {"-rows", "0"}, {"-rows", "x"}, {"-rows", ""}, {"-rounds", "0"}, {"-flood", "0s"}, {"-orders", "-1"}, {"-nonsense"}, {"now"},
	} {
		err := run(t.Context(), args, new(bytes.Buffer))
		if !errors.As(err, new(usageError)) {
			t.Errorf("%q: %v, want a usage error", args, err)
		}
	}
}

func TestTimes(t *testing.T) {
	var samples times
	for i := range 100 {
		samples = append(samples, time.Duration(100-i)*time.Millisecond)
	}
	if p50, p95 := samples.at(50), samples.at(95); p50 != 50*time.Millisecond || p95 != 95*time.Millisecond {
		t.Errorf("median %s, 95th percentile %s", p50, p95)
	}
	if one := (times{time.Second}); one.at(50) != time.Second || one.at(95) != time.Second {
		t.Error("a single sample is not its own percentile")
	}
	if got := samples.ratioTo(times{20 * time.Millisecond}); got != "2.50" {
		t.Errorf("ratio %s, want 2.50", got)
	}
	if got := samples.ratioTo(nil); got != "-" {
		t.Errorf("ratio to nothing %s", got)
	}
}

func TestTableAlignsChinese(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	text := table([]line{{row: 1, what: "收款", measured: "A"}, {row: 1, what: "pay", measured: "B"}, {row: 2, what: "中文ab", measured: "C"}})
	column := map[string]int{}
	for _, l := range strings.Split(text, "\n")[1:] {
		for _, mark := range []string{"A", "B", "C"} {
			if before, _, found := strings.Cut(l, mark); found {
				column[mark] = cells(before)
			}
		}
	}
	if column["A"] == 0 || column["A"] != column["B"] || column["B"] != column["C"] {
		t.Errorf("columns begin at %v in\n%s", column, text)
	}
	if !strings.HasPrefix(text, "   项目") {
		t.Errorf("the heading is not Chinese:\n%s", text)
	}
}

func TestPoints(t *testing.T) {
	var got []image.Point
	for p := range points(image.Rect(1, 2, 3, 4)) {
		got = append(got, p)
	}
	want := []image.Point{{X: 1, Y: 2}, {X: 2, Y: 2}, {X: 1, Y: 3}, {X: 2, Y: 3}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
