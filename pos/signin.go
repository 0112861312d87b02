package pos

import (
	"cmp"
	"context"
	"time"
)

// A PIN is short, so guessing is made slow: every MaxTries wrong PINs in a row lock the user, for firstLock
// the first time and twice as long each time after it, up to longestLock. A user's lock ends by time, by
// nothing else but a new PIN from a manager.
const (
	MaxTries    = 5
	firstLock   = 5 * time.Minute
	longestLock = 4 * time.Hour
)

// Tries is what the ledger keeps of wrong PINs under one name; all names that no user has share the empty one.
type Tries struct {
	Wrong       int // in a row, each counted before it is looked at
	LockedUntil time.Time
}

// count counts one more try at now, as wrong until it is proved right.
func (s *Tries) count(now time.Time) {
	if s.Wrong++; s.Wrong%MaxTries == 0 {
		s.LockedUntil = now.Add(s.lock())
	}
}

// lock is how long the lock after so many wrong PINs is.
func (s *Tries) lock() time.Duration {
	lock := firstLock
	for n := s.Wrong / MaxTries; n > 1 && lock < longestLock; n-- {
		lock *= 2
	}
	return min(lock, longestLock)
}

// SignIn returns the user whose name and PIN these are. A wrong one, of whatever user or of none, is one and
// the same Forbidden error and takes as long; after MaxTries of them it is Locked. What it returns is no
// proof of anything: every method looks the user up again.
func (t *Till) SignIn(ctx context.Context, name, pin string) (*User, error) {
	return t.prove(ctx, name, pin, func(u *User) (AuditEntry, error) {
		return AuditEntry{Actor: u.Name, Action: "sign_in", Subject: u.subject()}, nil
	})
}

// prove checks name and PIN, and has accept, in the transaction that sets the tries back to none, say what
// the audit chain tells of it or why it is refused all the same.
func (t *Till) prove(ctx context.Context, name, pin string, accept func(*User) (AuditEntry, error)) (u *User, err error) {
	if err := t.countTry(ctx, name); err != nil {
		return nil, err
	}
	if len(pin) > MaxPIN {
		pin = "" // nobody's
	}
	right, err := t.Store.MatchPIN(ctx, name, pin)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, Errorf(Forbidden, "The name or the PIN is wrong.")
	}
	err = t.Store.Update(ctx, func(tx Tx) error {
		if u, err = activeUser(tx, name); err != nil {
			return err
		}
		audit, err := accept(u)
		if err != nil {
			return err
		}
		last, err := tx.AuditRows(AuditFilter{Subject: u.subject(), Action: "user_pin", Limit: 1})
		if err != nil {
			return err
		}
		if len(last) > 0 && last[0].Actor == OwnersKey {
			u.RescuedAt = last[0].At
		}
		if err := tx.SaveTries(name, Tries{}); err != nil {
			return err
		}
		return tx.Audit(audit)
	})
	if err != nil {
		return nil, err
	}
	u.LockedUntil = time.Time{}
	return u, nil
}

// countTry makes one more try durable before anything is compared: whoever ends the program meanwhile has
// used it up all the same. While the name is locked nothing is compared, and nothing written, but that a lock which
// would last longer than it is long was made while this machine's clock was ahead: it begins anew, once.
func (t *Till) countTry(ctx context.Context, name string) error {
	var locked error
	err := t.Store.Update(ctx, func(tx Tx) error {
		u, err := tx.User(name)
		if CodeOf(err) == NotFound {
			u, err = &User{}, nil
		}
		if err != nil {
			return err
		}
		now, err := t.lockTime(tx)
		if err != nil {
			return err
		}
		tries, err := tx.Tries(u.Name)
		if err != nil {
			return err
		}
		lock := tries.lock()
		switch left := tries.LockedUntil.Sub(now); {
		case left <= 0:
			tries.count(now)
		case left <= lock:
			return lockedFor(left)
		default:
			tries.LockedUntil, locked = now.Add(lock), lockedFor(lock)
		}
		if err := tx.SaveTries(u.Name, tries); err != nil || !now.Before(tries.LockedUntil) {
			return err
		}
		return tx.Audit(AuditEntry{
			Actor: "till", Action: "lock", Subject: u.subject(), Detail: tries.LockedUntil.Sub(now).String(),
		})
	})
	return cmp.Or(err, locked)
}

func lockedFor(left time.Duration) error {
	minutes := int((left + time.Minute - 1) / time.Minute)
	return Errorf(Locked, "Too many wrong PINs; try again in %d minutes, or ask a manager for a new PIN.", minutes)
}

// lockTime is the time by which locks end. It does not go back with this machine's clock: it is a platform's,
// where one has told its time, and otherwise no earlier than anything in the audit chain.
func (t *Till) lockTime(tx Tx) (time.Time, error) {
	for _, w := range Wallets {
		if now, known := t.platformClock(w); known {
			return now, nil
		}
	}
	last, err := tx.LastAudited()
	if last.After(tx.Now()) {
		return last, err
	}
	return tx.Now(), err
}
