package db_test

import (
	"errors"
	"testing"

	"saoma/pos"
)

var errUndo = errors.New("undo")

// undone runs fn in a transaction and takes it back.
func undone(t *testing.T, s pos.Store, fn func(pos.Tx) error) {
	t.Helper()
	err := s.Update(t.Context(), func(tx pos.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errUndo
	})
	if err != errUndo {
		t.Error(err)
	}
}

func TestPaymentsMoveOnly(t *testing.T) {
	l := open(t, t.TempDir())
	legal := map[pos.PaymentState][]pos.PaymentState{
		pos.Created:  {pos.Waiting, pos.Paid, pos.Closing, pos.Closed, pos.Rejected},
		pos.Waiting:  {pos.Paid, pos.Closing, pos.Closed},
		pos.Closing:  {pos.Paid, pos.Closed},
		pos.Closed:   {pos.Paid},
		pos.Rejected: {pos.Paid},
		pos.Paid:     {},
	}
	for from, goals := range legal {
		for to := range legal {
			undone(t, l, func(tx pos.Tx) error {
				p, err := charge(tx, 100)
				if err != nil {
					return err
				}
				p = &pos.Payment{
					OutTradeNo: number(), OrderID: p.OrderID, Wallet: pos.Alipay, Amount: 100, State: pos.Created,
					CreatedAt: tx.Now(), ExpiresAt: tx.Now(), Day: p.Day,
				}
				if err := tx.AddPayment(p); err != nil {
					return err
				}
				p.TransactionID, p.SettledAt, p.ConfirmedBy = "4200", tx.Now(), pos.FromPoll
				p.State = from
				if err := tx.SavePayment(p, pos.Created); err != nil {
					return err
				}
				p.State = to
				err = tx.SavePayment(p, from)
				want := from == to
				for _, g := range goals {
					want = want || g == to
				}
				if want && err != nil || !want && pos.CodeOf(err) != pos.Conflict {
					t.Errorf("%s -> %s: %v", from, to, err)
				}
				return nil
			})
		}
	}
}

func TestRefundsMoveOnly(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 100)
	legal := map[pos.RefundState][]pos.RefundState{
		pos.RefundRequested:  {pos.RefundProcessing, pos.RefundSucceeded, pos.RefundAbnormal, pos.RefundFailed},
		pos.RefundProcessing: {pos.RefundSucceeded, pos.RefundAbnormal, pos.RefundFailed},
		pos.RefundAbnormal:   {pos.RefundSucceeded, pos.RefundFailed},
		pos.RefundSucceeded:  {},
		pos.RefundFailed:     {pos.RefundSucceeded},
	}
	for from, goals := range legal {
		for to := range legal {
			undone(t, l, func(tx pos.Tx) error {
				r, err := refund(tx, no, 1, from)
				if err != nil {
					return err
				}
				r.State = to
				err = tx.SaveRefund(r, from)
				want := from == to
				for _, g := range goals {
					want = want || g == to
				}
				if want && err != nil || !want && pos.CodeOf(err) != pos.Conflict {
					t.Errorf("%s -> %s: %v", from, to, err)
				}
				return nil
			})
		}
	}
}

func TestSaveIsRefusedWhereTheStateChangedMeanwhile(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 100)
	undone(t, l, func(tx pos.Tx) error {
		p, err := tx.Payment(no)
		if err != nil {
			return err
		}
		if err := tx.SavePayment(p, pos.Waiting); pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
		r, err := refund(tx, no, 1, pos.RefundRequested)
		if err != nil {
			return err
		}
		if err := tx.SaveRefund(r, pos.RefundProcessing); pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
		return nil
	})
}

func TestMoneyIsRecordedOnce(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 100)
	entry := pos.Entry{OutTradeNo: no, Wallet: pos.WeChat, Counter: "T1", Cashier: "li", Amount: 100, Day: "2026-01-31"}
	refused := func(what string, fn func(pos.Tx) error) {
		t.Helper()
		if err := l.Update(t.Context(), fn); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("a second entry", func(tx pos.Tx) error { return tx.AddEntry(entry) })
	refused("the same number", func(tx pos.Tx) error { _, err := chargeNo(tx, no, 100); return err })
	refused("the same transaction", func(tx pos.Tx) error {
		p, err := charge(tx, 100)
		if err != nil {
			return err
		}
		p.TransactionID, p.SettledAt, p.ConfirmedBy = "42"+no, tx.Now(), pos.FromPoll
		return move(tx, p, pos.Paid, "settle")
	})
	refused("an entry of another amount", func(tx pos.Tx) error {
		p, err := charge(tx, 100)
		if err != nil {
			return err
		}
		entry.OutTradeNo, entry.Amount = p.OutTradeNo, 99
		return tx.AddEntry(entry)
	})
	refused("other proof", func(tx pos.Tx) error {
		p, err := tx.Payment(no)
		if err != nil {
			return err
		}
		p.TransactionID = "4200"
		return tx.SavePayment(p, pos.Paid)
	})
	sound(t, l)
}

