package ui

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
)

// TestScreens drives a real sale through every screen, in both languages and at two sizes, and checks
// that nothing is cut off. With SAOMA_SHOTS=DIR it keeps a picture of each.
func TestScreens(t *testing.T) {
	for _, l := range words.All {
		for _, size := range []fyne.Size{{Width: 1280, Height: 800}, {Width: 1024, Height: 768}} {
			t.Run(fmt.Sprintf("%s-%.0f", l, size.Width), func(t *testing.T) { screens(t, l, size) })
		}
	}
}

func screens(t *testing.T, l words.Language, size fyne.Size) {
	c := newCounter(t)
	c.opts.Language = l
	c.app.Preferences().SetBool(prefCustomer, true)
	ui := c.open(size.Width, size.Height)
	look := func(name string) {
		t.Helper()
		full := fmt.Sprintf("%s-%.0f-%s", l, size.Width, name)
		shot(t, ui.win.Canvas(), full)
		shot(t, ui.customer.Canvas(), full+"-customer")
		wholeTexts(t, ui.win.Canvas(), full)
		wholeTexts(t, ui.customer.Canvas(), full+"-customer")
	}
	look("1-empty")
	c.typed("12.5")
	look("2-keyed")
	ui.sale.title.SetText("龙井茶 两杯")
	c.press(fyne.KeyF1)
	first := c.state(pos.Waiting)
	look("3-wechat")
	c.press(fyne.KeyF2)
	c.until("the other wallet", func() bool {
		return ui.current.OutTradeNo != first.OutTradeNo && ui.current.State == pos.Waiting && !ui.busy
	})
	look("4-alipay")
	ui.payAsCustomer()
	c.state(pos.Paid)
	look("5-paid")
	for i := range 8 {
		c.typed(fmt.Sprintf("%d.%d8", 7+i*31, i))
		c.press([]fyne.KeyName{fyne.KeyF1, fyne.KeyF2}[i%2])
		c.state(pos.Waiting)
		if i%3 == 1 {
			c.press(fyne.KeyEscape)
			c.until("cancelled", func() bool { return !ui.live() && !ui.busy })
			continue
		}
		ui.payAsCustomer()
		c.press(fyne.KeyF5)
		c.state(pos.Paid)
	}
	look("6-list")
	c.typed("99999")
	look("7-limit")
	c.typed("9")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	ui.onClose()
	look("8-close")
	ui.question.Close(false)
	c.typed("3")
	look("9-busy")
}
