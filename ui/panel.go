package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// payPanel is the card in the middle: nothing yet, the code, or the mark of success.
type payPanel struct {
	object    *fyne.Container
	showing   string // what is drawn, so that a tick draws nothing anew
	countdown *kit.Countdown
	buttons   []*kit.Button
}

func newPayPanel(*Cashier) *payPanel { return &payPanel{object: container.NewStack()} }

func (p *payPanel) show(c *Cashier, now time.Time) {
	key := string(c.charging)
	if c.current != nil {
		key = ""
		for _, p := range c.codes() {
			key += p.OutTradeNo + string(p.State) + p.CodeURL
		}
	}
	if key != p.showing || len(p.object.Objects) == 0 {
		p.showing = key
		p.object.Objects = []fyne.CanvasObject{p.build(c)}
		p.object.Refresh()
	}
	for _, b := range p.buttons {
		b.SetDisabled(c.busy)
	}
	p.tick(c, now)
}

// tick sets the countdown.
func (p *payPanel) tick(c *Cashier, now time.Time) {
	if p.countdown != nil && c.current != nil {
		p.countdown.Set(c.current.ExpiresAt.Sub(now), c.current.ExpiresAt.Sub(c.current.CreatedAt))
	}
}

func (p *payPanel) build(c *Cashier) fyne.CanvasObject {
	p.countdown, p.buttons = nil, nil
	switch {
	case c.current == nil && c.charging == "":
		return p.idle(c.l.T("The QR code appears here."), "frame", kit.Line)
	case c.current == nil:
		return p.idle(c.l.T("Asking %s for a code.", c.charging), "frame", kit.Line)
	}
	switch c.current.State {
	case pos.Paid:
		return p.success(c)
	case pos.Waiting:
		return p.code(c)
	case pos.Created:
		return p.preparing(c)
	case pos.Closing:
		return p.idle(c.l.T("The code has been withdrawn."), "frame", kit.Gold)
	}
	return p.idle(c.l.T("Nothing was paid."), "cross", kit.Line)
}

// idle is the card without a code.
func (p *payPanel) idle(text, glyph string, colour kit.Colour) fyne.CanvasObject {
	return kit.Section(kit.Col(18, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Image(glyph, colour, 150))),
		kit.Fixed(kit.NewFit(text, 20, kit.Muted, false, 2).Centred()),
		kit.Gap(1)))
}

// preparing is the card while a code is asked for: it can take long, so it can be cancelled.
func (p *payPanel) preparing(c *Cashier) fyne.CanvasObject {
	return kit.Section(kit.Col(18, kit.Fixed(p.heading(c)), kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Image("frame", markOf(c.current.Wallet).Color, 150))),
		kit.Fixed(kit.NewFit(c.l.T("Asking %s for a code.", c.current.Wallet), 20, kit.Muted, false, 2).Centred()),
		kit.Gap(1), kit.Fixed(p.actions(c))))
}

// code is the card while the customer can pay: one code, or two side by side.
func (p *payPanel) code(c *Cashier) fyne.CanvasObject {
	shown := c.codes()
	codes := make([]kit.Item, len(shown))
	for i, payment := range shown {
		qr, err := drawn(payment)
		if err != nil {
			return p.idle(c.l.T("This code cannot be drawn. Cancel it and use the other wallet."), "warning", kit.Bad)
		}
		if len(shown) > 1 {
			qr = kit.Col(8, kit.Fixed(walletLine(c, payment.Wallet)), kit.Grow(1, qr))
		}
		codes[i] = kit.Share(1, qr)
	}
	p.countdown = kit.NewCountdown(24)
	items := []kit.Item{kit.Fixed(p.heading(c)), kit.Grow(1, kit.Row(16, codes...)), kit.Fixed(p.countdown), kit.Fixed(p.actions(c))}
	if w := c.otherWallet(); w != "" {
		offer := kit.NewButton(c.l.T("Also offer %s", w), "F3", "", kit.PlainLook, c.onOffer)
		p.buttons = append(p.buttons, offer)
		items = append(items, kit.Fixed(offer))
	}
	if c.opts.Sandbox && c.opts.PayAsCustomer != nil {
		items = append(items, kit.Fixed(p.customers(c, shown)))
	}
	return kit.Section(kit.Col(12, items...))
}

// drawn is a payment's code, or an empty place until there is one.
func drawn(p *pos.Payment) (fyne.CanvasObject, error) {
	qr := kit.NewQR()
	return qr, qr.SetCode(p.CodeURL)
}

// customers are the buttons that pay as the sandbox's customer, one for each code.
func (p *payPanel) customers(c *Cashier, shown []*pos.Payment) fyne.CanvasObject {
	buttons := make([]kit.Item, len(shown))
	for i, payment := range shown {
		label := c.l.T("Pay as the customer")
		if len(shown) > 1 {
			label = c.l.T(payment.Wallet.Name())
		}
		pay := kit.NewButton(label, "", "phone", kit.PayLook, func() { c.onPayAsCustomer(payment.OutTradeNo) })
		p.buttons = append(p.buttons, pay)
		buttons[i] = kit.Share(1, pay)
	}
	return kit.Row(10, buttons...)
}

// walletLine is a wallet's mark and name.
func walletLine(c *Cashier, w pos.Wallet) fyne.CanvasObject {
	return kit.Row(12,
		kit.Fixed(container.NewCenter(markOf(w).Disc(38))),
		kit.Grow(1, kit.NewFit(c.l.T(w.Name()), 21, kit.Ink, true, 1)))
}

// heading names the wallet and the amount; two codes have their wallets' names above each.
func (p *payPanel) heading(c *Cashier) fyne.CanvasObject {
	amount := kit.Fixed(kit.NewText("¥"+c.current.Amount.String(), 26, kit.Ink, true))
	if c.second != nil {
		return kit.Row(12, kit.Grow(1, kit.NewFit(c.l.T("The customer chooses"), 21, kit.Ink, true, 1)), amount)
	}
	return kit.Row(12, kit.Grow(1, walletLine(c, c.current.Wallet)), amount)
}

// actions are the buttons of a payment that is waiting.
func (p *payPanel) actions(c *Cashier) fyne.CanvasObject {
	check := kit.NewButton(c.l.T("Check now"), "F5", "", kit.PlainLook, c.onCheck)
	cancel := kit.NewButton(c.l.T("Cancel"), "Esc", "", kit.PlainLook, c.onCancel)
	p.buttons = append(p.buttons, check, cancel)
	return kit.Row(10, kit.Share(1, check), kit.Share(1, cancel))
}

func (p *payPanel) success(c *Cashier) fyne.CanvasObject {
	paid := c.current
	at := paid.PaidAt.In(c.till.Shop.TimeZone).Format(time.TimeOnly)
	return kit.OnColour(kit.Good, kit.Col(8, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Tick(150, kit.Card, kit.Good))),
		kit.Fixed(kit.NewFit(c.l.T("Payment received"), 30, kit.Card, true, 1).Centred()),
		kit.Fixed(kit.NewFit("¥"+paid.Amount.String(), 64, kit.Card, true, 1).Centred()),
		kit.Fixed(kit.NewFit(c.l.T(paid.Wallet.Name())+" · "+at, 19, kit.Card, false, 1).Centred()),
		kit.Gap(1)))
}
