package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// Passphrase is a small window that asks for the passphrase under which the keys of a counter are sealed.
type Passphrase struct {
	app    fyne.App
	l      words.Language
	do     func(func())
	win    fyne.Window // nil until the first question
	entry  *kit.Entry
	wrong  *kit.Fit
	open   *kit.Button
	answer chan string   // of the question that is asked
	gone   chan struct{} // closed when the person gives up
}

// NewPassphrase makes the window; it is shown by the first question.
func NewPassphrase(app fyne.App, l words.Language) *Passphrase { return newPassphrase(app, l, fyne.Do) }

func newPassphrase(app fyne.App, l words.Language, do func(func())) *Passphrase {
	return &Passphrase{app: app, l: l, do: do, answer: make(chan string), gone: make(chan struct{})}
}

// Ask asks, away from the UI thread, and waits for the answer. again says that the last one was wrong. The error is a
// Conflict where the person gave up, and ctx's own.
func (p *Passphrase) Ask(ctx context.Context, again bool) (string, error) {
	p.do(func() { p.show(again) })
	select {
	case answer := <-p.answer:
		return answer, nil
	case <-p.gone:
		return "", pos.Errorf(pos.Conflict, "Without the passphrase the counter stays closed.")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// GivenUp reports whether the person has closed the window instead of answering.
func (p *Passphrase) GivenUp() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// Close closes the window, on the UI thread. Where it was never shown there is nothing to close.
func (p *Passphrase) Close() {
	if p.win != nil {
		p.win.SetOnClosed(nil)
		p.win.Close()
		p.win = nil
	}
}

func (p *Passphrase) show(again bool) {
	if p.GivenUp() {
		return
	}
	if p.win == nil {
		p.build()
	}
	if again {
		p.wrong.Set(p.l.T("That passphrase is wrong. Key it in once more; capital letters count."), kit.Bad)
	}
	p.open.SetDisabled(false)
	p.entry.SetText("")
	p.entry.Enable()
	p.win.Canvas().Focus(p.entry)
}

func (p *Passphrase) build() {
	p.app.Settings().SetTheme(kit.NewTheme(scale(Options{}, p.app.Preferences())))
	p.win = p.app.NewWindow(p.l.T("Saoma is locked"))
	p.entry = kit.NewEntry(p.l.T("Passphrase"), func(fyne.KeyName) {})
	p.entry.Password = true
	p.entry.OnEnter = p.submit
	p.wrong = kit.NewFit("", 16, kit.Bad, true, 2)
	p.open = kit.NewButton(p.l.T("Open the counter"), "Enter", "", kit.StrongLook, p.submit)
	quit := kit.NewButton(p.l.T("Close"), "Esc", "", kit.PlainLook, p.giveUp)
	p.win.SetContent(kit.Inset(24, 28, kit.Col(12,
		kit.Fixed(kit.Row(14, kit.Fixed(container.NewCenter(kit.Image("lock", kit.Navy, 40))),
			kit.Grow(1, kit.NewFit(p.l.T("Saoma is locked"), 26, kit.Ink, true, 1)))),
		kit.Fixed(kit.NewFit(p.l.T("This shop's keys are sealed. The passphrase opens them."), 17, kit.Muted, false, 2)),
		kit.Fixed(p.entry), kit.Grow(1, p.wrong),
		kit.Fixed(kit.Row(12, kit.Gap(1), kit.Fixed(kit.AtLeast(120, 0, quit)), kit.Fixed(p.open))))))
	p.win.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		switch k.Name {
		case fyne.KeyEscape:
			p.giveUp()
		case fyne.KeyReturn, fyne.KeyEnter:
			p.submit()
		}
	})
	p.win.SetOnClosed(func() { p.win = nil; p.giveUp() })
	p.win.SetPadded(false)
	p.win.Resize(fyne.NewSize(kit.Px(600), kit.Px(330)))
	p.win.CenterOnScreen()
	p.win.Show()
}

// submit gives the answer to whoever asked.
func (p *Passphrase) submit() {
	text := strings.TrimRight(p.entry.Text, "\r\n")
	if text == "" || p.entry.Disabled() {
		p.win.Canvas().Focus(p.entry)
		return
	}
	p.entry.Disable()
	p.open.SetDisabled(true)
	p.wrong.Set(p.l.T("Opening the counter."), kit.Busy)
	go func() {
		select {
		case p.answer <- text:
		case <-p.gone:
		}
	}()
}

// giveUp ends the question without an answer.
func (p *Passphrase) giveUp() {
	if !p.GivenUp() {
		close(p.gone)
		p.Close()
	}
}
