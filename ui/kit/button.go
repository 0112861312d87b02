package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Look is how a Button is drawn.
type Look struct {
	Fill, Ink, Edge color.NRGBA
	Points          float32 // of the label, in design pixels
	Height          float32 // the least, in design pixels
	Stacked         bool    // the hint stands under the label
}

// Looks of the buttons of the counter.
var (
	KeyLook    = Look{Key, Ink, Line, 30, 44, false}
	PlainLook  = Look{Card, Ink, Line, 16, 46, false}
	SmallLook  = Look{Card, Ink, Line, 14, 32, false}
	StrongLook = Look{Busy, Card, Busy, 16, 46, false}
	AlarmLook  = Look{Bad, Card, Bad, 15, 36, false}
	BarLook    = Look{blend(Navy, Card, 24), Card, blend(Navy, Card, 60), 15, 36, false}
	PayLook    = Look{Gold, Navy, Gold, 18, 46, false}
)

// Button is a button that never takes the focus, so that the keyboard stays with the till.
// A Hint names the key that does the same.
type Button struct {
	widget.BaseWidget
	OnTapped func()

	label, hint      string
	glyph            string
	look             Look
	disabled         bool
	chosen           bool
	hovered, pressed bool
}

var (
	_ fyne.Tappable     = (*Button)(nil)
	_ desktop.Hoverable = (*Button)(nil)
	_ desktop.Mouseable = (*Button)(nil)
)

// NewButton makes a button; hint and glyph (a drawing of assets) may be empty.
func NewButton(label, hint, glyph string, look Look, onTapped func()) *Button {
	b := &Button{OnTapped: onTapped, label: label, hint: hint, glyph: glyph, look: look}
	b.ExtendBaseWidget(b)
	return b
}

// SetDisabled greys the button out, or lets it be tapped again.
func (b *Button) SetDisabled(disabled bool) {
	if b.disabled != disabled {
		b.disabled = disabled
		b.Refresh()
	}
}

// SetChosen draws the ring that says: Enter presses this one.
func (b *Button) SetChosen(chosen bool) {
	if b.chosen != chosen {
		b.chosen = chosen
		b.Refresh()
	}
}

// Label is what the button says.
func (b *Button) Label() string { return b.label }

// SetLabel says something else on the button and reports whether it did not say that before.
func (b *Button) SetLabel(label string) bool {
	changed := b.label != label
	if changed {
		b.label = label
		b.Refresh()
	}
	return changed
}

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	Use()
	if !b.disabled && b.OnTapped != nil {
		b.OnTapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() { b.hovered, b.pressed = false, false; b.Refresh() }

// MouseDown implements desktop.Mouseable.
func (b *Button) MouseDown(*desktop.MouseEvent) { b.pressed = true; b.Refresh() }

// MouseUp implements desktop.Mouseable.
func (b *Button) MouseUp(*desktop.MouseEvent) { b.pressed = false; b.Refresh() }

// fill is the background for the state the button is in.
func (b *Button) fill() color.NRGBA {
	switch {
	case b.disabled:
		return blend(b.look.Fill, Paper, 190)
	case b.pressed:
		return blend(b.look.Fill, rgb(0), 48)
	case b.hovered:
		return blend(b.look.Fill, rgb(0), 18)
	}
	return b.look.Fill
}

func (b *Button) ink() color.NRGBA {
	if b.disabled {
		return blend(Muted, Paper, 90)
	}
	return b.look.Ink
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, back: canvas.NewRectangle(b.fill()), label: NewText(b.label, b.look.Points, b.ink(), true)}
	r.objects = []fyne.CanvasObject{r.back}
	if b.glyph != "" {
		r.glyph = canvas.NewImageFromResource(Glyph(b.glyph, b.ink()))
		r.glyph.FillMode = canvas.ImageFillContain
		r.objects = append(r.objects, r.glyph)
	}
	r.objects = append(r.objects, r.label)
	if b.hint != "" {
		r.chip = canvas.NewRectangle(color.Transparent)
		r.hint = NewText(b.hint, b.look.Points*0.66, b.ink(), true)
		r.objects = append(r.objects, r.chip, r.hint)
	}
	r.paint()
	return r
}

