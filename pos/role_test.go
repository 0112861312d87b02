package pos_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// mayDo is the shop's whole table, written out: what the code says is compared with it cell by cell.
var mayDo = []struct {
	action                       pos.Action
	cashier, supervisor, manager bool
}{
	{pos.TakePayment, true, true, true},
	{pos.CancelPayment, true, true, true},
	{pos.RefundSmall, true, true, true},
	{pos.RefundLarge, false, true, true},
	{pos.ResolveException, false, false, true},
	{pos.RunShift, true, true, true},
	{pos.CloseDay, false, false, true},
	{pos.ReopenDay, false, false, true},
	{pos.SettleWallet, false, false, true},
	{pos.Reconcile, false, false, true},
	{pos.ViewReports, false, true, true},
	{pos.Export, false, false, true},
	{pos.ReadAudit, false, false, true},
	{pos.ChangeSettings, false, false, true},
	{pos.ManageUsers, false, false, true},
}

// may is the cell of a role and an action.
func may(t *testing.T, r pos.Role, a pos.Action) bool {
	t.Helper()
	for _, row := range mayDo {
		if row.action == a {
			return map[pos.Role]bool{pos.Cashier: row.cashier, pos.Supervisor: row.supervisor, pos.Manager: row.manager}[r]
		}
	}
	t.Fatalf("the test's table has no %s", a)
	return false
}

func TestRoleTable(t *testing.T) {
	if len(pos.Actions()) != len(mayDo) {
		t.Errorf("%d actions, %d in the test's table", len(pos.Actions()), len(mayDo))
	}
	for _, a := range pos.Actions() {
		for _, r := range pos.Roles {
			want := may(t, r, a)
			why := r.Allows(a)
			if r.May(a) != want || (why == nil) != want {
				t.Errorf("%s may %s: %v (%v); want %v", r, a, r.May(a), why, want)
			}
			code := pos.Forbidden
			if r == pos.Cashier && a == pos.RefundLarge {
				code = pos.NeedsApproval
			}
			if !want && pos.CodeOf(why) != code {
				t.Errorf("%s may not %s: %v", r, a, why)
			}
		}
		if pos.Role("").May(a) || pos.Role("owner").May(a) {
			t.Errorf("a role that does not exist may %s", a)
		}
	}
	for _, r := range pos.Roles {
		if r.May("fly") {
			t.Errorf("%s may do what is no action", r)
		}
	}
}

// The staff of the tests and their PINs.
const (
	cashier, cashierPIN       = "小李", "4817"
	supervisor, supervisorPIN = "孙 Sun", "290641"
	manager, managerPIN       = "Wang", "770219355012"
	gone                      = "gone" // disabled
)

// staff gives the ledger its users, and returns the manager.
func (c *counter) staff() *pos.User {
	c.t.Helper()
	boss := c.add(nil, pos.NewUser{Name: manager, Role: pos.Manager, PIN: managerPIN})
	c.add(boss, pos.NewUser{Name: cashier, Role: pos.Cashier, PIN: cashierPIN})
	c.add(boss, pos.NewUser{Name: supervisor, Role: pos.Supervisor, PIN: supervisorPIN})
	c.add(boss, pos.NewUser{Name: gone, Role: pos.Manager, PIN: managerPIN})
	if err := c.till.DisableUser(c.t.Context(), boss, gone); err != nil {
		c.t.Fatal(err)
	}
	return boss
}

func (c *counter) add(by *pos.User, n pos.NewUser) *pos.User {
	c.t.Helper()
	u, err := c.till.AddUser(c.t.Context(), by, n)
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}

// sold is a paid payment of a manager's.
func (c *counter) sold(amount pos.Fen) *pos.Payment {
	c.t.Helper()
	p := c.shown(amount)
	c.pay(p.OutTradeNo)
	return c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
}

