package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Stop is one step on a rail.
type Stop struct {
	Number string
	Title  string
	Note   string // a word under the title; may be empty
	Done   bool   // a tick instead of the number
	Here   bool   // the one that is shown
	Shut   bool   // it cannot be gone to yet
}

// RailRow is one stop of a rail: its number, or a tick, beside its title.
type RailRow struct {
	widget.BaseWidget
	body     *fyne.Container
	onTapped func()
}

var _ fyne.Tappable = (*RailRow)(nil)

// NewRailRow draws a stop; onTapped leads to it unless it is shut.
func NewRailRow(s Stop, onTapped func()) *RailRow {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius = Px(10)
	disc, ink, title := Key2, Muted, Ink
	switch {
	case s.Done:
		disc, ink = Good, Card
	case s.Here:
		disc, ink = Busy, Card
	case s.Shut:
		title = Muted
	}
	if s.Here {
		ground.FillColor = BusyBg
	}
	mark := container.NewStack(AtLeast(30, 30, canvas.NewCircle(disc)), container.NewCenter(NewText(s.Number, 15, ink, true)))
	if s.Done {
		mark = container.NewStack(AtLeast(30, 30, canvas.NewCircle(disc)), container.NewCenter(Image("check", ink, 18)))
	}
	text := NewFit(s.Title, 17, title, s.Here, 1)
	words := Col(-2, Gap(1), Fixed(text), Gap(1))
	if s.Note != "" {
		words = Col(-2, Gap(1), Fixed(text), Fixed(NewFit(s.Note, 13, Muted, false, 1)), Gap(1))
	}
	r := &RailRow{}
	if !s.Shut {
		r.onTapped = onTapped
	}
	r.body = container.NewStack(AtLeast(0, 54, ground), Inset(5, 12, Row(12, Fixed(container.NewCenter(mark)), Grow(1, words))))
	r.ExtendBaseWidget(r)
	return r
}

// Tapped implements fyne.Tappable.
func (r *RailRow) Tapped(*fyne.PointEvent) {
	Use()
	if r.onTapped != nil {
		r.onTapped()
	}
}

// CreateRenderer implements fyne.Widget.
func (r *RailRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.body) }
