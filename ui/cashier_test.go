package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/payments/sandbox"
	"saoma/pos"
)

func TestEnterChargesWithTheWalletUsedLast(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("1")
	c.press(fyne.KeyF2)
	c.state(pos.Waiting)
	if row := c.ui.list.shown[0].words; row.State != "waiting" {
		t.Errorf("the list says %q", row.State)
	}
	c.ui.payAsCustomer()
	c.state(pos.Paid)
	if row := c.ui.list.shown[0].words; row.State != "paid" || !c.sees("paid") {
		t.Errorf("the list says %q", row.State)
	}
	c.typed("2.5")
	c.press(fyne.KeyReturn)
	if p := c.state(pos.Waiting); p.Wallet != pos.Alipay || p.Amount != 250 {
		t.Errorf("Enter charged %s through %s; want 2.50 through Alipay", p.Amount, p.Wallet)
	}
}

// TestAskingIsPaintedOnlyIfItTakesLong: a frame that says "asking" would delay the one with the code.
func TestAskingIsPaintedOnlyIfItTakesLong(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	if err := c.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultDelay, Op: "create", Delay: 3 * time.Second, Count: 1}); err != nil {
		t.Fatal(err)
	}
	c.typed("3")
	before := ui.state.Sentence()
	c.press(fyne.KeyF1)
	if got := ui.state.Sentence(); got != before || !ui.held {
		t.Errorf("the state line reads %q at once", got)
	}
	c.until("asking, with the payment in the ledger", func() bool { // a slow disk may have it there later than the window asks
		return ui.state.Sentence() == "Asking WeChat Pay for a code." && ui.current != nil && ui.current.State == pos.Created
	})
	c.state(pos.Waiting)
	if ui.held || drawnCodes(ui.win.Canvas()) != 1 {
		t.Error("the code is not drawn")
	}
}

func TestWaitingAmountCannotBeOverwritten(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("12.5")
	c.press(fyne.KeyF1)
	first := c.state(pos.Waiting)
	c.typed("9")
	c.press(fyne.KeyBackspace)
	c.press(fyne.KeyReturn)
	if got := c.ui.sale.amount.Text; got != "¥12.50" {
		t.Errorf("the amount reads %q", got)
	}
	if got := c.ui.state.Sentence(); !strings.Contains(got, "A payment is waiting") {
		t.Errorf("the state line reads %q", got)
	}
	if n := len(c.sandbox.Orders()); n != 1 || c.ui.current.OutTradeNo != first.OutTradeNo {
		t.Errorf("%d orders at the platform; want the first alone", n)
	}
}

func TestSwitchingTheWalletClosesTheFirstCode(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("3")
	c.press(fyne.KeyF1)
	first := c.state(pos.Waiting)
	c.press(fyne.KeyF2)
	c.until("an Alipay code", func() bool {
		return c.ui.current.Wallet == pos.Alipay && c.ui.current.State == pos.Waiting && !c.ui.busy
	})
	if old, err := c.till.Payment(t.Context(), first.OutTradeNo); err != nil || old.State != pos.Closed {
		t.Errorf("the first attempt is %v (%v); want closed", old.State, err)
	}
	if c.ui.current.OrderID != first.OrderID {
		t.Error("the second attempt is for another order")
	}
}

func TestCancelClearsTheScreenForTheNextSale(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("4")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	c.press(fyne.KeyEscape)
	c.state(pos.Closed)
	if got := c.ui.state.Sentence(); got != "Cancelled. Nothing was paid." {
		t.Errorf("the state line reads %q", got)
	}
	c.typed("5")
	if got := c.ui.sale.amount.Text; got != "¥5" {
		t.Errorf("the amount reads %q", got)
	}
}

func TestNoAnswerIsSaidUntilThereIsOne(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("6")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	if err := c.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultHTTP502, Op: "query"}); err != nil {
		t.Fatal(err)
	}
	says := func(light, sentence string) {
		t.Helper()
		c.until(light, func() bool { return c.ui.header.bars[0].lights[0].Word() == light && c.ui.state.Sentence() == sentence })
	}
	says("no answer", "Asking WeChat Pay again: no answer yet.")
	shot(t, c.ui.win.Canvas(), "no-answer")
	c.sandbox.Faults().Clear()
	says("connected", "Waiting for the customer.")
}

