package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// compared runs one reconcile command with --json and returns its exit code, how the days stand, and the differences.
func (s *shop) compared(args ...string) (code int, days []reconciled, differences []listedDifference) {
	s.t.Helper()
	r := s.run(append([]string{"--json", "reconcile"}, args...)...)
	for line := range strings.Lines(r.out) {
		var d reconciled
		var one listedDifference
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			s.t.Fatal(line, err)
		}
		if d.Event != "difference" {
			days = append(days, d)
		} else if err := json.Unmarshal([]byte(line), &one); err != nil {
			s.t.Fatal(line, err)
		} else {
			differences = append(differences, one)
		}
	}
	return r.code, days, differences
}

// TestReconcile follows a day from the first comparison to the last difference settled, as a script does.
func TestReconcile(t *testing.T) {
	s := newShop(t)
	today := string(pos.BillDay(time.Now()))
	if r := s.run("reconcile", "--list"); r.code != 0 || !strings.Contains(r.out, "no day") {
		t.Errorf("before the first sale: %+v", r)
	}
	for _, w := range pos.Wallets {
		for range 2 {
			s.sell("12.50", string(w))
		}
	}
	code, days, differences := s.compared("--day", today)
	if code != 0 || len(days) != 2 || len(differences) != 0 {
		t.Fatalf("%d %+v %+v", code, days, differences)
	}
	for _, d := range days {
		if d.State != pos.Agreed || d.Red || d.Lines != 2 || d.Agreed != 2 || d.Paid != 2500 || d.Fee != 16 || d.Settlement != 2484 || len(d.BillHash) != 64 {
			t.Errorf("%+v", d)
		}
	}
	for _, kind := range []string{"bill_extra", "bill_amount"} {
		s.fault(kind, "bill", 1)
	}
	code, days, differences = s.compared("--day", today, "--wallet", "wechat", "--again")
	if code != 1 || len(days) != 1 || days[0].State != pos.Differs || !days[0].Red || days[0].Open != 2 || len(differences) != 2 {
		t.Fatalf("%d %+v %+v", code, days, differences)
	}
	for _, d := range differences {
		if len(d.Choices) == 0 || d.Story == "" {
			t.Errorf("%+v", d)
		}
		args := []string{"--day", today, "--wallet", "wechat", "--fix", string(rune('0' + d.N)), string(d.Choices[0])}
		code, days, _ := s.compared(args...)
		if invented := d.Kind == pos.MissingHere; invented != (code == 1) {
			t.Errorf("%v: %d %+v", args, code, days)
		}
	}
	p := s.start("serve")
	p.until("listening")
	code, days, differences = s.compared("--list", "--day", today)
	if code != 0 || len(days) != 2 || len(differences) != 2 || days[0].Open != 1 || differences[0].State == differences[1].State {
		t.Errorf("beside an open counter: %d %+v %+v", code, days, differences)
	}
	s.refuses("open", "reconcile", "--day", today)
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	for _, d := range differences {
		if d.State != pos.DifferenceOpen {
			continue
		}
		if r := s.run("reconcile", "--day", today, "--wallet", "wechat", "--fix", string(rune('0'+d.N)), "note", "--note", "平台已更正"); r.code != 0 || !strings.Contains(r.out, "agrees") {
			t.Errorf("note: %+v", r)
		}
	}
	if r := s.run("reconcile", "--day", today); r.code != 0 || !strings.Contains(r.out, "平台已更正") || !strings.Contains(r.out, "settlement ¥24.84") {
		t.Errorf("in words: %+v", r)
	}
	yesterday := string(pos.BillDay(time.Now().AddDate(0, 0, -1)))
	if r := s.run("reconcile", "--sign-off", yesterday, "--wallet", "alipay", "--note", "停业"); r.code != 0 || !strings.Contains(r.out, "signed off by saomactl: 停业") {
		t.Errorf("sign off: %+v", r)
	}
	if r := s.run("reconcile", "--sign-off", today, "--wallet", "alipay", "--note", "x"); r.code != 1 {
		t.Errorf("what is not over: %+v", r)
	}
	s.fault("bill_late", "bill", 2)
	if code, days, _ := s.compared("--day", yesterday, "--again"); code != 1 || len(days) != 2 || days[0].Message == "" {
		t.Errorf("late: %d %+v", code, days)
	}
	if kept, err := filepath.Glob(filepath.Join(s.data, "bills", "wechat-*")); err != nil || len(kept) < 2 {
		t.Errorf("kept %q, %v", kept, err)
	}
	s.verified()
}
