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

func (l ledger) Totals(context.Context, pos.Day, pos.Day) ([]pos.DayTotal, error) { return l, nil }

var sales = ledger{
	{Day: today, Counter: "K2", Cashier: "李", Wallet: pos.Alipay, Paid: 1_000, PaidCount: 2},
	{Day: today, Counter: "K1", Cashier: "王", Wallet: pos.Alipay, Paid: 250, PaidCount: 1, Refunded: 50, RefundCount: 1},
	{Day: today, Counter: "K1", Cashier: "王", Wallet: pos.WeChat, Paid: 5_001, PaidCount: 3},
	{Day: today, Counter: "K1", Cashier: "李", Wallet: pos.WeChat, Refunded: 700, RefundCount: 2},
	{Day: "2026-01-30", Counter: "K1", Cashier: "王", Wallet: pos.WeChat, Paid: 9_999, PaidCount: 1},
}

func build(t *testing.T, totals ledger) *Report {
	t.Helper()
	r, err := ForDay(context.Background(), totals, shop, today, time.Date(2026, 1, 31, 14, 0, 0, 5, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSums(t *testing.T) {
	r := build(t, sales)
	if want := (Sum{Paid: 6_251, PaidCount: 6, Refunded: 750, RefundCount: 3, Net: 5_501}); r.Total != want {
		t.Errorf("total %+v; want %+v", r.Total, want)
	}
	wallets := []Row{
		{Wallet: pos.WeChat, Sum: Sum{Paid: 5_001, PaidCount: 3, Refunded: 700, RefundCount: 2, Net: 4_301}},
		{Wallet: pos.Alipay, Sum: Sum{Paid: 1_250, PaidCount: 3, Refunded: 50, RefundCount: 1, Net: 1_200}},
	}
	cashiers := []Row{
		{Cashier: "李", Sum: Sum{Paid: 1_000, PaidCount: 2, Refunded: 700, RefundCount: 2, Net: 300}},
		{Cashier: "王", Sum: Sum{Paid: 5_251, PaidCount: 4, Refunded: 50, RefundCount: 1, Net: 5_201}},
	}
	same(t, r.Wallets, wallets)
	same(t, r.Cashiers, cashiers)
	if len(r.Rows) != 4 || r.Rows[0].Cashier != "李" || r.Rows[1].Wallet != pos.WeChat || r.Rows[3].Counter != "K2" {
		t.Errorf("rows %+v", r.Rows)
	}
}

func same(t *testing.T, got, want []Row) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v; want %+v", got, want)
	}
}

func TestSumTooLarge(t *testing.T) {
	_, err := Build(shop, today, []pos.DayTotal{
		{Day: today, Cashier: "a", Paid: math.MaxInt64}, {Day: today, Cashier: "b", Paid: 1},
	}, time.Now())
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
		if last[0].Text != "Total" || last[len(last)-1].String() != "55.01" {
			t.Errorf("%s ends with %+v", table.Title, last)
		}
	}
}

func TestCSV(t *testing.T) {
	totals := append(ledger{
		{Day: today, Counter: "K1", Cashier: "=cmd|' /C calc'!A0", Wallet: pos.WeChat, Paid: 1, PaidCount: 1},
		{Day: today, Counter: "K1", Cashier: ` ＋1,"2"`, Wallet: pos.Alipay, Refunded: 123, RefundCount: 1},
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
		"2026-01-31 K1 '=cmd|' /C calc'!A0 WeChat Pay 1 0.01 0 0.00 0.01",
		`2026-01-31 K1 ' ＋1,"2" Alipay 0 0.00 1 1.23 -1.23`,
		"2026-01-31 K1 王 WeChat Pay 3 50.01 0 0.00 50.01",
		"Total    7 62.52 4 8.73 53.79",
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
		Day     string `json:"day"`
		MadeAt  string `json:"made_at"`
		Total   Sum    `json:"total"`
		Wallets []struct {
			Wallet string `json:"wallet"`
			Net    int64  `json:"net"`
		} `json:"wallets"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Day != "2026-01-31" || got.MadeAt != "2026-01-31T22:00:00+08:00" || got.Total.Net != 5_501 || got.Wallets[0].Wallet != "wechat" || got.Wallets[0].Net != 4_301 {
		t.Errorf("%+v", got)
	}
	b.Reset()
	if err := build(t, nil).WriteJSON(&b); err != nil || !strings.Contains(b.String(), `"wallets":[]`) {
		t.Errorf("an empty day: %s, %v", b.String(), err)
	}
}
