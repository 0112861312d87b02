package sheet

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
	"saoma/pos/report"
)

// ledgerOf is a ledger with three days of sales.
func ledgerOf(t *testing.T, orders int) (*db.Ledger, pos.Shop, report.Period) {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	shop := pos.Shop{Name: "老街/茶馆", Counter: "K1", TimeZone: zone}
	dir := t.TempDir()
	until := time.Date(2026, 3, 4, 0, 0, 0, 0, zone)
	if err := dbtest.Seed(t.Context(), dir, dbtest.Sales{Orders: orders, Days: 3, Until: until, Shop: shop, Cashiers: []string{"王小明", "=1+1"}}); err != nil {
		t.Fatal(err)
	}
	l, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p, err := report.Between("2026-03-01", "2026-03-03")
	if err != nil {
		t.Fatal(err)
	}
	return l, shop, p
}

// another opens a file in LibreOffice, which writes each of its tables as CSV: text in quotes, numbers without.
func another(t *testing.T, file string) map[string]string {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not here to open the file")
	}
	out := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	args := []string{"-env:UserInstallation=file://" + filepath.ToSlash(t.TempDir()), "--headless"}
	if filepath.Ext(file) == ".csv" { // a window would ask for the character set, and find it by the byte order mark
		args = append(args, "--infilter=CSV:44,34,76")
	}
	cmd := exec.CommandContext(ctx, office, append(args, "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,true,false,true,false,false,-1", "--outdir", out, file)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	found, err := filepath.Glob(filepath.Join(out, "*.csv"))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing came of it: %v", err)
	}
	tables := map[string]string{}
	stem := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tables[strings.Trim(strings.TrimPrefix(strings.TrimSuffix(filepath.Base(name), ".csv"), stem), "-")] = string(text)
	}
	return tables
}

