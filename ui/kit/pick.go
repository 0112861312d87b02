package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Pick is one of a few values, each a row with a dot. Tab leads to it and the arrow keys change it.
type Pick struct {
	widget.BaseWidget
	OnChanged func(value string)
	OnEnter   func()
	OnFocus   func()

	values  []string
	labels  []string
	at      int
	focused bool
	onKey   func(fyne.KeyName)
	body    *fyne.Container
}

var (
	_ fyne.Focusable = (*Pick)(nil)
	_ fyne.Tappable  = (*pickRow)(nil)
)

// NewPick makes a choice of values, worded by labels. onKey gets the keys that it does not use.
func NewPick(values, labels []string, onKey func(fyne.KeyName)) *Pick {
	p := &Pick{values: values, labels: labels, onKey: onKey, body: container.NewStack()}
	p.ExtendBaseWidget(p)
	p.draw()
	return p
}

// Value is what is chosen; empty where there is nothing to choose from.
func (p *Pick) Value() string {
	if p.at >= len(p.values) {
		return ""
	}
	return p.values[p.at]
}

// SetValue chooses without telling OnChanged; a value that is none of them chooses the first.
func (p *Pick) SetValue(v string) {
	p.at = 0
	for i := range p.values {
		if p.values[i] == v {
			p.at = i
		}
	}
	p.draw()
}

func (p *Pick) choose(i int) {
	if i < 0 || i >= len(p.values) || i == p.at {
		return
	}
	p.at = i
	p.draw()
	if p.OnChanged != nil {
		p.OnChanged(p.values[i])
	}
}

func (p *Pick) draw() {
	items := make([]Item, len(p.labels))
	for i, label := range p.labels {
		items[i] = Fixed(newPickRow(label, i == p.at, i == p.at && p.focused, func() { p.choose(i) }))
	}
	p.body.Objects = []fyne.CanvasObject{Col(4, items...)}
	p.body.Refresh()
}

// FocusGained implements fyne.Focusable.
func (p *Pick) FocusGained() {
	p.focused = true
	p.draw()
	if p.OnFocus != nil {
		p.OnFocus()
	}
}

// FocusLost implements fyne.Focusable.
func (p *Pick) FocusLost() {
	p.focused = false
	p.draw()
}

// TypedRune implements fyne.Focusable.
func (p *Pick) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (p *Pick) TypedKey(k *fyne.KeyEvent) {
	Use()
	switch k.Name {
	case fyne.KeyUp, fyne.KeyLeft:
		p.choose(p.at - 1)
	case fyne.KeyDown, fyne.KeyRight:
		p.choose(p.at + 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if p.OnEnter != nil {
			p.OnEnter()
		}
	case fyne.KeyEscape:
		if c := fyne.CurrentApp().Driver().CanvasForObject(p); c != nil {
			c.Unfocus()
		}
	default:
		p.onKey(k.Name)
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Pick) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.body) }

// pickRow is one value: a dot and its label.
type pickRow struct {
	widget.BaseWidget
	body     *fyne.Container
	onTapped func()
}

func newPickRow(label string, chosen, focused bool, onTapped func()) *pickRow {
	ground := canvas.NewRectangle(color.Transparent)
	ground.CornerRadius, ground.StrokeWidth, ground.StrokeColor = Px(10), Px(1), Line
	ring := canvas.NewCircle(Card)
	ring.StrokeColor, ring.StrokeWidth = Muted, Px(1.5)
	if chosen {
		ground.FillColor, ground.StrokeColor = BusyBg, Busy
		ring.StrokeColor, ring.StrokeWidth = Busy, Px(5)
	}
	if focused {
		ground.StrokeColor, ground.StrokeWidth = Gold, Px(3)
	}
	r := &pickRow{onTapped: onTapped}
	text := NewFit(label, 16, Ink, chosen, 1)
	r.body = container.NewStack(ground, Inset(8, 12, Row(10, Fixed(container.NewCenter(AtLeast(17, 17, ring))), Grow(1, text))))
	r.ExtendBaseWidget(r)
	return r
}

// Tapped implements fyne.Tappable.
func (r *pickRow) Tapped(*fyne.PointEvent) {
	Use()
	r.onTapped()
}

// CreateRenderer implements fyne.Widget.
func (r *pickRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.body) }
