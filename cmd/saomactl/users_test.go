package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pin writes a PIN file and returns its name.
func (s *shop) pin(pin string) string {
	s.t.Helper()
	f, err := os.CreateTemp(filepath.Dir(s.data), "pin-*") // of mode 0600
	if err == nil {
		_, err = f.WriteString(pin + "\n")
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return f.Name()
}

// fails demands the exit code and a word of the sentence.
func (s *shop) fails(code int, word string, args ...string) {
	s.t.Helper()
	if r := s.run(args...); r.code != code || !strings.Contains(r.err, word) || strings.Count(r.err, "\n") != 1 {
		s.t.Errorf("%v: %+v; want exit %d and %q", args, r, code, word)
	}
}

// TestPeople takes a shop from no users to a refund that needs two.
func TestPeople(t *testing.T) {
	s := newShop(t)
	if r := s.run("users"); r.code != 0 || !strings.Contains(r.out, "users add NAME --role manager") {
		t.Errorf("without users: %+v", r)
	}
	boss, clerk, chief, weak := s.pin("770219355012"), s.pin("4817"), s.pin("290641"), s.pin("1234")
	asBoss := []string{"--user", "Wang", "--pin-file", boss}
	asClerk := []string{"--user", "小李", "--pin-file", clerk}
	as := func(who []string, args ...string) []string { return append(append([]string{}, who...), args...) }

	s.fails(2, "no users yet", as(asBoss, "charge", "1", "--wallet", "wechat")...)
	s.fails(1, "first user must be a manager", "users", "add", "Wang", "--role", "cashier", "--new-pin-file", boss)
	s.fails(2, "too easy", "users", "add", "Wang", "--role", "manager", "--new-pin-file", weak)
	s.fails(2, "--new-pin-file is missing", "users", "add", "Wang", "--role", "manager")
	s.fails(2, "--role", "users", "add", "Wang", "--role", "owner", "--new-pin-file", boss)
	s.fails(2, "nothing to do with users", "users", "fire", "Wang")
	s.fails(2, "Write it like this", "users", "add")
	if err := os.Chmod(weak, 0o644); err != nil {
		t.Fatal(err)
	}
	s.fails(2, "can be read by others", "users", "add", "Wang", "--role", "manager", "--new-pin-file", weak)
	s.must("users", "add", "Wang", "--role", "manager", "--new-pin-file", boss)
	s.fails(2, "--user is missing", "users", "add", "小李", "--role", "cashier", "--new-pin-file", clerk)
	s.must(as(asBoss, "users", "add", "小李", "--role", "cashier", "--new-pin-file", clerk)...)
	s.must(as(asBoss, "users", "add", "Sun", "--role", "cashier", "--new-pin-file", chief)...)
	s.must(as(asBoss, "users", "role", "Sun", "supervisor")...)
	s.fails(1, "Only a manager", as(asClerk, "users", "role", "小李", "manager")...)
	s.fails(1, "must be a manager who is not disabled", as(asBoss, "users", "disable", "Wang")...)
	s.must(as(asBoss, "users", "disable", "小李")...)
	s.fails(1, "is disabled", as(asClerk, "charge", "1", "--wallet", "wechat")...)
	s.must(as(asBoss, "users", "enable", "小李")...)

	s.fails(2, "--user is missing", "charge", "1", "--wallet", "wechat")
	s.fails(2, "--pin-file is missing", "--user", "小李", "charge", "1", "--wallet", "wechat")
	s.fails(1, "name or the PIN is wrong", "--user", "小李", "--pin-file", boss, "charge", "1", "--wallet", "wechat")
	p := s.start(as(asClerk, "charge", "300", "--wallet", "wechat")...)
	no := p.until("waiting").OutTradeNo
	s.pay(no)
	p.until("paid")
	if code := p.wait(); code != 0 {
		t.Fatal(code, p.err.String())
	}
	large := as(asClerk, "refund", no, "200.01", "--reason", "退货")
	s.fails(1, "--approved-by NAME", large...)
	s.fails(1, "Only a supervisor", append(large, "--approved-by", "小李", "--approval-pin-file", clerk)...)
	list := s.must(append(large, "--approved-by", "Sun", "--approval-pin-file", chief)...)
	if list[0].State != "succeeded" || list[0].Amount != 20001 {
		t.Errorf("refund: %+v", list)
	}
	if text := s.run("show", no, "--json").out; !strings.Contains(text, `"requested_by":"小李","approved_by":"Sun"`) {
		t.Errorf("show: %s", text)
	}
	s.fails(1, "Only a manager", as(asClerk, "recover", "--day", "2026-01-02")...)
	s.fails(1, "Only a manager", as(asClerk, "resolve", "1", "dismiss", "--note", "x")...)
	s.audited(no)
	s.verified()
}

// audited looks at the audit chain as words, as CSV and as JSON.
func (s *shop) audited(no string) {
	t := s.t
	t.Helper()
	if r := s.run("audit"); r.code != 0 || !strings.Contains(r.out, "小李") || !strings.Contains(r.out, "The audit chain is whole") {
		t.Errorf("in words: %+v", r)
	}
	for _, action := range []string{"refund", "Refunded"} { // the code, and the word that is shown for it
		if r := s.run("audit", "--action", action); !strings.Contains(r.out, "approved by Sun") || !strings.Contains(r.out, "  Refunded  ") || strings.Contains(r.out, "Charged") {
			t.Errorf("only %s: %+v", action, r)
		}
	}
	for _, e := range s.must("audit", "--user", "小李", "--action", "refund") {
		if e.Event != "chain" && (e.Actor != "小李" || e.Action != "refund" || !strings.HasSuffix(e.Detail, "200.01 approved by Sun")) {
			t.Errorf("a line of JSON: %+v", e)
		}
	}
	file := filepath.Join(filepath.Dir(s.data), "audit.csv")
	s.must("audit", "--about", no, "--format", "csv", "-o", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil || len(records) != 5 || records[1][3] != "approve" || records[4][3] != "charge" || records[4][2] != "小李" || len(records[1][8]) != 64 {
		t.Errorf("CSV: %q, %v", records, err)
	}
	if r := s.run("audit", "--since", "2999-01-01", "--format", "csv"); r.code != 0 || strings.Count(r.out, "\n") != 1 || !strings.Contains(r.err, "is whole") {
		t.Errorf("nothing in CSV: %+v", r)
	}
	if r := s.run("audit", "--until", "2020-01-01", "--json"); r.code != 0 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("nothing in JSON: %+v", r)
	}
	s.fails(2, "--since", "audit", "--since", "yesterday")
	s.fails(2, "--format", "audit", "--format", "pdf")
	s.fails(2, "-o", "audit", "-o", filepath.Join(s.data, "none", "x.csv"))
}
