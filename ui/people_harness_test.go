package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"saoma/pos"
	"saoma/ui/kit"
)

const managerPIN = "258036"

// addManager makes 王芳 the ledger's first user.
func (c *counter) addManager() *pos.User {
	c.t.Helper()
	u, err := c.till.AddUser(c.t.Context(), nil, pos.NewUser{Name: "王芳", Role: pos.Manager, PIN: managerPIN})
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}

// textsOf lists every text in an object.
func textsOf(o fyne.CanvasObject) []string {
	var all []string
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			all = append(all, text.Text)
		}
	})
	return all
}

// tap taps the button with a label.
func tap(t *testing.T, o fyne.CanvasObject, label string) {
	t.Helper()
	var found *kit.Button
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if b, ok := o.(*kit.Button); ok && b.Label() == label {
			found = b
		}
	})
	if found == nil {
		t.Fatalf("no button %q", label)
	}
	found.Tapped(nil)
}
