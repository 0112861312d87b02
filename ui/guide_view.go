package ui

import (
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// draw brings the guide in line with what is known. Fields that stand keep what is typed in them, and the focus.
func (g *guide) draw() {
	if g.at < 0 {
		g.object.Objects = nil
		g.object.Refresh()
		return
	}
	rail := kit.AtLeast(250, 0, kit.Inset(14, 12, g.rail()))
	g.object.Objects = []fyne.CanvasObject{kit.Row(0, kit.Fixed(rail), kit.Fixed(kit.Rule()), kit.Grow(1, g.step()))}
	g.object.Refresh()
}

// rail lists the steps with how far each is.
func (g *guide) rail() fyne.CanvasObject {
	l := g.room.l
	var items []kit.Item
	for i, s := range g.stops {
		note := ""
		if s.state == setup.Skipped {
			note = l.T("left out")
		}
		items = append(items, kit.Fixed(kit.NewRailRow(kit.Stop{
			Number: fmt.Sprint(i + 1), Title: l.T(s.Title), Note: note,
			Done: s.state == setup.Kept, Here: i == g.at, Shut: !g.open(i) && i != g.at,
		}, func() { g.show(i) })))
	}
	return kit.Col(4, append(items, kit.Gap(1))...)
}

// step is the step that is shown: what it is for, its fields or what its try found, and the buttons.
func (g *guide) step() fyne.CanvasObject {
	s, l := g.here(), g.room.l
	items := []kit.Item{
		kit.Fixed(kit.NewProse(l.T(s.Title), 26, kit.Ink, true)),
		kit.Fixed(kit.NewProse(l.T(s.About), 16, kit.Muted, false)),
		kit.Fixed(kit.AtLeast(0, 2, canvas.NewRectangle(color.Transparent))),
		kit.Grow(1, g.middle()),
	}
	for _, strip := range []fyne.CanvasObject{g.confirmation(), g.originals()} {
		if strip != nil {
			items = append(items, kit.Fixed(strip))
		}
	}
	if g.says.text != "" {
		said := kit.NewProse(g.says.text, 16, g.says.tone.Ink, true)
		ground := canvas.NewRectangle(g.says.tone.Ground)
		ground.CornerRadius = kit.Px(10)
		items = append(items, kit.Fixed(container.NewStack(ground, kit.Inset(9, 14, kit.Tall(0, kit.Fixed(said))))))
	}
	items = append(items, kit.Fixed(g.buttons()))
	return kit.Inset(18, 24, kit.Tall(8, items...))
}

func (g *guide) middle() fyne.CanvasObject {
	s := g.here()
	switch {
	case s.ID == setup.Language:
		return g.languages()
	case s.ID == setup.Trial:
		return g.trial.object
	case g.tried:
		return g.finds.pane
	}
	if g.form == nil {
		g.form = newForm(g, &s.Step, s.draft)
		g.pane.Set(g.form.object(g.wrongAt, g.wrong))
	} else {
		g.pane.Replace(g.form.object(g.wrongAt, g.wrong))
	}
	return g.pane
}

// languages are large buttons: whoever cannot read this yet must find the own one.
func (g *guide) languages() fyne.CanvasObject {
	var items []kit.Item
	look := kit.PlainLook
	look.Points, look.Height = 26, 84
	for _, l := range words.All {
		b := kit.NewButton(l.Name(), "", "", look, func() { g.opts.language(l) })
		b.SetChosen(l == g.room.l)
		items = append(items, kit.Share(1, b))
	}
	return kit.Col(0, kit.Fixed(kit.Row(16, items...)), kit.Gap(1))
}

// confirmation asks whether the server of the tunnel is the owner's, where a finding shows a key that nobody has confirmed.
func (g *guide) confirmation() fyne.CanvasObject {
	fingerprint := g.fingerprint()
	if fingerprint == "" {
		return nil
	}
	l := g.room.l
	text := l.T("Compare this with what the server itself prints, character by character: %s", fingerprint)
	accept := kit.NewButton(l.T("It is the same"), "F7", "", kit.PlainLook, func() { g.confirm(fingerprint) })
	accept.SetDisabled(g.busy)
	return strip(text, accept)
}

// strip is a sentence with a button, on the ground of a warning.
func strip(text string, button *kit.Button) fyne.CanvasObject {
	return kit.Panel(kit.WarnBg, kit.WarnBg, 10, 8, 12, kit.Row(12,
		kit.Grow(1, kit.Tall(0, kit.Fixed(kit.NewProse(text, 15, kit.Warn, false)))),
		kit.Fixed(container.NewCenter(button))))
}

// originals says which files with secrets lie about, once they have been taken in.
func (g *guide) originals() fyne.CanvasObject {
	if len(g.outside) == 0 || (!g.tried && g.here().ID != setup.Trial) {
		return nil
	}
	l := g.room.l
	names := make([]string, len(g.outside))
	for i, file := range g.outside {
		names[i] = filepath.Base(file)
	}
	text := l.T("Copies of your keys are still lying outside the counter: %s. Whoever finds one can pay out in your name.", strings.Join(names, ", "))
	remove := kit.NewButton(l.T("Delete these copies"), "F8", "", kit.PlainLook, g.onRemoveOriginals)
	remove.SetDisabled(g.busy)
	return strip(text, remove)
}

func (g *guide) buttons() fyne.CanvasObject {
	s, l := g.here(), g.room.l
	back := kit.NewButton(l.T("Back"), "Esc", "", kit.PlainLook, func() { g.goBack() })
	if s.ID == setup.Trial && g.trial.waiting() { // Esc withdraws the code first
		back = kit.NewButton(l.T("Cancel"), "Esc", "", kit.PlainLook, g.trial.cancel)
	}
	back.SetDisabled(!g.tried && g.at == 0)
	items := []kit.Item{kit.Fixed(kit.AtLeast(120, 0, back)), kit.Gap(1)}
	if g.opts.settings && !g.tried { // the page has its own way back
		items = items[1:]
	}
	if g.opts.settings && g.kept && g.opts.reopen != nil {
		open := kit.NewButton(l.T("Open the counter again"), "F12", "", kit.PayLook, g.opts.reopen)
		open.SetDisabled(g.busy)
		items = append(items, kit.Fixed(open))
	}
	if s.ID == setup.Trial {
		return kit.Row(12, append(items, g.trial.buttons()...)...)
	}
	if g.skippable() {
		skip := kit.NewButton(l.T("Leave out"), "F9", "", kit.PlainLook, g.skip)
		skip.SetDisabled(g.busy)
		items = append(items, kit.Fixed(kit.AtLeast(120, 0, skip)))
	}
	if g.tried {
		again := kit.NewButton(l.T("Check again"), "F5", "", kit.PlainLook, g.again)
		again.SetDisabled(g.busy)
		items = append(items, kit.Fixed(again))
	}
	primary := kit.NewButton(g.primaryLabel(s), "Enter", "", kit.StrongLook, g.next)
	primary.SetDisabled(g.busy)
	return kit.Row(12, append(items, kit.Fixed(kit.AtLeast(150, 0, primary)))...)
}

func (g *guide) primaryLabel(s *stop) string {
	l := g.room.l
	switch {
	case g.tried && g.opts.settings:
		return l.T("Done")
	case g.tried, s.ID == setup.Language:
		return l.T("Next")
	case slices.Contains(triable, s.ID):
		return l.T("Keep and check")
	case g.opts.settings:
		return l.T("Keep")
	}
	return l.T("Next")
}

// again tries the step once more.
func (g *guide) again() {
	if g.tried && !g.busy {
		g.try()
	}
}

// onKey takes a key that no field has, and reports whether it had a use for it.
func (g *guide) onKey(k fyne.KeyName) bool {
	switch {
	case g.modal != nil:
		g.modal(k)
	case g.at < 0:
		return false
	case g.here().ID == setup.Trial && g.trial.onKey(k):
	case k == fyne.KeyReturn, k == fyne.KeyEnter:
		g.next()
	case k == fyne.KeyEscape:
		return g.goBack()
	case k == fyne.KeyF5:
		g.again()
	case k == fyne.KeyF7 && g.fingerprint() != "":
		g.confirm(g.fingerprint())
	case k == fyne.KeyF8 && g.originals() != nil:
		g.onRemoveOriginals()
	case k == fyne.KeyF9 && !g.opts.settings:
		g.skip()
	case k == fyne.KeyF12 && g.opts.settings && g.kept && g.opts.reopen != nil:
		g.opts.reopen()
	case g.here().ID == setup.Language && (k == fyne.KeyLeft || k == fyne.KeyRight || k == fyne.KeyUp || k == fyne.KeyDown):
		g.opts.language(words.All[1-slices.Index(words.All, g.room.l)])
	case g.tried:
		return g.finds.onKey(k)
	default:
		return turn(g.pane, k)
	}
	return true
}

// onFieldKey takes a key that a field has no use for.
func (g *guide) onFieldKey(k fyne.KeyName) {
	if !turn(g.pane, k) {
		g.opts.onKey(k)
	}
}

// onEnter is Enter in a field.
func (g *guide) onEnter() { g.next() }

// rebuild draws everything anew: the language or the scale changed.
func (g *guide) rebuild() {
	g.collect()
	g.form = nil
	g.finds.draw(g.room.l)
	if g.trial != nil {
		if g.trial.gate != nil {
			g.trial.gate.rebuild()
		}
		g.trial.draw()
	}
	g.says, g.wrong, g.wrongAt = line{}, nil, "" // it is in the other language
	g.draw()
}
