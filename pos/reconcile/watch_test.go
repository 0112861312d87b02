package reconcile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// steps lets the unattended run work by a clock of its own until end, and returns when each day was worked on.
func (r *rig) steps(end time.Time) (worked []string) {
	r.t.Helper()
	heard := func(rows map[string]int64) (news []string) {
		list, err := r.till.Reconciliations(r.t.Context(), "2026-01-01", "2026-12-31")
		if err != nil {
			r.t.Fatal(err)
		}
		for _, one := range list {
			if key := fmt.Sprintf("%s %s", one.Day[5:], one.Wallet); !one.ComparedAt.IsZero() && rows[key] != one.ComparedAt.UnixMilli() {
				rows[key] = one.ComparedAt.UnixMilli()
				news = append(news, fmt.Sprintf("%s %s %s", r.now().In(china).Format("02 15:04"), key, one.State))
			}
		}
		return news
	}
	rows := map[string]int64{}
	heard(rows)
	for r.now().Before(end) {
		wait := r.watch.Step(r.t.Context())
		worked = append(worked, heard(rows)...)
		if wait <= 0 || wait > time.Hour {
			r.t.Fatalf("looks again in %s", wait)
		}
		r.set(r.now().Add(wait))
	}
	return worked
}

// clockAt is a time of the day n days after day.
func clockAt(n, hour, minute int) time.Time {
	return midnight.AddDate(0, 0, n).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// TestUnattended follows a counter through the days after its first: nothing before 10:00, every day once, retries while a
// bill is late, days caught up that were missed, a restart that forgets nothing.
func TestUnattended(t *testing.T) {
	r := small(t)
	r.set(clockAt(0, 23, 58))
	if worked := r.steps(clockAt(1, 9, 59)); len(worked) != 0 {
		t.Fatalf("before the bills are made: %q", worked)
	}
	r.fault(sandbox.Fault{Kind: sandbox.FaultBillLate, Wallet: sandbox.WeChat, Count: 4})
	got := r.steps(clockAt(1, 12, 0))
	if len(got) != 2 || got[0] > "15 10:10" || !strings.HasSuffix(got[0], "03-14 alipay agreed") || !strings.HasSuffix(got[1], "03-14 wechat agreed") || got[1] < "15 10:20" || got[1] > "15 11:00" {
		t.Errorf("a late bill: %q", got)
	}
	if again := r.steps(clockAt(2, 9, 0)); len(again) != 0 {
		t.Errorf("a day is compared once: %q", again)
	}
	// The counter is closed for three days.
	r.close()
	r.set(clockAt(5, 9, 0))
	r.open()
	got = r.steps(clockAt(5, 11, 0))
	want := "03-15 wechat, 03-15 alipay, 03-16 wechat, 03-16 alipay, 03-17 wechat, 03-17 alipay, 03-18 wechat, 03-18 alipay"
	var days []string
	for _, s := range got {
		days = append(days, strings.TrimSuffix(s[len("15 10:10 "):], " agreed"))
	}
	if strings.Join(days, ", ") != want {
		t.Errorf("caught up on %q", got)
	}
	if r.state(pos.WeChat) != pos.Agreed {
		t.Error(r.state(pos.WeChat))
	}
}

// TestUnattendedWaits: a code on the screen comes first, but a counter that is never quiet is reconciled all the same; a
// platform that does not answer is asked less and less often.
func TestUnattendedWaits(t *testing.T) {
	r := small(t)
	r.set(clockAt(1, 10, 0))
	r.quiet = false
	if worked := r.steps(clockAt(1, 11, 59)); len(worked) != 0 {
		t.Errorf("beside a code: %q", worked)
	}
	if worked := r.steps(clockAt(1, 12, 10)); len(worked) != 2 {
		t.Errorf("after two hours: %q", worked)
	}
	r.quiet = true
	r.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502})
	r.set(clockAt(2, 10, 0))
	asked := 0
	for r.now().Before(clockAt(2, 20, 0)) {
		wait := r.watch.Step(t.Context())
		if wait == 30*time.Second { // it has worked
			asked++
		}
		r.set(r.now().Add(wait))
	}
	if asked < 2*10 || asked > 2*20 { // 2 wallets, 2 to 60 minutes apart
		t.Errorf("asked %d times in 10 hours", asked)
	}
	r.platform.Faults().Clear()
	if worked := r.steps(clockAt(3, 10, 30)); len(worked) != 4 {
		t.Errorf("once it answers: %q", worked)
	}
}