// shown is a payment of a manager's that waits.
func (c *counter) shown(amount pos.Fen) *pos.Payment {
	c.t.Helper()
	p, err := c.till.Charge(c.t.Context(), pos.ChargeRequest{Amount: amount, Title: "茶", Wallet: pos.WeChat, Cashier: manager})
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// must is v, for what a test takes for granted.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// deed is one thing the till does for an actor. prepare, if there is one, is done by the manager before.
type deed struct {
	name    string
	action  pos.Action
	prepare func(c *counter) string
	do      func(c *counter, about, actor string) error
}

const limit pos.Fen = 50_00

// deeds are the till's methods that are not everybody's, at least one for each action.
var deeds = []deed{
	{"charge", pos.TakePayment, nil, func(c *counter, _, actor string) error {
		_, err := c.till.Charge(c.t.Context(), pos.ChargeRequest{Amount: 1, Wallet: pos.WeChat, Cashier: actor})
		return err
	}},
	{"offer", pos.TakePayment, waits, func(c *counter, no, actor string) error {
		_, err := c.till.Offer(c.t.Context(), no, pos.Alipay, actor)
		return err
	}},
	{"switch", pos.TakePayment, waits, func(c *counter, no, actor string) error {
		_, err := c.till.SwitchWallet(c.t.Context(), no, pos.Alipay, actor)
		return err
	}},
	{"cancel", pos.CancelPayment, waits, func(c *counter, no, actor string) error {
		_, err := c.till.Cancel(c.t.Context(), no, actor)
		return err
	}},
	{"refund", pos.RefundSmall, paid, func(c *counter, no, actor string) error {
		_, err := c.till.Refund(c.t.Context(), pos.RefundRequest{OutTradeNo: no, Amount: limit, Reason: "退货", Actor: actor})
		return err
	}},
	{"large refund", pos.RefundLarge, paid, func(c *counter, no, actor string) error {
		_, err := c.till.Refund(c.t.Context(), pos.RefundRequest{OutTradeNo: no, Amount: limit + 1, Reason: "退货", Actor: actor})
		return err
	}},
	{"resolve", pos.ResolveException, raised, func(c *counter, _, actor string) error {
		open := must(c.till.Exceptions(c.t.Context()))
		_, err := c.till.Resolve(c.t.Context(), open[0].ID, pos.NoteAndForget, actor, "已核对")
		return err
	}},
	{"open shift", pos.RunShift, offDuty, func(c *counter, _, actor string) error {
		_, err := c.till.OpenShift(c.t.Context(), cashier, actor)
		return err
	}},
	{"close shift", pos.RunShift, onDuty, func(c *counter, _, actor string) error {
		_, err := c.till.CloseShift(c.t.Context(), pos.CloseShiftRequest{Actor: actor, SignOver: supervisor})
		return err
	}},
	{"settle", pos.SettleWallet, paid, func(c *counter, _, actor string) error {
		_, err := c.till.BookSettlement(c.t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: c.today(), Actor: actor})
		return err
	}},
	{"close day", pos.CloseDay, business, func(c *counter, _, actor string) error {
		_, err := c.till.CloseDay(c.t.Context(), pos.CloseDayRequest{Actor: actor})
		return err
	}},
	{"reopen day", pos.ReopenDay, closed, func(c *counter, _, actor string) error {
		return c.till.ReopenDay(c.t.Context(), actor, "盘点")
	}},
	{"recover", pos.Reconcile, nil, func(c *counter, _, actor string) error {
		_, err := c.till.Recover(c.t.Context(), pos.WeChat, pos.BillDay(time.Now().AddDate(0, 0, -3)), actor)
		return err
	}},
	{"keep a reconciliation", pos.Reconcile, nil, func(c *counter, _, actor string) error {
		_, err := c.till.KeepReconciliation(c.t.Context(), pos.Reconciliation{Wallet: pos.WeChat, Day: "2026-01-02"}, nil, nil, actor)
		return err
	}},
	{"sign a day off", pos.Reconcile, nil, func(c *counter, _, actor string) error {
		_, err := c.till.SignOff(c.t.Context(), pos.Alipay, "2026-01-02", actor, "停业")
		return err
	}},
	{"remedy a difference", pos.Reconcile, differs, func(c *counter, _, actor string) error {
		_, err := c.till.Remedy(c.t.Context(), pos.WeChat, "2026-01-03", 1, pos.NoteIt, actor, "已核对")
		return err
	}},
	{"reports", pos.ViewReports, nil, asks(pos.ViewReports)},
	{"export", pos.Export, nil, asks(pos.Export)},
	{"settings", pos.ChangeSettings, nil, asks(pos.ChangeSettings)},
	{"audit", pos.ReadAudit, nil, func(c *counter, _, actor string) error {
		_, err := c.till.Audit(c.t.Context(), actor, pos.AuditFilter{Limit: 1})
		return err
	}},
	{"audit chain", pos.ReadAudit, nil, func(c *counter, _, actor string) error {
		_, err := c.till.AuditChain(c.t.Context(), actor)
		return err
	}},
	{"add user", pos.ManageUsers, nil, func(c *counter, _, actor string) error {
		_, err := c.till.AddUser(c.t.Context(), &pos.User{Name: actor, Role: pos.Manager}, pos.NewUser{Name: "new-" + actor, Role: pos.Cashier, PIN: "8350"})
		return err
	}},
	{"role of user", pos.ManageUsers, nil, func(c *counter, _, actor string) error {
		return c.till.SetRole(c.t.Context(), &pos.User{Name: actor, Role: pos.Manager}, supervisor, pos.Supervisor)
	}},
	{"PIN of user", pos.ManageUsers, nil, func(c *counter, _, actor string) error {
		return c.till.SetPIN(c.t.Context(), &pos.User{Name: actor, Role: pos.Manager}, gone, "8350")
	}},
	{"disable user", pos.ManageUsers, nil, func(c *counter, _, actor string) error {
		return c.till.DisableUser(c.t.Context(), &pos.User{Name: actor, Role: pos.Manager}, gone)
	}},
	{"enable user", pos.ManageUsers, nil, func(c *counter, _, actor string) error {
		return c.till.EnableUser(c.t.Context(), &pos.User{Name: actor, Role: pos.Manager}, supervisor)
	}},
}

