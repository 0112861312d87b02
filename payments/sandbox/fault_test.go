package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

func fault(t testing.TB, s *Sandbox, f Fault) {
	t.Helper()
	if err := s.Faults().Add(f); err != nil {
		t.Fatal(err)
	}
}

// TestRequestFaults switches each fault on once, for each wallet, on the creation of an order: what the client sees,
// and whether the order exists afterwards. The next request must work again.
func TestRequestFaults(t *testing.T) {
	type seen struct {
		status int
		body   string
		signed bool
		err    error
	}
	for _, tt := range []struct {
		kind   FaultKind
		effect bool
		ok     func(seen) bool
	}{
		{FaultRefuse, false, func(r seen) bool { return r.err != nil && !errors.Is(r.err, context.DeadlineExceeded) }},
		{FaultDelay, true, func(r seen) bool { return r.err == nil && r.signed }},
		{FaultTimeoutBefore, false, func(r seen) bool { return errors.Is(r.err, context.DeadlineExceeded) }},
		{FaultTimeoutAfter, true, func(r seen) bool { return errors.Is(r.err, context.DeadlineExceeded) }},
		{FaultHTTP500, false, func(r seen) bool { return r.status == 500 && !r.signed }},
		{FaultHTTP502, false, func(r seen) bool { return r.status == 502 && !r.signed }},
		{FaultSystemError, false, func(r seen) bool { return strings.Contains(r.body, "SYSTEM_ERROR") && r.signed }},
		{FaultRateLimit, false, func(r seen) bool {
			return r.signed && (r.status == 429 && strings.Contains(r.body, "FREQUENCY_LIMITED") || strings.Contains(r.body, "40005"))
		}},
		{FaultTruncated, true, func(r seen) bool { return errors.Is(r.err, io.ErrUnexpectedEOF) }},
		{FaultSlow, true, func(r seen) bool {
			return r.status == 200 && errors.Is(r.err, context.DeadlineExceeded) && len(r.body) < 20
		}},
		{FaultBadSignature, true, func(r seen) bool { return r.status == 200 && !r.signed && json.Valid([]byte(r.body)) }},
		{FaultUnsigned, true, func(r seen) bool {
			return r.status == 200 && !r.signed && json.Valid([]byte(r.body)) && !strings.Contains(r.body, `"sign"`)
		}},
		{FaultCaptivePortal, false, func(r seen) bool { return r.status == 200 && strings.Contains(r.body, "<html>") }},
		{FaultRedirect, false, func(r seen) bool { return r.status == 307 }},
		{FaultNumberUsed, false, func(r seen) bool {
			return r.signed && (r.status == 403 && strings.Contains(r.body, "OUT_TRADE_NO_USED") || strings.Contains(r.body, "ACQ.CONTEXT_INCONSISTENT"))
		}},
	} {
		for _, wallet := range []string{WeChat, Alipay} {
			t.Run(string(tt.kind)+" "+wallet, func(t *testing.T) {
				t.Parallel()
				s := start(t, Options{})
				no := "ORDER" + digits(10)
				create := func(t testing.TB) seen {
					if wallet == WeChat {
						r := wechatPost(t, s, "/v3/pay/transactions/native", nativeOrder(s, map[string]any{"out_trade_no": no}))
						return seen{r.status, r.body, r.verified(s) == nil, r.err}
					}
					r := alipayCall(t, s, "alipay.trade.precreate", map[string]any{"out_trade_no": no, "total_amount": "12.50", "subject": "coffee"})
					return seen{r.status, r.raw, r.verified(s) == nil, r.err}
				}
				f := Fault{Kind: tt.kind, Wallet: wallet, Op: "create", Count: 1, Delay: 50 * time.Millisecond}
				fault(t, s, f)
				began := time.Now()
				got := create(soonGone(t, s, tt.kind, tt.effect))
				if !tt.ok(got) {
					t.Errorf("%+v", got)
				}
				if tt.kind == FaultDelay && time.Since(began) < f.Delay {
					t.Error("not delayed")
				}
				if effect := len(s.Orders()) == 1; effect != tt.effect {
					t.Errorf("order exists: %v", effect)
				}
				if len(s.Faults().List()) != 0 {
					t.Errorf("left: %+v", s.Faults().List())
				}
				if again := create(t); again.err != nil || !again.signed || again.status != 200 {
					t.Errorf("afterwards: %+v", again)
				}
			})
		}
	}
}

// hurried is a test whose requests are given up.
type hurried struct {
	testing.TB
	ctx context.Context
}

func (h hurried) Context() context.Context { return h.ctx }

