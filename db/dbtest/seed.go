package dbtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"saoma/db"
	"saoma/pos"
)

// Sales says what Seed records.
type Sales struct {
	Orders    int       // how many orders; at most a million a day
	Days      int       // over how many days, evenly
	Until     time.Time // the last day ends here
	Shop      pos.Shop
	Cashiers  []string                     // take turns
	Titles    []string                     // take turns; empty: tea
	Wallets   []pos.Wallet                 // take turns; empty: all
	Account   func(pos.Wallet) pos.Account // whom they pay; nil: somebody
	FeesUntil time.Time                    // what was sold before has its fee, 0.6 %, as if the bills were compared

	told []pos.EntryFee // of the transaction
}

// Seed fills a new ledger in dir with past sales, each through the same transactions' methods as a real
// one, so the result satisfies db's Verify. Of a hundred orders three are closed unpaid and two are
// refunded in part. It costs about 0.15 ms of one processor an
// order.
func Seed(ctx context.Context, dir string, s Sales) error {
	if s.Orders < 1 || s.Days < 1 || len(s.Cashiers) == 0 {
		return fmt.Errorf("dbtest: nothing to seed in %+v", s)
	}
	var clock atomic.Int64
	l, err := db.Open(ctx, dir, db.Options{Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	if err != nil {
		return err
	}
	defer l.Close()
	if len(s.Wallets) == 0 {
		s.Wallets = pos.Wallets
	}
	if len(s.Titles) == 0 {
		s.Titles = []string{"Tea"}
	}
	if s.Account == nil {
		s.Account = func(pos.Wallet) pos.Account {
			return pos.Account{MerchantID: "1900000001", AppID: "wx0000000000000001"}
		}
	}
	const chunk = 500 // orders in one transaction
	begin := s.Until.AddDate(0, 0, -s.Days)
	spacing := s.Until.Sub(begin) / time.Duration(s.Orders)
	for from := 0; from < s.Orders; from += chunk {
		to := min(from+chunk, s.Orders)
		clock.Store(begin.Add(time.Duration(to) * spacing).UnixMilli())
		s.told = nil
		err := l.Update(ctx, func(tx pos.Tx) error {
			for i := from; i < to; i++ {
				if err := s.sell(tx, i, begin.Add(time.Duration(i)*spacing)); err != nil {
					return err
				}
			}
			return tx.SaveFees(s.told)
		})
		if err != nil {
			return err
		}
	}
	return l.Close()
}

// sell records order number i of time at.
func (s *Sales) sell(tx pos.Tx, i int, at time.Time) error {
	o := &pos.Order{
		Status: pos.OrderOpen, Title: s.Titles[i%len(s.Titles)], Total: pos.Fen(500 + i%5000), Counter: s.Shop.Counter,
		Cashier: s.Cashiers[i%len(s.Cashiers)], CreatedAt: at, Day: s.Shop.Day(at),
	}
	o.Lines = []pos.Line{{Title: o.Title, Quantity: 1, Price: o.Total}}
	if err := tx.AddOrder(o); err != nil {
		return err
	}
	w := s.Wallets[i%len(s.Wallets)]
	p := &pos.Payment{
		OutTradeNo: fmt.Sprintf("%s%s%08d", s.Shop.Counter, at.In(s.Shop.TimeZone).Format("060102150405"), i),
		OrderID:    o.ID, Wallet: w, Account: s.Account(w),
		Amount: o.Total, Title: o.Title, Counter: o.Counter, Cashier: o.Cashier, State: pos.Created,
		CreatedAt: at, ExpiresAt: at.Add(pos.DefaultTimeout), Day: o.Day,
	}
	if err := tx.AddPayment(p); err != nil {
		return err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: o.Cashier, Action: "charge", Subject: p.OutTradeNo, To: string(pos.Created)}); err != nil {
		return err
	}
	if i%100 >= 97 {
		p.State = pos.Closed
		return finish(tx, p, pos.OrderClosed)
	}
	p.State, p.PaidAt, p.SettledAt, p.ConfirmedBy = pos.Paid, at, at, pos.FromNotification
	p.TransactionID = "42" + p.OutTradeNo
	if err := finish(tx, p, pos.OrderPaid); err != nil {
		return err
	}
	if err := tx.Log(pos.LogEntry{
		Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, TransactionID: p.TransactionID, Source: p.ConfirmedBy,
		State: string(pos.TradePaid), Amount: p.Amount, Raw: []byte(`{"trade_state":"SUCCESS"}`),
	}); err != nil {
		return err
	}
	if err := s.book(tx, at, pos.Entry{
		OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Counter: p.Counter, Cashier: p.Cashier, Amount: p.Amount, Day: p.Day,
	}); err != nil {
		return err
	}
	if i%100 < 2 {
		return s.refund(tx, at, p)
	}
	return nil
}

// book adds an entry of time at, and has its fee told.
func (s *Sales) book(tx pos.Tx, at time.Time, e pos.Entry) error {
	if at.Before(s.FeesUntil) {
		s.told = append(s.told, pos.EntryFee{OutTradeNo: e.OutTradeNo, OutRefundNo: e.OutRefundNo, Amount: e.Amount * 6 / 1000})
	}
	return tx.AddEntry(e)
}

// finish stores p in its last state, with its audit row and its order's status.
func finish(tx pos.Tx, p *pos.Payment, status pos.OrderStatus) error {
	if err := tx.SavePayment(p, pos.Created); err != nil {
		return err
	}
	if err := tx.SetOrderStatus(p.OrderID, status); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "seed", Action: "settle", Subject: p.OutTradeNo, From: string(pos.Created), To: string(p.State)})
}

// refund gives half of p back.
func (s *Sales) refund(tx pos.Tx, at time.Time, p *pos.Payment) error {
	r := &pos.Refund{
		OutRefundNo: "R" + p.OutTradeNo, OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Amount: p.Amount / 2, Reason: "returned",
		State: pos.RefundRequested, RequestedBy: p.Cashier, CreatedAt: p.PaidAt, Day: p.Day,
	}
	if err := tx.AddRefund(r); err != nil {
		return err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: p.Cashier, Action: "refund", Subject: r.OutRefundNo, To: string(r.State)}); err != nil {
		return err
	}
	r.State, r.RefundID, r.SettledAt = pos.RefundSucceeded, "50"+r.OutRefundNo, p.PaidAt
	if err := tx.SaveRefund(r, pos.RefundRequested); err != nil {
		return err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: "seed", Action: "settle", Subject: r.OutRefundNo, From: string(pos.RefundRequested), To: string(r.State)}); err != nil {
		return err
	}
	return s.book(tx, at, pos.Entry{
		OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Wallet: p.Wallet, Counter: p.Counter, Cashier: p.Cashier,
		Amount: -r.Amount, Day: p.Day,
	})
}
