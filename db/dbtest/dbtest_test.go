package dbtest

import (
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

func TestSeed(t *testing.T) {
	dir := t.TempDir()
	s := Sales{
		Orders: 1200, Days: 3, Until: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Cashiers: []string{"li", "wang"},
		Shop: pos.Shop{Counter: "T1", TimeZone: time.UTC},
	}
	if err := Seed(t.Context(), dir, s); err != nil {
		t.Fatal(err)
	}
	l, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	Sound(t, l)
	totals, err := l.Totals(t.Context(), "2026-01-29", "2026-01-31")
	var paid, refunded int64
	for _, d := range totals {
		paid, refunded = paid+d.PaidCount, refunded+d.RefundCount
	}
	if err != nil || paid != 1200*97/100 || refunded != 1200*2/100 {
		t.Errorf("%d paid, %d refunded (%v)", paid, refunded, err)
	}
	if day, err := l.Orders(t.Context(), "2026-01-30"); err != nil || len(day) != 400 {
		t.Errorf("%d orders of a day (%v)", len(day), err)
	}
}

func TestOpen(t *testing.T) {
	if report, err := Open(t).Verify(t.Context(), db.VerifyOptions{}); err != nil || !report.OK() {
		t.Error(report, err)
	}
}
