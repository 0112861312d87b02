package pos_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

func eachWallet(t *testing.T, test func(t *testing.T, w pos.Wallet)) {
	for _, w := range pos.Wallets {
		t.Run(string(w), func(t *testing.T) { test(t, w) })
	}
}

func TestChargePaidByNotification(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		c := newCounter(t)
		p := c.charge(w, 1250)
		if p.State != pos.Waiting || p.CodeURL == "" {
			t.Fatalf("after the charge: %+v", p)
		}
		c.pay(p.OutTradeNo)
		p = c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
		if p.ConfirmedBy != pos.FromNotification || p.TransactionID == "" || p.PaidAt.IsZero() {
			t.Errorf("paid: %+v", p)
		}
		c.audit()
	})
}

func TestChargePaidByPolling(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		c := newCounter(t)
		c.fault(sandbox.Fault{Kind: sandbox.FaultLost})
		c.poll()
		p := c.charge(w, 1)
		c.pay(p.OutTradeNo)
		p = c.await(p.OutTradeNo, pos.Paid, 5*time.Second)
		if p.ConfirmedBy != pos.FromPoll {
			t.Errorf("confirmed by %s", p.ConfirmedBy)
		}
		c.audit()
	})
}

func TestChargeRefusesBadInput(t *testing.T) {
	c := newCounter(t)
	for name, r := range map[string]pos.ChargeRequest{
		"nothing":       {Amount: 0, Wallet: pos.WeChat},
		"negative":      {Amount: -1, Wallet: pos.WeChat},
		"above limit":   {Amount: pos.DefaultMaxCharge + 1, Wallet: pos.WeChat},
		"long title":    {Amount: 1, Wallet: pos.WeChat, Title: strings.Repeat("茶", 43)},
		"control":       {Amount: 1, Wallet: pos.WeChat, Title: "a\tb"},
		"short time":    {Amount: 1, Wallet: pos.WeChat, Timeout: time.Millisecond},
		"long time":     {Amount: 1, Wallet: pos.WeChat, Timeout: 2 * time.Hour},
		"other wallet":  {Amount: 1, Wallet: "cash"},
		"no wallet set": {Amount: 1},
	} {
		if p, err := c.till.Charge(t.Context(), r); err == nil {
			t.Errorf("%s: accepted as %+v", name, p)
		}
	}
	if list, err := c.till.Recent(t.Context(), 10); err != nil || len(list) != 0 {
		t.Errorf("refused charges left %d payments, %v", len(list), err)
	}
	if n := len(c.platform.Orders()); n != 0 {
		t.Errorf("refused charges left %d orders at the platform", n)
	}
}

// A create whose answer is lost is not a failure: after a restart the same number is found, shown, paid
// and entered once.
func TestTimeoutAfterCreateThenRestart(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		c := newCounter(t)
		c.fault(sandbox.Fault{Kind: sandbox.FaultTruncated, Op: "create", Count: 1})
		p := c.charge(w, 880)
		if p.State != pos.Created {
			t.Fatalf("after a broken answer: %s", p.State)
		}
		c.close()
		c.open()
		unfinished, err := c.till.Resume(t.Context())
		if err != nil || len(unfinished) != 1 || unfinished[0].OutTradeNo != p.OutTradeNo {
			t.Fatalf("resume: %+v, %v", unfinished, err)
		}
		c.poll()
		if got := c.await(p.OutTradeNo, pos.Waiting, 5*time.Second); got.CodeURL == "" {
			t.Fatal("waiting without a code")
		}
		c.pay(p.OutTradeNo)
		c.await(p.OutTradeNo, pos.Paid, 5*time.Second)
		if n := len(c.platform.Orders()); n != 1 {
			t.Errorf("%d orders at the platform", n)
		}
		c.audit()
	})
}

