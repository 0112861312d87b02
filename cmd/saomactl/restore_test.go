package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/pos"
)

// sell takes a payment from charge to paid.
func (s *shop) sell(amount, wallet string) (outTradeNo string) {
	s.t.Helper()
	p := s.start("charge", amount, "--wallet", wallet)
	outTradeNo = p.until("waiting").OutTradeNo
	s.pay(outTradeNo)
	p.until("paid")
	if code := p.wait(); code != 0 {
		s.t.Fatalf("charge: exit %d: %s", code, p.err.String())
	}
	return outTradeNo
}

// sums adds up what recover printed.
func sums(list []event) (sum event, later []string) {
	for _, e := range list {
		switch e.Event {
		case "recover":
			sum.Lines, sum.Agreed, sum.Foreign = sum.Lines+e.Lines, sum.Agreed+e.Agreed, sum.Foreign+e.Foreign
			sum.Payments, sum.Refunds = sum.Payments+e.Payments, sum.Refunds+e.Refunds
		case "recover_later":
			later = append(later, e.Day)
		}
	}
	return sum, later
}

// TestRestore loses a ledger and gets it back from a backup and the platforms.
func TestRestore(t *testing.T) {
	s := newShop(t)
	first := s.sell("1.00", "wechat")
	file := filepath.Join(t.TempDir(), "备份.db")
	serve := s.start("serve")
	serve.until("listening")
	if e := s.must("backup", file)[0]; e.Event != "backup" || e.File != file {
		t.Errorf("backup: %+v", e)
	}
	if e := s.must("backup")[0]; !strings.HasPrefix(e.File, filepath.Join(s.data, db.BackupFolder)) {
		t.Errorf("backup: %+v", e)
	}
	for _, args := range [][]string{{"restore", file}, {"recover", "--day", "2026-01-31"}, {"resolve", "1", "accept"}} {
		if r := s.run(args...); r.code != 1 || !strings.Contains(r.err, "open") || !strings.Contains(r.err, "saomactl") || r.out != "" {
			t.Errorf("%v beside a counter: %+v", args, r)
		}
	}
	if code := serve.end(syscall.SIGTERM); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	s.sell("2.00", "wechat")
	s.must("refund", s.sell("3.00", "alipay"), "3.00", "--reason", "没有牛肉")

	if r := s.run("restore", file); r.code != 1 || !strings.Contains(r.err, "--force") {
		t.Errorf("over a newer ledger: %+v", r)
	}
	if err := os.Remove(filepath.Join(s.data, db.FileName)); err != nil {
		t.Fatal(err)
	}
	list := s.must("restore", file)
	found, later := sums(list)
	if list[0].Event != "restore" || list[0].Kept != "" || found.Payments != 2 || found.Refunds != 1 || found.Agreed != 1 || found.Lines != 4 {
		t.Errorf("restore: %+v", list)
	}
	today := string(pos.BillDay(time.Now()))
	if !slices.Contains(later, today) {
		t.Errorf("today is not over: %v", later)
	}
	again, _ := sums(s.must("recover", "--day", today))
	if again.Payments+again.Refunds != 0 || again.Agreed != again.Lines {
		t.Errorf("again: %+v", again)
	}
	s.sameMoney()

	list = s.must("restore", file, "--force", "--offline")
	if kept := list[0].Kept; kept == "" || len(list) < 2 || list[1].Event != "recover_later" {
		t.Errorf("restore --force: %+v", list)
	} else if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if list := s.must("orders"); len(list) != 1 || list[0].OutTradeNo != first {
		t.Errorf("after it: %+v", list)
	}
	if r := s.run("recover", "--day", today); r.code != 0 || !strings.Contains(r.out, "¥3.00") {
		t.Errorf("recover in words: %+v", r)
	}
	s.sameMoney()
}

// sameMoney demands that the ledger is sound and has every movement of money of the sandbox.
func (s *shop) sameMoney() {
	s.t.Helper()
	s.verified()
	var platform, ledger int64
	for _, m := range s.platform("money") {
		platform += m.Amount
	}
	l, err := db.OpenReadOnly(s.t.Context(), s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	days, err := l.Totals(s.t.Context(), "2000-01-01", "2999-12-31")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range days {
		ledger += int64(d.Net())
	}
	if ledger != platform {
		s.t.Errorf("%d fen in the ledger, %d at the platforms", ledger, platform)
	}
}

// TestRestoreRefusesNonsense: what is no sound ledger changes nothing.
func TestRestoreRefusesNonsense(t *testing.T) {
	s := newShop(t)
	s.sell("1.00", "wechat")
	file := filepath.Join(t.TempDir(), "backup.db")
	s.must("backup", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"half": whole[:len(whole)/2], "text": []byte("no ledger\n"), "empty": {}} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := s.run("restore", path, "--force"); r.code != 1 || strings.Count(r.err, "\n") != 1 || r.out != "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if list := s.must("orders"); len(list) != 1 {
		t.Errorf("orders: %+v", list)
	}
	s.verified()
}