func TestRefundsNeverExceedThePayment(t *testing.T) {
	l := open(t, t.TempDir())
	no := sell(t, l, 1000)
	update(t, l, func(tx pos.Tx) error {
		for _, r := range []struct {
			amount pos.Fen
			state  pos.RefundState
		}{{300, pos.RefundSucceeded}, {1000 - 300, pos.RefundFailed}, {400, pos.RefundProcessing}, {299, pos.RefundSucceeded}} {
			if _, err := refund(tx, no, r.amount, r.state); err != nil {
				return err
			}
		}
		if _, err := refund(tx, no, 2, pos.RefundRequested); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("one fen too much: %v", err)
		}
		_, err := refund(tx, no, 1, pos.RefundRequested)
		return err
	})
	view(t, l, func(tx pos.Tx) error {
		if p, err := tx.Payment(no); err != nil || p.Refunded != 599 {
			t.Errorf("refunded %+v (%v)", p, err)
		}
		if all, err := tx.RefundsOf(no); err != nil || len(all) != 5 {
			t.Errorf("refunds %+v (%v)", all, err)
		}
		if open, err := tx.UnfinishedRefunds(); err != nil || len(open) != 2 || open[0].State != pos.RefundProcessing {
			t.Errorf("unfinished %+v (%v)", open, err)
		}
		return nil
	})
	err := l.Update(t.Context(), func(tx pos.Tx) error {
		p, err := charge(tx, 100)
		if err != nil {
			return err
		}
		_, err = refund(tx, p.OutTradeNo, 1, pos.RefundRequested)
		return err
	})
	if pos.CodeOf(err) != pos.Conflict {
		t.Errorf("a refund of an unpaid payment: %v", err)
	}
	sound(t, l)
}

// TestRecordsStand tries, from outside the program, to change what must not change.
func TestRecordsStand(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	no := sell(t, l, 100)
	update(t, l, func(tx pos.Tx) error {
		_, err := tx.Raise(&pos.Exception{Kind: pos.LatePayment, Wallet: pos.WeChat, OutTradeNo: no})
		if err == nil {
			_, err = refund(tx, no, 1, pos.RefundSucceeded)
		}
		return err
	})
	d := raw(t, dir)
	for _, attempt := range []string{
		`UPDATE entry SET amount = 1`, `DELETE FROM entry`, `UPDATE audit SET actor = 'x'`, `DELETE FROM audit`,
		`UPDATE payment_log SET raw = x''`, `DELETE FROM payment_log`, `UPDATE payment SET amount = 1`, `DELETE FROM payment`,
		`UPDATE refund SET amount = 100`, `DELETE FROM refund`, `UPDATE orders SET total = 1`, `DELETE FROM orders`,
		`UPDATE orders SET status = 'open'`, `UPDATE order_line SET price = 1`, `DELETE FROM order_line`,
		`UPDATE exception SET amount = 9`, `DELETE FROM exception`,
	} {
		if _, err := d.Exec(attempt); err == nil {
			t.Errorf("%s: allowed", attempt)
		}
	}
	if _, err := d.Exec(`UPDATE entry SET fee = 1; UPDATE entry SET fee = -2`); err != nil {
		t.Errorf("a fee that is told, and told anew: %v", err)
	}
	if _, err := d.Exec(`UPDATE entry SET fee = NULL`); err == nil {
		t.Error("a fee was forgotten")
	}
	stamp := `INSERT INTO batch (id, kind, day, entries, amount, at) VALUES (1, 'day', '2026-01-31', 2, 99, 1), (2, 'day', '2026-01-31', 2, 99, 1);
		INSERT INTO shift (id, cashier, counter, opened_at, opened_by, first_entry, first_order) VALUES (1, 'li', 'T1', 1, 'li', 0, 0);
		UPDATE shift SET closed_at = 2, batch = 2;
		INSERT INTO closed_day VALUES ('2026-01-31', 1);
		UPDATE entry SET day_batch = 1`
	if _, err := d.Exec(stamp); err != nil {
		t.Errorf("the first stamp: %v", err)
	}
	for _, again := range []string{
		`UPDATE entry SET day_batch = 2`, `UPDATE entry SET day_batch = NULL`,
		`UPDATE batch SET amount = 98`, `UPDATE batch SET fees = 1`, `UPDATE batch SET fee_count = 1`, `UPDATE batch SET note = 'x'`, `DELETE FROM batch`,
		`UPDATE shift SET note = 'x'`, `DELETE FROM shift`,
		`INSERT INTO shift (cashier, counter, opened_at, opened_by, first_entry, first_order) VALUES ('li', 'T1', 1, 'li', 0, 0), ('wu', 'T1', 1, 'wu', 0, 0)`,
		`INSERT INTO entry (out_trade_no, out_refund_no, wallet, counter, cashier, amount, day, at)
			SELECT out_trade_no, 'Y1', wallet, counter, cashier, -1, '2026-01-31', at FROM entry WHERE amount > 0`,
	} {
		if _, err := d.Exec(again); err == nil {
			t.Errorf("%s: allowed", again)
		}
	}
}