func TestCreateFailures(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		for _, kind := range []sandbox.FaultKind{
			sandbox.FaultRefuse, sandbox.FaultHTTP500, sandbox.FaultHTTP502, sandbox.FaultSystemError, sandbox.FaultTruncated,
			sandbox.FaultBadSignature, sandbox.FaultUnsigned, sandbox.FaultCaptivePortal, sandbox.FaultRedirect, sandbox.FaultRateLimit,
		} {
			t.Run(string(kind), func(t *testing.T) {
				c := newCounter(t)
				c.fault(sandbox.Fault{Kind: kind, Op: "create", Count: 1})
				p := c.charge(w, 500)
				if p.State != pos.Created {
					t.Fatalf("an unclear answer made it %s", p.State)
				}
				p, err := c.till.Check(t.Context(), p.OutTradeNo)
				if err != nil || p.State != pos.Waiting {
					t.Fatalf("asked again: %+v, %v", p, err)
				}
				c.pay(p.OutTradeNo)
				c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
				c.audit()
			})
		}
	})
}

func TestCancel(t *testing.T) {
	c := newCounter(t)
	wx := c.charge(pos.WeChat, 100)
	if p, err := c.till.Cancel(t.Context(), wx.OutTradeNo, "li"); err != nil || p.State != pos.Closed {
		t.Errorf("WeChat: %+v, %v", p, err)
	}
	scanned := c.charge(pos.Alipay, 100)
	if err := c.platform.Scan(scanned.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if p, err := c.till.Cancel(t.Context(), scanned.OutTradeNo, "li"); err != nil || p.State != pos.Closed {
		t.Errorf("Alipay, scanned: %+v, %v", p, err)
	}
	// A code nobody scanned cannot be closed at Alipay: it stays watched until it has expired.
	unseen := c.charge(pos.Alipay, 100)
	if p, err := c.till.Cancel(t.Context(), unseen.OutTradeNo, "li"); err != nil || p.State != pos.Closing {
		t.Errorf("Alipay, not scanned: %+v, %v", p, err)
	}
	c.skew.Store(int64(pos.DefaultTimeout + pos.CodeGrace + pos.SettleGrace + time.Second))
	if p, err := c.till.Check(t.Context(), unseen.OutTradeNo); err != nil || p.State != pos.Closed {
		t.Errorf("Alipay, not scanned, after its code's end: %+v, %v", p, err)
	}
	c.skew.Store(0)
	paid := c.charge(pos.WeChat, 100)
	c.pay(paid.OutTradeNo)
	c.await(paid.OutTradeNo, pos.Paid, 3*time.Second)
	if _, err := c.till.Cancel(t.Context(), paid.OutTradeNo, "li"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("cancel of a paid payment: %v", err)
	}
	c.audit()
}

// While close is unproved, the attempt stays closing and payment still wins.
func TestCancelUnproved(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		c := newCounter(t)
		p := c.charge(w, 100)
		c.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "close"})
		c.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "query"})
		if got, err := c.till.Cancel(t.Context(), p.OutTradeNo, "li"); err != nil || got.State != pos.Closing {
			t.Fatalf("cancel without an answer: %+v, %v", got, err)
		}
		c.pay(p.OutTradeNo)
		c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
		c.audit()
	})
}

// Cancel racing the customer's Pay: never closed with the money taken, never two entries.
func TestCancelRace(t *testing.T) {
	c := newCounter(t)
	const rounds = 200
	var paid, closed, closing int
	span := time.Millisecond // how long the last cancel took here: Pay comes at any part of it, or after it
	for i := range rounds {
		w := pos.Wallets[i%len(pos.Wallets)]
		p := c.charge(w, pos.Fen(100+i))
		if w == pos.Alipay {
			if err := c.platform.Scan(p.OutTradeNo); err != nil {
				t.Fatal(err)
			}
		}
		var race sync.WaitGroup
		var payErr error
		delay := time.Duration(i%11) * span / 10
		race.Go(func() {
			time.Sleep(delay)
			payErr = c.platform.Pay(p.OutTradeNo)
		})
		began := time.Now()
		after, err := c.till.Cancel(t.Context(), p.OutTradeNo, "li")
		if err != nil && pos.CodeOf(err) != pos.Conflict {
			t.Fatal(err)
		}
		span = time.Since(began)
		race.Wait()
		if payErr == nil {
			paid++
			c.await(p.OutTradeNo, pos.Paid, 5*time.Second)
			if after != nil && after.State == pos.Closed {
				t.Errorf("round %d: reported closed, and the customer paid", i)
			}
			continue
		}
		switch got := c.payment(p.OutTradeNo); got.State {
		case pos.Closed:
			closed++
		case pos.Closing:
			closing++
		default:
			t.Errorf("round %d: not paid (%v) and %s", i, payErr, got.State)
		}
	}
	t.Logf("%d paid, %d closed, %d closing", paid, closed, closing)
	if paid == 0 || closed == 0 {
		t.Errorf("the race was always won by one side: %d paid, %d closed", paid, closed)
	}
	c.audit()
}

