package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// sumView is what entries add up to, as scripts read it: amounts in fen.
type sumView struct {
	Cashier     string     `json:"cashier"`
	Wallet      pos.Wallet `json:"wallet"`
	Paid        pos.Fen    `json:"paid"`
	PaidCount   int64      `json:"paid_count"`
	Refunded    pos.Fen    `json:"refunded"`
	RefundCount int64      `json:"refund_count"`
}

func viewSums(totals []pos.DayTotal) []sumView {
	list := make([]sumView, len(totals))
	for i, d := range totals {
		list[i] = sumView{d.Cashier, d.Wallet, d.Paid, d.PaidCount, d.Refunded, d.RefundCount}
	}
	return list
}

// sums prints totals for a person.
func (a *app) sums(totals []pos.DayTotal) string {
	rows := [][]string{{a.lang.T("Cashier"), a.lang.T("Wallet"), a.lang.T("Payments"), a.lang.T("Paid ¥"), a.lang.T("Refunds"), a.lang.T("Refunded ¥"), a.lang.T("Net ¥")}}
	for _, d := range totals {
		rows = append(rows, []string{
			d.Cashier, a.lang.T(d.Wallet.Name()), strconv.FormatInt(d.PaidCount, 10), d.Paid.String(),
			strconv.FormatInt(d.RefundCount, 10), d.Refunded.String(), d.Net().String(),
		})
	}
	return "  " + strings.ReplaceAll(strings.TrimRight(columns(rows, func(col int) bool { return col >= 2 }), "\n"), "\n", "\n  ")
}

// batchView is a close as scripts read it.
type batchView struct {
	Event   string     `json:"event"`
	Batch   int64      `json:"batch"`
	Day     pos.Day    `json:"day"`
	Wallet  pos.Wallet `json:"wallet,omitempty"`
	Entries int64      `json:"entries"`
	Amount  pos.Fen    `json:"amount"`
	At      time.Time  `json:"at"`
	By      string     `json:"by"`
	Note    string     `json:"note,omitempty"`
	Totals  []sumView  `json:"totals,omitempty"`
	Files   []string   `json:"files,omitempty"`
}

func viewBatch(event string, b *pos.Batch, zone *time.Location) batchView {
	return batchView{
		Event: event, Batch: b.ID, Day: b.Day, Wallet: b.Wallet, Entries: b.Entries, Amount: b.Amount, At: at(b.At, zone), By: b.By,
		Note: b.Note, Totals: viewSums(b.Totals),
	}
}

// closeDay closes a business day, with its backup and files.
func (a *app) closeDay(ctx context.Context, f *flags, args []string) error {
	on, note := f.text("day", "YYYY-MM-DD"), f.text("note", "TEXT")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if _, err := day(*on, f.given("day"), pos.Shop{TimeZone: time.UTC}); err != nil {
		return err
	}
	if err := pos.CheckTitle(*note); err != nil {
		return named("--note", err)
	}
	return a.as(ctx, func(c *counter.Counter, actor string) error {
		r := pos.CloseDayRequest{Actor: actor, Note: strings.TrimSpace(*note)}
		if f.given("day") {
			r.Day = pos.Day(*on)
		}
		closed, err := c.CloseDay(ctx, r, a.lang)
		if closed == nil {
			return err
		}
		for _, d := range closed.Days {
			b := d.Batch
			words := a.lang.T("%s is closed. Entries: %d, ¥%s.", string(b.Day), b.Entries, b.Amount)
			if len(b.Totals) > 0 {
				words += "\n" + a.sums(b.Totals)
			}
			for _, file := range d.Files {
				words += "\n  " + file
			}
			view := viewBatch("day_closed", &b, c.Shop.TimeZone)
			view.Files = d.Files
			a.emit(view, words)
		}
		if err != nil { // what is closed stays closed, whatever kind of error this is
			a.complain(err)
			a.record(err)
			return errSaid
		}
		return nil
	})
}

// reopenDay lets today take entries again.
func (a *app) reopenDay(ctx context.Context, f *flags, args []string) error {
	reason := f.text("reason", "TEXT")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if strings.TrimSpace(*reason) == "" {
		return pos.Errorf(pos.Invalid, "--reason is missing; say in a few words why the day is opened again.")
	}
	return a.as(ctx, func(c *counter.Counter, actor string) error {
		if err := c.Till.ReopenDay(ctx, actor, strings.TrimSpace(*reason)); err != nil {
			return err
		}
		today := c.Shop.Day(time.Now())
		a.emit(struct {
			Event string  `json:"event"`
			Day   pos.Day `json:"day"`
		}{"day_reopened", today}, a.lang.T("%s takes payments again.", string(today)))
		return nil
	})
}

