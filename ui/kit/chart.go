package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Bar is one value of a chart. Values below zero are drawn as none.
type Bar struct {
	Label string // under it; may be empty
	Value float64
	Color color.Color // zero: the chart's own
}

// NewBars draws values as bars side by side, the largest as high as there is room. Labels stand under them, as many as the
// caller gives.
func NewBars(bars []Bar, c color.Color) fyne.CanvasObject {
	most := highest(bars)
	items := make([]Item, len(bars))
	for i, b := range bars {
		room := []Item{Share(1-share(b, most), canvas.NewRectangle(color.Transparent)), Share(share(b, most), ground(pick(b.Color, c), 3))}
		items[i] = Share(1, Col(4, Grow(1, Col(0, room...)), Fixed(label(b.Label))))
	}
	return Row(4, items...)
}

// NewShares draws values as the parts of one bar.
func NewShares(bars []Bar) fyne.CanvasObject {
	var items []Item
	for _, b := range bars {
		if b.Value > 0 {
			items = append(items, Share(float32(b.Value), ground(b.Color, 6)))
		}
	}
	if len(items) == 0 {
		items = []Item{Share(1, ground(Line, 6))}
	}
	return AtLeast(0, 22, Row(3, items...))
}

// NewLine draws values as a line from left to right, the largest at the top.
func NewLine(bars []Bar, c color.Color) fyne.CanvasObject {
	most := highest(bars)
	l := &polyline{}
	var objects []fyne.CanvasObject
	for i, b := range bars {
		l.heights = append(l.heights, share(b, most))
		if i > 0 {
			segment := canvas.NewLine(c)
			segment.StrokeWidth = Px(2.5)
			objects = append(objects, segment)
		}
	}
	for range bars {
		objects = append(objects, canvas.NewCircle(c))
	}
	labels := make([]Item, len(bars))
	for i, b := range bars {
		labels[i] = Share(1, label(b.Label))
	}
	return Col(4, Grow(1, container.New(l, objects...)), Fixed(Row(0, labels...)))
}

// polyline is the layout of NewLine's segments and then its points; each point is in the middle of its share.
type polyline struct{ heights []float32 }

// MinSize implements fyne.Layout.
func (l *polyline) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(Px(40)) }

// Layout implements fyne.Layout.
func (l *polyline) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	dot := Px(6)
	at := func(i int) fyne.Position {
		return fyne.NewPos((float32(i)+0.5)*size.Width/float32(len(l.heights)), dot+(1-l.heights[i])*(size.Height-2*dot))
	}
	for i, o := range objects {
		if segment, ok := o.(*canvas.Line); ok {
			segment.Position1, segment.Position2 = at(i), at(i+1)
			segment.Refresh()
			continue
		}
		p := at(i - (len(l.heights) - 1))
		o.Resize(fyne.NewSquareSize(dot))
		o.Move(fyne.NewPos(p.X-dot/2, p.Y-dot/2))
	}
}

func highest(bars []Bar) (most float64) {
	for _, b := range bars {
		most = max(most, b.Value)
	}
	return most
}

// share is how much of the room b takes, 0 to 1.
func share(b Bar, most float64) float32 {
	if most <= 0 || b.Value <= 0 {
		return 0
	}
	return float32(b.Value / most)
}

func ground(c color.Color, radius float32) fyne.CanvasObject {
	r := canvas.NewRectangle(c)
	r.CornerRadius = Px(radius)
	return r
}

func pick(c, other color.Color) color.Color {
	if c != nil {
		return c
	}
	return other
}

func label(text string) fyne.CanvasObject {
	f := NewFit(text, 12, Muted, false, 1)
	return f.Centred()
}
