package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// model makes a ledger with something of everything and returns its folder.
func model(t *testing.T) (dir, paid, back string) {
	t.Helper()
	dbtest.OneDay(t)
	dir = t.TempDir()
	l := open(t, dir)
	sell(t, l, 100)
	book(t, l, (*pos.Batch).AuditDetail)
	if _, err := (&pos.Till{Store: l}).AddUser(t.Context(), nil, pos.NewUser{Name: "boss", Role: pos.Manager, PIN: bossPIN}); err != nil {
		t.Fatal(err)
	}
	compared(t, l)
	paid = sell(t, l, 1000)
	update(t, l, func(tx pos.Tx) error {
		r, err := refund(tx, paid, 300, pos.RefundSucceeded)
		if err != nil {
			return err
		}
		back = r.OutRefundNo
		if _, err := refund(tx, paid, 500, pos.RefundProcessing); err != nil {
			return err
		}
		if _, err := refund(tx, paid, 200, pos.RefundFailed); err != nil {
			return err
		}
		if _, err := charge(tx, 7); err != nil {
			return err
		}
		p, err := charge(tx, 8)
		if err != nil {
			return err
		}
		if err := move(tx, p, pos.Closed, "close"); err != nil {
			return err
		}
		if err := tx.SetOrderStatus(p.OrderID, pos.OrderClosed); err != nil {
			return err
		}
		x := pos.Exception{Kind: pos.UnknownOrder, Wallet: pos.WeChat, OutTradeNo: "GHOST", TransactionID: "4200", Amount: 5}
		if err := raiseIt(tx, &x); err != nil {
			return err
		}
		if err := tx.Log(pos.LogEntry{
			Wallet: x.Wallet, OutTradeNo: x.OutTradeNo, TransactionID: x.TransactionID, Source: pos.FromNotification,
			State: string(pos.TradePaid), Amount: x.Amount, Raw: []byte(`{"payer":{"openid":"***"},"buyer_logon_id":"186****1234"}`),
		}); err != nil {
			return err
		}
		decided := pos.Exception{Kind: pos.StuckClosing, Wallet: pos.WeChat, OutTradeNo: p.OutTradeNo}
		if err := raiseIt(tx, &decided); err != nil {
			return err
		}
		return dismissIt(tx, &decided)
	})
	if _, err := l.BackupDaily(t.Context(), filepath.Join(dir, db.BackupFolder), time.Now(), 1, false); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	d := raw(t, dir)
	for _, s := range []string{
		`INSERT INTO batch (id, kind, day, entries, amount, at) SELECT 2, 'day', day, count(*), sum(amount), 1 FROM entry`,
		`UPDATE entry SET day_batch = 2`,
	} {
		if _, err := d.Exec(s); err != nil {
			t.Fatal(s, err)
		}
	}
	d.Close()
	return dir, paid, back
}

// raiseIt and dismissIt do what the till does with an exception.
func raiseIt(tx pos.Tx, x *pos.Exception) error {
	if _, err := tx.Raise(x); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "notified", Action: "raise", Subject: "exception " + x.OutTradeNo, To: string(x.Kind), Detail: x.TransactionID})
}

func dismissIt(tx pos.Tx, x *pos.Exception) error {
	x.Resolution, x.Note, x.ResolvedBy, x.ResolvedAt = pos.NoteAndForget, "seen", "li", tx.Now()
	if err := tx.Resolve(x); err != nil {
		return err
	}
	return tx.Audit(pos.AuditEntry{Actor: "li", Action: "resolve", Subject: "exception " + x.OutTradeNo, To: string(x.Resolution), Detail: x.TransactionID})
}

// unguarded runs statements as somebody would who takes the guards away and puts them back after.
func unguarded(t *testing.T, d *sql.DB, statements ...string) {
	t.Helper()
	rows, err := d.Query(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	var drop, create []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		drop, create = append(drop, "DROP TRIGGER "+name), append(create, text)
	}
	rows.Close()
	for _, s := range slices.Concat(drop, statements, create) {
		if _, err := d.Exec(s); err != nil {
			t.Fatal(s, err)
		}
	}
}

