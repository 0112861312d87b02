package db

import (
	"time"

	"saoma/pos"
)

const selectUser = `SELECT u.name, u.role, u.disabled, u.created_at, s.locked_until
	FROM user u LEFT JOIN sign_in s ON s.name = u.name `

func scanUser(row scanner, u *pos.User) error {
	return row.Scan(&u.Name, &u.Role, &u.Disabled, moment{&u.CreatedAt}, moment{&u.LockedUntil})
}

func (t *tx) Users() ([]pos.User, error) { return list(t, scanUser, selectUser+`ORDER BY u.name`) }

// User finds a name as it is written: two that differ in case only are not the same.
func (t *tx) User(name string) (*pos.User, error) {
	u, err := first(t, scanUser, selectUser+`WHERE u.name = ?1 AND u.name = ?1 COLLATE BINARY`, name)
	if err == nil && u == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no user %s.", name)
	}
	return u, err
}

func (t *tx) AddUser(u *pos.User) error {
	_, err := t.exec(`INSERT INTO user (name, role, disabled, created_at) VALUES (?, ?, ?, ?)`,
		u.Name, u.Role, u.Disabled, u.CreatedAt.UnixMilli())
	return err
}

func (t *tx) SaveUser(u *pos.User) error {
	n, err := t.exec(`UPDATE user SET role = ?, disabled = ? WHERE name = ?`, u.Role, u.Disabled, u.Name)
	if err == nil && n == 0 {
		return pos.Errorf(pos.NotFound, "There is no user %s.", u.Name)
	}
	return err
}

func (t *tx) Tries(name string) (pos.Tries, error) {
	s, err := first(t, func(row scanner, s *pos.Tries) error { return row.Scan(&s.Wrong, moment{&s.LockedUntil}) },
		`SELECT wrong, locked_until FROM sign_in WHERE name = ?`, name)
	if s == nil {
		s = &pos.Tries{}
	}
	return *s, err
}

func (t *tx) SaveTries(name string, s pos.Tries) error {
	_, err := t.exec(`INSERT INTO sign_in (name, wrong, locked_until) VALUES (?1, ?2, ?3)
		ON CONFLICT (name) DO UPDATE SET wrong = ?2, locked_until = ?3`, name, s.Wrong, instant(s.LockedUntil))
	return err
}

func (t *tx) LastAudited() (last time.Time, err error) {
	_, err = first(t, func(row scanner, _ *struct{}) error { return row.Scan(moment{&last}) }, `SELECT max(at) FROM audit`)
	return last, err
}
