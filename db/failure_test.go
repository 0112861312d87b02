package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"saoma/pos"
)

func openHere(t *testing.T) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func addOrder(tx pos.Tx, title string) error {
	return tx.AddOrder(&pos.Order{Status: pos.OrderOpen, Title: title, Total: 1, CreatedAt: tx.Now(), Day: "2026-01-31"})
}

// countOrders counts by the writer's own connection what is committed.
func countOrders(t *testing.T, l *Ledger) (n int) {
	t.Helper()
	if err := l.writer.conn.QueryRowContext(t.Context(), "SELECT count(*) FROM orders").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// together makes the writer take all fns in one group. It needs a synctest bubble.
func together(l *Ledger, fns ...func(pos.Tx) error) []error {
	errs := make([]error, len(fns))
	var all sync.WaitGroup
	_ = l.Update(context.Background(), func(pos.Tx) error {
		for i, fn := range fns {
			all.Go(func() { errs[i] = l.Update(context.Background(), fn) })
		}
		synctest.Wait() // until they stand in the queue
		return nil
	})
	all.Wait()
	return errs
}

// TestFailedCommitFailsAll makes COMMIT itself fail, by a reference that is checked only then.
func TestFailedCommitFailsAll(t *testing.T) { synctest.Test(t, failedCommitFailsAll) }

func failedCommitFailsAll(t *testing.T) {
	l := openHere(t)
	errs := together(l,
		func(tx pos.Tx) error { return addOrder(tx, "one") },
		func(p pos.Tx) error {
			t := p.(*tx)
			_, err := t.exec("PRAGMA defer_foreign_keys = ON")
			if err == nil {
				_, err = t.exec("INSERT INTO order_line VALUES (999, 1, 'of no order', 1, 1)")
			}
			return err
		},
		func(tx pos.Tx) error { return addOrder(tx, "three") },
	)
	for i, err := range errs {
		if err == nil {
			t.Errorf("%d was acknowledged", i)
		}
	}
	if n := countOrders(t, l); n != 0 {
		t.Errorf("%d orders are there", n)
	}
	if err := l.Update(t.Context(), func(tx pos.Tx) error { return addOrder(tx, "after") }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestFullDisk lets the ledger grow no more, which SQLite treats as a full disk.
func TestFullDisk(t *testing.T) { synctest.Test(t, fullDisk) }

func fullDisk(t *testing.T) {
	l := openHere(t)
	limit := func(pages int) {
		if _, err := l.writer.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite makes that the present size
	title := strings.Repeat("x", 3000)
	acknowledged, refused := 0, 0
	for range 20 {
		errs := together(l,
			func(tx pos.Tx) error { return addOrder(tx, title) },
			func(tx pos.Tx) error { return addOrder(tx, title) },
			func(tx pos.Tx) error { _ = addOrder(tx, title); return nil }, // hides the failure
		)
		for _, err := range errs {
			switch {
			case err == nil:
				acknowledged++
			case pos.CodeOf(err) == pos.Unavailable:
				refused++
			default:
				t.Error(err)
			}
		}
	}
	if n := countOrders(t, l); n != acknowledged || refused == 0 {
		t.Errorf("%d orders, %d acknowledged, %d refused", n, acknowledged, refused)
	}
	limit(1 << 20)
	if err := l.Update(t.Context(), func(tx pos.Tx) error { return addOrder(tx, title) }); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestBrokenTransactionDoesNothingMore(t *testing.T) {
	l := openHere(t)
	var second error
	err := l.Update(t.Context(), func(p pos.Tx) error {
		_, _ = p.(*tx).exec("SELECT * FROM nowhere")
		second = addOrder(p, "after")
		return nil
	})
	if err == nil || second == nil || countOrders(t, l) != 0 {
		t.Errorf("update %v, second %v", err, second)
	}
}

func TestDamagedFile(t *testing.T) {
	for name, content := range map[string]string{
		"garbage": strings.Repeat("not a ledger ", 1000),
		"header":  "SQLite format 3\x00" + strings.Repeat("\xff", 8000),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), dir, Options{}); pos.CodeOf(err) != pos.Damaged || !strings.Contains(err.Error(), "saomactl restore") {
				t.Errorf("open: %v", err)
			}
			if _, err := OpenReadOnly(t.Context(), dir); pos.CodeOf(err) != pos.Damaged {
				t.Errorf("read-only: %v", err)
			}
		})
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); pos.CodeOf(err) != pos.Setup {
		t.Errorf("a folder for a file: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, FileName, "x", "\x00"), Options{}); pos.CodeOf(err) != pos.Setup {
		t.Errorf("an impossible folder: %v", err)
	}
}

func TestQueriesUseTheirIndexes(t *testing.T) {
	l := openHere(t)
	for query, index := range map[string]string{
		selectPayment + `WHERE p.state IN ('created', 'waiting', 'closing') ORDER BY p.created_at, p.id`:      "payment_unfinished",
		selectRefund + `WHERE r.state IN ('requested', 'processing', 'abnormal') ORDER BY r.created_at, r.id`: "refund_unfinished",
		selectPayment + `WHERE p.wallet = 'w' AND p.transaction_id = 't'`:                                     "payment_transaction",
		`SELECT ` + orderColumns + ` FROM orders o WHERE o.day = 'd' ORDER BY o.id DESC`:                      "orders_by_day",
		`SELECT ` + exceptionColumns + ` FROM exception x WHERE x.resolved = 0 ORDER BY x.id`:                 "exception_open",
		`SELECT ` + auditColumns + ` FROM audit a WHERE a.subject = 's' ORDER BY a.seq`:                       "audit_of_subject",
	} {
		plan := explain(t, l, query)
		if !strings.Contains(plan, index) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis done so:\n%s", query, plan)
		}
	}
	if plan := explain(t, l, selectPayment+`ORDER BY p.id DESC LIMIT 10`); strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("recent payments are sorted:\n%s", plan)
	}
}

func explain(t *testing.T, l *Ledger, query string) string {
	t.Helper()
	var plan strings.Builder
	err := l.view(t.Context(), func(tx *tx) error {
		steps, err := list(tx, func(row scanner, s *string) error { return row.Scan(new(int), new(int), new(int), s) }, "EXPLAIN QUERY PLAN "+query)
		plan.WriteString(strings.Join(steps, "\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

func TestVerifyAsksTheWriter(t *testing.T) {
	l := openHere(t)
	if _, err := l.writer.conn.ExecContext(t.Context(), "PRAGMA synchronous = NORMAL"); err != nil {
		t.Fatal(err)
	}
	report, err := l.Verify(t.Context(), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if broken := c.Broken > 0; broken != (c.Name == "durability") {
			t.Errorf("%s: %q", c.Name, c.Violations)
		}
	}
	if report.OK() {
		t.Error("OK")
	}
}

func TestSentences(t *testing.T) {
	if err := failure(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := failure(errors.New("odd")); pos.CodeOf(err) != pos.Internal {
		t.Error(err)
	}
}
