package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
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
	if _, err := day(*on, f.given("day"), pos.Shop{TimeZone: time.UTC}); err != nil {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	d, err := day(*on, f.given("day"), cfg.Shop)
	if err != nil {
		return err
	}
	r, err := report.ForDay(ctx, ledger, cfg.Shop, d, time.Now())
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
		Day   pos.Day `json:"day"`
		File  string  `json:"file"`
	}{"report", d, *out}, a.lang.T("The report of %s is in %s.", string(d), *out))
	return nil
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
	if _, err := fmt.Fprintf(w, "%s  %s\n", r.Shop, a.lang.T("Day report of %s", string(r.Day))); err != nil {
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
