package pos

import (
	"context"
	"time"
)

// PINs is the part of a Store that keeps the users' PINs. Neither it nor any other method of a Store tells a
// PIN or what is kept of it.
type PINs interface {
	// SavePIN runs fn as Update does, and in the same transaction gives the user whom fn names this PIN. mark
	// is for the audit chain: it tells what is kept from anything else that could be, and nothing of the PIN.
	SavePIN(ctx context.Context, pin string, fn func(tx Tx, mark string) (user string, err error)) error
	// MatchPIN reports whether this is the PIN of the user of that name. It does the same work where there
	// is no such user, and counts nothing.
	MatchPIN(ctx context.Context, user, pin string) (bool, error)
}

// PeopleTx is the part of a Tx about users and the audit chain that they read.
type PeopleTx interface {
	Users() ([]User, error) // by name
	User(name string) (*User, error)
	// AddUser fails with Conflict where a name differs from another's in nothing but case, and where the
	// first user is no manager. SavePIN gives it its PIN.
	AddUser(*User) error
	// SaveUser stores role and whether it is disabled. It fails with Conflict where no active manager would be left.
	SaveUser(*User) error
	Tries(name string) (Tries, error)
	SaveTries(name string, t Tries) error
	// LastAudited is the latest time in the audit chain; zero where it has no row.
	LastAudited() (time.Time, error)
	// AuditRows returns what f selects, the newest first.
	AuditRows(f AuditFilter) ([]AuditRow, error)
	AuditChain() (AuditChain, error)
}
