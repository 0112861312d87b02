package kit

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"github.com/skip2/go-qrcode"
)

// kit starts a headless app with the theme at a scale.
func kit(t *testing.T, scale float32) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(NewTheme(scale))
}

func TestWrapBreaksWhereReadersExpect(t *testing.T) {
	for text, want := range map[string][]string{
		"one two":       {"one ", "two"},
		"已收款，谢谢。":       {"已", "收", "款，", "谢", "谢。"},
		"付 ¥12.50，好":    {"付 ", "¥12.50，", "好"},
		"Alipay支付":      {"Alipay", "支", "付"},
		"“好”的":          {"“好”", "的"},
		"notified 0.4s": {"notified ", "0.4s"},
	} {
		if got := pieces(text); !slices.Equal(got, want) {
			t.Errorf("pieces(%q) = %q; want %q", text, got, want)
		}
	}
}

func TestFitShowsAllOfATextInItsRoom(t *testing.T) {
	kit(t, 1)
	long := "支付宝尚未给出明确结果，收银台会继续查询。请先不要交付商品，也不要重复收款，有疑问请联系店长。"
	for _, size := range []fyne.Size{{Width: 600, Height: 60}, {Width: 300, Height: 60}, {Width: 180, Height: 90}} {
		f := NewFit(long, 22, Ink, true, 3)
		f.Resize(size)
		shown, y := "", float32(0)
		for _, o := range test.WidgetRenderer(f).Objects() {
			line := o.(*canvas.Text)
			shown += line.Text
			if w := line.MinSize().Width; w > size.Width+1 {
				t.Errorf("%v: %q is %v wide", size, line.Text, w)
			}
			y = line.Position().Y + line.Size().Height
		}
		if shown != long || y > size.Height+1 {
			t.Errorf("%v: shows %q down to %v", size, shown, y)
		}
	}
}

func TestFitCutsWhereTold(t *testing.T) {
	kit(t, 1)
	f := NewFit("12:46 · 一个很长很长很长的商品名称", 13, Ink, false, 1)
	f.Cut = true
	f.Resize(fyne.NewSize(120, 20))
	line := test.WidgetRenderer(f).Objects()[0].(*canvas.Text)
	if !strings.HasSuffix(line.Text, "…") || line.MinSize().Width > 120 || line.TextSize != 13 {
		t.Errorf("shows %q, %v wide at %v", line.Text, line.MinSize().Width, line.TextSize)
	}
}

// TestQRIsSharp draws a code in rooms of many sizes and compares every pixel with its modules: each is the same
// whole number of pixels, purely black or white, with the margin left white.
func TestQRIsSharp(t *testing.T) {
	kit(t, 1)
	const content = "weixin://wxpay/bizpayurl?pr=AbCdEf123"
	want, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	want.DisableBorder = true
	modules := want.Bitmap()
	n := len(modules)
	q := NewQR()
	if err := q.SetCode(content); err != nil {
		t.Fatal(err)
	}
	for _, side := range []int{180, 263, 401} {
		win := test.NewTempWindow(t, q)
		win.SetPadded(false)
		win.Resize(fyne.NewSquareSize(float32(side)))
		img := win.Canvas().Capture()
		px := side / (n + 2*quiet)
		margin := int(math.Round(float64(side-n*px) / 2))
		for y := range side {
			for x := range side {
				dark := false
				if mx, my := (x-margin)/px, (y-margin)/px; x >= margin && y >= margin && mx < n && my < n {
					dark = modules[my][mx]
				}
				if got := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y; (got == 0) != dark || (got != 0 && got != 255) {
					t.Fatalf("%d pixels: at %d,%d is %d; dark %v", side, x, y, got, dark)
				}
			}
		}
		if margin < quiet*px {
			t.Errorf("%d pixels: margin %d of modules of %d", side, margin, px)
		}
	}
	if err := q.SetCode(""); err != nil || !q.draw(9, 9).Bounds().Empty() {
		t.Error("an empty code draws something")
	}
	if q.SetCode(strings.Repeat("x", 3000)) == nil {
		t.Error("a text too long for any code was taken")
	}
}

// TestModulesAreWholePixels tries every room and scale a screen may have.
func TestModulesAreWholePixels(t *testing.T) {
	const modules = 37
	for _, scale := range []float32{0.8, 1, 1.25, 1.5, 2} {
		for width := float32(180); width < 700; width += 0.7 {
			room := fyne.NewSize(width, width+90)
			at, side := place(modules, room, scale)
			pixels := float64(side*scale) / modules
			if math.Abs(pixels-math.Round(pixels)) > 1e-3 || pixels < 1 {
				t.Fatalf("scale %v, %v wide: a module has %v pixels", scale, width, pixels)
			}
			if at.X < quiet*side/modules || math.Abs(float64(at.X+side/2-room.Width/2)) > 0.1 {
				t.Fatalf("scale %v, %v wide: at %v, %v large", scale, width, at, side)
			}
		}
	}
}

