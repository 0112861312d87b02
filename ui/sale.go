package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// sale is the card on the left: amount, title, keypad and the wallets' buttons.
type sale struct {
	object  fyne.CanvasObject
	amount  *kit.Fit
	title   *kit.Entry
	fixed   *kit.Fit      // the title while it cannot be changed
	wallets []*kit.Button // as pos.Wallets
}

// walletKeys are the keys that charge, as pos.Wallets.
var walletKeys = []string{"F1", "F2"}

func newSale(c *Cashier, title string) *sale {
	s := &sale{amount: kit.NewFit("", 76, kit.Ink, true, 1)}
	s.amount.Align = fyne.TextAlignTrailing
	s.title = kit.NewEntry(c.l.T("What for (optional)"), c.onKey)
	s.title.SetText(title)
	s.fixed = kit.NewFit("", 17, kit.Muted, false, 1)
	s.fixed.Align = fyne.TextAlignTrailing
	room := canvas.NewRectangle(color.Transparent) // keeps the keypad where it is
	room.SetMinSize(s.title.MinSize())

	var buttons []kit.Item
	for i, w := range pos.Wallets {
		colour := markOf(w).Color
		look := kit.Look{Fill: colour, Ink: kit.Card, Edge: colour, Points: 23, Height: 70, Stacked: true}
		b := kit.NewButton(c.l.T(w.Name()), walletKeys[i], "", look, func() { c.onWallet(w) })
		s.wallets = append(s.wallets, b)
		buttons = append(buttons, kit.Share(1, b))
	}
	label := kit.NewText(c.l.T("Amount"), 17, kit.Muted, true)
	s.object = kit.Section(kit.Col(10,
		kit.Fixed(container.NewStack(s.amount, kit.Col(0, kit.Fixed(label), kit.Gap(1)))),
		kit.Fixed(container.NewStack(room, s.title, s.fixed)),
		kit.Grow(1, kit.NewKeypad(c.onAmountKey)),
		kit.Fixed(kit.Row(10, buttons...)),
	))
	return s
}

func (s *sale) show(c *Cashier) {
	text, colour := c.amount.shown(), kit.Ink
	switch {
	case c.current != nil && c.current.State == pos.Paid:
		text, colour = "¥"+c.current.Amount.String(), kit.Good
	case c.amount.text == "":
		colour = kit.Line
	}
	s.amount.Set(text, colour)
	if c.live() {
		s.fixed.Set(c.current.Title, kit.Muted)
		s.fixed.Show()
		s.title.Hide()
	} else {
		s.fixed.Hide()
		s.title.Show()
	}
	for i, w := range pos.Wallets {
		_, setUp := c.till.Gateways[w]
		s.wallets[i].SetDisabled(!setUp || c.busy || (c.live() && (c.second != nil || c.current.Wallet == w)))
	}
}
