package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// NewFinding is one line of a list of checks: a mark of its tone, what was found and, below, what to do about it,
// which may be empty.
func NewFinding(t Tone, says, do string) *fyne.Container {
	glyph := "check"
	ground := color.Color(color.Transparent)
	if t != Glad {
		glyph, ground = "warning", t.Ground
	}
	if t == Alarmed {
		glyph = "cross"
	}
	mark := container.NewStack(AtLeast(26, 26, canvas.NewCircle(t.Ink)), container.NewCenter(Image(glyph, Card, 15)))
	words := []Item{Fixed(NewProse(says, 16, Ink, t != Glad))}
	if do != "" {
		words = append(words, Fixed(NewProse(do, 15, t.Ink, false)))
	}
	row := Row(12, Fixed(Tall(0, Fixed(mark))), Grow(1, Tall(2, words...)))
	back := canvas.NewRectangle(ground)
	back.CornerRadius = Px(10)
	return container.NewStack(back, Inset(6, 10, row))
}
