package main

import (
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// The colours of a code in a terminal: bright white on black, whatever the terminal's own are.
const colours, plain = "\x1b[97;40m", "\x1b[0m"

// qr draws text as a QR code with half blocks, two rows of modules a line; the border is part of it.
// Light modules are the drawn ones. Without colour it reads on a dark background only.
func qr(text string, colour bool) string {
	begin, end := colours, plain
	if !colour {
		begin, end = "", ""
	}
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return text // too long for a code; the text itself can still be opened
	}
	modules := code.Bitmap()
	dark := func(y, x int) bool { return y < len(modules) && modules[y][x] }
	var b strings.Builder
	for y := 0; y < len(modules); y += 2 {
		b.WriteString(begin)
		for x := range modules[y] {
			switch upper, lower := dark(y, x), dark(y+1, x); {
			case upper && lower:
				b.WriteByte(' ')
			case upper:
				b.WriteString("▄")
			case lower:
				b.WriteString("▀")
			default:
				b.WriteString("█")
			}
		}
		b.WriteString(end + "\n")
	}
	return b.String()
}
