package ui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// turn shows the period of a kind that has day in it.
func (r *reports) turn(kind report.PeriodKind, day pos.Day) {
	p, err := report.Around(kind, day)
	r.show(p, err)
}

// show shows a period, or why there is none.
func (r *reports) show(p report.Period, err error) {
	if err != nil {
		r.c.complain(err)
		return
	}
	r.period, r.made, r.table = p, nil, 0
	r.from.SetText(string(p.From))
	r.to.SetText(string(p.To))
	r.update()
	r.read()
}

// onRange shows the days that are keyed in.
func (r *reports) onRange() {
	p, err := report.Between(pos.Day(strings.TrimSpace(r.from.Text)), pos.Day(strings.TrimSpace(r.to.Text)))
	if err == nil {
		r.c.settleDown() // what was wrong before
		r.c.render()
	}
	r.show(p, err)
}

// head chooses the period.
func (r *reports) head() fyne.CanvasObject {
	l := r.c.l
	kind := func(k report.PeriodKind, name string, do func()) kit.Item {
		look := kit.PlainLook
		if k == r.period.Kind {
			look = kit.StrongLook
		}
		return kit.Fixed(kit.NewButton(name, "", "", look, do))
	}
	around := func(k report.PeriodKind, name string) kit.Item {
		return kind(k, name, func() { r.turn(k, r.anchor()) })
	}
	var which fyne.CanvasObject = kit.NewFit(r.period.String(), 20, kit.Ink, true, 1).Centred()
	if r.period.Kind == report.Range {
		which = kit.Row(8, kit.Gap(1), kit.Fixed(kit.AtLeast(150, 0, r.from)), kit.Fixed(kit.NewText("–", 20, kit.Ink, true)), kit.Fixed(kit.AtLeast(150, 0, r.to)),
			kit.Fixed(kit.NewButton(l.T("Show"), "Enter", "", kit.PlainLook, r.onRange)), kit.Gap(1))
	}
	next := r.period.After()
	later := kit.NewButton("→", "", "", kit.PlainLook, func() { r.show(next, nil) })
	later.SetDisabled(next.From > r.c.till.Shop.Day(time.Now()))
	return kit.Row(8,
		around(report.OneDay, l.T("Day")), around(report.Week, l.T("Week")), around(report.Month, l.T("Month")), kind(report.Range, l.T("Range"), r.onRange),
		kit.Fixed(kit.NewButton("←", "", "", kit.PlainLook, func() { r.show(r.period.Before(), nil) })),
		kit.Grow(1, which), kit.Fixed(later))
}

// anchor is the day that a change of the kind keeps: today where it is in the period, else its first day.
func (r *reports) anchor() pos.Day {
	if today := r.c.till.Shop.Day(time.Now()); r.period.From <= today && today <= r.period.To {
		return today
	}
	return r.period.From
}
