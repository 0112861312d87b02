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
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return Period{}, pos.Errorf(pos.Invalid, "The day %q is not a date; write it like 2026-01-31.", string(day))
	}
	from, to := at, at
	switch kind {
	case Week:
		from = at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
		to = from.AddDate(0, 0, 6)
	case Month:
		from = at.AddDate(0, 0, 1-at.Day())
		to = from.AddDate(0, 1, -1)
	default:
		kind = OneDay
	}
	return Period{kind, date(from), date(to)}, nil
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
	from := midnight(p.From)
	switch p.Kind {
	case Month:
		return Period{Month, date(from.AddDate(0, -1, 0)), date(from.AddDate(0, 0, -1))}
	case Week:
		return Period{Week, date(from.AddDate(0, 0, -7)), date(from.AddDate(0, 0, -1))}
	}
	return Period{p.Kind, date(from.AddDate(0, 0, -p.Days())), date(from.AddDate(0, 0, -1))}
}

// After is the period that follows p.
func (p Period) After() Period {
	from := midnight(p.To).AddDate(0, 0, 1)
	switch p.Kind {
	case Month:
		return Period{Month, date(from), date(from.AddDate(0, 1, -1))}
	case Week:
		return Period{Week, date(from), date(from.AddDate(0, 0, 6))}
	}
	return Period{p.Kind, date(from), date(from.AddDate(0, 0, p.Days()-1))}
}

// Days is how many days p has.
func (p Period) Days() int { return int(midnight(p.To).Sub(midnight(p.From))/(24*time.Hour)) + 1 }

// String is the day, or both ends.
func (p Period) String() string {
	if p.From == p.To {
		return string(p.From)
	}
	return string(p.From) + " – " + string(p.To)
}

// midnight is a day as a time in UTC, where every day has 24 hours; d has been read by ParseDay.
func midnight(d pos.Day) time.Time {
	at, _ := time.Parse(time.DateOnly, string(d))
	return at
}

func date(t time.Time) pos.Day { return pos.Day(t.Format(time.DateOnly)) }
