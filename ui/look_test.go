package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"saoma/assets/words"
	"saoma/pos"
)

func TestLanguageSwitchChangesEverythingAtOnce(t *testing.T) {
	c := newCounter(t)
	c.opts.Language = ""
	c.app.Preferences().SetString(prefLanguage, string(words.En))
	c.app.Preferences().SetBool(prefCustomer, true)
	ui := c.open(1280, 800)
	c.typed("12.5")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	ui.onLanguage()
	for _, canvas := range []fyne.Canvas{ui.win.Canvas(), ui.customer.Canvas()} {
		for _, text := range texts(canvas) {
			if strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz") && !slices.Contains([]string{"English", "Esc"}, text) {
				t.Errorf("%q is still English", text)
			}
		}
	}
	if got := ui.win.Title(); got != "Saoma 扫码收银 – 老街茶馆" {
		t.Errorf("title %q", got)
	}
	if got := Language(Options{}, c.app.Preferences()); got != words.Zh {
		t.Errorf("remembered %s", got)
	}
	if ui.sale.amount.Text != "¥12.50" {
		t.Errorf("the amount reads %q", ui.sale.amount.Text)
	}
}

func TestCustomerSeesNothingPrivate(t *testing.T) {
	c := newCounter(t)
	c.opts.Cashier = "WangWei"
	c.app.Preferences().SetBool(prefCustomer, true)
	ui := c.open(1280, 800)
	c.sell("3.21", fyne.KeyF1)
	c.typed("12.5")
	c.press(fyne.KeyF1)
	p := c.state(pos.Waiting)
	all := strings.Join(texts(ui.customer.Canvas()), "\n")
	for _, private := range []string{"3.21", "WangWei", "K1", p.OutTradeNo, "connected", "Last payments"} {
		if strings.Contains(all, private) {
			t.Errorf("the customer sees %q", private)
		}
	}
	for _, shown := range []string{"老街茶馆", "¥12.50", "Scan with"} {
		if !strings.Contains(all, shown) {
			t.Errorf("the customer does not see %q in %q", shown, all)
		}
	}
}

func TestScaleIsRemembered(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1600, 1000)
	c.typed("12.5")
	before := ui.header.bars[0].clock.TextSize
	ui.onScale(1)
	if after := ui.header.bars[0].clock.TextSize; after <= before {
		t.Errorf("text is %v after, %v before", after, before)
	}
	if got := scale(Options{}, c.app.Preferences()); got < 1.05 {
		t.Errorf("remembered %v", got)
	}
	if ui.sale.amount.Text != "¥12.5" {
		t.Errorf("the amount reads %q", ui.sale.amount.Text)
	}
}

func TestProblemSaysWhy(t *testing.T) {
	a := test.NewTempApp(t)
	win := Problem(a, words.Zh, "收银台已打开。")
	win.Resize(fyne.NewSize(640, 340))
	if all := strings.Join(texts(win.Canvas()), "\n"); !strings.Contains(all, "收银台已打开。") {
		t.Errorf("it shows %q", all)
	}
	wholeTexts(t, win.Canvas(), "problem")
	shot(t, win.Canvas(), "problem")
}

func TestUpgradingSaysWhyItTakesAWhile(t *testing.T) {
	win := Upgrading(test.NewTempApp(t), words.Zh)
	win.Resize(fyne.NewSize(640, 340))
	if all := strings.Join(texts(win.Canvas()), "\n"); !strings.Contains(all, "升级账本") {
		t.Errorf("it shows %q", all)
	}
	wholeTexts(t, win.Canvas(), "upgrading")
	shot(t, win.Canvas(), "upgrading")
}

// texts lists every text on a canvas.
func texts(c fyne.Canvas) []string {
	var all []string
	walk(c.Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			all = append(all, text.Text)
		}
	})
	return all
}
