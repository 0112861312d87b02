package main

import (
	"context"
	"fmt"
	"strings"
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
	err = ledger.View(ctx, func(tx pos.Tx) (err error) {
		if list, err = tx.OpenExceptions(); err != nil || !all {
			return err
		}
		resolved, err := tx.ResolvedExceptions(manyExceptions)
		list = append(list, resolved...)
		return err
	})
	if err != nil {
		return err
	}
	for i := range list {
		a.listException(&list[i], cfg.Shop.TimeZone)
	}
	if len(list) == 0 && !a.json {
		fmt.Fprintln(a.out, a.lang.T("Nothing waits for a decision."))
	}
	return nil
}

// listException prints one with its story and how to decide it.
func (a *app) listException(x *pos.Exception, zone *time.Location) {
	l := a.lang
	story := l.Error(x.Story())
	choices := x.Choices()
	words := fmt.Sprintf("%d  %s  %s\n   %s", x.ID, clock(x.CreatedAt, zone), x.OutTradeNo, story)
	if x.Resolution == "" {
		var options []string
		for _, c := range choices {
			options = append(options, string(c))
		}
		words += fmt.Sprintf("\n   saomactl resolve %d %s --note …", x.ID, strings.Join(options, "|"))
	} else {
		words += "\n   " + a.decision(x, zone)
	}
	a.emit(listedException{viewException(x, zone), story, append([]pos.Resolution{}, choices...)}, words)
}

// decision says how an exception was resolved.
func (a *app) decision(x *pos.Exception, zone *time.Location) string {
	words := a.lang.T("%s by %s at %s", resolutionName(a.lang, x.Resolution), x.ResolvedBy, clock(x.ResolvedAt, zone))
	if x.Note != "" {
		words += ": " + x.Note
	}
	return words
}
