package reconcile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// small is a counter with a small day that the platforms know as it was.
func small(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.seedSmall()
	r.remember(r.orders())
	return r
}

// paidBy finds n paid payments of a wallet without refunds, at least ten minutes from midnight.
func (r *rig) paidBy(w pos.Wallet, n int) (list []pos.Payment) {
	for _, o := range r.orders() {
		p := o.Payments[0]
		if at := p.CreatedAt.In(china); p.State == pos.Paid && p.Wallet == w && len(o.Refunds) == 0 && at.Hour() > 0 && at.Hour() < 23 {
			list = append(list, p)
		}
	}
	return list[:n]
}

func eachWallet(t *testing.T, test func(t *testing.T, r *rig, w pos.Wallet)) {
	for _, w := range pos.Wallets {
		t.Run(string(w), func(t *testing.T) { test(t, small(t), w) })
	}
}

// trail is what the audit chain says of the day, newest last.
func (r *rig) trail(w pos.Wallet) (said []string) {
	r.t.Helper()
	rows, err := r.ledger.AuditTrail(r.t.Context(), "bill "+string(w)+" "+string(day))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range rows {
		said = append(said, a.Action+" "+a.From+">"+a.To)
	}
	return said
}

// TestImport: what the platform has and the ledger lost is booked by the platform's signed answer, the refund with it.
func TestImport(t *testing.T) {
	eachWallet(t, func(t *testing.T, r *rig, w pos.Wallet) {
		const no, back = "T1260314120000AAAABBBB", "RT1260314120000AAAABBBB"
		at := midnight.Add(12 * time.Hour)
		if err := r.platform.Remember([]sandbox.Past{
			{Wallet: string(w), OutTradeNo: no, TransactionID: "4299", Amount: 880, At: at},
			{Wallet: string(w), OutTradeNo: no, TransactionID: "4299", OutRefundNo: back, RefundID: "5099", Amount: 880, At: at.Add(time.Hour)},
		}); err != nil {
			t.Fatal(err)
		}
		if got := r.reconcile(w, false); got.Open != 2 || got.State != pos.Differs || r.state(w) != pos.Differs {
			t.Fatalf("%+v", got)
		}
		for n, d := range r.differences(w) {
			if d.Kind != pos.MissingHere {
				t.Errorf("%+v", d)
			}
			if _, err := r.till.Remedy(t.Context(), w, day, n+1, pos.AskAgain, "boss", ""); pos.CodeOf(err) != pos.Conflict {
				t.Errorf("asking about what is not here: %v", err)
			}
			after, err := r.till.Remedy(t.Context(), w, day, n+1, pos.ImportIt, "boss", "")
			if err != nil || after.State != pos.DifferenceImported || after.DecidedBy != "boss" {
				t.Errorf("%+v, %v", after, err)
			}
		}
		p, err := r.till.Payment(t.Context(), no)
		if err != nil || p.State != pos.Paid || p.Amount != 880 || p.Refunded != 880 || p.ConfirmedBy != pos.FromBill {
			t.Errorf("%+v, %v", p, err)
		}
		if r.state(w) != pos.Agreed {
			t.Errorf("after the imports: %s", r.state(w))
		}
		if got := r.reconcile(w, false); got.State != pos.Agreed || got.Open != 0 || got.Agree != got.Own.Lines || got.Differences != 2 {
			t.Errorf("compared again: %+v", got)
		}
		if said := strings.Join(r.trail(w), " "); said != "reconcile >differs difference differs>differs difference differs>agreed reconcile agreed>agreed" {
			t.Error(said)
		}
		r.set(midnight.AddDate(0, 0, 2).Add(12 * time.Hour)) // on the bill of the day of the imports nothing is missing
		if got, err := r.books.Reconcile(t.Context(), w, day.Add(1), false, "boss"); err != nil || got.State != pos.Agreed || got.Differences != 0 {
			t.Errorf("the day of the imports: %+v, %v", got, err)
		}
	})
}

