package kit

import (
	"image/color"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// NewText is one line of text that takes the room it needs.
func NewText(text string, size float32, c color.Color, bold bool) *canvas.Text {
	t := canvas.NewText(text, c)
	t.TextSize = Px(size)
	t.TextStyle.Bold = bold
	return t
}

// Fit is text that takes the room it is given: it wraps to at most Lines lines, and shrinks when
// that is not enough. Nothing a person must read is ever cut off.
type Fit struct {
	widget.BaseWidget
	Text   string
	Points float32 // design pixels, the largest size used
	Color  color.Color
	Bold   bool
	Align  fyne.TextAlign
	Lines  int
	Cut    bool // ends a text that is too long with an ellipsis rather than shrink it
}

// NewFit makes text of at most lines lines.
func NewFit(text string, size float32, c color.Color, bold bool, lines int) *Fit {
	f := &Fit{Text: text, Points: size, Color: c, Bold: bold, Lines: lines}
	f.ExtendBaseWidget(f)
	return f
}

// Centred aligns the text to the middle and returns it.
func (f *Fit) Centred() *Fit {
	f.Align = fyne.TextAlignCenter
	return f
}

// Set changes text and colour.
func (f *Fit) Set(text string, c color.Color) {
	if f.Text == text && f.Color == c {
		return
	}
	f.Text, f.Color = text, c
	f.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *Fit) CreateRenderer() fyne.WidgetRenderer { return &fitRenderer{f: f} }

type fitRenderer struct {
	f     *Fit
	lines []fyne.CanvasObject
}

func (r *fitRenderer) Destroy()                     {}
func (r *fitRenderer) Objects() []fyne.CanvasObject { return r.lines }

// MinSize asks for the height of all lines, and for no width: the text adapts to it.
func (r *fitRenderer) MinSize() fyne.Size {
	line := fyne.MeasureText("国", Px(r.f.Points), fyne.TextStyle{Bold: r.f.Bold}).Height
	return fyne.NewSize(0, line*float32(r.f.Lines))
}

func (r *fitRenderer) Refresh() {
	r.Layout(r.f.Size())
	canvas.Refresh(r.f)
}

func (r *fitRenderer) Layout(box fyne.Size) {
	style := fyne.TextStyle{Bold: r.f.Bold}
	size := Px(r.f.Points)
	smallest := size * 0.35
	var lines []string
	var height float32
	for !r.f.Cut {
		lines = wrap(r.f.Text, box.Width, size, style)
		height = fyne.MeasureText("国", size, style).Height
		fits := len(lines) <= r.f.Lines && height*float32(len(lines)) <= box.Height+1
		for _, l := range lines {
			fits = fits && fyne.MeasureText(l, size, style).Width <= box.Width+0.5
		}
		if fits || size <= smallest {
			break
		}
		size *= 0.94
	}
	if r.f.Cut {
		lines, height = []string{cut(r.f.Text, box.Width, size, style)}, fyne.MeasureText("国", size, style).Height
	}
	r.lines = r.lines[:0]
	y := (box.Height - height*float32(len(lines))) / 2
	for _, l := range lines {
		t := canvas.NewText(l, r.f.Color)
		t.TextSize, t.TextStyle, t.Alignment = size, style, r.f.Align
		t.Move(fyne.NewPos(0, y))
		t.Resize(fyne.NewSize(box.Width, height))
		r.lines = append(r.lines, t)
		y += height
	}
}

// cut shortens text to width.
func cut(text string, width, size float32, style fyne.TextStyle) string {
	if fyne.MeasureText(text, size, style).Width <= width {
		return text
	}
	runes := []rune(text)
	for n := len(runes) - 1; n > 0; n-- {
		if short := strings.TrimRight(string(runes[:n]), " ·") + "…"; fyne.MeasureText(short, size, style).Width <= width {
			return short
		}
	}
	return ""
}

// wrap breaks text into lines no wider than width: at spaces, and between any two Chinese
// characters.
func wrap(text string, width, size float32, style fyne.TextStyle) []string {
	var lines []string
	line := ""
	for _, piece := range pieces(text) {
		if line != "" && fyne.MeasureText(line+strings.TrimRight(piece, " "), size, style).Width > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
			piece = strings.TrimLeft(piece, " ")
		}
		line += piece
	}
	if line != "" {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// A line never begins with closing nor ends with opening punctuation.
const (
	closing = "，。、；：！？）」』”’…%,.;:!?)"
	opening = "（「『“‘(¥"
)

// pieces cuts text where a line may break.
func pieces(text string) []string {
	var list []string
	start := 0
	var before rune
	for i, r := range text {
		canBreak := before == ' ' || unicode.Is(unicode.Han, r) || unicode.Is(unicode.Han, before) || wide(before)
		if i > start && canBreak && r != ' ' && !strings.ContainsRune(closing, r) && !strings.ContainsRune(opening, before) {
			list = append(list, text[start:i])
			start = i
		}
		before = r
	}
	return append(list, text[start:])
}

// wide reports whether r is full-width punctuation, behind which a line may break.
func wide(r rune) bool { return r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF }
