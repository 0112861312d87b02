// Package report turns the totals of a ledger into what a manager reads: a day, a week, a month or any range, by
// wallet, cashier, counter, day, hour and title, compared with the period before, as tables, CSV and JSON. It only
// reads, and decides nothing.
package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"saoma/pos"
)

// Reader is what a report reads; from and to are business days, both included.
type Reader interface {
	// Totals returns the daily totals.
	Totals(ctx context.Context, from, to pos.Day) ([]pos.DayTotal, error)
	// Quarters adds the entries up by the quarter of an hour they were booked in.
	Quarters(ctx context.Context, from, to pos.Day) ([]pos.QuarterTotal, error)
	// TitleTotals adds the entries up by title, the most paid first, at most n.
	TitleTotals(ctx context.Context, from, to pos.Day, n int) ([]pos.TitleTotal, error)
}

// Sum is money and counts added up. Amounts are fen.
type Sum struct {
	Paid        pos.Fen `json:"paid"` // gross
	PaidCount   int64   `json:"paid_count"`
	Refunded    pos.Fen `json:"refunded"`
	RefundCount int64   `json:"refund_count"`
	Net         pos.Fen `json:"net"`
	Average     pos.Fen `json:"average"`      // gross for each payment, rounded half up
	Fees        pos.Fee `json:"fees"`         // what the platforms keep by their bills; null while none of these is compared
	FeesUnknown int64   `json:"fees_unknown"` // entries whose fee is not known yet, and so not in Fees
}

// Row is the sum of one thing: of a wallet, a cashier, a counter, a day, an hour or a title. What it is not about is empty.
type Row struct {
	Day     pos.Day    `json:"day,omitempty"`
	Hour    *int       `json:"hour,omitempty"` // 0 to 23 in the shop's zone
	Counter string     `json:"counter,omitempty"`
	Cashier string     `json:"cashier,omitempty"`
	Wallet  pos.Wallet `json:"wallet,omitempty"`
	Title   *string    `json:"title,omitempty"`
	Sum
}

// Report is one period.
type Report struct {
	Shop     string     `json:"shop"`
	Kind     PeriodKind `json:"kind"`
	Day      pos.Day    `json:"day,omitempty"` // of one day
	From     pos.Day    `json:"from"`
	To       pos.Day    `json:"to"`
	MadeAt   time.Time  `json:"made_at"`
	Total    Sum        `json:"total"`
	Before   Sum        `json:"before"` // the period before
	Wallets  []Row      `json:"wallets"`
	Cashiers []Row      `json:"cashiers"`
	Counters []Row      `json:"counters"`
	Days     []Row      `json:"days"`
	Hours    []Row      `json:"hours"`
	Titles   []Row      `json:"titles"` // the most paid, at most MaxTitles
	Rows     []Row      `json:"rows"`   // by day, counter, cashier and wallet

	Closes    []Close `json:"closes,omitempty"`     // of the period's days, where they were asked for
	AuditHead string  `json:"audit_head,omitempty"` // the audit chain's last hash when r was made; printed, it vouches for all before
}

