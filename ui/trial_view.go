package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// redraw draws the trial and the guide around it, if the trial is what it shows.
func (t *trial) redraw() {
	if here := t.g.here(); t.ended() && here.ID == setup.Trial {
		here.state = setup.Kept
	}
	t.draw()
	t.g.draw()
}

func (t *trial) draw() {
	if t.gate != nil {
		t.object.Objects = []fyne.CanvasObject{t.gate.object}
		t.object.Refresh()
		return
	}
	t.object.Objects = []fyne.CanvasObject{kit.Col(14, kit.Fixed(t.stages()), kit.Grow(1, t.card()))}
	t.object.Refresh()
}

// stages say how far the trial has come.
func (t *trial) stages() fyne.CanvasObject {
	l := t.g.room.l
	paid := t.payment != nil && t.payment.State == pos.Paid
	stage := func(done bool, number, text string) kit.Item {
		tone := kit.Tone{Ink: kit.Muted, Ground: kit.Key2}
		if done {
			tone, number = kit.Glad, "✓"
		}
		return kit.Fixed(kit.Chip(number+"  "+text, tone))
	}
	return kit.Row(10,
		stage(t.payment != nil && (t.payment.CodeURL != "" || paid), "1", l.T("The code is there")),
		stage(paid, "2", l.T("Payment received")),
		stage(t.ended(), "3", l.T("Given back")), kit.Gap(1))
}

// card is what the trial is about now.
func (t *trial) card() fyne.CanvasObject {
	l := t.g.room.l
	switch p := t.payment; {
	case t.till == nil:
		return idleCard("frame", kit.Line, l.T("The counter is not open yet."))
	case p == nil:
		return idleCard("frame", kit.Line, l.T("Pay ¥%s yourself with your own phone, and get it back.", t.amount()))
	case p.State == pos.Waiting:
		return t.code()
	case p.State == pos.Created:
		return idleCard("frame", markOf(p.Wallet).Color, l.T("Asking %s for a code.", p.Wallet))
	case p.State == pos.Paid:
		return t.paid()
	case p.State == pos.Closing:
		return idleCard("frame", kit.Gold, l.T("The code has been withdrawn."))
	}
	return idleCard("cross", kit.Line, l.T("Nothing was paid."))
}

// idleCard is a card with a drawing and a sentence.
func idleCard(glyph string, colour kit.Colour, text string) fyne.CanvasObject {
	return kit.Col(14, kit.Gap(1), kit.Fixed(container.NewCenter(kit.Image(glyph, colour, 120))),
		kit.Fixed(kit.NewFit(text, 19, kit.Muted, false, 2).Centred()), kit.Gap(1))
}

func (t *trial) code() fyne.CanvasObject {
	qr, err := drawn(t.payment)
	if err != nil {
		return idleCard("warning", kit.Bad, t.g.room.l.T("This code cannot be drawn. Cancel it and use the other wallet."))
	}
	l := t.g.room.l
	side := kit.Col(8, kit.Gap(1),
		kit.Fixed(kit.Row(12, kit.Fixed(container.NewCenter(markOf(t.payment.Wallet).Disc(40))),
			kit.Grow(1, kit.NewFit(l.T(t.payment.Wallet.Name()), 22, kit.Ink, true, 1)))),
		kit.Fixed(kit.NewFit("¥"+t.payment.Amount.String(), 40, kit.Ink, true, 1)),
		kit.Fixed(kit.NewFit(l.T("Scan the code with your own phone and pay."), 17, kit.Muted, false, 3)), kit.Gap(1))
	return kit.Row(20, kit.Share(55, qr), kit.Share(45, side))
}

func (t *trial) paid() fyne.CanvasObject {
	l, p := t.g.room.l, t.payment
	said := say(l, situation{payment: p, zone: t.till.Shop.TimeZone})
	if t.refund != nil {
		said = refundSentence(l, t.refund)
	}
	return kit.Col(10, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Tick(110, kit.Good, kit.Card))),
		kit.Fixed(kit.NewFit("¥"+p.Amount.String(), 44, kit.Ink, true, 1).Centred()),
		kit.Fixed(kit.NewFit(said.text, 19, said.tone.Ink, true, 2).Centred()),
		kit.Gap(1))
}

// buttons are what can be done now, in the guide's row of buttons.
func (t *trial) buttons() []kit.Item {
	l := t.g.room.l
	var items []kit.Item
	add := func(label, hint, glyph string, look kit.Look, tapped func()) {
		b := kit.NewButton(label, hint, glyph, look, tapped)
		b.SetDisabled(t.busy)
		items = append(items, kit.Fixed(b))
	}
	p := t.payment
	switch {
	case t.till == nil:
		add(l.T("Open the counter"), "Enter", "", kit.StrongLook, t.open)
		return items
	case t.gate != nil:
		return nil
	case p != nil && p.State == pos.Waiting:
		add(l.T("Check now"), "F5", "", kit.PlainLook, t.check)
		if o := t.g.opts.trial; o.PayAsCustomer != nil && o.Sandbox() {
			add(l.T("Pay as the customer"), "", "phone", kit.PayLook, t.payAsCustomer)
		}
		return items
	case p != nil && p.State == pos.Paid && t.refund == nil:
		add(l.T("Refund ¥%s", p.Amount), "Enter", "", kit.StrongLook, t.giveBack)
		return items
	case p != nil && t.refund != nil && !t.refund.State.Final(), p != nil && p.State == pos.Closing:
		add(l.T("Check now"), "F5", "", kit.PlainLook, t.check)
	}
	for _, w := range t.wallets() {
		colour := markOf(w).Color
		look := kit.Look{Fill: colour, Ink: kit.Card, Edge: colour, Points: 16, Height: 46}
		add(l.T(w.Name()), walletKeys[slices.Index(pos.Wallets, w)], "", look, func() { t.charge(w) })
	}
	look, hint := kit.PlainLook, "F10"
	if t.ended() {
		look, hint = kit.StrongLook, "Enter"
	}
	add(l.T("Open the counter"), hint, "", look, t.finish)
	return items
}
