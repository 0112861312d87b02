package main

import (
	"context"
	"fmt"
	"strings"

	"saoma/db"
)

// verify checks every invariant of the ledger.
func (a *app) verify(ctx context.Context, f *flags, args []string) error {
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	_, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	result, err := ledger.Verify(ctx, db.VerifyOptions{})
	if err != nil {
		return err
	}
	var broken int64
	for _, c := range result.Checks {
		broken += c.Broken
		mark := "ok "
		if c.Broken > 0 {
			mark = "BAD"
		}
		words := fmt.Sprintf("%s  %-24s %6d  %s", mark, c.Name, c.Counted, a.lang.T(c.Rule))
		for _, v := range c.Violations {
			words += "\n       " + v
		}
		a.emit(struct {
			Event      string   `json:"event"`
			Name       string   `json:"name"`
			Counted    int64    `json:"counted"`
			Broken     int64    `json:"broken"`
			Violations []string `json:"violations"`
		}{"check", c.Name, c.Counted, c.Broken, append([]string{}, c.Violations...)}, words)
	}
	return a.verdict(broken)
}

// verdict is verify's last line.
func (a *app) verdict(broken int64) error {
	words := a.lang.T("The ledger holds every rule.")
	if broken > 0 {
		words = a.lang.T("The ledger breaks its rules; broken rows: %d. Keep the file as it is and call for help.", broken)
	}
	a.emit(struct {
		Event  string `json:"event"`
		OK     bool   `json:"ok"`
		Broken int64  `json:"broken"`
	}{"verify", broken == 0, broken}, strings.TrimSpace(words))
	if broken > 0 {
		return errSaid
	}
	return nil
}
