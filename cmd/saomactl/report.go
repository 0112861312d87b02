package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/sheet"
	"saoma/pos"
	"saoma/pos/report"
)

// report prints or writes the report of a day, a week, a month or a range, or its payments one by one.
func (a *app) report(ctx context.Context, f *flags, args []string) error {
	on, format, out := f.text("day", "YYYY-MM-DD"), f.text("format", "csv|xlsx|pdf|json"), f.text("o", "FILE")
	per, from, to := f.text("per", "day|week|month"), f.text("from", "YYYY-MM-DD"), f.text("to", "YYYY-MM-DD")
	var payments bool
	f.toggle("payments", &payments)
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	choice := periodFlags{on: *on, per: *per, from: *from, to: *to}
	if _, err := choice.period(f, pos.Shop{TimeZone: time.UTC}); err != nil {
		return err
	}
	e, err := a.export(f, *format, payments)
	if err != nil {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	if e.Period, err = choice.period(f, cfg.Shop); err != nil {
		return err
	}
	e.Source, e.Shop, e.Now = ledger, cfg.Shop, time.Now()
	switch {
	case f.given("o"):
		return a.reportFile(ctx, e, *out)
	case e.Format != "":
		return e.Write(ctx, a.out)
	}
	r, err := report.Make(ctx, ledger, cfg.Shop, e.Period, e.Now)
	if err != nil {
		return err
	}
	return a.writeText(a.out, r)
}

// export is what --format, -o and --payments ask for. Its format is empty where a table for the terminal is meant.
func (a *app) export(f *flags, format string, payments bool) (*sheet.Export, error) {
	e := &sheet.Export{Words: a.lang, Orders: payments, Format: format}
	switch {
	case f.given("format"):
		if !slices.Contains(sheet.Formats, format) {
			return nil, pos.Errorf(pos.Invalid, "--format must be csv, xlsx, pdf or json, not %q.", format)
		}
	case a.json:
		e.Format = "json"
	case payments:
		e.Format = "csv"
	}
	if (e.Format == "xlsx" || e.Format == "pdf") && !f.given("o") && a.terminal() {
		return nil, pos.Errorf(pos.Invalid, "-o is missing: --format %s is written to a file; name it, such as -o report.%s", format, format)
	}
	if e.Format == "" {
		return e, nil
	}
	return e, e.Check()
}

// reportFile writes the report to a file; without a format, what its name ends with, and else the table.
func (a *app) reportFile(ctx context.Context, e *sheet.Export, file string) error {
	if ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."); e.Format == "" && slices.Contains(sheet.Formats, ending) {
		e.Format = ending
	}
	var err error
	if e.Format != "" {
		err = e.WriteTo(ctx, file)
	} else {
		var r *report.Report
		var text bytes.Buffer
		if r, err = report.Make(ctx, e.Source, e.Shop, e.Period, e.Now); err == nil {
			if err = a.writeText(&text, r); err == nil {
				err = config.WriteAtomic(file, text.Bytes())
			}
		}
	}
	if err != nil {
		return pos.Errorf(pos.Invalid, "-o %s cannot be written; name a file in a folder that exists.", file).Because(err)
	}
	a.emit(struct {
		Event string  `json:"event"`
		Day   pos.Day `json:"day,omitempty"`
		From  pos.Day `json:"from"`
		To    pos.Day `json:"to"`
		File  string  `json:"file"`
	}{"report", onlyDay(e.Period), e.Period.From, e.Period.To, file}, a.lang.T("The report of %s is in %s.", e.Period.String(), file))
	return nil
}

// onlyDay is the day of a period that has one.
func onlyDay(p report.Period) pos.Day {
	if p.Kind == report.OneDay {
		return p.From
	}
	return ""
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
