package db_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// TestSearch looks for payments by what a cashier or a customer has in hand.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	until := time.Date(2026, 1, 31, 0, 0, 0, 0, shop.TimeZone)
	if err := dbtest.Seed(t.Context(), dir, dbtest.Sales{Orders: 8000, Days: 80, Until: until, Shop: shop, Cashiers: []string{"li", "王小明"}}); err != nil {
		t.Fatal(err)
	}
	l, err := db.Open(t.Context(), dir, db.Options{Now: func() time.Time { return until.Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	old := firstOf(t, l, pos.Search{From: "2025-11-20", To: "2025-11-20"})
	update(t, l, func(tx pos.Tx) error { return addTitled(tx, "T1260130999999AAAAAAAA", "牛肉面 100%", 4321) })
	clock := old.CreatedAt.In(shop.TimeZone).Format("15:04")
	for _, c := range []struct {
		s    pos.Search
		want string // a number that is found
		most int
	}{
		{pos.Search{Text: old.OutTradeNo}, old.OutTradeNo, 1},
		{pos.Search{Text: strings.ToLower(old.OutTradeNo)}, old.OutTradeNo, 1},
		{pos.Search{Text: old.OutTradeNo[len(old.OutTradeNo)-8:]}, old.OutTradeNo, 1},
		{pos.Search{Text: old.OutTradeNo[:10]}, old.OutTradeNo, 200},
		{pos.Search{Text: old.TransactionID[len(old.TransactionID)-4:]}, old.OutTradeNo, 5},
		{pos.Search{Text: "牛肉"}, "T1260130999999AAAAAAAA", 1},
		{pos.Search{Text: "100%"}, "T1260130999999AAAAAAAA", 1},
		{pos.Search{Text: "¥43.21 面"}, "T1260130999999AAAAAAAA", 1},
		{pos.Search{Text: "2025-11-20 tea " + old.Amount.String()}, old.OutTradeNo, 3},
		{pos.Search{Text: "2025-11-20 " + clock}, old.OutTradeNo, 3},
		{pos.Search{Text: "王小明", From: "2025-11-20", To: "2025-11-21", Wallet: pos.Alipay}, "", 110},
		{pos.Search{State: pos.Closed, Limit: 7}, "", 7},
		{pos.Search{Refunded: true, From: "2025-11-20", To: "2025-11-20"}, "", 5},
	} {
		found, err := l.Search(t.Context(), c.s, shop)
		if err != nil || len(found) == 0 || len(found) > c.most {
			t.Errorf("%+v: found %d (%v); want 1 to %d", c.s, len(found), err, c.most)
		}
		if c.want != "" && !slices.ContainsFunc(found, func(p pos.Payment) bool { return p.OutTradeNo == c.want }) {
			t.Errorf("%+v: %s is not among the %d found", c.s, c.want, len(found))
		}
		for i, p := range found {
			if i > 0 && p.CreatedAt.After(found[i-1].CreatedAt) {
				t.Errorf("%+v: not the newest first", c.s)
			}
			if (c.s.Wallet != "" && p.Wallet != c.s.Wallet) || (c.s.State != "" && p.State != c.s.State) || (c.s.Refunded && p.Refunded == 0) {
				t.Errorf("%+v: found %+v", c.s, p)
			}
		}
	}
	for _, none := range []string{"%", "_", "' OR 1=1 --", "10%", "牛肉 2025-11-20", "nobody", `\`, strings.Repeat("x", 4000)} {
		if found, err := l.Search(t.Context(), pos.Search{Text: none}, shop); err != nil || len(found) > 0 && none != "%" && none != "10%" {
			t.Errorf("%q: found %d (%v)", none, len(found), err)
		}
	}
}

func firstOf(t *testing.T, l *db.Ledger, s pos.Search) pos.Payment {
	t.Helper()
	found, err := l.Search(t.Context(), s, shop)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		if p.State == pos.Paid {
			return p
		}
	}
	t.Fatalf("nothing paid in %+v", s)
	return pos.Payment{}
}

func addTitled(tx pos.Tx, no, title string, amount pos.Fen) error {
	day := shop.Day(tx.Now())
	o := &pos.Order{
		Status: pos.OrderOpen, Title: title, Total: amount, Lines: []pos.Line{{Title: title, Quantity: 1, Price: amount}}, Counter: "T1", Cashier: "li",
		CreatedAt: tx.Now(), Day: day,
	}
	if err := tx.AddOrder(o); err != nil {
		return err
	}
	if err := tx.AddPayment(&pos.Payment{
		OutTradeNo: no, OrderID: o.ID, Wallet: pos.WeChat, Amount: amount, Title: title, Counter: "T1", Cashier: "li", State: pos.Created,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Minute), Day: day,
	}); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "li", Action: "charge", Subject: no, To: string(pos.Created)})
}
