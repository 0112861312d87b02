package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
	"saoma/pos/report"
)

// resolutions are the words of the command line, in the order of the help.
var resolutions = []pos.Resolution{pos.Accept, pos.GiveBack, pos.NoteAndForget}

// resolve decides one exception; where money goes back, it waits until it has gone.
func (a *app) resolve(ctx context.Context, f *flags, args []string) error {
	said := f.text("note", "TEXT")
	arguments, err := f.parse(args, 2)
	if err != nil || a.asked(f) {
		return err
	}
	id, err := strconv.ParseInt(arguments[0], 10, 64)
	if err != nil || id < 1 {
		return pos.Errorf(pos.Invalid, "NO %q is not the number of an exception; list them with: %s", arguments[0], "saomactl exceptions")
	}
	decided, err := resolution(arguments[1])
	if err != nil {
		return err
	}
	note := strings.TrimSpace(*said)
	if decided == pos.NoteAndForget && note == "" {
		return pos.Errorf(pos.Invalid, "--note is missing; say in a few words what was done and why.")
	}
	if err := pos.CheckTitle(note); err != nil {
		return named("--note", err)
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	return errors.Join(a.decide(ctx, c, actor, id, decided, note), c.Close())
}

func resolution(text string) (pos.Resolution, error) {
	for _, r := range resolutions {
		if text == string(r) {
			return r, nil
		}
	}
	return "", pos.Errorf(pos.Invalid, "The decision %q is not known; it must be accept, refund or dismiss.", text)
}

func (a *app) decide(ctx context.Context, c *counter.Counter, actor string, id int64, decided pos.Resolution, note string) error {
	x, failed := c.Till.Resolve(ctx, id, decided, actor, note)
	if x == nil {
		return failed
	}
	a.emit(struct {
		Event string `json:"event"`
		exceptionView
	}{"resolved", viewException(x, c.Shop.TimeZone)}, strconv.FormatInt(x.ID, 10)+"  "+x.OutTradeNo+"  "+a.decision(x, nil, c.Shop.TimeZone))
	if decided != pos.GiveBack {
		return failed
	}
	order, err := c.Ledger.OrderByNo(ctx, x.OutTradeNo)
	if err != nil {
		return errors.Join(failed, err)
	}
	refund := refundOf(x, order.Refunds)
	if refund == nil {
		return failed
	}
	return a.seeThrough(ctx, c, refund, failed, defaultWait)
}

// refundOf is the refund that x was resolved with, made in the same transaction; nil where there is none.
func refundOf(x *pos.Exception, refunds []pos.Refund) *pos.Refund {
	for i := range refunds {
		r := &refunds[i]
		if x.Resolution == pos.GiveBack && r.OutTradeNo == x.OutTradeNo && r.CreatedAt.Equal(x.ResolvedAt) {
			return r
		}
	}
	return nil
}

// decision says how an exception was resolved. A decided refund is not money that has gone back yet, so its present
// state is named where refund is known.
func (a *app) decision(x *pos.Exception, refund *pos.Refund, zone *time.Location) string {
	l, by, at := a.lang, x.ResolvedBy, clock(x.ResolvedAt, zone)
	var words string
	switch {
	case x.Resolution == pos.Accept:
		words = l.T("accepted by %s at %s", by, at)
	case x.Resolution == pos.NoteAndForget:
		words = l.T("dismissed by %s at %s", by, at)
	case refund == nil:
		words = l.T("refund decided by %s at %s", by, at)
	default:
		words = l.T("refund decided by %s at %s; it is now: %s", by, at, report.RefundName(l, refund.State))
	}
	if x.Note != "" {
		words = l.T("%s: %s", words, x.Note)
	}
	return words
}
