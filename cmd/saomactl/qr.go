package main

import (
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// qr draws text as a QR code with half blocks, two rows of modules a line. Light modules are drawn in
// white, so that it reads on a dark terminal, and the border is part of it.
func qr(text string) string {
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return text // too long for a code; the text itself can still be opened
	}
	modules := code.Bitmap()
	dark := func(y, x int) bool { return y < len(modules) && modules[y][x] }
	var b strings.Builder
	for y := 0; y < len(modules); y += 2 {
		b.WriteString("\x1b[97;40m")
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
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