type buttonRenderer struct {
	b           *Button
	back, chip  *canvas.Rectangle
	label, hint *canvas.Text
	glyph       *canvas.Image
	drawn       color.NRGBA // what the glyph is drawn in
	objects     []fyne.CanvasObject
}

func (r *buttonRenderer) Destroy()                     {}
func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *buttonRenderer) Refresh() {
	r.paint()
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}

func (r *buttonRenderer) paint() {
	fill, ink := r.b.fill(), r.b.ink()
	r.back.FillColor, r.back.StrokeColor = fill, r.b.look.Edge
	r.back.StrokeWidth, r.back.CornerRadius = Px(1), Px(12)
	switch {
	case r.b.disabled:
		r.back.StrokeColor = Line
	case r.b.chosen:
		r.back.StrokeColor, r.back.StrokeWidth = Gold, Px(4)
	}
	r.label.Color, r.label.Text = ink, r.b.label
	if r.glyph != nil && r.drawn != ink { // drawing it anew costs a millisecond
		r.drawn = ink
		r.glyph.Resource = Glyph(r.b.glyph, ink)
		r.glyph.Refresh()
	}
	if r.hint != nil {
		r.hint.Color = ink
		r.chip.FillColor, r.chip.CornerRadius = blend(fill, ink, 34), Px(6)
	}
}

// gap is the room between the parts, and the glyph's side follows the label.
func (r *buttonRenderer) gap() float32  { return Px(r.b.look.Points * 0.45) }
func (r *buttonRenderer) side() float32 { return Px(r.b.look.Points * 1.25) }

func (r *buttonRenderer) chipSize() fyne.Size {
	return r.hint.MinSize().Add(fyne.NewSize(Px(12), Px(2)))
}

// widths are those of glyph, label and chip, zero for what is not there.
func (r *buttonRenderer) widths() (glyph, label, chip, sum float32) {
	parts := 0
	if r.glyph != nil {
		glyph, parts = r.side(), parts+1
	}
	if r.b.label != "" {
		label, parts = r.label.MinSize().Width, parts+1
	}
	if r.hint != nil && !r.b.look.Stacked {
		chip, parts = r.chipSize().Width, parts+1
	}
	return glyph, label, chip, glyph + label + chip + r.gap()*float32(max(parts-1, 0))
}

func (r *buttonRenderer) MinSize() fyne.Size {
	_, _, _, w := r.widths()
	return fyne.NewSize(w+Px(r.b.look.Points*1.15), Px(r.b.look.Height))
}

func (r *buttonRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	if r.b.look.Stacked {
		r.stack(size)
		return
	}
	glyph, label, chip, sum := r.widths()
	x := (size.Width - sum) / 2
	place := func(o fyne.CanvasObject, s fyne.Size) {
		o.Resize(s)
		o.Move(fyne.NewPos(x, (size.Height-s.Height)/2))
	}
	if glyph > 0 {
		place(r.glyph, fyne.NewSquareSize(glyph))
		x += glyph + r.gap()
	}
	if label > 0 {
		place(r.label, r.label.MinSize())
		x += label + r.gap()
	}
	if chip > 0 {
		place(r.chip, r.chipSize())
		s := r.hint.MinSize()
		r.hint.Resize(s)
		r.hint.Move(fyne.NewPos(x+(r.chipSize().Width-s.Width)/2, (size.Height-s.Height)/2))
	}
}

// stack puts the hint under the label.
func (r *buttonRenderer) stack(size fyne.Size) {
	label, chip := r.label.MinSize(), r.chipSize()
	y := (size.Height - label.Height - chip.Height) / 2
	for _, part := range []struct {
		o fyne.CanvasObject
		s fyne.Size
	}{{r.label, label}, {r.chip, chip}} {
		part.o.Resize(part.s)
		part.o.Move(fyne.NewPos((size.Width-part.s.Width)/2, y))
		y += part.s.Height
	}
	hint := r.hint.MinSize()
	r.hint.Resize(hint)
	r.hint.Move(fyne.NewPos((size.Width-hint.Width)/2, y-(chip.Height+hint.Height)/2))
}
