package ui

import (
	"context"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
)

// room is a window and what is needed to work in it. Its fields belong to the UI thread.
type room struct {
	app    fyne.App
	win    fyne.Window
	l      words.Language
	ctx    context.Context // ends with the window
	cancel context.CancelFunc
	do     func(func()) // brings a function to the UI thread
}

// newRoom makes a window, which is not shown yet. None is the master: the program ends when the last one closes, and a
// window can follow on another.
func newRoom(app fyne.App, l words.Language, do func(func())) room {
	r := room{app: app, win: app.NewWindow(""), l: l, do: do}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.win.SetPadded(false)
	return r
}

// off runs work away from the UI thread and then done on it, unless the window has closed.
func (r *room) off(work func(context.Context) error, done func(error)) {
	go func() {
		err := work(r.ctx)
		r.do(func() {
			if r.ctx.Err() == nil {
				done(err)
			}
		})
	}()
}