// TestQuery: a bill that disagrees is outweighed by the platform's signed answer; what that does not confirm stays open.
func TestQuery(t *testing.T) {
	eachWallet(t, func(t *testing.T, r *rig, w pos.Wallet) {
		p := r.paidBy(w, 4)
		for i, kind := range []sandbox.FaultKind{sandbox.FaultBillMissing, sandbox.FaultBillAmount, sandbox.FaultBillTransaction, sandbox.FaultBillExtra} {
			r.fault(sandbox.Fault{Kind: kind, Wallet: string(w), OutTradeNo: p[i].OutTradeNo, Count: 1})
		}
		if got := r.reconcile(w, false); got.Open != 4 {
			t.Fatalf("%+v", got)
		}
		for _, d := range r.differences(w) {
			remedy, end := pos.AskAgain, pos.DifferenceQueried
			if d.Kind == pos.MissingHere { // invented: the platform does not know it
				remedy, end = pos.ImportIt, pos.DifferenceOpen
			}
			after, err := r.till.Remedy(t.Context(), w, day, d.N, remedy, "boss", "")
			if after == nil || after.State != end || (err == nil) != (end == pos.DifferenceQueried) || err != nil && pos.CodeOf(err) != pos.Conflict {
				t.Errorf("%s: %+v, %v", d.Kind, after, err)
			}
		}
		if r.state(w) != pos.Differs {
			t.Errorf("with one open: %s", r.state(w))
		}
		r.note(w, "平台客服：测试数据")
		if r.state(w) != pos.Agreed {
			t.Errorf("after the note: %s", r.state(w))
		}
		// What was decided stays decided when the day is compared again, with the kept bill: the faults are used up.
		if got := r.reconcile(w, false); got.State != pos.Agreed || got.Differences != 4 {
			t.Errorf("the kept bill: %+v", got)
		}
		if got := r.reconcile(w, true); got.State != pos.Agreed || got.Differences != 4 || got.Agree != got.Own.Lines {
			t.Errorf("a better bill: %+v", got)
		}
	})
}

// TestQueryInVain: what the ledger has and the platform does not confirm stays open, a refund as well as a payment.
func TestQueryInVain(t *testing.T) {
	r := newRig(t)
	r.seedSmall()
	var known []pos.OrderDetail
	unknown := map[pos.Wallet]int{}
	for _, o := range r.orders() {
		if w := o.Payments[0].Wallet; len(o.Refunds) > 0 && unknown[w] == 0 {
			unknown[w]++
			continue
		}
		known = append(known, o)
	}
	r.remember(known)
	for _, w := range pos.Wallets {
		if got := r.reconcile(w, false); got.Open != 2 {
			t.Fatalf("%+v", got)
		}
		for _, d := range r.differences(w) {
			after, err := r.till.Remedy(t.Context(), w, day, d.N, pos.AskAgain, "boss", "")
			if d.Kind != pos.MissingThere || after.State != pos.DifferenceOpen || pos.CodeOf(err) != pos.Conflict {
				t.Errorf("%+v, %v", after, err)
			}
		}
		r.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Wallet: string(w), Count: 1})
		if r.state(w) != pos.Differs {
			t.Error(r.state(w))
		}
		if _, err := r.till.Remedy(t.Context(), w, day, 9, pos.AskAgain, "boss", ""); pos.CodeOf(err) != pos.NotFound {
			t.Errorf("no such difference: %v", err)
		}
	}
}

// note explains whatever is open.
func (r *rig) note(w pos.Wallet, words string) {
	r.t.Helper()
	for _, d := range r.differences(w) {
		if d.State != pos.DifferenceOpen {
			continue
		}
		if _, err := r.till.Remedy(r.t.Context(), w, day, d.N, pos.NoteIt, "boss", ""); pos.CodeOf(err) != pos.Invalid {
			r.t.Errorf("without words: %v", err)
		}
		if after, err := r.till.Remedy(r.t.Context(), w, day, d.N, pos.NoteIt, "boss", words); err != nil || after.Note != words {
			r.t.Errorf("%+v, %v", after, err)
		}
		if _, err := r.till.Remedy(r.t.Context(), w, day, d.N, pos.NoteIt, "boss", words); pos.CodeOf(err) != pos.Conflict {
			r.t.Errorf("twice: %v", err)
		}
	}
}