const undecided = `UPDATE exception SET resolved = 0, resolution = '' WHERE resolved = 1`

// TestVerifyFindsWhatIsBroken breaks one rule after another on a ledger of its own. %[1]s is a paid
// payment of 1000 with a succeeded refund %[2]s of 300.
func TestVerifyFindsWhatIsBroken(t *testing.T) {
	dir, paid, back := model(t)
	tests := []struct {
		name   string
		do     string
		checks string // all that must be found, and nothing else
		names  string // in a violation of the first
	}{
		{"nothing", `SELECT 1`, "", ""},

		{"entry gone", `DELETE FROM entry WHERE out_trade_no = '%[1]s' AND amount > 0`, "payment entries,evidence,totals,batches", "%[1]s"},
		{"entry of another amount", `UPDATE entry SET amount = 999 WHERE out_trade_no = '%[1]s' AND amount > 0`, "payment entries,evidence,totals,batches", "%[1]s"},
		{"refund's entry gone", `DELETE FROM entry WHERE out_refund_no = '%[2]s'`, "refund entries,totals,batches", "%[2]s"},
		{"refund's entry of another amount", `UPDATE entry SET amount = -299 WHERE out_refund_no = '%[2]s'`, "refund entries,totals,batches", "%[2]s"},
		{"refund's entry elsewhere", `UPDATE entry SET out_trade_no = (SELECT min(out_trade_no) FROM payment) WHERE out_refund_no = '%[2]s'`, "refund entries", "%[2]s"},
		{"entry of a payment not paid", `UPDATE payment SET state = 'waiting' WHERE out_trade_no = '%[1]s'`, "entries,refunds,orders,audit states", "%[1]s"},
		{"entry of a refund not succeeded", `UPDATE refund SET state = 'processing' WHERE out_refund_no = '%[2]s'`, "entries,audit states", "%[2]s"},

		{"refunds above the payment", `UPDATE refund SET amount = 701 WHERE amount = 500`, "refunds", "%[1]s"},

		{"guard gone", `DROP TRIGGER entry_is_fixed`, "schema", "trigger entry_is_fixed: missing"},
		{"guard weakened", `DROP TRIGGER audit_stays; CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT 1; END`, "schema", "trigger audit_stays: changed"},
		{"unique index gone", `DROP INDEX entry_of_payment`, "schema", "index entry_of_payment: missing"},
		{"something added", `CREATE TRIGGER mine AFTER INSERT ON entry BEGIN SELECT 1; END`, "schema", "trigger mine: not the program's"},
		{"two entries", `DROP INDEX entry_of_payment; INSERT INTO entry SELECT 99, out_trade_no, NULL, wallet, counter, cashier, amount, day, at, NULL, NULL, NULL, NULL FROM entry WHERE id = 1`, "payment entries,schema,totals", "entries 2 of 200"},

		{"no write-ahead log", `PRAGMA journal_mode = DELETE`, "durability", "journal_mode: delete"},
		{"no waiting for the disk", `UPDATE writer SET synchronous = 1`, "durability", "synchronous: 1"},
		{"writer not on record", `DELETE FROM writer`, "durability", "synchronous: -1"},
		{"a value that must not be", `PRAGMA ignore_check_constraints = ON; UPDATE orders SET total = -1 WHERE id = 1`, "integrity", "CHECK constraint failed in orders"},
		{"order gone", `DELETE FROM order_line WHERE order_id = 1; DELETE FROM orders WHERE id = 1`, "references", "payment: row 1 belongs to no row of orders"},

		{"evidence that led nowhere", `INSERT INTO payment_log VALUES (99, 1, 'alipay', 'LOST', '2026', 'notified', 'paid', 5, x'')`, "evidence", "LOST"},
		{"evidence of another amount", `UPDATE payment_log SET amount = 1 WHERE out_trade_no = '%[1]s'`, "evidence", "%[1]s"},
		{"exception gone", `DELETE FROM exception WHERE out_trade_no = 'GHOST'`, "evidence,exceptions", "GHOST"},

		{"order paid without a payment", `UPDATE orders SET status = 'paid' WHERE status = 'closed'`, "orders", "paid, but its payments say closed"},
		{"order open though paid", `UPDATE orders SET status = 'open' WHERE id = 1`, "orders", "order 1: open"},
		{"total wrong", `UPDATE day_total SET paid = paid + 1`, "totals", "total 1101 in 2 less 300 in 1"},
		{"total's count wrong", `UPDATE day_total SET refund_count = 0`, "totals", "less 300 in 0"},
		{"total gone", `DELETE FROM day_total`, "totals", "entries 1100 in 2"},
		{"title's total wrong", `UPDATE title_total SET paid = paid + 1`, "totals", "title total 1101 in 2"},
		{"title's total gone", `DELETE FROM title_total`, "totals", "entries 1100 in 2"},
		{"total of nothing", `INSERT INTO day_total VALUES ('2020-01-01', 'T1', 'li', 'wechat', 0, 0, 0, 0, 0, 0)`, "totals", "2020-01-01"},
		{"fee in no total", `UPDATE entry SET fee = 6 WHERE out_trade_no = '%[1]s' AND amount > 0`, "totals", "fees 0 in 0, entries 1100 in 2 less 300 in 1, fees 6 in 1"},
		{"fee known in one total only", `UPDATE entry SET fee = 0 WHERE id = 1; UPDATE day_total SET fee_count = 1`, "totals", "title total 1100 in 2 less 300 in 1, fees 0 in 0"},
		{"total's fees wrong", `UPDATE day_total SET fees = -1`, "totals", "fees -1 in 0"},
		{"title's fees wrong", `UPDATE title_total SET fees = 1`, "totals", "fees 1 in 0"},
		{"a fee forgotten after its batch", `UPDATE batch SET fee_count = 1 WHERE id = 2`, "batches", "day 2: counted 3 of 800 in all, fees of 1"},
		{"stamped after the sum", `UPDATE entry SET settlement_batch = 1`, "batches", "settlement 1"},
		{"batch of another sum", `UPDATE batch SET amount = amount + 1 WHERE id = 2`, "batches", "day 2"},
		{"stamp of another day", `UPDATE batch SET day = '2020-01-01' WHERE id = 2`, "batches", "in the close of 2020-01-01"},
		{"entry after its day's close", `INSERT INTO closed_day SELECT day, 1 FROM entry LIMIT 1; UPDATE entry SET day_batch = NULL; DELETE FROM batch WHERE id = 2`, "batches", "in no close of it"},
		{"stamp of a shift", `UPDATE entry SET shift_batch = 1 WHERE id = 1`, "batches", "shift 1"},
		{"stamp of another kind", `UPDATE entry SET settlement_batch = 2 WHERE id = 2`, "batches", "settlement 2"},
		{"settlement's fees wrong", `UPDATE batch SET fees = 1 WHERE id = 1`, "batches", "1.00, fees 0.01 of 0: +1 in the ledger"},
		{"settlement gone", `UPDATE entry SET settlement_batch = NULL; DELETE FROM batch WHERE id = 1`, "batches", "1.00, fees 0.00 of 0: -1 in the ledger"},
		{"settlement and entry of another amount", `UPDATE batch SET amount = 99 WHERE id = 1; UPDATE entry SET amount = 99 WHERE id = 1`, "payment entries,evidence,totals,batches", "of 99 in all"},
		{"settlement that nobody booked", `INSERT INTO batch (kind, day, wallet, entries, amount, at) VALUES ('settlement', '2020-01-01', 'wechat', 0, 0, 1)`, "batches", "wechat 2020-01-01: 0.00, fees 0.00 of 0: +1"},

		{"audit row changed", `UPDATE audit SET actor = 'nobody' WHERE seq = 2`, "audit chain", "row 2: is not what was written"},
		{"audit row's time changed", `UPDATE audit SET at = at + 1 WHERE seq = 2`, "audit chain", "row 2"},
		{"audit hash changed", `UPDATE audit SET hash = prev WHERE seq = 2`, "audit chain", "row 2"},
		{"audit text moved between fields", `UPDATE audit SET actor = actor || substr(action, 1, 1), action = substr(action, 2) WHERE seq = 2`, "audit chain", "row 2"},
		{"audit row gone", `DELETE FROM audit WHERE seq = 2`, "audit chain,audit states", "row 3: follows row 1"},
		{"last audit row gone", `DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)`, "exceptions,backups", "0 in the audit chain"},
		{"the last of the ledger cut off", undecided + `; DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)`, "backups", "is not in the ledger"},
		{"the last written anew", undecided + `; UPDATE audit SET actor = 'wang' WHERE action = 'resolve'`, "exceptions,audit chain", "dismiss"},
		{"audit rows of a payment gone", `DELETE FROM audit WHERE subject = '%[1]s'`, "audit states,audit chain", "%[1]s: paid"},
		{"state changed in silence", `UPDATE payment SET state = 'closing' WHERE state = 'waiting'`, "audit states", "closing, but its last audit row says \"waiting\""},
		{"refund's state changed in silence", `UPDATE refund SET state = 'abnormal' WHERE state = 'processing'`, "audit states", "abnormal"},
		{"audit of a step back", `UPDATE audit SET to_state = 'waiting' WHERE subject = '%[1]s' AND to_state = 'created'; UPDATE audit SET from_state = 'waiting', to_state = 'created' WHERE subject = '%[1]s' AND from_state = 'created'; UPDATE audit SET from_state = 'created' WHERE subject = '%[1]s' AND to_state = 'paid'`, "audit states,audit chain", "goes from \"waiting\" to \"created\""},

		{"exception raised in silence", `INSERT INTO exception (kind, wallet, out_trade_no, out_refund_no, transaction_id, amount, created_at) VALUES ('late_payment', 'wechat', 'X', '', '', 1, 1)`, "exceptions", "X: raise of late_payment : 1 in the ledger, 0"},
		{"exception of another kind", `UPDATE exception SET kind = 'late_payment' WHERE resolved = 1`, "exceptions", "raise of stuck_closing"},
		{"exception decided in silence", `UPDATE exception SET resolved = 1, resolution = 'accept'  WHERE out_trade_no = 'GHOST'`, "exceptions", "GHOST: resolve of accept 4200: 1 in the ledger, 0"},
		{"decision taken back in silence", undecided, "exceptions", "resolve of dismiss : 0 in the ledger, 1"},
		{"another decision", `UPDATE exception SET resolution = 'accept' WHERE resolved = 1`, "exceptions", "resolve of accept"},

		{"day agrees in silence", `UPDATE difference SET state = 'cleared', decided_at = 1 WHERE state = 'open'; UPDATE reconciliation SET state = 'agreed'`, "reconciliations", "agreed, but its last audit row says \"differs\""},
		{"day agrees with a difference", `UPDATE reconciliation SET state = 'agreed'`, "reconciliations", "agrees, but 1 differences are open"},
		{"day signed off in silence", `UPDATE reconciliation SET state = 'signed_off', note = 'x', decided_by = 'x', decided_at = 1`, "reconciliations", "bill wechat 2026-03-14: signed_off"},
		{"reconciled day gone", `DELETE FROM difference; DELETE FROM reconciliation`, "reconciliations", "bill wechat 2026-03-14: missing"},

		{"payer in JSON", `INSERT INTO payment_log VALUES (99, 1, 'wechat', '', '', 'polled', 'unpaid', 0, CAST('{"payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}' AS BLOB))`, "secrets", "payment log 99: openid"},
		{"payer in a form", `INSERT INTO payment_log VALUES (99, 1, 'alipay', '', '', 'polled', 'unpaid', 0, CAST('a=b&buyer_id=2088102122524333&c=d' AS BLOB))`, "secrets", "buyer_id"},
		{"payer in JSON in JSON", `INSERT INTO payment_log VALUES (99, 1, 'alipay', '', '', 'polled', 'unpaid', 0, CAST('{"x":"{\"buyer_user_id\":\"2088102122524333\"}"}' AS BLOB))`, "secrets", "buyer_user_id"},
		{"payer hardly masked", `INSERT INTO payment_log VALUES (99, 1, 'alipay', '', '', 'polled', 'unpaid', 0, CAST('{"buyer_id":"208810212252433*"}' AS BLOB))`, "secrets", "buyer_id"},
		{"login name in full", `INSERT INTO payment_log VALUES (99, 1, 'alipay', '', '', 'polled', 'unpaid', 0, CAST('buyer_logon_id=li%%40example.com' AS BLOB))`, "secrets", "buyer_logon_id"},
		{"private key", `INSERT INTO payment_log VALUES (99, 1, 'alipay', '', '', 'polled', 'unpaid', 0, CAST('-----BEGIN RSA PRIVATE KEY-----' AS BLOB))`, "secrets", "private key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			own := t.TempDir()
			if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			fill := func(s string) string {
				if !strings.Contains(s, "%[") {
					return strings.ReplaceAll(s, "%%", "%")
				}
				return fmt.Sprintf(s+"%[3]s", paid, back, "")
			}
			d := raw(t, own)
			if strings.Contains(test.checks, "schema") {
				mustExec(t, d, fill(test.do))
			} else {
				unguarded(t, d, fill(test.do))
			}
			d.Close()
			expect(t, own, test.checks, fill(test.names))
		})
	}
}

