package db_test

import (
	"reflect"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

func TestRoundTrip(t *testing.T) {
	l := open(t, t.TempDir())
	var want *pos.Payment
	update(t, l, func(tx pos.Tx) (err error) {
		want, err = charge(tx, 1250)
		return err
	})
	view(t, l, func(tx pos.Tx) error {
		got, err := tx.Payment(want.OutTradeNo)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("payment\n got %+v\nwant %+v (%v)", got, want, err)
		}
		o, err := tx.Order(want.OrderID)
		if err != nil || o.Status != pos.OrderOpen || o.Total != 1250 || len(o.Lines) != 1 || o.Lines[0] != (pos.Line{Title: "Tea", Quantity: 1, Price: 1250}) {
			t.Errorf("order %+v (%v)", o, err)
		}
		if open, err := tx.UnfinishedPayments(); err != nil || len(open) != 1 || !reflect.DeepEqual(&open[0], want) {
			t.Errorf("unfinished %+v (%v)", open, err)
		}
		return nil
	})
	update(t, l, func(tx pos.Tx) error { return settle(tx, want.OutTradeNo) })
	view(t, l, func(tx pos.Tx) error {
		p, err := tx.PaymentByTransaction(pos.WeChat, "42"+want.OutTradeNo)
		if err != nil || p.State != pos.Paid || p.PaidAt.IsZero() || p.SettledAt.IsZero() || p.ConfirmedBy != pos.FromNotification {
			t.Errorf("paid %+v (%v)", p, err)
		}
		if o, err := tx.Order(want.OrderID); err != nil || o.Status != pos.OrderPaid {
			t.Errorf("order %+v (%v)", o, err)
		}
		if open, err := tx.UnfinishedPayments(); err != nil || len(open) != 0 {
			t.Errorf("unfinished %+v (%v)", open, err)
		}
		return nil
	})
	sound(t, l)
}

func TestNowIsOneAndInMilliseconds(t *testing.T) {
	clock := time.Date(2026, 1, 31, 12, 0, 0, 123_456_789, time.UTC)
	l, err := db.Open(t.Context(), t.TempDir(), db.Options{Now: func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	update(t, l, func(tx pos.Tx) error {
		first, second := tx.Now(), tx.Now()
		if first != second || first.Nanosecond() != 123_000_000 {
			t.Errorf("now %v, then %v", first, second)
		}
		return nil
	})
}

func TestNotFound(t *testing.T) {
	l := open(t, t.TempDir())
	ghost := pos.Payment{
		OutTradeNo: number(), OrderID: 7, Wallet: pos.WeChat, Amount: 1, State: pos.Created,
		CreatedAt: time.Now(), ExpiresAt: time.Now(), Day: "2026-01-31",
	}
	ghostRefund := pos.Refund{
		OutRefundNo: number(), OutTradeNo: number(), Wallet: pos.WeChat, Amount: 1, State: pos.RefundRequested,
		CreatedAt: time.Now(), Day: "2026-01-31",
	}
	calls := []struct {
		name string
		call func(pos.Tx) error
	}{
		{"Order", func(tx pos.Tx) error { _, err := tx.Order(7); return err }},
		{"SetOrderStatus", func(tx pos.Tx) error { return tx.SetOrderStatus(7, pos.OrderClosed) }},
		{"AddPayment", func(tx pos.Tx) error { return tx.AddPayment(&ghost) }},
		{"Payment", func(tx pos.Tx) error { _, err := tx.Payment("X"); return err }},
		{"PaymentByTransaction", func(tx pos.Tx) error { _, err := tx.PaymentByTransaction(pos.Alipay, "X"); return err }},
		{"SavePayment", func(tx pos.Tx) error { return tx.SavePayment(&ghost, pos.Created) }},
		{"AddRefund", func(tx pos.Tx) error { return tx.AddRefund(&ghostRefund) }},
		{"Refund", func(tx pos.Tx) error { _, err := tx.Refund("X"); return err }},
		{"SaveRefund", func(tx pos.Tx) error { return tx.SaveRefund(&ghostRefund, pos.RefundRequested) }},
		{"AddEntry", func(tx pos.Tx) error {
			return tx.AddEntry(pos.Entry{OutTradeNo: number(), Wallet: pos.WeChat, Amount: 1, Day: "2026-01-31"})
		}},
	}
	for _, c := range calls {
		if err := l.Update(t.Context(), c.call); pos.CodeOf(err) != pos.NotFound {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := l.OrderByNo(t.Context(), "X"); pos.CodeOf(err) != pos.NotFound {
		t.Errorf("OrderByNo: %v", err)
	}
}

func TestExceptionsAreRaisedOnce(t *testing.T) {
	l := open(t, t.TempDir())
	x := pos.Exception{Kind: pos.UnknownOrder, Wallet: pos.Alipay, OutTradeNo: "GHOST", TransactionID: "2026", Amount: 5}
	for _, want := range []bool{true, false} {
		update(t, l, func(tx pos.Tx) error {
			raised, err := tx.Raise(&x)
			if raised != want {
				t.Errorf("raised %v, want %v", raised, want)
			}
			return err
		})
	}
	view(t, l, func(tx pos.Tx) error {
		open, err := tx.OpenExceptions()
		if err != nil || len(open) != 1 || open[0].Kind != x.Kind || open[0].Amount != 5 || open[0].CreatedAt.IsZero() {
			t.Errorf("open %+v (%v)", open, err)
		}
		return nil
	})
}
