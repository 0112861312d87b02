package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
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
)

// The day's totals as the ledger keeps them, and the same sums from the entries themselves.
const (
	totalsQuery = `SELECT counter, cashier, wallet, paid, paid_count, refunded, refund_count FROM day_total WHERE day = ?
		ORDER BY counter, cashier, wallet`
	entriesQuery = `SELECT counter, cashier, wallet,
		sum(iif(amount > 0, amount, 0)), sum(amount > 0), -sum(iif(amount < 0, amount, 0)), sum(amount < 0)
		FROM entry WHERE day = ? GROUP BY counter, cashier, wallet ORDER BY counter, cashier, wallet`
)

// reportRow measures the day report of a ledger of three years.
func reportRow(ctx context.Context, s settings) (lines []line, err error) {
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
		Orders: s.orders, Days: days, Until: until, Shop: shop, Cashiers: []string{"li", "wang", "zhao"},
	}); err != nil {
		return nil, err
	}
	r, err := newReader(ctx, dir, shop)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for i := range sampledDays {
		day := shop.Day(until.AddDate(0, 0, -1-i*days/sampledDays))
		if err := r.sample(ctx, day); err != nil {
			return nil, err
		}
	}
	r.alone, r.opened, r.totals, r.entries = r.alone[1:], r.opened[1:], r.totals[1:], r.entries[1:] // all caches are warm now
	ok := r.alone.at(95) <= reportGoal
	okOpened := r.opened.at(95) <= reportGoal
	return []line{{
		row: 4, what: say("day report on %d orders", "日报（%d 笔订单）", s.orders), measured: r.alone.String(),
		limit: say("%s the same query, bare SQL", "%s 裸 SQL 同一查询", r.totals), ratio: r.alone.ratioTo(r.totals),
		target: "p95 <= " + ms(reportGoal), met: met(ok),
	}, {
		row: 4, what: say("the same with opening the ledger, as saomactl report does", "同上，含打开账本（即 saomactl report）"),
		measured: r.opened.String(), limit: say("%s summing the day's entries, bare SQL", "%s 裸 SQL 逐笔汇总当日", r.entries),
		ratio: r.opened.ratioTo(r.entries), target: "p95 <= " + ms(reportGoal), met: met(okOpened),
	}}, nil
}

// reader reads one ledger through the program and through bare SQL.
type reader struct {
	dir    string
	shop   pos.Shop
	ledger *db.Ledger
	bare   *sql.DB

	alone, opened, totals, entries times
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
		sum, err := timed(to, func() (report.Sum, error) { return r.sum(ctx, query, day) })
		if err != nil {
			return err
		}
		if made.Total.PaidCount == 0 || sum != made.Total || sum != again.Total {
			return fmt.Errorf("the report of %s says %+v, bare SQL %+v", day, made.Total, sum)
		}
	}
	return nil
}

// sum adds up the rows of a query in bare SQL.
func (r *reader) sum(ctx context.Context, query string, day pos.Day) (sum report.Sum, err error) {
	rows, err := r.bare.QueryContext(ctx, query, day)
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	for rows.Next() {
		var counter, cashier, wallet string
		var row report.Sum
		if err := rows.Scan(&counter, &cashier, &wallet, &row.Paid, &row.PaidCount, &row.Refunded, &row.RefundCount); err != nil {
			return sum, err
		}
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
