package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/assets"
	"saoma/assets/words"
	"saoma/pos"
)

// paidTwice has a customer pay an order through both wallets, and returns once the counter has found out.
func (c *counter) paidTwice(amount string) {
	c.t.Helper()
	c.typed(amount)
	c.press(fyne.KeyF2)
	first := c.state(pos.Waiting)
	c.press(fyne.KeyF1)
	c.until("a WeChat code", func() bool {
		return c.ui.current.Wallet == pos.WeChat && c.ui.current.State == pos.Waiting && !c.ui.busy
	})
	before := c.ui.undecided
	c.ui.payAsCustomer()
	c.state(pos.Paid)
	if err := c.sandbox.Pay(first.OutTradeNo); err != nil {
		c.t.Fatal(err)
	}
	c.until("the exception", func() bool { return c.ui.undecided > before })
}

// stranger makes the platform report a payment that this counter did not ask for.
func (c *counter) stranger(w pos.Wallet, no string, foreign bool) {
	c.t.Helper()
	account := c.till.Gateways[w].Account()
	if foreign {
		account.MerchantID += "9"
	}
	before := c.ui.undecided
	outcome, err := c.till.Settle(c.t.Context(), pos.Evidence{
		Wallet: w, OutTradeNo: no, TransactionID: "T" + no, Account: account, Amount: 880, Currency: pos.CNY,
		State: pos.TradePaid, At: time.Now(), Source: pos.FromNotification,
	})
	if err != nil || outcome != pos.Excepted {
		c.t.Fatalf("%s, %v; want an exception", outcome, err)
	}
	c.until("the exception", func() bool { return c.ui.undecided > before })
}

// desk opens the desk and waits until it shows an exception that waits.
func (c *counter) desk() *desk {
	c.t.Helper()
	c.press(fyne.KeyF8)
	d, ok := c.ui.page.(*desk)
	if !ok {
		c.t.Fatal("F8 opened no desk")
	}
	c.until("the desk", func() bool { return d.at() >= 0 })
	return d
}

func (c *counter) sees(what string) bool {
	return strings.Contains(strings.Join(texts(c.ui.win.Canvas()), "\n"), what)
}

func TestAManagerGivesADuplicateBackWithTheKeyboard(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	c.paidTwice("9.90")
	if !c.sees("To decide: 1") {
		t.Errorf("the header does not say that an exception waits: %q", texts(ui.win.Canvas()))
	}
	shot(t, ui.win.Canvas(), "desk-badge")
	d := c.desk()
	for _, told := range []string{"Paid twice", "This order is paid twice: ¥9.90", d.exceptions[0].OutTradeNo, d.exceptions[0].TransactionID} {
		if !c.sees(told) {
			t.Errorf("the desk does not say %q", told)
		}
	}
	c.press(fyne.KeyReturn)
	if d.asked != "" || ui.state.Sentence() != "Write who decides this." {
		t.Errorf("decided by nobody: %q, %q", d.asked, ui.state.Sentence())
	}
	d.name.SetText("Manager Li")
	d.note.SetText("二次付款")
	c.press(fyne.KeyReturn)
	if !c.sees("What is left of the ¥9.90 goes back to the customer through Alipay.") {
		t.Errorf("the desk does not say what will happen: %q", texts(ui.win.Canvas()))
	}
	c.press(fyne.KeyReturn) // the safe answer comes first
	if d.asked != "" || c.ui.undecided != 1 {
		t.Fatal("Enter alone decided")
	}
	c.press(fyne.KeyReturn)
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.until("nothing waits", func() bool { return ui.undecided == 0 && !d.busy && d.at() >= 0 && d.exceptions[0].Resolution != "" })
	for _, told := range []string{"given back · Manager Li", "二次付款"} {
		if !c.sees(told) {
			t.Errorf("the desk does not say %q", told)
		}
	}
	if c.sees("To decide") {
		t.Error("the header still says that an exception waits")
	}
	c.until("the refund", func() bool {
		list, _, err := c.till.Refunds(t.Context(), d.exceptions[0].OutTradeNo)
		return err == nil && len(list) == 1 && list[0].State == pos.RefundSucceeded && list[0].Amount == 990
	})
	c.press(fyne.KeyEscape)
	if ui.page != nil || ui.current.State != pos.Paid {
		t.Error("Esc did not lead back to the till as it was")
	}
}

func TestDismissingNeedsANote(t *testing.T) {
	c := newCounter(t)
	c.opts.Cashier = "Wang"
	ui := c.open(1280, 800)
	c.stranger(pos.WeChat, "K9STRANGER", true)
	d := c.desk()
	c.press(fyne.KeyReturn)
	if got := ui.state.Sentence(); got != "Say in the note why this is dismissed." || ui.win.Canvas().Focused() != d.note {
		t.Errorf("the state line reads %q", got)
	}
	test.Type(d.note, "set-up of the other shop, told them 1")
	d.note.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	c.press(fyne.KeyReturn)
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.until("it is dismissed", func() bool { return ui.undecided == 0 && !d.busy })
	list, err := c.till.ResolvedExceptions(t.Context(), 5)
	if err != nil || len(list) != 1 || list[0].Resolution != pos.NoteAndForget || list[0].ResolvedBy != "Wang" ||
		list[0].Note != "set-up of the other shop, told them 1" {
		t.Errorf("resolved: %+v, %v", list, err)
	}
}

