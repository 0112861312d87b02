package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
	"saoma/pos/report"
)

const (
	ledgerDays  = 3 * 365
	sampledDays = 200
	reportGoal  = 20 * time.Millisecond
	monthGoal   = 50 * time.Millisecond
)

// The day's totals as the ledger keeps them, and the same sums from the entries themselves.
const (
	totalsQuery = `SELECT counter, cashier, wallet, paid, paid_count, refunded, refund_count, fees, fee_count FROM day_total WHERE day BETWEEN ? AND ?
		ORDER BY counter, cashier, wallet`
	entriesQuery = `SELECT counter, cashier, wallet,
		sum(iif(amount > 0, amount, 0)), sum(amount > 0), -sum(iif(amount < 0, amount, 0)), sum(amount < 0), coalesce(sum(fee), 0), count(fee)
		FROM entry WHERE day BETWEEN ? AND ? GROUP BY counter, cashier, wallet ORDER BY counter, cashier, wallet`
)

// ledgerRows measures what a manager reads out of a ledger of three years: reports, searches and a file.
func ledgerRows(ctx context.Context, s settings) (lines []line, err error) {
	dir, err := s.folder("report")
	if err != nil {
		return nil, err
	}
	shop := pos.Shop{Name: "Bench", Counter: "B1", TimeZone: time.FixedZone("CST", 8*60*60)}
	year, month, today := time.Now().In(shop.TimeZone).Date()
	until := time.Date(year, month, today, 0, 0, 0, 0, shop.TimeZone)
	days := max(min(ledgerDays, s.orders/10), 1) // no day without orders
	progress("a ledger of %d orders in %d days", "生成 %d 笔订单、%d 天的账本", s.orders, days)
	if err := dbtest.Seed(ctx, dir, dbtest.Sales{
		Orders: s.orders, Days: days, Until: until, Shop: shop, Cashiers: []string{"li", "wang", "zhao"}, Titles: titles(), FeesUntil: until,
	}); err != nil {
		return nil, err
	}
	r, err := newReader(ctx, dir, shop)
	if err != nil {
		return nil, err
	}
	r.until, r.days = until, days
	defer func() { err = errors.Join(err, r.close()) }()
	for _, row := range []struct {
		number  int
		measure func(context.Context, settings) ([]line, error)
	}{{4, r.reports}, {8, r.searches}, {9, r.files}} {
		if !slices.Contains(s.rows, row.number) {
			continue
		}
		measured, err := row.measure(ctx, s)
		if err != nil {
			return lines, err
		}
		lines = append(lines, measured...)
	}
	return lines, nil
}

// titles are what the shop sells.
func titles() (list []string) {
	for _, dish := range []string{"Beef noodles", "牛肉面", "Dumplings", "饺子", "Congee", "小米粥", "Tea", "豆浆", "Fried rice", "蛋炒饭"} {
		for _, size := range []string{"", " large", " 大份", " to go", " 打包"} {
			list = append(list, dish+size)
		}
	}
	return list
}

// reports measures the reports of days and months.
func (r *reader) reports(ctx context.Context, s settings) ([]line, error) {
	for i := range sampledDays {
		day := r.shop.Day(r.until.AddDate(0, 0, -1-i*r.days/sampledDays))
		if err := r.sample(ctx, day); err != nil {
			return nil, err
		}
		if err := r.sampleMonth(ctx, day); err != nil {
			return nil, err
		}
	}
	r.alone, r.opened, r.totals, r.entries = r.alone[1:], r.opened[1:], r.totals[1:], r.entries[1:] // all caches are warm now
	r.month, r.monthEntries = r.month[1:], r.monthEntries[1:]
	return []line{{
		row: 4, what: say("day report on %d orders", "日报（%d 笔订单）", s.orders), measured: r.alone.String(),
		limit: say("%s the same query, bare SQL", "%s 裸 SQL 同一查询", r.totals), ratio: r.alone.ratioTo(r.totals),
		target: "p95 <= " + ms(reportGoal), met: met(r.alone.at(95) <= reportGoal),
	}, {
		row: 4, what: say("the same with opening the ledger, as saomactl report does", "同上，含打开账本（即 saomactl report）"),
		measured: r.opened.String(), limit: say("%s summing the day's entries, bare SQL", "%s 裸 SQL 逐笔汇总当日", r.entries),
		ratio: r.opened.ratioTo(r.entries), target: "p95 <= " + ms(reportGoal), met: met(r.opened.at(95) <= reportGoal),
	}, {
		row: 4, what: say("month report", "月报"), measured: r.month.String(),
		limit: say("%s summing the month's entries, bare SQL", "%s 裸 SQL 逐笔汇总当月", r.monthEntries),
		ratio: r.month.ratioTo(r.monthEntries), target: "p95 <= " + ms(monthGoal), met: met(r.month.at(95) <= monthGoal),
	}}, nil
}

