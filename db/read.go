package db

import (
	"context"

	"saoma/pos"
)

// Totals returns the daily totals from one day to another, both included, by day, counter, cashier and
// wallet.
func (l *Ledger) Totals(ctx context.Context, from, to pos.Day) (totals []pos.DayTotal, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		totals, err = list(t, scanTotal, `SELECT day, counter, cashier, wallet, `+totalColumns+` FROM day_total WHERE day BETWEEN ? AND ? ORDER BY day, counter, cashier, wallet`, from, to)
		return err
	})
	return totals, err
}

// totalColumns are the sums of a daily total, and entrySums the same from entries e themselves.
const (
	totalColumns = `paid, paid_count, refunded, refund_count, fees, fee_count`
	entrySums    = `coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0), count(*) FILTER (WHERE e.amount > 0),
		coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0), count(*) FILTER (WHERE e.amount < 0), coalesce(sum(e.fee), 0), count(e.fee)`
)

func scanTotal(row scanner, d *pos.DayTotal) error {
	return row.Scan(&d.Day, &d.Counter, &d.Cashier, &d.Wallet, &d.Paid, &d.PaidCount, &d.Refunded, &d.RefundCount, &d.Fees, &d.FeeCount)
}

// Orders returns the orders of a business day with everything that happened to them, newest first.
func (l *Ledger) Orders(ctx context.Context, day pos.Day) (orders []pos.OrderDetail, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		orders, err = t.details(`o.day = ?`, day)
		return err
	})
	return orders, err
}

// OrderByNo returns the order of the payment or refund with this number.
func (l *Ledger) OrderByNo(ctx context.Context, no string) (order *pos.OrderDetail, err error) {
	err = l.view(ctx, func(t *tx) error {
		found, err := t.details(`o.id = (SELECT p.order_id FROM payment p WHERE p.out_trade_no =
			coalesce((SELECT r.out_trade_no FROM refund r WHERE r.out_refund_no = ?1), ?1))`, no)
		if err == nil && len(found) == 0 {
			return pos.Errorf(pos.NotFound, "There is no payment or refund %s.", no)
		}
		if err == nil {
			order = &found[0]
		}
		return err
	})
	return order, err
}

// details returns the orders that where selects, newest first. It costs five queries, however many
// orders there are.
func (t *tx) details(where string, arg any) ([]pos.OrderDetail, error) {
	orders, err := list(t, scanOrder, `SELECT `+orderColumns+` FROM orders o WHERE `+where+` ORDER BY o.id DESC`, arg)
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	all := make([]pos.OrderDetail, len(orders))
	byID := make(map[int64]*pos.OrderDetail, len(orders))
	for i, o := range orders {
		all[i].Order = o
		byID[o.ID] = &all[i]
	}
	return all, t.fill(byID, where, arg)
}

// fill adds to each order what belongs to it.
func (t *tx) fill(byID map[int64]*pos.OrderDetail, where string, arg any) error {
	lines, err := list(t, scanLine, `SELECT `+lineColumns+`
		FROM orders o JOIN order_line l ON l.order_id = o.id WHERE `+where+` ORDER BY l.order_id, l.n`, arg)
	if err != nil {
		return err
	}
	for _, l := range lines {
		o := &byID[l.order].Order
		o.Lines = append(o.Lines, l.line)
	}
	payments, err := list(t, scanPayment, `SELECT `+paymentColumns+`
		FROM orders o JOIN payment p ON p.order_id = o.id WHERE `+where+` ORDER BY p.id`, arg)
	if err != nil {
		return err
	}
	byNo := make(map[string]*pos.OrderDetail, len(payments))
	for _, p := range payments {
		d := byID[p.OrderID]
		d.Payments = append(d.Payments, p)
		byNo[p.OutTradeNo] = d
	}
	refunds, err := list(t, scanRefund, `SELECT `+refundColumns+`
		FROM orders o JOIN payment p ON p.order_id = o.id JOIN refund r ON r.out_trade_no = p.out_trade_no
		WHERE `+where+` ORDER BY r.id`, arg)
	if err != nil {
		return err
	}
	for _, r := range refunds {
		d := byNo[r.OutTradeNo]
		d.Refunds = append(d.Refunds, r)
	}
	exceptions, err := list(t, scanException, `SELECT `+exceptionColumns+`
		FROM orders o JOIN payment p ON p.order_id = o.id JOIN exception x ON x.out_trade_no = p.out_trade_no
		WHERE `+where+` ORDER BY x.id`, arg)
	for _, x := range exceptions {
		d := byNo[x.OutTradeNo]
		d.Exceptions = append(d.Exceptions, x)
	}
	return err
}
