// Package reconcile compares the platforms' bills with the ledger, line by line. Compare is pure; Books does it for a
// counter: downloads a day's bill, keeps it, compares it and records what differs; Watch does that unattended. A bill
// itself is no evidence: what is booked after a difference is the platform's signed answer, see pos.Till.Remedy.
package reconcile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// edge is how far the time on a bill may be from the platform's time in its signed answer: enough for seconds that are
// cut off and for machines of the platform that disagree, and small beside a day.
const edge = 5 * time.Minute

// clockEdge is edge for a refund, whose times in the ledger are of the counter's own clock.
const clockEdge = 10 * time.Minute

// Input is what Compare compares.
type Input struct {
	Bill *pos.Bill
	// Others are bills of other days, as far as they are here, that may have what this one lacks: the platform dates
	// what happens at midnight to one day or the other.
	Others []*pos.Bill
	// Ledger is what moved from Begin(day) to End(day), with more around it or not, and whatever else the ledger has of
	// the numbers on the bill.
	Ledger []pos.Movement
	// Minted tells whether this counter made an out_trade_no. Lines that the ledger does not know and this counter did
	// not number are of other counters of the merchant.
	Minted func(outTradeNo string) bool
}

// Result is what Compare found.
type Result struct {
	All, Own    pos.BillSum
	Agree       int
	Deferred    int              // movements at the edge of the day that a bill not here yet may have
	Wanted      []pos.Day        // the days of those bills
	Differences []pos.Difference // in the order of the bill, then what is missing there by its time
	Fees        []pos.EntryFee   // of what moved by the ledger, whatever else the bill says of it
}

// Begin is when the ledger's movements that may be on the bill of day begin.
func Begin(day pos.Day) time.Time { return pos.BillBegin(day).Add(-edge) }

// End is when they end: what is at this time is not on it any more.
func End(day pos.Day) time.Time { return pos.BillBegin(day.Add(1)).Add(edge) }

// key is what makes a line or a movement this one. Alipay numbers refunds within their payment only.
type key struct{ trade, refund string }

func lineKey(l *pos.BillLine) key     { return key{l.OutTradeNo, l.OutRefundNo} }
func movementKey(m *pos.Movement) key { return key{m.OutTradeNo, m.OutRefundNo} }

// comparison is one run of Compare.
type comparison struct {
	in     *Input
	result Result

	ledger       map[key]int    // places in in.Ledger
	trades       map[string]int // a payment or any refund of an out_trade_no
	refunds      map[string]int // by out_refund_no alone
	transactions map[string]int // payments
	seen         map[key]int    // how often the bill has it
	doubled      map[key]int    // places in result.Differences
	taken        map[int]bool   // places in in.Ledger that the bill has under another number

	fees map[*pos.Movement]pos.Fen // of in.Ledger, by the first line under its own numbers, or else the first there is
}

// Compare compares one wallet's bill of one day with the ledger. It costs time and memory in proportion to the lines.
// The error says that a sum does not fit.
func Compare(in Input) (Result, error) {
	c := &comparison{in: &in, seen: make(map[key]int, len(in.Bill.Lines)), doubled: map[key]int{}, taken: map[int]bool{}, fees: map[*pos.Movement]pos.Fen{}}
	c.index()
	for i := range in.Bill.Lines {
		if err := c.line(&in.Bill.Lines[i]); err != nil {
			return Result{}, err
		}
	}
	c.missingThere()
	c.tellFees()
	for i := range c.result.Differences {
		d := &c.result.Differences[i]
		d.Wallet, d.Day, d.State = in.Bill.Wallet, in.Bill.Day, pos.DifferenceOpen
	}
	return c.result, nil
}

