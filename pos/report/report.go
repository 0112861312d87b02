// Package report turns the daily totals of a ledger into what a manager reads: totals by wallet and by
// cashier, as tables, CSV and JSON. It only reads, and decides nothing.
package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"saoma/pos"
)

// Reader is what a report reads. Totals returns the daily totals of the business days from..to, both included.
type Reader interface {
	Totals(ctx context.Context, from, to pos.Day) ([]pos.DayTotal, error)
}

// Sum is money and counts added up. Amounts are fen.
type Sum struct {
	Paid        pos.Fen `json:"paid"` // gross
	PaidCount   int64   `json:"paid_count"`
	Refunded    pos.Fen `json:"refunded"`
	RefundCount int64   `json:"refund_count"`
	Net         pos.Fen `json:"net"`
}

// Row is the sum of one wallet at one cashier's counter; Report.Wallets and Report.Cashiers leave the
// rest empty.
type Row struct {
	Counter string     `json:"counter,omitempty"`
	Cashier string     `json:"cashier,omitempty"`
	Wallet  pos.Wallet `json:"wallet,omitempty"`
	Sum
}

// Report is one business day.
type Report struct {
	Shop     string    `json:"shop"`
	Day      pos.Day   `json:"day"`
	MadeAt   time.Time `json:"made_at"`
	Total    Sum       `json:"total"`
	Wallets  []Row     `json:"wallets"`
	Cashiers []Row     `json:"cashiers"`
	Rows     []Row     `json:"rows"`
}

// ForDay reads the totals of one day and builds its report.
func ForDay(ctx context.Context, r Reader, shop pos.Shop, day pos.Day, now time.Time) (*Report, error) {
	totals, err := r.Totals(ctx, day, day)
	if err != nil {
		return nil, err
	}
	return Build(shop, day, totals, now)
}

// Build makes the report of day from its totals; rows of other days are left out. The error says that
// a sum does not fit.
func Build(shop pos.Shop, day pos.Day, totals []pos.DayTotal, now time.Time) (*Report, error) {
	r := &Report{Shop: shop.Name, Day: day, MadeAt: now.In(shop.TimeZone).Truncate(time.Second), Wallets: []Row{}, Cashiers: []Row{}, Rows: []Row{}}
	for _, t := range totals {
		if t.Day != day {
			continue
		}
		row := Row{Counter: t.Counter, Cashier: t.Cashier, Wallet: t.Wallet}
		for _, add := range []struct {
			to  *[]Row
			key Row
		}{
			{&r.Rows, row},
			{&r.Wallets, Row{Wallet: t.Wallet}},
			{&r.Cashiers, Row{Cashier: t.Cashier}},
		} {
			if err := find(add.to, add.key).add(t); err != nil {
				return nil, err
			}
		}
		if err := r.Total.add(t); err != nil {
			return nil, err
		}
	}
	for _, rows := range [][]Row{r.Rows, r.Wallets, r.Cashiers} {
		slices.SortStableFunc(rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(a.Counter, b.Counter), cmp.Compare(a.Cashier, b.Cashier), order(a.Wallet)-order(b.Wallet))
		})
	}
	return r, nil
}

// order is a wallet's place in lists shown to people.
func order(w pos.Wallet) int {
	if i := slices.Index(pos.Wallets, w); i >= 0 {
		return i
	}
	return len(pos.Wallets)
}

// find returns the sum of the row that is about the same as key, which it appends if there is none.
func find(rows *[]Row, key Row) *Sum {
	for i := range *rows {
		r := &(*rows)[i]
		if r.Counter == key.Counter && r.Cashier == key.Cashier && r.Wallet == key.Wallet {
			return &r.Sum
		}
	}
	*rows = append(*rows, key)
	return &(*rows)[len(*rows)-1].Sum
}

func (s *Sum) add(t pos.DayTotal) (err error) {
	if s.Paid, err = s.Paid.Add(t.Paid); err != nil {
		return err
	}
	if s.Refunded, err = s.Refunded.Add(t.Refunded); err != nil {
		return err
	}
	s.PaidCount += t.PaidCount
	s.RefundCount += t.RefundCount
	s.Net, err = s.Paid.Add(-s.Refunded)
	return err
}
