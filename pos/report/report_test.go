package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

var shop = pos.Shop{Name: "面馆", TimeZone: time.FixedZone("CST", 8*60*60)}

const today = pos.Day("2026-01-31")

// ledger returns totals as the ledger does.
type ledger []pos.DayTotal

func (l ledger) Totals(_ context.Context, from, to pos.Day) (in []pos.DayTotal, err error) {
	for _, t := range l {
		if from <= t.Day && t.Day <= to {
			in = append(in, t)
		}
	}
	return in, nil
}

func (l ledger) Quarters(context.Context, pos.Day, pos.Day) ([]pos.QuarterTotal, error) {
	return []pos.QuarterTotal{ // 21:45, 22:00 and 22:15 of a shop in Shanghai
		{Begins: time.Date(2026, 1, 31, 13, 45, 0, 0, time.UTC), Totals: pos.Totals{Paid: 6_000, PaidCount: 5, Fees: 36, FeeCount: 5}},
		{Begins: time.Date(2026, 1, 31, 14, 0, 0, 0, time.UTC), Totals: pos.Totals{Paid: 251, PaidCount: 1, Fees: 2, FeeCount: 1}},
		{Begins: time.Date(2026, 1, 31, 14, 15, 0, 0, time.UTC), Totals: pos.Totals{Refunded: 750, RefundCount: 3}},
	}, nil
}

func (l ledger) TitleTotals(context.Context, pos.Day, pos.Day, int) ([]pos.TitleTotal, error) {
	return []pos.TitleTotal{
		{Title: "拉面", Totals: pos.Totals{Paid: 6_000, PaidCount: 5, Fees: 36, FeeCount: 5}},
		{Title: "", Totals: pos.Totals{Paid: 251, PaidCount: 1, Refunded: 750, RefundCount: 3, Fees: 2, FeeCount: 1}},
	}, nil
}

var sales = ledger{
	{Day: today, Counter: "K2", Cashier: "李", Wallet: pos.Alipay, Totals: pos.Totals{Paid: 1_000, PaidCount: 2, Fees: 6, FeeCount: 2}},
	{Day: today, Counter: "K1", Cashier: "王", Wallet: pos.Alipay, Totals: pos.Totals{Paid: 250, PaidCount: 1, Refunded: 50, RefundCount: 1, Fees: 2, FeeCount: 1}},
	{Day: today, Counter: "K1", Cashier: "王", Wallet: pos.WeChat, Totals: pos.Totals{Paid: 5_001, PaidCount: 3, Fees: 30, FeeCount: 3}},
	{Day: today, Counter: "K1", Cashier: "李", Wallet: pos.WeChat, Totals: pos.Totals{Refunded: 700, RefundCount: 2}},
	{Day: "2026-01-30", Counter: "K1", Cashier: "王", Wallet: pos.WeChat, Totals: pos.Totals{Paid: 9_999, PaidCount: 1}},
}

