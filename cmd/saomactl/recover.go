package main

import (
	"context"
	"errors"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// recovered is what recover prints for each wallet. Amounts are fen.
type recovered struct {
	Event    string     `json:"event"`
	Wallet   pos.Wallet `json:"wallet"`
	Day      pos.Day    `json:"day"`
	Lines    int        `json:"lines"`
	Agreed   int        `json:"agreed"`
	Foreign  int        `json:"foreign"`
	Payments int        `json:"payments"`
	Paid     pos.Fen    `json:"paid"`
	Refunds  int        `json:"refunds"`
	Refunded pos.Fen    `json:"refunded"`
	Excepted int        `json:"exceptions"`
	Missing  []missing  `json:"missing"`
	Message  string     `json:"message,omitempty"` // why the bill was not gone through, or not to its end
}

type missing struct {
	No      string `json:"no"`
	Message string `json:"message"`
}

// recover finds again what the ledger lost of one day.
func (a *app) recover(ctx context.Context, f *flags, args []string) error {
	on := f.text("day", "YYYY-MM-DD")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if !f.given("day") {
		return pos.Errorf(pos.Invalid, "--day is missing; name a day of the platforms, such as 2026-01-31.")
	}
	d, err := day(*on, true, pos.Shop{TimeZone: time.UTC})
	if err != nil {
		return err
	}
	if d > pos.BillDay(time.Now()) {
		return pos.Errorf(pos.Invalid, "--day %s is in the future.", string(d))
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	done, err := a.recoverDay(ctx, c, d, actor)
	if err == nil && !done {
		err = errSaid
	}
	return errors.Join(err, c.Close())
}

// recoverDay goes through every wallet's bill of one day. It reports whether all of it is in the ledger now;
// the error is the ledger's, or says that the actor may not do it.
func (a *app) recoverDay(ctx context.Context, c *counter.Counter, day pos.Day, actor string) (done bool, err error) {
	done = true
	for _, w := range pos.Wallets {
		if _, ok := c.Till.Gateways[w]; !ok {
			continue
		}
		r, err := c.Till.Recover(ctx, w, day, actor)
		if code := pos.CodeOf(err); err != nil && (code == pos.Internal || code == pos.Forbidden) {
			return false, err
		}
		a.tellRecovered(r, err)
		done = done && err == nil && len(r.Missing) == 0
	}
	return done, nil
}

func (a *app) tellRecovered(r pos.Recovered, err error) {
	l := a.lang
	v := recovered{
		Event: "recover", Wallet: r.Wallet, Day: r.Day, Lines: r.Lines, Agreed: r.Agreed, Foreign: r.Foreign, Payments: r.Payments,
		Paid: r.Paid, Refunds: r.Refunds, Refunded: r.Refunded, Excepted: r.Excepted, Missing: []missing{},
	}
	words := l.T("%s, %s: lines in the bill: %d, of which agree: %d; payments found again: %d (¥%s), refunds: %d (¥%s)",
		string(r.Day), r.Wallet, r.Lines, r.Agreed, r.Payments, r.Paid, r.Refunds, r.Refunded)
	if r.Foreign > 0 {
		words += "\n  " + l.T("of other counters: %d", r.Foreign)
	}
	if r.Excepted > 0 {
		words += "\n  " + l.T("waiting for a manager: %d; list them with: %s", r.Excepted, "saomactl exceptions")
	}
	for _, m := range r.Missing {
		v.Missing = append(v.Missing, missing{m.No, l.Error(m.Err)})
		words += "\n  " + l.T("%s: %s", m.No, l.Error(m.Err))
	}
	if err != nil {
		v.Message = l.Error(err)
		if words += "\n  " + v.Message; r.Lines == 0 {
			words = l.T("%s, %s: %s", string(r.Day), r.Wallet, v.Message)
		}
	}
	a.emit(v, words)
}
