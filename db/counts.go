package db

import "context"

// Count is how many rows of one kind a ledger has.
type Count struct {
	Of    string `json:"of"`    // such as payment
	State string `json:"state"` // such as wechat paid; empty where there is but one
	N     int64  `json:"n"`
}

// Counts tells what a ledger holds without telling anything of it: no amount, no number, no name.
func (l *Ledger) Counts(ctx context.Context) (counts []Count, err error) {
	err = l.view(ctx, func(t *tx) (err error) {
		counts, err = list(t, func(row scanner, c *Count) error { return row.Scan(&c.Of, &c.State, &c.N) }, `
			SELECT 'order', status, count(*) FROM orders GROUP BY status
			UNION ALL SELECT 'payment', wallet || ' ' || state, count(*) FROM payment GROUP BY wallet, state
			UNION ALL SELECT 'refund', wallet || ' ' || state, count(*) FROM refund GROUP BY wallet, state
			UNION ALL SELECT 'exception', kind || iif(resolved, ' decided', ' open'), count(*) FROM exception GROUP BY kind, resolved
			UNION ALL SELECT 'entry', '', count(*) FROM entry
			UNION ALL SELECT 'audit row', '', count(*) FROM audit
			UNION ALL SELECT 'migration', '', count(*) FROM migration
			ORDER BY 1, 2`)
		return err
	})
	return counts, err
}