// as opens the counter for the user that --user names, and closes it after do.
func (a *app) as(ctx context.Context, do func(c *counter.Counter, actor string) error) error {
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(c, actor), c.Close())
}

// shiftView is a shift as scripts read it.
type shiftView struct {
	Event      string    `json:"event"`
	Shift      int64     `json:"shift"`
	Cashier    string    `json:"cashier"`
	Counter    string    `json:"counter"`
	OpenedAt   time.Time `json:"opened_at"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
	Orders     int64     `json:"orders"`
	Totals     []sumView `json:"totals"`
	Before     pos.Fen   `json:"before"` // of the totals, net
	Exceptions int       `json:"exceptions"`
	Unfinished []string  `json:"unfinished"`
	SignedOver string    `json:"signed_over,omitempty"`
	Note       string    `json:"note,omitempty"`
}

// shift shows, opens or closes a shift.
func (a *app) shift(ctx context.Context, f *flags, args []string) error {
	note, over := f.text("note", "TEXT"), f.text("sign-over", "NAME")
	arguments, err := f.parseSome(args, 0, 2)
	if err != nil || a.asked(f) {
		return err
	}
	switch {
	case len(arguments) == 0:
		return a.showShift(ctx)
	case arguments[0] == "open" && len(arguments) == 2:
		return a.as(ctx, func(c *counter.Counter, actor string) error {
			if _, err := c.Till.OpenShift(ctx, strings.TrimSpace(arguments[1]), actor); err != nil {
				return err
			}
			r, err := c.Till.Shift(ctx)
			if err == nil {
				a.tellShift("shift_opened", r, c.Shop.TimeZone)
			}
			return err
		})
	case arguments[0] == "close" && len(arguments) == 1:
		return a.as(ctx, func(c *counter.Counter, actor string) error {
			r, err := c.Till.CloseShift(ctx, pos.CloseShiftRequest{Actor: actor, Note: strings.TrimSpace(*note), SignOver: strings.TrimSpace(*over)})
			if err == nil {
				a.tellShift("shift_closed", r, c.Shop.TimeZone)
			}
			return err
		})
	}
	return pos.Errorf(pos.Invalid, "Write it like this: saomactl %s", f.usage)
}

// showShift works beside a running counter.
func (a *app) showShift(ctx context.Context) error {
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	r, err := (&pos.Till{Shop: cfg.Shop, Store: ledger}).Shift(ctx)
	switch {
	case err != nil:
		return err
	case r == nil:
		if !a.json {
			fmt.Fprintln(a.out, a.lang.T("No shift is open."))
		}
		return nil
	}
	a.tellShift("shift", r, cfg.Shop.TimeZone)
	return nil
}

func (a *app) tellShift(event string, r *pos.ShiftReport, zone *time.Location) {
	view := shiftView{
		Event: event, Shift: r.ID, Cashier: r.Cashier, Counter: r.Counter, OpenedAt: at(r.OpenedAt, zone), ClosedAt: at(r.ClosedAt, zone),
		Orders: r.Orders, Totals: viewSums(r.Totals), Before: r.Before.Net(), Exceptions: r.Exceptions, Unfinished: []string{}, SignedOver: r.SignedOver, Note: r.Note,
	}
	for _, p := range r.Unfinished {
		view.Unfinished = append(view.Unfinished, p.OutTradeNo)
	}
	words := a.lang.T("Shift %d of %s, since %s. Orders: %d.", r.ID, r.Cashier, clock(r.OpenedAt, zone), r.Orders)
	if !r.ClosedAt.IsZero() {
		words = a.lang.T("Shift %d of %s, %s to %s. Orders: %d.", r.ID, r.Cashier, clock(r.OpenedAt, zone), clock(r.ClosedAt, zone), r.Orders)
	}
	if len(r.Totals) > 0 {
		words += "\n" + a.sums(r.Totals)
	}
	if r.Before.PaidCount+r.Before.RefundCount > 0 {
		words += "\n" + a.lang.T("Of this, before the shift opened: ¥%s", r.Before.Net())
	}
	if r.Exceptions > 0 {
		words += "\n" + a.lang.T("Waiting for a manager: %d", r.Exceptions)
	}
	if len(view.Unfinished) > 0 {
		words += "\n" + a.lang.T("Not final yet: %s", strings.Join(view.Unfinished, ", "))
	}
	a.emit(view, words)
}
