package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// Item is an object in a Row or Col. Those with a share divide what room is left.
type Item struct {
	object fyne.CanvasObject
	share  float32
}

// Fixed takes the room the object needs.
func Fixed(o fyne.CanvasObject) Item { return Item{object: o} }

// Grow takes the room the object needs and its share of what is left.
func Grow(share float32, o fyne.CanvasObject) Item { return Item{o, share} }

// Share takes its share of the room whatever the object needs: equal shares are equally large.
func Share(share float32, o fyne.CanvasObject) Item { return Item{o, -share} }

// Gap is empty room that grows.
func Gap(share float32) Item { return Item{canvas.NewRectangle(color.Transparent), share} }

// Row puts items side by side, gap design pixels apart.
func Row(gap float32, items ...Item) *fyne.Container { return flexed(flex{gap: Px(gap)}, items) }

// Col puts items one below the other, gap design pixels apart.
func Col(gap float32, items ...Item) *fyne.Container {
	return flexed(flex{gap: Px(gap), down: true}, items)
}

// Tall is a Col that gives each Prose in it the height it needs.
func Tall(gap float32, items ...Item) *fyne.Container {
	return flexed(flex{gap: Px(gap), down: true, prose: true}, items)
}

func flexed(f flex, items []Item) *fyne.Container {
	objects := make([]fyne.CanvasObject, len(items))
	f.shares = make([]float32, len(items))
	for i, it := range items {
		objects[i], f.shares[i] = it.object, it.share
	}
	return container.New(&f, objects...)
}

// flex is the layout of Row, Col and Tall. Hidden objects take no room.
type flex struct {
	gap    float32
	down   bool
	prose  bool // heights follow from the width
	shares []float32
}

// along and across measure a size in the direction of the flex and across it.
func (f *flex) along(s fyne.Size) float32 {
	if f.down {
		return s.Height
	}
	return s.Width
}

func (f *flex) across(s fyne.Size) float32 {
	if f.down {
		return s.Width
	}
	return s.Height
}

func (f *flex) size(along, across float32) fyne.Size {
	if f.down {
		return fyne.NewSize(across, along)
	}
	return fyne.NewSize(along, across)
}

// MinSize implements fyne.Layout.
func (f *flex) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var fixed, largestShare, shares, across float32
	shown := 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		shown++
		s := o.MinSize()
		across = max(across, f.across(s))
		if f.shares[i] < 0 {
			shares -= f.shares[i]
			largestShare = max(largestShare, f.along(s)/-f.shares[i])
		} else {
			fixed += f.along(s)
		}
	}
	return f.size(fixed+largestShare*shares+f.gap*float32(max(shown-1, 0)), across)
}

// Layout implements fyne.Layout.
func (f *flex) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	at := float32(0)
	for i, length := range f.lengths(objects, size) {
		o := objects[i]
		if !o.Visible() {
			continue
		}
		o.Resize(f.size(length, f.across(size)))
		if f.down {
			o.Move(fyne.NewPos(0, at))
		} else {
			o.Move(fyne.NewPos(at, 0))
		}
		at += length + f.gap
	}
}

// lengths divide size among the objects.
func (f *flex) lengths(objects []fyne.CanvasObject, size fyne.Size) []float32 {
	lengths := make([]float32, len(objects))
	left, shares := f.along(size)+f.gap, float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		if f.shares[i] >= 0 {
			lengths[i] = f.least(o, size)
		}
		left -= f.gap + lengths[i]
		shares += max(f.shares[i], -f.shares[i])
	}
	for i, o := range objects {
		if shares > 0 && o.Visible() {
			lengths[i] += max(left, 0) * max(f.shares[i], -f.shares[i]) / shares
		}
	}
	return lengths
}

// least is the room that o needs along the flex.
func (f *flex) least(o fyne.CanvasObject, size fyne.Size) float32 {
	if f.prose {
		return heightFor(o, size.Width)
	}
	return f.along(o.MinSize())
}

// heightFor is what the objects need at a width.
func (f *flex) heightFor(objects []fyne.CanvasObject, width float32) (height float32) {
	if !f.down {
		for i, length := range f.lengths(objects, fyne.NewSize(width, 0)) {
			if objects[i].Visible() {
				height = max(height, heightFor(objects[i], length))
			}
		}
		return height
	}
	for _, o := range objects {
		if o.Visible() {
			height += heightFor(o, width) + f.gap
		}
	}
	return max(height-f.gap, 0)
}

// Inset puts room around an object, in design pixels.
func Inset(vertical, horizontal float32, o fyne.CanvasObject) *fyne.Container {
	v, h := Px(vertical), Px(horizontal)
	return container.New(layout.NewCustomPaddedLayout(v, v, h, h), o)
}

// Panel puts an object on a rounded ground with an inset.
func Panel(fill, edge color.Color, radius, vertical, horizontal float32, o fyne.CanvasObject) *fyne.Container {
	ground := canvas.NewRectangle(fill)
	ground.CornerRadius = Px(radius)
	ground.StrokeColor, ground.StrokeWidth = edge, Px(1)
	return container.NewStack(ground, Inset(vertical, horizontal, o))
}

// Section puts an object on the window's own ground, with room around it. It has no ground of its own: every
// pixel that a software renderer fills delays the code on the screen, and the window's ground costs nothing.
func Section(o fyne.CanvasObject) *fyne.Container { return Inset(18, 18, o) }

// OnColour puts an object on a coloured ground that fills its room.
func OnColour(fill Colour, o fyne.CanvasObject) *fyne.Container {
	return container.NewStack(canvas.NewRectangle(fill), Section(o))
}

// Rule is a hairline between sections: upright in a Row, lying in a Col.
func Rule() *canvas.Rectangle {
	line := canvas.NewRectangle(Line)
	line.SetMinSize(fyne.NewSquareSize(1))
	return line
}

// AtLeast gives an object at least a size in design pixels.
func AtLeast(width, height float32, o fyne.CanvasObject) *fyne.Container {
	room := canvas.NewRectangle(color.Transparent)
	room.SetMinSize(fyne.NewSize(Px(width), Px(height)))
	return container.NewStack(room, o)
}

// Image is a drawing of assets in a colour, side design pixels square.
func Image(glyph string, c color.Color, side float32) *canvas.Image {
	i := canvas.NewImageFromResource(Glyph(glyph, c))
	i.FillMode = canvas.ImageFillContain
	i.SetMinSize(fyne.NewSquareSize(Px(side)))
	return i
}
