package main

import (
	"context"
	"regexp"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/pos"
)

// open opens the whole counter; it fails while another process has the data folder.
func (a *app) open(ctx context.Context) (*counter.Counter, error) {
	dir, err := a.dir()
	if err != nil {
		return nil, err
	}
	return counter.Open(ctx, dir, counter.Options{Ask: a.asker(), Upgrading: a.upgrading})
}

// upgrading says why opening the ledger takes a while.
func (a *app) upgrading() {
	a.warn(a.lang.T("The ledger is brought up to this version of the program; with years of sales this takes a while."))
}

// read opens the ledger for reading, beside a running counter or without one.
func (a *app) read(ctx context.Context) (*config.Config, *db.Ledger, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	l, err := db.OpenReadOnly(ctx, cfg.Dir)
	return cfg, l, err
}

// named puts the flag's name before the sentence that refuses its value.
func named(flag string, err error) error {
	return pos.Errorf(pos.CodeOf(err), "%s: %s", flag, err)
}

// duration reads a Go duration; an empty one is the fallback.
func duration(flag, text string, fallback, least, most time.Duration) (time.Duration, error) {
	if text == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		return 0, pos.Errorf(pos.Invalid, "%s must be a duration from %s to %s, such as 90s or 5m.", flag, short(least), short(most))
	}
	return d, nil
}

// short is a duration without the units that are zero at its end: 1h56m, not 1h56m0s.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// day reads --day; without it, it is the shop's business day of now.
func day(text string, given bool, shop pos.Shop) (pos.Day, error) {
	if !given {
		return shop.Day(time.Now()), nil
	}
	d, err := pos.ParseDay(text)
	if err != nil {
		return "", pos.Errorf(pos.Invalid, "--day must be a date such as 2026-01-31, not %q.", text)
	}
	return d, nil
}

var number = regexp.MustCompile(`^[0-9A-Z]{6,64}$`)

// orderNo reads an out_trade_no as a person may have copied it.
func orderNo(text string) (string, error) {
	no := strings.ToUpper(strings.TrimSpace(text))
	if !number.MatchString(no) {
		return "", pos.Errorf(pos.Invalid, "NO %q is not an out_trade_no; it has 6 to 64 of the characters 0-9 and A-Z.", text)
	}
	return no, nil
}
