package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// listenToKeys takes every key that no text field has. It must work in each state of the window.
func (c *Cashier) listenToKeys() {
	canvas := c.win.Canvas()
	canvas.SetOnTypedRune(c.onRune)
	canvas.SetOnTypedKey(func(k *fyne.KeyEvent) { c.onKey(k.Name) })
	zoomKeys(canvas, c.onScale)
}

// zoomKeys are Ctrl + and -.
func zoomKeys(canvas fyne.Canvas, onScale func(step int)) {
	for key, step := range map[fyne.KeyName]int{fyne.KeyEqual: 1, fyne.KeyPlus: 1, fyne.KeyMinus: -1} {
		shortcut := &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierControl}
		canvas.AddShortcut(shortcut, func(fyne.Shortcut) { onScale(step) })
	}
}

func (c *Cashier) onRune(r rune) {
	kit.Use()
	asks, _ := c.page.(*signIn)
	switch {
	case c.question != nil:
	case c.signedOut():
		if asks != nil {
			asks.gate.pin.TypedRune(r)
		}
	case c.page == nil:
		c.onAmountKey(r)
	case r >= '0' && r <= '9' || r == '.': // the next customer does not wait for the page
		c.turnTo(nil)
		c.onAmountKey(r)
	}
}

func (c *Cashier) onKey(k fyne.KeyName) {
	kit.Use()
	switch {
	case c.question != nil:
		if k == fyne.KeyEscape || k == fyne.KeyReturn || k == fyne.KeyEnter {
			c.question.Close(false)
		}
	case c.page != nil && c.onPageKey(k):
	default:
		c.onTillKey(k)
	}
}

// onPageKey gives a key to the page, and reports whether that was all: the function keys of the till work on
// every page.
func (c *Cashier) onPageKey(k fyne.KeyName) bool {
	if c.page.onKey(k) {
		return true
	}
	switch k {
	case fyne.KeyF4, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11:
		return false
	case fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF5:
		c.turnTo(nil)
		return false
	case fyne.KeyEscape:
		c.turnTo(nil)
	}
	return true
}

func (c *Cashier) onTillKey(k fyne.KeyName) {
	switch k {
	case fyne.KeyF7, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11: // they are for everybody, or ask by themselves
	default:
		if c.signedOut() {
			return
		}
	}
	switch k {
	case fyne.KeyBackspace, fyne.KeyDelete:
		c.onAmountKey(kit.Backspace)
	case fyne.KeyReturn, fyne.KeyEnter:
		c.onEnter()
	case fyne.KeyF1:
		c.onWallet(pos.WeChat)
	case fyne.KeyF2:
		c.onWallet(pos.Alipay)
	case fyne.KeyF3:
		c.onOffer()
	case fyne.KeyF4:
		c.onHub()
	case fyne.KeyEscape:
		c.onCancel()
	case fyne.KeyF5:
		c.onCheck()
	case fyne.KeyF6:
		c.onRefunds()
	case fyne.KeyF7:
		c.onSignIn()
	case fyne.KeyF8:
		c.onDesk()
	case fyne.KeyF9:
		c.onDoctor()
	case fyne.KeyF10:
		c.onSettings()
	case fyne.KeyF11:
		c.onFullScreen()
	}
}

// onFullScreen fills the customer's monitor, or this one where there is no customer window.
func (c *Cashier) onFullScreen() {
	if c.customer != nil {
		c.customer.ToggleFullScreen()
		return
	}
	c.win.SetFullScreen(!c.win.FullScreen())
}

// onLanguage speaks the next language, everywhere at once, and remembers it.
func (c *Cashier) onLanguage() {
	next := (slices.Index(words.All, c.l) + 1) % len(words.All)
	c.l = words.All[next]
	c.app.Preferences().SetString(prefLanguage, string(c.l))
	c.dismiss() // it is in the other language
	c.buildUI()
}

// onScale makes everything a step larger or smaller, and remembers it.
func (c *Cashier) onScale(step int) {
	stepScale(c.app, step)
	c.buildUI()
	if c.customer != nil {
		c.customer.Rebuild()
	}
}

// stepScale goes a step up or down kit.Scales, and remembers it.
func stepScale(app fyne.App, step int) {
	now := 1
	if t, ok := app.Settings().Theme().(*kit.Theme); ok {
		now = slices.Index(kit.Scales, t.Scale())
	}
	next := min(max(now+step, 0), len(kit.Scales)-1)
	app.Preferences().SetFloat(prefScale, float64(kit.Scales[next]))
	app.Settings().SetTheme(kit.NewTheme(kit.Scales[next]))
}
