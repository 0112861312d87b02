package pos

import (
	"time"
	"unicode/utf8"
)

// Shop is what the domain needs to know of the shop and this counter.
type Shop struct {
	Name        string
	Counter     string         // 1 to 12 of [0-9A-Z]; begins every out_trade_no
	TimeZone    *time.Location // of the business day
	DayStartsAt time.Duration  // the cut-off after midnight: a sale before it belongs to the day before
	MaxCharge   Fen            // the largest single charge
	MinCharge   Fen

	CashierRefundLimit Fen // of one payment in all; above it a supervisor approves
}

// DefaultMaxCharge and DefaultMinCharge bound a single charge unless the shop sets other limits.
const (
	DefaultMinCharge Fen = 1
	DefaultMaxCharge Fen = 50_000_00
)

// Day is a business day as yyyy-mm-dd.
type Day string

// Day returns the business day of t: the shop's date, the hours before the cut-off counting to the
// day before.
func (s Shop) Day(t time.Time) Day {
	y, m, d := t.In(s.TimeZone).Date()
	if t.Before(s.begins(y, m, d)) {
		d--
	}
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
}

// begins is the first moment of a date at which the shop's clock shows the cut-off or a later time. When
// that clock is set, the cut-off may come twice: the first one counts, so that no day goes back. It may
// be left out: then the day begins as the clock is set.
func (s Shop) begins(y int, m time.Month, d int) time.Time {
	shown := time.Date(y, m, d, 0, int(s.DayStartsAt/time.Minute), 0, 0, time.UTC)
	_, before := shown.Add(-24 * time.Hour).In(s.TimeZone).Zone()
	_, after := shown.Add(24 * time.Hour).In(s.TimeZone).Zone()
	first := shown.Add(-time.Duration(max(before, after)) * time.Second).In(s.TimeZone)
	second := shown.Add(-time.Duration(min(before, after)) * time.Second).In(s.TimeZone)
	const clock = "02 15:04"
	switch shown.Format(clock) {
	case first.Format(clock):
		return first
	case second.Format(clock):
		return second
	}
	_, set := first.ZoneBounds()
	return set
}

// Add is the day n days after d.
func (d Day) Add(n int) Day {
	return Day(d.Midnight(time.UTC).AddDate(0, 0, n).Format(time.DateOnly))
}

// Midnight is when the date d begins by the clock of zone; long ago where d is no date.
func (d Day) Midnight(zone *time.Location) time.Time {
	at, _ := time.ParseInLocation(time.DateOnly, string(d), zone)
	return at
}

// ParseDay reads yyyy-mm-dd.
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", Errorf(Invalid, "The day %q is not a date; write it like 2026-01-31.", s)
	}
	return Day(s), nil
}

// CheckAmount refuses a charge outside the shop's limits.
func (s Shop) CheckAmount(amount Fen) error {
	if amount < s.MinCharge {
		return Errorf(Invalid, "The amount must be at least ¥%s.", s.MinCharge)
	}
	if amount > s.MaxCharge {
		return Errorf(Invalid, "The amount must be at most ¥%s.", s.MaxCharge)
	}
	return nil
}

// MaxTitle is the longest title in bytes of UTF-8 (WeChat Pay's description is at most 127).
const MaxTitle = 127

// CheckTitle refuses a title, a reason or a note that a platform or a receipt could not carry.
func CheckTitle(title string) error {
	if len(title) > MaxTitle {
		return Errorf(Invalid, "The text is %d bytes long; at most %d are allowed (about 42 Chinese characters).", len(title), MaxTitle)
	}
	if !utf8.ValidString(title) {
		return Errorf(Invalid, "The text is not valid UTF-8.")
	}
	for _, r := range title {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return Errorf(Invalid, "The text has a control character; use plain text on one line.")
		}
	}
	return nil
}
