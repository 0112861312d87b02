package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// reports is the hub's tab of what came in: a day, a week or a month, as sums, charts and tables, and as files.
type reports struct {
	c      *Cashier
	whole  fyne.CanvasObject
	period report.Period
	made   *report.Report
	reads  int
	table  int // which of the report's tables is shown
	format int // of formats
	single bool

	exporting bool
	done      float64 // of what is exported, 0 to 1
	stop      context.CancelFunc
	foot      *fyne.Container
	from, to  *kit.Entry // of a range
}

// formats are what a report is written as, in the order of the button.
var formats = []string{"xlsx", "csv", "pdf", "json"}

func newReports(c *Cashier) *reports {
	r := &reports{c: c, foot: container.NewStack(), from: kit.NewEntry("2026-01-31", c.onKey), to: kit.NewEntry("2026-01-31", c.onKey)}
	r.from.OnEnter, r.to.OnEnter = r.onRange, r.onRange
	r.turn(report.OneDay, c.till.Shop.Day(time.Now()))
	return r
}

func (r *reports) object() fyne.CanvasObject { return r.whole }

// read makes the report anew.
func (r *reports) read() {
	asked := r.period
	var made *report.Report
	r.c.latest(&r.reads, func(ctx context.Context) (err error) {
		made, err = report.Make(ctx, r.c.opts.Reports, r.c.till.Shop, asked, time.Now())
		return err
	}, func() {
		r.made = made
		r.update()
	})
}

func (r *reports) update() {
	var body fyne.CanvasObject = container.NewStack()
	if r.made != nil {
		body = kit.Row(0, kit.Share(42, kit.Section(r.charts())), kit.Fixed(kit.Rule()), kit.Share(58, kit.Section(r.tables())))
	}
	r.drawFoot()
	r.whole = kit.Col(0, kit.Fixed(kit.Inset(10, 18, r.head())), kit.Fixed(kit.Rule()), kit.Grow(1, body), kit.Fixed(kit.Rule()), kit.Fixed(kit.Inset(10, 18, r.foot)))
	if h, ok := r.c.page.(*hub); ok && h.tabs[h.at].made == page(r) {
		h.body.Objects = []fyne.CanvasObject{r.whole}
		h.body.Refresh()
	}
}

// charts are the left half: the sums, and how they came about.
func (r *reports) charts() fyne.CanvasObject {
	l, m := r.c.l, r.made
	fees := m.Total.FeesText()
	if m.Total.Fees.Known {
		fees = "¥" + fees
	}
	items := []kit.Item{
		kit.Fixed(kit.Row(12, kit.Share(1, r.figure(l.T("Net"), "¥"+m.Total.Net.String(), 34)), kit.Share(1, r.figure(r.compared(), "¥"+m.Before.Net.String(), 24)))),
		kit.Fixed(kit.Row(12, kit.Share(1, r.figure(l.T("Paid ¥"), "¥"+m.Total.Paid.String(), 20)), kit.Share(1, r.figure(l.T("Refunded ¥"), "¥"+m.Total.Refunded.String(), 20)),
			kit.Share(1, r.figure(m.Total.FeesName(l), fees, 20)))),
		kit.Fixed(kit.Row(12, kit.Share(1, r.figure(l.T("Payments"), strconv.FormatInt(m.Total.PaidCount, 10), 20)),
			kit.Share(1, r.figure(l.T("Average"), "¥"+m.Total.Average.String(), 20)), kit.Share(1, container.NewStack()))),
	}
	var shares []kit.Bar
	var legend []kit.Item
	for _, w := range m.Wallets {
		shares = append(shares, kit.Bar{Value: float64(w.Paid), Color: markOf(w.Wallet).Color})
		legend = append(legend, kit.Share(1, kit.Row(8, kit.Fixed(container.NewCenter(markOf(w.Wallet).Disc(22))),
			kit.Grow(1, kit.NewFit(l.T(w.Wallet.Name())+" "+percent(w.Paid, m.Total.Paid), 15, kit.Ink, false, 1)))))
	}
	items = append(items, kit.Fixed(kit.NewShares(shares)), kit.Fixed(kit.Row(8, legend...)))
	what, chart := l.T("By hour"), kit.NewBars(r.hours(), kit.Busy)
	if m.From != m.To {
		what, chart = l.T("By day"), kit.NewLine(r.days(), kit.Busy)
	}
	return kit.Col(10, append(items, kit.Fixed(kit.NewText(what, 15, kit.Muted, false)), kit.Grow(1, chart))...)
}

func (r *reports) figure(what, value string, size float32) fyne.CanvasObject {
	return kit.Col(0, kit.Fixed(kit.NewFit(what, 14, kit.Muted, false, 1)), kit.Fixed(kit.NewFit(value, size, kit.Ink, true, 1)))
}

// compared says how the net compares with the period before.
func (r *reports) compared() string {
	l, now, before := r.c.l, r.made.Total.Net, r.made.Before.Net
	switch {
	case before <= 0 || now == before:
		return l.T("before: %s", r.period.Before().String())
	case now > before:
		return l.T("▲ %s on %s", percent(now-before, before), r.period.Before().String())
	}
	return l.T("▼ %s on %s", percent(before-now, before), r.period.Before().String())
}

// percent is a part of a whole with no decimals.
func percent(part, whole pos.Fen) string {
	if whole <= 0 {
		return "0 %"
	}
	return fmt.Sprintf("%d %%", (part*100+whole/2)/whole)
}