func TestSwitchWallet(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		other := pos.Wallets[0]
		if other == w {
			other = pos.Wallets[1]
		}
		c := newCounter(t)
		first := c.charge(w, 1250)
		second, err := c.till.SwitchWallet(t.Context(), first.OutTradeNo, other, "li")
		if err != nil || second.State != pos.Waiting || second.OrderID != first.OrderID || second.Wallet != other {
			t.Fatalf("switched: %+v, %v", second, err)
		}
		c.pay(second.OutTradeNo)
		c.await(second.OutTradeNo, pos.Paid, 3*time.Second)
		c.audit()
	})
}

func TestSwitchWalletAfterPayment(t *testing.T) {
	c := newCounter(t)
	c.fault(sandbox.Fault{Kind: sandbox.FaultLost})
	first := c.charge(pos.WeChat, 1250)
	c.pay(first.OutTradeNo)
	got, err := c.till.SwitchWallet(t.Context(), first.OutTradeNo, pos.Alipay, "li")
	if err != nil || got.OutTradeNo != first.OutTradeNo || got.State != pos.Paid {
		t.Fatalf("the payment did not win: %+v, %v", got, err)
	}
	if list, _ := c.till.Recent(t.Context(), 10); len(list) != 1 {
		t.Errorf("%d attempts", len(list))
	}
	c.audit()
}

func TestSwitchWalletUnproved(t *testing.T) {
	c := newCounter(t)
	first := c.charge(pos.WeChat, 1250)
	c.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "query"})
	if _, err := c.till.SwitchWallet(t.Context(), first.OutTradeNo, pos.Alipay, "li"); pos.CodeOf(err) != pos.Unavailable {
		t.Fatalf("a second code was offered without proof: %v", err)
	}
	if list, _ := c.till.Recent(t.Context(), 10); len(list) != 1 || list[0].State != pos.Closing {
		t.Errorf("attempts: %+v", list)
	}
}

// Both codes of one order paid: both are in the ledger, and a manager hears of it.
func TestDuplicatePayment(t *testing.T) {
	c := newCounter(t)
	first := c.charge(pos.Alipay, 1250)
	second, err := c.till.SwitchWallet(t.Context(), first.OutTradeNo, pos.WeChat, "li")
	if err != nil {
		t.Fatal(err)
	}
	c.pay(second.OutTradeNo)
	c.await(second.OutTradeNo, pos.Paid, 3*time.Second)
	c.pay(first.OutTradeNo)
	c.await(first.OutTradeNo, pos.Paid, 3*time.Second)
	c.wantException(pos.DuplicatePayment, first.OutTradeNo)
	c.audit()
}

func (c *counter) wantException(kind pos.ExceptionKind, outTradeNo string) {
	c.t.Helper()
	var open []pos.Exception
	err := c.ledger.View(c.t.Context(), func(tx pos.Tx) (err error) {
		open, err = tx.OpenExceptions()
		return err
	})
	if err != nil || len(open) != 1 || open[0].Kind != kind || open[0].OutTradeNo != outTradeNo {
		c.t.Errorf("exceptions: %+v, %v; want one %s for %s", open, err, kind, outTradeNo)
	}
}

