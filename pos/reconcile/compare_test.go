package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"saoma/pos"
)

const day = pos.Day("2026-03-14")

// at is a time on the platforms' day.
func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05 -0700", string(day)+" "+clock+" +0800")
	if err != nil {
		panic(err)
	}
	return t
}

func minted(no string) bool { return strings.HasPrefix(no, "K1") }

func paid(no string, amount pos.Fen, when time.Time) pos.Movement {
	return pos.Movement{OutTradeNo: no, TransactionID: "42" + no, Amount: amount, State: string(pos.Paid), From: when, To: when}
}

func back(trade, no string, amount pos.Fen, from, to time.Time) pos.Movement {
	return pos.Movement{
		OutTradeNo: trade, TransactionID: "42" + trade, OutRefundNo: no, RefundID: "50" + no, Amount: amount,
		State: string(pos.RefundSucceeded), From: from, To: to,
	}
}

// lineOf is what an honest platform says of m.
func lineOf(m pos.Movement) pos.BillLine {
	l := pos.BillLine{
		OutTradeNo: m.OutTradeNo, TransactionID: m.TransactionID, OutRefundNo: m.OutRefundNo, RefundID: m.RefundID,
		Amount: m.Amount, Fee: m.Amount * 6 / 1000, State: string(pos.TradePaid), At: m.From,
	}
	if m.OutRefundNo != "" {
		l.State, l.Fee = m.State, -l.Fee
	}
	return l
}

func billOf(lines ...pos.BillLine) *pos.Bill {
	return &pos.Bill{Wallet: pos.WeChat, Day: day, Lines: lines}
}

// compared is Compare, and each difference as one word and number.
func compared(t interface{ Fatal(...any) }, in Input) (Result, []string) {
	if in.Minted == nil {
		in.Minted = minted
	}
	r, err := Compare(in)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range r.Differences {
		said = append(said, fmt.Sprintf("%s %s%s", d.Kind, d.OutTradeNo, d.OutRefundNo))
		if d.Story().Sentence() == "" || strings.Contains(d.Story().Sentence(), "%!") || len(d.Choices()) == 0 {
			t.Fatal("no story or no choice:", d.Kind, d.Story().Sentence())
		}
	}
	return r, said
}

