package report

import (
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
)

// Cell is one value of a table.
type Cell struct {
	Kind   Kind
	Text   string // of Text; of Date as yyyy-mm-dd
	Number int64  // of Count, and fen of Money
}

// String is the cell as people read it; money is yuan with two decimals.
func (c Cell) String() string {
	switch c.Kind {
	case Count:
		return strconv.FormatInt(c.Number, 10)
	case Money:
		return pos.Fen(c.Number).String()
	}
	return c.Text
}

// Table is one block of a report, in words, ready to be written anywhere. Its last row is the total.
type Table struct {
	Title  string
	Header []string
	Rows   [][]Cell
}

// Tables are the report's blocks: by wallet, by cashier, and in detail.
func (r *Report) Tables(l Words) []Table {
	wallet := func(row Row) []Cell { return []Cell{name(l, row.Wallet)} }
	cashier := func(row Row) []Cell { return []Cell{{Text: row.Cashier}} }
	return []Table{
		r.table(l, l.T("By wallet"), []string{l.T("Wallet")}, r.Wallets, wallet),
		r.table(l, l.T("By cashier"), []string{l.T("Cashier")}, r.Cashiers, cashier),
		r.Detail(l),
	}
}

// Detail is the block with one row for each counter, cashier and wallet.
func (r *Report) Detail(l Words) Table {
	day := Cell{Kind: Date, Text: string(r.Day)}
	return r.table(
		l, l.T("Details"), []string{l.T("Day"), l.T("Counter"), l.T("Cashier"), l.T("Wallet")}, r.Rows,
		func(row Row) []Cell {
			return []Cell{day, {Text: row.Counter}, {Text: row.Cashier}, name(l, row.Wallet)}
		},
	)
}

func name(l Words, w pos.Wallet) Cell { return Cell{Text: l.T(w.Name())} }

// table puts the sums of rows behind the cells that say what each row is about.
func (r *Report) table(l Words, title string, about []string, rows []Row, cells func(Row) []Cell) Table {
	t := Table{Title: title, Header: append(about, l.T("Payments"), l.T("Paid ¥"), l.T("Refunds"), l.T("Refunded ¥"), l.T("Net ¥"))}
	for _, row := range rows {
		t.Rows = append(t.Rows, append(cells(row), row.cells()...))
	}
	total := make([]Cell, len(about))
	total[0].Text = l.T("Total")
	t.Rows = append(t.Rows, append(total, r.Total.cells()...))
	return t
}

func (s Sum) cells() []Cell {
	return []Cell{
		{Kind: Count, Number: s.PaidCount},
		{Kind: Money, Number: int64(s.Paid)},
		{Kind: Count, Number: s.RefundCount},
		{Kind: Money, Number: int64(s.Refunded)},
		{Kind: Money, Number: int64(s.Net)},
	}
}
