package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
	"saoma/pos/report"
)

// acted is what check and cancel print.
type acted struct {
	Event string `json:"event"`
	paymentView
	Message string `json:"message,omitempty"`
}

// check asks the platform about one payment now.
func (a *app) check(ctx context.Context, f *flags, args []string) error {
	return a.act(ctx, f, args, func(c *counter.Counter, no, _ string) error {
		p, err := c.Till.Check(ctx, no)
		if p == nil {
			return err
		}
		a.stateOf("check", c, p, "")
		return err
	})
}

// cancel withdraws a payment. One that is closed already is as wished.
func (a *app) cancel(ctx context.Context, f *flags, args []string) error {
	return a.act(ctx, f, args, func(c *counter.Counter, no, actor string) error {
		p, err := c.Till.Payment(ctx, no)
		if err == nil && p.State != pos.Closed && p.State != pos.Rejected {
			var after *pos.Payment
			if after, err = c.Till.Cancel(ctx, no, actor); after != nil {
				p = after
			}
		}
		if p == nil {
			return err
		}
		message := ""
		if p.State == pos.Closing {
			message = a.lang.T("The code is withdrawn, but %s cannot prove yet that nobody pays it; the next counter or saomactl serve on this data folder goes on watching it.", p.Wallet)
		}
		a.stateOf("cancel", c, p, message)
		if p.State == pos.Paid && err == nil {
			err = p.State.CanCancel()
		}
		return err
	})
}

// act opens the counter for one thing about one payment.
func (a *app) act(ctx context.Context, f *flags, args []string, do func(c *counter.Counter, no, actor string) error) error {
	arguments, err := f.parse(args, 1)
	if err != nil || a.asked(f) {
		return err
	}
	no, err := orderNo(arguments[0])
	if err != nil {
		return err
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(c, no, actor), c.Close())
}

func (a *app) stateOf(event string, c *counter.Counter, p *pos.Payment, message string) {
	words := a.lang.T("%s: %s ¥%s, %s", p.OutTradeNo, p.Wallet, p.Amount, stateName(a.lang, p.State))
	if message != "" {
		words += "\n" + message
	}
	a.emit(acted{event, viewPayment(p, c.Shop.TimeZone), message}, words)
}

// refunded is what refund prints.
type refunded struct {
	Event string `json:"event"`
	refundView
	Message string `json:"message,omitempty"`
}

// How long refund waits for the outcome.
const (
	defaultWait = 30 * time.Second
	longestWait = 10 * time.Minute
	askAgain    = time.Second
)

// refund gives money back and waits, within bounds, until it has gone.
func (a *app) refund(ctx context.Context, f *flags, args []string) error {
	reason, patience := f.text("reason", "REASON"), f.text("wait", "30s")
	approver, approverFile := f.text("approved-by", "NAME"), f.text("approval-pin-file", "FILE")
	arguments, err := f.parse(args, 2)
	if err != nil || a.asked(f) {
		return err
	}
	r := pos.RefundRequest{Reason: strings.TrimSpace(*reason)}
	if r.OutTradeNo, err = orderNo(arguments[0]); err != nil {
		return err
	}
	if r.Amount, err = pos.ParseYuan(arguments[1]); err != nil {
		return err
	}
	if r.Amount < 1 {
		return pos.Errorf(pos.Invalid, "The amount must be at least ¥%s.", pos.Fen(1))
	}
	if r.Reason == "" {
		return pos.Errorf(pos.Invalid, "--reason is missing; say in a few words why the money goes back.")
	}
	if err := pos.CheckTitle(r.Reason); err != nil {
		return named("--reason", err)
	}
	wait, err := duration("--wait", *patience, defaultWait, 0, longestWait)
	if err != nil {
		return err
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	r.Actor = actor
	if r.Approval, err = a.approval(ctx, c, r, *approver, *approverFile); err != nil {
		return errors.Join(err, c.Close())
	}
	return errors.Join(a.giveBack(ctx, c, r, wait), c.Close())
}

// approval is what the user of this name says to r, by PIN on the spot; nil where nobody is named.
func (a *app) approval(ctx context.Context, c *counter.Counter, r pos.RefundRequest, name, file string) (*pos.Approval, error) {
	if name == "" {
		return nil, nil
	}
	pin, err := a.pin(ctx, "--approval-pin-file", a.lang.T("PIN of %s:", name), file)
	if err != nil {
		return nil, err
	}
	return c.Till.Approve(ctx, name, pin, r)
}

func (a *app) giveBack(ctx context.Context, c *counter.Counter, r pos.RefundRequest, wait time.Duration) error {
	refund, err := c.Till.Refund(ctx, r)
	if pos.CodeOf(err) == pos.NeedsApproval {
		return pos.Errorf(pos.NeedsApproval, "A refund of this amount needs a supervisor's PIN; add --approved-by NAME.").Because(err)
	}
	return a.seeThrough(ctx, c, refund, err, wait)
}

// seeThrough waits, within bounds, until a refund has gone through, and prints what became of it. refund
// is nil where err kept it from being made.
func (a *app) seeThrough(ctx context.Context, c *counter.Counter, refund *pos.Refund, err error, wait time.Duration) error {
	for end := time.Now().Add(wait); err == nil && pending(refund.State) && time.Now().Before(end); {
		time.Sleep(min(askAgain, time.Until(end)))
		refund, err = c.Till.CheckRefund(ctx, refund.OutRefundNo)
	}
	if refund == nil {
		return err
	}
	message := ""
	switch refund.State {
	case pos.RefundRequested, pos.RefundProcessing:
		message = a.lang.T("The refund is under way; the next counter or saomactl serve on this data folder sees it through under the same number.")
	case pos.RefundAbnormal:
		message = a.lang.T("%s could not pay the refund out; a manager must settle it on the platform's site.", refund.Wallet)
	}
	words := a.lang.T("Refund %s: ¥%s, %s", refund.OutRefundNo, refund.Amount, report.RefundName(a.lang, refund.State))
	if message != "" {
		words += "\n" + message
	}
	a.emit(refunded{"refund", viewRefund(refund, c.Shop.TimeZone), message}, words)
	if err == nil && refund.State == pos.RefundAbnormal {
		return errSaid
	}
	return err
}

// pending reports whether waiting may still change the state.
func pending(s pos.RefundState) bool { return s == pos.RefundRequested || s == pos.RefundProcessing }
