package report

import (
	"time"

	"saoma/pos"
)

// Period is a range of business days, both ends included.
type Period struct {
	Kind     PeriodKind
	From, To pos.Day
}

// PeriodKind is what a period is called.
type PeriodKind string

const (
	OneDay PeriodKind = "day"
	Week   PeriodKind = "week" // Monday to Sunday
	Month  PeriodKind = "month"
	Range  PeriodKind = "range"
)

// Periods are the kinds that follow from one day, in the order shown to people.
var Periods = []PeriodKind{OneDay, Week, Month}

// Around is the period of a kind that has day in it. The error says that day is no date.
func Around(kind PeriodKind, day pos.Day) (Period, error) {
	if _, err := pos.ParseDay(string(day)); err != nil {
		return Period{}, err
	}
	at := begin(day)
	switch kind {
	case Week:
		monday := day.Add(-(int(at.Weekday()) + 6) % 7)
		return Period{Week, monday, monday.Add(6)}, nil
	case Month:
		first := day.Add(1 - at.Day())
		return Period{Month, first, date(begin(first).AddDate(0, 1, -1))}, nil
	}
	return Period{OneDay, day, day}, nil
}

// maxDays bounds a range, so that a slip of the keyboard asks for no century.
const maxDays = 3660

// Between is the range of business days from..to.
func Between(from, to pos.Day) (Period, error) {
	first, err1 := pos.ParseDay(string(from))
	last, err2 := pos.ParseDay(string(to))
	switch {
	case err1 != nil:
		return Period{}, err1
	case err2 != nil:
		return Period{}, err2
	case last < first:
		return Period{}, pos.Errorf(pos.Invalid, "The period ends on %s, before it begins on %s.", last, first)
	}
	p := Period{Range, first, last}
	if p.Days() > maxDays {
		return Period{}, pos.Errorf(pos.Invalid, "The period has %d days; at most %d are allowed.", p.Days(), maxDays)
	}
	return p, nil
}

// Before is the period that p is compared with: the day, week or month before, or as many days.
func (p Period) Before() Period {
	last := p.From.Add(-1)
	switch p.Kind {
	case Month:
		return Period{Month, date(begin(p.From).AddDate(0, -1, 0)), last}
	case Week:
		return Period{Week, p.From.Add(-7), last}
	}
	return Period{p.Kind, p.From.Add(-p.Days()), last}
}

// After is the period that follows p.
func (p Period) After() Period {
	first := p.To.Add(1)
	switch p.Kind {
	case Month:
		return Period{Month, first, date(begin(first).AddDate(0, 1, -1))}
	case Week:
		return Period{Week, first, first.Add(6)}
	}
	return Period{p.Kind, first, first.Add(p.Days() - 1)}
}

// Days is how many days p has.
func (p Period) Days() int { return int(begin(p.To).Sub(begin(p.From))/(24*time.Hour)) + 1 }

// String is the day, or both ends.
func (p Period) String() string {
	if p.From == p.To {
		return string(p.From)
	}
	return string(p.From) + " – " + string(p.To)
}

// begin is a day as a time in UTC, where every day has 24 hours.
func begin(d pos.Day) time.Time { return d.Midnight(time.UTC) }

func date(t time.Time) pos.Day { return pos.Day(t.Format(time.DateOnly)) }
