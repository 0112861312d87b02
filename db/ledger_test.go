package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

var shop = pos.Shop{
	Name: "Test", Counter: "T1", TimeZone: time.FixedZone("CST", 8*3600),
	MinCharge: pos.DefaultMinCharge, MaxCharge: pos.DefaultMaxCharge,
}

func open(t testing.TB, dir string) *db.Ledger {
	t.Helper()
	l, err := db.Open(t.Context(), dir, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// sound fails the test unless every check of Verify passes.
func sound(t testing.TB, l *db.Ledger) {
	t.Helper()
	report, err := l.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Broken > 0 {
			t.Errorf("verify: %s: %d broken: %q", c.Name, c.Broken, c.Violations)
		}
	}
}

func update(t testing.TB, s pos.Store, fn func(pos.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s pos.Store, fn func(pos.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

var numbers atomic.Int64

// number is a number of the shape a counter makes, unique in this process.
func number() string { return fmt.Sprintf("T1260101%012d", numbers.Add(1)) }

// charge adds an order with one payment, shown to the customer.
func charge(tx pos.Tx, amount pos.Fen) (*pos.Payment, error) {
	return chargeNo(tx, number(), amount)
}

func chargeNo(tx pos.Tx, no string, amount pos.Fen) (*pos.Payment, error) {
	now := tx.Now()
	o := &pos.Order{
		Status: pos.OrderOpen, Title: "Tea", Total: amount, Lines: []pos.Line{{Title: "Tea", Quantity: 1, Price: amount}},
		Counter: shop.Counter, Cashier: "li", CreatedAt: now, Day: shop.Day(now),
	}
	if err := tx.AddOrder(o); err != nil {
		return nil, err
	}
	p := &pos.Payment{
		OutTradeNo: no, OrderID: o.ID, Wallet: pos.WeChat, Account: pos.Account{MerchantID: "1900000001", AppID: "wx01"},
		Amount: amount, Title: o.Title, Counter: o.Counter, Cashier: o.Cashier, State: pos.Created,
		CreatedAt: now, ExpiresAt: now.Add(pos.DefaultTimeout), Day: o.Day,
	}
	if err := tx.AddPayment(p); err != nil {
		return nil, err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: "li", Action: "charge", Subject: p.OutTradeNo, To: string(pos.Created)}); err != nil {
		return nil, err
	}
	p.CodeURL, p.ShownAt = "weixin://wxpay/bizpayurl?pr="+p.OutTradeNo, now
	return p, move(tx, p, pos.Waiting, "show")
}

func move(tx pos.Tx, p *pos.Payment, to pos.PaymentState, action string) error {
	from := p.State
	p.State = to
	if err := tx.SavePayment(p, from); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "till", Action: action, Subject: p.OutTradeNo, From: string(from), To: string(to)})
}

// settle does what Till.Settle does with evidence of payment.
func settle(tx pos.Tx, outTradeNo string) error {
	p, err := tx.Payment(outTradeNo)
	if err != nil {
		return err
	}
	p.TransactionID, p.PaidAt, p.SettledAt, p.ConfirmedBy = "42"+outTradeNo, tx.Now(), tx.Now(), pos.FromNotification
	if err := move(tx, p, pos.Paid, "settle"); err != nil {
		return err
	}
	siblings, err := tx.PaymentsOf(p.OrderID)
	if err != nil {
		return err
	}
	if err := tx.SetOrderStatus(p.OrderID, pos.StatusOf(siblings)); err != nil {
		return err
	}
	if err := tx.Log(pos.LogEntry{
		Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, TransactionID: p.TransactionID, Source: p.ConfirmedBy,
		State: string(pos.TradePaid), Amount: p.Amount, Raw: []byte(`{"trade_state":"SUCCESS","payer":{"openid":"oU***9x"}}`),
	}); err != nil {
		return err
	}
	return tx.AddEntry(pos.Entry{
		OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Counter: p.Counter, Cashier: p.Cashier, Amount: p.Amount, Day: shop.Day(tx.Now()),
	})
}

// refund adds a refund and takes it to state to, with its entry if that is succeeded.
func refund(tx pos.Tx, outTradeNo string, amount pos.Fen, to pos.RefundState) (*pos.Refund, error) {
	r := &pos.Refund{
		OutRefundNo: "R" + number(), OutTradeNo: outTradeNo, Wallet: pos.WeChat, Amount: amount, Reason: "cold",
		State: pos.RefundRequested, RequestedBy: "li", CreatedAt: tx.Now(), Day: shop.Day(tx.Now()),
	}
	if err := tx.AddRefund(r); err != nil {
		return nil, err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: "li", Action: "refund", Subject: r.OutRefundNo, To: string(r.State)}); err != nil {
		return nil, err
	}
	if to == pos.RefundRequested {
		return r, nil
	}
	r.State, r.RefundID = to, "50"+r.OutRefundNo
	if r.State.Final() {
		r.SettledAt = tx.Now()
	}
	if err := tx.SaveRefund(r, pos.RefundRequested); err != nil {
		return nil, err
	}
	if err := tx.Audit(pos.AuditEntry{Actor: "till", Action: "settle", Subject: r.OutRefundNo, From: string(pos.RefundRequested), To: string(to)}); err != nil {
		return nil, err
	}
	if to != pos.RefundSucceeded {
		return r, nil
	}
	return r, tx.AddEntry(pos.Entry{
		OutTradeNo: outTradeNo, OutRefundNo: r.OutRefundNo, Wallet: pos.WeChat, Counter: shop.Counter, Cashier: "li",
		Amount: -amount, Day: shop.Day(tx.Now()),
	})
}

// sell records one paid sale and returns its number.
func sell(t testing.TB, s pos.Store, amount pos.Fen) string {
	t.Helper()
	var no string
	update(t, s, func(tx pos.Tx) error {
		p, err := charge(tx, amount)
		if err != nil {
			return err
		}
		no = p.OutTradeNo
		return settle(tx, no)
	})
	return no
}

// raw opens a ledger's file as any other program could, with none of this package's care.
func raw(t testing.TB, dir string) *sql.DB {
	t.Helper()
	d, err := sql.Open("sqlite", filepath.Join(dir, db.FileName)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	t.Cleanup(func() { d.Close() })
	return d
}
