package wire

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

// An amount of a platform that is accepted is written again as it was.
func FuzzYuan(f *testing.F) {
	for _, s := range []string{"12.50", "0.01", "0.00", "88.880", "8.888e1", " 1.00", "01.00", "1.0", "12", "+1.00", "１.00", "99999999999.99", "999999999999.99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if fen, err := Yuan(s); err == nil && (fen.String() != s || fen < 0) {
			t.Errorf("%q is read as %s", s, fen)
		}
	})
}

// Words cleaned for the log are short and printable.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"SYSTEM_ERROR", "a\nb", "\x1b[2J", "\xff", "\u202e", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := Clean(s)
		if !utf8.ValidString(clean) || utf8.RuneCountInString(clean) > maxWords+1 {
			t.Errorf("%q becomes %q", s, clean)
		}
		for _, r := range clean {
			if !unicode.IsPrint(r) {
				t.Errorf("%q becomes %q", s, clean)
			}
		}
	})
}
