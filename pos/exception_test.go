package pos_test

import (
	"errors"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// eachDecision runs a test about one kind of exception for each thing a manager may decide about it.
func eachDecision(t *testing.T, w pos.Wallet, test func(d *desk, w pos.Wallet, r pos.Resolution), decisions ...pos.Resolution) {
	for _, r := range decisions {
		t.Run(string(w)+"/"+string(r), func(t *testing.T) { test(newDesk(t), w, r) })
	}
}

// left is what the shop keeps of an amount after a decision.
func left(amount pos.Fen, r pos.Resolution) pos.Fen {
	if r == pos.GiveBack {
		return 0
	}
	return amount
}

// A code that nobody scanned counts as closed once its time is over; the platform takes the payment all the same.
func TestResolveLatePayment(t *testing.T) {
	eachDecision(t, pos.Alipay, func(d *desk, w pos.Wallet, r pos.Resolution) {
		p := d.charge(w, 1250)
		if _, err := d.till.Cancel(d.t.Context(), p.OutTradeNo, "li"); err != nil {
			d.t.Fatal(err)
		}
		d.skew.Store(int64(pos.DefaultTimeout + pos.CodeGrace + pos.SettleGrace + time.Second))
		if got, err := d.till.Check(d.t.Context(), p.OutTradeNo); err != nil || got.State != pos.Closed {
			d.t.Fatalf("%+v, %v", got, err)
		}
		d.pay(p.OutTradeNo)
		d.await(p.OutTradeNo, pos.Paid, patience)
		x := d.exception(pos.LatePayment, p.OutTradeNo)
		d.settle(x, r)
		d.witness.awaitAccepted(d.t)
		d.wantNet(p.OutTradeNo, left(1250, r))
	}, pos.Accept, pos.GiveBack)
}

// Both codes of one order are paid before the counter hears of either.
func TestResolveDuplicatePayment(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		eachDecision(t, w, func(d *desk, w pos.Wallet, r pos.Resolution) {
			d.fault(sandbox.Fault{Kind: sandbox.FaultLost})
			first := d.charge(w, 1250)
			second, err := d.till.Offer(d.t.Context(), first.OutTradeNo, other(w), "li")
			if err != nil {
				d.t.Fatal(err)
			}
			d.pay(first.OutTradeNo)
			d.pay(second.OutTradeNo)
			for _, p := range []*pos.Payment{first, second} {
				if got, err := d.till.Check(d.t.Context(), p.OutTradeNo); err != nil || got.State != pos.Paid {
					d.t.Fatalf("%+v, %v", got, err)
				}
			}
			d.platform.Faults().Clear()
			x := d.exception(pos.DuplicatePayment, second.OutTradeNo)
			if x.Choices()[0] != pos.GiveBack {
				d.t.Errorf("%s is proposed", x.Choices()[0])
			}
			d.settle(x, r)
			d.witness.awaitAccepted(d.t)
			d.wantNet(first.OutTradeNo, 1250)
			d.wantNet(second.OutTradeNo, left(1250, r))
		}, pos.GiveBack, pos.Accept)
	})
}

// The platform has another order under the number.
func TestResolveAmountMismatch(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		eachDecision(t, w, func(d *desk, w pos.Wallet, r pos.Resolution) {
			d.fault(sandbox.Fault{Kind: sandbox.FaultHTTP500, Op: "create", Count: 1})
			p := d.charge(w, 1250)
			if p.State != pos.Created {
				d.t.Fatalf("%+v", p)
			}
			d.behind(w, p.OutTradeNo, 1249)
			d.pay(p.OutTradeNo)
			x := d.exception(pos.AmountMismatch, p.OutTradeNo)
			if x.Amount != 1249 || x.Credited {
				d.t.Errorf("%+v", x)
			}
			d.audit() // named, and not booked
			d.settle(x, r)
			d.witness.awaitAccepted(d.t) // a replay of what the manager booked
			d.wantNet(p.OutTradeNo, left(1249, r))
		}, pos.Accept, pos.GiveBack)
	})
}

func TestResolveUnknownOrder(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		eachDecision(t, w, func(d *desk, w pos.Wallet, r pos.Resolution) {
			const no = "ELSEWHERE260304A1"
			d.behind(w, no, 990)
			d.pay(no)
			x := d.exception(pos.UnknownOrder, no)
			d.audit()
			d.settle(x, r)
			d.witness.awaitAccepted(d.t)
			d.wantNet(no, left(990, r))
			if got := d.payment(no); got.Title != pos.Miscellaneous || got.ConfirmedBy != pos.FromManager {
				d.t.Errorf("%+v", got)
			}
		}, pos.Accept, pos.GiveBack)
	})
}

// A refund made on the platform's site is accepted into the ledger.
func TestResolveUnknownRefund(t *testing.T) {
	eachDecision(t, pos.WeChat, func(d *desk, w pos.Wallet, r pos.Resolution) {
		p := d.charge(w, 1250)
		d.pay(p.OutTradeNo)
		p = d.await(p.OutTradeNo, pos.Paid, patience)
		back := &pos.Refund{OutRefundNo: "ONTHESITE1", OutTradeNo: p.OutTradeNo, Wallet: w, Amount: 250, Reason: "x"}
		if _, err := d.gateway(w).adapter.Refund(d.t.Context(), p, back); err != nil {
			d.t.Fatal(err)
		}
		x := d.exception(pos.UnknownOrder, p.OutTradeNo)
		if x.OutRefundNo != back.OutRefundNo || x.Amount != 250 {
			d.t.Errorf("%+v", x)
		}
		d.audit()
		d.settle(x, r)
		if got := d.payment(p.OutTradeNo).Refunded; (got == 250) != (r == pos.Accept) {
			d.t.Errorf("¥%s refunded in the ledger after %s", got, r)
		}
	}, pos.Accept, pos.NoteAndForget)
}

