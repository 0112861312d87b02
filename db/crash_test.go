package db_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// TestCrashPoints kills a writing process at each named point, again and again on the same ledger.
func TestCrashPoints(t *testing.T) {
	rounds := dbtest.Rounds(5, 100)
	steps := 0
	for _, p := range crashPoints {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			var all words
			for seed := range rounds {
				switch {
				case p.name == "migration":
					dir, all = oldLedger(t)
				case seed%10 == 9: // small enough to look through
					dir, all = t.TempDir(), words{}
				}
				said := crash(t, p.name, dir, seed)
				all.add(said)
				steps += len(said.done)
				afterCrash(t, dir, all)
				if t.Failed() {
					t.Fatalf("at seed %d", seed)
				}
			}
		})
	}
	dbtest.Figures(t, "ledger crash points: %d with %d kills each, %d acknowledged steps found again, 0 violations",
		len(crashPoints), rounds, steps)
}

// words is what children said.
type words struct {
	begun []string // steps, such as "paid NO"
	done  []string // those that they were told are done, or that were done when they died
}

func (w *words) add(o words) {
	w.begun, w.done = append(w.begun, o.begun...), append(w.done, o.done...)
}

// crash runs the child to its death at the point.
func crash(t *testing.T, point, dir string, seed int) (said words) {
	t.Helper()
	t.Setenv(crashPoint, point)
	t.Setenv(crashSeed, strconv.Itoa(seed))
	c, out := child(t, "crash", dir)
	killed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if unsaid, ok := strings.CutPrefix(line, "killed at "+point+":"); ok {
			killed = true
			line = unsaid
		}
		if begun, ok := strings.CutPrefix(line, "begin "); ok {
			said.begun = append(said.begun, begun)
		} else if line != "" {
			said.done = append(said.done, line)
		}
	}
	_ = c.Wait()
	if !killed || c.ProcessState.Success() {
		t.Fatalf("seed %d: the child ended with %v, not at %q", seed, c.ProcessState, point)
	}
	if owner, err := os.ReadFile(filepath.Join(dir, "lock.owner")); err != nil || !strings.Contains(string(owner), fmt.Sprintf(`"pid":%d,`, c.Process.Pid)) {
		t.Errorf("the dead owner left %s (%v)", owner, err)
	}
	return said
}

// afterCrash opens what is left, taking the dead owner's folder over, and finds there all that was done,
// nothing that was not begun, and nothing half.
func afterCrash(t *testing.T, dir string, said words) {
	t.Helper()
	l, err := db.Open(t.Context(), dir, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if owner, err := os.ReadFile(filepath.Join(dir, "lock.owner")); err != nil || !strings.Contains(string(owner), fmt.Sprintf(`"pid":%d,`, os.Getpid())) {
		t.Errorf("the owner now is %s (%v)", owner, err)
	}
	if err := l.Damage(); err != nil {
		t.Error(err)
	}
	sound(t, l)
	have := stepsIn(t, dir)
	if lost := without(said.done, have); len(lost) > 0 {
		t.Errorf("acknowledged and lost: %q", lost)
	}
	if strange := without(have, said.begun); len(strange) > 0 {
		t.Errorf("never begun, but there: %q", strange)
	}
	update(t, l, func(tx pos.Tx) error { return tx.Audit(pos.AuditEntry{Actor: "test", Action: "go on"}) })
}

// without returns what of all is not among some.
func without(all, some []string) []string {
	in := make(map[string]bool, len(some))
	for _, s := range some {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return in[s] })
}

// stepsIn reads, as any other program could, which steps a ledger holds in full.
func stepsIn(t *testing.T, dir string) (steps []string) {
	t.Helper()
	d := raw(t, dir)
	defer d.Close()
	rows, err := d.Query(`SELECT 'charged ' || p.out_trade_no FROM payment p
			JOIN orders o ON o.id = p.order_id JOIN order_line l ON l.order_id = o.id
		UNION ALL SELECT 'paid ' || p.out_trade_no FROM payment p
			JOIN entry e ON e.out_trade_no = p.out_trade_no AND e.amount = p.amount
			JOIN payment_log g ON g.transaction_id = p.transaction_id WHERE p.state = 'paid'
		UNION ALL SELECT 'refunded ' || r.out_trade_no FROM refund r
			JOIN entry e ON e.out_refund_no = r.out_refund_no WHERE r.state = 'succeeded'
		UNION ALL SELECT 'raised ' || out_trade_no FROM exception
		UNION ALL SELECT 'resolved ' || out_trade_no FROM exception WHERE resolved = 1 AND resolved_by = 'wang'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var step string
		if err := rows.Scan(&step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	var orders, charged int
	if err := d.QueryRow(`SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM payment)`).Scan(&orders, &charged); err != nil || orders != charged {
		t.Errorf("%d orders, %d payments (%v)", orders, charged, err)
	}
	return steps
}

// oldLedger makes a ledger as the first version of the program left it, with sales, and says what is in it.
func oldLedger(t *testing.T) (dir string, said words) {
	t.Helper()
	now := t.TempDir()
	l := open(t, now)
	for range 3 {
		sell(t, l, 100)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	first, err := os.ReadFile("migration/0001_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	d := raw(t, dir)
	defer d.Close()
	mustExec(t, d, `PRAGMA journal_mode = WAL`)
	mustExec(t, d, string(first)+`; ATTACH '`+filepath.Join(now, db.FileName)+`' AS now`)
	var markers string
	if err := d.QueryRow(`SELECT sql FROM now.sqlite_schema WHERE name = 'migration'`).Scan(&markers); err != nil {
		t.Fatal(err)
	}
	mustExec(t, d, markers+`; INSERT INTO migration SELECT * FROM now.migration WHERE number = 1`)
	for _, table := range []string{"orders", "order_line", "payment", "entry", "day_total", "payment_log", "audit", "writer"} {
		var columns string
		if err := d.QueryRow(`SELECT group_concat(name) FROM pragma_table_info(?, 'main')`, table).Scan(&columns); err != nil {
			t.Fatal(err)
		}
		mustExec(t, d, fmt.Sprintf(`INSERT INTO main.%[1]s (%[2]s) SELECT %[2]s FROM now.%[1]s`, table, columns))
	}
	mustExec(t, d, `DETACH now`)
	steps := stepsIn(t, now)
	return dir, words{begun: steps, done: steps}
}
