package pos

import (
	"context"
	"strings"
)

// Who acts is a name: the Cashier or Actor of a request. A ledger without users, as every ledger begins, lets
// everybody do everything under any name: scripts and old folders go on as they were. From the first user
// on, who is a manager, the name must be that of a user who is not disabled and whose role may do what is
// asked; that is looked up in the transaction that does it, so a cashier disabled a moment ago does nothing
// more. That the person is who the name says is proved to SignIn, once, by the window or the terminal that
// then acts under the name.

// Users returns all users by name, the disabled included; none where none was ever made.
func (t *Till) Users(ctx context.Context) (list []User, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.Users()
		return err
	})
	return list, err
}

// May returns nil if the user of this name may do a, and otherwise why not: a Forbidden or NeedsApproval
// error. It is for what is not a method of the Till, such as a report or the settings; the Till's own
// methods ask by themselves.
func (t *Till) May(ctx context.Context, name string, a Action) error {
	return t.Store.View(ctx, func(tx Tx) error { return allow(tx, name, a) })
}

// allow is May within a transaction.
func allow(tx Tx, name string, a Action) error {
	u, err := activeUser(tx, name)
	switch {
	case CodeOf(err) != NotFound && err != nil:
		return err
	case err == nil:
		return u.Role.Allows(a)
	case name == Unattended && a == Reconcile:
		return nil
	}
	if users, err := tx.Users(); err != nil || len(users) == 0 {
		return err
	}
	return Errorf(Forbidden, "Sign in first: %q is no user of this counter.", name)
}

// act is update for what actor does, who must be allowed to.
func (t *Till) act(ctx context.Context, actor string, a Action, fn func(Tx) ([]Event, error)) error {
	return t.update(ctx, func(tx Tx) ([]Event, error) {
		if err := allow(tx, actor, a); err != nil {
			return nil, err
		}
		return fn(tx)
	})
}

// activeUser reads a user who is not disabled.
func activeUser(tx Tx, name string) (*User, error) {
	u, err := tx.User(name)
	if err == nil && u.Disabled {
		return nil, Errorf(Forbidden, "The user %s is disabled; a manager can enable it again.", name)
	}
	return u, err
}

// AddUser makes a user. by is who is signed in, and nil only for the first user, who must be a manager.
func (t *Till) AddUser(ctx context.Context, by *User, n NewUser) (*User, error) {
	if err := CheckUserName(n.Name); err != nil {
		return nil, err
	}
	if _, err := ParseRole(string(n.Role)); err != nil {
		return nil, err
	}
	if err := CheckPIN(n.PIN); err != nil {
		return nil, err
	}
	u := &User{Name: n.Name, Role: n.Role}
	err := t.Store.SavePIN(ctx, n.PIN, func(tx Tx, mark string) (string, error) {
		actor, err := adder(tx, by, n)
		if err != nil {
			return "", err
		}
		u.CreatedAt = tx.Now()
		if err := tx.AddUser(u); err != nil {
			return "", err
		}
		return u.Name, tx.Audit(AuditEntry{Actor: actor, Action: "user_add", Subject: u.subject(), To: u.standing(), Detail: mark})
	})
	if err != nil {
		return nil, err
	}
	return u, nil
}

// adder is the actor of AddUser, or why n cannot be added by by.
func adder(tx Tx, by *User, n NewUser) (string, error) {
	users, err := tx.Users()
	switch {
	case err != nil:
		return "", err
	case len(users) == 0 && n.Role != Manager:
		return "", Errorf(Conflict, "The first user must be a manager.")
	case len(users) == 0:
		return n.Name, nil
	}
	if err := allow(tx, nameOf(by), ManageUsers); err != nil {
		return "", err
	}
	for _, u := range users {
		if strings.EqualFold(u.Name, n.Name) { // names that look the same are the same
			return "", Errorf(Conflict, "There is a user called %s already; choose another name.", u.Name)
		}
	}
	return nameOf(by), nil
}