// TestLateChange: a payment of the day that comes to light after the day agreed has the day compared again, and turns it
// red where the bill does not have it, which is told and audited.
func TestLateChange(t *testing.T) {
	r := small(t)
	r.set(clockAt(1, 10, 0))
	if worked := r.steps(clockAt(1, 10, 30)); len(worked) != 2 {
		t.Fatalf("%q", worked)
	}
	changes := make(chan pos.Reconciliation, 10)
	r.till.Subscribe(func(e pos.Event) {
		if e.Kind == pos.ReconciliationChanged {
			changes <- *e.Reconciliation
		}
	})
	if _, err := r.till.Settle(t.Context(), pos.Evidence{ // of an attempt that was closed here
		Wallet: pos.WeChat, OutTradeNo: r.closed(pos.WeChat).OutTradeNo, TransactionID: "4200late", Account: r.gateways[pos.WeChat].Account(),
		Amount: r.closed(pos.WeChat).Amount, Currency: pos.CNY, State: pos.TradePaid, At: clockAt(0, 15, 0), Source: pos.FromPoll,
	}); err != nil {
		t.Fatal(err)
	}
	worked := r.steps(clockAt(1, 12, 0))
	if len(worked) != 1 || !strings.HasSuffix(worked[0], "03-14 wechat differs") {
		t.Errorf("%q", worked)
	}
	select {
	case e := <-changes:
		if e.State != pos.Differs || e.Wallet != pos.WeChat {
			t.Errorf("told %+v", e)
		}
	default:
		t.Error("nobody was told")
	}
	if last := r.trail(pos.WeChat); last[len(last)-1] != "reconcile agreed>differs" {
		t.Errorf("%q", last)
	}
	if again := r.steps(clockAt(1, 20, 0)); len(again) != 0 {
		t.Errorf("nothing has changed since: %q", again)
	}
}

// closed is an attempt of a wallet that was closed unpaid.
func (r *rig) closed(w pos.Wallet) *pos.Payment {
	for _, o := range r.orders() {
		if p := o.Payments[0]; p.State == pos.Closed && p.Wallet == w {
			return &p
		}
	}
	r.t.Fatal("no attempt was closed")
	return nil
}

// TestQuietOrLate: a platform that has no bill of a day with payments is late, not right; after a day it is believed. A day
// on which nothing happened agrees without a bill.
func TestQuietOrLate(t *testing.T) {
	r := newRig(t)
	r.seedSmall() // of which the platforms know nothing
	for _, w := range pos.Wallets {
		if got, err := r.books.Reconcile(t.Context(), w, day, false, "boss"); pos.CodeOf(err) != pos.Unavailable {
			t.Errorf("%+v, %v", got, err)
		}
		r.set(clockAt(2, 10, 1))
		if got := r.reconcile(w, false); got.State != pos.Differs || got.Open < 90 || got.BillHash != "" {
			t.Errorf("%+v", got)
		}
		if got, err := r.books.Reconcile(t.Context(), w, "2026-03-15", false, "boss"); err != nil || got.State != pos.Agreed || got.All.Lines != 0 {
			t.Errorf("a quiet day: %+v, %v", got, err)
		}
		r.set(clockAt(1, 12, 0))
	}
}

// TestManyDifferences: more than one transaction takes, numbered one after another.
func TestManyDifferences(t *testing.T) {
	r := small(t)
	var past []sandbox.Past
	for i := range 601 {
		no := fmt.Sprintf("T1260314120000A%07d", i)
		past = append(past, sandbox.Past{Wallet: sandbox.WeChat, OutTradeNo: no, TransactionID: "9" + no, Amount: 100, At: clockAt(0, 12, 0)})
	}
	if err := r.platform.Remember(past); err != nil {
		t.Fatal(err)
	}
	r.till.Store = &failing{Store: r.ledger, left: 1}
	if got, err := r.books.Reconcile(t.Context(), pos.WeChat, day, false, "boss"); pos.CodeOf(err) != pos.Unavailable || got != nil {
		t.Errorf("broken off: %+v, %v", got, err)
	}
	dbtest.Sound(t, r.ledger)
	r.till.Store = r.ledger
	if r.state(pos.WeChat) != pos.BillDue {
		t.Errorf("broken off: %s; want it due", r.state(pos.WeChat))
	}
	if got := r.reconcile(pos.WeChat, false); got.Open != 601 || got.Differences != 601 || got.State != pos.Differs {
		t.Errorf("%+v", got)
	}
	for i, d := range r.differences(pos.WeChat) {
		if d.N != i+1 || d.Kind != pos.MissingHere {
			t.Fatalf("%d: %+v", i, d)
		}
	}
	if got := r.reconcile(pos.WeChat, true); got.Open != 601 || got.Differences != 601 {
		t.Errorf("again: %+v", got)
	}
	if said := strings.Join(r.trail(pos.WeChat), ", "); said != "reconcile >differs"+strings.Repeat(", reconcile differs>differs", 2) {
		t.Error(said)
	}
}

// failing is a store whose disk is full after so many transactions.
type failing struct {
	pos.Store
	left int
}

func (f *failing) Update(ctx context.Context, fn func(pos.Tx) error) error {
	if f.left--; f.left < 0 {
		return pos.Errorf(pos.Unavailable, "The disk is full and nothing was recorded; make room and try again.")
	}
	return f.Store.Update(ctx, fn)
}
