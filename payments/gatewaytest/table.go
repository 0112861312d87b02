package gatewaytest

import (
	"fmt"
	"slices"
	"strings"

	"saoma/pos"
)

// The operations of a gateway, named as the platform names what a fault strikes; one column of the table each.
const (
	opCreate      = "create"
	opQuery       = "query"
	opQueryUnpaid = "query_unpaid" // strikes as query
	opClose       = "close"
	opRefund      = "refund"
	opQueryRefund = "query_refund"
)

// table says, for every fault and every operation it can strike, what the gateway must make of it and what the platform
// then holds: answer/holding. It is written from the platforms' protocol, not from the gateways.
//
// Before: create — nothing; query — a paid order; query_unpaid and close — one that is scanned and unpaid; refund — a
// paid one; query_refund — one of which something went back.
//
// Answers: answered is the truth, without an error; unknown, rate_limited and already_paid are pos.Failures ("unknown?":
// or answered, because HTTP itself may ask again what changes nothing); unpaid is stale evidence; abnormal and none are
// what is said of a refund.
//
//   - refused, dns, bad_certificate: nothing reaches the platform.
//   - timeout_after, slow, truncated, unsigned, bad_signature: it did everything, and nobody can know.
//   - The other unclear ones happen before it does anything; the gateway cannot know that, either.
const table = `
fault            wallet  create                query                query_unpaid         close                refund               query_refund
refused          both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
dns              both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
bad_certificate  both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
timeout_before   both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
timeout_after    both    unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded
http_500         both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
http_502         both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
system_error     both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
rate_limit       both    rate_limited/nothing  rate_limited/paid    rate_limited/unpaid  rate_limited/unpaid  rate_limited/paid    rate_limited/refunded
slow             wechat  unknown/unpaid        unknown/paid         unknown/unpaid       n/a:no-body          unknown/refunded     unknown/refunded
slow             alipay  unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded
truncated        both    unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded
unsigned         both    unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded
bad_signature    both    unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded
captive_portal   both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
redirect         both    unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
order_paid       both    n/a:only-close        n/a:only-close       n/a:only-close       already_paid/unpaid  n/a:only-close       n/a:only-close
stale            both    n/a:only-query        unpaid/paid          n/a:is-true          n/a:only-query       n/a:only-query       n/a:only-query
number_used      both    unknown/nothing       n/a:only-create      n/a:only-create      n/a:only-create      n/a:only-create      n/a:only-create
refund_abnormal  wechat  n/a:only-refunds      n/a:only-refunds     n/a:only-refunds     n/a:only-refunds     answered/paid        abnormal/paid
refund_abnormal  alipay  n/a:only-refunds      n/a:only-refunds     n/a:only-refunds     n/a:only-refunds     unknown/paid         none/paid
wrong_order      wechat  n/a:names-none        unknown/paid         unknown/unpaid       n/a:no-body          unknown/refunded     unknown/refunded
wrong_order      alipay  unknown/unpaid        unknown/paid         unknown/unpaid       unknown/closed       unknown/refunded     unknown/refunded

refuse           wechat  unknown/nothing       unknown?/paid        unknown?/unpaid      unknown/unpaid       unknown/paid         unknown?/refunded
refuse           alipay  unknown/nothing       unknown/paid         unknown/unpaid       unknown/unpaid       unknown/paid         unknown/refunded
delay            both    answered/unpaid       answered/paid        answered/unpaid      answered/closed      answered/refunded    answered/refunded
`

// why explains the cells that are not applicable.
var why = map[string]string{
	"no-body":      "WeChat Pay answers close with 204 and no body, so nothing can come slowly or name another order",
	"names-none":   "WeChat Pay's answer to create is a code and names no order",
	"only-close":   "only close is answered that the order is paid",
	"only-query":   "only a query tells a state",
	"is-true":      "an unpaid order called unpaid is no fault",
	"only-create":  "only create brings a number",
	"only-refunds": "only a refund can become abnormal",
}

// must are the faults that no table may lack.
var must = []Fault{
	Refused, DNS, BadCertificate, TimeoutBefore, TimeoutAfter, HTTP500, HTTP502, SystemError, RateLimit, Slow,
	Truncated, Unsigned, BadSignature, CaptivePortal, Redirect, OrderPaid, Stale, NumberUsed, RefundAbnormal, WrongOrder,
}

// cell is one expectation of the table. An na cell has a reason and no expectation.
type cell struct {
	fault  Fault
	op     string
	answer string
	holds  holding
	na     string
}

var (
	operations = []string{opCreate, opQuery, opQueryUnpaid, opClose, opRefund, opQueryRefund}
	answers    = []string{
		"answered", "unpaid", "abnormal", "none", "unknown?",
		string(pos.Unknown), string(pos.RateLimited), string(pos.AlreadyPaid),
	}
	holdings = []holding{nothing, unpaid, closed, paid, refunded}
)

// cellsOf reads the table for one wallet. It refuses a table with a hole or a word that is not known.
func cellsOf(w pos.Wallet, text string) (cells []cell, err error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if head := strings.Fields(lines[0]); !slices.Equal(head[2:], operations) {
		return nil, fmt.Errorf("the columns are %q", head)
	}
	seen := map[Fault]bool{}
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		if len(words) == 0 || words[1] != "both" && words[1] != string(w) {
			continue
		}
		fault := Fault(words[0])
		if len(words) != 2+len(operations) || seen[fault] {
			return nil, fmt.Errorf("the row of %s has a hole, or comes twice", fault)
		}
		seen[fault] = true
		for i, op := range operations {
			c, err := parseCell(words[2+i])
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", fault, op, err)
			}
			c.fault, c.op = fault, op
			cells = append(cells, c)
		}
	}
	for _, f := range must {
		if !seen[f] {
			return nil, fmt.Errorf("no row for %s", f)
		}
	}
	return cells, nil
}

func parseCell(text string) (c cell, err error) {
	if reason, na := strings.CutPrefix(text, "n/a:"); na {
		if c.na = why[reason]; c.na == "" {
			return c, fmt.Errorf("%s is not explained", text)
		}
		return c, nil
	}
	answer, holds, _ := strings.Cut(text, "/")
	c.answer, c.holds = answer, holding(holds)
	if !slices.Contains(answers, c.answer) || !slices.Contains(holdings, c.holds) {
		return c, fmt.Errorf("%s is neither an expectation nor n/a", text)
	}
	return c, nil
}
