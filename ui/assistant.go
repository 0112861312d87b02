package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/assets"
	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// AssistantOptions are what the first-run assistant needs to know.
type AssistantOptions struct {
	Assistant setup.Assistant
	Language  words.Language // empty: as remembered, else the system's
	Scale     float32        // zero: as remembered, else 1

	// Sandbox reports whether the counter that the assistant opened moves no real money. PayAsCustomer pays there as
	// the customer.
	Sandbox       func() bool
	PayAsCustomer func(ctx context.Context, outTradeNo string) error

	// Done is called on the UI thread when the owner wants the counter: it opens the cashier's window on the till of
	// the trial. The assistant's window closes after it.
	// who has signed in, and empty where the ledger has no users.
	Done func(till *pos.Till, who string)
}

// assistant is the window of the first run.
type assistant struct {
	room
	opts  AssistantOptions
	guide *guide
}

// OpenAssistant opens the window that sets a counter up, at the first step that is not done. Call it on the UI thread.
func OpenAssistant(app fyne.App, o AssistantOptions) { openAssistant(app, o, fyne.Do) }

func openAssistant(app fyne.App, o AssistantOptions, do func(func())) *assistant {
	prefs := app.Preferences()
	app.Settings().SetTheme(kit.NewTheme(scale(Options{Scale: o.Scale}, prefs)))
	a := &assistant{room: newRoom(app, Language(Options{Language: o.Language}, prefs), do), opts: o}
	done := o.Done
	o.Done = func(t *pos.Till, who string) {
		done(t, who)
		a.close()
	}
	a.guide = newGuide(&a.room, o.Assistant, guideOptions{language: a.speak, onKey: a.onKey, trial: o})
	a.win.SetCloseIntercept(a.close)
	a.win.SetOnDropped(a.guide.onDropped)
	a.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) { a.onKey(k.Name) })
	zoomKeys(a.win.Canvas(), a.onScale)
	a.build()
	a.win.Resize(fyne.NewSize(1180, 760))
	a.win.CenterOnScreen()
	a.win.Show()
	return a
}

// build makes the window anew, in the language and at the scale in force.
func (a *assistant) build() {
	a.win.SetTitle(a.l.T("Saoma 扫码收银 – set-up"))
	icon := canvas.NewImageFromResource(fyne.NewStaticResource("saoma.png", assets.IconPNG))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(kit.Px(40)))
	other := otherLanguage(a.l)
	language := kit.NewButton(other.Name(), "", "", kit.BarLook, func() { a.speak(other) })
	name := kit.NewFit(a.l.T("Set up this counter"), 22, kit.Card, true, 1)
	bar := container.NewStack(canvas.NewRectangle(kit.Navy), kit.Inset(9, 18,
		kit.Row(16, kit.Fixed(icon), kit.Grow(1, name), kit.Fixed(container.NewCenter(language)))))
	a.win.SetContent(kit.Col(0, kit.Fixed(bar), kit.Grow(1, a.guide.object)))
}

// speak changes the language, and remembers it.
func (a *assistant) speak(l words.Language) {
	a.app.Preferences().SetString(prefLanguage, string(l))
	if a.l != l {
		a.l = l
		a.build()
		a.guide.rebuild()
	}
}

func (a *assistant) onScale(step int) {
	stepScale(a.app, step)
	a.build()
	a.guide.rebuild()
}

func (a *assistant) onKey(k fyne.KeyName) {
	switch {
	case a.guide.onKey(k):
	case k == fyne.KeyF11:
		a.win.SetFullScreen(!a.win.FullScreen())
	}
}

// close ends the assistant; what was kept is taken up again at the next start.
func (a *assistant) close() {
	a.cancel()
	a.win.Close()
}
