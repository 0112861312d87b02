package sheet

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
)

const today = pos.Day("2026-01-31")

// ledger returns totals as the ledger does.
type ledger []pos.DayTotal

func (l ledger) Totals(context.Context, pos.Day, pos.Day) ([]pos.DayTotal, error) { return l, nil }

func (l ledger) Quarters(context.Context, pos.Day, pos.Day) ([]pos.QuarterTotal, error) {
	return []pos.QuarterTotal{{Begins: time.Date(2026, 1, 31, 11, 30, 0, 0, time.UTC), Totals: pos.Totals{Paid: 123_456_789_01, PaidCount: 7}}}, nil
}

func (l ledger) TitleTotals(context.Context, pos.Day, pos.Day, int) ([]pos.TitleTotal, error) {
	return []pos.TitleTotal{{Title: "=牛肉面", Totals: pos.Totals{Paid: 123_456_789_01, PaidCount: 7}}}, nil
}

func sales(t *testing.T, cashiers int) *report.Report {
	t.Helper()
	shop := pos.Shop{Name: "张记面馆 🍜", TimeZone: time.UTC}
	totals := []pos.DayTotal{{Day: today, Counter: "K1", Cashier: "王小明", Wallet: pos.Alipay, Totals: pos.Totals{Paid: 123_456_789_01, PaidCount: 7, Refunded: 1, RefundCount: 1, Fees: 5, FeeCount: 7}}}
	for i := range cashiers {
		totals = append(totals, pos.DayTotal{Day: today, Counter: "K2", Cashier: fmt.Sprintf("c%03d", i), Wallet: pos.WeChat, Totals: pos.Totals{Paid: 10, PaidCount: 1}})
	}
	p := report.Period{Kind: report.OneDay, From: today, To: today}
	r, err := report.Make(t.Context(), ledger(totals), shop, p, time.Date(2026, 1, 31, 22, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestXLSX(t *testing.T) {
	var b bytes.Buffer
	if err := XLSX(&b, sales(t, 2), words.En); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const sheet = "Details"
	for at, want := range map[string]struct {
		shown, stored string
		kind          excelize.CellType
	}{
		"A2": {"2026-01-31", "46053", excelize.CellTypeUnset}, // a date is a number of days
		"C2": {"王小明", "王小明", excelize.CellTypeSharedString},
		"E2": {"7", "7", excelize.CellTypeUnset},
		"F2": {"123,456,789.01", "123456789.01", excelize.CellTypeUnset},
		"I2": {"123,456,789.00", "123456789", excelize.CellTypeUnset},
		"K2": {"0.05", "0.05", excelize.CellTypeUnset},
		"K3": {"", "", excelize.CellTypeUnset}, // not known, and no zero
		"K5": {"0.05", "0.05", excelize.CellTypeUnset},
		"L5": {"3", "3", excelize.CellTypeUnset},
		"A5": {"Total", "Total", excelize.CellTypeSharedString},
		"F5": {"123,456,789.21", "123456789.21", excelize.CellTypeUnset},
	} {
		shown, err1 := f.GetCellValue(sheet, at)
		stored, err2 := f.GetCellValue(sheet, at, excelize.Options{RawCellValue: true})
		kind, err3 := f.GetCellType(sheet, at)
		if shown != want.shown || stored != want.stored || kind != want.kind || err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%s is %q, %q, type %d; want %+v (%v %v %v)", at, shown, stored, kind, want, err1, err2, err3)
		}
	}
	panes, err := f.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("panes %+v, %v", panes, err)
	}
}

func TestPDF(t *testing.T) {
	for _, l := range words.All {
		t.Run(string(l), func(t *testing.T) { testPDF(t, l) })
	}
}

func testPDF(t *testing.T, l words.Language) {
	var b bytes.Buffer
	if err := PDF(&b, sales(t, 60), l); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) || b.Len() > 1<<20 {
		t.Fatalf("%d bytes that begin %q", b.Len(), b.Bytes()[:5])
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not here to read the document back")
	}
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(tool, "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"张记面馆", "王小明", l.T("Alipay"), "123456789.01", "c059", "2026-01-31"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the document", want)
		}
	}
	if dates := strings.Count(string(text), string(today)); dates < 61 {
		t.Errorf("%d rows of the details say their day", dates)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	if len(pages) < 2 {
		t.Errorf("60 cashiers on %d pages", len(pages))
	}
	for i, page := range pages {
		if !strings.Contains(page, l.T("Fee unknown")) {
			t.Errorf("page %d has no header above its figures", i+1)
		}
	}
}