func TestCompare(t *testing.T) {
	noon := at("12:00:00")
	a, b := paid("K1A", 1000, noon), paid("K1B", 2500, noon)
	half := back("K1B", "RK1B", 1250, noon, noon.Add(time.Minute))
	line := func(m pos.Movement, edit func(*pos.BillLine)) pos.BillLine {
		l := lineOf(m)
		if edit != nil {
			edit(&l)
		}
		return l
	}
	state := func(m pos.Movement, s string) pos.Movement { m.State = s; return m }
	all := []pos.Movement{a, b, half}
	for name, c := range map[string]struct {
		lines  []pos.BillLine
		ledger []pos.Movement
		want   string
		agree  int
	}{
		"all agree":            {[]pos.BillLine{lineOf(a), lineOf(b), lineOf(half)}, all, "", 3},
		"missing here":         {[]pos.BillLine{lineOf(a), lineOf(b)}, []pos.Movement{a}, "missing_here K1B", 1},
		"refund missing here":  {[]pos.BillLine{lineOf(b), lineOf(half)}, []pos.Movement{b}, "missing_here K1BRK1B", 1},
		"missing there":        {[]pos.BillLine{lineOf(b), lineOf(half)}, all, "missing_there K1A", 2},
		"refund missing there": {[]pos.BillLine{lineOf(a), lineOf(b)}, all, "missing_there K1BRK1B", 2},
		"amount":               {[]pos.BillLine{line(a, func(l *pos.BillLine) { l.Amount++ })}, []pos.Movement{a}, "amount K1A", 0},
		"refund amount":        {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.Amount-- })}, []pos.Movement{b, half}, "amount K1BRK1B", 1},
		"transaction":          {[]pos.BillLine{line(a, func(l *pos.BillLine) { l.TransactionID = "99" })}, []pos.Movement{a}, "transaction K1A", 0},
		"refund id":            {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.RefundID = "99" })}, []pos.Movement{b, half}, "transaction K1BRK1B", 1},
		"no refund id":         {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.RefundID = "" })}, []pos.Movement{b, half}, "", 2},
		"closed here":          {[]pos.BillLine{lineOf(a)}, []pos.Movement{state(a, string(pos.Closed))}, "state K1A", 0},
		"refund under way":     {[]pos.BillLine{lineOf(b), lineOf(half)}, []pos.Movement{b, state(half, string(pos.RefundProcessing))}, "state K1BRK1B", 1},
		"refund failed there":  {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.State = string(pos.RefundFailed) })}, []pos.Movement{b, half}, "state K1BRK1B", 1},
		"both under way":       {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.State = string(pos.RefundProcessing) })}, []pos.Movement{b, state(half, string(pos.RefundProcessing))}, "", 2},
		"ended since":          {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.State = string(pos.RefundProcessing) })}, []pos.Movement{b, half}, "", 2},
		"failed, unknown here": {[]pos.BillLine{lineOf(b), line(half, func(l *pos.BillLine) { l.State = string(pos.RefundFailed) })}, []pos.Movement{b}, "", 2},
		"number of another":    {[]pos.BillLine{line(a, func(l *pos.BillLine) { l.OutTradeNo = "XYZ" })}, []pos.Movement{a}, "payment XYZ", 0},
		"refund of another":    {[]pos.BillLine{lineOf(a), lineOf(b), line(half, func(l *pos.BillLine) { l.OutTradeNo = "K1A" })}, all, "payment K1ARK1B", 2},
		"doubled":              {[]pos.BillLine{lineOf(a), lineOf(a)}, []pos.Movement{a}, "doubled K1A", 1},
		"three times":          {[]pos.BillLine{lineOf(a), lineOf(a), lineOf(a)}, []pos.Movement{a}, "doubled K1A", 1},
		"refund doubled":       {[]pos.BillLine{lineOf(b), lineOf(half), lineOf(half)}, []pos.Movement{b, half}, "doubled K1BRK1B", 2},
		"foreign":              {[]pos.BillLine{lineOf(a), lineOf(paid("K2A", 700, noon)), lineOf(back("K2A", "RK1B", 5, noon, noon))}, []pos.Movement{a}, "", 1},
		"foreign refund":       {[]pos.BillLine{lineOf(b), lineOf(half), lineOf(back("K2A", "RK1B", 5, noon, noon))}, []pos.Movement{b, half}, "", 2},
		"unpaid here":          {nil, []pos.Movement{state(a, string(pos.Closed)), state(half, string(pos.RefundProcessing))}, "", 0},
		"refunded on the site": {[]pos.BillLine{lineOf(b), lineOf(half), lineOf(back("K1B", "K1B", 50, noon, noon))}, []pos.Movement{b, half}, "missing_here K1BK1B", 2},
	} {
		r, said := compared(t, Input{Bill: billOf(c.lines...), Ledger: c.ledger})
		if got := strings.Join(said, "; "); got != c.want || r.Agree != c.agree {
			t.Errorf("%s: %q, %d agree; want %q, %d", name, got, r.Agree, c.want, c.agree)
		}
		if name == "three times" && r.Differences[0].Lines != 3 {
			t.Errorf("%s: %d lines", name, r.Differences[0].Lines)
		}
	}
}

func TestCompareAddsUp(t *testing.T) {
	noon := at("12:00:00")
	a, b, foreign := paid("K1A", 1000, noon), paid("K1B", 2500, noon), paid("K2A", 10000, noon)
	half := back("K1B", "RK1B", 500, noon, noon)
	r, said := compared(t, Input{Bill: billOf(lineOf(a), lineOf(b), lineOf(foreign), lineOf(half)), Ledger: []pos.Movement{a, b, half}})
	if want := (pos.BillSum{Lines: 3, Paid: 3500, Refunded: 500, Fee: 6 + 15 - 3}); r.Own != want || r.Own.Net() != 3000 || r.Own.Settlement() != 2982 {
		t.Errorf("own %+v, settlement ¥%s", r.Own, r.Own.Settlement())
	}
	if r.All.Lines != 4 || r.All.Paid != 13500 || r.All.Fee != 78 || len(said) != 0 {
		t.Errorf("all %+v, %q", r.All, said)
	}
	if _, err := Compare(Input{Bill: billOf(pos.BillLine{OutTradeNo: "K1", Amount: 1 << 62}, pos.BillLine{OutTradeNo: "K2", Amount: 1 << 62}), Minted: minted}); err == nil {
		t.Error("a sum that does not fit")
	}
}

