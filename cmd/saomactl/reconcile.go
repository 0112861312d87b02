package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// reconcileOrder is a command line of reconcile that was understood.
type reconcileOrder struct {
	day     pos.Day
	wallets []pos.Wallet
	fix     int // 0: nothing
	remedy  pos.Remedy
	note    string
	again   bool
	list    bool
	signOff bool
}

// reconcile compares days with the platforms' bills, or lists, settles and signs off what came of that.
func (a *app) reconcile(ctx context.Context, f *flags, args []string) error {
	o, err := a.reconcileOrder(f, args)
	if err != nil || a.asked(f) {
		return err
	}
	if o.list {
		return a.listReconciliations(ctx, o)
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.signOff:
		err = a.signOff(ctx, c, o, actor)
	case o.fix > 0:
		err = a.fix(ctx, c, o, actor)
	default:
		err = a.reconcileDay(ctx, c, o, actor)
	}
	return errors.Join(err, c.Close())
}

func (a *app) reconcileOrder(f *flags, args []string) (o reconcileOrder, err error) {
	on, off := f.text("day", "YYYY-MM-DD"), f.text("sign-off", "YYYY-MM-DD")
	wallet, fix, note := f.text("wallet", "wechat|alipay"), f.text("fix", "N"), f.text("note", "TEXT")
	f.toggle("again", &o.again)
	f.toggle("list", &o.list)
	most := 0
	if hasFix(args) {
		most = 1
	}
	arguments, err := f.parseSome(args, most, most)
	if err != nil || f.help {
		return o, err
	}
	o.note, o.signOff, o.wallets = *note, f.given("sign-off"), pos.Wallets
	if o.signOff {
		*on = *off
	}
	if f.given("wallet") {
		w, err := pos.ParseWallet(*wallet)
		if err != nil {
			return o, named("--wallet", err)
		}
		o.wallets = []pos.Wallet{w}
	}
	if f.given("fix") {
		if o.fix, err = strconv.Atoi(*fix); err != nil || o.fix < 1 {
			return o, pos.Errorf(pos.Invalid, "--fix %q is not the number of a difference; list them with: %s", *fix, "saomactl reconcile --list --day "+*on)
		}
		if o.remedy, err = pos.ParseRemedy(arguments[0]); err != nil {
			return o, err
		}
	}
	if err := o.check(f); err != nil || *on == "" {
		return o, err
	}
	if o.day, err = day(*on, true, pos.Shop{TimeZone: time.UTC}); err == nil && o.day > pos.BillDay(time.Now()) {
		err = pos.Errorf(pos.Invalid, "--day %s is in the future.", string(o.day))
	}
	return o, err
}

// hasFix reports whether an argument, the remedy, belongs on the line.
func hasFix(args []string) bool {
	for _, s := range args {
		if s == "--fix" || len(s) > 6 && s[:6] == "--fix=" {
			return true
		}
	}
	return false
}

// check refuses flags that do not go together.
func (o *reconcileOrder) check(f *flags) error {
	switch {
	case o.signOff && (f.given("day") || f.given("fix") || o.list || o.again), f.given("fix") && (o.list || o.again), o.list && o.again:
		return pos.Errorf(pos.Invalid, "Of --list, --again, --fix and --sign-off only one can be given, and --sign-off names its day itself.")
	case !o.signOff && !o.list && !f.given("day"):
		return pos.Errorf(pos.Invalid, "--day is missing; name a day of the platforms, such as 2026-01-31.")
	case (o.signOff || f.given("fix")) && len(o.wallets) != 1:
		return pos.Errorf(pos.Invalid, "--wallet is missing; it must be wechat or alipay.")
	case (o.signOff || o.remedy == pos.NoteIt) && o.note == "":
		return pos.Errorf(pos.Invalid, "--note is missing; say in a few words what was done and why.")
	}
	if err := pos.CheckTitle(o.note); err != nil {
		return named("--note", err)
	}
	return nil
}

// reconcileDay compares one day. It ends with errSaid where something waits.
func (a *app) reconcileDay(ctx context.Context, c *counter.Counter, o reconcileOrder, actor string) (err error) {
	for _, w := range o.wallets {
		if _, ok := c.Till.Gateways[w]; !ok && len(o.wallets) > 1 {
			continue
		}
		r, failed := c.Books.Reconcile(ctx, w, o.day, o.again, actor)
		if failed != nil {
			if code := pos.CodeOf(failed); code == pos.Internal || code == pos.Forbidden || len(o.wallets) == 1 {
				return failed
			}
			a.tellNoBill(w, o.day, failed)
			err = errSaid
			continue
		}
		list, failed := c.Till.DifferencesOf(ctx, w, o.day)
		if failed != nil {
			return failed
		}
		a.tellReconciliation(r, list, true)
		if r.State.Red() {
			err = errSaid
		}
	}
	return err
}

// fix settles one difference.
func (a *app) fix(ctx context.Context, c *counter.Counter, o reconcileOrder, actor string) error {
	d, err := c.Till.Remedy(ctx, o.wallets[0], o.day, o.fix, o.remedy, actor, o.note)
	if err != nil {
		return err
	}
	a.emit(viewDifference(d, a.lang), a.lang.T("Difference %d: %s", d.N, differenceStateName(a.lang, d.State)))
	return a.tellState(ctx, c.Till, o)
}

// signOff lets a day be.
func (a *app) signOff(ctx context.Context, c *counter.Counter, o reconcileOrder, actor string) error {
	if _, err := c.Till.SignOff(ctx, o.wallets[0], o.day, actor, o.note); err != nil {
		return err
	}
	return a.tellState(ctx, c.Till, o)
}

// tellState prints how the day stands now.
func (a *app) tellState(ctx context.Context, till *pos.Till, o reconcileOrder) error {
	list, err := till.Reconciliations(ctx, o.day, o.day)
	for i := range list {
		if list[i].Wallet == o.wallets[0] {
			a.tellReconciliation(&list[i], nil, false)
		}
	}
	return err
}

// listReconciliations prints how the days stand, or one day with its differences. It works beside a running counter.
func (a *app) listReconciliations(ctx context.Context, o reconcileOrder) error {
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	till := &pos.Till{Shop: cfg.Shop, Store: ledger, Gateways: map[pos.Wallet]pos.Gateway{}}
	for _, w := range o.wallets {
		if w == pos.WeChat && cfg.WeChat.Enabled || w == pos.Alipay && cfg.Alipay.Enabled {
			till.Gateways[w] = nil // only to be listed
		}
	}
	from, to := pos.Day("0000-01-01"), pos.BillDay(time.Now())
	if o.day != "" {
		from, to = o.day, o.day
	}
	list, err := till.Reconciliations(ctx, from, to)
	if err != nil {
		return err
	}
	shown := 0
	for i := range list {
		r := &list[i]
		if _, ok := till.Gateways[r.Wallet]; !ok {
			continue
		}
		var differences []pos.Difference
		if o.day != "" && r.ID != 0 {
			if differences, err = till.DifferencesOf(ctx, r.Wallet, r.Day); err != nil {
				return err
			}
		}
		a.tellReconciliation(r, differences, o.day != "")
		shown++
	}
	if shown == 0 && !a.json {
		fmt.Fprintln(a.out, a.lang.T("There is no day to reconcile yet."))
	}
	return nil
}