func (c *comparison) index() {
	n := len(c.in.Ledger)
	c.ledger, c.trades, c.transactions = make(map[key]int, n), make(map[string]int, n), make(map[string]int, n)
	c.refunds = map[string]int{}
	for i := range c.in.Ledger {
		m := &c.in.Ledger[i]
		c.ledger[movementKey(m)] = i
		c.trades[m.OutTradeNo] = i
		if m.OutRefundNo != "" {
			c.refunds[m.OutRefundNo] = i
		} else if m.TransactionID != "" {
			c.transactions[m.TransactionID] = i
		}
	}
}

// line compares one line and adds it up.
func (c *comparison) line(l *pos.BillLine) error {
	if err := c.result.All.Add(*l); err != nil {
		return err
	}
	k := lineKey(l)
	m, other := c.find(l)
	if m == nil && other == nil && !c.ours(l) {
		return nil // of another counter
	}
	if err := c.result.Own.Add(*l); err != nil {
		return err
	}
	if c.seen[k]++; c.seen[k] > 1 {
		c.again(k, l, m)
		return nil
	}
	about := cmp.Or(m, other)
	if _, told := c.fees[about]; about != nil && (m != nil || !told) {
		c.fees[about] = l.Fee
	}
	switch {
	case m != nil:
		if kind := differs(l, m); kind != "" {
			c.differ(kind, l, m)
		} else {
			c.result.Agree++
		}
	case other != nil:
		c.differ(pos.OtherPayment, l, other)
	case l.State == string(pos.RefundFailed):
		c.result.Agree++ // no money moved on either side
	default:
		c.differ(pos.MissingHere, l, nil)
	}
	return nil
}

// ours reports whether the line is about a payment of this counter.
func (c *comparison) ours(l *pos.BillLine) bool {
	_, known := c.trades[l.OutTradeNo]
	return known || c.in.Minted(l.OutTradeNo)
}

// find returns what the ledger has under the line's numbers, or else what it has of the same money under others. The
// number of a refund says so only beside a payment of this counter: elsewhere others may have the same.
func (c *comparison) find(l *pos.BillLine) (m, other *pos.Movement) {
	if i, ok := c.ledger[lineKey(l)]; ok {
		return &c.in.Ledger[i], nil
	}
	i, ok := c.transactions[l.TransactionID]
	if l.OutRefundNo != "" {
		i, ok = c.refunds[l.OutRefundNo]
		ok = ok && c.ours(l)
	}
	if !ok {
		return nil, nil
	}
	c.taken[i] = true
	return nil, &c.in.Ledger[i]
}

// differs says in what a line and the ledger differ, the weightiest first; empty: in nothing.
func differs(l *pos.BillLine, m *pos.Movement) pos.DifferenceKind {
	there, here := l.TransactionID, m.TransactionID
	if l.OutRefundNo != "" {
		there, here = l.RefundID, m.RefundID
	}
	switch {
	case otherState(l, m):
		return pos.OtherState
	case l.Amount != m.Amount:
		return pos.OtherAmount
	case there != here && there != "" && here != "": // Alipay's bill does not number refunds
		return pos.OtherTransaction
	}
	return ""
}

// otherState reports whether bill and ledger contradict each other about how it ended. A bill is made once: what was
// under way when it was made may have ended since.
func otherState(l *pos.BillLine, m *pos.Movement) bool {
	if l.OutRefundNo == "" {
		return m.State != string(pos.Paid)
	}
	switch pos.RefundState(l.State) {
	case pos.RefundSucceeded:
		return m.State != string(pos.RefundSucceeded)
	case pos.RefundFailed:
		return m.State != string(pos.RefundFailed)
	}
	return false
}

// again counts a line that the bill has more than once.
func (c *comparison) again(k key, l *pos.BillLine, m *pos.Movement) {
	if _, known := c.doubled[k]; !known {
		c.doubled[k] = len(c.result.Differences)
		c.differ(pos.Doubled, l, m)
	}
	c.result.Differences[c.doubled[k]].Lines = c.seen[k]
}

