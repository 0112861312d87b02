package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/pos"
	"saoma/pos/report"
)

// auditOnScreen is how many rows are shown where no format is asked for: the newest.
const auditOnScreen = 100

// audit prints or writes the audit chain, and tells whether it is whole.
func (a *app) audit(ctx context.Context, f *flags, args []string) error {
	action, subject := f.text("action", "ACTION"), f.text("about", "NO")
	since, until := f.text("since", "YYYY-MM-DD"), f.text("until", "YYYY-MM-DD")
	format, out := f.text("format", "csv|json"), f.text("o", "FILE")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if f.given("format") && *format != "csv" && *format != "json" {
		return pos.Errorf(pos.Invalid, "--format must be csv or json, not %q.", *format)
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	for _, code := range report.AuditActions {
		if *action == report.AuditAction(a.lang, code) { // as it is shown
			*action = code
		}
	}
	filter := pos.AuditFilter{Actor: a.user, Action: *action, Subject: *subject}
	if filter.Since, err = moment("--since", *since, cfg.Shop.TimeZone, 0); err != nil {
		return err
	}
	if filter.Until, err = moment("--until", *until, cfg.Shop.TimeZone, 1); err != nil {
		return err
	}
	write := a.auditWriter(*format, f.given("o"), &filter, cfg.Shop.TimeZone)
	rows := report.AuditRows(ctx, ledger.AuditRows, filter)
	if f.given("o") {
		err = a.auditFile(*out, rows, write)
	} else {
		to := bufio.NewWriter(a.out)
		if err = write(to, rows); err == nil {
			err = to.Flush()
		}
	}
	if err != nil {
		return err
	}
	return a.chain(ctx, ledger, *format == "csv" && !f.given("o"))
}

type auditRows = iter.Seq2[pos.AuditRow, error]

// auditWriter chooses how rows are written, and how many.
func (a *app) auditWriter(format string, toFile bool, filter *pos.AuditFilter, zone *time.Location) func(io.Writer, auditRows) error {
	switch {
	case format == "json", format == "" && a.json:
		return func(w io.Writer, rows auditRows) error { return report.WriteAuditJSON(w, rows, zone) }
	case format == "csv", toFile:
		return func(w io.Writer, rows auditRows) error { return report.WriteAuditCSV(w, a.lang, rows, zone) }
	}
	filter.Limit = auditOnScreen
	return func(w io.Writer, rows auditRows) error {
		table := [][]string{report.AuditHeader(a.lang)}
		for r, err := range rows {
			if err != nil {
				return err
			}
			table = append(table, report.AuditWords(a.lang, r, zone))
		}
		_, err := fmt.Fprint(w, columns(table, func(col int) bool { return col == 0 }))
		return err
	}
}

func (a *app) auditFile(file string, rows auditRows, write func(io.Writer, auditRows) error) error {
	var text bytes.Buffer
	if err := write(&text, rows); err != nil {
		return err
	}
	if err := config.WriteAtomic(file, text.Bytes()); err != nil {
		return pos.Errorf(pos.Invalid, "-o %s cannot be written; name a file in a folder that exists.", file).Because(err)
	}
	return nil
}

// chain tells the state of the whole chain: beside a CSV on the output, as a warning would be.
func (a *app) chain(ctx context.Context, ledger *db.Ledger, aside bool) error {
	c, err := ledger.AuditChain(ctx)
	if err != nil {
		return err
	}
	words := a.lang.T("The audit chain is whole. Rows: %d; its head is %s.", c.Rows, c.Head)
	if c.Broken > 0 {
		words = a.lang.T("The audit chain is broken at row %d; rows that are not what was written: %d. Keep the file as it is and call for help.", c.First, c.Broken)
	}
	if aside {
		a.warn(words)
	} else {
		a.emit(struct {
			Event  string `json:"event"`
			Rows   int64  `json:"rows"`
			Head   string `json:"head"`
			Broken int64  `json:"broken"`
			First  int64  `json:"first_broken,omitempty"`
		}{"chain", c.Rows, c.Head, c.Broken, c.First}, words)
	}
	if c.Broken > 0 {
		return errSaid
	}
	return nil
}

// moment reads a date, or a date and a time, in the shop's zone, or RFC 3339; a date alone is its midnight,
// days later. Empty is the zero time.
func moment(flag, text string, zone *time.Location, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t.AddDate(0, 0, days), nil
	}
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, pos.Errorf(pos.Invalid, "%s must be a date such as 2026-01-31, or a time such as \"2026-01-31 18:30\".", flag)
}
