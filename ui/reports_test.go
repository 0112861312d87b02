package ui

import (
	"context"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos/report"
)

// past gives the counter's window the reports of a ledger with sales of the last 70 days, whose fees are known until noon
// of yesterday.
func (c *counter) past() {
	c.t.Helper()
	noon := c.till.Shop.Day(time.Now()).Add(-1).Midnight(c.till.Shop.TimeZone).Add(12 * time.Hour)
	dir := c.t.TempDir()
	if err := dbtest.Seed(c.t.Context(), dir, dbtest.Sales{
		Orders: 2000, Days: 70, Until: time.Now(), Shop: c.till.Shop, Cashiers: []string{"李", "王小明"}, FeesUntil: noon,
	}); err != nil {
		c.t.Fatal(err)
	}
	l, err := db.OpenReadOnly(c.t.Context(), dir)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { l.Close() })
	c.opts.Reports = l
}

func TestReportsInTheWindow(t *testing.T) {
	for _, l := range words.All {
		t.Run(string(l), func(t *testing.T) {
			c := newCounter(t)
			c.opts.Language = l
			c.past()
			release := make(chan struct{})
			var got []ExportRequest
			c.opts.Export = func(ctx context.Context, e ExportRequest, _ words.Language, progress func(done, total int64)) (string, error) {
				got = append(got, e)
				progress(500, 1000)
				select {
				case <-release:
					return "/reports/week.csv", nil
				case <-ctx.Done():
					return "", ctx.Err()
				}
			}
			ui := c.open(1024, 768)
			c.press(fyne.KeyF4)
			h := ui.page.(*hub)
			h.show(1)
			var r *reports
			c.until("today", func() bool {
				r, _ = h.tabs[1].made.(*reports)
				return r != nil && r.made != nil && r.made.Kind == report.OneDay
			})
			shot(t, ui.win.Canvas(), "reports-day-"+string(l))
			r.turn(report.Month, r.period.Before().From)
			c.until("the month", func() bool {
				return r.made != nil && r.made.Kind == report.Month && c.sees("¥"+r.made.Total.Net.String())
			})
			shot(t, ui.win.Canvas(), "reports-month-"+string(l))
			if s := r.made.Total; s.Fees.Amount == 0 || s.FeesUnknown == 0 || !c.sees(s.Fees.String()) || !c.sees(ui.l.T("Fees ¥ (%d unknown)", s.FeesUnknown)) {
				t.Errorf("fees %+v, %d unknown, are not shown", s.Fees, s.FeesUnknown)
			}
			if len(r.made.Tables(c.ui.l)) != 6 || !c.sees(r.made.Tables(c.ui.l)[0].Title) {
				t.Errorf("tables %d", len(r.made.Tables(c.ui.l)))
			}
			r.turn(report.Week, r.anchor())
			c.until("the week", func() bool { return r.made != nil && r.made.Kind == report.Week })

			week := r.period
			r.onRange()
			r.to.SetText(string(week.From.Add(-1)))
			if r.onRange(); ui.state.Sentence() != ui.l.T("The period ends on %s, before it begins on %s.", week.From.Add(-1), week.From) || r.period.Kind != report.Range {
				t.Errorf("%q, %v", ui.state.Sentence(), r.period)
			}
			r.from.SetText(string(week.From.Add(-9)))
			r.onRange()
			c.until("nine days", func() bool { return r.made != nil && r.made.Period().Days() == 9 && r.made.Kind == report.Range })
			if got := ui.state.Sentence(); got != ui.l.T("Key in an amount, then choose a wallet.") {
				t.Errorf("it goes on saying %q", got)
			}
			shot(t, ui.win.Canvas(), "reports-range-"+string(l))

			r.single, r.format = true, slices.Index(formats, "csv")
			c.press(fyne.KeyF3)
			c.until("half of it", func() bool { return r.exporting && r.done == 0.5 })
			shot(t, ui.win.Canvas(), "reports-export-"+string(l))
			c.press(fyne.KeyEscape)
			c.until("given up", func() bool { return !r.exporting && ui.state.Sentence() == ui.l.T("Nothing was exported.") })
			c.press(fyne.KeyF3)
			c.until("half of it again", func() bool { return r.exporting && r.done == 0.5 })
			close(release)
			c.until("the file", func() bool {
				return !r.exporting && ui.state.Sentence() == ui.l.T("The file is %s.", "/reports/week.csv")
			})
			if len(got) != 2 || got[1].Format != "csv" || !got[1].Payments || got[1].Period != r.period || got[1].Folder == "" {
				t.Errorf("asked for %+v", got)
			}
		})
	}
}