// TestOpenAgain: a day that agreed turns red again, and says so in the audit chain, only where something new is found; what
// a later comparison does not find any more is cleared, and open again where it comes back.
func TestOpenAgain(t *testing.T) {
	r := small(t)
	w := pos.WeChat
	p := r.paidBy(w, 2)
	if got := r.reconcile(w, false); got.State != pos.Agreed {
		t.Fatalf("%+v", got)
	}
	missing := sandbox.Fault{Kind: sandbox.FaultBillMissing, Wallet: string(w), OutTradeNo: p[0].OutTradeNo, Count: 1}
	var states []string
	for _, faults := range [][]sandbox.Fault{{missing}, nil, {missing}, {missing, {Kind: sandbox.FaultBillDoubled, OutTradeNo: p[1].OutTradeNo, Count: 1}}} {
		for _, f := range faults {
			r.fault(f)
		}
		got := r.reconcile(w, true)
		said := string(got.State)
		for _, d := range r.differences(w) {
			said += " " + string(d.Kind) + ":" + string(d.State)
		}
		states = append(states, said)
		if len(faults) == 1 && got.Open == 1 && len(states) == 3 {
			if _, err := r.till.SignOff(t.Context(), w, day, "boss", "盘点核对无误"); err != nil {
				t.Fatal(err)
			}
			if again := r.reconcile(w, false); again.State != pos.SignedOff || again.Note != "盘点核对无误" || again.Open != 1 {
				t.Errorf("signed off, and compared again: %+v", again)
			}
		}
	}
	want := "differs missing_there:open; agreed missing_there:cleared; differs missing_there:open; differs missing_there:open doubled:open"
	if got := strings.Join(states, "; "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if last := r.trail(w); last[len(last)-1] != "reconcile signed_off>differs" {
		t.Errorf("%q", last)
	}
	if got := r.reconcile(w, false); got.Note != "" || got.DecidedBy != "" {
		t.Errorf("still signed: %+v", got)
	}
	if got := r.kept(w); len(got) != 3 { // two versions came twice
		t.Errorf("kept %q", got)
	}
}

// kept lists the files of a wallet's kept bills.
func (r *rig) kept(w pos.Wallet) []string {
	r.t.Helper()
	list, err := filepath.Glob(filepath.Join(r.dir, "bills", string(w)+"-*"))
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// TestSignOff: a day may be let be, with words, and without its bill, too.
func TestSignOff(t *testing.T) {
	r := small(t)
	changes := make(chan pos.Reconciliation, 10)
	r.till.Subscribe(func(e pos.Event) {
		if e.Kind == pos.ReconciliationChanged {
			changes <- *e.Reconciliation
		}
	})
	if _, err := r.till.SignOff(t.Context(), pos.Alipay, day, "boss", " "); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("without words: %v", err)
	}
	if _, err := r.till.SignOff(t.Context(), pos.Alipay, pos.BillDay(r.now()), "boss", "x"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("today: %v", err)
	}
	if r.state(pos.Alipay) != pos.BillDue {
		t.Error(r.state(pos.Alipay))
	}
	got, err := r.till.SignOff(t.Context(), pos.Alipay, day, "boss", "账单过期")
	if err != nil || got.State != pos.SignedOff || got.DecidedBy != "boss" || r.state(pos.Alipay) != pos.SignedOff {
		t.Errorf("%+v, %v", got, err)
	}
	if e := <-changes; e.Wallet != pos.Alipay || e.Day != day || e.State != pos.SignedOff {
		t.Errorf("told %+v", e)
	}
	if _, err := r.till.SignOff(t.Context(), pos.Alipay, day, "boss", "x"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("twice: %v", err)
	}
	r.reconcile(pos.WeChat, false)
	if e := <-changes; e.Wallet != pos.WeChat || e.State != pos.Agreed {
		t.Errorf("told %+v", e)
	}
	if _, err := r.till.SignOff(t.Context(), pos.WeChat, day, "boss", "x"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("what agrees: %v", err)
	}
}

// TestBillFaults: a bill that is late, cut or another than its hash says is no bill; nothing is recorded, and the next try
// succeeds.
func TestBillFaults(t *testing.T) {
	eachWallet(t, func(t *testing.T, r *rig, w pos.Wallet) {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultBillLate, sandbox.FaultBillCut, sandbox.FaultBillHash, sandbox.FaultTruncated, sandbox.FaultHTTP502, sandbox.FaultUnsigned,
		} {
			if kind == sandbox.FaultBillHash && w == pos.Alipay { // it gives none
				continue
			}
			if kind == sandbox.FaultUnsigned && w == pos.WeChat { // the file is never signed, and its address first
				continue
			}
			r.fault(sandbox.Fault{Kind: kind, Wallet: string(w), Count: 1})
			if got, err := r.books.Reconcile(t.Context(), w, day, false, "boss"); pos.CodeOf(err) != pos.Unavailable || got != nil {
				t.Errorf("%s: %+v, %v", kind, got, err)
			}
			if r.state(w) != pos.BillDue || len(r.kept(w)) != 0 {
				t.Errorf("%s: %s, kept %q", kind, r.state(w), r.kept(w))
			}
		}
		if got := r.reconcile(w, false); got.State != pos.Agreed || got.Agree == 0 {
			t.Errorf("at last: %+v", got)
		}
	})
}

