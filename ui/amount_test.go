package ui

import (
	"testing"

	"saoma/pos"
)

func TestAmountFieldTakesOnlyAmounts(t *testing.T) {
	for keys, want := range map[string]struct {
		text    string
		refused bool
	}{
		"12.50":        {"12.50", false},
		"12.505":       {"12.50", false}, // no third decimal
		"1..5":         {"1.5", false},
		".5":           {"0.5", false},
		"007":          {"7", false},
		"00.10":        {"0.10", false},
		"50000":        {"50000", false},
		"50000.0":      {"50000.0", false},
		"50000.01":     {"50000.0", true},
		"99999":        {"9999", true},
		"12.5\b\b\b":   {"1", false},
		"\b":           {"", false},
		"1a-+ 2":       {"12", false},
		"1２":           {"1", true}, // full-width: the sentence says so
		"3。":           {"3", true},
		"123456789012": {"12345", true},
	} {
		a := amountField{max: pos.DefaultMaxCharge}
		refused := false
		for _, r := range keys {
			refused = a.key(r) != nil || refused
		}
		if a.text != want.text || refused != want.refused {
			t.Errorf("%q: %q, refused %v; want %q, %v", keys, a.text, refused, want.text, want.refused)
		}
	}
}

func TestAmountFieldReadsWhatItShows(t *testing.T) {
	for text, want := range map[string]pos.Fen{"12.5": 1250, "12.": 1200, "0.01": 1, "50000": 5_000_000} {
		a := amountField{text: text, max: pos.DefaultMaxCharge}
		if got, err := a.fen(); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	empty := amountField{max: pos.DefaultMaxCharge}
	if _, err := empty.fen(); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("an empty field: %v; want Invalid", err)
	}
}
