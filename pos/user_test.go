package pos_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

func TestCheckPIN(t *testing.T) {
	for _, pin := range []string{
		"", "1", "123", "1234567890123", "12a4", "１２３４", "4817 ", "-4817", "48.17", "४८१७",
		"0000", "1111", "999999", "1234", "4321", "0123", "9876", "7890", "0987", "123456789012",
		"1212", "9090", "454545", "1122", "7700", "112233",
	} {
		err := pos.CheckPIN(pin)
		if pos.CodeOf(err) != pos.Invalid {
			t.Errorf("%q: %v", pin, err)
		}
		if _, shown := errors.AsType[*pos.Error](err); shown && len(pin) > 4 && strings.Contains(err.Error(), pin) {
			t.Errorf("%q is in %v", pin, err)
		}
	}
	for _, pin := range []string{"4817", "1235", "290641", "770219355012", "1231", "11223", "0001"} {
		if err := pos.CheckPIN(pin); err != nil {
			t.Errorf("%q: %v", pin, err)
		}
	}
}

func TestCheckUserName(t *testing.T) {
	for _, name := range []string{
		"", " ", " li", "li ", "a\tb", "a\nb", strings.Repeat("李", 33), "\xff", "saoma", "Saoma", "saomactl", "till", "poller", "notified", "bill",
	} {
		if err := pos.CheckUserName(name); pos.CodeOf(err) != pos.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"li", "李", strings.Repeat("李", 32), "Wang Wei", "manager", "=1+1"} {
		if err := pos.CheckUserName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFirstUser(t *testing.T) {
	d := &door{t: t, dir: t.TempDir()}
	d.open()
	t.Cleanup(d.close)
	add := func(by *pos.User, n pos.NewUser, want pos.Code) {
		t.Helper()
		_, err := d.till.AddUser(t.Context(), by, n)
		if (want == "") != (err == nil) || (err != nil && pos.CodeOf(err) != want) {
			t.Errorf("%s as %s: %v; want %s", n.Name, n.Role, err, want)
		}
	}
	forged := &pos.User{Name: "li", Role: pos.Manager}
	add(nil, pos.NewUser{Name: "li", Role: pos.Cashier, PIN: cashierPIN}, pos.Conflict)
	add(forged, pos.NewUser{Name: "li", Role: pos.Supervisor, PIN: cashierPIN}, pos.Conflict)
	add(nil, pos.NewUser{Name: "li", Role: "owner", PIN: cashierPIN}, pos.Invalid)
	add(nil, pos.NewUser{Name: "li", Role: pos.Manager}, pos.Invalid) // there is no default PIN
	if users := must(d.till.Users(t.Context())); len(users) != 0 {
		t.Errorf("left %+v", users)
	}
	if rows := must(d.ledger.AuditRows(t.Context(), pos.AuditFilter{Limit: 9})); len(rows) != 0 {
		t.Errorf("left %+v", rows)
	}
	add(nil, pos.NewUser{Name: manager, Role: pos.Manager, PIN: managerPIN}, "")
	add(nil, pos.NewUser{Name: "li", Role: pos.Manager, PIN: cashierPIN}, pos.Forbidden)
	add(forged, pos.NewUser{Name: "li", Role: pos.Manager, PIN: cashierPIN}, pos.Forbidden)
	for _, name := range []string{manager, strings.ToLower(manager)} {
		_, err := d.till.AddUser(t.Context(), &pos.User{Name: manager}, pos.NewUser{Name: name, Role: pos.Cashier, PIN: cashierPIN})
		if pos.CodeOf(err) != pos.Conflict || !strings.Contains(err.Error(), "a user called "+manager+" already") {
			t.Errorf("%s once more: %v", name, err)
		}
	}
	add(&pos.User{Name: manager}, pos.NewUser{Name: "li", Role: pos.Cashier, PIN: cashierPIN}, "")
}

// The only manager's PIN can be replaced with nobody signed in, no other's; the audit chain and the next sign-in say so.
func TestRescueManager(t *testing.T) {
	d := newDoor(t)
	boss := &pos.User{Name: manager}
	must(d.till.AddUser(t.Context(), boss, pos.NewUser{Name: cashier, Role: pos.Cashier, PIN: cashierPIN}))
	must(d.till.AddUser(t.Context(), boss, pos.NewUser{Name: supervisor, Role: pos.Manager, PIN: supervisorPIN}))
	rescue := func(name, pin string, want pos.Code) {
		t.Helper()
		if err := d.till.RescueManager(t.Context(), name, pin); (err == nil) != (want == "") || err != nil && pos.CodeOf(err) != want {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	const pin = "604817"
	rescue(manager, pin, pos.Conflict) // there is another
	if err := d.till.DisableUser(t.Context(), boss, supervisor); err != nil {
		t.Fatal(err)
	}
	rescue(cashier, pin, pos.Conflict)
	rescue(supervisor, pin, pos.Conflict)
	rescue("nobody", pin, pos.NotFound)
	rescue(manager, "1234", pos.Invalid)
	if u := must(d.till.SignIn(t.Context(), manager, managerPIN)); !u.RescuedAt.IsZero() {
		t.Error("nobody was rescued")
	}
	d.wrong(manager, pos.MaxTries)
	rescue(manager, pin, "")
	d.try(manager, managerPIN, pos.Forbidden)
	if u := must(d.till.SignIn(t.Context(), manager, pin)); u.RescuedAt.IsZero() {
		t.Error("the sign-in does not tell of it")
	}
	rows := must(d.ledger.AuditRows(t.Context(), pos.AuditFilter{Actor: pos.OwnersKey, Limit: 9}))
	if len(rows) != 1 || rows[0].Action != "user_pin" || rows[0].Subject != "user "+manager {
		t.Errorf("audit %+v", rows)
	}
	if err := d.till.SetPIN(t.Context(), boss, manager, managerPIN); err != nil {
		t.Fatal(err)
	}
	if u := must(d.till.SignIn(t.Context(), manager, managerPIN)); !u.RescuedAt.IsZero() {
		t.Error("an own PIN ends it")
	}
}

// However many managers give it up at the same time, one stays.
func TestLastManagerStays(t *testing.T) {
	d := newDoor(t)
	boss := &pos.User{Name: manager}
	for i := range 3 {
		must(d.till.AddUser(t.Context(), boss, pos.NewUser{Name: fmt.Sprint("boss ", i), Role: pos.Manager, PIN: supervisorPIN}))
	}
	ends := make(chan error)
	for _, u := range must(d.till.Users(t.Context())) {
		go func() {
			self := &pos.User{Name: u.Name}
			if u.Name == manager {
				ends <- d.till.SetRole(context.Background(), self, u.Name, pos.Cashier)
				return
			}
			ends <- d.till.DisableUser(context.Background(), self, u.Name)
		}()
	}
	refused := 0
	for range 4 {
		if err := <-ends; pos.CodeOf(err) == pos.Conflict && err != nil {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	left := 0
	for _, u := range must(d.till.Users(t.Context())) {
		if u.Role == pos.Manager && !u.Disabled {
			left++
		}
	}
	if refused != 1 || left != 1 {
		t.Errorf("%d refused, %d managers left", refused, left)
	}
}

// A ledger without users works as it always did; from the first user on it does not.
func TestFromTheFirstUserOn(t *testing.T) {
	c := newCounter(t)
	before := c.charge(pos.WeChat, 100) // by li, who is no user
	c.staff()
	if _, err := c.till.Charge(t.Context(), pos.ChargeRequest{Amount: 1, Wallet: pos.WeChat, Cashier: "li"}); pos.CodeOf(err) != pos.Forbidden {
		t.Errorf("a charge by nobody: %v", err)
	}
	c.pay(before.OutTradeNo)
	c.await(before.OutTradeNo, pos.Paid, 0)
	if _, err := c.till.Recover(t.Context(), pos.WeChat, "2026-01-02", pos.Unattended); pos.CodeOf(err) == pos.Forbidden {
		t.Errorf("the counter itself: %v", err)
	}
	if err := c.till.May(t.Context(), pos.Unattended, pos.ResolveException); pos.CodeOf(err) != pos.Forbidden {
		t.Errorf("the counter itself resolves: %v", err)
	}
	c.audit()
}

func TestAuditFilter(t *testing.T) {
	d := newDoor(t)
	boss := &pos.User{Name: manager}
	must(d.till.AddUser(t.Context(), boss, pos.NewUser{Name: cashier, Role: pos.Cashier, PIN: cashierPIN}))
	d.pass(time.Hour)
	for range 3 {
		d.try(cashier, cashierPIN, "")
	}
	all := must(d.till.Audit(t.Context(), manager, pos.AuditFilter{Limit: 100}))
	if len(all) != 5 || all[0].Seq != 5 || all[4].Action != "user_add" || all[0].Actor != cashier || len(all[0].Hash) != 64 {
		t.Fatalf("%+v", all)
	}
	for name, test := range map[string]struct {
		f    pos.AuditFilter
		want string
	}{
		"actor":    {pos.AuditFilter{Actor: manager, Limit: 9}, "2 1"},
		"action":   {pos.AuditFilter{Action: "sign_in", Limit: 9}, "5 4 3"},
		"subject":  {pos.AuditFilter{Subject: "user " + cashier, Limit: 9}, "5 4 3 2"},
		"since":    {pos.AuditFilter{Since: all[2].At, Limit: 9}, "5 4 3"},
		"until":    {pos.AuditFilter{Until: all[2].At, Limit: 9}, "2 1"},
		"page":     {pos.AuditFilter{Before: 4, Limit: 2}, "3 2"},
		"together": {pos.AuditFilter{Actor: manager, Action: "user_add", Subject: "user " + cashier, Until: all[2].At, Limit: 9}, "2"},
	} {
		var got []string
		for _, r := range must(d.till.Audit(t.Context(), manager, test.f)) {
			got = append(got, fmt.Sprint(r.Seq))
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s: rows %s; want %s", name, s, test.want)
		}
	}
	if c := must(d.till.AuditChain(t.Context(), manager)); c != (pos.AuditChain{Rows: 5, Head: all[0].Hash}) {
		t.Errorf("%+v", c)
	}
}
