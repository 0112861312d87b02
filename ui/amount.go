package ui

import (
	"strings"

	"saoma/pos"
	"saoma/ui/kit"
)

// amountField is the amount being keyed in, as text. It refuses each key that would make it anything
// but a number of yuan with at most two decimals, within the shop's limit.
type amountField struct {
	text string
	max  pos.Fen
}

// key takes a digit, the dot or kit.Backspace. A key that is refused because of the limit returns the
// reason, and so does a full-width one; a key that makes no sense where it is, such as a third decimal,
// is ignored.
func (a *amountField) key(r rune) error {
	if r == kit.Backspace {
		if a.text != "" {
			a.text = a.text[:len(a.text)-1]
		}
		return nil
	}
	next := a.text + string(r)
	switch {
	case r == '.' && strings.Contains(a.text, "."):
		return nil
	case r == '.' && a.text == "":
		next = "0."
	case r >= '0' && r <= '9' && a.text == "0":
		next = string(r)
	case r == '．' || r == '。' || r >= '０' && r <= '９':
		_, err := pos.ParseYuan(next) // refuses them with the sentence that says why
		return err
	case r != '.' && (r < '0' || r > '9'):
		return nil
	}
	if _, decimals, ok := strings.Cut(next, "."); ok && len(decimals) > 2 {
		return nil
	}
	if fen, err := pos.ParseYuan(strings.TrimSuffix(next, ".")); err != nil {
		return err
	} else if fen > a.max {
		return pos.Errorf(pos.Invalid, "The amount must be at most ¥%s.", a.max)
	}
	a.text = next
	return nil
}

// fen is the amount, or the reason why it is none yet.
func (a *amountField) fen() (pos.Fen, error) {
	return pos.ParseYuan(strings.TrimSuffix(a.text, "."))
}

// shown is what the display says; an empty field shows a zero.
func (a *amountField) shown() string {
	if a.text == "" {
		return "¥0.00"
	}
	return "¥" + a.text
}