func TestExpire(t *testing.T) {
	c := newCounter(t)
	c.poll()
	p, err := c.till.Charge(t.Context(), pos.ChargeRequest{Amount: 100, Wallet: pos.WeChat, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c.await(p.OutTradeNo, pos.Closed, 5*time.Second)
	c.audit()
}

func evidence(p *pos.Payment) pos.Evidence {
	return pos.Evidence{
		Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, TransactionID: "T-" + p.OutTradeNo, Account: p.Account, Amount: p.Amount,
		Currency: pos.CNY, State: pos.TradePaid, At: time.Now(), Source: pos.FromNotification, Raw: []byte(`{}`),
	}
}

func TestLatePayment(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.WeChat, 100)
	if _, err := c.till.Cancel(t.Context(), p.OutTradeNo, "li"); err != nil {
		t.Fatal(err)
	}
	if out, err := c.till.Settle(t.Context(), evidence(p)); err != nil || out != pos.Credited {
		t.Fatalf("%s, %v", out, err)
	}
	if out, err := c.till.Settle(t.Context(), evidence(p)); err != nil || out != pos.Replayed {
		t.Fatalf("again: %s, %v", out, err)
	}
	c.wantException(pos.LatePayment, p.OutTradeNo)
	c.audit()
}

func TestEvidenceThatIsNotCredited(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*pos.Evidence)
		kind   pos.ExceptionKind
	}{
		"amount":   {func(e *pos.Evidence) { e.Amount++ }, pos.AmountMismatch},
		"currency": {func(e *pos.Evidence) { e.Currency = "HKD" }, pos.AmountMismatch},
		"merchant": {func(e *pos.Evidence) { e.Account.MerchantID = "1" }, pos.ForeignMerchant},
		"app":      {func(e *pos.Evidence) { e.Account.AppID = "1" }, pos.ForeignMerchant},
		"unknown":  {func(e *pos.Evidence) { e.OutTradeNo = "T1NOSUCHORDER" }, pos.UnknownOrder},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t)
			p := c.charge(pos.WeChat, 100)
			e := evidence(p)
			row.change(&e)
			for range 3 {
				if out, err := c.till.Settle(t.Context(), e); err != nil || out != pos.Excepted {
					t.Fatalf("%s, %v", out, err)
				}
			}
			c.wantException(row.kind, e.OutTradeNo)
			if got := c.payment(p.OutTradeNo); got.State != pos.Waiting {
				t.Errorf("the payment is %s", got.State)
			}
			c.audit()
		})
	}
}

func TestTransactionPaysOneOrder(t *testing.T) {
	c := newCounter(t)
	a, b := c.charge(pos.WeChat, 100), c.charge(pos.WeChat, 100)
	if out, err := c.till.Settle(t.Context(), evidence(a)); err != nil || out != pos.Credited {
		t.Fatalf("%s, %v", out, err)
	}
	e := evidence(b)
	e.TransactionID = evidence(a).TransactionID
	if out, err := c.till.Settle(t.Context(), e); err != nil || out != pos.Excepted {
		t.Fatalf("%s, %v", out, err)
	}
	if got := c.payment(b.OutTradeNo); got.State != pos.Waiting {
		t.Errorf("the second order is %s", got.State)
	}
	c.wantException(pos.DuplicatePayment, b.OutTradeNo)
}

// Many copies of one notification, at once with polls and cancels: one entry.
func TestSettleOnce(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.WeChat, 100)
	var all sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[pos.Outcome]int{}
	for range 64 {
		all.Go(func() {
			out, err := c.till.Settle(t.Context(), evidence(p))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			outcomes[out]++
			mu.Unlock()
		})
	}
	all.Wait()
	if outcomes[pos.Credited] != 1 || outcomes[pos.Replayed] != 63 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

