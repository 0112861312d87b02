package pos

import (
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person who works at this counter. A user is never deleted, only disabled: the audit chain names
// its actors by these names.
type User struct {
	Name        string
	Role        Role
	Disabled    bool
	CreatedAt   time.Time
	LockedUntil time.Time // after too many wrong PINs; zero or past: not locked
	RescuedAt   time.Time // told by SignIn: when RescueManager gave the PIN that is still in use; else zero
}

// NewUser is what AddUser makes a user of.
type NewUser struct {
	Name string
	Role Role
	PIN  string
}

// Role is what a user may do.
type Role string

const (
	Cashier    Role = "cashier"
	Supervisor Role = "supervisor"
	Manager    Role = "manager"
)

// Roles are all there are, each may do what those before it may.
var Roles = []Role{Cashier, Supervisor, Manager}

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	for _, r := range Roles {
		if s == string(r) {
			return r, nil
		}
	}
	return "", Errorf(Invalid, "The role %q is not known; it must be cashier, supervisor or manager.", s)
}

// Action is something that not everybody may do.
type Action string

const (
	TakePayment      Action = "charge" // charge, offer another wallet, switch to it
	CancelPayment    Action = "cancel"
	RefundSmall      Action = "refund"       // up to Shop.CashierRefundLimit
	RefundLarge      Action = "refund_large" // above it
	ResolveException Action = "resolve"
	RunShift         Action = "shift" // open and close a shift
	CloseDay         Action = "close_day"
	ReopenDay        Action = "reopen_day"
	SettleWallet     Action = "settle_wallet" // stamp what a platform has paid out
	Reconcile        Action = "reconcile"     // compare with the platforms' bills, find again what they prove
	ViewReports      Action = "reports"
	Export           Action = "export"
	ReadAudit        Action = "audit"
	ChangeSettings   Action = "settings"
	ManageUsers      Action = "users"
)

// needed is the one table of who may do what: the least role of each action.
var needed = []struct {
	action Action
	role   Role
}{
	{TakePayment, Cashier},
	{CancelPayment, Cashier},
	{RefundSmall, Cashier},
	{RunShift, Cashier},
	{RefundLarge, Supervisor},
	{ViewReports, Supervisor},
	{ResolveException, Manager},
	{CloseDay, Manager},
	{ReopenDay, Manager},
	{SettleWallet, Manager},
	{Reconcile, Manager},
	{Export, Manager},
	{ReadAudit, Manager},
	{ChangeSettings, Manager},
	{ManageUsers, Manager},
}

// Actions are all there are, in the order of the table.
func Actions() []Action {
	list := make([]Action, len(needed))
	for i, n := range needed {
		list[i] = n.action
	}
	return list
}

// May reports whether a user of this role may do a. A role or an action that is not in the table may nothing.
func (r Role) May(a Action) bool { return r.Allows(a) == nil }

// Allows returns why a user of this role may not do a: a Forbidden error, NeedsApproval where a supervisor's
// PIN on the spot would do, or nil.
func (r Role) Allows(a Action) error {
	for _, n := range needed {
		switch {
		case n.action != a:
		case r.rank() >= n.role.rank():
			return nil
		case a == RefundLarge && r == Cashier:
			return Errorf(NeedsApproval, "A refund of this amount needs a supervisor's PIN.")
		case n.role == Supervisor:
			return Errorf(Forbidden, "Only a supervisor or a manager may do this.")
		}
	}
	return Errorf(Forbidden, "Only a manager may do this.")
}

// rank orders the roles; 0 is none.
func (r Role) rank() int {
	for i, known := range Roles {
		if r == known {
			return i + 1
		}
	}
	return 0
}

// DefaultCashierRefundLimit is what a cashier may refund alone, in fen, unless the shop sets another limit.
const DefaultCashierRefundLimit Fen = 200_00

// Unattended acts for the counter itself, such as the nightly reconciliation: it may Reconcile and nothing else.
const Unattended = "saoma"

// AtWindow is whoever stands at a window that asks for no name.
const AtWindow = "window"

// OwnersKey acts for the shop's owner in RescueManager.
const OwnersKey = "owner's key"

// machines are the names under which programs and platforms stand in the audit chain: no user has one.
var machines = []string{
	Unattended, AtWindow, OwnersKey, "saomactl", "till", "gateway", "poller", "seed",
	string(FromNotification), string(FromPoll), string(FromCheck), string(FromClose), string(FromBill),
}

// MaxUserName is the longest name of a user, in characters.
const MaxUserName = 32

// CheckUserName refuses a name that a list, a receipt or the audit chain could not carry.
func CheckUserName(name string) error {
	if name == "" || name != strings.TrimSpace(name) || utf8.RuneCountInString(name) > MaxUserName || CheckTitle(name) != nil {
		return Errorf(Invalid, "A user's name is 1 to %d characters on one line, without blanks around it.", MaxUserName)
	}
	for _, m := range machines {
		if strings.EqualFold(name, m) {
			return Errorf(Invalid, "The name %s is the program's own; choose another.", name)
		}
	}
	return nil
}

// A PIN is MinPIN to MaxPIN digits.
const MinPIN, MaxPIN = 4, 12

// CheckPIN refuses a PIN that is no PIN, and one that anybody would try first. No error shows it.
func CheckPIN(pin string) error {
	if len(pin) < MinPIN || len(pin) > MaxPIN || strings.Trim(pin, "0123456789") != "" {
		return Errorf(Invalid, "A PIN is %d to %d digits.", MinPIN, MaxPIN)
	}
	if easyPIN(pin) {
		return Errorf(Invalid, "This PIN is too easy to guess; choose one without a simple pattern, such as 1111, 1234 or 1212.")
	}
	return nil
}

// easyPIN reports whether pin is one digit or a pair repeated, counts up or down by one, or has the same
// digits in pairs.
func easyPIN(pin string) bool {
	repeats, up, down, pairs := true, true, true, true
	for i := range len(pin) {
		if i >= 2 && pin[i] != pin[i-2] {
			repeats = false
		}
		if i >= 1 {
			step := (int(pin[i]) - int(pin[i-1]) + 10) % 10
			up, down = up && step == 1, down && step == 9
		}
		if i%2 == 1 && pin[i] != pin[i-1] {
			pairs = false
		}
	}
	return repeats || up || down || (pairs && len(pin)%2 == 0)
}
