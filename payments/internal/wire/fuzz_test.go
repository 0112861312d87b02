package wire

import (
	"encoding/json"
	"strconv"
	"strings"
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

// JSON that is accepted has one reading: no other spelling of a key stands beside it, and another reader
// takes the same values from it.
func FuzzDecode(f *testing.F) {
	f.Add(`{"trade_state":"SUCCESS","amount":{"total":1250}}`)
	f.Add(`{"trade_state":"NOTPAY","Trade_State":"SUCCESS"}`)
	f.Add(`{"trade_state":"NOTPAY","trade_ſtate":"SUCCESS"}`)
	f.Add(`{"amount":{"total":1,"total":1250}}`)
	f.Add(`{"amount":[{"total":1}]}{}`)
	f.Add("{\"trade_state\":\"\xff\"}")
	f.Add(`{"amount":{"total":1e3},"a":[{"b":null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var v struct {
			State  *string `json:"trade_state"`
			Amount *struct {
				Total *int64 `json:"total"`
			} `json:"amount"`
		}
		if Decode([]byte(text), &v) != nil {
			return
		}
		var other map[string]any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&other); err != nil {
			t.Fatalf("%q is accepted: %v", text, err)
		}
		state, n := folded(other, "trade_state")
		if s, _ := state.(string); n > 1 || v.State != nil && *v.State != s {
			t.Errorf("%q has %d states, %v and %v", text, n, v.State, state)
		}
		amount, _ := folded(other, "amount")
		inner, _ := amount.(map[string]any)
		total, n := folded(inner, "total")
		if s, _ := total.(json.Number); n > 1 || v.Amount != nil && v.Amount.Total != nil && strconv.FormatInt(*v.Amount.Total, 10) != s.String() && s != "-0" {
			t.Errorf("%q has %d totals, %d and %v", text, n, *v.Amount.Total, total)
		}
	})
}

// folded is the value of a key in whatever letters, and how often it is there.
func folded(v map[string]any, key string) (value any, n int) {
	for k, inner := range v {
		if strings.EqualFold(k, key) {
			value = inner
			n++
		}
	}
	return value, n
}
