package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// findings is a list of checks that grows while they are made, the worst first.
type findings struct {
	pane *kit.Pane
	all  []pos.Finding
}

func newFindings() *findings { return &findings{pane: kit.NewPane()} }

// clear begins a new list.
func (f *findings) clear(l words.Language) {
	f.all = nil
	f.draw(l)
}

// add takes one more finding in.
func (f *findings) add(l words.Language, found pos.Finding) {
	f.all = append(f.all, found)
	slices.SortStableFunc(f.all, func(a, b pos.Finding) int { return badness(b.Level) - badness(a.Level) })
	f.draw(l)
}

func (f *findings) draw(l words.Language) {
	items := make([]kit.Item, len(f.all))
	for i, found := range f.all {
		do := ""
		if found.Do != nil {
			do = l.Error(found.Do)
		}
		items[i] = kit.Fixed(kit.NewFinding(toneOf(found.Level), l.Error(found.Says), do))
	}
	f.pane.Replace(kit.Tall(4, items...))
}

// onKey scrolls.
func (f *findings) onKey(k fyne.KeyName) bool { return turn(f.pane, k) }

// turn scrolls a pane by the keys that do so anywhere.
func turn(p *kit.Pane, k fyne.KeyName) bool {
	switch k {
	case fyne.KeyUp:
		p.Turn(-2)
	case fyne.KeyDown:
		p.Turn(2)
	case fyne.KeyPageUp:
		p.Turn(-9)
	case fyne.KeyPageDown:
		p.Turn(9)
	default:
		return false
	}
	return true
}

// count is how many findings have a level.
func (f *findings) count(level pos.Level) (n int) {
	for _, found := range f.all {
		if found.Level == level {
			n++
		}
	}
	return n
}

func badness(level pos.Level) int {
	return slices.Index([]pos.Level{pos.Green, pos.Yellow, pos.Red}, level)
}

func toneOf(level pos.Level) kit.Tone {
	switch level {
	case pos.Red:
		return kit.Alarmed
	case pos.Yellow:
		return kit.Doubtful
	}
	return kit.Glad
}

// verdict sums the findings up.
func (f *findings) verdict(l words.Language) line {
	switch red, yellow := f.count(pos.Red), f.count(pos.Yellow); {
	case red > 0:
		return line{l.T("%d checks failed: read in red what to do.", red), kit.Alarmed}
	case yellow > 0:
		return line{l.T("Everything works; %d things could be better.", yellow), kit.Doubtful}
	}
	return line{l.T("All is well: %d checks passed.", len(f.all)), kit.Glad}
}
