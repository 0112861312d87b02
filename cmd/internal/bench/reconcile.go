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
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
	"saoma/pos/reconcile"
)

const (
	reconcileGoal   = 5 * time.Second
	reconcileRounds = 5
)

// barePayments reads what most of a bill is compared with, and does nothing with it.
const barePayments = `SELECT out_trade_no, transaction_id, amount, state, coalesce(paid_at, settled_at) FROM payment
	WHERE wallet = 'wechat' AND state = 'paid' AND coalesce(paid_at, settled_at) BETWEEN ? AND ?`

// reconcileRow measures a day's bill of many lines: parsed, compared with the ledger read from its file, and recorded.
func reconcileRow(ctx context.Context, s settings) (lines []line, err error) {
	b := &bigDay{day: "2026-03-14", begin: pos.BillBegin("2026-03-14")}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.make(ctx, s); err != nil {
		return nil, err
	}
	var first, whole, bare times
	if _, err := timed(&first, func() (*pos.Reconciliation, error) {
		return b.books.Reconcile(ctx, pos.WeChat, b.day, true, pos.Unattended)
	}); err != nil {
		return nil, err
	}
	for range reconcileRounds {
		r, err := timed(&whole, func() (*pos.Reconciliation, error) {
			return b.books.Reconcile(ctx, pos.WeChat, b.day, false, pos.Unattended)
		})
		if err != nil {
			return nil, err
		}
		if r.State != pos.Agreed || r.Agree != b.lines || r.All.Lines != b.lines {
			return nil, fmt.Errorf("%d of %d lines agree", r.Agree, r.All.Lines)
		}
		n, err := timed(&bare, func() (int64, error) { return b.read(ctx) })
		if err != nil {
			return nil, err
		}
		if n != r.Ledger.Payments {
			return nil, fmt.Errorf("bare SQL reads %d payments, not %d", n, r.Ledger.Payments)
		}
	}
	return []line{{
		row: 7, what: say("a kept bill of %d lines read, compared with the ledger, recorded", "读取 %d 笔的账单、与账本核对并记录", b.lines),
		measured: whole.String(), limit: say("%s only reading the payments, bare SQL", "%s 裸 SQL 仅读取收款", bare), ratio: whole.ratioTo(bare),
		target: "p95 <= " + ms(reconcileGoal), met: met(whole.at(95) <= reconcileGoal),
	}, {
		row: 7, what: say("the first time: downloaded, and every fee written", "首次：下载账单并写入每笔手续费"), measured: ms(first.at(50)),
		limit: "-", ratio: "-", target: "<= " + ms(reconcileGoal), met: met(first.at(50) <= reconcileGoal),
	}}, nil
}

// bigDay is a ledger with a big day and a platform that makes its bill.
type bigDay struct {
	day    pos.Day
	begin  time.Time
	ledger *db.Ledger
	books  *reconcile.Books
	bare   *sql.DB
	lines  int
	stop   []func()
}

func (b *bigDay) close() error {
	for _, stop := range b.stop {
		stop()
	}
	var errs []error
	if b.ledger != nil {
		errs = append(errs, b.ledger.Close())
	}
	if b.bare != nil {
		errs = append(errs, b.bare.Close())
	}
	return errors.Join(errs...)
}

// make seeds the day and has the sandbox know it.
func (b *bigDay) make(ctx context.Context, s settings) error {
	dir, err := s.folder("reconcile")
	if err != nil {
		return err
	}
	papers, err := sandbox.NewPapers()
	if err != nil {
		return err
	}
	w := papers.WeChat
	now := func() time.Time { return pos.BillReadyAt(b.day).Add(time.Hour) }
	platform := sandbox.New(papers, sandbox.Options{BillNow: now})
	if err := platform.Start("127.0.0.1:0"); err != nil {
		return err
	}
	b.stop = append(b.stop, func() { platform.Close() })
	gateway, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: platform.URL(), Now: now,
	})
	if err != nil {
		return err
	}
	b.stop = append(b.stop, gateway.Stop)
	progress("a day of %d payments and its bill", "生成 %d 笔收款的一天及其账单", s.bill)
	shop := pos.Shop{Name: "Bench", Counter: "B1", TimeZone: time.FixedZone("CST", 8*60*60)}
	if err := dbtest.Seed(ctx, dir, dbtest.Sales{
		Orders: s.bill*100/99 + 1, Days: 1, Until: b.begin.AddDate(0, 0, 1), Shop: shop, Cashiers: []string{"li"}, // of 100 orders 99 lines
		Wallets: []pos.Wallet{pos.WeChat}, Account: func(pos.Wallet) pos.Account { return gateway.Account() },
	}); err != nil {
		return err
	}
	if b.ledger, err = db.Open(ctx, dir, db.Options{Now: now}); err != nil {
		return err
	}
	till := &pos.Till{Shop: shop, Store: b.ledger, Gateways: map[pos.Wallet]pos.Gateway{pos.WeChat: gateway}}
	b.books = reconcile.New(till, b.ledger)
	b.books.Now = now
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, db.FileName)), RawQuery: "mode=ro"}
	if b.bare, err = sql.Open("sqlite", name.String()); err != nil {
		return err
	}
	return b.bill(ctx, platform)
}

// bill gives the platform what the ledger has.
func (b *bigDay) bill(ctx context.Context, platform *sandbox.Sandbox) error {
	var past []sandbox.Past
	err := b.ledger.View(ctx, func(tx pos.Tx) error {
		return tx.Movements(pos.WeChat, b.books.Till.Gateways[pos.WeChat].Account().MerchantID, b.begin, b.begin.AddDate(0, 0, 1), func(m pos.Movement) error {
			past = append(past, sandbox.Past{
				Wallet: sandbox.WeChat, OutTradeNo: m.OutTradeNo, TransactionID: m.TransactionID, OutRefundNo: m.OutRefundNo,
				RefundID: m.RefundID, Amount: int64(m.Amount), At: m.From,
			})
			return nil
		})
	})
	if err != nil {
		return err
	}
	b.lines = len(past)
	return platform.Remember(past)
}

// read counts the day's payments in bare SQL, every column of every row read.
func (b *bigDay) read(ctx context.Context) (n int64, err error) {
	rows, err := b.bare.QueryContext(ctx, barePayments, reconcile.Begin(b.day).UnixMilli(), reconcile.End(b.day).UnixMilli()-1)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var no, transaction, state string
		var amount, at int64
		if err := rows.Scan(&no, &transaction, &amount, &state, &at); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}
