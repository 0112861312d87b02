package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/ui/kit"
)

// Problem shows a small window with the sentence that says why the counter cannot open.
func Problem(app fyne.App, l words.Language, sentence string) fyne.Window {
	app.Settings().SetTheme(kit.NewTheme(1))
	win := app.NewWindow(l.T("Saoma cannot open"))
	closing := kit.NewButton(l.T("Close"), "", "", kit.StrongLook, win.Close)
	win.SetContent(kit.Inset(24, 28, kit.Col(16,
		kit.Fixed(kit.Row(16,
			kit.Fixed(container.NewCenter(kit.Image("warning", kit.Warn, 44))),
			kit.Grow(1, kit.NewFit(l.T("Saoma cannot open"), 26, kit.Ink, true, 1)))),
		kit.Grow(1, kit.NewFit(sentence, 19, kit.Ink, false, 5)),
		kit.Fixed(kit.Row(0, kit.Gap(1), kit.Fixed(kit.AtLeast(130, 0, closing)))))))
	win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyEscape || k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter {
			win.Close()
		}
	})
	win.SetPadded(false)
	win.Resize(fyne.NewSize(640, 340))
	win.CenterOnScreen()
	win.Show()
	return win
}
