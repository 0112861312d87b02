package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"saoma/assets/words"
	"saoma/cmd/internal/sheet"
	"saoma/pos/report"
)

const (
	fileGoal   = 2.0 // times the bare query
	fileRounds = 5
	fileDays   = 365
)

// bareRows reads the columns of the file of payments; of the refunds what each needs, no more.
const bareRows = `SELECT p.created_at, p.day, p.out_trade_no, p.wallet, p.state, p.amount,
	(SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.out_trade_no = p.out_trade_no AND r.state = 'succeeded'),
	p.title, p.counter, p.cashier, p.transaction_id, p.paid_at,
	(SELECT e.fee FROM entry e WHERE e.out_trade_no = p.out_trade_no AND e.out_refund_no IS NULL)
		+ (SELECT iif(count(e.fee) = count(*), coalesce(sum(e.fee), 0), NULL)
			FROM refund r JOIN entry e ON e.out_refund_no = r.out_refund_no WHERE r.out_trade_no = p.out_trade_no)
	FROM orders o JOIN payment p ON p.order_id = o.id WHERE o.day BETWEEN ? AND ? ORDER BY o.day, o.id, p.id`

// files measures the file of a year's payments, beside the bare query written to a file as it comes.
func (r *reader) files(ctx context.Context, s settings) ([]line, error) {
	days := min(fileDays, r.days)
	period, err := report.Between(r.shop.Day(r.until.AddDate(0, 0, -days)), r.shop.Day(r.until.AddDate(0, 0, -1)))
	if err != nil {
		return nil, err
	}
	progress("a file of the payments of %d days", "导出 %d 天的收款明细", days)
	made, bare := filepath.Join(s.dir, "payments.csv"), filepath.Join(s.dir, "bare.csv")
	e := &sheet.Export{Source: r.ledger, Shop: r.shop, Period: period, Words: words.Zh, Format: "csv", Orders: true, Now: time.Now()}
	var whole, limit times
	var n int
	for range fileRounds {
		if n, err = timed(&limit, func() (int, error) { return r.stream(ctx, bare, period) }); err != nil {
			return nil, err
		}
		if _, err := timed(&whole, func() (int, error) { return 0, e.WriteTo(ctx, made) }); err != nil {
			return nil, err
		}
	}
	text, err := os.ReadFile(made)
	if err != nil {
		return nil, err
	}
	if lines := bytes.Count(text, []byte("\r\n")); lines != n+1 || n == 0 {
		return nil, fmt.Errorf("the file has %d lines for %d payments", lines, n)
	}
	return []line{{
		row: 9, what: say("a file of %d payments, CSV", "导出 %d 笔收款明细（CSV）", n), measured: whole.String(),
		limit: say("%s the query in bare SQL, written to a file", "%s 裸 SQL 同一查询写入文件", limit), ratio: whole.ratioTo(limit),
		target: say("<= %.0f of the limit", "<= %.0f 倍极限", fileGoal), met: met(float64(whole.at(50)) <= fileGoal*float64(limit.at(50))),
	}}, nil
}

// stream writes the payments of a period to a file as the database gives them, and returns how many there are.
func (r *reader) stream(ctx context.Context, path string, p report.Period) (n int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	rows, err := r.bare.QueryContext(ctx, bareRows, p.From, p.To)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	out := bufio.NewWriterSize(f, 64<<10)
	cells := make([]sql.RawBytes, 13)
	into := make([]any, len(cells))
	for i := range cells {
		into[i] = &cells[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for i, c := range cells {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(c)
		}
		out.WriteString("\r\n") // an error stays with out until Flush
	}
	return n, errors.Join(rows.Err(), out.Flush(), f.Sync())
}
