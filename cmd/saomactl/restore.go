package main

import (
	"context"
	"errors"
	"os"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/vault"
	"saoma/db"
	"saoma/pos"
)

// restored is the first line of restore.
type restored struct {
	Event     string    `json:"event"`
	File      string    `json:"file"`
	Kept      string    `json:"kept,omitempty"` // where the ledger is that was there before
	LastEntry time.Time `json:"last_entry,omitzero"`
}

// restore puts a backup in the place of the ledger and finds again what happened after it.
func (a *app) restore(ctx context.Context, f *flags, args []string) error {
	var force, offline bool
	f.toggle("force", &force)
	f.toggle("offline", &offline)
	arguments, err := f.parse(args, 1)
	if err != nil || a.asked(f) {
		return err
	}
	file := arguments[0]
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return pos.Errorf(pos.Invalid, "FILE %s is not a backup that can be read.", file)
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	var v *vault.Vault
	if !offline {
		if v, err = a.vault(ctx, cfg); err == nil { // before anything is replaced
			_, err = cfg.Keys(v.Read)
		}
		if err != nil {
			return err
		}
	}
	info, err := db.InspectBackup(ctx, file)
	if err != nil {
		return pos.Errorf(pos.Conflict, "The file %s is not a sound ledger and is not restored.", file).Because(err)
	}
	last := info.Last
	if !force && info.Counter != "" && info.Counter != cfg.Shop.Counter {
		return pos.Errorf(pos.Conflict, "The backup %s is of counter %s, and saoma.toml is of counter %s; --force restores it all the same.", file, info.Counter, cfg.Shop.Counter)
	}
	for _, m := range info.Merchants {
		if !force && m.ID != cfg.MerchantID(m.Wallet) {
			return pos.Errorf(pos.Conflict, "The backup %s is of another merchant of %s (%s); --force restores it all the same.", file, m.Wallet, m.ID)
		}
	}
	kept, err := db.Restore(ctx, file, cfg.Dir, force)
	if err != nil {
		return err
	}
	words := a.lang.T("The ledger is restored from %s; its last entry is of %s.", file, clock(last, cfg.Shop.TimeZone))
	if kept != "" {
		words += "\n" + a.lang.T("The ledger that was there is kept as %s.", kept)
	}
	a.emit(restored{"restore", file, kept, at(last, cfg.Shop.TimeZone)}, words)
	days := daysSince(last, time.Now())
	if offline {
		a.comeBack(days)
		return nil
	}
	c, err := counter.Open(ctx, cfg.Dir, counter.Options{Vault: v})
	if err != nil {
		return err
	}
	return errors.Join(a.findAgain(ctx, c, days), c.Close())
}

// slack lets the day of the backup's last entry begin a little earlier: clocks differ.
const slack = time.Hour

// daysSince is every day of the platforms from the last entry of a backup to now, newest first: a refund
// then brings its payment with it. A ledger without an entry has lost nothing that could be told.
func daysSince(last, now time.Time) (days []pos.Day) {
	if last.IsZero() {
		last = now
	}
	first := pos.BillDay(last.Add(-slack))
	for at := now; pos.BillDay(at) >= first; at = at.AddDate(0, 0, -1) {
		days = append(days, pos.BillDay(at))
	}
	if len(days) == 0 { // the clock was set back
		days = append(days, pos.BillDay(now))
	}
	return days
}

// findAgain goes through the bills of every day, asks about every attempt that is not final, and names the
// days whose bills are not whole yet.
func (a *app) findAgain(ctx context.Context, c *counter.Counter, days []pos.Day) error {
	var failed bool
	var later []pos.Day
	for _, day := range days {
		done, err := a.recoverDay(ctx, c, day, pos.Unattended)
		if err != nil {
			return err
		}
		if !pos.BillReadyAt(day).Before(time.Now()) {
			later = append(later, day)
		} else {
			failed = failed || !done
		}
	}
	if err := a.askOpen(ctx, c); err != nil {
		return err
	}
	a.comeBack(later)
	if failed {
		return errSaid
	}
	return nil
}

// askOpen asks the platforms about every attempt that was not final in the backup.
func (a *app) askOpen(ctx context.Context, c *counter.Counter) error {
	list, err := c.Till.Resume(ctx)
	for i := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p, asked := c.Till.Check(ctx, list[i].OutTradeNo)
		if asked != nil {
			a.warn(list[i].OutTradeNo + ": " + a.lang.Error(asked))
		}
		if p != nil {
			a.stateOf("check", c, p, "")
		}
	}
	return err
}

// comeBack names the days that recover must be run for once their bills are made.
func (a *app) comeBack(days []pos.Day) {
	for _, day := range days {
		words := a.lang.T("What happened on %s is known for certain once its bills are made; run from 10:00 of the next day in China: saomactl recover --day %s", string(day), string(day))
		a.emit(struct {
			Event   string  `json:"event"`
			Day     pos.Day `json:"day"`
			Message string  `json:"message"`
		}{"recover_later", day, words}, words)
	}
}