// TestCompareTellsFees: the fee of every ledger entry that the bill has is told, whatever else it says, and once. What is
// under the entry's own number comes before what is under another, wherever it stands.
func TestCompareTellsFees(t *testing.T) {
	noon := at("12:00:00")
	a, b := paid("K1A", 1000, noon), paid("K1B", 2500, noon)
	half := back("K1B", "RK1B", 500, noon, noon)
	closed, asked := a, half
	closed.State, asked.State = string(pos.Closed), string(pos.RefundProcessing)
	renamed, again, dearer := lineOf(a), lineOf(a), lineOf(a)
	renamed.OutTradeNo, again.OutTradeNo, dearer.Amount = "XYZ", "XYZZ", 999
	renamed.Fee = 5
	for name, c := range map[string]struct {
		lines  []pos.BillLine
		ledger []pos.Movement
		want   string
	}{
		"all agree":         {[]pos.BillLine{lineOf(half), lineOf(b), lineOf(a)}, []pos.Movement{a, b, half}, "[{K1A  0.06} {K1B  0.15} {K1B RK1B -0.03}]"},
		"another amount":    {[]pos.BillLine{dearer}, []pos.Movement{a, b}, "[{K1A  0.06}]"},
		"another number":    {[]pos.BillLine{renamed}, []pos.Movement{a}, "[{K1A  0.05}]"},
		"other numbers":     {[]pos.BillLine{renamed, again}, []pos.Movement{a}, "[{K1A  0.05}]"},
		"both numbers":      {[]pos.BillLine{renamed, lineOf(a), again}, []pos.Movement{a}, "[{K1A  0.06}]"},
		"doubled":           {[]pos.BillLine{lineOf(a), lineOf(b), lineOf(a)}, []pos.Movement{a, b}, "[{K1A  0.06} {K1B  0.15}]"},
		"not in the ledger": {[]pos.BillLine{lineOf(a), lineOf(half)}, []pos.Movement{closed, b, asked}, "[]"},
		"of another":        {[]pos.BillLine{lineOf(paid("K2A", 10000, noon))}, []pos.Movement{a}, "[]"},
	} {
		r, _ := compared(t, Input{Bill: billOf(c.lines...), Ledger: c.ledger})
		if got := fmt.Sprint(r.Fees); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
	most := lineOf(a)
	most.Fee = 1 << 62
	if _, err := Compare(Input{Bill: billOf(most, most), Ledger: []pos.Movement{a}, Minted: minted}); err == nil {
		t.Error("a sum that does not fit")
	}
}

// TestMidnight: what happens at midnight is on one day's bill or the other's, and is missing only where it is on neither.
func TestMidnight(t *testing.T) {
	before, after := day, pos.Day("2026-03-15")
	_ = before
	late, early := paid("K1LATE", 100, at("23:59:59")), paid("K1EARLY", 100, at("23:59:59").Add(2*time.Second))
	noon := paid("K1NOON", 100, at("12:00:00"))
	night := back("K1NOON", "RK1NIGHT", 40, at("23:59:50"), at("23:59:50").Add(30*time.Second)) // asked today, paid out tomorrow
	slow := back("K1NOON", "RK1SLOW", 40, at("13:00:00"), at("13:00:00").AddDate(0, 0, 5))
	ledger := []pos.Movement{late, early, noon, night, slow}
	next := func(lines ...pos.BillLine) *pos.Bill { return &pos.Bill{Wallet: pos.WeChat, Day: after, Lines: lines} }
	for name, c := range map[string]struct {
		bill     *pos.Bill
		others   []*pos.Bill
		want     string
		deferred int
		wanted   []pos.Day
	}{
		"as dated": {billOf(lineOf(late), lineOf(noon), lineOf(night), lineOf(slow)), nil, "", 1, []pos.Day{after}},
		"a second off": {
			billOf(lineOf(noon), lineOf(early), lineOf(slow)), []*pos.Bill{next(lineOf(late), lineOf(night))}, "", 0, nil,
		},
		"next day's bill is not here": {billOf(lineOf(noon), lineOf(slow)), nil, "", 3, []pos.Day{after}},
		"on neither": {
			billOf(lineOf(noon), lineOf(slow)), []*pos.Bill{next(lineOf(early))}, "missing_there K1NOONRK1NIGHT; missing_there K1LATE", 0, nil,
		},
		"seen from the next day":  {next(lineOf(early)), []*pos.Bill{billOf(lineOf(noon), lineOf(slow))}, "missing_there K1NOONRK1NIGHT; missing_there K1LATE", 0, nil},
		"found from the next day": {next(lineOf(early), lineOf(night)), []*pos.Bill{billOf(lineOf(noon), lineOf(slow), lineOf(late))}, "", 0, nil},
		"a long refund":           {billOf(lineOf(late), lineOf(noon), lineOf(night)), []*pos.Bill{next(lineOf(early))}, "", 1, []pos.Day{"2026-03-19"}},
		"a long refund on neither": {
			billOf(lineOf(late), lineOf(noon), lineOf(night)),
			[]*pos.Bill{next(lineOf(early)), {Wallet: pos.WeChat, Day: "2026-03-19"}},
			"missing_there K1NOONRK1SLOW", 0, nil,
		},
		"a day of its way": {&pos.Bill{Wallet: pos.WeChat, Day: "2026-03-16"}, nil, "", 0, nil},
	} {
		r, said := compared(t, Input{Bill: c.bill, Others: c.others, Ledger: ledger})
		if got := strings.Join(said, "; "); got != c.want || r.Deferred != c.deferred || !slices.Equal(r.Wanted, c.wanted) {
			t.Errorf("%s: %q, %d deferred to %s; want %q, %d, %s", name, got, r.Deferred, r.Wanted, c.want, c.deferred, c.wanted)
		}
	}
}

// TestFindsExactly seeds differences into an honest day at random: each is found, none is invented.
func TestFindsExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "payments")
		var ledger []pos.Movement
		for i := range n {
			no := fmt.Sprintf("K1%06d", i)
			when := at("00:00:00").Add(time.Duration(rapid.IntRange(0, 24*3600-1).Draw(t, "second")) * time.Second)
			ledger = append(ledger, paid(no, pos.Fen(rapid.IntRange(1, 100_000).Draw(t, "fen")), when))
			if rapid.IntRange(0, 4).Draw(t, "refunded") == 0 {
				ledger = append(ledger, back(no, "R"+no, ledger[len(ledger)-1].Amount, when, when.Add(time.Second)))
			}
		}
		lines := make([]pos.BillLine, 0, len(ledger))
		want := map[string]int{}
		agree := 0
		var here []pos.Movement
		for _, m := range ledger {
			l := lineOf(m)
			said := func(kind pos.DifferenceKind) { want[fmt.Sprintf("%s %s%s", kind, l.OutTradeNo, l.OutRefundNo)]++ }
			switch rapid.IntRange(0, 14).Draw(t, "fault") {
			case 0:
				if first, last := days(&m); first == last {
					here = append(here, m)
					said(pos.MissingThere)
					continue
				}
			case 1:
				said(pos.MissingHere)
				lines = append(lines, l)
				continue
			case 2:
				l.Amount += pos.Fen(rapid.IntRange(1, 9).Draw(t, "more"))
				said(pos.OtherAmount)
				agree--
			case 3:
				m.State = string(pos.Closing)
				if m.OutRefundNo != "" {
					m.State = string(pos.RefundFailed)
				}
				said(pos.OtherState)
				agree--
			case 4:
				if l.TransactionID += "0"; l.OutRefundNo != "" {
					l.RefundID += "0"
				}
				said(pos.OtherTransaction)
				agree--
			case 5:
				if l.OutRefundNo == "" {
					l.OutTradeNo = "OTHER" + l.OutTradeNo
					said(pos.OtherPayment)
					agree--
				}
			case 6:
				lines = append(lines, l)
				said(pos.Doubled)
			case 7:
				lines = append(lines, lineOf(paid("K2"+m.OutTradeNo, m.Amount, m.From)))
			}
			agree++
			lines, here = append(lines, l), append(here, m)
		}
		lines = rapid.Permutation(lines).Draw(t, "order")
		here = rapid.Permutation(here).Draw(t, "ledger's order")
		r, said := compared(t, Input{Bill: billOf(lines...), Ledger: here})
		got := map[string]int{}
		for _, s := range said {
			got[s]++
		}
		if !maps.Equal(got, want) || r.Agree != agree {
			t.Fatalf("%d agree and %v, want %d and %v", r.Agree, got, agree, want)
		}
	})
}
