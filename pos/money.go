package pos

import (
	"math"
	"strconv"
)

// Fen is an amount of money in fen, the hundredth of a yuan: the one money type. There is no float
// anywhere in the program, and yuan exist only as text.
type Fen int64

// Add returns f+g, or an Internal error where the sum does not fit.
func (f Fen) Add(g Fen) (Fen, error) {
	if (g > 0 && f > math.MaxInt64-g) || (g < 0 && f < math.MinInt64-g) {
		return 0, Errorf(Internal, "The sum of the amounts is too large.")
	}
	return f + g, nil
}

// Times returns f*n, or an Internal error where the product does not fit.
func (f Fen) Times(n int64) (Fen, error) {
	if f == 0 || n == 0 {
		return 0, nil
	}
	p := int64(f) * n
	if p/n != int64(f) || (n == -1 && int64(f) == math.MinInt64) {
		return 0, Errorf(Internal, "The sum of the amounts is too large.")
	}
	return Fen(p), nil
}

// String is the amount in yuan with two decimals and no currency sign: "12.50".
func (f Fen) String() string {
	sign, u := "", uint64(f)
	if f < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	for len(s) < 3 {
		s = "0" + s
	}
	return sign + s[:len(s)-2] + "." + s[len(s)-2:]
}

// ParseYuan reads an amount a person keyed in: ASCII digits with at most two decimals ("12",
// "12.5", "12.50"). Signs, spaces, separators, full-width digits and leading zeros are refused
// with a sentence, because a misread amount is money.
func ParseYuan(s string) (Fen, error) {
	const maxDigits = 11 // before the point, a hundred billion yuan: far beyond any limit, far below overflow
	var fen Fen
	digits, point := 0, -1
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if point >= 0 && i-point > 2 {
				return 0, Errorf(Invalid, "The amount %q has more than two decimals.", s)
			}
			if point < 0 {
				digits++
			}
			if digits > maxDigits {
				return 0, Errorf(Invalid, "The amount %q is too large.", s)
			}
			fen = fen*10 + Fen(r-'0')
		case r == '.' && point < 0 && i > 0 && i < len(s)-1:
			point = i
		case r >= '０' && r <= '９' || r == '．' || r == '。':
			return 0, Errorf(Invalid, "The amount %q has full-width characters; switch the keyboard to half-width digits, such as 12.50.", s)
		default:
			return 0, Errorf(Invalid, "The amount %q is not a number of yuan; write it like 12.50.", s)
		}
	}
	if digits == 0 {
		return 0, Errorf(Invalid, "No amount was keyed in; write it like 12.50.")
	}
	if len(s) > 1 && s[0] == '0' && s[1] != '.' {
		return 0, Errorf(Invalid, "The amount %q begins with a zero; write it like 12.50.", s)
	}
	decimals := 0
	if point >= 0 {
		decimals = len(s) - point - 1
	}
	for ; decimals < 2; decimals++ {
		fen *= 10
	}
	return fen, nil
}
