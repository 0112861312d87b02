package pos

import (
	"testing"
	"time"
)

var (
	noon    = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	account = Account{MerchantID: "1900000001", AppID: "wx0000000000000001"}
)

// attempt is a payment of ¥12.50 in the given state, its code ending at noon + 2 minutes.
func attempt(s PaymentState) *Payment {
	p := &Payment{
		OutTradeNo: "A1", OrderID: 1, Wallet: WeChat, Account: account, Amount: 1250, State: s,
		CodeURL: "weixin://code", CreatedAt: noon.Add(-5 * time.Minute), ExpiresAt: noon,
	}
	switch s {
	case Created, Rejected:
		p.CodeURL = ""
	case Paid:
		p.TransactionID = "T1"
	}
	return p
}

// TestDecide is the whole truth table: every state of a payment against every kind of evidence.
func TestDecide(t *testing.T) {
	type change func(*Evidence, *circumstances)
	evidence := []struct {
		name string
		make change
	}{
		{"paid", func(*Evidence, *circumstances) {}},
		{"paid, order paid", func(_ *Evidence, c *circumstances) { c.siblings = []Payment{{State: Paid}} }},
		{"paid, reused", func(_ *Evidence, c *circumstances) { c.reused = true }},
		{"paid, other transaction", func(e *Evidence, _ *circumstances) { e.TransactionID = "T2" }},
		{"one fen more", func(e *Evidence, _ *circumstances) { e.Amount++ }},
		{"one fen less", func(e *Evidence, _ *circumstances) { e.Amount-- }},
		{"currency", func(e *Evidence, _ *circumstances) { e.Currency = "USD" }},
		{"merchant", func(e *Evidence, _ *circumstances) { e.Account.MerchantID = "1900000002" }},
		{"app", func(e *Evidence, _ *circumstances) { e.Account.AppID = "wx2" }},
		{"wallet", func(e *Evidence, _ *circumstances) { e.Wallet = Alipay }},
		{"closed", func(e *Evidence, _ *circumstances) { e.State = TradeClosed }},
		{"closed, amount", func(e *Evidence, _ *circumstances) { e.State = TradeClosed; e.Amount++ }},
		{"closed, merchant", func(e *Evidence, _ *circumstances) { e.State = TradeClosed; e.Account.MerchantID = "x" }},
		{"unpaid", func(e *Evidence, _ *circumstances) { e.State = TradeUnpaid }},
		{"none", func(e *Evidence, _ *circumstances) { e.State = TradeNone }},
		{"unpaid, late", func(e *Evidence, c *circumstances) { e.State = TradeUnpaid; c.now = noon.Add(time.Hour) }},
		{"none, late", func(e *Evidence, c *circumstances) { e.State = TradeNone; c.now = noon.Add(time.Hour) }},
		{"none, late, wallet", func(e *Evidence, c *circumstances) {
			e.State, e.Wallet, c.now = TradeNone, Alipay, noon.Add(time.Hour)
		}},
	}
	var (
		credit    = verdict{Credited, Paid, ""}
		late      = verdict{Credited, Paid, LatePayment}
		twice     = verdict{Credited, Paid, DuplicatePayment}
		duplicate = verdict{Excepted, "", DuplicatePayment}
		amount    = verdict{Excepted, "", AmountMismatch}
		foreign   = verdict{Excepted, "", ForeignMerchant}
		unknown   = verdict{Excepted, "", UnknownOrder}
		replay    = verdict{Replayed, "", ""}
		shut      = verdict{Recorded, Closed, ""}
		nothing   = verdict{Ignored, "", ""}
	)
	unseen := attempt(Closing)
	unseen.CodeURL = ""
	// Columns: paid, order paid, reused, other transaction, +1, -1, currency, merchant, app, wallet,
	// closed, closed over another amount, closed by a stranger, unpaid, none, unpaid late, none late, none late of a stranger.
	table := []struct {
		name string
		p    *Payment
		want [18]verdict
	}{
		{"no payment", nil, [18]verdict{unknown, unknown, duplicate, unknown, unknown, unknown, unknown, foreign, foreign, unknown, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
		{"created", attempt(Created), [18]verdict{credit, twice, duplicate, credit, amount, amount, amount, foreign, foreign, foreign, shut, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
		{"waiting", attempt(Waiting), [18]verdict{credit, twice, duplicate, credit, amount, amount, amount, foreign, foreign, foreign, shut, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
		{"closing", attempt(Closing), [18]verdict{credit, twice, duplicate, credit, amount, amount, amount, foreign, foreign, foreign, shut, nothing, nothing, nothing, nothing, nothing, shut, nothing}},
		{"closing, code never shown", unseen, [18]verdict{credit, twice, duplicate, credit, amount, amount, amount, foreign, foreign, foreign, shut, nothing, nothing, nothing, shut, nothing, shut, nothing}},
		{"paid", attempt(Paid), [18]verdict{replay, replay, replay, duplicate, amount, amount, amount, foreign, foreign, foreign, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
		{"closed", attempt(Closed), [18]verdict{late, twice, duplicate, late, amount, amount, amount, foreign, foreign, foreign, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
		{"rejected", attempt(Rejected), [18]verdict{late, twice, duplicate, late, amount, amount, amount, foreign, foreign, foreign, nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing}},
	}
	for _, row := range table {
		for i, ev := range evidence {
			e := Evidence{
				Wallet: WeChat, OutTradeNo: "A1", TransactionID: "T1", Account: account,
				Amount: 1250, Currency: CNY, State: TradePaid,
			}
			c := circumstances{now: noon}
			ev.make(&e, &c)
			c.ours = e.Account == account
			if got := decide(row.p, e, c); got != row.want[i] {
				t.Errorf("%s x %s: got %+v, want %+v", row.name, ev.name, got, row.want[i])
			}
		}
	}
}

func TestDecideRefund(t *testing.T) {
	states := []RefundState{"", RefundRequested, RefundProcessing, RefundSucceeded, RefundAbnormal, RefundFailed}
	var (
		nothing  = refundVerdict{Ignored, "", ""}
		replay   = refundVerdict{Replayed, "", ""}
		pay      = refundVerdict{Credited, RefundSucceeded, ""}
		process  = refundVerdict{Recorded, RefundProcessing, ""}
		abnormal = refundVerdict{Recorded, RefundAbnormal, RefundIsAbnormal}
		fail     = refundVerdict{Recorded, RefundFailed, ""}
		closed   = refundVerdict{Recorded, RefundFailed, RefundIsAbnormal}
		late     = refundVerdict{Credited, RefundSucceeded, LateRefund}
	)
	// Columns: what the platform says, in the order of states.
	table := []struct {
		state RefundState
		want  [6]refundVerdict
	}{
		{RefundRequested, [6]refundVerdict{nothing, replay, process, pay, abnormal, fail}},
		{RefundProcessing, [6]refundVerdict{nothing, nothing, replay, pay, abnormal, closed}},
		{RefundAbnormal, [6]refundVerdict{nothing, nothing, nothing, pay, replay, fail}},
		{RefundSucceeded, [6]refundVerdict{nothing, nothing, nothing, replay, nothing, nothing}},
		{RefundFailed, [6]refundVerdict{nothing, nothing, nothing, late, nothing, replay}},
	}
	for _, row := range table {
		for i, said := range states {
			r := &Refund{OutRefundNo: "R1", OutTradeNo: "A1", Wallet: Alipay, Amount: 300, State: row.state}
			e := RefundEvidence{OutRefundNo: "R1", OutTradeNo: "A1", Wallet: Alipay, Amount: 300, State: said}
			if got := decideRefund(r, e, true); got != row.want[i] {
				t.Errorf("%s x %q: got %+v, want %+v", row.state, said, got, row.want[i])
			}
		}
	}
	r := &Refund{OutRefundNo: "R1", OutTradeNo: "A1", Wallet: Alipay, Amount: 300, State: RefundProcessing}
	for name, e := range map[string]RefundEvidence{
		"wallet": {OutTradeNo: "A1", Wallet: WeChat, Amount: 300, State: RefundSucceeded},
		"trade":  {OutTradeNo: "A2", Wallet: Alipay, Amount: 300, State: RefundSucceeded},
		"amount": {OutTradeNo: "A1", Wallet: Alipay, Amount: 301, State: RefundSucceeded},
	} {
		if got, want := decideRefund(r, e, true), (refundVerdict{Excepted, "", AmountMismatch}); got != want {
			t.Errorf("other %s: got %+v, want %+v", name, got, want)
		}
	}
	gone := &Refund{OutRefundNo: "R1", OutTradeNo: "A1", Wallet: Alipay, Amount: 300, State: RefundFailed}
	paidOut := RefundEvidence{OutRefundNo: "R1", OutTradeNo: "A1", Wallet: Alipay, Amount: 300, State: RefundSucceeded}
	if got, want := decideRefund(gone, paidOut, false), (refundVerdict{Excepted, "", LateRefund}); got != want {
		t.Errorf("late refund without cover: got %+v, want %+v", got, want)
	}
	if got := decideRefund(nil, RefundEvidence{State: RefundSucceeded}, false); got.outcome != Excepted {
		t.Errorf("unknown refund succeeded: got %+v", got)
	}
	if got := decideRefund(nil, RefundEvidence{State: RefundProcessing}, false); got.outcome != Ignored {
		t.Errorf("unknown refund processing: got %+v", got)
	}
}

func TestStatusOf(t *testing.T) {
	for _, row := range []struct {
		states []PaymentState
		want   OrderStatus
	}{
		{nil, OrderOpen},
		{[]PaymentState{Created}, OrderOpen},
		{[]PaymentState{Waiting}, OrderOpen},
		{[]PaymentState{Closing}, OrderOpen},
		{[]PaymentState{Closed}, OrderClosed},
		{[]PaymentState{Rejected}, OrderClosed},
		{[]PaymentState{Closed, Rejected}, OrderClosed},
		{[]PaymentState{Closed, Waiting}, OrderOpen},
		{[]PaymentState{Closing, Rejected}, OrderOpen},
		{[]PaymentState{Paid}, OrderPaid},
		{[]PaymentState{Closed, Paid}, OrderPaid},
		{[]PaymentState{Paid, Paid}, OrderPaid},
		{[]PaymentState{Waiting, Paid}, OrderPaid},
	} {
		var payments []Payment
		for _, s := range row.states {
			payments = append(payments, Payment{State: s})
		}
		if got := StatusOf(payments); got != row.want {
			t.Errorf("%v: got %s, want %s", row.states, got, row.want)
		}
	}
}