func build(t *testing.T, totals ledger) *Report {
	t.Helper()
	p, err := Around(OneDay, today)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Make(context.Background(), totals, shop, p, time.Date(2026, 1, 31, 14, 0, 0, 5, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSums(t *testing.T) {
	r := build(t, sales)
	if want := (Sum{Paid: 6_251, PaidCount: 6, Refunded: 750, RefundCount: 3, Net: 5_501, Average: 1_042, Fees: known(38), FeesUnknown: 3}); r.Total != want {
		t.Errorf("total %+v; want %+v", r.Total, want)
	}
	if want := (Sum{Paid: 9_999, PaidCount: 1, Net: 9_999, Average: 9_999, FeesUnknown: 1}); r.Before != want {
		t.Errorf("the day before %+v; want %+v", r.Before, want)
	}
	if len(r.Hours) != 2 || *r.Hours[0].Hour != 21 || r.Hours[1].Net != -499 || len(r.Titles) != 2 || r.Titles[0].Average != 1_200 {
		t.Errorf("hours %+v, titles %+v", r.Hours, r.Titles)
	}
	wallets := []Row{
		{Wallet: pos.WeChat, Sum: Sum{Paid: 5_001, PaidCount: 3, Refunded: 700, RefundCount: 2, Net: 4_301, Average: 1_667, Fees: known(30), FeesUnknown: 2}},
		{Wallet: pos.Alipay, Sum: Sum{Paid: 1_250, PaidCount: 3, Refunded: 50, RefundCount: 1, Net: 1_200, Average: 417, Fees: known(8), FeesUnknown: 1}},
	}
	cashiers := []Row{
		{Cashier: "李", Sum: Sum{Paid: 1_000, PaidCount: 2, Refunded: 700, RefundCount: 2, Net: 300, Average: 500, Fees: known(6), FeesUnknown: 2}},
		{Cashier: "王", Sum: Sum{Paid: 5_251, PaidCount: 4, Refunded: 50, RefundCount: 1, Net: 5_201, Average: 1_313, Fees: known(32), FeesUnknown: 1}},
	}
	same(t, r.Wallets, wallets)
	same(t, r.Cashiers, cashiers)
	if h, title := r.Hours[1].Sum, r.Titles[1].Sum; h.Fees != known(2) || h.FeesUnknown != 3 || title.Fees != known(2) || title.FeesUnknown != 3 {
		t.Errorf("fees of an hour %+v, of a title %+v", h, title)
	}
	if len(r.Rows) != 4 || r.Rows[0].Cashier != "李" || r.Rows[1].Wallet != pos.WeChat || r.Rows[3].Counter != "K2" {
		t.Errorf("rows %+v", r.Rows)
	}
}

func known(fee pos.Fen) pos.Fee { return pos.Fee{Amount: fee, Known: true} }

func same(t *testing.T, got, want []Row) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

func TestSumTooLarge(t *testing.T) {
	_, err := Make(context.Background(), ledger{
		{Day: today, Cashier: "a", Totals: pos.Totals{Paid: math.MaxInt64}}, {Day: today, Cashier: "b", Totals: pos.Totals{Paid: 1}},
	}, shop, Period{OneDay, today, today}, time.Now())
	if pos.CodeOf(err) != pos.Internal || err == nil {
		t.Errorf("a sum that does not fit: %v", err)
	}
}

func TestTables(t *testing.T) {
	for _, table := range build(t, sales).Tables(words.En) {
		for _, row := range table.Rows {
			if len(row) != len(table.Header) {
				t.Errorf("%s: a row of %d under a header of %d", table.Title, len(row), len(table.Header))
			}
		}
		last := table.Rows[len(table.Rows)-1]
		if last[0].Text != "Total" || last[len(last)-4].String() != "55.01" || last[len(last)-2].String() != "0.38" || last[len(last)-1].String() != "3" {
			t.Errorf("%s ends with %+v", table.Title, last)
		}
	}
}

func TestCSV(t *testing.T) {
	totals := append(ledger{
		{Day: today, Counter: "K1", Cashier: "=cmd|' /C calc'!A0", Wallet: pos.WeChat, Totals: pos.Totals{Paid: 1, PaidCount: 1}},
		{Day: today, Counter: "K1", Cashier: ` ＋1,"2"`, Wallet: pos.Alipay, Totals: pos.Totals{Refunded: 123, RefundCount: 1}},
	}, sales...)
	var b bytes.Buffer
	if err := build(t, totals).WriteCSV(&b, words.En); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(b.String(), "\ufeff")
	if !ok || strings.Count(text, "\r\n") != strings.Count(text, "\n") {
		t.Errorf("not RFC 4180 with a byte order mark: %q", b.String())
	}
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) != 8 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, want := range []string{
		"2026-01-31 K1 '=cmd|' /C calc'!A0 WeChat Pay 1 0.01 0 0.00 0.01 0.01  1",
		`2026-01-31 K1 ' ＋1,"2" Alipay 0 0.00 1 1.23 -1.23 0.00  1`,
		"2026-01-31 K1 王 WeChat Pay 3 50.01 0 0.00 50.01 16.67 0.30 0",
		"Total    7 62.52 4 8.73 53.79 8.93 0.38 5",
	} {
		found := false
		for _, r := range records {
			found = found || strings.Join(r, " ") == want
		}
		if !found {
			t.Errorf("no record %q in %q", want, records)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := build(t, sales).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\n") != 1 {
		t.Error("not one line")
	}
	var got struct {
		Day    string `json:"day"`
		MadeAt string `json:"made_at"`
		Total  struct {
			Net         int64  `json:"net"`
			Fees        *int64 `json:"fees"`
			FeesUnknown int64  `json:"fees_unknown"`
		} `json:"total"`
		Wallets []struct {
			Wallet string `json:"wallet"`
			Net    int64  `json:"net"`
		} `json:"wallets"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Day != "2026-01-31" || got.MadeAt != "2026-01-31T22:00:00+08:00" || got.Total.Net != 5_501 || *got.Total.Fees != 38 || got.Total.FeesUnknown != 3 || got.Wallets[0].Wallet != "wechat" || got.Wallets[0].Net != 4_301 {
		t.Errorf("%+v", got)
	}
	b.Reset()
	if err := build(t, nil).WriteJSON(&b); err != nil || !strings.Contains(b.String(), `"wallets":[]`) || !strings.Contains(b.String(), `"fees":null`) {
		t.Errorf("an empty day: %s, %v", b.String(), err)
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		kind         PeriodKind
		day          pos.Day
		want, before string
	}{
		{OneDay, "2026-03-01", "2026-03-01", "2026-02-28"},
		{Week, "2026-03-01", "2026-02-23 – 2026-03-01", "2026-02-16 – 2026-02-22"}, // a Sunday ends its week
		{Week, "2026-03-02", "2026-03-02 – 2026-03-08", "2026-02-23 – 2026-03-01"},
		{Month, "2024-02-29", "2024-02-01 – 2024-02-29", "2024-01-01 – 2024-01-31"},
		{Month, "2026-03-31", "2026-03-01 – 2026-03-31", "2026-02-01 – 2026-02-28"},
	} {
		p, err := Around(c.kind, c.day)
		if err != nil || p.String() != c.want || p.Before().String() != c.before {
			t.Errorf("%s of %s: %s after %s (%v)", c.kind, c.day, p, p.Before(), err)
		}
		if p.After().Before() != p || p.Before().After() != p {
			t.Errorf("%s lies between %s and %s", p, p.Before(), p.After())
		}
	}
	p, err := Between("2026-02-27", "2026-03-01")
	if err != nil || p.Days() != 3 || p.Before().String() != "2026-02-24 – 2026-02-26" {
		t.Errorf("%s, before it %s, %v", p, p.Before(), err)
	}
	for _, wrong := range [][2]pos.Day{{"2026-02-30", "2026-03-01"}, {"2026-03-01", "x"}, {"2026-03-02", "2026-03-01"}, {"2000-01-01", "2026-01-01"}} {
		if p, err := Between(wrong[0], wrong[1]); pos.CodeOf(err) != pos.Invalid {
			t.Errorf("%v: %s, %v", wrong, p, err)
		}
	}
}

// many has more titles than a report lists.
type many struct{ ledger }

func (m many) TitleTotals(_ context.Context, _, _ pos.Day, n int) (all []pos.TitleTotal, err error) {
	for i := range n {
		all = append(all, pos.TitleTotal{Title: fmt.Sprint("title ", i), Totals: pos.Totals{Paid: 10, PaidCount: 1, Fees: 1, FeeCount: 1}})
	}
	return all, nil
}

// TestManyTitles: the rows of a table make its total, also where not every title has one.
func TestManyTitles(t *testing.T) {
	sold := pos.Totals{Paid: 10*MaxTitles + 33, PaidCount: MaxTitles + 2, Refunded: 5, RefundCount: 1, Fees: MaxTitles + 1, FeeCount: MaxTitles + 1}
	p, err := Around(OneDay, today)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Make(t.Context(), many{ledger{{Day: today, Counter: "K1", Cashier: "王", Wallet: pos.WeChat, Totals: sold}}}, shop, p, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range r.Tables(words.En) {
		if table.Title != "By title" {
			continue
		}
		var others []string
		for _, c := range table.Rows[MaxTitles] {
			others = append(others, c.String())
		}
		if got := strings.Join(others, "|"); len(table.Rows) != MaxTitles+2 || got != "Other titles|2|0.33|1|0.05|0.28|0.17|0.01|2" {
			t.Errorf("%d rows, %s", len(table.Rows), got)
		}
		return
	}
	t.Error("no table of titles")
}
