package kit

import (
	"fmt"
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// Tone is the mood of a sign: its ink and its ground.
type Tone struct{ Ink, Ground Colour }

// The tones.
var (
	Calm     = Tone{Muted, Card}
	Working  = Tone{Busy, BusyBg}
	Glad     = Tone{Good, GoodBg}
	Doubtful = Tone{Warn, WarnBg}
	Alarmed  = Tone{Bad, BadBg}
)

// WalletMark is a wallet's mark: one character on a disc of the wallet's colour.
type WalletMark struct {
	Character string
	Color     Colour
}

// Disc draws the mark, side design pixels across.
func (m WalletMark) Disc(side float32) *fyne.Container {
	text := NewText(m.Character, side*0.52, Card, true)
	return container.NewStack(AtLeast(side, side, canvas.NewCircle(m.Color)), container.NewCenter(text))
}

// Tick is the mark of success: a tick on a disc.
func Tick(side float32, disc, tick Colour) *fyne.Container {
	return container.NewStack(AtLeast(side, side, canvas.NewCircle(disc)), container.NewCenter(Image("check", tick, side*0.62)))
}

// StateLine says in one sentence what is true now.
type StateLine struct {
	widget.BaseWidget
	ground *canvas.Rectangle
	bar    *canvas.Rectangle
	text   *Fit
	body   *fyne.Container
}

// NewStateLine makes an empty line of at most two lines of text.
func NewStateLine() *StateLine {
	s := &StateLine{ground: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(Muted), text: NewFit("", 22, Ink, true, 2)}
	s.bar.CornerRadius = Px(4)
	s.bar.SetMinSize(fyne.NewSize(Px(8), 0))
	s.body = container.NewStack(s.ground, Col(0, Fixed(Rule()), Grow(1, Inset(3, 18, Row(14, Fixed(Inset(8, 0, s.bar)), Grow(1, s.text))))))
	s.ExtendBaseWidget(s)
	return s
}

// Say shows a sentence in a tone.
func (s *StateLine) Say(sentence string, t Tone) {
	ink := t.Ink
	s.ground.FillColor, s.bar.FillColor = t.Ground, t.Ink
	if t == Calm {
		ink, s.ground.FillColor = Ink, color.Transparent
	}
	s.text.Set(sentence, ink)
	s.Refresh()
}

// Sentence is what the line says.
func (s *StateLine) Sentence() string { return s.text.Text }

// MinSize leaves room for one large line or two smaller ones.
func (s *StateLine) MinSize() fyne.Size { return fyne.NewSize(Px(200), Px(72)) }

// CreateRenderer implements fyne.Widget.
func (s *StateLine) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.body) }

// NewBanner is a strip across the window that cannot be overlooked.
func NewBanner(sentence string, t Tone, glyph string) *fyne.Container {
	text := NewFit(sentence, 16, t.Ink, true, 1).Centred()
	return container.NewStack(
		canvas.NewRectangle(t.Ground),
		Inset(5, 20, Row(10, Fixed(Image(glyph, t.Ink, 20)), Grow(1, text), Fixed(AtLeast(20, 0, container.NewWithoutLayout())))),
	)
}

// HealthLight tells how one wallet's platform answers, or whether notifications arrive, by colour and by word.
type HealthLight struct {
	widget.BaseWidget
	dot        *canvas.Circle
	name, word *canvas.Text
	body       *fyne.Container
	onTapped   func()
}

var _ fyne.Tappable = (*HealthLight)(nil)

// NewHealthLight makes a light for the dark header bar; onTapped shows more.
func NewHealthLight(name string, onTapped func()) *HealthLight {
	h := &HealthLight{
		onTapped: onTapped,
		dot:      canvas.NewCircle(Muted),
		name:     NewText(name, 15, Card, true),
		word:     NewText("", 13, blend(Navy, Card, 200), false),
	}
	words := container.NewCenter(Col(-3, Fixed(h.name), Fixed(h.word)))
	h.body = Row(9, Fixed(container.NewCenter(AtLeast(14, 14, h.dot))), Fixed(words))
	h.ExtendBaseWidget(h)
	return h
}

// Set shows a colour and the word for it.
func (h *HealthLight) Set(c Colour, word string) {
	h.dot.FillColor, h.word.Text = c, word
	h.Refresh()
}

// Tapped implements fyne.Tappable.
func (h *HealthLight) Tapped(*fyne.PointEvent) {
	Use()
	h.onTapped()
}

// Word is what the light says.
func (h *HealthLight) Word() string { return h.word.Text }

// CreateRenderer implements fyne.Widget.
func (h *HealthLight) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(h.body) }

// Countdown shows how long a code may still be paid: minutes, seconds and a bar that shrinks.
type Countdown struct {
	widget.BaseWidget
	text        *canvas.Text
	track, fill *canvas.Rectangle
	share       float32
}

// NewCountdown makes a countdown; points is the size of its digits in design pixels.
func NewCountdown(points float32) *Countdown {
	c := &Countdown{text: NewText("", points, Ink, true), track: canvas.NewRectangle(Key2), fill: canvas.NewRectangle(Busy)}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows what is left of the whole.
func (c *Countdown) Set(left, whole time.Duration) {
	left = max(left, 0).Round(time.Second)
	c.text.Text = Clock(left)
	c.share = 0
	if whole > 0 {
		c.share = min(float32(left)/float32(whole), 1)
	}
	c.fill.FillColor, c.text.Color = Busy, Ink
	if left <= 30*time.Second {
		c.fill.FillColor, c.text.Color = Warn, Warn
	}
	c.Refresh()
}

// Clock is a duration as m:ss.
func Clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// CreateRenderer implements fyne.Widget.
func (c *Countdown) CreateRenderer() fyne.WidgetRenderer { return &countdownRenderer{c} }

type countdownRenderer struct{ c *Countdown }

func (r *countdownRenderer) Destroy() {}
func (r *countdownRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.track, r.c.fill, r.c.text}
}

func (r *countdownRenderer) MinSize() fyne.Size {
	digits := fyne.MeasureText("00:00", r.c.text.TextSize, r.c.text.TextStyle)
	return digits.Add(fyne.NewSize(Px(80), 0))
}

func (r *countdownRenderer) Refresh() {
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

func (r *countdownRenderer) Layout(size fyne.Size) {
	digits := fyne.MeasureText("00:00", r.c.text.TextSize, r.c.text.TextStyle)
	r.c.text.Alignment = fyne.TextAlignTrailing
	r.c.text.Resize(digits)
	r.c.text.Move(fyne.NewPos(size.Width-digits.Width, (size.Height-digits.Height)/2))
	height := Px(10)
	room := fyne.NewSize(max(size.Width-digits.Width-Px(14), 0), height)
	at := fyne.NewPos(0, (size.Height-height)/2)
	for _, bar := range []*canvas.Rectangle{r.c.track, r.c.fill} {
		bar.CornerRadius = height / 2
		bar.Move(at)
	}
	r.c.track.Resize(room)
	r.c.fill.Resize(fyne.NewSize(max(room.Width*r.c.share, min(height, room.Width)), height))
}
