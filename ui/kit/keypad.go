package kit

import "fyne.io/fyne/v2"

// Backspace is the rune the keypad sends for its delete key.
const Backspace = '\b'

// NewKeypad is a number pad in the order of a telephone, which is what customers' and cashiers' hands
// know from paying. onKey gets digits, the dot and Backspace.
func NewKeypad(onKey func(rune)) *fyne.Container {
	const keys = "123456789.0\b"
	var rows []Item
	for i := 0; i < len(keys); i += 3 {
		var row []Item
		for _, k := range keys[i : i+3] {
			label, glyph := string(k), ""
			if k == Backspace {
				label, glyph = "", "backspace"
			}
			row = append(row, Share(1, NewButton(label, "", glyph, KeyLook, func() { onKey(k) })))
		}
		rows = append(rows, Share(1, Row(8, row...)))
	}
	return Col(8, rows...)
}
