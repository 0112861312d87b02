package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Entry is a text field of one line that gives the keyboard back: Enter and Escape leave it, and the keys of
// the till work while it has the focus. (Fyne's own keeps the focus, so that later keys would go astray.)
type Entry struct {
	widget.Entry
	onKey func(fyne.KeyName)
}

// NewEntry makes an entry. onKey gets the function keys typed while the entry has the focus.
func NewEntry(placeholder string, onKey func(fyne.KeyName)) *Entry {
	e := &Entry{onKey: onKey}
	e.Wrapping = fyne.TextWrapOff
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape:
		e.leave()
	case fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF5, fyne.KeyF6, fyne.KeyF8, fyne.KeyF11:
		e.leave()
		e.onKey(k.Name)
	case fyne.KeyUp, fyne.KeyDown: // they mean nothing in a single line
		e.onKey(k.Name)
	default:
		e.Entry.TypedKey(k)
	}
}

func (e *Entry) leave() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(e); c != nil {
		c.Unfocus()
	}
}
