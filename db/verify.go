package db

import (
	"context"
	"fmt"

	"saoma/pos"
)

// VerifyOptions say how much Verify tells.
type VerifyOptions struct {
	Limit int // how many broken rows each check names; 10 if zero
}

// VerifyReport is what Verify found.
type VerifyReport struct{ Checks []Check }

// OK reports whether every check found its rule kept.
func (r *VerifyReport) OK() bool {
	for _, c := range r.Checks {
		if c.Broken > 0 {
			return false
		}
	}
	return true
}

// Check is one rule of the ledger and what breaks it.
type Check struct {
	Name       string   // for scripts
	Rule       string   // what must hold: the English sentence and the key of its translation
	Counted    int64    // what was looked at
	Broken     int64    // how much of it breaks the rule
	Violations []string // the first of these: the number of the thing and what is wrong, amounts in fen
}

// checks are what Verify looks at, in the order of a report.
var checks = []struct {
	name   string
	verify func(*verifier) error
}{
	{"integrity", verifyIntegrity},
	{"schema", verifySchema},
	{"durability", verifyDurability},
	{"references", verifyReferences},
	{"payment entries", verifyPaymentEntries},
	{"refund entries", verifyRefundEntries},
	{"entries", verifyEntries},
	{"refunds", verifyRefunds},
	{"evidence", verifyEvidence},
	{"orders", verifyOrders},
	{"totals", verifyTotals},
	{"batches", verifyBatches},
	{"audit chain", verifyChain},
	{"audit states", verifyStates},
	{"exceptions", verifyExceptions},
	{"reconciliations", verifyReconciliations},
	{"users", verifyUsers},
	{"backups", verifyBackups},
	{"secrets", verifySecrets},
}

// rule is what the check of this name demands: the English sentence and the key of its translation.
func rule(name string) string {
	switch name {
	case "integrity":
		return "The ledger's file is intact."
	case "schema":
		return "The ledger's tables and guards are as the program made them."
	case "durability":
		return "The ledger is written ahead and waits for the disk at every commit."
	case "references":
		return "Every row belongs to rows that exist."
	case "payment entries":
		return "Every paid payment has exactly one entry, of its amount."
	case "refund entries":
		return "Every succeeded refund has exactly one entry, of its amount."
	case "entries":
		return "Every entry belongs to a paid payment or to a succeeded refund."
	case "refunds":
		return "The refunds of a payment never exceed it."
	case "evidence":
		return "All evidence of payment led to an entry or to an exception."
	case "orders":
		return "Every order's status follows from its payments."
	case "totals":
		return "The daily totals are the sums of their entries."
	case "batches":
		return "Every close froze exactly the entries it counted, and every settlement the amount and fees that its row in the audit chain has."
	case "audit chain":
		return "No row of the audit chain was changed, added or taken out."
	case "audit states":
		return "Every state follows from the one before it and has its row in the audit chain."
	case "exceptions":
		return "Every exception and every decision about one has its row in the audit chain, and every such row its exception."
	case "users":
		return "Every user has a PIN and the role that the audit chain says, and one is a manager."
	case "reconciliations":
		return "Every reconciled day stands as its rows in the audit chain say, and none agrees with a difference left open."
	case "backups":
		return "Every kept backup is a part of the ledger's history."
	case "secrets":
		return "No secret and no payer's full identity is on record."
	}
	return ""
}

// Verify checks every invariant that a ledger can show, on one snapshot, beside whoever writes. Its
// error says that it could not look, not that it found something.
func (l *Ledger) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	if o.Limit <= 0 {
		o.Limit = 10
	}
	report := &VerifyReport{Checks: make([]Check, len(checks))}
	err := l.view(ctx, func(t *tx) error {
		for i, c := range checks {
			report.Checks[i] = Check{Name: c.name, Rule: rule(c.name)}
			v := &verifier{tx: t, ledger: l, check: &report.Checks[i], limit: o.Limit}
			err := c.verify(v)
			if err != nil && !nonsense(ctx, err) {
				return err
			}
			if err != nil {
				v.broken("%v", err)
				t.broken = nil // the other rules may still be readable
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// verifier is what a rule works with.
type verifier struct {
	*tx
	ledger *Ledger
	check  *Check
	limit  int
}

// broken records one violation.
func (v *verifier) broken(format string, args ...any) {
	v.check.Broken++
	if len(v.check.Violations) < v.limit {
		v.check.Violations = append(v.check.Violations, fmt.Sprintf(format, args...))
	}
}

// count sets how much the rule is about.
func (v *verifier) count(query string) error {
	return v.each(query, func(row scanner) error { return row.Scan(&v.check.Counted) })
}

// none runs a query that returns one text for each violation.
func (v *verifier) none(query string) error {
	return v.each(query, func(row scanner) error {
		var violation string
		err := row.Scan(&violation)
		v.broken("%s", violation)
		return err
	})
}

// verifyOrders compares with the domain's own rule.
func verifyOrders(v *verifier) error {
	var (
		id       int64
		status   pos.OrderStatus
		payments []pos.Payment
	)
	compare := func() {
		if want := pos.StatusOf(payments); id != 0 && status != want {
			v.broken("order %d: %s, but its payments say %s", id, status, want)
		}
	}
	err := v.each(`SELECT o.id, o.status, coalesce(p.state, '') FROM orders o LEFT JOIN payment p ON p.order_id = o.id ORDER BY o.id`,
		func(row scanner) error {
			var order int64
			var said pos.OrderStatus
			var p pos.Payment
			if err := row.Scan(&order, &said, &p.State); err != nil {
				return err
			}
			if order != id {
				compare()
				id, status, payments = order, said, payments[:0]
				v.check.Counted++
			}
			if p.State != "" {
				payments = append(payments, p)
			}
			return nil
		})
	compare()
	return err
}
