package kit

import (
	"strings"

	"fyne.io/fyne/v2"
)

// PaperField is a field for a file: its name typed, chosen or dropped, or its text pasted in. A key that was pasted is
// not shown, only that it is there.
type PaperField struct {
	Entry
	Object *fyne.Container // the field and its button

	pasted string                  // the text that stands behind what the field shows; empty: the field's own text counts
	shown  string                  // what stands for it
	say    func(length int) string // words for a pasted text of so many characters
}

// NewPaperField makes a field; choose opens a file dialog, and say words a text that was pasted in.
func NewPaperField(placeholder, choose string, onKey func(fyne.KeyName), onChoose func(), say func(length int) string) *PaperField {
	p := &PaperField{say: say}
	p.onKey = func(k fyne.KeyName) {
		if k == fyne.KeyF4 {
			onChoose()
			return
		}
		onKey(k)
	}
	p.init(placeholder, p)
	p.OnChanged = func(now string) {
		if p.pasted != "" && now != p.shown { // typed over: what was pasted is gone, and so are the words for it
			p.pasted = ""
			p.SetText("")
		}
	}
	p.Object = Row(8, Grow(1, p), Fixed(NewButton(choose, "F4", "file", PlainLook, onChoose)))
	return p
}

// Value is the file's name, or the text that was pasted in.
func (p *PaperField) Value() string {
	if p.pasted != "" {
		return p.pasted
	}
	return strings.TrimSpace(p.Text)
}

// SetValue puts a file's name or a pasted text into the field.
func (p *PaperField) SetValue(v string) {
	p.pasted = ""
	if !paperText(v) {
		p.SetText(v)
		return
	}
	p.shown = p.say(len([]rune(strings.TrimSpace(v))))
	p.pasted = v
	p.SetText(p.shown)
}

// longestName is how long a text of one line may be to count as a file's name and no key.
const longestName = 260

// paperText reports whether v is the text of a paper rather than a file's name.
func paperText(v string) bool {
	return strings.Contains(strings.TrimSpace(v), "\n") || strings.Contains(v, "-----BEGIN") || len(v) > longestName
}

// TypedShortcut takes a pasted paper whole: a field of one line would lose its line breaks and show a private key.
func (p *PaperField) TypedShortcut(s fyne.Shortcut) {
	paste, ok := s.(*fyne.ShortcutPaste)
	if !ok {
		p.Entry.TypedShortcut(s)
		return
	}
	text := paste.Clipboard.Content() // asked for once: another program answers
	if paperText(text) {
		p.SetValue(text)
		return
	}
	p.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipped(text)})
}

// clipped is a clipboard that holds a text which has been read.
type clipped string

// Content implements fyne.Clipboard.
func (c clipped) Content() string { return string(c) }

// SetContent implements fyne.Clipboard.
func (c clipped) SetContent(string) {}
