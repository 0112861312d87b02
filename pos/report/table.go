package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"saoma/pos"
)

// Words says a sentence in the reader's language; the English sentence is the key.
type Words interface {
	T(format string, args ...any) string
}

// Kind says how a cell is written: as text, a count, or money.
type Kind int

// The kinds of cells.
const (
	Text Kind = iota
	Count
	Money
	Date
	Time
)

// Cell is one value of a table.
type Cell struct {
	Kind   Kind
	Text   string // of Text; of Date as yyyy-mm-dd; of Time as yyyy-mm-dd hh:mm:ss
	Number int64  // of Count, and fen of Money
	Empty  bool   // its value is not known
}

// String is the cell as people read it; money is yuan with two decimals.
func (c Cell) String() string {
	switch {
	case c.Empty:
		return ""
	case c.Kind == Count:
		return strconv.FormatInt(c.Number, 10)
	case c.Kind == Money:
		return pos.Fen(c.Number).String()
	}
	return c.Text
}

// Table is one block of a report, in words, ready to be written anywhere. Its last row is the total.
type Table struct {
	Title  string
	Header []string
	Rows   [][]Cell
	Bars   bool // its rows are of one kind and read well as bars: hours, days, titles
}

// Tables are the report's blocks, those that say something: by wallet, cashier, counter, day, hour and title, and in detail.
func (r *Report) Tables(l Words) []Table {
	text := func(s string) []Cell { return []Cell{{Text: s}} }
	tables := []Table{
		r.table(l, l.T("By wallet"), []string{l.T("Wallet")}, r.Wallets, func(row Row) []Cell { return []Cell{name(l, row.Wallet)} }),
		r.table(l, l.T("By cashier"), []string{l.T("Cashier")}, r.Cashiers, func(row Row) []Cell { return text(row.Cashier) }),
	}
	if len(r.Counters) > 1 {
		tables = append(tables, r.table(l, l.T("By counter"), []string{l.T("Counter")}, r.Counters, func(row Row) []Cell { return text(row.Counter) }))
	}
	if r.From != r.To {
		tables = append(tables, bars(r.table(l, l.T("By day"), []string{l.T("Day")}, r.Days, func(row Row) []Cell { return []Cell{{Kind: Date, Text: string(row.Day)}} })))
	}
	return append(tables,
		bars(r.table(l, l.T("By hour"), []string{l.T("Hour")}, r.Hours, func(row Row) []Cell { return text(Clock(*row.Hour)) })),
		bars(r.table(l, l.T("By title"), []string{l.T("Title")}, r.titles(l), func(row Row) []Cell { return text(*row.Title) })),
		r.Detail(l),
	)
}

// titles are r.Titles and, where these are not all, what the others add up to: the rows of a table make its total.
func (r *Report) titles(l Words) []Row {
	if len(r.Titles) < MaxTitles {
		return r.Titles
	}
	rest := r.Total.totals()
	for _, row := range r.Titles {
		t := row.totals()
		rest.Paid, rest.PaidCount = rest.Paid-t.Paid, rest.PaidCount-t.PaidCount
		rest.Refunded, rest.RefundCount = rest.Refunded-t.Refunded, rest.RefundCount-t.RefundCount
		rest.Fees, rest.FeeCount = rest.Fees-t.Fees, rest.FeeCount-t.FeeCount
	}
	others := l.T("Other titles")
	row := Row{Title: &others}
	if rest.Entries() <= 0 || row.add(rest) != nil {
		return r.Titles
	}
	return append(slices.Clone(r.Titles), row)
}

// totals is what was added to s.
func (s Sum) totals() pos.Totals {
	return pos.Totals{
		Paid: s.Paid, PaidCount: s.PaidCount, Refunded: s.Refunded, RefundCount: s.RefundCount,
		Fees: s.Fees.Amount, FeeCount: s.PaidCount + s.RefundCount - s.FeesUnknown,
	}
}

func bars(t Table) Table {
	t.Bars = true
	return t
}

// Clock is an hour of the day as people read it: from and to.
func Clock(hour int) string { return fmt.Sprintf("%02d:00–%02d:00", hour, hour+1) }

// Detail is the block with one row for each day, counter, cashier and wallet.
func (r *Report) Detail(l Words) Table {
	return r.table(
		l, l.T("Details"), []string{l.T("Day"), l.T("Counter"), l.T("Cashier"), l.T("Wallet")}, r.Rows,
		func(row Row) []Cell {
			return []Cell{{Kind: Date, Text: string(row.Day)}, {Text: row.Counter}, {Text: row.Cashier}, name(l, row.Wallet)}
		},
	)
}

// Heading is what a sheet is called: the day, week, month or range it is about.
func (r *Report) Heading(l Words) string {
	switch r.Kind {
	case OneDay:
		return l.T("Day report of %s", string(r.From))
	case Week:
		return l.T("Week report of %s", r.Period().String())
	case Month:
		return l.T("Month report of %s", string(r.From)[:len("2026-01")])
	}
	return l.T("Report of %s", r.Period().String())
}

func name(l Words, w pos.Wallet) Cell { return Cell{Text: l.T(w.Name())} }

// table puts the sums of rows behind the cells that say what each row is about.
func (r *Report) table(l Words, title string, about []string, rows []Row, cells func(Row) []Cell) Table {
	t := Table{Title: title, Header: append(about, l.T("Payments"), l.T("Paid ¥"), l.T("Refunds"), l.T("Refunded ¥"), l.T("Net ¥"), l.T("Average ¥"), l.T("Fees ¥"), l.T("Fee unknown"))}
	for _, row := range rows {
		t.Rows = append(t.Rows, append(cells(row), row.cells()...))
	}
	total := make([]Cell, len(about))
	total[0].Text = l.T("Total")
	t.Rows = append(t.Rows, append(total, r.Total.cells()...))
	return t
}

// FeesName is what the sum of the fees is called; it says of how many entries it is without.
func (s Sum) FeesName(l Words) string {
	if s.FeesUnknown > 0 {
		return l.T("Fees ¥ (%d unknown)", s.FeesUnknown)
	}
	return l.T("Fees ¥")
}

// FeesText is the sum of the fees that are known, for people: a dash where none is.
func (s Sum) FeesText() string { return cmp.Or(s.Fees.String(), "–") }

// feeCell is empty while the fee is not known: that is no zero.
func feeCell(f pos.Fee) Cell { return Cell{Kind: Money, Number: int64(f.Amount), Empty: !f.Known} }

func (s Sum) cells() []Cell {
	return []Cell{
		{Kind: Count, Number: s.PaidCount},
		{Kind: Money, Number: int64(s.Paid)},
		{Kind: Count, Number: s.RefundCount},
		{Kind: Money, Number: int64(s.Refunded)},
		{Kind: Money, Number: int64(s.Net)},
		{Kind: Money, Number: int64(s.Average)},
		feeCell(s.Fees),
		{Kind: Count, Number: s.FeesUnknown},
	}
}