// TestRestoreOfAnotherCounter: the file of the till beside this one is not taken by mistake.
func TestRestoreOfAnotherCounter(t *testing.T) {
	s := bigShop(t, 10)
	file := filepath.Join(t.TempDir(), "T7.db")
	s.must("backup", file)
	other := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	if r := other.run("init", "--sandbox", "--counter", "T8"); r.code != 0 {
		t.Fatalf("init: %+v", r)
	}
	if r := other.run("restore", file, "--offline"); r.code != 1 || !strings.Contains(r.err, "counter T7") || !strings.Contains(r.err, "counter T8") || !strings.Contains(r.err, "--force") {
		t.Errorf("of another counter: %+v", r)
	}
	if n := other.sales(); n != 0 {
		t.Errorf("%d sales", n)
	}
	other.must("restore", file, "--force", "--offline")
	if n := other.sales(); n != s.sales() {
		t.Errorf("with --force: %d sales, not %d", n, s.sales())
	}
}

func TestRestoreOfAnotherMerchant(t *testing.T) {
	file := filepath.Join(t.TempDir(), "theirs.db")
	bigShop(t, 10).must("backup", file) // its merchants are others than the sandbox's
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	if r := s.run("init", "--sandbox", "--counter", "T7"); r.code != 0 {
		t.Fatalf("init: %+v", r)
	}
	if r := s.run("restore", file, "--offline"); r.code != 1 || !strings.Contains(r.err, "another merchant of") {
		t.Errorf("of another merchant: %+v", r)
	}
}

// TestExceptions lists and decides payments that the ledger does not know.
func TestExceptions(t *testing.T) {
	s := newShop(t)
	empty := filepath.Join(t.TempDir(), "empty.db")
	s.must("backup", empty)
	lost := []string{s.sell("1.11", "wechat"), s.sell("2.22", "alipay")}
	s.must("restore", empty, "--force", "--offline")
	s.hear(lost)

	if r := s.run("exceptions"); r.code != 0 || !strings.Contains(r.out, "¥1.11") || !strings.Contains(r.out, "saomactl --data "+strconv.Quote(s.data)+" resolve 1 accept\n") {
		t.Errorf("in words: %+v", r)
	}
	if r := s.run("show", lost[0]); r.code != 1 || !strings.Contains(r.err, "exception 1 is about it") || !strings.HasSuffix(r.err, " exceptions\n") {
		t.Errorf("show of an unknown order: %+v", r)
	}
	list := s.must("exceptions")
	if len(list) != 2 || list[0].Kind != "unknown_order" || list[0].OutTradeNo != lost[0] || list[0].Amount != 111 || list[0].Story == "" || !slices.Equal(list[0].Choices, []string{"accept", "refund"}) {
		t.Fatalf("exceptions: %+v", list)
	}
	accepted, refunded := strconv.FormatInt(list[0].ID, 10), strconv.FormatInt(list[1].ID, 10)
	if r := s.run("resolve", accepted, "dismiss", "--note", "forget it"); r.code != 1 || !strings.Contains(r.err, "cannot be dismissed") {
		t.Errorf("dismissing money: %+v", r)
	}
	if e := s.must("resolve", accepted, "accept", "--note", "found on the bill")[0]; e.Event != "resolved" || e.Resolution != "accept" || e.Note != "found on the bill" {
		t.Errorf("accept: %+v", e)
	}
	if r := s.run("resolve", accepted, "accept"); r.code != 1 || !strings.Contains(r.err, "resolved already") {
		t.Errorf("twice: %+v", r)
	}
	if list := s.must("resolve", refunded, "refund", "--note", " customer left "); len(list) != 2 || list[1].Event != "refund" || list[1].State != "succeeded" || list[1].Amount != 222 {
		t.Errorf("refund: %+v", list)
	}
	if r := s.run("resolve", "999", "accept"); r.code != 1 || !strings.Contains(r.err, "999") {
		t.Errorf("an unknown one: %+v", r)
	}
	if list := s.must("exceptions"); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
	if list := s.must("exceptions", "--all"); len(list) != 2 || list[0].Resolution == "" {
		t.Errorf("all: %+v", list)
	}
	for _, args := range [][]string{{"exceptions", "--all"}, {"show", lost[1]}} {
		if r := s.run(args...); !strings.Contains(r.out, "refund decided by saomactl at ") || !strings.Contains(r.out, "; it is now: succeeded: customer left\n") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	s.sameMoney()
}

// hear lets the counter hear of payments as a late notification would tell it.
func (s *shop) hear(outTradeNos []string) {
	s.t.Helper()
	c, err := counter.Open(context.Background(), s.data, counter.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	for i, no := range outTradeNos {
		g := c.Till.Gateways[pos.Wallets[i]]
		e, err := g.Query(s.t.Context(), &pos.Payment{OutTradeNo: no, Wallet: g.Wallet(), Account: g.Account()})
		if err != nil {
			s.t.Fatal(err)
		}
		e.Source = pos.FromNotification
		if outcome, err := c.Till.Settle(s.t.Context(), e); outcome != pos.Excepted || err != nil {
			s.t.Fatal(outcome, err)
		}
	}
}
