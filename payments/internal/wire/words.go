package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Masked stands where a payer was named.
const Masked = "***"

const maxWords = 120 // characters

// Clean makes a platform's word fit for a log line: short, and nothing that moves a terminal or turns a line around.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > maxWords {
		return string(r[:maxWords]) + "…"
	}
	return s
}

// Cut shortens s to at most n bytes without breaking a character.
func Cut(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
