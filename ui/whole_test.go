package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"golang.org/x/image/font/sfnt"

	"saoma/assets"
)

// drawable is the embedded font.
var drawable = func() *sfnt.Font {
	f, err := sfnt.Parse(assets.Regular)
	if err != nil {
		panic(err)
	}
	return f
}()

// wholeTexts fails where a character would be a box, a text does not fit the canvas, or the window would not fit its smallest size.
func wholeTexts(t *testing.T, c fyne.Canvas, name string) {
	t.Helper()
	size := c.Size()
	if least := c.Content().MinSize(); least.Width > size.Width || least.Height > size.Height {
		t.Errorf("%s: needs %v, has %v", name, least, size)
	}
	var boxes []box
	walk(c.Content(), fyne.NewPos(0, 0), func(o fyne.CanvasObject, at fyne.Position) {
		text, ok := o.(*canvas.Text)
		if !ok || text.Text == "" {
			return
		}
		for _, r := range text.Text {
			if i, err := drawable.GlyphIndex(nil, r); err != nil || i == 0 {
				t.Errorf("%s: %q has %q, which the embedded font cannot draw", name, text.Text, r)
			}
		}
		if wide := text.MinSize().Width; wide > text.Size().Width+1 {
			t.Errorf("%s: %q needs %.0f pixels, has %.0f", name, text.Text, wide, text.Size().Width)
		}
		boxes = append(boxes, box{text, at})
		if end := at.Add(text.Size()); at.X < 0 || at.Y < 0 || end.X > size.Width+1 || end.Y > size.Height+1 {
			t.Errorf("%s: %q is at %v to %v, outside %v", name, text.Text, at, end, size)
		}
	})
	for _, a := range boxes {
		for _, b := range boxes {
			if a != b && a.covers(b) {
				t.Errorf("%s: %q lies over %q", name, a.text.Text, b.text.Text)
			}
		}
	}
}

// box is a text and where it is.
type box struct {
	text *canvas.Text
	at   fyne.Position
}

// ink is where b's characters are, within the room that the text has.
func (b box) ink() (from, to fyne.Position) {
	size, from := b.text.MinSize(), b.at
	switch b.text.Alignment {
	case fyne.TextAlignCenter:
		from.X += (b.text.Size().Width - size.Width) / 2
	case fyne.TextAlignTrailing:
		from.X += b.text.Size().Width - size.Width
	}
	return from, from.Add(size)
}

// covers reports whether b's text lies over the middle of other's.
func (b box) covers(other box) bool {
	from, to := b.ink()
	start, end := other.ink()
	x, y := (start.X+end.X)/2, (start.Y+end.Y)/2
	return x > from.X && x < to.X && y > from.Y && y < to.Y
}

// walk visits every visible object with its position on the canvas.
func walk(o fyne.CanvasObject, at fyne.Position, visit func(fyne.CanvasObject, fyne.Position)) {
	if o == nil || !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	visit(o, at)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, at, visit)
		}
	case *container.Scroll: // what is outside its room is not seen
		seen := func(child fyne.CanvasObject, place fyne.Position) {
			if place.Y >= at.Y-1 && place.Y+child.Size().Height <= at.Y+o.Size().Height+1 {
				visit(child, place)
			}
		}
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, at, seen)
		}
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, at, visit)
		}
	}
}
