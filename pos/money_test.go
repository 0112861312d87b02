package pos

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseYuan(t *testing.T) {
	for in, want := range map[string]Fen{
		"0": 0, "0.01": 1, "0.1": 10, "1": 100, "12.5": 1250, "12.50": 1250, "50000.00": 50_000_00, "9999999999.99": 999_999_999_999,
	} {
		if got, err := ParseYuan(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", ".", ".5", "5.", "1.234", "1..2", "1.2.3", "-1", "+1", " 1", "1 ", "1,000", "1e3", "0x10", "٣", "1２", "１２．５", "12。5",
		"00", "01", "00.5", "NaN", "Inf", "¥1", "12.5元", "1_000", "99999999999999", "\x00", "1\n",
	} {
		got, err := ParseYuan(in)
		if CodeOf(err) != Invalid || err == nil {
			t.Errorf("%q: got %d, %v; want a sentence", in, got, err)
		}
	}
	if _, err := ParseYuan("１２"); !strings.Contains(err.Error(), "full-width") {
		t.Errorf("full-width digits: %v", err)
	}
}

func TestFenString(t *testing.T) {
	for f, want := range map[Fen]string{
		0: "0.00", 1: "0.01", 10: "0.10", 100: "1.00", 1250: "12.50", -5: "-0.05", -1250: "-12.50",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := f.String(); got != want {
			t.Errorf("%d: got %s, want %s", int64(f), got, want)
		}
	}
}

func TestFenOverflow(t *testing.T) {
	if _, err := Fen(math.MaxInt64).Add(1); err == nil {
		t.Error("sum above the largest amount was accepted")
	}
	if _, err := Fen(math.MinInt64).Add(-1); err == nil {
		t.Error("sum below the smallest amount was accepted")
	}
	if _, err := Fen(math.MaxInt64 / 2).Times(3); err == nil {
		t.Error("product above the largest amount was accepted")
	}
	if _, err := Fen(math.MinInt64).Times(-1); err == nil {
		t.Error("negated smallest amount was accepted")
	}
	if got, err := Fen(1250).Times(3); err != nil || got != 3750 {
		t.Errorf("12.50 x 3: got %s, %v", got, err)
	}
	if got, err := Fen(1250).Add(-50); err != nil || got != 1200 {
		t.Errorf("12.50 - 0.50: got %s, %v", got, err)
	}
}

func TestCheckTitle(t *testing.T) {
	for _, ok := range []string{"", "奶茶", strings.Repeat("茶", 42), strings.Repeat("a", 127), "café 🧋"} {
		if err := CheckTitle(ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{strings.Repeat("茶", 43), strings.Repeat("a", 128), "a\nb", "\x00", "a\x7f", "\u0085", "\u2028", "\xff"} {
		if CodeOf(CheckTitle(bad)) != Invalid {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestBusinessDay(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(loc *time.Location, s string) time.Time {
		v, err := time.ParseInLocation(time.DateTime, s, loc)
		if err != nil {
			t.Fatal(err)
		}
		return v.In(newYork) // the machine's zone must not matter
	}
	four := Shop{TimeZone: shanghai, DayStartsAt: 4 * time.Hour}
	for s, want := range map[string]Day{
		"2026-03-04 23:59:59": "2026-03-04", "2026-03-05 00:00:01": "2026-03-04",
		"2026-03-05 03:59:59": "2026-03-04", "2026-03-05 04:00:00": "2026-03-05", "2026-01-01 01:00:00": "2025-12-31",
	} {
		if got := four.Day(at(shanghai, s)); got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
	// On the day the clocks go forward, 04:00 is three hours after midnight and still the cut-off.
	dst := Shop{TimeZone: newYork, DayStartsAt: 4 * time.Hour}
	if got := dst.Day(at(newYork, "2026-03-08 04:00:00")); got != "2026-03-08" {
		t.Errorf("cut-off on the day of the clock change: got %s", got)
	}
	if got := dst.Day(at(newYork, "2026-03-08 03:59:59")); got != "2026-03-07" {
		t.Errorf("before the cut-off on the day of the clock change: got %s", got)
	}
}

func TestMint(t *testing.T) {
	shop := Shop{Counter: "COUNTER00012", TimeZone: time.UTC}
	seen := map[string]bool{}
	twice := 0 // one of 10,000 numbers comes twice in a run of 20,000: that much forty random bits allow
	for range 10_000 {
		no := shop.mint(noon)
		if len(no) != 32 || strings.Trim(no, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Fatalf("number %q", no)
		}
		if seen[no] {
			twice++
		}
		seen[no] = true
	}
	if twice > 1 {
		t.Errorf("%d numbers came twice", twice)
	}
	for _, bad := range []string{"", "a", "A-1", "COUNTER000123", "柜"} {
		if CheckCounter(bad) == nil {
			t.Errorf("counter code %q was accepted", bad)
		}
	}
}