func TestUnclearCreateIsNotAFailure(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	light := c.ui.header.bars[0].lights[0]
	c.until("the first probe's answer", func() bool { return light.Word() == "connected" }) // later it would be one to the create
	if err := c.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultTruncated, Op: "create", Count: 1}); err != nil {
		t.Fatal(err)
	}
	c.typed("7")
	c.press(fyne.KeyF1)
	c.until("it asks again", func() bool {
		return c.ui.current != nil && c.ui.current.State == pos.Created && c.ui.state.Sentence() == "Asking WeChat Pay again: no answer yet."
	})
	c.state(pos.Waiting)
	if n := len(c.sandbox.Orders()); n != 1 {
		t.Errorf("%d orders at the platform; want 1", n)
	}
}

func TestRestartShowsAWaitingPaymentAgain(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("8.8")
	c.press(fyne.KeyF1)
	before := c.state(pos.Waiting)
	c.ui.onClose()
	if c.ui.question == nil {
		t.Fatal("closing with a payment waiting did not ask")
	}
	test.Tap(c.ui.question.Yes)
	if c.ui.ctx.Err() == nil {
		t.Fatal("the window did not close")
	}
	c.closeTill()
	c.openTill()
	c.opts.Till = c.till
	c.open(1280, 800)
	if p := c.state(pos.Waiting); p.OutTradeNo != before.OutTradeNo || p.CodeURL != before.CodeURL {
		t.Errorf("%s is on the screen; want %s", p.OutTradeNo, before.OutTradeNo)
	}
	c.ui.payAsCustomer()
	c.state(pos.Paid)
}

func TestClosingAsksOnlyWhileAPaymentWaits(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	c.typed("1")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	c.ui.onClose()
	c.typed("5") // keys of the till do nothing behind the question
	c.press(fyne.KeyReturn)
	if c.ui.question != nil || c.ui.ctx.Err() != nil {
		t.Fatal("Enter did not keep the counter open")
	}
	c.ui.payAsCustomer()
	c.state(pos.Paid)
	c.ui.onClose()
	if c.ui.ctx.Err() == nil {
		t.Error("closing asked although nothing waits")
	}
}

func TestTitleFieldGivesTheKeyboardBack(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	c.typed("15")
	focus := ui.win.Canvas()
	focus.Focus(ui.sale.title)
	test.Type(ui.sale.title, "2 cups")
	if ui.sale.amount.Text != "¥15" || ui.sale.title.Text != "2 cups" {
		t.Errorf("amount %q, title %q", ui.sale.amount.Text, ui.sale.title.Text)
	}
	ui.sale.title.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if focus.Focused() != nil {
		t.Error("Escape left the focus in the title")
	}
	focus.Focus(ui.sale.title)
	ui.sale.title.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF1})
	if p := c.state(pos.Waiting); p.Title != "2 cups" || p.Amount != 1500 {
		t.Errorf("charged %s for %q", p.Amount, p.Title)
	}
}

func TestABadTitleIsRefusedInWords(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	c.typed("1")
	ui.sale.title.SetText(strings.Repeat("茶", 43))
	c.press(fyne.KeyF1)
	c.until("the refusal", func() bool { return strings.Contains(ui.state.Sentence(), "bytes long") })
	if len(c.sandbox.Orders()) != 0 {
		t.Error("the platform got the order all the same")
	}
}

// TestASecondPaymentOfOneOrderCallsTheManager has a customer pay the code that was withdrawn and the
// one that took its place. (An Alipay code that nobody has scanned cannot be closed.)
func TestASecondPaymentOfOneOrderCallsTheManager(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	c.typed("9.9")
	c.press(fyne.KeyF2)
	first := c.state(pos.Waiting)
	c.press(fyne.KeyF1)
	c.until("a WeChat code", func() bool { return ui.current.Wallet == pos.WeChat && ui.current.State == pos.Waiting && !ui.busy })
	if err := c.sandbox.Pay(ui.current.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	c.state(pos.Paid)
	if err := c.sandbox.Pay(first.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	c.until("the alarm", func() bool { return strings.Contains(ui.state.Sentence(), "paid twice") })
	if ui.current.Wallet != pos.WeChat || ui.current.State != pos.Paid {
		t.Errorf("the screen shows %s, %s", ui.current.Wallet, ui.current.State)
	}
	shot(t, ui.win.Canvas(), "paid-twice")
	c.typed("1")
	if got := ui.state.Sentence(); strings.Contains(got, "paid twice") {
		t.Errorf("the alarm stays after the next key: %q", got)
	}
}