func mustExec(t *testing.T, d *sql.DB, statement string) {
	t.Helper()
	if _, err := d.Exec(statement); err != nil {
		t.Fatal(statement, err)
	}
}

// expect verifies the ledger in dir and wants exactly these checks broken, the first naming a thing.
func expect(t *testing.T, dir, checks, thing string) {
	t.Helper()
	l, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	report, err := l.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.FieldsFunc(checks, func(r rune) bool { return r == ',' })
	for _, c := range report.Checks {
		if broken := c.Broken > 0; broken != slices.Contains(want, c.Name) {
			t.Errorf("%s: %d broken of %d: %q", c.Name, c.Broken, c.Counted, c.Violations)
		}
		if len(want) > 0 && c.Name == want[0] && !strings.Contains(strings.Join(c.Violations, "\n"), thing) {
			t.Errorf("%s does not name %q: %q", c.Name, thing, c.Violations)
		}
		if c.Counted == 0 && len(want) == 0 {
			t.Errorf("%s looked at nothing", c.Name)
		}
	}
	if report.OK() != (len(want) == 0) {
		t.Errorf("OK is %v", report.OK())
	}
}

// TestVerifyFindsADamagedFile spoils a page of the file itself.
func TestVerifyFindsADamagedFile(t *testing.T) {
	dir, _, _ := model(t)
	d := raw(t, dir)
	var page, size int64
	if err := d.QueryRow(`SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'payment_of_order'`).Scan(&page, &size); err != nil {
		t.Fatal(err)
	}
	mustExec(t, d, `PRAGMA wal_checkpoint(TRUNCATE)`)
	d.Close()
	f, err := os.OpenFile(dir+"/"+db.FileName, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("\xee", int(size))), (page-1)*size); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, "integrity,orders", "")
}

func TestVerifyBoundsWhatItNames(t *testing.T) {
	dir, _, _ := model(t)
	unguarded(t, raw(t, dir), `UPDATE audit SET detail = 'x'`)
	l, err := db.OpenReadOnly(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	report, err := l.Verify(t.Context(), db.VerifyOptions{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Name == "audit chain" && (len(c.Violations) != 3 || c.Broken != c.Counted || c.Broken < 10) {
			t.Errorf("%d of %d broken, named %q", c.Broken, c.Counted, c.Violations)
		}
	}
}
