package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/pos"
	"saoma/pos/report"
)

// userView is a user as scripts read it.
type userView struct {
	Event       string    `json:"event,omitempty"`
	Name        string    `json:"name"`
	Role        pos.Role  `json:"role"`
	Disabled    bool      `json:"disabled"`
	CreatedAt   time.Time `json:"created_at"`
	LockedUntil time.Time `json:"locked_until,omitzero"`
}

// users lists who works here, or changes it.
func (a *app) users(ctx context.Context, f *flags, args []string) error {
	role, file, key := f.text("role", "cashier|supervisor|manager"), f.text("new-pin-file", "FILE"), f.text("owner-key", "FILE")
	arguments, err := f.parseSome(args, 0, 3)
	if err != nil || a.asked(f) {
		return err
	}
	if len(arguments) == 0 {
		arguments = []string{"list"}
	}
	want := map[string]int{"list": 1, "add": 2, "role": 3, "pin": 2, "disable": 2, "enable": 2, "rescue": 2}[arguments[0]]
	switch {
	case want == 0:
		return pos.Errorf(pos.Invalid, "%q is nothing to do with users; allowed are list, add, role, pin, disable, enable and rescue.", arguments[0])
	case len(arguments) != want, (arguments[0] == "rescue") != f.given("owner-key"):
		return pos.Errorf(pos.Invalid, "Write it like this: saomactl %s", f.usage)
	case arguments[0] == "list":
		return a.listUsers(ctx)
	case arguments[0] == "role":
		*role = arguments[2]
	}
	change := userChange{do: arguments[0], name: strings.TrimSpace(arguments[1]), newPINFile: *file, ownerKey: *key}
	if change.do == "add" || change.do == "role" {
		if change.role, err = pos.ParseRole(*role); err != nil {
			return named("--role", err)
		}
	}
	return a.changeUsers(ctx, change)
}

// listUsers works beside a running counter.
func (a *app) listUsers(ctx context.Context) error {
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	users, err := (&pos.Till{Store: ledger}).Users(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{a.lang.T("Name"), a.lang.T("Role"), a.lang.T("State"), a.lang.T("Since")}}
	for i := range users {
		u := &users[i]
		if a.json {
			a.emit(viewUser("", u, cfg.Shop.TimeZone), "")
			continue
		}
		rows = append(rows, []string{u.Name, report.RoleName(a.lang, u.Role), userState(a.lang, u, time.Now(), cfg.Shop.TimeZone), u.CreatedAt.In(cfg.Shop.TimeZone).Format(time.DateOnly)})
	}
	switch {
	case a.json:
	case len(users) == 0:
		a.say(a.lang.T("There are no users: everybody may do everything. Make the first one, a manager, with: %s", "saomactl users add NAME --role manager"))
	default:
		fmt.Fprint(a.out, columns(rows, func(int) bool { return false }))
	}
	return nil
}

// userChange is what is to be done about one user.
type userChange struct {
	do, name   string
	role       pos.Role
	newPINFile string
	ownerKey   string
}

// changeUsers needs the ledger and no more of the counter: the first manager comes before keys and platforms.
func (a *app) changeUsers(ctx context.Context, change userChange) (err error) {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	ledger, err := db.Open(ctx, cfg.Dir, db.Options{Upgrading: a.upgrading})
	if err != nil {
		return err
	}
	till := &pos.Till{Shop: cfg.Shop, Store: ledger}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	by, err := a.changer(ctx, cfg, till, change)
	if err != nil {
		return err
	}
	if err := a.changeUser(ctx, till, by, change); err != nil {
		return err
	}
	users, err := till.Users(ctx)
	for i := range users {
		if u := &users[i]; u.Name == change.name {
			a.emit(viewUser(change.do, u, cfg.Shop.TimeZone), u.Name+", "+report.RoleName(a.lang, u.Role)+", "+userState(a.lang, u, time.Now(), cfg.Shop.TimeZone))
		}
	}
	return err
}

// changer signs in who changes the users; nil for the first one, whom nobody can add, and for the owner, who has no name here.
func (a *app) changer(ctx context.Context, cfg *config.Config, till *pos.Till, change userChange) (*pos.User, error) {
	if change.do == "rescue" {
		return nil, a.proveOwner(ctx, cfg, change.ownerKey)
	}
	users, err := till.Users(ctx)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 && change.do == "add" {
		return nil, nil
	}
	return a.signIn(ctx, till)
}

func (a *app) changeUser(ctx context.Context, till *pos.Till, by *pos.User, change userChange) error {
	switch change.do {
	case "role":
		return till.SetRole(ctx, by, change.name, change.role)
	case "disable":
		return till.DisableUser(ctx, by, change.name)
	case "enable":
		return till.EnableUser(ctx, by, change.name)
	}
	if err := pos.CheckUserName(change.name); err != nil {
		return err
	}
	pin, err := a.newPIN(ctx, change.name, change.newPINFile)
	if err != nil {
		return err
	}
	switch change.do {
	case "pin":
		return till.SetPIN(ctx, by, change.name, pin)
	case "rescue":
		return till.RescueManager(ctx, change.name, pin)
	}
	_, err = till.AddUser(ctx, by, pos.NewUser{Name: change.name, Role: change.role, PIN: pin})
	return err
}

func viewUser(event string, u *pos.User, zone *time.Location) userView {
	return userView{
		Event: event, Name: u.Name, Role: u.Role, Disabled: u.Disabled,
		CreatedAt: at(u.CreatedAt, zone), LockedUntil: at(u.LockedUntil, zone),
	}
}

// userState says whether a user can sign in.
func userState(l words.Language, u *pos.User, now time.Time, zone *time.Location) string {
	switch {
	case u.Disabled:
		return l.T("disabled")
	case now.Before(u.LockedUntil):
		return l.T("locked until %s", clock(u.LockedUntil, zone))
	}
	return l.T("active")
}