func TestRefunds(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		c := newCounter(t)
		c.poll()
		p := c.charge(w, 1000)
		c.pay(p.OutTradeNo)
		c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
		refund := func(amount pos.Fen) (*pos.Refund, error) {
			return c.till.Refund(t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: amount, Reason: "退货", Actor: "wang"})
		}
		if _, err := refund(1001); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("more than the payment: %v", err)
		}
		if _, err := refund(0); pos.CodeOf(err) != pos.Invalid {
			t.Errorf("nothing: %v", err)
		}
		for _, amount := range []pos.Fen{300, 200, 500} {
			r, err := refund(amount)
			if err != nil {
				t.Fatal(err)
			}
			c.awaitRefund(r.OutRefundNo, pos.RefundSucceeded)
			c.skew.Add(int64(time.Minute)) // WeChat Pay takes the next one then
		}
		if _, err := refund(1); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("after the full refund: %v", err)
		}
		if got := c.payment(p.OutTradeNo); got.State != pos.Paid || got.Refunded != 1000 {
			t.Errorf("payment after refunds: %+v", got)
		}
		c.audit()
	})
}

func (c *counter) awaitRefund(outRefundNo string, s pos.RefundState) {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var r *pos.Refund
		err := c.ledger.View(c.t.Context(), func(tx pos.Tx) (err error) {
			r, err = tx.Refund(outRefundNo)
			return err
		})
		if err != nil {
			c.t.Fatal(err)
		}
		if r.State == s {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("refund %s is %s, not %s", outRefundNo, r.State, s)
		}
	}
}

// A refund of unknown outcome is retried under its own number and enters the ledger once.
func TestRefundUnknown(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		for _, kind := range []sandbox.FaultKind{sandbox.FaultTruncated, sandbox.FaultHTTP502, sandbox.FaultUnsigned} {
			t.Run(string(kind), func(t *testing.T) {
				c := newCounter(t)
				p := c.charge(w, 1000)
				c.pay(p.OutTradeNo)
				c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
				c.fault(sandbox.Fault{Kind: sandbox.FaultLost}) // else WeChat Pay could tell of the refund before it is looked at
				c.fault(sandbox.Fault{Kind: kind, Op: "refund", Count: 1})
				r, err := c.till.Refund(t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 400, Reason: "x", Actor: "wang"})
				if err != nil || r.State != pos.RefundRequested {
					t.Fatalf("after an unclear answer: %+v, %v", r, err)
				}
				c.close()
				c.open()
				c.poll()
				c.awaitRefund(r.OutRefundNo, pos.RefundSucceeded)
				if got := c.payment(p.OutTradeNo); got.Refunded != 400 {
					t.Errorf("refunded %s", got.Refunded)
				}
				c.audit()
			})
		}
	})
}

// Two refunds at once cannot exceed the payment together.
func TestRefundRace(t *testing.T) {
	c := newCounter(t)
	c.poll()
	p := c.charge(pos.Alipay, 1000)
	c.pay(p.OutTradeNo)
	c.await(p.OutTradeNo, pos.Paid, 3*time.Second)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = c.till.Refund(t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 300, Reason: fmt.Sprint(i), Actor: "wang"})
		})
	}
	all.Wait()
	accepted := 0
	for _, err := range errs {
		if err == nil {
			accepted++
		} else if pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
	}
	if accepted != 3 {
		t.Errorf("%d refunds of 3.00 accepted on a payment of 10.00: %v", accepted, errors.Join(errs...))
	}
	c.audit()
}

// One order is offered through one live code at a time.
func TestSwitchWalletTwice(t *testing.T) {
	c := newCounter(t)
	first := c.charge(pos.Alipay, 1250)
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { _, errs[i] = c.till.SwitchWallet(t.Context(), first.OutTradeNo, pos.WeChat, "li") })
	}
	both.Wait()
	if refused := errors.Join(errs...); (errs[0] == nil) == (errs[1] == nil) || pos.CodeOf(refused) == pos.Internal {
		t.Errorf("two switches of one order: %v", errs)
	}
	c.audit()
}

// A wallet that is not set up any more does not keep its attempts waiting past their time.
func TestExpireWithoutGateway(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.Alipay, 100)
	delete(c.till.Gateways, pos.Alipay)
	c.skew.Store(int64(pos.DefaultTimeout + time.Second))
	if got, err := c.till.Check(t.Context(), p.OutTradeNo); pos.CodeOf(err) != pos.Setup || got.State != pos.Closing {
		t.Errorf("after its time: %+v, %v", got, err)
	}
}
