package notify_test

import (
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// The platforms tell a thing again until they have heard success, and at times after that. Whatever
// became of the payment since, they get success and nothing changes.
func TestGenuineReplaysChangeNothing(t *testing.T) {
	r := newRig(t)
	r.must(r.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultLost, Op: "notify"})) // only this test tells
	told := 0
	for _, w := range pos.Wallets {
		for _, c := range []struct {
			name string
			then func(r *rig, p *pos.Payment) // what happens between the notification and its replay
		}{
			{"at once", func(*rig, *pos.Payment) {}},
			{"after a partial refund", func(r *rig, p *pos.Payment) { told += r.refunded(p, 250, "TRADE_SUCCESS") }},
			{"after a full refund", func(r *rig, p *pos.Payment) { told += r.refunded(p, p.Amount, "TRADE_CLOSED") }},
			{"after a check", func(r *rig, p *pos.Payment) {
				_, err := r.till.Check(r.Context(), p.OutTradeNo)
				r.must(err)
			}},
			{"after a cancel that came too late", func(r *rig, p *pos.Payment) {
				if _, err := r.till.Cancel(r.Context(), p.OutTradeNo, "mei"); pos.CodeOf(err) != pos.Conflict {
					r.Errorf("cancelling a paid payment: %v", err)
				}
			}},
		} {
			t.Run(string(w)+" "+c.name, func(t *testing.T) {
				r := r.in(t)
				p := r.charge(w)
				r.must(r.sandbox.Pay(p.OutTradeNo))
				orders := r.sandbox.Orders()
				p.TransactionID = orders[len(orders)-1].TransactionID
				q := r.request(p)
				r.paid(p, q)
				c.then(r, p)
				told += r.replays(q)
			})
		}
		t.Run(string(w)+" after it was closed here", func(t *testing.T) {
			r := r.in(t)
			p := r.charge(w)
			r.closed(p)
			q := r.request(p)
			if status, body := r.tell(q); acknowledged.check(w, status, body) != nil {
				t.Fatalf("a late payment is answered %d %s", status, body)
			}
			if r.until(p, pos.Paid); len(r.exceptions()) == 0 || r.exceptions()[len(r.exceptions())-1].Kind != pos.LatePayment {
				t.Errorf("exceptions %+v", r.exceptions())
			}
			told += r.replays(q)
		})
	}
	r.verified()
	r.quiet("")
	dbtest.Figures(t, "genuine replays: %d, 0 changes", told)
}

// What no platform has signed writes nothing, and what one has signed about an unknown order raises one
// exception, however often it is told.
func TestOneExceptionForEachUnknownOrder(t *testing.T) {
	r := newRig(t)
	const orders, times = 3, 4
	for _, w := range pos.Wallets {
		for i := range orders {
			p := r.charge(w)
			p.OutTradeNo = "K1NOSUCHORDER" + string(rune('A'+i))
			q, open := r.request(p), len(r.exceptions())
			var version int64
			for i := range times {
				status, body := r.tell(q)
				if err := unsettled.check(w, status, body); err != nil {
					t.Error(err)
				}
				switch now := r.version(); {
				case i == 0:
					version = now
				case now != version:
					t.Error("a repetition wrote into the ledger")
				}
			}
			if n := len(r.exceptions()) - open; n != 1 {
				t.Errorf("%s: %d exceptions instead of one", p.OutTradeNo, n)
			}
		}
	}
	r.verified()
}

// request is the genuine notification of a paid p.
func (r *rig) request(p *pos.Payment) request {
	if p.TransactionID == "" {
		p.TransactionID = "4200" + p.OutTradeNo
	}
	if p.Wallet == pos.WeChat {
		n := r.wechatNotice(p)
		n.trade["transaction_id"] = p.TransactionID
		return n.request()
	}
	n := r.alipayNotice(p)
	n.form.Set("trade_no", p.TransactionID)
	return n.request()
}

// replays sends q three times, and returns how often that was.
func (r *rig) replays(q request) int {
	r.Helper()
	const times = 3
	paid, open, version := r.paidInLedger(), len(r.exceptions()), r.version()
	for range times {
		status, body := r.tell(q)
		if status != 200 || body != wechatOK && body != alipayOK {
			r.Errorf("a replay is answered %d %q", status, body)
		}
	}
	if r.paidInLedger() != paid || len(r.exceptions()) != open || r.version() != version {
		r.Errorf("a replay changed something: ledger %s, was %s; exceptions %+v", r.paidInLedger(), paid, r.exceptions())
	}
	return times
}

// refunded gives something of p back and waits until the ledger has it. Then the platform tells of the
// refund, as often as replays: WeChat Pay by a notification of its own, Alipay by one of the trade.
func (r *rig) refunded(p *pos.Payment, amount pos.Fen, alipayState string) int {
	r.Helper()
	back, err := r.till.Refund(r.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: amount, Reason: "少一杯", Actor: "mei"})
	for late := time.Now().Add(time.Minute); err == nil && back.State != pos.RefundSucceeded; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			r.Fatalf("the refund is %s", back.State)
		}
		back, err = r.till.CheckRefund(r.Context(), back.OutRefundNo)
	}
	r.must(err)
	if p.Wallet == pos.WeChat {
		n := r.wechatNotice(p)
		n.refund()
		n.trade["out_refund_no"], n.trade["refund_id"] = back.OutRefundNo, back.RefundID
		n.amount()["refund"] = amount
		return r.replays(n.request())
	}
	n := r.alipayNotice(p)
	for k, v := range map[string]string{
		"trade_no": p.TransactionID, "trade_status": alipayState, "refund_fee": amount.String(), "out_biz_no": back.OutRefundNo,
		"gmt_refund": n.form.Get("gmt_payment") + ".000",
	} {
		n.form.Set(k, v)
	}
	return r.replays(n.request())
}

// closed withdraws p, with proof.
func (r *rig) closed(p *pos.Payment) {
	r.Helper()
	if p.Wallet == pos.Alipay {
		r.must(r.sandbox.Scan(p.OutTradeNo)) // before that there is no trade to close
	}
	_, err := r.till.Cancel(r.Context(), p.OutTradeNo, "mei")
	r.must(err)
	r.until(p, pos.Closed)
}
