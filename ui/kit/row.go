package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Payment is one row of a list of payments, in words.
type Payment struct {
	Mark                WalletMark
	Amount, Note, State string
	Tone                Tone
}

// PaymentRow shows a payment: the wallet's mark, the amount over time and title, and its state.
type PaymentRow struct {
	widget.BaseWidget
	body     *fyne.Container
	onTapped func()
}

var _ fyne.Tappable = (*PaymentRow)(nil)

// NewPaymentRow makes a row; onTapped is called when it is tapped.
func NewPaymentRow(p Payment, onTapped func()) *PaymentRow {
	note := NewFit(p.Note, 13, Muted, false, 1)
	note.Cut = true
	middle := Col(-2, Fixed(NewText(p.Amount, 18, Ink, true)), Fixed(note))
	r := &PaymentRow{onTapped: onTapped}
	r.body = Row(11, Fixed(container.NewCenter(p.Mark.Disc(32))), Grow(1, Col(0, Gap(1), Fixed(middle), Gap(1))), Fixed(Chip(p.State, p.Tone)))
	r.ExtendBaseWidget(r)
	return r
}

// NewChoiceRow makes a row of a list to choose from; details beside the list are those of the chosen one.
func NewChoiceRow(p Payment, chosen bool, onTapped func()) *PaymentRow {
	r := NewPaymentRow(p, onTapped)
	ground := canvas.NewRectangle(color.Transparent)
	if ground.CornerRadius = Px(10); chosen {
		ground.FillColor = BusyBg
	}
	r.body = container.NewStack(ground, Inset(0, 10, r.body))
	return r
}

// Chip is a word on a ground of its tone.
func Chip(word string, t Tone) *fyne.Container {
	ground := canvas.NewRectangle(t.Ground)
	ground.CornerRadius = Px(8)
	return container.NewCenter(container.NewStack(ground, Inset(3, 9, NewText(word, 14, t.Ink, true))))
}

// Tapped implements fyne.Tappable.
func (r *PaymentRow) Tapped(*fyne.PointEvent) {
	Use()
	r.onTapped()
}

// CreateRenderer implements fyne.Widget.
func (r *PaymentRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.body) }
