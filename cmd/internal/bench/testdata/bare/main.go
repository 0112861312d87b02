// Command bare is the least a Fyne program can be: one window. A key changes its colour, which shows what a repaint takes.
package main

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

func main() {
	app.SetMetadata(fyne.AppMetadata{ID: "io.saoma.bare", Name: "Bare", Migrations: map[string]bool{"fyneDo": true}})
	w := app.New().NewWindow("Bare")
	colours := []color.Color{color.White, color.NRGBA{R: 0xFF, A: 0xFF}}
	back := canvas.NewRectangle(colours[0])
	w.SetContent(container.NewStack(back, widget.NewLabel("Bare")))
	w.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) {
		colours[0], colours[1] = colours[1], colours[0]
		back.FillColor = colours[0]
		back.Refresh()
	})
	w.Resize(fyne.NewSize(1240, 780))
	w.ShowAndRun()
}
