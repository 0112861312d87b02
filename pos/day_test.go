package pos_test

import (
	"testing"
	"time"

	"saoma/pos"
)

// TestDayOverClockChanges follows a shop's clock minute by minute through the days on which it is set:
// the business day begins at the first minute that shows the cut-off or a later time, once, and never
// goes back.
func TestDayOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone   string
		day    pos.Day // that begins
		cutOff time.Duration
		begins string // the first minute of it, UTC
	}{
		{"Europe/Berlin", "2026-03-29", 2*time.Hour + 30*time.Minute, "2026-03-29T01:00"}, // 02:30 is left out: 03:00 follows 01:59
		{"Europe/Berlin", "2026-03-29", 2 * time.Hour, "2026-03-29T01:00"},
		{"Europe/Berlin", "2026-03-29", 3 * time.Hour, "2026-03-29T01:00"},
		{"Europe/Berlin", "2026-03-29", 4 * time.Hour, "2026-03-29T02:00"},
		{"Europe/Berlin", "2026-03-29", 0, "2026-03-28T23:00"},
		{"Europe/Berlin", "2026-03-30", 0, "2026-03-29T22:00"},
		{"Europe/Berlin", "2026-10-25", 2*time.Hour + 30*time.Minute, "2026-10-25T00:30"}, // comes twice
		{"Europe/Berlin", "2026-10-25", 2 * time.Hour, "2026-10-25T00:00"},
		{"Europe/Berlin", "2026-10-25", 3 * time.Hour, "2026-10-25T02:00"},
		{"Europe/Berlin", "2026-10-26", 0, "2026-10-25T23:00"},
		{"America/New_York", "2026-03-08", 2*time.Hour + 30*time.Minute, "2026-03-08T07:00"},
		{"America/New_York", "2026-03-08", 4 * time.Hour, "2026-03-08T08:00"},
		{"America/New_York", "2026-11-01", time.Hour + 30*time.Minute, "2026-11-01T05:30"},
		{"America/New_York", "2026-11-01", 4 * time.Hour, "2026-11-01T09:00"},
		{"America/Santiago", "2026-09-06", 0, "2026-09-06T04:00"}, // midnight is left out
		{"America/Santiago", "2026-04-05", 0, "2026-04-05T04:00"}, // the day before has 25 hours
		{"America/Havana", "2026-11-01", 0, "2026-11-01T04:00"},   // midnight comes twice
		{"Australia/Lord_Howe", "2026-10-04", 2*time.Hour + 10*time.Minute, "2026-10-03T15:30"},
		{"Asia/Shanghai", "2026-03-29", 4 * time.Hour, "2026-03-28T20:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse("2006-01-02T15:04", c.begins)
		if err != nil {
			t.Fatal(err)
		}
		shop := pos.Shop{TimeZone: zone, DayStartsAt: c.cutOff}
		before := want.AddDate(0, 0, -1).In(zone).Add(time.Second)
		last := shop.Day(before)
		for at := before.Truncate(time.Minute); at.Before(want.AddDate(0, 0, 1)); at = at.Add(time.Minute) {
			day := shop.Day(at)
			if day < last {
				t.Errorf("%s from %s: %s goes back from %s to %s", c.zone, c.cutOff, at, last, day)
			}
			if begins := day == c.day && last < c.day; begins != at.Equal(want) {
				t.Errorf("%s from %s: %s begins with %s; want %s", c.zone, c.cutOff, day, at, want.In(zone))
			}
			last = day
		}
	}
}

func TestDaysAdd(t *testing.T) {
	for _, c := range []struct {
		day  pos.Day
		n    int
		want pos.Day
	}{
		{"2026-03-14", 0, "2026-03-14"},
		{"2026-12-31", 1, "2027-01-01"},
		{"2028-02-28", 1, "2028-02-29"},
		{"2026-03-01", -1, "2026-02-28"},
		{"2026-01-31", 31, "2026-03-03"},
	} {
		if got := c.day.Add(c.n); got != c.want {
			t.Errorf("%s and %d days: %s; want %s", c.day, c.n, got, c.want)
		}
	}
	zone := time.FixedZone("CST", 8*60*60)
	if at := pos.Day("2026-03-14").Midnight(zone); !at.Equal(time.Date(2026, 3, 13, 16, 0, 0, 0, time.UTC)) {
		t.Error(at)
	}
}
