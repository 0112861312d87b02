package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"saoma/pos"
)

const (
	searchGoal    = 50 * time.Millisecond
	searchedSales = 12 // payments that are looked for, in every way
	searchLimit   = 50 // as the window asks
)

// What a key costs at least: the newest payments, and those of one number, read and nothing done with them.
const (
	newestQuery = `SELECT out_trade_no FROM payment ORDER BY id DESC LIMIT 50`
	numberQuery = `SELECT out_trade_no FROM payment WHERE out_trade_no = ?`
)

// searches types words as a person does who looks for a payment, and measures every key of them.
func (r *reader) searches(ctx context.Context, _ settings) ([]line, error) {
	sales, err := r.sales(ctx)
	if err != nil {
		return nil, err
	}
	var keys, slowest, bare times
	for _, p := range sales {
		digits := p.TransactionID[max(len(p.TransactionID)-6, 0):]
		for _, word := range []string{p.OutTradeNo, digits, p.Amount.String(), p.Title} {
			var typed times
			if err := r.typeWord(ctx, word, p, &typed); err != nil {
				return nil, err
			}
			keys = append(keys, typed...)
			slowest = append(slowest, typed.at(100))
		}
		for query, args := range map[string][]any{newestQuery: nil, numberQuery: {p.OutTradeNo}} {
			if _, err := timed(&bare, func() (int, error) { return r.count(ctx, query, args...) }); err != nil {
				return nil, err
			}
		}
	}
	return []line{{
		row: 8, what: say("search, a key typed: number, last digits, amount, title", "搜索每一次按键：单号、末几位、金额、品名"), measured: keys.String(),
		limit: say("%s the newest 50, or one by its number, bare SQL", "%s 裸 SQL 取最新 50 笔或按单号取一笔", bare), ratio: keys.ratioTo(bare),
		target: "p95 <= " + ms(searchGoal), met: met(keys.at(95) <= searchGoal),
	}, {
		row: 8, what: say("  the slowest key of each word", "  每个词中最慢的一次按键"), measured: slowest.String(), limit: "-", ratio: "-", target: "-", met: "-",
	}}, nil
}

// sales are paid payments from all over the ledger.
func (r *reader) sales(ctx context.Context) (list []pos.Payment, err error) {
	for i := range searchedSales {
		day := r.shop.Day(r.until.AddDate(0, 0, -1-i*r.days/searchedSales))
		found, err := r.ledger.Search(ctx, pos.Search{From: day, To: day, State: pos.Paid, Limit: i + 1}, r.shop)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("nothing was paid on %s", day)
		}
		list = append(list, found[len(found)-1])
	}
	return list, nil
}

// typeWord searches after every key of word. In the end p must be among what a number finds, and of what else is found
// each must be what was looked for.
func (r *reader) typeWord(ctx context.Context, word string, p pos.Payment, to *times) error {
	for i := range word {
		if i == 0 {
			continue // nothing is typed yet
		}
		if _, err := r.look(ctx, word[:i], to); err != nil {
			return err
		}
	}
	found, err := r.look(ctx, word, to)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("%q finds nothing", word)
	}
	if word == p.OutTradeNo && !slices.ContainsFunc(found, func(f pos.Payment) bool { return f.OutTradeNo == word }) {
		return fmt.Errorf("%q is not found by its number", word)
	}
	return nil
}

func (r *reader) look(ctx context.Context, text string, to *times) ([]pos.Payment, error) {
	return timed(to, func() ([]pos.Payment, error) {
		return r.ledger.Search(ctx, pos.Search{Text: text, Limit: searchLimit}, r.shop)
	})
}

// count reads the rows of a query of one column.
func (r *reader) count(ctx context.Context, query string, args ...any) (n int, err error) {
	rows, err := r.bare.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}
