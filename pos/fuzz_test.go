package pos

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// An amount that is accepted is the one that is shown, and what is shown is accepted as the same.
func FuzzParseYuan(f *testing.F) {
	for _, s := range []string{"0", "12", "12.5", "12.50", "0.01", "50000.00", "9999999999999", "99999999999.99", "012", "1.", ".5", "1e3", "-1", "１２", "1,000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fen, err := ParseYuan(s)
		if err != nil {
			if fen != 0 || CodeOf(err) != Invalid {
				t.Errorf("%q is refused with %d, %v", s, fen, err)
			}
			return
		}
		again, err := ParseYuan(fen.String())
		if err != nil || again != fen || fen < 0 {
			t.Errorf("%q is %d, shown as %s, read as %d, %v", s, fen, fen, again, err)
		}
		// Both are digits around one point: what is keyed in is what is shown but for decimals left out.
		shown, keyed := fen.String(), s
		if !strings.Contains(keyed, ".") {
			keyed += "."
		}
		for len(keyed)-strings.IndexByte(keyed, '.') < 3 {
			keyed += "0"
		}
		if shown != keyed {
			t.Errorf("%q is shown as %s", s, shown)
		}
	})
}

// No amount is shown as another is.
func FuzzFenString(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 99, 100, -100, 1250, 1<<63 - 1, -1 << 63} {
		f.Add(n)
	}
	form := regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9][0-9]$`)
	f.Fuzz(func(t *testing.T, n int64) {
		s := Fen(n).String()
		if !form.MatchString(s) || strings.HasPrefix(s, "-") != (n < 0) {
			t.Errorf("%d is shown as %s", n, s)
		}
		if fen, err := ParseYuan(s); err == nil && int64(fen) != n {
			t.Errorf("%d is shown as %s, which is %d", n, s, fen)
		}
	})
}

// A counter code that is accepted begins numbers that both platforms accept.
func FuzzCheckCounter(f *testing.F) {
	for _, s := range []string{"K1", "", "A", "012345678901", "0123456789012", "k1", "K 1", "Ｋ１", "K1\n"} {
		f.Add(s, int64(1769868202))
	}
	number := regexp.MustCompile(`^[0-9A-Z]{6,32}$`)
	f.Fuzz(func(t *testing.T, code string, at int64) {
		if CheckCounter(code) != nil {
			return
		}
		at %= 1 << 36 // the year 4147: a year of five digits is nobody's
		s := Shop{Counter: code, TimeZone: time.UTC}
		if no := s.mint(time.Unix(at, 0)); !number.MatchString(no) || !strings.HasPrefix(no, code) {
			t.Errorf("the code %q begins %q", code, no)
		}
	})
}

// A title that is accepted is text on one line that fits.
func FuzzCheckTitle(f *testing.F) {
	for _, s := range []string{"拿铁 ×2", "", "a\nb", "a\x00", "\xff", "\u0085", "\u2028", "\u007f", strings.Repeat("字", 42), strings.Repeat("字", 43)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckTitle(s) == nil && (len(s) > MaxTitle || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00\x1b\u2028\u2029\u0085")) {
			t.Errorf("%q is accepted", s)
		}
	})
}

// A day that is accepted is written in the one way in which days are compared.
func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2024-02-29", "2026-02-29", "2026-1-31", "0000-00-00", "9999-12-31", " 2026-01-31", "２０２６-01-31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		day, err := ParseDay(s)
		if err != nil {
			return
		}
		at, err := time.Parse(time.DateOnly, string(day))
		if err != nil || at.Format(time.DateOnly) != s {
			t.Errorf("%q is accepted as %s, %v", s, at, err)
		}
	})
}
