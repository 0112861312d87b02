package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"saoma/db"
	"saoma/pos"
)

// powerOrders is how many orders the script sells.
const powerOrders = 50

// remarks is the file beside the ledger's folder to which the script writes what it has been told.
const remarks = "remarks"

// ledgerFolder is where in a recording the script's ledger is; both folders are made by opening it.
const ledgerFolder = "shop/till"

// commit is one transaction of the script.
type commit struct {
	no     string // the payment's number
	action string // "charge", "settle" or "refund"
	amount pos.Fen
}

// powerScript is what the script does, in order.
func powerScript() (script []commit) {
	for i := range powerOrders {
		c := commit{no: fmt.Sprintf("T1260101%08d", i), amount: pos.Fen(100 + i)}
		for _, c.action = range []string{"charge", "settle", "refund"} {
			if c.action != "refund" || i%5 == 4 {
				script = append(script, c)
			}
		}
	}
	return script
}

func (c commit) do(tx pos.Tx) (err error) {
	switch c.action {
	case "charge":
		_, err = chargeNo(tx, c.no, c.amount)
	case "settle":
		err = settle(tx, c.no)
	case "refund":
		_, err = refund(tx, c.no, c.amount/2, pos.RefundSucceeded)
	}
	return err
}

// rows is how many rows of each table the first done commits make.
func rows(script []commit) (want tally) {
	for _, c := range script {
		switch c.action {
		case "charge":
			want.add(tally{orders: 1, lines: 1, payments: 1, audit: 2})
		case "settle":
			want.add(tally{paid: 1, entries: 1, sum: c.amount, logs: 1, audit: 1})
		case "refund":
			want.add(tally{refunds: 1, entries: 1, sum: -(c.amount / 2), audit: 2})
		}
	}
	return want
}

// tally is what there is of everything in a ledger.
type tally struct {
	orders, lines, payments, paid, refunds, entries, logs, audit int
	sum                                                          pos.Fen // of the entries
}

func (a *tally) add(b tally) {
	a.orders, a.lines, a.payments, a.paid = a.orders+b.orders, a.lines+b.lines, a.payments+b.payments, a.paid+b.paid
	a.refunds, a.entries, a.logs, a.audit = a.refunds+b.refunds, a.entries+b.entries, a.logs+b.logs, a.audit+b.audit
	a.sum += b.sum
}

// childSellsUntilPowerIsCut runs the script and remarks on every commit when it is acknowledged. Half-way
// it closes the ledger and opens it again.
func childSellsUntilPowerIsCut() {
	mount := os.Getenv(childDir)
	remark, err := os.Create(filepath.Join(mount, remarks))
	must(err)
	script := powerScript()
	for _, half := range [][]commit{script[:len(script)/2], script[len(script)/2:]} {
		l, err := db.Open(context.Background(), filepath.Join(mount, ledgerFolder), db.Options{})
		must(err)
		for _, c := range half {
			must(l.Update(context.Background(), c.do))
			_, err := fmt.Fprintln(remark, c.action, c.no)
			must(err)
		}
		must(l.Close())
	}
	must(remark.Close())
}

// childRestoresUntilPowerIsCut sells an order, backs up, sells another, backs up again, and restores the
// first backup. It remarks on each of the five.
func childRestoresUntilPowerIsCut() {
	ctx := context.Background()
	mount := os.Getenv(childDir)
	remark, err := os.Create(filepath.Join(mount, remarks))
	must(err)
	told := func(what string) {
		_, err := fmt.Fprintln(remark, what)
		must(err)
	}
	dir := filepath.Join(mount, ledgerFolder)
	backups, now := filepath.Join(dir, db.BackupFolder), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	l, err := db.Open(ctx, dir, db.Options{})
	must(err)
	var first string
	for i, order := range slices.Collect(slices.Chunk(powerScript()[:4], 2)) {
		for _, c := range order {
			must(l.Update(ctx, c.do))
		}
		told("sold")
		path, err := l.BackupDaily(ctx, backups, now.AddDate(0, 0, i), 9, false)
		must(err)
		told("backed up")
		if i == 0 {
			first = path
		}
	}
	must(l.Close())
	_, err = db.Restore(ctx, first, dir, true)
	must(err)
	told("restored")
	must(remark.Close())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