// hours are the bars of the day's hours from the first to the last with a sale; few enough to have their labels.
func (r *reports) hours() []kit.Bar {
	if len(r.made.Hours) == 0 {
		return nil
	}
	first, last := *r.made.Hours[0].Hour, *r.made.Hours[len(r.made.Hours)-1].Hour
	first, last = max(min(first, last-7), 0), min(max(last, first+7), 23)
	bars := make([]kit.Bar, last-first+1)
	for i := range bars {
		bars[i].Label = strconv.Itoa(first + i)
	}
	for _, h := range r.made.Hours {
		bars[*h.Hour-first].Value = float64(h.Paid)
	}
	return bars
}

// days are the line of the period's days.
func (r *reports) days() []kit.Bar {
	paid := map[pos.Day]pos.Fen{}
	for _, d := range r.made.Days {
		paid[d.Day] = d.Paid
	}
	var bars []kit.Bar
	today := r.c.till.Shop.Day(time.Now())
	for day := r.period.From; day <= min(r.period.To, max(today, r.period.From)); day = day.Add(1) {
		bar := kit.Bar{Value: float64(paid[day])}
		if number := strings.TrimLeft(string(day[len(day)-2:]), "0"); r.period.Days() <= 7 || (len(bars)%5 == 0) {
			bar.Label = number
		}
		bars = append(bars, bar)
	}
	return bars
}

// tables are the right half: one of the report's tables, chosen by buttons.
func (r *reports) tables() fyne.CanvasObject {
	all := r.made.Tables(r.c.l)
	r.table = min(r.table, len(all)-1)
	var names []kit.Item
	for i, t := range all {
		look := kit.SmallLook
		if i == r.table {
			look.Fill, look.Ink = kit.StrongLook.Fill, kit.StrongLook.Ink
		}
		names = append(names, kit.Fixed(kit.NewButton(t.Title, "", "", look, func() { r.table = i; r.update() })))
	}
	pane := kit.NewPane()
	pane.Set(tableOf(all[r.table]))
	return kit.Col(12, kit.Fixed(kit.Row(6, append(names, kit.Gap(1))...)), kit.Grow(1, pane))
}

// tableOf draws a table; numbers are to the right, and the last row is the total.
func tableOf(t report.Table) fyne.CanvasObject {
	lines := [][]string{t.Header}
	for _, cells := range t.Rows {
		text := make([]string, len(cells))
		for i, c := range cells {
			text[i] = c.String()
		}
		lines = append(lines, text)
	}
	widths := make([]float32, len(t.Header)) // each column has room by its longest word
	for n, text := range lines {
		size := float32(tableText)
		if n == 0 {
			size = tableHead
		}
		for i, s := range text {
			widths[i] = max(widths[i], fyne.MeasureText(s, size, fyne.TextStyle{Bold: true}).Width)
		}
	}
	rows := []kit.Item{kit.Fixed(tableRow(t.Header, t.Rows[0], widths, tableHead, kit.Muted, true))}
	for i, cells := range t.Rows {
		last := i == len(t.Rows)-1
		if last {
			rows = append(rows, kit.Fixed(kit.Rule()))
		}
		rows = append(rows, kit.Fixed(tableRow(lines[i+1], cells, widths, tableText, kit.Ink, last)))
	}
	return kit.Col(7, rows...)
}

// The sizes of a table's words, where they fit.
const tableHead, tableText = 12, 14

func tableRow(text []string, like []report.Cell, widths []float32, size float32, ink kit.Colour, bold bool) fyne.CanvasObject {
	items := make([]kit.Item, len(text))
	for i, s := range text {
		cell := kit.NewFit(s, size, ink, bold, 1)
		if like[i].Kind == report.Count || like[i].Kind == report.Money {
			cell.Align = fyne.TextAlignTrailing
		}
		items[i] = kit.Share(widths[i], cell)
	}
	return kit.Row(8, items...)
}

// drawFoot is how the report becomes a file: what, as what, and how far it is.
func (r *reports) drawFoot() {
	l := r.c.l
	if r.c.opts.Export == nil {
		return
	}
	if r.exporting {
		part := max(r.done, 0.02)
		bar := kit.NewShares([]kit.Bar{{Value: part, Color: kit.Busy}, {Value: 1 - part, Color: kit.Line}})
		r.foot.Objects = []fyne.CanvasObject{kit.Row(12, kit.Grow(1, kit.Col(0, kit.Gap(1), kit.Fixed(bar), kit.Gap(1))), kit.Fixed(kit.NewButton(l.T("Cancel"), "Esc", "", kit.PlainLook, r.cancel)))}
		r.foot.Refresh()
		return
	}
	what := l.T("Sums")
	if r.single {
		what = l.T("Payments one by one")
	}
	r.foot.Objects = []fyne.CanvasObject{kit.Row(10,
		kit.Fixed(kit.NewButton(what, "", "", kit.PlainLook, func() { r.single = !r.single; r.drawFoot() })),
		kit.Fixed(kit.NewButton(strings.ToUpper(formats[r.format]), "", "", kit.PlainLook, func() { r.format = (r.format + 1) % len(formats); r.drawFoot() })),
		kit.Gap(1),
		kit.Fixed(kit.NewButton(l.T("Export"), "F3", "", kit.StrongLook, r.export)))}
	r.foot.Refresh()
}

func (r *reports) onKey(k fyne.KeyName) bool {
	switch {
	case k == fyne.KeyEscape && r.exporting:
		r.cancel()
	case k == fyne.KeyF3:
		r.export()
	default:
		return false
	}
	return true
}
