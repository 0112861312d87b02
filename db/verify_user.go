package db

import "slices"

// verifyUsers counts users both ways: one whose last audit row says another role or PIN came by it in silence, and
// an audit row without its user tells of one that was taken away.
func verifyUsers(v *verifier) error {
	if err := v.count(`SELECT count(*) FROM user`); err != nil {
		return err
	}
	if err := v.each(`SELECT u.name, `+pinColumns+`, coalesce((SELECT a.detail FROM audit a
			WHERE a.subject = 'user ' || u.name AND a.action IN ('user_add', 'user_pin') ORDER BY a.seq DESC LIMIT 1), '')
		FROM user u JOIN pin p ON p.user_id = u.id ORDER BY u.id`, func(row scanner) error {
		var name, told string
		var k keptPIN
		if err := row.Scan(slices.Concat([]any{&name}, k.fields(), []any{&told})...); err != nil {
			return err
		}
		if told != k.mark() {
			v.broken("user %s: its PIN is not the one that the audit chain tells of", name)
		}
		return nil
	}); err != nil {
		return err
	}
	return v.none(`WITH told AS (
			SELECT substr(subject, length('user ') + 1) AS name, to_state AS standing, max(seq)
			FROM audit WHERE subject GLOB 'user *' AND action GLOB 'user_*' AND to_state <> '' GROUP BY subject),
		held AS (SELECT u.name COLLATE BINARY AS name, u.role || iif(u.disabled, ' disabled', '') AS standing FROM user u)
		SELECT format('user %s: %s, but its last audit row says %s', coalesce(h.name, t.name), coalesce(h.standing, 'missing'), coalesce(t.standing, 'nothing'))
		FROM held h FULL JOIN told t ON t.name = h.name
		WHERE h.standing IS NOT t.standing
		UNION ALL
		SELECT format('user %s: has no PIN', u.name) FROM user u WHERE NOT EXISTS (SELECT 1 FROM pin p WHERE p.user_id = u.id)
		UNION ALL
		SELECT 'no manager is left' WHERE EXISTS (SELECT 1 FROM user)
			AND NOT EXISTS (SELECT 1 FROM user WHERE role = 'manager' AND disabled = 0)
		ORDER BY 1`)
}