func TestTheDeskNeverBlocksTheQueue(t *testing.T) {
	c := newCounter(t)
	c.opts.Cashier = "Wang"
	ui := c.open(1280, 800)
	c.stranger(pos.Alipay, "K9UNKNOWN", false)
	d := c.desk()
	c.press(fyne.KeyReturn)
	if d.asked != pos.Accept {
		t.Fatalf("asked %q; want accept", d.asked)
	}
	c.typed("12.5") // a customer stands there
	if ui.page != nil || ui.sale.amount.Text != "¥12.5" {
		t.Fatalf("the amount reads %q", ui.sale.amount.Text)
	}
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	d = c.desk()
	c.press(fyne.KeyReturn)
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.until("it is accepted", func() bool { return ui.undecided == 0 && !d.busy })
	if ui.current.State != pos.Waiting || ui.current.Amount != 1250 {
		t.Errorf("the till shows %s over %s", ui.current.State, ui.current.Amount)
	}
	p, err := c.till.Payment(t.Context(), "K9UNKNOWN")
	if err != nil || p.State != pos.Paid || p.Amount != 880 {
		t.Errorf("the unknown payment is %+v, %v; want it in the ledger", p, err)
	}
	c.press(fyne.KeyF5) // a key of the till
	if ui.page != nil {
		t.Error("F5 left the desk open")
	}
	c.state(pos.Waiting)
	c.press(fyne.KeyEscape)
	c.state(pos.Closed)
}

// TestAnExceptionRingsOnce counts the sounds that reach the player.
func TestAnExceptionRingsOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the players of this system cannot be replaced by scripts")
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nwc -c <\"$1\" >>%q\n", filepath.Join(dir, "heard"))
	if err := os.WriteFile(filepath.Join(dir, "paplay"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	heard := func(wav []byte) int {
		text, _ := os.ReadFile(filepath.Join(dir, "heard"))
		n := 0
		for _, size := range strings.Fields(string(text)) {
			if size == fmt.Sprint(len(wav)) {
				n++
			}
		}
		return n
	}
	c := newCounter(t)
	c.opts.Mute = false
	c.open(1280, 800)
	c.stranger(pos.WeChat, "K9RING", true)
	for end := time.Now().Add(hearing); heard(assets.AlertSound()) == 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	c.ui.cancel()
	c.closeTill()
	c.openTill()
	c.opts.Till = c.till
	ui := c.open(1280, 800)
	c.until("the exception is counted again", func() bool { return ui.undecided == 1 })
	c.sell("1", fyne.KeyF1) // and the chime of a payment comes after any alarm of the restart
	for end := time.Now().Add(hearing); heard(assets.PaidSound()) == 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if alarms, chimes := heard(assets.AlertSound()), heard(assets.PaidSound()); alarms != 1 || chimes != 1 {
		t.Errorf("heard %d alarms and %d chimes; want one of each", alarms, chimes)
	}
}

// TestPagesFit shows every kind of exception, and refunds, in both languages and at two sizes.
func TestPagesFit(t *testing.T) {
	c := newCounter(t)
	c.opts.Cashier = "王伟"
	c.open(1280, 800)
	c.paidTwice("128.80")
	c.stranger(pos.WeChat, "K9FOREIGN", true)
	c.stranger(pos.Alipay, "K9MISC", false)
	if _, err := c.till.SettleRefund(t.Context(), pos.RefundEvidence{
		Wallet: pos.WeChat, OutTradeNo: "K9MISC", OutRefundNo: "R9ELSEWHERE", RefundID: "50000", Amount: 500,
		State: pos.RefundSucceeded, At: time.Now(), Source: pos.FromNotification,
	}); err != nil {
		t.Fatal(err)
	}
	c.until("four exceptions", func() bool { return c.ui.undecided == 4 })
	if _, err := c.till.Resolve(t.Context(), 2, pos.NoteAndForget, "李店长", "对方商户配置错误，已通知"); err != nil {
		t.Fatal(err)
	}
	for _, l := range words.All {
		for _, size := range []fyne.Size{{Width: 1280, Height: 800}, {Width: 1024, Height: 768}} {
			c.ui.l = l
			c.ui.win.Resize(size)
			c.ui.turnTo(nil)
			c.ui.buildUI()
			c.pages(fmt.Sprintf("%s-%.0f", l, size.Width))
		}
	}
}

// pages looks at each page from top to bottom.
func (c *counter) pages(name string) {
	c.t.Helper()
	look := func(what string) {
		c.t.Helper()
		shot(c.t, c.ui.win.Canvas(), name+"-"+what)
		wholeTexts(c.t, c.ui.win.Canvas(), name+"-"+what)
	}
	look("till-with-badge")
	d := c.desk()
	for i := range d.exceptions {
		d.choose(d.exceptions[i].ID)
		look(fmt.Sprintf("desk-%d", i))
		if len(d.exceptions[i].Choices()) > 1 {
			d.ask(d.exceptions[i].Choices()[0])
			look(fmt.Sprintf("desk-%d-asked", i))
		}
	}
	c.press(fyne.KeyF6)
	r := c.ui.page.(*refunds)
	c.until("the payments", func() bool { return r.left > 0 })
	look("refund")
	r.ask()
	look("refund-asked")
	c.ui.turnTo(nil)
}
