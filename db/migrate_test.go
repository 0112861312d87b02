package db

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

func TestMigrations(t *testing.T) {
	dir := t.TempDir()
	markers := func() (n int, newest int64) {
		l, err := Open(t.Context(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := l.writer.conn.QueryRowContext(t.Context(), "SELECT count(*), max(at) FROM migration").Scan(&n, &newest); err != nil {
			t.Fatal(err)
		}
		return n, newest
	}
	files, err := migrationFiles()
	if err != nil {
		t.Fatal(err)
	}
	n, at := markers()
	again, sameAt := markers()
	if n != len(files) || again != n || sameAt != at {
		t.Errorf("steps %d at %d, then %d at %d, of %d", n, at, again, sameAt, len(files))
	}

	alter := func(statement string, args ...any) {
		d, err := connect(filepath.Join(dir, FileName), "_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(err error, word string) {
		t.Helper()
		if pos.CodeOf(err) != pos.Setup || !strings.Contains(err.Error(), word) {
			t.Errorf("%v, want a word about %s", err, word)
		}
	}
	alter("INSERT INTO migration VALUES (?, 'from the future', 1)", len(files)+1)
	_, err = Open(t.Context(), dir, Options{})
	refused(err, "newer")
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "newer")
	alter("DELETE FROM migration WHERE number >= ?", len(files))
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "older")
	alter("DROP TABLE migration")
	_, err = OpenReadOnly(t.Context(), dir)
	refused(err, "older")
}

// TestHalfAStepIsNoStep breaks the last step and sees neither it nor its marker.
func TestHalfAStepIsNoStep(t *testing.T) {
	d, err := connect(filepath.Join(t.TempDir(), FileName), "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec("CREATE VIEW audit AS SELECT 1"); err != nil { // in the way of the first step
		t.Fatal(err)
	}
	if err := migrate(t.Context(), d, time.Now(), nil); err == nil {
		t.Fatal("migrated over a broken step")
	}
	var left int
	if err := d.QueryRow("SELECT (SELECT count(*) FROM migration) + (SELECT count(*) FROM sqlite_schema WHERE name = 'orders')").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d things of a broken step are left (%v)", left, err)
	}
}

// released are the steps that ledgers in the field have taken: what follows is written against exactly these.
var released = map[string]string{
	"0001_ledger.sql":         "5f07f502ec078ceec533cbe7893fce8436ae4a4a44b0363606c3f2796bf14521",
	"0002_guards.sql":         "843a90a46921c5a267d0a16cebd8fd920964f0ef6d39f88af76c06eec8f24985",
	"0003_exceptions.sql":     "c6a2dfebc260341c5b22ded2873eb8a3d7fa0151d875f50dda3f9b5a688f1759",
	"0004_people.sql":         "4c5fd44386221f64ee47b522bd529fa97ea8bece85fddf846991224bc10f482d",
	"0005_reconciliation.sql": "1d6c1259edfd6517079cff7483ab6ef437e7d1986ad2971399a91a24ad129b19",
	"0006_days.sql":           "d4e16fed739a5611ad89ef8d45f7bed69ff609ad1e97371a2cd9208772c225ee",
	"0007_reports.sql":        "fcb75f97ff9f52aac6045485a5ec72286d14af679b12e4c64b730e8e0878bea9",
}

func TestReleasedStepsStay(t *testing.T) {
	for name, want := range released {
		script, err := migrations.ReadFile("migration/" + name)
		if got := fmt.Sprintf("%x", sha256.Sum256(script)); err != nil || got != want {
			t.Errorf("%s was changed: %s (%v); write a new step instead", name, got, err)
		}
	}
}

// TestUpgradeFails has ledgers of the fifth step hold what no program of that time could write. They do not take a
// later step, and are left as they were: the steps before it are not taken either.
func TestUpgradeFails(t *testing.T) {
	const day = "INSERT INTO batch VALUES (1, 'day', '2026-03-04', 0, 0, 1);"
	for _, c := range []struct{ name, odd, says, mend string }{
		{"a settlement of no wallet", day + "INSERT INTO batch VALUES (2, 'settlement', '2026-03-04', 0, 0, 1)", "(step 6)", "DELETE FROM batch WHERE id = 2"},
		{"a view of a later table's name", day + "CREATE VIEW title_total AS SELECT 1", "(step 7)", "DROP VIEW title_total"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			older(t, path, 5)
			alter := func(statement string) (kept string) {
				t.Helper()
				d, err := connect(path, "_txlock=immediate")
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				if _, err := d.Exec(statement); err != nil {
					t.Fatal(err)
				}
				const all = `SELECT (SELECT max(number) FROM migration) || (SELECT group_concat(sql, '') FROM sqlite_schema)`
				if err := d.QueryRow(all).Scan(&kept); err != nil {
					t.Fatal(err)
				}
				return kept
			}
			before := alter(c.odd)
			_, err := Open(t.Context(), dir, Options{})
			if pos.CodeOf(err) != pos.Setup || !strings.Contains(err.Error(), c.says+". It is unharmed and as it was") {
				t.Errorf("opened: %v", err)
			}
			if alter("") != before {
				t.Error("a failed upgrade has left something behind")
			}
			alter(c.mend)
			l, err := Open(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err := l.Check(t.Context()); err != nil {
				t.Errorf("with a day's batch: %v", err)
			}
		})
	}
}

