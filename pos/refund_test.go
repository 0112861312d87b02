package pos_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// A refund made on the platform's site can bear the payment's own number; both keep their own audit rows.
func TestRefundNumberedLikeItsPayment(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		d := newDesk(t)
		p := d.charge(w, 1250)
		d.pay(p.OutTradeNo)
		p = d.await(p.OutTradeNo, pos.Paid, patience)
		g := d.gateway(w).adapter
		r := &pos.Refund{OutRefundNo: p.OutTradeNo, OutTradeNo: p.OutTradeNo, Wallet: w, Amount: 1250}
		if _, err := g.Refund(t.Context(), p, r); err != nil {
			t.Fatal(err)
		}
		e, err := g.QueryRefund(t.Context(), p, r)
		for end := time.Now().Add(patience); e.State != pos.RefundSucceeded; e, err = g.QueryRefund(t.Context(), p, r) {
			if time.Now().After(end) {
				t.Fatalf("the refund is %q, %v", e.State, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		e.Source = pos.FromCheck
		if o, err := d.till.SettleRefund(t.Context(), e); err != nil || o != pos.Excepted && o != pos.Replayed {
			t.Fatal(o, err)
		}
		x := d.exception(pos.UnknownOrder, p.OutTradeNo)
		if _, err := d.till.Resolve(t.Context(), x.ID, pos.Accept, "boss", ""); err != nil {
			t.Fatal(err)
		}
		d.wantNet(p.OutTradeNo, 0)
		d.audit()
	})
}

// refusing is a gateway that answers every request for a refund with one failure, and knows none.
type refusing struct {
	pos.Gateway
	failure pos.Failure
	asked   []string // the numbers it was asked for
}

func (g *refusing) Refund(_ context.Context, _ *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	g.asked = append(g.asked, r.OutRefundNo)
	return pos.RefundEvidence{}, &pos.GatewayError{Wallet: g.Wallet(), Failure: g.failure, Err: errors.New("as told")}
}

// A trade that is finished cannot be refunded any more: the refund fails, and holds nothing.
func TestRefundOfAFinishedTrade(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.Alipay, 1000)
	c.pay(p.OutTradeNo)
	c.await(p.OutTradeNo, pos.Paid, patience)
	c.till.Gateways[pos.Alipay] = &refusing{Gateway: c.till.Gateways[pos.Alipay], failure: pos.AlreadyPaid}
	r, err := c.till.Refund(t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 1000, Reason: "return", Actor: "li"})
	if r == nil || r.State != pos.RefundFailed || pos.CodeOf(err) != pos.Conflict {
		t.Errorf("%+v, %v", r, err)
	}
	c.audit()
}

// A refund without a clear answer is asked for under one number only, and after half an hour a manager
// hears of it, once.
func TestRefundWithoutAnAnswer(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.WeChat, 1000)
	c.pay(p.OutTradeNo)
	c.await(p.OutTradeNo, pos.Paid, patience)
	g := &refusing{Gateway: c.till.Gateways[pos.WeChat], failure: pos.Misconfigured}
	c.till.Gateways[pos.WeChat] = g
	r, err := c.till.Refund(t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 1000, Reason: " return\t", Actor: "li"})
	if err != nil || r.State != pos.RefundRequested || r.Reason != "return" {
		t.Fatalf("%+v, %v", r, err)
	}
	second := pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 1, Reason: "more", Actor: "li"}
	if _, err := c.till.Refund(t.Context(), second); err == nil || !strings.Contains(err.Error(), "Other refunds of this payment") {
		t.Errorf("beside a refund that holds all of it: %v", err)
	}
	if open, err := c.till.Exceptions(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("raised at once: %+v, %v", open, err)
	}
	c.skew.Add(int64(pos.StuckRefundAfter))
	for range 3 {
		if r, err = c.till.CheckRefund(t.Context(), r.OutRefundNo); err != nil || r.State != pos.RefundRequested {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	open, err := c.till.Exceptions(t.Context())
	if err != nil || len(open) != 1 || open[0].Kind != pos.StuckRefund || open[0].OutRefundNo != r.OutRefundNo {
		t.Errorf("%+v, %v", open, err)
	}
	if len(g.asked) != 4 || len(slices.Compact(g.asked)) != 1 {
		t.Errorf("asked for %q", g.asked)
	}
	c.skew.Store(0)
	c.audit()
}

// A transaction that the ledger has under another number is told, credited no second time, and can be
// dismissed.
func TestTransactionUnderASecondNumber(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.WeChat, 1000)
	c.pay(p.OutTradeNo)
	p = c.await(p.OutTradeNo, pos.Paid, patience)
	for _, no := range []string{"ELSEWHERE1", c.charge(pos.WeChat, 900).OutTradeNo} {
		o, err := c.till.Settle(t.Context(), pos.Evidence{
			Wallet: p.Wallet, OutTradeNo: no, TransactionID: p.TransactionID, Account: p.Account, Amount: 1000,
			Currency: pos.CNY, State: pos.TradePaid, At: time.Now(), Source: pos.FromCheck,
		})
		open, _ := c.till.Exceptions(t.Context())
		if err != nil || o != pos.Excepted || len(open) != 1 || open[0].Kind != pos.DuplicatePayment {
			t.Fatalf("%s: %s, %v, %+v", no, o, err, open)
		}
		if _, err := c.till.Resolve(t.Context(), open[0].ID, pos.Accept, "boss", ""); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("accepted: %v", err)
		}
		if _, err := c.till.Resolve(t.Context(), open[0].ID, pos.NoteAndForget, "boss", "compared with the site"); err != nil {
			t.Error(err)
		}
	}
	c.audit()
}
