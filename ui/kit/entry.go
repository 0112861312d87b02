package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Entry is a text field of one line that gives the keyboard back: Enter and Escape leave it, and the keys of
// the till work while it has the focus. (Fyne's own keeps the focus, so that later keys would go astray.)
type Entry struct {
	widget.Entry
	OnEnter func() // after Enter has left the field; nil: nothing
	OnFocus func() // the field got the focus; nil: nothing

	onKey func(fyne.KeyName)
	self  fyne.CanvasObject // the widget that the driver knows, where this one is part of another
}

// NewEntry makes an entry. onKey gets the function keys typed while the entry has the focus.
func NewEntry(placeholder string, onKey func(fyne.KeyName)) *Entry {
	e := &Entry{onKey: onKey}
	e.init(placeholder, e)
	return e
}

func (e *Entry) init(placeholder string, self fyne.Widget) {
	e.Wrapping = fyne.TextWrapOff
	e.PlaceHolder = placeholder
	e.self = self
	e.ExtendBaseWidget(self)
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	Use()
	switch k.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		e.leave()
		if e.OnEnter != nil {
			e.OnEnter()
		}
	case fyne.KeyEscape:
		e.leave()
	case fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF4, fyne.KeyF5, fyne.KeyF6, fyne.KeyF7, fyne.KeyF8, fyne.KeyF9, fyne.KeyF10, fyne.KeyF11, fyne.KeyF12:
		e.leave()
		e.onKey(k.Name)
	case fyne.KeyUp, fyne.KeyDown: // they mean nothing in a single line
		e.onKey(k.Name)
	default:
		e.Entry.TypedKey(k)
	}
}

// TypedRune implements fyne.Focusable.
func (e *Entry) TypedRune(r rune) {
	Use()
	e.Entry.TypedRune(r)
}

// FocusGained implements fyne.Focusable.
func (e *Entry) FocusGained() {
	Use()
	e.Entry.FocusGained()
	if e.OnFocus != nil {
		e.OnFocus()
	}
}

func (e *Entry) leave() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(e.self); c != nil {
		c.Unfocus()
	}
}
