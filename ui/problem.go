package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/ui/kit"
)

// Problem shows a small window with the sentence that says why the counter cannot open.
func Problem(app fyne.App, l words.Language, sentence string) fyne.Window {
	var win fyne.Window
	closing := kit.NewButton(l.T("Close"), "", "", kit.StrongLook, func() { win.Close() })
	win = notice(app, l.T("Saoma cannot open"), sentence, kit.Image("warning", kit.Warn, 44),
		kit.Fixed(kit.Row(0, kit.Gap(1), kit.Fixed(kit.AtLeast(130, 0, closing)))))
	win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyEscape || k.Name == fyne.KeyReturn || k.Name == fyne.KeyEnter {
			win.Close()
		}
	})
	return win
}

// Upgrading shows a small window that says why the counter is not there yet.
func Upgrading(app fyne.App, l words.Language) fyne.Window {
	return notice(app, l.T("One moment, please."), l.T("The ledger is brought up to this version of the program; with years of sales this takes a while."),
		kit.Image("pulse", kit.Navy, 44))
}

func notice(app fyne.App, title, sentence string, sign fyne.CanvasObject, foot ...kit.Item) fyne.Window {
	app.Settings().SetTheme(kit.NewTheme(1))
	win := app.NewWindow(title)
	win.SetContent(kit.Inset(24, 28, kit.Col(16, append([]kit.Item{
		kit.Fixed(kit.Row(16, kit.Fixed(container.NewCenter(sign)), kit.Grow(1, kit.NewFit(title, 26, kit.Ink, true, 1)))),
		kit.Grow(1, kit.NewFit(sentence, 19, kit.Ink, false, 5)),
	}, foot...)...)))
	win.SetPadded(false)
	win.Resize(fyne.NewSize(640, 340))
	win.CenterOnScreen()
	win.Show()
	return win
}
