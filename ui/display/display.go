// Package display is the customer's window: shop, amount, code, time left, and then a large mark of
// success. It shows nothing private and takes no input but full screen.
package display

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// View is what the customer sees.
type View struct {
	Language words.Language
	Shop     string
	Sandbox  bool
	Payment  *pos.Payment // nil: welcome
	Left     time.Duration
	Whole    time.Duration
	Codes    []Code // to choose from while Payment waits
}

// Code is one code that can be scanned.
type Code struct {
	Payment *pos.Payment
	Mark    kit.WalletMark
}

// Window is the customer's window.
type Window struct {
	win     fyne.Window
	view    View
	showing string
	content *fyne.Container

	codes     []*kit.QR // on the screen
	countdown *kit.Countdown
}

// fullScreenDelay is how long a window needs to arrive on the monitor it was asked to open on before
// it can fill it.
const fullScreenDelay = 500 * time.Millisecond

// Keys takes what is typed while the customer's window has the system's focus: the till's keys work
// there, too, but for full screen.
type Keys interface {
	OnRune(r rune)
	OnKey(k fyne.KeyName)
}

// Open shows the customer's window. With at, its upper left corner is asked to be there; without, a
// second monitor is asked for where there is one. On a second monitor it fills the screen. onClosed
// is called when it closes.
func Open(app fyne.App, v View, at *fyne.Position, keys Keys, onClosed func()) *Window {
	w := &Window{win: app.NewWindow(""), content: container.NewStack()}
	w.win.SetContent(w.content)
	w.win.SetPadded(false)
	w.win.Resize(fyne.NewSize(960, 640))
	w.win.SetOnClosed(onClosed)
	w.win.Canvas().SetOnTypedRune(keys.OnRune)
	w.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyF11 {
			w.ToggleFullScreen()
			return
		}
		keys.OnKey(k.Name)
	})
	w.Show(v)
	w.place(app, at)
	return w
}

// place shows the window where the customer looks.
func (w *Window) place(app fyne.App, at *fyne.Position) {
	desk, ok := w.win.(desktop.Window)
	driver, _ := app.Driver().(desktop.Driver)
	second := ok && driver != nil && driver.HasSecondaryDisplay()
	if ok && at != nil {
		desk.RequestPosition(int(at.X), int(at.Y))
	}
	w.win.Show()
	if !second {
		return
	}
	time.AfterFunc(fullScreenDelay, func() {
		fyne.Do(func() {
			if at == nil {
				desk.RequestFullScreenSecondary()
			} else {
				w.win.SetFullScreen(true)
			}
		})
	})
}

// Canvas is the window's canvas.
func (w *Window) Canvas() fyne.Canvas { return w.win.Canvas() }

// Close takes the window away.
func (w *Window) Close() { w.win.Close() }

// ToggleFullScreen fills the monitor the window is on, or gives it back.
func (w *Window) ToggleFullScreen() { w.win.SetFullScreen(!w.win.FullScreen()) }

// Rebuild draws everything anew, after the size of all text changed.
func (w *Window) Rebuild() {
	w.showing = ""
	w.Show(w.view)
}

// Show shows a view. Only what changed is drawn anew; the countdown alone changes every second.
func (w *Window) Show(v View) {
	w.view = v
	if key := v.key(); key != w.showing {
		w.showing = key
		w.win.SetTitle(v.Language.T("Saoma Customer – %s", v.Shop))
		w.content.Objects = []fyne.CanvasObject{w.build()}
		w.content.Refresh()
	}
	if w.countdown != nil {
		w.countdown.Set(v.Left, v.Whole)
	}
}

// key names everything the window shows but the time left.
func (v View) key() string {
	k := string(v.Language) + v.Shop
	if v.Payment != nil {
		k += v.Payment.OutTradeNo + string(v.Payment.State)
	}
	for _, c := range v.Codes {
		k += c.Payment.CodeURL
	}
	return k
}

func (w *Window) build() fyne.CanvasObject {
	w.codes, w.countdown = nil, nil
	p := w.view.Payment
	switch {
	case p == nil:
		return w.welcome()
	case p.State == pos.Paid:
		return w.success()
	case p.State == pos.Waiting && len(w.view.Codes) > 1:
		return w.choice()
	case p.State == pos.Waiting && len(w.view.Codes) == 1:
		return w.code()
	}
	return w.preparing()
}

func (w *Window) welcome() fyne.CanvasObject {
	l := w.view.Language
	return ground(kit.Navy, kit.Col(18, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Image("frame", kit.Gold, 132))),
		kit.Fixed(kit.NewFit(w.view.Shop, 56, kit.Card, true, 1).Centred()),
		kit.Fixed(kit.NewFit(l.T("Welcome. WeChat Pay and Alipay are accepted here."), 28, kit.Line, false, 2).Centred()),
		kit.Gap(1)))
}

func (w *Window) preparing() fyne.CanvasObject {
	l := w.view.Language
	return roomy(kit.Col(12, kit.Gap(1),
		kit.Fixed(kit.NewFit(w.view.Shop, 34, kit.Muted, true, 1).Centred()),
		kit.Fixed(kit.NewFit("¥"+w.view.Payment.Amount.String(), 128, kit.Ink, true, 1).Centred()),
		kit.Fixed(kit.NewFit(l.T("One moment, please."), 32, kit.Muted, false, 1).Centred()),
		kit.Gap(1)))
}

