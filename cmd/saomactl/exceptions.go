package main

import (
	"context"
	"fmt"
	"time"

	"saoma/pos"
)

// manyExceptions bounds how far --all looks back.
const manyExceptions = 1000

// listedException is one line of exceptions.
type listedException struct {
	exceptionView
	Story   string           `json:"story"`
	Choices []pos.Resolution `json:"choices"`
}

// exceptions lists what waits for a manager, oldest first; with --all what is decided comes after it.
func (a *app) exceptions(ctx context.Context, f *flags, args []string) error {
	var all bool
	f.toggle("all", &all)
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	var list []pos.Exception
	refunds := map[int64]*pos.Refund{} // by the exception resolved with them
	err = ledger.View(ctx, func(tx pos.Tx) (err error) {
		if list, err = tx.OpenExceptions(); err != nil || !all {
			return err
		}
		resolved, err := tx.ResolvedExceptions(manyExceptions)
		for i := range resolved {
			made, err := tx.RefundsOf(resolved[i].OutTradeNo)
			if err != nil {
				return err
			}
			refunds[resolved[i].ID] = refundOf(&resolved[i], made)
		}
		list = append(list, resolved...)
		return err
	})
	if err != nil {
		return err
	}
	for i := range list {
		a.listException(&list[i], refunds[list[i].ID], cfg.Shop.TimeZone)
	}
	if len(list) == 0 && !a.json {
		fmt.Fprintln(a.out, a.lang.T("Nothing waits for a decision."))
	}
	return nil
}

// listException prints one with its story and how to decide it.
func (a *app) listException(x *pos.Exception, refund *pos.Refund, zone *time.Location) {
	l := a.lang
	story := l.Error(x.Story())
	choices := x.Choices()
	words := fmt.Sprintf("%d  %s  %s\n   %s", x.ID, clock(x.CreatedAt, zone), x.OutTradeNo, story)
	for _, c := range choices {
		words += "\n   " + fmt.Sprintf("saomactl resolve %d %s", x.ID, c)
		if c == pos.NoteAndForget {
			words += " --note TEXT"
		}
	}
	if x.Resolution != "" {
		words += "\n   " + a.decision(x, refund, zone)
	}
	a.emit(listedException{viewException(x, zone), story, append([]pos.Resolution{}, choices...)}, words)
}
