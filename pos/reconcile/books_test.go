package reconcile_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// seeded are the seven kinds of difference, and what of the sandbox makes each. A payment that the platform has and
// the ledger closed needs no fault.
var seeded = []struct {
	kind  pos.DifferenceKind
	fault sandbox.FaultKind
}{
	{pos.MissingHere, sandbox.FaultBillExtra},
	{pos.MissingThere, sandbox.FaultBillMissing},
	{pos.OtherAmount, sandbox.FaultBillAmount},
	{pos.OtherTransaction, sandbox.FaultBillTransaction},
	{pos.OtherPayment, sandbox.FaultBillPayment},
	{pos.Doubled, sandbox.FaultBillDoubled},
	{pos.OtherState, ""},
}

// TestBigBill seeds differences of seven kinds into both wallets' bills of a big day: through HTTP, the platforms' formats
// and the real parsers, each is found and none is invented.
func TestBigBill(t *testing.T) {
	const each = 5
	r := newRig(t)
	r.seed(dbtest.Rounds(15_000, 210_000))
	orders := r.orders()
	r.remember(orders)
	want := map[pos.Wallet]map[string]int{pos.WeChat: {}, pos.Alipay: {}}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(orders), func(i, j int) { orders[i], orders[j] = orders[j], orders[i] })
	lines := map[pos.Wallet]int{}
	for i := range orders {
		p := &orders[i].Payments[0]
		if p.State == pos.Paid {
			lines[p.Wallet] += 1 + len(orders[i].Refunds)
		}
	}
	for i := range orders {
		p := &orders[i].Payments[0]
		if first, last := midnight.Add(10*time.Minute), midnight.Add(23*time.Hour+50*time.Minute); p.CreatedAt.Before(first) || p.CreatedAt.After(last) {
			continue // what is missing at midnight may be on another day's bill
		}
		for _, s := range seeded {
			said := fmt.Sprintf("%s %s", s.kind, p.OutTradeNo)
			closed := s.kind == pos.OtherState
			if count(want[p.Wallet], s.kind) == each || (p.State == pos.Closed) != closed || len(orders[i].Refunds) > 0 {
				continue
			}
			switch {
			case closed:
				if err := r.platform.Remember([]sandbox.Past{pastOf(p)}); err != nil {
					t.Fatal(err)
				}
			default:
				r.fault(sandbox.Fault{Kind: s.fault, Wallet: string(p.Wallet), OutTradeNo: p.OutTradeNo, Count: 1})
			}
			want[p.Wallet][said]++
			break
		}
	}
	for _, w := range pos.Wallets {
		begin := time.Now()
		got := r.reconcile(w, false)
		took := time.Since(begin)
		found := map[string]int{}
		for _, d := range r.differences(w) {
			no := d.OutTradeNo
			if d.Kind == pos.MissingHere || d.Kind == pos.OtherPayment {
				no = d.OutTradeNo[:len(d.OutTradeNo)-1] // the sandbox changed the last
			}
			found[fmt.Sprintf("%s %s", d.Kind, no)]++
		}
		expected := map[string]int{}
		for said, n := range want[w] {
			if said[:12] == "missing_here" || said[:7] == "payment" {
				said = said[:len(said)-1]
			}
			expected[said] += n
		}
		if !maps.Equal(found, expected) || len(expected) != each*len(seeded) {
			t.Errorf("%s: found %v, want %v", w, found, expected)
		}
		// All but the extra, doubled, missing and newly paid lines are as many as the ledger's.
		if got.All.Lines != lines[w]+each+each-each+each || got.Own != got.All || got.Agree != lines[w]-each*4 || got.State != pos.Differs {
			t.Errorf("%s: %+v of %d lines", w, got, lines[w])
		}
		dbtest.Figures(t, "%s: %d lines with %d seeded differences of %d kinds downloaded, compared and recorded in %s", w, got.All.Lines, len(expected), len(seeded), took.Round(time.Millisecond))
	}
}

// count is how many of a kind there are.
func count(said map[string]int, kind pos.DifferenceKind) (n int) {
	for s := range said {
		if len(s) > len(kind) && s[:len(kind)+1] == string(kind)+" " {
			n++
		}
	}
	return n
}
