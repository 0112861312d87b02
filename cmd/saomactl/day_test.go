package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/xuri/excelize/v2"

	"saoma/pos"
	"saoma/pos/report"
)

// closed is what the day's commands print with --json.
type closed struct {
	Event                 string
	Shift, Batch, Entries int64
	Orders                int64
	Cashier, Note, Wallet string
	Day                   pos.Day
	Amount, Net, Before   int64
	Totals                []sumView
	Unfinished, Files     []string
	SignedOver            string `json:"signed_over"`
}

// tell runs one command of the manager's day, which must succeed, and reads its last line.
func (s *shop) tell(args ...string) (c closed) {
	s.t.Helper()
	list := s.must(args...)
	return s.read(list[len(list)-1])
}

func (s *shop) read(e event) (c closed) {
	s.t.Helper()
	if err := json.Unmarshal(e.raw, &c); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// sold takes a payment and returns its number.
func (s *shop) sold(wallet, amount, title string, as ...string) string {
	s.t.Helper()
	p := s.start(append(as, "charge", amount, "--wallet", wallet, "--title", title)...)
	no := p.until("waiting").OutTradeNo
	s.pay(no)
	p.until("paid")
	if code := p.wait(); code != 0 {
		s.t.Fatal(code, p.err.String())
	}
	return no
}

// TestDay is a day from the first shift to the files on the manager's disk, and what comes after it.
func TestDay(t *testing.T) {
	s := newShop(t)
	folder := filepath.Join(t.TempDir(), "日结 files")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	s.configure("\n[export]\nfolder = '" + folder + "'\n")
	if r := s.run("shift"); r.code != 0 || r.out != "No shift is open.\n" {
		t.Errorf("no shift: %+v", r)
	}
	s.fails(1, "No shift is open.", "shift", "close")
	if c := s.tell("shift", "open", "小李"); c.Event != "shift_opened" || c.Cashier != "小李" {
		t.Errorf("opened: %+v", c)
	}
	s.fails(1, "The shift of 小李 is open", "shift", "open", "Sun")
	s.sold("wechat", "12.50", "牛肉面")
	tea := s.sold("alipay", "8", "=茶")
	s.must("refund", tea, "3", "--reason", "凉了")
	s.fails(1, "close it before the day", "close-day")
	waiting := s.leaveWaiting()
	s.fails(1, "Not final yet: 1.", "shift", "close")
	if c := s.tell("shift"); c.Event != "shift" || !slices.Equal(c.Unfinished, []string{waiting}) || c.Orders != 3 {
		t.Errorf("the shift beside its close: %+v", c)
	}
	c := s.tell("shift", "close", "--sign-over", "孙主管", "--note", "零钱已点")
	if c.Event != "shift_closed" || c.SignedOver != "孙主管" || c.Note != "零钱已点" || c.Orders != 3 || netOf(c.Totals) != 1750 || len(c.Unfinished) != 1 {
		t.Errorf("closed: %+v", c)
	}
	if list := s.must("audit", "--action", "sign_over"); list[0].Detail != "孙主管" || !bytes.Contains(list[0].raw, []byte(waiting)) {
		t.Errorf("signed over: %+v", list[0])
	}
	s.dayClosed(folder)
	s.settled()
	s.pay(waiting)
	s.must("check", waiting)
	s.must("shift", "open", "孙主管")
	if c := s.tell("shift"); c.Before != 1100 || netOf(c.Totals) != 1100 || !strings.Contains(s.run("shift").out, "before the shift opened: ¥11.00") {
		t.Errorf("paid between the shifts: %+v", c)
	}
	s.verified()
}

// configure appends to saoma.toml.
func (s *shop) configure(text string) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.data, "saoma.toml"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// leaveWaiting ends a counter that shows a code.
func (s *shop) leaveWaiting() string {
	s.t.Helper()
	p := s.start("charge", "5", "--wallet", "alipay")
	no := p.until("waiting").OutTradeNo
	if code := p.end(syscall.SIGTERM); code != 1 {
		s.t.Errorf("SIGTERM: exit %d", code)
	}
	return no
}

func netOf(totals []sumView) (sum int64) {
	for _, v := range totals {
		sum += int64(v.Paid - v.Refunded)
	}
	return sum
}

// dayClosed closes the day, once and then once more.
func (s *shop) dayClosed(folder string) {
	t := s.t
	t.Helper()
	c := s.tell("close-day", "--note", "晴")
	if c.Event != "day_closed" || c.Entries != 3 || c.Amount != 1750 || netOf(c.Totals) != 1750 || c.Note != "晴" || len(c.Files) != 3 {
		t.Fatalf("the day: %+v", c)
	}
	stem := filepath.Join(folder, "面馆-T7-"+string(c.Day))
	for i, file := range []string{stem + ".pdf", stem + ".xlsx", stem + "-Ledger entries.csv"} {
		if info, err := os.Stat(file); err != nil || c.Files[i] != file || info.Size() < 100 {
			t.Errorf("%s: %v; told is %v", file, err, c.Files)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 3 {
		t.Errorf("in the folder: %v, %v", left, err)
	}
	if backups, err := filepath.Glob(filepath.Join(s.data, "backups", "ledger-*.db")); err != nil || len(backups) == 0 {
		t.Errorf("no backup: %v", err)
	}
	s.fails(1, "is closed already", "close-day", "--day", string(c.Day))
	s.fails(1, "has not begun", "close-day", "--day", "2999-01-01")
	if c := s.tell("reopen-day", "--reason", "还有客人"); c.Event != "day_reopened" {
		t.Errorf("reopened: %+v", c)
	}
	s.sold("wechat", "6", "late")
	if again := s.tell("close-day"); again.Day != c.Day || again.Entries != 1 || again.Amount != 600 || again.Batch == c.Batch {
		t.Errorf("the second close: %+v after %+v", again, c)
	}
}

// settled books what the platforms have paid out: each entry once.
func (s *shop) settled() {
	t := s.t
	t.Helper()
	owed := s.must("settlement")
	if len(owed) != 2 {
		t.Fatalf("owed: %+v", owed)
	}
	today := "2999-01-01"
	for i, want := range []struct {
		wallet  string
		entries int64
		net     int64
	}{{"alipay", 2, 500}, {"wechat", 2, 1850}} {
		var o struct {
			closed
			Last string
		}
		if err := json.Unmarshal(owed[i].raw, &o); err != nil || o.Wallet != want.wallet || o.Entries != want.entries || o.Net != want.net {
			t.Errorf("owed: %+v, %v; want %+v", o, err, want)
		}
		today = o.Last
	}
	s.fails(1, "has not begun", "settlement", "--wallet", "wechat", "--through", "2999-01-01")
	s.fails(1, "owes nothing through 2020-01-01", "settlement", "--wallet", "wechat", "--through", "2020-01-01")
	if c := s.tell("settlement", "--wallet", "wechat", "--through", today, "--note", "银行 0131"); c.Event != "settled" || c.Entries != 2 || c.Amount != 1850 {
		t.Errorf("settled: %+v", c)
	}
	s.fails(1, "owes nothing", "settlement", "--wallet", "wechat", "--through", today)
	if left := s.must("settlement"); len(left) != 1 || left[0].Wallet != "alipay" {
		t.Errorf("still owed: %+v", left)
	}
	s.feesTold(today)
}

// feesTold compares the bills, after which the fees are known: what is owed has them, what was settled stays as it was.
func (s *shop) feesTold(today string) {
	t := s.t
	t.Helper()
	type fees struct {
		Fees         *int64 `json:"fees"`
		FeesUnknown  int64  `json:"fees_unknown"`
		Payout       *int64 `json:"payout"`
		SinceFees    int64  `json:"since_fees"`
		SinceEntries int64  `json:"since_entries"`
	}
	want := func(when string, want fees, args ...string) {
		t.Helper()
		var got fees
		if err := json.Unmarshal(s.must(args...)[0].raw, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", when, got, err, want)
		}
	}
	want("owed before the bill", fees{FeesUnknown: 2}, "settlement")
	if code, _, differences := s.compared("--day", today); code != 0 || len(differences) != 0 {
		t.Fatalf("the bills: exit %d, %+v", code, differences)
	}
	want("owed", fees{Fees: new(int64(3)), Payout: new(int64(497))}, "settlement") // of 8.00 five fen, of 3.00 given back two
	want("settled", fees{FeesUnknown: 2, SinceFees: 12, SinceEntries: 2}, "settlement", "--list")
	for _, c := range []struct{ args, want string }{
		{"settlement", "Fees ¥0.03, to be paid out ¥4.97."},
		{"settlement --list", "The fees are not known yet.\n  Known since then, and not taken off above: fees of ¥0.12; entries: 2."},
		{"report --day " + today, "Fees ¥"},
	} {
		if r := s.run(strings.Fields(c.args)...); r.code != 0 || !strings.Contains(r.out, c.want) {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
	if rows := s.csv("report", "--day", today, "--format", "csv"); rows[len(rows)-1][10] != "0.15" || rows[len(rows)-1][11] != "0" {
		t.Errorf("the day's fees: %q", rows)
	}
	if rows := s.csv("report", "--day", today, "--payments"); !slices.Equal([]string{rows[1][12], rows[2][12], rows[3][12]}, []string{"0.08", "0.03", ""}) {
		t.Errorf("by payment: %q", rows)
	}
}

// TestSearchAndReports finds payments and writes every kind of report of them.
func TestSearchAndReports(t *testing.T) {
	s := newShop(t)
	noodles, tea := s.sold("wechat", "12.50", "牛肉面"), s.sold("alipay", "8", "=茶")
	transaction := s.transaction(tea)
	for _, c := range []struct {
		words string
		want  []string
	}{
		{noodles, []string{noodles}},
		{noodles[len(noodles)-4:], []string{noodles}},
		{transaction[len(transaction)-6:], []string{tea}},
		{"12.50", []string{noodles}},
		{"¥8", []string{tea}},
		{"茶", []string{tea}},
		{"", []string{tea, noodles}},
		{"--wallet alipay", []string{tea}},
		{"--state paid 牛", []string{noodles}},
		{"--state closed", nil},
		{"牛 茶", nil},
		{"--to 2020-01-01", nil},
		{"--from 2020-01-01", []string{tea, noodles}},
	} {
		var found []string
		for _, e := range s.must(append([]string{"search"}, strings.Fields(c.words)...)...) {
			found = append(found, e.OutTradeNo)
		}
		if !slices.Equal(found, c.want) {
			t.Errorf("search %q: %v, want %v", c.words, found, c.want)
		}
	}
	if r := s.run("search", "nothing of the kind"); r.code != 0 || r.out != "No payment was found.\n" {
		t.Errorf("nothing found: %+v", r)
	}
	if r := s.run("search", "牛肉面"); r.code != 0 || !strings.Contains(r.out, noodles) || !strings.Contains(r.out, "12.50") {
		t.Errorf("in words: %+v", r)
	}
	s.reported()
}

// transaction is the platform's number of a payment.
func (s *shop) transaction(no string) string {
	s.t.Helper()
	var d detail
	if err := json.Unmarshal([]byte(s.run("show", no, "--json").out), &d); err != nil || len(d.Payments) != 1 {
		s.t.Fatalf("%s: %+v, %v", no, d, err)
	}
	return d.Payments[0].TransactionID
}

// reported writes 12.50 and 8.00 in every format, for every kind of period.
func (s *shop) reported() {
	t := s.t
	t.Helper()
	periods := [][]string{nil, {"--per", "week"}, {"--per", "month"}, {"--from", "2026-01-01", "--to", "2035-12-31"}}
	for _, period := range periods {
		args := append([]string{"report"}, period...)
		if r := s.run(args...); r.code != 0 || !strings.Contains(r.out, "20.50") || !strings.Contains(r.out, "=茶") {
			t.Errorf("%v: %+v", args, r)
		}
		var made report.Report
		if err := json.Unmarshal([]byte(s.run(append(args, "--format", "json")...).out), &made); err != nil || made.Total.Paid != 2050 || made.Total.PaidCount != 2 || len(made.AuditHead) != 64 {
			t.Errorf("%v as json: %+v, %v", args, made.Total, err)
		}
		if rows := s.csv(append(args, "--format", "csv")...); len(rows) != 4 || rows[3][5] != "20.50" {
			t.Errorf("%v as csv: %q", args, rows)
		}
		rows := s.csv(append(args, "--payments")...)
		if len(rows) != 3 || rows[1][5] != "12.50" || rows[2][5] != "8.00" || rows[2][7] != "'=茶" || len(rows[1]) != 13 {
			t.Errorf("%v payments: %q", args, rows)
		}
		if list := s.must(append(args, "--payments")...); len(list) != 2 || list[0].Amount != 1250 || list[1].Title != "=茶" {
			t.Errorf("%v payments as json: %+v", args, list)
		}
	}
	s.files()
}

// csv runs one command and reads its output as CSV.
func (s *shop) csv(args ...string) [][]string {
	s.t.Helper()
	r := s.run(args...)
	text, marked := strings.CutPrefix(r.out, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if r.code != 0 || !marked || err != nil {
		s.t.Errorf("%v: %+v, %v", args, r, err)
	}
	return rows
}

// files writes workbooks and a sheet to print, named by their endings, and reads them back.
func (s *shop) files() {
	t := s.t
	t.Helper()
	dir := t.TempDir()
	s.fails(2, "cannot be written", "report", "-o", filepath.Join(dir, "none", "x.csv"))
	for name, args := range map[string][]string{"sums.xlsx": nil, "each.xlsx": {"--payments"}, "sheet.pdf": {"--per", "week"}} {
		file := filepath.Join(dir, name)
		if e := s.must(append([]string{"--lang", "zh", "report", "-o", file, "--format", filepath.Ext(name)[1:]}, args...)...)[0]; e.Event != "report" || e.File != file {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 3 {
		t.Errorf("left: %v, %v", left, err)
	}
	each, err := excelize.OpenFile(filepath.Join(dir, "each.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer each.Close()
	for at, want := range map[string]string{"F2": "12.5", "F3": "8", "H3": "=茶", "D2": "微信支付"} {
		if got, err := each.GetCellValue(each.GetSheetName(0), at, excelize.Options{RawCellValue: true}); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", at, got, err, want)
		}
	}
	sums, err := excelize.OpenFile(filepath.Join(dir, "sums.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer sums.Close()
	if sums.SheetCount < 4 {
		t.Errorf("%d tables", sums.SheetCount)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		return
	}
	text, err := exec.Command(tool, "-layout", filepath.Join(dir, "sheet.pdf"), "-").Output()
	if err != nil || !strings.Contains(string(text), "20.50") || !strings.Contains(string(text), "微信支付") {
		t.Errorf("the sheet: %s, %v", text, err)
	}
}

// TestDayNeedsManager: what a role may not do is refused in one line, and nothing is closed.
func TestDayNeedsManager(t *testing.T) {
	s := newShop(t)
	boss, clerk := s.pin("770219355012"), s.pin("4817")
	s.must("users", "add", "Wang", "--role", "manager", "--new-pin-file", boss)
	asBoss, asClerk := []string{"--user", "Wang", "--pin-file", boss}, []string{"--user", "小李", "--pin-file", clerk}
	as := func(who []string, args ...string) []string { return append(slices.Clone(who), args...) }
	s.must(as(asBoss, "users", "add", "小李", "--role", "cashier", "--new-pin-file", clerk)...)

	s.fails(2, "--user is missing", "close-day")
	s.must(as(asClerk, "shift", "open", "小李")...)
	s.sold("wechat", "3", "茶", asClerk...)
	if c := s.tell(as(asClerk, "shift", "close")...); c.Orders != 1 || netOf(c.Totals) != 300 || c.Totals[0].Cashier != "小李" {
		t.Errorf("the cashier's shift: %+v", c)
	}
	s.fails(1, "Only a manager", as(asClerk, "close-day")...)
	s.fails(1, "Only a manager", as(asClerk, "reopen-day", "--reason", "x")...)
	s.fails(1, "Only a manager", as(asClerk, "settlement", "--wallet", "wechat", "--through", "2026-01-31")...)
	if c := s.tell(as(asBoss, "close-day")...); c.Entries != 1 || c.Amount != 300 || len(c.Files) != 0 {
		t.Errorf("the manager's close: %+v", c)
	}
	s.fails(1, "Only a manager", as(asClerk, "reopen-day", "--reason", "x")...)
	s.verified()
}

// TestUnwritableFolder: the day is closed all the same, and what is missing is said.
func TestUnwritableFolder(t *testing.T) {
	s := newShop(t)
	s.configure("\n[export]\nfolder = 'nowhere'\n")
	s.sold("wechat", "3", "茶")
	r := s.run("--json", "close-day")
	if r.code != 1 || !strings.Contains(r.err, "cannot be written") || strings.Count(r.err, "\n") != 1 {
		t.Errorf("%+v", r)
	}
	if c := s.read(r.events(t)[0]); c.Event != "day_closed" || c.Amount != 300 || len(c.Files) != 0 {
		t.Errorf("%+v", c)
	}
	s.fails(1, "is closed already", "close-day")
	s.verified()
}