// soonGone gives a request up as its time-out would, where nothing else ends it: once the fault has struck and had its
// effect, and some bytes of a slow answer are there.
func soonGone(t *testing.T, s *Sandbox, kind FaultKind, effect bool) testing.TB {
	if kind != FaultTimeoutBefore && kind != FaultTimeoutAfter && kind != FaultSlow {
		return t
	}
	ctx, giveUp := context.WithCancelCause(t.Context())
	answered := make(chan struct{})
	if kind == FaultSlow {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { close(answered) }})
	} else {
		close(answered)
	}
	go func() {
		defer giveUp(context.DeadlineExceeded)
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			if len(s.Faults().List()) == 0 && (len(s.Orders()) == 1) == effect {
				break
			}
		}
		<-answered
		if kind == FaultSlow {
			time.Sleep(1500 * time.Millisecond)
		}
	}()
	return hurried{t, ctx}
}

// TestWrongOrder: validly signed, about another order that looks paid.
func TestWrongOrder(t *testing.T) {
	s := start(t, Options{})
	w, a := wechatOrder(t, s, nil), alipayOrder(t, s, nil)
	fault(t, s, Fault{Kind: FaultWrongOrder})
	if r := wechatQuery(t, s, w); r.verified(s) != nil || r.json.TradeState != "SUCCESS" || r.json.OutTradeNo == w || r.json.OutTradeNo == "" {
		t.Errorf("wechat: %s", r.body)
	}
	r := alipayCall(t, s, "alipay.trade.query", map[string]any{"out_trade_no": a})
	if r.verified(s) != nil || r.json.TradeStatus != "TRADE_SUCCESS" || r.json.OutTradeNo == a || r.json.OutTradeNo == "" {
		t.Errorf("alipay: %s", r.raw)
	}
	if len(s.Money()) != 0 {
		t.Errorf("money moved: %+v", s.Money())
	}
	s.Faults().Clear()
	if r := wechatQuery(t, s, w); r.json.TradeState != "NOTPAY" || r.json.OutTradeNo != w {
		t.Errorf("afterwards: %s", r.body)
	}
}

// TestStateFaults: order_paid, stale and refund_abnormal strike only where they make sense.
func TestStateFaults(t *testing.T) {
	s := start(t, Options{Speed: 1e6})
	w, a := wechatOrder(t, s, nil), alipayOrder(t, s, nil)
	mch := map[string]any{"mchid": s.papers.WeChat.MchID}

	fault(t, s, Fault{Kind: FaultOrderPaid, Count: 2})
	if r := wechatQuery(t, s, w); r.json.TradeState != "NOTPAY" {
		t.Errorf("a query is not a close: %s", r.body)
	}
	if r := wechatPost(t, s, "/v3/pay/transactions/out-trade-no/"+w+"/close", mch); r.json.Code != "ORDERPAID" || r.verified(s) != nil {
		t.Errorf("wechat: %s", r.body)
	}
	if r := alipayCall(t, s, "alipay.trade.close", map[string]any{"out_trade_no": a}); r.json.SubCode != "ACQ.TRADE_HAS_SUCCESS" {
		t.Errorf("alipay: %s", r.raw)
	}

	fault(t, s, Fault{Kind: FaultStale, Count: 2})
	wechatQuery(t, s, w) // unpaid: there is nothing stale to say
	for _, no := range []string{w, a} {
		if err := s.Pay(no); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"NOTPAY WAIT_BUYER_PAY", "SUCCESS TRADE_SUCCESS"} {
		r := alipayCall(t, s, "alipay.trade.query", map[string]any{"out_trade_no": a})
		if got := wechatQuery(t, s, w).json.TradeState + " " + r.json.TradeStatus; got != want {
			t.Errorf("query %d: %s", i+1, got)
		}
	}

	fault(t, s, Fault{Kind: FaultAbnormal, Count: 2})
	wechatPost(t, s, "/v3/refund/domestic/refunds", map[string]any{
		"out_trade_no": w, "out_refund_no": "R1", "amount": map[string]any{"refund": 100, "total": 1250, "currency": "CNY"},
	})
	eventually(t, func() bool { return wechatGet(t, s, "/v3/refund/domestic/refunds/R1").json.Status == "ABNORMAL" })
	back := map[string]any{"out_trade_no": a, "out_request_no": "R1", "refund_amount": "1.00"}
	if r := alipayCall(t, s, "alipay.trade.refund", back); r.json.Code != "10000" || r.json.FundChange != "N" {
		t.Errorf("alipay: %s", r.raw)
	}
	if r := alipayCall(t, s, "alipay.trade.fastpay.refund.query", back); r.json.Code != "10000" || strings.Contains(r.text, "refund_status") {
		t.Errorf("alipay: %s", r.raw)
	}
	if len(s.Money()) != 2 {
		t.Errorf("money: %+v", s.Money())
	}
	if r := alipayCall(t, s, "alipay.trade.refund", back); r.json.FundChange != "Y" || len(s.Money()) != 3 {
		t.Errorf("the refund again: %s", r.raw)
	}
}