func TestWorkbookInAnotherProgram(t *testing.T) {
	l, shop, p := ledgerOf(t, 300)
	e := &Export{Source: l, Shop: shop, Period: p, Words: words.Zh, Format: "xlsx", Now: time.Now()}
	file, err := e.File(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if base := filepath.Base(file); base != "老街_茶馆-K1-2026-03-01-2026-03-03.xlsx" {
		t.Errorf("it is called %s", base)
	}
	r, err := report.Make(t.Context(), l, shop, p, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tables := another(t, file)
	total := `"合计",` + itoa(r.Total.PaidCount) + "," + grouped(r.Total.Paid) + "," + itoa(r.Total.RefundCount) + "," + grouped(r.Total.Refunded) + "," + grouped(r.Total.Net)
	for _, name := range []string{"按支付方式", "按收银员", "按日", "按小时", "按商品"} {
		if text := tables[name]; !strings.Contains(text, total) {
			t.Errorf("%s has no %s: %q", name, total, text)
		}
	}
	if text := tables["按收银员"]; !strings.Contains(text, `"=1+1"`) || !strings.Contains(text, `"王小明"`) {
		t.Errorf("cashiers: %q", text)
	}
}

func TestPaymentsInAnotherProgram(t *testing.T) {
	l, shop, p := ledgerOf(t, 1200)
	var all []pos.Payment
	if err := l.EachPayment(t.Context(), p.From, p.To, func(p *pos.PaymentRow) error { all = append(all, p.Payment); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"csv", "xlsx"} {
		e := &Export{Source: l, Shop: shop, Period: p, Words: words.Zh, Format: format, Orders: true, Now: time.Now()}
		file, err := e.File(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var rows [][]string
		for _, text := range another(t, file) {
			if rows, err = csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		if len(rows) != len(all)+1 {
			t.Fatalf("%s: %d rows for %d payments", format, len(rows), len(all))
		}
		for i := range all {
			p, row := &all[i], rows[i+1]
			if row[2] != p.OutTradeNo || !isYuan(row[5], p.Amount) || row[7] != p.Title || !strings.HasSuffix(row[9], p.Cashier) {
				t.Fatalf("%s: row %d is %q for %+v", format, i, row, p)
			}
		}
	}
}

func TestPaymentsAsJSON(t *testing.T) {
	l, shop, p := ledgerOf(t, 50)
	var b bytes.Buffer
	e := &Export{Source: l, Shop: shop, Period: p, Words: words.En, Format: "json", Orders: true}
	if err := e.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	var paid pos.Fen
	lines := json.NewDecoder(&b)
	for n := range 50 {
		var line struct {
			State  string
			Amount pos.Fen
			PaidAt time.Time `json:"paid_at"`
		}
		if err := lines.Decode(&line); err != nil {
			t.Fatal(n, err)
		}
		if line.State == "paid" {
			paid += line.Amount
		}
		if (line.State == "paid") == line.PaidAt.IsZero() {
			t.Errorf("%+v", line)
		}
	}
	r, err := report.Make(t.Context(), l, shop, p, time.Now())
	if err != nil || r.Total.Paid != paid {
		t.Errorf("¥%s; the report says ¥%s (%v)", paid, r.Total.Paid, err)
	}
}

// TestDaySheet reads the sheet of a closed day back from its PDF.
func TestDaySheet(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not here to read the document back")
	}
	zone := time.FixedZone("CST", 8*60*60)
	shop := pos.Shop{Name: "老街茶馆", Counter: "K1", TimeZone: zone}
	dir, until := t.TempDir(), time.Date(2026, 3, 4, 0, 0, 0, 0, zone)
	if err := dbtest.Seed(t.Context(), dir, dbtest.Sales{Orders: 300, Days: 3, Until: until, Shop: shop, Cashiers: []string{"王小明"}, Titles: []string{"牛肉面", "茶"}}); err != nil {
		t.Fatal(err)
	}
	l, err := db.Open(t.Context(), dir, db.Options{Now: func() time.Time { return until.Add(-time.Minute) }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	till := &pos.Till{Shop: shop, Store: l}
	if _, err := till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "王店长", Note: "晴"}); err != nil {
		t.Fatal(err)
	}
	p, err := report.Around(report.OneDay, "2026-03-03")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Make(t.Context(), l, shop, p, until)
	if err != nil {
		t.Fatal(err)
	}
	head, err := l.AuditHead(t.Context())
	if err != nil || r.Total.RefundCount == 0 || r.Before.PaidCount == 0 {
		t.Fatal(err, r.Total, r.Before)
	}
	file, err := (&Export{Source: l, Shop: shop, Period: p, Words: words.Zh, Format: "pdf", Now: until}).File(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(tool, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, want := range []string{ // in the order of the sheet
		"老街茶馆", "2026-03-03 日报", "净额 ¥", "上期：2026-03-02", r.Total.Net.String(), r.Before.Net.String(),
		"收款 ¥", "退款 ¥", "收款笔数", "客单价 ¥", r.Total.Paid.String(), r.Total.Refunded.String(), itoa(r.Total.PaidCount), r.Total.Average.String(),
		"按支付方式", "微信支付", "支付宝", "合计", r.Total.Net.String(), "按收银员", "王小明", "按商品", "牛肉面", "合计",
		"日结记录", "2026-03-03，2026-03-03 23:59:00，王店长：" + itoa(r.Total.PaidCount+r.Total.RefundCount) + " 笔，¥" + r.Total.Net.String() + " 晴",
		"审计链：" + head,
	} {
		i := strings.Index(string(text[at:]), want)
		if i < 0 {
			t.Fatalf("%q is not in the document, or not in its place:\n%s", want, text)
		}
		at += i
	}
}

// TestExportIsWholeOrNot: somebody gives up, or the folder is none; nothing is left behind.
func TestExportIsWholeOrNot(t *testing.T) {
	l, shop, p := ledgerOf(t, 3000)
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []int64
	e := &Export{Source: l, Shop: shop, Period: p, Words: words.En, Format: "csv", Orders: true, Progress: func(done, total int64) {
		if told = append(told, done); total != 3000 {
			t.Errorf("%d in all", total)
		}
		cancel()
	}}
	if _, err := e.File(ctx, folder); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 || len(told) != 1 {
		t.Errorf("left %v after %v", left, told)
	}
	if _, err := e.File(t.Context(), filepath.Join(folder, "none")); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("no such folder: %v", err)
	}
	told = nil
	first, err := e.File(t.Context(), folder)
	if err != nil || len(told) != 4 || told[3] != 3000 {
		t.Errorf("told %v (%v)", told, err)
	}
	if err := os.WriteFile(first, []byte("signed"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"-2.csv", "-3.csv"} { // what was written stays
		again, err := e.File(t.Context(), folder)
		text, read := os.ReadFile(first)
		if want := strings.TrimSuffix(first, ".csv") + end; again != want || string(text) != "signed" || err != nil || read != nil {
			t.Errorf("%s, not %s; the first holds %.20q (%v, %v)", again, want, text, err, read)
		}
	}
	for _, wrong := range []Export{{Format: "doc"}, {Format: "pdf", Orders: true}} {
		if err := wrong.Check(); pos.CodeOf(err) != pos.Invalid {
			t.Errorf("%s: %v", wrong.Format, err)
		}
	}
}

// isYuan reports whether a spreadsheet's number, zeros at its end or not, is f.
func isYuan(s string, f pos.Fen) bool {
	yuan, err := strconv.ParseFloat(s, 64)
	return err == nil && math.Round(yuan*100) == float64(f)
}

// grouped is yuan as the workbook shows them; above a thousand LibreOffice has to quote its comma.
func grouped(f pos.Fen) string {
	s := f.String()
	if n := len(s) - 6; n > 0 {
		return `"` + s[:n] + "," + s[n:] + `"`
	}
	return s
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
