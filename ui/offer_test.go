package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// both has a payment offered through both wallets.
func (c *counter) both(amount string, first fyne.KeyName) (wechat, alipay *pos.Payment) {
	c.t.Helper()
	c.typed(amount)
	c.press(first)
	c.state(pos.Waiting)
	c.press(fyne.KeyF3)
	c.until("two codes", func() bool { return c.ui.second != nil && c.ui.second.State == pos.Waiting && !c.ui.busy })
	codes := c.ui.codes()
	if codes[0].Wallet != pos.WeChat || codes[1].Wallet != pos.Alipay || codes[0].OrderID != codes[1].OrderID {
		c.t.Fatalf("on the screen are %+v", codes)
	}
	return codes[0], codes[1]
}

// drawnCodes is how many codes a canvas shows.
func drawnCodes(c fyne.Canvas) (n int) {
	walk(c.Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if _, ok := o.(*kit.QR); ok {
			n++
		}
	})
	return n
}

func TestTheCustomerChoosesBetweenTwoWallets(t *testing.T) {
	for _, l := range words.All {
		for _, pays := range []pos.Wallet{pos.WeChat, pos.Alipay} {
			t.Run(string(l)+"-"+string(pays), func(t *testing.T) { chooses(t, l, pays) })
		}
	}
}

func chooses(t *testing.T, l words.Language, pays pos.Wallet) {
	c := newCounter(t)
	c.opts.Language = l
	c.app.Preferences().SetBool(prefCustomer, true)
	ui := c.open(1024, 768)
	wechat, alipay := c.both("12.50", fyne.KeyF1)
	for name, canvas := range map[string]fyne.Canvas{"offer": ui.win.Canvas(), "offer-customer": ui.customer.Canvas()} {
		shot(t, canvas, string(l)+"-"+name)
		wholeTexts(t, canvas, name)
		if n := drawnCodes(canvas); n != 2 {
			t.Errorf("%s shows %d codes; want 2", name, n)
		}
		all := strings.Join(texts(canvas), "\n")
		for _, w := range pos.Wallets {
			if !strings.Contains(all, l.T(w.Name())) {
				t.Errorf("%s does not name %s", name, w)
			}
		}
	}
	winner, loser := wechat, alipay
	if pays == pos.Alipay {
		winner, loser = alipay, wechat
	}
	if err := c.sandbox.Pay(winner.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	c.until("paid", func() bool { return ui.paid() })
	if ui.current.OutTradeNo != winner.OutTradeNo || ui.second != nil {
		t.Errorf("the screen shows %s, and %+v beside it", ui.current.Wallet, ui.second)
	}
	for name, canvas := range map[string]fyne.Canvas{"cashier": ui.win.Canvas(), "customer": ui.customer.Canvas()} {
		if n := drawnCodes(canvas); n != 0 {
			t.Errorf("%s: %d codes are still there", name, n)
		}
	}
	c.until("the other is withdrawn", func() bool {
		p, err := c.till.Payment(t.Context(), loser.OutTradeNo)
		return err == nil && (p.State == pos.Closing || p.State == pos.Closed)
	})
	if !ui.list.object.Visible() {
		t.Error("the list did not come back")
	}
}

func TestCancelWithdrawsBothCodes(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	wechat, alipay := c.both("4", fyne.KeyF2)
	c.press(fyne.KeyF1) // both are there already
	if got := ui.state.Sentence(); !strings.Contains(got, "Both codes") {
		t.Errorf("the state line reads %q", got)
	}
	c.press(fyne.KeyEscape)
	c.until("both are withdrawn", func() bool { return !ui.live() && ui.second == nil && !ui.busy })
	for _, p := range []*pos.Payment{wechat, alipay} {
		if now, err := c.till.Payment(t.Context(), p.OutTradeNo); err != nil || payable(now) {
			t.Errorf("%s is %s, %v", p.Wallet, now.State, err)
		}
	}
	if n := drawnCodes(ui.win.Canvas()); n != 0 {
		t.Errorf("%d codes are still there", n)
	}
}

func TestRestartShowsBothCodesAgain(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	wechat, alipay := c.both("8.8", fyne.KeyF1)
	c.ui.cancel()
	c.closeTill()
	c.openTill()
	c.opts.Till = c.till
	ui := c.open(1280, 800)
	c.until("two codes", func() bool { return ui.second != nil && drawnCodes(ui.win.Canvas()) == 2 })
	codes := ui.codes()
	if codes[0].CodeURL != wechat.CodeURL || codes[1].CodeURL != alipay.CodeURL {
		t.Errorf("other codes are on the screen")
	}
}