func TestResolveForeignMerchant(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		eachDecision(t, w, func(d *desk, w pos.Wallet, r pos.Resolution) {
			p := d.charge(w, 1250)
			platform, gateways := d.elsewhere()
			order(d, gateways[w], p.OutTradeNo, 1250)
			if err := platform.Pay(p.OutTradeNo); err != nil {
				d.t.Fatal(err)
			}
			x := d.exception(pos.ForeignMerchant, p.OutTradeNo)
			if got := d.payment(p.OutTradeNo); got.State != pos.Waiting {
				d.t.Errorf("another merchant's money made it %s", got.State)
			}
			d.settle(x, r)
			d.wantNet(p.OutTradeNo, 0)
		}, pos.NoteAndForget)
	})
}

func TestResolveAbnormalRefund(t *testing.T) {
	eachDecision(t, pos.WeChat, func(d *desk, w pos.Wallet, r pos.Resolution) {
		d.poll()
		p := d.charge(w, 1250)
		d.pay(p.OutTradeNo)
		d.await(p.OutTradeNo, pos.Paid, patience)
		d.fault(sandbox.Fault{Kind: sandbox.FaultAbnormal, Count: 1})
		back, err := d.till.Refund(d.t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 250, Reason: "退货", Actor: "wang"})
		if err != nil {
			d.t.Fatal(err)
		}
		d.awaitRefund(back.OutRefundNo, pos.RefundAbnormal)
		x := d.exception(pos.RefundIsAbnormal, p.OutTradeNo)
		d.refuses(x, r)
		if _, err := d.till.Resolve(d.t.Context(), x.ID, r, "boss", "paid back in cash"); err != nil {
			d.t.Fatal(err)
		}
		d.awaitRefund(back.OutRefundNo, pos.RefundAbnormal) // it is still watched: the platform may yet pay it out
		d.audit()
		d.wantNet(p.OutTradeNo, 1250)
	}, pos.NoteAndForget)
}

// The platform refuses a refund, does not know it either, and carries it out later.
func TestResolveLateRefund(t *testing.T) {
	eachDecision(t, pos.WeChat, func(d *desk, w pos.Wallet, r pos.Resolution) {
		p := d.charge(w, 1250)
		d.pay(p.OutTradeNo)
		p = d.await(p.OutTradeNo, pos.Paid, patience)
		d.gateway(w).refuse = true
		back, err := d.till.Refund(d.t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 250, Reason: "退货", Actor: "wang"})
		if pos.CodeOf(err) != pos.Conflict || back.State != pos.RefundFailed {
			d.t.Fatalf("%+v, %v", back, err)
		}
		if _, err := d.gateway(w).adapter.Refund(d.t.Context(), p, back); err != nil {
			d.t.Fatal(err)
		}
		d.awaitRefund(back.OutRefundNo, pos.RefundSucceeded)
		d.settle(d.exception(pos.LateRefund, p.OutTradeNo), r)
		d.witness.awaitAccepted(d.t)
		d.wantNet(p.OutTradeNo, 1000)
	}, pos.NoteAndForget)
}

// No proof is to be had that a withdrawn code is closed, long after its end.
func TestResolveStuckClosing(t *testing.T) {
	eachWallet(t, func(t *testing.T, w pos.Wallet) {
		eachDecision(t, w, func(d *desk, w pos.Wallet, r pos.Resolution) {
			p := d.charge(w, 1250)
			d.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "close"})
			d.fault(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "query"})
			if _, err := d.till.Cancel(d.t.Context(), p.OutTradeNo, "li"); err != nil {
				d.t.Fatal(err)
			}
			for _, late := range []time.Duration{-time.Minute, time.Second, time.Minute} { // the first leaves a slow machine its time
				d.skew.Store(int64(pos.DefaultTimeout + pos.CodeGrace + pos.StuckAfter + late))
				if got, err := d.till.Check(d.t.Context(), p.OutTradeNo); pos.CodeOf(err) != pos.Unavailable || got.State != pos.Closing {
					d.t.Fatalf("%+v, %v", got, err)
				}
				if open, err := d.till.Exceptions(d.t.Context()); err != nil || (len(open) == 1) != (late > 0) {
					d.t.Fatalf("%s after it is due: %+v, %v", late, open, err)
				}
			}
			d.platform.Faults().Clear()
			d.settle(d.exception(pos.StuckClosing, p.OutTradeNo), r)
			if got := d.payment(p.OutTradeNo); got.State != pos.Closed {
				d.t.Errorf("the proof came, and it is %s", got.State)
			}
		}, pos.NoteAndForget)
	})
}

// TestSentenceOfASentence: the cause of what is quoted is for the log, too.
func TestSentenceOfASentence(t *testing.T) {
	inner := pos.Errorf(pos.Setup, "The key is sealed.").Because(errors.New("nobody to ask"))
	if got := pos.Errorf(pos.Setup, "%s of %s: %s", "keys", pos.WeChat, inner).Sentence(); got != "keys of WeChat Pay: The key is sealed." {
		t.Error(got)
	}
}
