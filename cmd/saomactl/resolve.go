package main

import (
	"context"
	"errors"
	"strconv"

	"saoma/assets/words"
	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// resolutions are the words of the command line, in the order of the help.
var resolutions = []pos.Resolution{pos.Accept, pos.GiveBack, pos.NoteAndForget}

// resolve decides one exception; where money goes back, it waits until it has gone.
func (a *app) resolve(ctx context.Context, f *flags, args []string) error {
	note := f.text("note", "TEXT")
	arguments, err := f.parse(args, 2)
	if err != nil || a.asked(f) {
		return err
	}
	id, err := strconv.ParseInt(arguments[0], 10, 64)
	if err != nil || id < 1 {
		return pos.Errorf(pos.Invalid, "NO %q is not the number of an exception; list them with: saomactl exceptions", arguments[0])
	}
	decided, err := resolution(arguments[1])
	if err != nil {
		return err
	}
	if decided == pos.NoteAndForget && !f.given("note") {
		return pos.Errorf(pos.Invalid, "--note is missing; say in a few words why this is dismissed.")
	}
	if err := pos.CheckTitle(*note); err != nil {
		return named("--note", err)
	}
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(a.decide(ctx, c, id, decided, *note), c.Close())
}

func resolution(text string) (pos.Resolution, error) {
	for _, r := range resolutions {
		if text == string(r) {
			return r, nil
		}
	}
	return "", pos.Errorf(pos.Invalid, "The decision %q is not known; it must be accept, refund or dismiss.", text)
}

func (a *app) decide(ctx context.Context, c *counter.Counter, id int64, decided pos.Resolution, note string) error {
	x, failed := c.Till.Resolve(ctx, id, decided, actor, note)
	if x == nil {
		return failed
	}
	a.emit(struct {
		Event string `json:"event"`
		exceptionView
	}{"resolved", viewException(x, c.Shop.TimeZone)}, strconv.FormatInt(x.ID, 10)+"  "+x.OutTradeNo+"  "+a.decision(x, c.Shop.TimeZone))
	if decided != pos.GiveBack {
		return failed
	}
	order, err := c.Ledger.OrderByNo(ctx, x.OutTradeNo)
	if err != nil || len(order.Refunds) == 0 {
		return errors.Join(failed, err)
	}
	refund := &order.Refunds[0]
	for i := range order.Refunds { // the last one of this payment
		if order.Refunds[i].OutTradeNo == x.OutTradeNo {
			refund = &order.Refunds[i]
		}
	}
	return a.seeThrough(ctx, c, refund, failed, defaultWait)
}

// resolutionName says a decision in words.
func resolutionName(l words.Language, r pos.Resolution) string {
	switch r {
	case pos.Accept:
		return l.T("accepted")
	case pos.GiveBack:
		return l.T("refunded")
	case pos.NoteAndForget:
		return l.T("dismissed")
	}
	return string(r)
}