func TestKeypadSendsItsKeys(t *testing.T) {
	kit(t, 1)
	var got strings.Builder
	pad := NewKeypad(func(r rune) { got.WriteRune(r) })
	pad.Resize(fyne.NewSize(300, 400))
	for y := range 4 {
		for x := range 3 {
			win := test.NewTempWindow(t, pad)
			win.SetPadded(false)
			win.Resize(fyne.NewSize(300, 400))
			test.TapCanvas(win.Canvas(), fyne.NewPos(float32(50+100*x), float32(50+100*y)))
		}
	}
	if got.String() != "123456789.0\b" {
		t.Errorf("sent %q", got.String())
	}
}

func TestDisabledButtonDoesNothing(t *testing.T) {
	kit(t, 1)
	taps := 0
	b := NewButton("Pay", "F1", "", PlainLook, func() { taps++ })
	test.Tap(b)
	b.SetDisabled(true)
	test.Tap(b)
	b.SetDisabled(false)
	test.Tap(b)
	if taps != 2 {
		t.Errorf("%d taps came through; want 2", taps)
	}
	if _, focusable := any(b).(fyne.Focusable); focusable {
		t.Error("a button that takes the focus takes the keyboard from the till")
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 9 * time.Second: "0:09", 5 * time.Minute: "5:00", 61*time.Minute + time.Second: "61:01"} {
		if got := Clock(d); got != want {
			t.Errorf("Clock(%v) = %s; want %s", d, got, want)
		}
	}
}

func TestCountdownShrinksAndWarns(t *testing.T) {
	kit(t, 1)
	c := NewCountdown(24)
	c.Resize(fyne.NewSize(300, 30))
	c.Set(5*time.Minute, 5*time.Minute)
	full := c.fill.Size().Width
	c.Set(29*time.Second, 5*time.Minute)
	if c.fill.Size().Width >= full/5 || c.fill.FillColor != Warn || c.text.Text != "0:29" {
		t.Errorf("with 29 s left: %v of %v, %q, %v", c.fill.Size().Width, full, c.text.Text, c.fill.FillColor)
	}
	c.Set(-time.Minute, 5*time.Minute)
	if c.text.Text != "0:00" {
		t.Errorf("after the end it shows %q", c.text.Text)
	}
}

func TestFlexDividesItsRoom(t *testing.T) {
	kit(t, 1)
	box := func(w, h float32) *canvas.Rectangle {
		r := canvas.NewRectangle(Ink)
		r.SetMinSize(fyne.NewSize(w, h))
		return r
	}
	a, b, c, hidden := box(50, 10), box(10, 20), box(10, 5), box(99, 99)
	hidden.Hide()
	row := Row(10, Fixed(a), Fixed(hidden), Grow(1, b), Share(1, c))
	if got := row.MinSize(); got != fyne.NewSize(50+10+10+10+10, 20) {
		t.Errorf("least size %v", got)
	}
	row.Resize(fyne.NewSize(300, 40))
	// 300 less two gaps, a's 50 and b's 10 leaves 220 for two shares.
	if a.Size().Width != 50 || b.Size().Width != 120 || c.Size().Width != 110 || c.Position().X != 190 || c.Size().Height != 40 {
		t.Errorf("a %v, b %v, c %v at %v", a.Size(), b.Size(), c.Size(), c.Position())
	}
}

func TestScaleEnlargesEverything(t *testing.T) {
	kit(t, 1.5)
	if Px(10) != 15 || NewText("x", 20, Ink, false).TextSize != 30 {
		t.Errorf("Px(10) = %v", Px(10))
	}
	if NewTheme(77).Scale() != 1 {
		t.Error("a scale that makes no sense was taken")
	}
}

func TestPaletteCanBeRead(t *testing.T) {
	for name, pair := range map[string][2]Colour{
		"ink on paper": {Ink, Paper}, "muted on card": {Muted, Card}, "muted on paper": {Muted, Paper}, "white on good": {Card, Good},
		"working": {Busy, BusyBg}, "glad": {Good, GoodBg}, "doubtful": {Warn, WarnBg}, "alarmed": {Bad, BadBg}, "white on navy": {Card, Navy},
	} {
		if c := contrast(pair[0], pair[1]); c < 3.9 {
			t.Errorf("%s: contrast %.1f", name, c)
		}
	}
}

// contrast is WCAG's ratio of two colours.
func contrast(a, b Colour) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c Colour) float64 {
	linear := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
