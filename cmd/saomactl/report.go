package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/sheet"
	"saoma/pos"
	"saoma/pos/report"
)

// report prints or writes a day's report.
func (a *app) report(ctx context.Context, f *flags, args []string) error {
	on, format, out := f.text("day", "YYYY-MM-DD"), f.text("format", "csv|xlsx|pdf|json"), f.text("o", "FILE")
	per, from, to := f.text("per", "day|week|month"), f.text("from", "YYYY-MM-DD"), f.text("to", "YYYY-MM-DD")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	write, err := a.writer(*format, f.given("format"))
	if err != nil {
		return err
	}
	if (*format == "xlsx" || *format == "pdf") && !f.given("o") && a.terminal() {
		return pos.Errorf(pos.Invalid, "-o is missing: --format %s is written to a file; name it, such as -o report.%s", *format, *format)
	}
	choice := periodFlags{on: *on, per: *per, from: *from, to: *to}
	if _, err := choice.period(f, pos.Shop{TimeZone: time.UTC}); err != nil {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	p, err := choice.period(f, cfg.Shop)
	if err != nil {
		return err
	}
	r, err := report.Make(ctx, ledger, cfg.Shop, p, time.Now())
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := write(&text, r); err != nil {
		return err
	}
	if !f.given("o") {
		_, err := text.WriteTo(a.out)
		return err
	}
	if err := config.WriteAtomic(*out, text.Bytes()); err != nil {
		return pos.Errorf(pos.Invalid, "-o %s cannot be written; name a file in a folder that exists.", *out).Because(err)
	}
	a.emit(struct {
		Event string  `json:"event"`
		Day   pos.Day `json:"day,omitempty"`
		From  pos.Day `json:"from"`
		To    pos.Day `json:"to"`
		File  string  `json:"file"`
	}{"report", r.Day, p.From, p.To, *out}, a.lang.T("The report of %s is in %s.", p.String(), *out))
	return nil
}

// periodFlags are the ways to say which days a report is about.
type periodFlags struct{ on, per, from, to string }

// period is what the flags say: a range, or the day, week or month that has --day, today without it.
func (c periodFlags) period(f *flags, shop pos.Shop) (report.Period, error) {
	if f.given("from") || f.given("to") {
		if f.given("day") || f.given("per") || !f.given("from") || !f.given("to") {
			return report.Period{}, pos.Errorf(pos.Invalid, "--from and --to belong together, without --day and --per.")
		}
		return report.Between(pos.Day(c.from), pos.Day(c.to))
	}
	d, err := day(c.on, f.given("day"), shop)
	if err != nil {
		return report.Period{}, err
	}
	kind := report.PeriodKind(c.per)
	if !f.given("per") {
		kind = report.OneDay
	}
	if !slices.Contains(report.Periods, kind) {
		return report.Period{}, pos.Errorf(pos.Invalid, "--per must be day, week or month, not %q.", c.per)
	}
	return report.Around(kind, d)
}

// terminal reports whether the output goes to a person's screen, which a workbook would garble.
func (a *app) terminal() bool {
	file, ok := a.out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// writer chooses how a report is written.
func (a *app) writer(format string, given bool) (func(io.Writer, *report.Report) error, error) {
	switch {
	case !given && a.json, format == "json":
		return func(w io.Writer, r *report.Report) error { return r.WriteJSON(w) }, nil
	case !given:
		return a.writeText, nil
	case format == "csv":
		return func(w io.Writer, r *report.Report) error { return r.WriteCSV(w, a.lang) }, nil
	case format == "xlsx":
		return func(w io.Writer, r *report.Report) error { return sheet.XLSX(w, r, a.lang) }, nil
	case format == "pdf":
		return func(w io.Writer, r *report.Report) error { return sheet.PDF(w, r, a.lang) }, nil
	}
	return nil, pos.Errorf(pos.Invalid, "--format must be csv, xlsx, pdf or json, not %q.", format)
}

// writeText writes the report as tables for the terminal.
func (a *app) writeText(w io.Writer, r *report.Report) error {
	if _, err := fmt.Fprintf(w, "%s  %s\n", r.Shop, r.Heading(a.lang)); err != nil {
		return err
	}
	for _, t := range r.Tables(a.lang) {
		rows := [][]string{t.Header}
		for _, cells := range t.Rows {
			var row []string
			for _, c := range cells {
				row = append(row, c.String())
			}
			rows = append(rows, row)
		}
		number := func(col int) bool {
			k := t.Rows[0][col].Kind
			return k == report.Count || k == report.Money
		}
		text := t.Title + "\n  " + strings.ReplaceAll(strings.TrimRight(columns(rows, number), "\n"), "\n", "\n  ")
		if _, err := fmt.Fprintf(w, "\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}