// SetRole gives a user another role. The last active manager keeps it: that is a Conflict.
func (t *Till) SetRole(ctx context.Context, by *User, name string, r Role) error {
	if _, err := ParseRole(string(r)); err != nil {
		return err
	}
	return t.changeUser(ctx, by, name, "user_role", func(u *User) { u.Role = r })
}

// DisableUser keeps a user from signing in and from everything else. The last active manager cannot be
// disabled: that is a Conflict.
func (t *Till) DisableUser(ctx context.Context, by *User, name string) error {
	return t.changeUser(ctx, by, name, "user_disable", func(u *User) { u.Disabled = true })
}

// EnableUser undoes DisableUser.
func (t *Till) EnableUser(ctx context.Context, by *User, name string) error {
	return t.changeUser(ctx, by, name, "user_enable", func(u *User) { u.Disabled = false })
}

// changeUser applies change to the user with its audit row; nothing is written where it changes nothing.
func (t *Till) changeUser(ctx context.Context, by *User, name, action string, change func(*User)) error {
	return t.Store.Update(ctx, func(tx Tx) error {
		if err := allow(tx, nameOf(by), ManageUsers); err != nil {
			return err
		}
		u, err := tx.User(name)
		if err != nil {
			return err
		}
		before := u.standing()
		if change(u); u.standing() == before {
			return nil
		}
		if err := tx.SaveUser(u); err != nil {
			return err
		}
		return tx.Audit(AuditEntry{Actor: nameOf(by), Action: action, Subject: u.subject(), From: before, To: u.standing()})
	})
}

// SetPIN gives a user another PIN and ends a lock. Users may change their own, a manager everybody's.
func (t *Till) SetPIN(ctx context.Context, by *User, name, pin string) error {
	return t.setPIN(ctx, nameOf(by), name, pin, func(tx Tx) error {
		if nameOf(by) == name {
			_, err := activeUser(tx, name)
			return err
		}
		return allow(tx, nameOf(by), ManageUsers)
	})
}

// RescueManager gives the only manager another PIN, with nobody signed in: for a shop whose manager has forgotten it
// or has gone. Whoever calls it has proved to be the shop's owner. It is a Conflict where another manager could do it,
// and OwnersKey's in the audit chain.
func (t *Till) RescueManager(ctx context.Context, name, pin string) error {
	return t.setPIN(ctx, OwnersKey, name, pin, func(tx Tx) error {
		users, err := tx.Users()
		if err != nil {
			return err
		}
		for _, other := range users {
			if other.Role == Manager && !other.Disabled && other.Name != name {
				return Errorf(Conflict, "%s is a manager and can do this; the owner's key is for the only manager's PIN.", other.Name)
			}
		}
		return nil // there is always a manager: then it is this one
	})
}

// setPIN gives a user another PIN as actor, whom allowed lets.
func (t *Till) setPIN(ctx context.Context, actor, name, pin string, allowed func(Tx) error) error {
	if err := CheckPIN(pin); err != nil {
		return err
	}
	return t.Store.SavePIN(ctx, pin, func(tx Tx, mark string) (string, error) {
		u, err := tx.User(name)
		if err != nil {
			return "", err
		}
		if err := allowed(tx); err != nil {
			return "", err
		}
		if err := tx.SaveTries(name, Tries{}); err != nil {
			return "", err
		}
		return name, tx.Audit(AuditEntry{Actor: actor, Action: "user_pin", Subject: u.subject(), Detail: mark})
	})
}

// subject names u in the audit chain.
func (u *User) subject() string { return "user " + u.Name }

// standing is u's state in the audit chain.
func (u *User) standing() string {
	if u.Disabled {
		return string(u.Role) + " disabled"
	}
	return string(u.Role)
}

// nameOf is the name of who is signed in; empty for nobody, whom allow refuses.
func nameOf(u *User) string {
	if u == nil {
		return ""
	}
	return u.Name
}