// TestKeptBill: the kept bill is the one compared again, names no payer, and is downloaded anew where it is damaged or lost.
func TestKeptBill(t *testing.T) {
	eachWallet(t, func(t *testing.T, r *rig, w pos.Wallet) {
		first := r.reconcile(w, false)
		text, err := r.ledger.KeptBill(w, day, first.BillHash)
		if err != nil || !strings.Contains(string(text), "***") || strings.Contains(string(text), "oUpF8uM") || strings.Contains(string(text), "客") {
			t.Errorf("%d bytes, %v:\n%.600s", len(text), err, text)
		}
		r.platform.Faults().Clear()
		r.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Wallet: string(w)})
		if again := r.reconcile(w, false); again.State != pos.Agreed || again.BillHash != first.BillHash || again.OriginalHash != first.OriginalHash {
			t.Errorf("without the platform: %+v", again)
		}
		path := r.kept(w)[0]
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file[len(file)/2] ^= 1
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ledger.KeptBill(w, day, first.BillHash); pos.CodeOf(err) != pos.Damaged {
			t.Errorf("damaged: %v", err)
		}
		if _, err := r.books.Reconcile(t.Context(), w, day, false, "boss"); pos.CodeOf(err) != pos.Unavailable {
			t.Errorf("damaged and no platform: %v", err)
		}
		r.platform.Faults().Clear()
		if again := r.reconcile(w, false); again.State != pos.Agreed || again.BillHash != first.BillHash {
			t.Errorf("downloaded anew: %+v", again)
		}
		if _, err := r.ledger.KeptBill(w, day, first.BillHash); err != nil {
			t.Errorf("kept anew: %v", err)
		}
		// One that was downloaded before the platform had made the whole of it is not trusted.
		early := *first
		early.DownloadedAt = clockAt(0, 12, 0)
		if _, err := r.till.KeepReconciliation(t.Context(), early, nil, nil, "boss"); err != nil {
			t.Fatal(err)
		}
		r.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Wallet: string(w), Count: 1})
		if _, err := r.books.Reconcile(t.Context(), w, day, false, "boss"); pos.CodeOf(err) != pos.Unavailable {
			t.Errorf("an early bill: %v", err)
		}
	})
}
