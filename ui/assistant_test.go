package ui

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
)

// guided is an assistant's window over a double.
type guided struct {
	*counter
	a    *assistant
	d    *double
	done *pos.Till
}

func newGuided(t *testing.T, l words.Language, width, height float32) *guided {
	t.Helper()
	g := &guided{counter: newCounter(t), d: newDouble()}
	g.d.till = g.till
	g.a = openAssistant(g.app, AssistantOptions{
		Assistant: g.d, Language: l, Sandbox: func() bool { return true }, PayAsCustomer: g.opts.PayAsCustomer,
		Done: func(till *pos.Till, _ string) { g.done = till },
	}, func(f func()) { g.queue <- f })
	t.Cleanup(g.a.cancel)
	g.a.win.Resize(fyne.NewSize(width, height))
	g.idle()
	return g
}

// idle waits until nothing is under way.
func (g *guided) idle() {
	g.t.Helper()
	g.until("the assistant has done what was asked", func() bool {
		return !g.a.guide.busy && g.a.guide.at >= 0 && (g.a.guide.trial == nil || !g.a.guide.trial.busy)
	})
}

func (g *guided) key(k fyne.KeyName) {
	g.t.Helper()
	g.a.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: k})
}

func TestLookOfAssistant(t *testing.T) {
	for _, l := range words.All {
		g := newGuided(t, l, 1280, 800)
		for i := range g.a.guide.stops {
			g.a.guide.at = i
			if i == 3 {
				g.a.guide.show(i)
				g.idle()
			} else {
				g.a.guide.show(i)
			}
			shot(t, g.a.win.Canvas(), fmt.Sprintf("assistant-%s-%d", l, i))
		}
	}
}
