package kit

import (
	"slices"

	"fyne.io/fyne/v2"
)

// Choices is a row of buttons that the arrow keys choose from and Enter presses. The first is chosen at the
// start, so it should be the safe one.
type Choices struct {
	Object  *fyne.Container
	Buttons []*Button
	chosen  int
}

// NewChoices puts buttons side by side.
func NewChoices(buttons ...*Button) *Choices {
	c := &Choices{Buttons: buttons}
	items := make([]Item, len(buttons))
	for i, b := range buttons {
		items[i] = Share(1, b)
	}
	c.Object = Row(10, items...)
	c.choose(0)
	return c
}

// Again keeps what was chosen on old where the buttons say the same: the question was drawn anew, not asked anew.
func (c *Choices) Again(old *Choices) {
	same := func(a, b *Button) bool { return a.label == b.label }
	if c != nil && old != nil && slices.EqualFunc(c.Buttons, old.Buttons, same) {
		c.choose(old.chosen)
	}
}

// OnKey takes the arrow keys and Enter, and reports whether the key was one of them.
func (c *Choices) OnKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyLeft:
		c.choose(c.chosen - 1)
	case fyne.KeyRight:
		c.choose(c.chosen + 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if len(c.Buttons) > 0 {
			c.Buttons[c.chosen].Tapped(nil)
		}
	default:
		return false
	}
	return true
}

func (c *Choices) choose(i int) {
	c.chosen = min(max(i, 0), max(len(c.Buttons)-1, 0))
	for i, b := range c.Buttons {
		b.SetChosen(i == c.chosen)
	}
}