// reader reads one ledger through the program and through bare SQL.
type reader struct {
	dir    string
	shop   pos.Shop
	until  time.Time // the ledger ends here
	days   int       // that it has
	ledger *db.Ledger
	bare   *sql.DB

	alone, opened, totals, entries, month, monthEntries times
}

func newReader(ctx context.Context, dir string, shop pos.Shop) (*reader, error) {
	ledger, err := db.OpenReadOnly(ctx, dir)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, db.FileName)), RawQuery: "mode=ro"}
	bare, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	bare.SetMaxOpenConns(1)
	return &reader{dir: dir, shop: shop, ledger: ledger, bare: bare}, nil
}

// sample takes the report of one day in every way, and compares what they say.
func (r *reader) sample(ctx context.Context, day pos.Day) error {
	made, err := timed(&r.alone, func() (*report.Report, error) {
		return report.Make(ctx, r.ledger, r.shop, report.Period{Kind: report.OneDay, From: day, To: day}, time.Now())
	})
	if err != nil {
		return err
	}
	again, err := timed(&r.opened, func() (*report.Report, error) {
		l, err := db.OpenReadOnly(ctx, r.dir)
		if err != nil {
			return nil, err
		}
		made, err := report.Make(ctx, l, r.shop, report.Period{Kind: report.OneDay, From: day, To: day}, time.Now())
		return made, errors.Join(err, l.Close())
	})
	if err != nil {
		return err
	}
	for query, to := range map[string]*times{totalsQuery: &r.totals, entriesQuery: &r.entries} {
		sum, err := timed(to, func() (report.Sum, error) { return r.sum(ctx, query, day, day) })
		if err != nil {
			return err
		}
		if sum.Average = made.Total.Average; made.Total.PaidCount == 0 || sum != made.Total || sum != again.Total {
			return fmt.Errorf("the report of %s says %+v, bare SQL %+v", day, made.Total, sum)
		}
	}
	return nil
}

// sampleMonth takes the report of the month that has day in it.
func (r *reader) sampleMonth(ctx context.Context, day pos.Day) error {
	p, err := report.Around(report.Month, day)
	if err != nil {
		return err
	}
	made, err := timed(&r.month, func() (*report.Report, error) { return report.Make(ctx, r.ledger, r.shop, p, time.Now()) })
	if err != nil {
		return err
	}
	sum, err := timed(&r.monthEntries, func() (report.Sum, error) { return r.sum(ctx, entriesQuery, p.From, p.To) })
	if err != nil {
		return err
	}
	if sum.Average = made.Total.Average; made.Total.PaidCount == 0 || sum != made.Total {
		return fmt.Errorf("the report of %s says %+v, bare SQL %+v", p, made.Total, sum)
	}
	return nil
}

// sum adds up the rows of a query in bare SQL.
func (r *reader) sum(ctx context.Context, query string, from, to pos.Day) (sum report.Sum, err error) {
	rows, err := r.bare.QueryContext(ctx, query, from, to)
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	for rows.Next() {
		var counter, cashier, wallet string
		var row pos.Totals
		if err := rows.Scan(&counter, &cashier, &wallet, &row.Paid, &row.PaidCount, &row.Refunded, &row.RefundCount, &row.Fees, &row.FeeCount); err != nil {
			return sum, err
		}
		sum.Fees = pos.Fee{Amount: sum.Fees.Amount + row.Fees, Known: true} // seeded so
		sum.FeesUnknown += row.WithoutFee()
		sum.Paid, sum.PaidCount = sum.Paid+row.Paid, sum.PaidCount+row.PaidCount
		sum.Refunded, sum.RefundCount = sum.Refunded+row.Refunded, sum.RefundCount+row.RefundCount
	}
	sum.Net = sum.Paid - sum.Refunded
	return sum, rows.Err()
}

func (r *reader) close() error { return errors.Join(r.ledger.Close(), r.bare.Close()) }

// timed adds to t how long fn took.
func timed[T any](t *times, fn func() (T, error)) (T, error) {
	begin := time.Now()
	v, err := fn()
	*t = append(*t, time.Since(begin))
	return v, err
}
