package db

// verifyReconciliations follows every reconciled day to the state it is in by its rows in the audit chain, and looks for
// days that agree although something is left to decide.
func verifyReconciliations(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM reconciliation`); err != nil {
		return err
	}
	if err := v.none(`SELECT format('%s %s: agrees, but %d differences are open', c.wallet, c.day, count(*))
		FROM reconciliation c JOIN difference d ON d.reconciliation_id = c.id
		WHERE c.state = 'agreed' AND d.state = 'open' GROUP BY c.id ORDER BY c.day`); err != nil {
		return err
	}
	return v.none(`WITH said AS (
			SELECT subject, to_state AS state, max(seq) FROM audit
			WHERE action IN ('reconcile', 'difference', 'sign off') AND subject GLOB 'bill *' GROUP BY subject)
		SELECT format('%s: %s, but its last audit row says "%s"', coalesce('bill ' || c.wallet || ' ' || c.day, s.subject),
			coalesce(c.state, 'missing'), coalesce(s.state, ''))
		FROM reconciliation c FULL JOIN said s ON s.subject = 'bill ' || c.wallet || ' ' || c.day
		WHERE c.state IS NOT s.state
		ORDER BY 1`)
}
