package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// sold makes a paid sale and opens the refunds' page at it.
func (c *counter) sold(amount string, wallet fyne.KeyName) *refunds {
	c.t.Helper()
	p := c.sell(amount, wallet)
	c.press(fyne.KeyF6)
	r, ok := c.ui.page.(*refunds)
	if !ok {
		c.t.Fatal("F6 opened no refunds")
	}
	c.until("the payment", func() bool { return r.at() >= 0 && r.left == p.Amount })
	if r.chosen != p.OutTradeNo || r.amount.Text != p.Amount.String() {
		c.t.Fatalf("the page shows %s and proposes %q", r.chosen, r.amount.Text)
	}
	return r
}

// give refunds an amount of the payment on the page.
func (c *counter) give(r *refunds, amount string) {
	c.t.Helper()
	r.amount.SetText(amount)
	c.press(fyne.KeyReturn)
	if r.asked == 0 {
		c.t.Fatalf("the page does not ask whether %s is meant: %q", amount, c.ui.state.Sentence())
	}
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.until("the refund is asked for", func() bool { return !r.busy })
}

func TestAPaymentIsRefundedInPartAndThenWhole(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	r := c.sold("12.5", fyne.KeyF2)
	ui.win.Canvas().Focus(r.reason)
	test.Type(r.reason, "1 cup was cold")
	r.reason.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	c.give(r, "5")
	if got := ui.state.Sentence(); got != "¥5.00 have gone back to the customer." { // for some seconds only
		t.Errorf("the state line reads %q", got)
	}
	c.until("5.00 refunded", func() bool { return r.left == 750 && len(r.made) == 1 && r.made[0].State == pos.RefundSucceeded })
	if r.made[0].Reason != "1 cup was cold" {
		t.Errorf("reason %q", r.made[0].Reason)
	}
	c.until("the list says so", func() bool { return c.sees("part refunded") && c.sees("−¥5.00") })
	c.until("what is left is proposed", func() bool { return r.amount.Text == "7.50" })
	shot(t, ui.win.Canvas(), "refund-part")
	for text, why := range map[string]string{
		"7.51": "At most ¥7.50 of this payment can still be refunded.",
		"0":    "At most ¥7.50 of this payment can still be refunded.",
	} {
		r.amount.SetText(text)
		c.press(fyne.KeyReturn)
		if r.asked != 0 || ui.state.Sentence() != why || ui.win.Canvas().Focused() != r.amount {
			t.Errorf("%s: asked %s; the state line reads %q", text, r.asked, ui.state.Sentence())
		}
		ui.win.Canvas().Unfocus()
	}
	c.give(r, "7.50")
	c.until("all refunded", func() bool { return r.left == 0 && len(r.made) == 2 && r.made[1].State == pos.RefundSucceeded })
	c.press(fyne.KeyReturn) // nothing is left to press, and the till is not there
	if ui.busy || ui.page == nil {
		t.Error("Enter reached the till")
	}
	if n := len(c.sandbox.Money()); n != 3 {
		t.Errorf("the platform moved money %d times; want one payment and two refunds", n)
	}
}

// TestARefundIsFollowedToItsEnd has the platform accept a refund and then not pay it out.
func TestARefundIsFollowedToItsEnd(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	if err := c.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultAbnormal, Op: "refund", Count: 1}); err != nil {
		t.Fatal(err)
	}
	r := c.sold("20", fyne.KeyF1)
	for _, f := range []sandbox.Fault{{Kind: sandbox.FaultHTTP502, Op: "query_refund"}, {Kind: sandbox.FaultLost, Op: "notify"}} {
		if err := c.sandbox.Faults().Add(f); err != nil { // so that the end is not told before the page has said this:
			t.Fatal(err)
		}
	}
	c.give(r, "20")
	c.until("under way", func() bool { return c.sees("under way") })
	c.sandbox.Faults().Clear()
	c.until("not paid out", func() bool { return c.sees("not paid out") && ui.undecided == 1 }) // the page follows by itself
	shot(t, ui.win.Canvas(), "refund-abnormal")
}

// TestARefundUnderWayEndsByItself: nothing but the counter's own asking, or a notification, tells of its end.
func TestARefundUnderWayEndsByItself(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	r := c.sold("20", fyne.KeyF1)
	c.give(r, "20")
	c.until("refunded", func() bool { return len(r.made) == 1 && r.made[0].State == pos.RefundSucceeded && c.sees("−¥20.00") })
	if r.left != 0 || c.sees("under way") {
		t.Errorf("left %s; the page shows %q", r.left, texts(c.ui.win.Canvas()))
	}
}

// TestARefusedRefundSaysWhy asks twice within WeChat Pay's minute.
func TestARefusedRefundSaysWhy(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	r := c.sold("20", fyne.KeyF1)
	c.give(r, "1")
	c.until("the first", func() bool { return len(r.made) == 1 })
	c.give(r, "2")
	if got := ui.state.Sentence(); len(got) < 20 || r.asked != 0 {
		t.Errorf("the state line reads %q", got)
	}
	c.until("read again", func() bool { return len(r.made) == 1 && r.left == 1900 })
	shot(t, ui.win.Canvas(), "refund-refused")
}

// TestAPaidPaymentOfTheListIsRefunded taps a row of the list, and leaves the page for a waiting customer.
func TestAPaidPaymentOfTheListIsRefunded(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	c.sold("3", fyne.KeyF1)
	c.press(fyne.KeyEscape)
	c.typed("4")
	c.press(fyne.KeyF2)
	c.state(pos.Waiting)
	test.Tap(ui.list.shown[1].object.(fyne.Tappable))
	r, ok := ui.page.(*refunds)
	if !ok {
		t.Fatal("the tap opened no refunds")
	}
	c.until("the payment", func() bool { return r.left == 300 })
	c.press(fyne.KeyDown)
	c.press(fyne.KeyUp)
	c.press(fyne.KeyF2)
	if ui.page != nil || ui.current.Amount != 400 || ui.current.State != pos.Waiting {
		t.Error("F2 did not lead back to the waiting payment")
	}
	ui.payAsCustomer()
	c.state(pos.Paid)
}