// TestUpgrade brings a ledger of the second step, with a payment in it, up to date.
func TestUpgrade(t *testing.T) {
	dir := t.TempDir()
	older(t, filepath.Join(dir, FileName), 2)
	told := 0
	o := Options{Upgrading: func() { told++ }}
	l, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err = l.Update(t.Context(), func(tx pos.Tx) error {
		if _, err := tx.Payment("T1260304120000AAAAAAAA"); err != nil {
			return err
		}
		return addPayment(tx, "Order_made|else-where")
	})
	if err != nil {
		t.Errorf("a number of another program: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, up := range []string{dir, t.TempDir()} { // nothing to do, or all of it in a new one
		if l, err = Open(t.Context(), up, o); err != nil || l.Close() != nil || told != 1 {
			t.Errorf("told %d times of one upgrade (%v)", told, err)
		}
	}
	if _, err := Restore(t.Context(), filepath.Join(dir, FileName), t.TempDir(), false); err != nil {
		t.Errorf("restored as a backup: %v", err)
	}
}

// TestRestoreOlder restores a backup of the seventh step, with a payment that waits, and one of a program that had not
// yet what a payment and a refund have today.
func TestRestoreOlder(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	older(t, path, 7)
	saved := filepath.Join(t.TempDir(), "saved.db")
	d, err := connect(path, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := newSession(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := showPayment(newTx(t.Context(), s, time.Now()), "T1260304120000AAAAAAAA"); err != nil {
		t.Fatal(err)
	}
	inspect := func() {
		t.Helper()
		info, err := InspectBackup(t.Context(), saved)
		if err != nil || info.Counter != "T1" || info.Last.IsZero() || len(info.Merchants) != 1 || info.Merchants[0] != (Merchant{pos.WeChat, "1900000109"}) {
			t.Errorf("%+v, %v", info, err)
		}
	}
	if _, err := d.Exec("VACUUM INTO ?", saved); err != nil {
		t.Fatal(err)
	}
	inspect()
	dir := t.TempDir()
	if _, err := Restore(t.Context(), saved, dir, false); err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.View(t.Context(), func(tx pos.Tx) error {
		p, err := tx.Payment("T1260304120000AAAAAAAA")
		if err == nil && p.State != pos.Waiting {
			t.Errorf("it is %s", p.State)
		}
		return err
	}); err != nil {
		t.Error(err)
	}

	saved += ".older"
	for _, s := range []string{"ALTER TABLE payment RENAME COLUMN shown_at TO later", "ALTER TABLE refund RENAME TO later", "VACUUM INTO '" + saved + "'"} {
		if _, err := d.Exec(s); err != nil {
			t.Fatal(s, err)
		}
	}
	inspect()
}

// older makes a ledger as the program of that many steps left it.
func older(t *testing.T, path string, steps int) {
	t.Helper()
	d, err := connect(path, "_txlock=immediate", "journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec(markers); err != nil {
		t.Fatal(err)
	}
	files, err := migrationFiles()
	if err != nil {
		t.Fatal(err)
	}
	if err := upgrade(t.Context(), d, files[:steps], 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	s, err := newSession(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	tx := newTx(t.Context(), s, time.Now())
	if err := addPayment(tx, "T1260304120000AAAAAAAA"); err != nil {
		t.Fatal(err)
	}
}

// addPayment records an order with one attempt.
func addPayment(tx pos.Tx, no string) error {
	o := &pos.Order{Status: pos.OrderOpen, Title: "Tea", Total: 100, Counter: "T1", Cashier: "li", CreatedAt: tx.Now(), Day: "2026-03-04"}
	if err := tx.AddOrder(o); err != nil {
		return err
	}
	if err := tx.AddPayment(&pos.Payment{
		OutTradeNo: no, OrderID: o.ID, Wallet: pos.WeChat, Account: pos.Account{MerchantID: "1900000109"}, Amount: 100, Title: "Tea",
		Counter: "T1", Cashier: "li", State: pos.Created, CreatedAt: tx.Now(), ExpiresAt: tx.Now(), Day: o.Day,
	}); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "li", Action: "charge", Subject: no, To: string(pos.Created)})
}

// showPayment lets an attempt wait.
func showPayment(tx pos.Tx, no string) error {
	p, err := tx.Payment(no)
	if err != nil {
		return err
	}
	p.State, p.CodeURL = pos.Waiting, "weixin://wxpay/bizpayurl?pr=A"
	if err := tx.SavePayment(p, pos.Created); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "li", Action: "show", Subject: no, From: string(pos.Created), To: string(pos.Waiting)})
}
