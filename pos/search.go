package pos

import (
	"strings"
	"time"
	"unicode"
)

// Search says which payments a person looks for. What is empty does not narrow it down.
type Search struct {
	Text     string // words, each of which must be found: see ParseSearch
	Wallet   Wallet
	State    PaymentState
	Refunded bool // something of it went back
	From, To Day
	Limit    int // at most so many, the newest
}

// Term is one word of a search, as everything it may be.
type Term struct {
	Text   string    // as typed, for titles and cashiers
	Number string    // in capitals: the beginning or the end of a number of ours; the end of a platform's or a refund's
	Amount Fen       // zero: no amount
	From   time.Time // zero: no time of the day; else the minute from here
}

// ParseSearch reads the words of a search. A word is a number or its first or last four characters or more, the last
// digits of the platform's number, an amount in yuan, a time of the day as 14:05 or a part of a title or of
// a cashier's name; a date narrows the search to its day, and today is whose 14:05 is meant without one.
func (s *Search) ParseSearch(shop Shop, now time.Time) []Term {
	var terms []Term
	var clock []string
	for _, word := range strings.FieldsFunc(s.Text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if day, err := ParseDay(word); err == nil {
			s.From, s.To = day, day
			continue
		}
		if _, err := time.Parse("15:04", word); err == nil {
			clock = append(clock, word)
			continue
		}
		t := Term{Text: word, Number: strings.ToUpper(word)}
		if amount, err := ParseYuan(strings.TrimLeft(word, "¥￥")); err == nil {
			t.Amount = amount
		}
		terms = append(terms, t)
	}
	for _, word := range clock {
		day := s.From
		if day == "" {
			day = shop.Day(now)
			s.From, s.To = day, day
		}
		at, err := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+word, shop.TimeZone)
		if err != nil {
			continue
		}
		if shop.Day(at) < day { // after midnight and before the cut-off
			at = at.AddDate(0, 0, 1)
		}
		terms = append(terms, Term{From: at})
	}
	return terms
}
