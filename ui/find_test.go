package ui

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/pos"
)

func TestAPaymentIsFoundAsOneTypes(t *testing.T) {
	c := newCounter(t)
	c.opts.Search = func(ctx context.Context, s pos.Search) ([]pos.Payment, error) {
		return c.ledger.Search(ctx, s, c.till.Shop)
	}
	ui := c.open(1280, 800)
	first := c.sell("12.5", fyne.KeyF1)
	c.sell("7", fyne.KeyF1)
	c.press(fyne.KeyF4)
	h := ui.page.(*hub)
	c.press(fyne.KeyRight)
	f, ok := h.tabs[h.at].made.(*find)
	if !ok {
		t.Fatalf("the second tab is %T", h.tabs[h.at].made)
	}
	c.until("both payments", func() bool { return len(f.found) == 2 })
	ui.win.Canvas().Focus(f.text)
	test.Type(f.text, first.OutTradeNo[len(first.OutTradeNo)-4:])
	c.until("the one", func() bool { return len(f.found) == 1 && f.found[0].OutTradeNo == first.OutTradeNo })
	shot(t, ui.win.Canvas(), "find")
	f.text.SetText("no such thing")
	c.until("none", func() bool { return len(f.found) == 0 && c.sees("No payment was found.") })
	f.text.SetText("")
	c.until("both again", func() bool { return len(f.found) == 2 })
	f.turnState()
	f.turnState() // those that wait
	c.until("none waits", func() bool { return len(f.found) == 0 })
	f.state = ""
	f.read()
	c.until("all", func() bool { return len(f.found) == 2 })
	ui.win.Canvas().Unfocus()
	c.press(fyne.KeyDown)
	c.press(fyne.KeyReturn)
	r, ok := ui.page.(*refunds)
	if !ok || r.chosen != first.OutTradeNo {
		t.Fatalf("Enter opened %T", ui.page)
	}
	c.until("its refunds", func() bool { return r.at() >= 0 && r.left == first.Amount })
}

// TestRefundsOfAnOldPayment: the list holds the last payments, and the one that was looked up.
func TestRefundsOfAnOldPayment(t *testing.T) {
	defer func(n int) { refundableShown = n }(refundableShown)
	refundableShown = 1
	c := newCounter(t)
	ui := c.open(1280, 800)
	old := c.sell("12.5", fyne.KeyF1)
	c.sell("7", fyne.KeyF1)
	ui.refund(old.OutTradeNo)
	r := ui.page.(*refunds)
	c.until("the old payment", func() bool { return r.at() == 1 && r.left == old.Amount })
}
