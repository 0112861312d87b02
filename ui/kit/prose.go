package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// Prose is text of one size that takes as many lines as its width asks for. It must stand in a Tall column, which
// gives it the height.
type Prose struct {
	widget.BaseWidget
	Text string
	size float32
	ink  color.Color
	bold bool
}

// NewProse makes a text, size in design pixels.
func NewProse(text string, size float32, ink color.Color, bold bool) *Prose {
	p := &Prose{Text: text, size: Px(size), ink: ink, bold: bold}
	p.ExtendBaseWidget(p)
	return p
}

func (p *Prose) style() fyne.TextStyle { return fyne.TextStyle{Bold: p.bold} }
func (p *Prose) line() float32         { return fyne.MeasureText("国", p.size, p.style()).Height }

// heightFor is what the text needs at a width.
func (p *Prose) heightFor(width float32) float32 {
	return p.line() * float32(len(p.lines(width)))
}

// lines breaks the text, and breaks words that are wider than the room, such as a file's name.
func (p *Prose) lines(width float32) []string {
	var lines []string
	for _, line := range wrap(p.Text, width, p.size, p.style()) {
		runes := []rune(line)
		for len(runes) > 1 && fyne.MeasureText(string(runes), p.size, p.style()).Width > width {
			n := len(runes) - 1
			for n > 1 && fyne.MeasureText(string(runes[:n]), p.size, p.style()).Width > width {
				n--
			}
			lines, runes = append(lines, string(runes[:n])), runes[n:]
		}
		lines = append(lines, string(runes))
	}
	return lines
}

// CreateRenderer implements fyne.Widget.
func (p *Prose) CreateRenderer() fyne.WidgetRenderer { return &proseRenderer{p: p} }

type proseRenderer struct {
	p     *Prose
	lines []fyne.CanvasObject
}

func (r *proseRenderer) Destroy()                     {}
func (r *proseRenderer) Objects() []fyne.CanvasObject { return r.lines }
func (r *proseRenderer) MinSize() fyne.Size           { return fyne.NewSize(0, r.p.line()) }

func (r *proseRenderer) Refresh() {
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}

func (r *proseRenderer) Layout(box fyne.Size) {
	height := r.p.line()
	r.lines = r.lines[:0]
	for i, l := range r.p.lines(box.Width) {
		t := canvas.NewText(l, r.p.ink)
		t.TextSize, t.TextStyle = r.p.size, r.p.style()
		t.Move(fyne.NewPos(0, height*float32(i)))
		t.Resize(fyne.NewSize(box.Width, height))
		r.lines = append(r.lines, t)
	}
}

// heightFor is what an object needs at a width: more than its least where there is prose in it.
func heightFor(o fyne.CanvasObject, width float32) float32 {
	switch o := o.(type) {
	case *Prose:
		return o.heightFor(width)
	case *fyne.Container:
		switch l := o.Layout.(type) {
		case *flex:
			return l.heightFor(o.Objects, width)
		case layout.CustomPaddedLayout:
			inner := float32(0)
			for _, child := range o.Objects {
				inner = max(inner, heightFor(child, width-l.LeftPadding-l.RightPadding))
			}
			return inner + l.TopPadding + l.BottomPadding
		}
		least := o.MinSize().Height
		for _, child := range o.Objects {
			least = max(least, heightFor(child, width))
		}
		return least
	}
	return o.MinSize().Height
}

// Pane is a room that scrolls where what is in it is higher.
type Pane struct {
	widget.BaseWidget
	scroll *container.Scroll
	body   *fyne.Container
	tall   *tall
}

// barRoom is left free beside the content for the bar, in design pixels.
const barRoom = 14

// NewPane makes an empty pane.
func NewPane() *Pane {
	p := &Pane{tall: &tall{}}
	p.body = container.New(p.tall)
	p.scroll = container.NewVScroll(p.body)
	p.ExtendBaseWidget(p)
	return p
}

// Set shows something else, from its top.
func (p *Pane) Set(o fyne.CanvasObject) {
	p.scroll.Offset = fyne.Position{}
	p.Replace(o)
}

// Replace shows something else where the pane stands.
func (p *Pane) Replace(o fyne.CanvasObject) {
	p.body.Objects = []fyne.CanvasObject{o}
	p.fit(p.Size())
	p.scroll.Refresh()
}

// Reveal scrolls so that o, which is in the pane, can be seen.
func (p *Pane) Reveal(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(p.body).Y
	switch room := p.scroll.Size().Height; {
	case top < p.scroll.Offset.Y:
		p.scrollTo(top - Px(30))
	case top+o.Size().Height > p.scroll.Offset.Y+room:
		p.scrollTo(top + o.Size().Height + Px(60) - room)
	}
}

// Turn scrolls by so many tenths of the room.
func (p *Pane) Turn(tenths int) {
	p.scrollTo(p.scroll.Offset.Y + p.scroll.Size().Height*float32(tenths)/10)
}

// End scrolls to the end.
func (p *Pane) End() { p.scrollTo(p.tall.height) }

func (p *Pane) scrollTo(y float32) {
	p.scroll.Offset.Y = max(min(y, p.tall.height-p.scroll.Size().Height), 0)
	p.scroll.Refresh()
}

func (p *Pane) fit(size fyne.Size) {
	p.tall.height = 0
	for _, o := range p.body.Objects {
		p.tall.height = heightFor(o, size.Width-Px(barRoom))
	}
}

// CreateRenderer implements fyne.Widget.
func (p *Pane) CreateRenderer() fyne.WidgetRenderer { return &paneRenderer{p} }

type paneRenderer struct{ p *Pane }

func (r *paneRenderer) Destroy()                     {}
func (r *paneRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.p.scroll} }
func (r *paneRenderer) MinSize() fyne.Size           { return fyne.NewSquareSize(Px(80)) }
func (r *paneRenderer) Refresh()                     { canvas.Refresh(r.p) }

func (r *paneRenderer) Layout(size fyne.Size) {
	r.p.fit(size)
	r.p.scroll.Resize(size)
	r.p.scroll.Refresh()
}

// tall gives its one object the height that a pane found out.
type tall struct{ height float32 }

// MinSize implements fyne.Layout.
func (t *tall) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, t.height) }

// Layout implements fyne.Layout.
func (t *tall) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(fyne.NewSize(size.Width-Px(barRoom), size.Height))
	}
}
