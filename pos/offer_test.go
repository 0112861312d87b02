package pos_test

import (
	"testing"

	"saoma/payments/sandbox"
	"saoma/pos"
)

func other(w pos.Wallet) pos.Wallet {
	if w == pos.WeChat {
		return pos.Alipay
	}
	return pos.WeChat
}

// One order offered through both wallets: whichever is paid first closes the other, with the platform's proof.
func TestOfferBothWallets(t *testing.T) {
	eachWallet(t, func(t *testing.T, paid pos.Wallet) {
		for _, begun := range pos.Wallets {
			t.Run("begun with "+string(begun), func(t *testing.T) {
				c := newCounter(t)
				c.poll()
				first := c.charge(begun, 1250)
				second, err := c.till.Offer(t.Context(), first.OutTradeNo, other(begun), "li")
				if err != nil || second.State != pos.Waiting || second.OrderID != first.OrderID || second.Amount != 1250 {
					t.Fatalf("%+v, %v", second, err)
				}
				winner, loser := first, second
				if begun != paid {
					winner, loser = second, first
				}
				if err := c.platform.Scan(loser.OutTradeNo); err != nil { // the customer looked at this one too
					t.Fatal(err)
				}
				c.pay(winner.OutTradeNo)
				c.await(winner.OutTradeNo, pos.Paid, patience)
				if got := c.payment(loser.OutTradeNo); got.State != pos.Closing && got.State != pos.Closed {
					t.Errorf("the other code is still %s in the same breath", got.State)
				}
				c.await(loser.OutTradeNo, pos.Closed, patience)
				if err := c.platform.Pay(loser.OutTradeNo); err == nil {
					t.Error("the other code can still be paid")
				}
				c.audit()
				if open, err := c.till.Exceptions(t.Context()); err != nil || len(open) != 0 {
					t.Errorf("exceptions: %+v, %v", open, err)
				}
			})
		}
	})
}

func TestOfferRefused(t *testing.T) {
	c := newCounter(t)
	first := c.charge(pos.WeChat, 1250)
	if _, err := c.till.Offer(t.Context(), first.OutTradeNo, pos.WeChat, "li"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("the same wallet twice: %v", err)
	}
	if _, err := c.till.Offer(t.Context(), first.OutTradeNo, pos.Alipay, "li"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.till.Offer(t.Context(), first.OutTradeNo, pos.Alipay, "li"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("the second wallet twice: %v", err)
	}
	if _, err := c.till.Offer(t.Context(), "T1NOSUCHORDER", pos.Alipay, "li"); pos.CodeOf(err) != pos.NotFound {
		t.Errorf("an unknown order: %v", err)
	}
	c.pay(first.OutTradeNo)
	c.await(first.OutTradeNo, pos.Paid, patience)
	if _, err := c.till.Offer(t.Context(), first.OutTradeNo, pos.Alipay, "li"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("a paid order: %v", err)
	}
	if list, err := c.till.Recent(t.Context(), 10); err != nil || len(list) != 2 {
		t.Errorf("%d attempts, %v", len(list), err)
	}
	c.finish()
	c.audit()
}

// The second code's unclear create does not keep the first from being paid, and it too comes to its end.
func TestOfferUnclear(t *testing.T) {
	c := newCounter(t)
	first := c.charge(pos.WeChat, 1250)
	c.fault(sandbox.Fault{Kind: sandbox.FaultTruncated, Wallet: sandbox.Alipay, Op: "create", Count: 1})
	second, err := c.till.Offer(t.Context(), first.OutTradeNo, pos.Alipay, "li")
	if err != nil || second.State != pos.Created {
		t.Fatalf("%+v, %v", second, err)
	}
	c.pay(first.OutTradeNo)
	c.await(first.OutTradeNo, pos.Paid, patience)
	c.finish()
	if got := c.payment(second.OutTradeNo); got.State != pos.Closed {
		t.Errorf("the second attempt is %s", got.State)
	}
	c.audit()
}