func (w *Window) code() fyne.CanvasObject {
	v, l := w.view, w.view.Language
	qr, err := w.draw(v.Codes[0])
	if err != nil {
		return w.preparing() // the cashier's window says why
	}
	w.countdown = kit.NewCountdown(30)
	left := []kit.Item{
		kit.Gap(1),
		kit.Fixed(kit.NewFit(v.Shop, 36, kit.Muted, true, 1)),
		kit.Fixed(kit.NewFit("¥"+v.Payment.Amount.String(), 120, kit.Ink, true, 1)),
	}
	if v.Payment.Title != "" {
		left = append(left, kit.Fixed(kit.NewFit(v.Payment.Title, 26, kit.Muted, false, 2)))
	}
	left = append(left,
		kit.Fixed(kit.Row(16, kit.Fixed(container.NewCenter(v.Codes[0].Mark.Disc(60))),
			kit.Grow(1, kit.NewFit(l.T("Scan with %s to pay", v.Payment.Wallet), 34, kit.Ink, true, 2)))),
		kit.Fixed(w.countdown), kit.Gap(1))
	if v.Sandbox {
		left = append(left, kit.Fixed(kit.NewFit(l.T("Sandbox: no real money moves"), 20, kit.Warn, true, 1)))
	}
	return roomy(container.New(beside{}, kit.Col(16, left...), qr))
}

func (w *Window) draw(c Code) (*kit.QR, error) {
	qr := kit.NewQR()
	w.codes = append(w.codes, qr)
	return qr, qr.SetCode(c.Payment.CodeURL)
}

// choice shows two codes side by side, each under its wallet's name.
func (w *Window) choice() fyne.CanvasObject {
	v, l := w.view, w.view.Language
	codes := make([]kit.Item, len(v.Codes))
	for i, c := range v.Codes {
		qr, err := w.draw(c)
		if err != nil {
			return w.preparing() // the cashier's window says why
		}
		name := kit.Row(14, kit.Fixed(container.NewCenter(c.Mark.Disc(52))),
			kit.Grow(1, kit.NewFit(l.T(c.Payment.Wallet.Name()), 34, kit.Ink, true, 1)))
		codes[i] = kit.Share(1, kit.Col(12, kit.Fixed(name), kit.Grow(1, qr)))
	}
	w.countdown = kit.NewCountdown(30)
	head := kit.Row(24,
		kit.Grow(1, kit.Col(2, kit.Fixed(kit.NewFit(v.Shop, 28, kit.Muted, true, 1)),
			kit.Fixed(kit.NewFit(l.T("Scan either code to pay"), 34, kit.Ink, true, 1)))),
		kit.Fixed(kit.NewText("¥"+v.Payment.Amount.String(), 72, kit.Ink, true)))
	items := []kit.Item{kit.Fixed(head), kit.Grow(1, kit.Row(40, codes...)), kit.Fixed(w.countdown)}
	if v.Sandbox {
		items = append(items, kit.Fixed(kit.NewFit(l.T("Sandbox: no real money moves"), 20, kit.Warn, true, 1)))
	}
	return roomy(kit.Col(14, items...))
}

func (w *Window) success() fyne.CanvasObject {
	l := w.view.Language
	return ground(kit.Good, kit.Col(10, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Tick(200, kit.Card, kit.Good))),
		kit.Fixed(kit.NewFit(l.T("Payment complete"), 52, kit.Card, true, 1).Centred()),
		kit.Fixed(kit.NewFit("¥"+w.view.Payment.Amount.String(), 110, kit.Card, true, 1).Centred()),
		kit.Fixed(kit.NewFit(l.T("Thank you!"), 32, kit.Card, false, 1).Centred()),
		kit.Gap(1)))
}

// roomy puts an object on the window's own white, which costs no painting.
func roomy(o fyne.CanvasObject) fyne.CanvasObject { return kit.Inset(36, 48, o) }

func ground(fill kit.Colour, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(canvas.NewRectangle(fill), roomy(o))
}

// beside puts two objects side by side on a wide screen and one above the other on a tall one; the
// second, the code, gets as large as fits.
type beside struct{}

// MinSize implements fyne.Layout.
func (beside) MinSize(o []fyne.CanvasObject) fyne.Size { return o[1].MinSize() }

// Layout implements fyne.Layout.
func (beside) Layout(o []fyne.CanvasObject, size fyne.Size) {
	gap := kit.Px(40)
	if size.Height > size.Width {
		side := min(size.Width, size.Height*0.58)
		o[0].Resize(fyne.NewSize(size.Width, size.Height-side-gap))
		o[0].Move(fyne.NewPos(0, 0))
		o[1].Resize(fyne.NewSquareSize(side))
		o[1].Move(fyne.NewPos((size.Width-side)/2, size.Height-side))
		return
	}
	side := min(size.Height, size.Width*0.56)
	o[0].Resize(fyne.NewSize(size.Width-side-gap, size.Height))
	o[0].Move(fyne.NewPos(0, 0))
	o[1].Resize(fyne.NewSquareSize(side))
	o[1].Move(fyne.NewPos(size.Width-side, (size.Height-side)/2))
}
