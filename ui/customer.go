package ui

import (
	"time"

	"fyne.io/fyne/v2"

	"saoma/pos"
	"saoma/ui/display"
)

// thanksTime is how long the customer sees the mark of success.
const thanksTime = 15 * time.Second

// onCustomer opens the customer's window, or closes it, and remembers which.
func (c *Cashier) onCustomer() {
	if c.customer != nil {
		c.customer.Close()
		return
	}
	c.openCustomer()
}

func (c *Cashier) openCustomer() {
	var at *fyne.Position
	if p := place(c.opts, c.app.Preferences()); p != nil {
		at = &fyne.Position{X: float32(p.X), Y: float32(p.Y)}
	}
	c.app.Preferences().SetBool(prefCustomer, true)
	c.customer = display.Open(c.app, c.customerView(time.Now()), at, keys{c}, func() {
		c.customer = nil
		if c.ctx.Err() == nil { // closed by a person, not with the program
			c.app.Preferences().SetBool(prefCustomer, false)
		}
	})
}

// keys passes on what is typed while the customer's window has the focus.
type keys struct{ c *Cashier }

func (k keys) OnRune(r rune)           { k.c.onRune(r) }
func (k keys) OnKey(name fyne.KeyName) { k.c.onKey(name) }

func (c *Cashier) showCustomer(now time.Time) {
	if c.customer != nil {
		c.customer.Show(c.customerView(now))
	}
}

// customerView is what the customer may see: nothing but the own payment.
func (c *Cashier) customerView(now time.Time) display.View {
	v := display.View{Language: c.l, Shop: c.till.Shop.Name, Sandbox: c.opts.Sandbox}
	p := c.current
	if p == nil || !c.live() && p.State != pos.Paid {
		return v
	}
	if p.State == pos.Paid && now.Sub(p.SettledAt) > thanksTime {
		return v
	}
	v.Payment = p
	for _, shown := range c.codes() {
		if shown.State == pos.Waiting && shown.CodeURL != "" {
			v.Codes = append(v.Codes, display.Code{Payment: shown, Mark: markOf(shown.Wallet)})
		}
	}
	v.Left, v.Whole = p.ExpiresAt.Sub(now), p.ExpiresAt.Sub(p.CreatedAt)
	return v
}