// TestFaultLimits: a fault strikes only its wallet, operation and order, and as often as it says.
func TestFaultLimits(t *testing.T) {
	s := start(t, Options{})
	w, other := wechatOrder(t, s, nil), wechatOrder(t, s, nil)
	fault(t, s, Fault{Kind: FaultHTTP500, Wallet: WeChat, Op: "query", OutTradeNo: w, Count: 2})
	if wechatQuery(t, s, other).status != 200 || wechatOrder(t, s, nil) == "" || alipayOrder(t, s, nil) == "" {
		t.Error("struck somewhere else")
	}
	for i, want := range []int{500, 500, 200} {
		if got := wechatQuery(t, s, w).status; got != want {
			t.Errorf("query %d: %d", i+1, got)
		}
	}
	for _, f := range []Fault{{Kind: "nonsense"}, {Kind: FaultDelay, Wallet: "cash"}, {Kind: FaultDelay, Op: "pay"}, {Kind: FaultDelay, Count: -1}} {
		if s.Faults().Add(f) == nil {
			t.Errorf("accepted %+v", f)
		}
	}
}

// TestHangEnds: a hang holds neither Close nor a client that left.
func TestHangEnds(t *testing.T) {
	s := start(t, Options{})
	fault(t, s, Fault{Kind: FaultTimeoutBefore, Count: 1})
	answered := make(chan error, 1)
	go func() { answered <- wechatGet(t, s, "/v3/certificates").err }()
	eventually(t, func() bool { return len(s.Faults().List()) == 0 })
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > hangBound/2 {
		t.Errorf("Close took %v", took)
	}
	if err := <-answered; err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the hanging request ended with %v", err)
	}
}

// TestControl drives the simulator over HTTP as a script does.
func TestControl(t *testing.T) {
	s := start(t, Options{})
	call := func(method, path, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res := exchange(r)
		return res.status, strings.TrimSpace(res.body)
	}
	plain := `{"error":"` + errBody.Error() + `"}` // not a decoder's words
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/sandbox/faults", "", 200, "[]"},
		{"GET", "/sandbox/orders", "", 200, "[]"},
		{"GET", "/sandbox/money", "", 200, "[]"},
		{"POST", "/sandbox/faults", `{"kind":"delay","wallet":"alipay","op":"query","count":3,"delay_ms":1500,"out_trade_no":"X"}`, 200, ""},
		{"GET", "/sandbox/faults", "", 200, `[{"kind":"delay","wallet":"alipay","op":"query","out_trade_no":"X","count":3,"delay_ms":1500}]`},
		{"POST", "/sandbox/faults", `{"kind":"earthquake"}`, 400, ""},
		{"POST", "/sandbox/faults", `{`, 400, plain},
		{"POST", "/sandbox/faults", `{"kind":"lost","operation":"notify"}`, 400, plain}, // a slip must not mean "any"
		{"POST", "/sandbox/faults", `{"kind":"delay","delay":"1s"}`, 400, plain},
		{"POST", "/sandbox/pay", `{"out_trade_no":1}`, 400, plain},
		{"POST", "/sandbox/faults", `{"kind":"delay","count":-1}`, 400, ""},
		{"POST", "/sandbox/faults", `{"kind":"stale","op":"create"}`, 400, ""}, // can never strike
		{"POST", "/sandbox/faults", `{"kind":"lost","op":"query"}`, 400, ""},
		{"DELETE", "/sandbox/faults", "", 200, "[]"},
		{"POST", "/sandbox/pay", `{"out_trade_no":"UNKNOWN1"}`, 404, ""},
		{"GET", "/somewhere", "", 404, ""},
	} {
		status, body := call(step.method, step.path, step.body)
		if status != step.status || step.want != "" && body != step.want {
			t.Errorf("%s %s: %d %s", step.method, step.path, status, body)
		}
	}
	no := alipayOrder(t, s, nil)
	in := `{"out_trade_no":"` + no + `"}`
	for _, step := range []struct {
		path   string
		status int
		state  string
	}{
		{"/sandbox/scan", 200, "WAIT_BUYER_PAY"},
		{"/sandbox/refuse", 200, "WAIT_BUYER_PAY"},
		{"/sandbox/pay", 200, "TRADE_SUCCESS"},
		{"/sandbox/pay", 409, "TRADE_SUCCESS"},
	} {
		status, body := call("POST", step.path, in)
		_, orders := call("GET", "/sandbox/orders", "")
		if status != step.status || !strings.Contains(orders, `"state":"`+step.state+`"`) {
			t.Errorf("%s: %d %s, then %s", step.path, status, body, orders)
		}
	}
	_, money := call("GET", "/sandbox/money", "")
	var moved []Movement
	if err := json.Unmarshal([]byte(money), &moved); err != nil || len(moved) != 1 || moved[0].Amount != 1250 || moved[0].OutTradeNo != no || moved[0].Wallet != Alipay {
		t.Errorf("money: %s %v", money, err)
	}
}