func waits(c *counter) string { return c.shown(100).OutTradeNo }
func paid(c *counter) string  { return c.sold(limit * 3).OutTradeNo }

func asks(a pos.Action) func(*counter, string, string) error {
	return func(c *counter, _, actor string) error { return c.till.May(c.t.Context(), actor, a) }
}

// on and off duty, closed and business are the scenes that shifts and closes need.
func onDuty(c *counter) string {
	if must(c.till.Shift(c.t.Context())) == nil {
		must(c.till.OpenShift(c.t.Context(), cashier, manager))
	}
	return ""
}

func offDuty(c *counter) string {
	if must(c.till.Shift(c.t.Context())) != nil {
		must(c.till.CloseShift(c.t.Context(), pos.CloseShiftRequest{Actor: manager, SignOver: supervisor}))
	}
	return ""
}

func closed(c *counter) string {
	offDuty(c)
	if !must(c.till.BusinessDay(c.t.Context(), c.today())).Closed {
		must(c.till.CloseDay(c.t.Context(), pos.CloseDayRequest{Actor: manager}))
	}
	return ""
}

func business(c *counter) string {
	offDuty(c)
	if must(c.till.BusinessDay(c.t.Context(), c.today())).Closed {
		if err := c.till.ReopenDay(c.t.Context(), manager, "盘点"); err != nil {
			panic(err)
		}
	}
	return ""
}

// differs has a day whose bill has one payment more than the ledger.
func differs(c *counter) string {
	must(c.till.KeepReconciliation(c.t.Context(), pos.Reconciliation{Wallet: pos.WeChat, Day: "2026-01-03"}, []pos.Difference{{
		Wallet: pos.WeChat, Day: "2026-01-03", Kind: pos.MissingHere, OutTradeNo: "T1260103120000AAAAAAAA", Lines: 1,
		There: pos.Claim{Amount: 1, State: string(pos.TradePaid), TransactionID: "4200"},
	}}, nil, manager))
	return ""
}

func (c *counter) today() pos.Day { return c.till.Shop.Day(time.Now()) }

// raised has something wait for a manager.
func raised(c *counter) string {
	c.t.Helper()
	no := fmt.Sprintf("T1%d", time.Now().UnixNano())
	err := c.ledger.Update(c.t.Context(), func(tx pos.Tx) error {
		if _, err := tx.Raise(&pos.Exception{Kind: pos.ForeignMerchant, Wallet: pos.WeChat, OutTradeNo: no, Amount: 1, Currency: pos.CNY}); err != nil {
			return err
		}
		return tx.Audit(pos.AuditEntry{Actor: "notified", Action: "raise", Subject: "exception " + no, To: string(pos.ForeignMerchant)})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return no
}

// Every role does, or is refused, everything the till does; so do a name that is no user's and a user who is
// disabled. What is refused leaves no trace.
func TestEveryDeedOfEveryRole(t *testing.T) {
	c := newCounter(t)
	c.till.Shop.CashierRefundLimit = limit
	c.staff()
	covered := map[pos.Action]bool{}
	for _, d := range deeds {
		covered[d.action] = true
		for _, by := range []struct {
			name string
			role pos.Role
		}{{cashier, pos.Cashier}, {supervisor, pos.Supervisor}, {manager, pos.Manager}, {"nobody", ""}, {"", ""}, {strings.ToUpper(manager), ""}, {gone, ""}} {
			t.Run(d.name+" by "+by.name, func(t *testing.T) {
				c.t = t
				about := ""
				if d.prepare != nil {
					about = d.prepare(c)
				}
				allowed := by.role != "" && may(t, by.role, d.action)
				before := c.rows()
				err := d.do(c, about, by.name)
				switch {
				case allowed && err != nil && !(d.name == "recover" && pos.CodeOf(err) == pos.Unavailable):
					t.Errorf("refused: %v", err)
				case !allowed && by.role == pos.Cashier && d.action == pos.RefundLarge && pos.CodeOf(err) == pos.NeedsApproval:
				case !allowed && pos.CodeOf(err) != pos.Forbidden:
					t.Errorf("allowed, or refused otherwise: %v", err)
				}
				if after := c.rows(); !allowed && after != before {
					t.Errorf("what was refused left %d audit rows", after-before)
				}
			})
		}
	}
	c.t = t
	for _, a := range pos.Actions() {
		if !covered[a] {
			t.Errorf("no deed needs %s", a)
		}
	}
	c.settled()
	c.audit()
}

// rows is how many audit rows there are, but for those of notifications, which come when they come.
func (c *counter) rows() (n int) {
	c.t.Helper()
	for _, r := range must(c.ledger.AuditRows(c.t.Context(), pos.AuditFilter{Limit: 10_000})) {
		if r.Actor != string(pos.FromNotification) {
			n++
		}
	}
	return n
}

// settled sees every refund to its end: a platform may be ahead of what it tells.
func (c *counter) settled() {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		_, open := c.unfinished()
		if len(open) == 0 {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("refunds never end: %+v", open)
		}
		for _, r := range open {
			must(c.till.CheckRefund(c.t.Context(), r.OutRefundNo))
		}
	}
}