// differ adds a difference about a line, or about what only the ledger has.
func (c *comparison) differ(kind pos.DifferenceKind, l *pos.BillLine, m *pos.Movement) {
	d := pos.Difference{Kind: kind}
	if m != nil {
		d.OutTradeNo, d.OutRefundNo = m.OutTradeNo, m.OutRefundNo
		d.Here = pos.Claim{Amount: m.Amount, State: m.State, TransactionID: m.TransactionID, At: m.From}
		if m.OutRefundNo != "" {
			d.Here.TransactionID = m.RefundID
		}
	}
	if l != nil {
		d.OutTradeNo, d.OutRefundNo, d.Lines = l.OutTradeNo, l.OutRefundNo, 1
		d.There = pos.Claim{Amount: l.Amount, State: l.State, TransactionID: l.TransactionID, At: l.At}
		if l.OutRefundNo != "" {
			d.There.TransactionID = l.RefundID
		}
	}
	c.result.Differences = append(c.result.Differences, d)
}

// missingThere looks for what the ledger has of the day and no bill.
func (c *comparison) missingThere() {
	elsewhere := map[key]bool{}
	here := []pos.Day{c.in.Bill.Day}
	for _, b := range c.in.Others {
		here = append(here, b.Day)
		for i := range b.Lines {
			elsewhere[lineKey(&b.Lines[i])] = true
		}
	}
	var missing []*pos.Movement
	for i := range c.in.Ledger {
		m := &c.in.Ledger[i]
		if c.seen[movementKey(m)] > 0 || elsewhere[movementKey(m)] || c.taken[i] || !moved(m) {
			continue
		}
		first, last := days(m)
		if first != c.in.Bill.Day && last != c.in.Bill.Day {
			continue
		}
		if wanted := without(first, last, here); len(wanted) > 0 {
			c.result.Deferred++
			c.want(wanted)
			continue
		}
		missing = append(missing, m)
	}
	slices.SortStableFunc(missing, func(a, b *pos.Movement) int { return a.From.Compare(b.From) })
	for _, m := range missing {
		c.differ(pos.MissingThere, nil, m)
	}
}

// tellFees lists the fees of what has a ledger entry. What the bill says of the fee is what the platform takes off, even
// where it and the ledger differ in something else; but an entry has one fee, however often the bill repeats it.
func (c *comparison) tellFees() {
	c.result.Fees = make([]pos.EntryFee, 0, len(c.fees))
	for i := range c.in.Ledger {
		m := &c.in.Ledger[i]
		if fee, told := c.fees[m]; told && moved(m) {
			c.result.Fees = append(c.result.Fees, pos.EntryFee{OutTradeNo: m.OutTradeNo, OutRefundNo: m.OutRefundNo, Amount: fee})
		}
	}
}

// moved reports whether m is money that has moved, by what the ledger has proof of.
func moved(m *pos.Movement) bool {
	if m.OutRefundNo == "" {
		return m.State == string(pos.Paid)
	}
	return m.State == string(pos.RefundSucceeded)
}

// days are the two days, or the one, whose bill may have m: platforms date a refund when it is asked for, or when it is
// paid out, and not between.
func days(m *pos.Movement) (first, last pos.Day) {
	around := edge
	if m.OutRefundNo != "" {
		around = clockEdge
	}
	return pos.BillDay(m.From.Add(-around)), pos.BillDay(m.To.Add(around))
}

// without are the days, first and last, that are not among here.
func without(first, last pos.Day, here []pos.Day) (left []pos.Day) {
	for _, day := range []pos.Day{first, last} {
		if !slices.Contains(here, day) && !slices.Contains(left, day) {
			left = append(left, day)
		}
	}
	return left
}

func (c *comparison) want(days []pos.Day) {
	for _, day := range days {
		if i, found := slices.BinarySearchFunc(c.result.Wanted, day, func(a, b pos.Day) int { return strings.Compare(string(a), string(b)) }); !found {
			c.result.Wanted = slices.Insert(c.result.Wanted, i, day)
		}
	}
}