// Close is one close of a day and the entries that it counted.
type Close struct {
	Day     pos.Day   `json:"day"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Note    string    `json:"note,omitempty"`
	Entries int64     `json:"entries"`
	Amount  pos.Fen   `json:"amount"` // net
}

// AddCloses adds closes of days of r.
func (r *Report) AddCloses(closes []pos.Batch, zone *time.Location) {
	for _, b := range closes {
		r.Closes = append(r.Closes, Close{b.Day, b.At.In(zone), b.By, b.Note, b.Entries, b.Amount})
	}
}

// Period is what r is about.
func (r *Report) Period() Period { return Period{r.Kind, r.From, r.To} }

// MaxTitles bounds the titles of a report.
const MaxTitles = 200

// Make reads the totals of a period and builds its report. An error of r is returned; another says that a sum does not fit.
func Make(ctx context.Context, reader Reader, shop pos.Shop, p Period, now time.Time) (*Report, error) {
	r := &Report{
		Shop: shop.Name, Kind: p.Kind, From: p.From, To: p.To, MadeAt: now.In(shop.TimeZone).Truncate(time.Second),
		Wallets: []Row{}, Cashiers: []Row{}, Counters: []Row{}, Days: []Row{}, Hours: []Row{}, Titles: []Row{}, Rows: []Row{},
	}
	if p.Kind == OneDay {
		r.Day = p.From
	}
	before := p.Before()
	totals, err := reader.Totals(ctx, before.From, p.To)
	if err != nil {
		return nil, err
	}
	if err := r.addTotals(totals); err != nil {
		return nil, err
	}
	quarters, err := reader.Quarters(ctx, p.From, p.To)
	if err != nil {
		return nil, err
	}
	for _, q := range quarters {
		hour := q.Begins.In(shop.TimeZone).Hour()
		if err := find(&r.Hours, Row{Hour: &hour}).add(q.Totals); err != nil {
			return nil, err
		}
	}
	titles, err := reader.TitleTotals(ctx, p.From, p.To, MaxTitles)
	if err != nil {
		return nil, err
	}
	for _, t := range titles {
		if err := find(&r.Titles, Row{Title: &t.Title}).add(t.Totals); err != nil {
			return nil, err
		}
	}
	r.sort()
	return r, nil
}

// addTotals adds each daily total to every row it belongs to.
func (r *Report) addTotals(totals []pos.DayTotal) error {
	for _, t := range totals {
		if t.Day < r.From {
			if err := r.Before.add(t.Totals); err != nil {
				return err
			}
			continue
		}
		for _, to := range []*Sum{
			&r.Total,
			find(&r.Wallets, Row{Wallet: t.Wallet}),
			find(&r.Cashiers, Row{Cashier: t.Cashier}),
			find(&r.Counters, Row{Counter: t.Counter}),
			find(&r.Days, Row{Day: t.Day}),
			find(&r.Rows, Row{Day: t.Day, Counter: t.Counter, Cashier: t.Cashier, Wallet: t.Wallet}),
		} {
			if err := to.add(t.Totals); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort puts every list in the order shown to people; titles are in theirs.
func (r *Report) sort() {
	for _, rows := range [][]Row{r.Rows, r.Wallets, r.Cashiers, r.Counters, r.Days, r.Hours} {
		slices.SortStableFunc(rows, func(a, b Row) int {
			return cmp.Or(
				cmp.Compare(a.Day, b.Day), cmp.Compare(hour(a), hour(b)), cmp.Compare(a.Counter, b.Counter),
				cmp.Compare(a.Cashier, b.Cashier), order(a.Wallet)-order(b.Wallet),
			)
		})
	}
}

func hour(r Row) int {
	if r.Hour == nil {
		return -1
	}
	return *r.Hour
}

// order is a wallet's place in lists shown to people.
func order(w pos.Wallet) int {
	if i := slices.Index(pos.Wallets, w); i >= 0 {
		return i
	}
	return len(pos.Wallets)
}

// find returns the sum of the row that is about the same as key, which it appends if there is none. What is looked for
// is mostly the last row.
func find(rows *[]Row, key Row) *Sum {
	for i := len(*rows) - 1; i >= 0; i-- {
		r := &(*rows)[i]
		if r.Day == key.Day && hour(*r) == hour(key) && r.Counter == key.Counter && r.Cashier == key.Cashier &&
			r.Wallet == key.Wallet && title(*r) == title(key) {
			return &r.Sum
		}
	}
	*rows = append(*rows, key)
	return &(*rows)[len(*rows)-1].Sum
}

func title(r Row) string {
	if r.Title == nil {
		return ""
	}
	return *r.Title
}

// add adds t's money and counts, and works out what follows from them.
func (s *Sum) add(t pos.Totals) (err error) {
	if s.Paid, err = s.Paid.Add(t.Paid); err != nil {
		return err
	}
	if s.Refunded, err = s.Refunded.Add(t.Refunded); err != nil {
		return err
	}
	s.PaidCount += t.PaidCount
	s.RefundCount += t.RefundCount
	if s.PaidCount > 0 {
		n := pos.Fen(s.PaidCount)
		s.Average = s.Paid/n + (s.Paid%n*2)/n
	}
	if s.Fees.Amount, err = s.Fees.Amount.Add(t.Fees); err != nil {
		return err
	}
	s.FeesUnknown += t.WithoutFee()
	s.Fees.Known = s.FeesUnknown < s.PaidCount+s.RefundCount
	s.Net, err = s.Paid.Add(-s.Refunded)
	return err
}
