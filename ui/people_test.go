package ui

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// tabOf opens the hub at the tab whose page is a T, and answers for pin where it asks who may look.
func tabOf[T page](c *counter, title, name, pin string) T {
	c.t.Helper()
	c.ui.turnTo(nil)
	c.press(fyne.KeyF4)
	h, ok := c.ui.page.(*hub)
	if !ok {
		c.t.Fatalf("F4 opened %T", c.ui.page)
	}
	tap(c.t, h.object(), title)
	if pin != "" {
		c.asked().answer(name, pin)
	}
	var made T
	c.until(title, func() bool {
		made, ok = h.tabs[h.at].made.(T)
		return ok && c.ui.page == page(h)
	})
	return made
}

// user is a user as the ledger has it.
func (c *counter) user(name string) *pos.User {
	c.t.Helper()
	users, err := c.till.Users(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	for i := range users {
		if users[i].Name == name {
			return &users[i]
		}
	}
	return nil
}

func TestTheFirstManagerIsMadeAmongThePeople(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	tabOf[*audit](c, "Audit", "", "") // read by nobody in particular
	h := ui.page.(*hub)
	tap(t, h.object(), "People")
	var p *people
	c.until("it asks for the first", func() bool {
		p, _ = h.tabs[h.at].made.(*people)
		return p != nil && p.gate != nil && p.gate.loaded && p.gate.first
	})
	shot(t, ui.win.Canvas(), "people-first")
	p.gate.name.SetText("王芳")
	p.gate.pin.SetText(managerPIN)
	p.gate.again.SetText(managerPIN)
	c.press(fyne.KeyReturn)
	c.until("the list", func() bool { return p.gate == nil && len(p.users) == 1 && c.sees("everything") })
	if !ui.peopled || !ui.opts.SignedIn || ui.opts.Cashier != "王芳" || !c.sees("F7") {
		t.Errorf("peopled %t, signed in %t as %s", ui.peopled, ui.opts.SignedIn, ui.opts.Cashier)
	}
	tap(t, h.object(), "Audit")
	c.until("what was done, read by the manager", func() bool {
		a, ok := h.tabs[h.at].made.(*audit)
		return ok && a.by == "王芳" && len(a.rows) > 0
	})
	c.press(fyne.KeyEscape)
	c.typed("3")
	c.press(fyne.KeyF1)
	if paid := c.state(pos.Waiting); paid.Cashier != "王芳" {
		t.Errorf("charged by %q", paid.Cashier)
	}
}

func TestAManagerKeepsThePeople(t *testing.T) {
	c := newCounter(t)
	c.staff()
	ui := c.open(1280, 800)
	p := tabOf[*people](c, "People", "王芳", managerPIN)
	c.until("all of them", func() bool { return len(p.users) == 3 })
	idle := func(what string, ok func() bool) {
		t.Helper()
		c.until(what, func() bool { return !p.busy && ok() })
	}

	p.ask(askAdd)
	p.name.SetText("孙悦")
	p.role.SetValue(string(pos.Supervisor))
	p.pin.SetText("924683")
	p.again.SetText("924684")
	p.onEnter()
	idle("two different PINs", func() bool { return ui.state.Sentence() == "The two PINs differ; key both in again." })
	if c.user("孙悦") != nil || p.name.Text != "孙悦" {
		t.Fatal("added with two different PINs, or the name is lost")
	}
	p.again.SetText("924683")
	p.onEnter()
	idle("one more", func() bool { return len(p.users) == 4 && p.chosen == "孙悦" && p.asked == "" })
	if u := c.user("孙悦"); u == nil || u.Role != pos.Supervisor {
		t.Fatalf("added %+v", u)
	}
	if _, err := c.till.SignIn(t.Context(), "孙悦", "924683"); err != nil {
		t.Error(err)
	}
	if p.pin.Text != "" || p.again.Text != "" {
		t.Error("the PIN still stands there")
	}

	p.ask(askRole)
	p.role.SetValue(string(pos.Manager))
	c.press(fyne.KeyReturn) // goes back
	if p.asked != "" {
		t.Error("Enter alone does not go back")
	}
	p.ask(askRole)
	p.role.SetValue(string(pos.Manager))
	ui.win.Canvas().Unfocus()
	c.yes()
	idle("another role", func() bool { return c.user("孙悦").Role == pos.Manager && c.sees("everything") })

	p.ask(askPIN)
	p.pin.SetText("316495")
	p.again.SetText("316495")
	p.onEnter()
	idle("another PIN", func() bool { return ui.state.Sentence() == "孙悦 has a new PIN." })
	if _, err := c.till.SignIn(t.Context(), "孙悦", "316495"); err != nil {
		t.Error(err)
	}

	p.ask(askDisable)
	c.yes()
	idle("disabled", func() bool { return c.user("孙悦").Disabled && c.sees("Enable") })
	tap(t, ui.win.Content(), "Enable")
	idle("enabled", func() bool { return !c.user("孙悦").Disabled && c.sees("Disable") })
	p.ask(askDisable)
	c.yes()
	idle("disabled again", func() bool { return c.user("孙悦").Disabled && c.sees("Enable") })

	p.choose("王芳")
	p.ask(askDisable)
	c.yes()
	idle("the last manager stays", func() bool { return ui.state.Sentence() != "孙悦 is disabled." && !c.user("王芳").Disabled })
	rows, err := c.till.Audit(t.Context(), "王芳", pos.AuditFilter{Subject: "user 孙悦", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Actor != "王芳" && r.Action != "sign_in" {
			t.Errorf("%s by %s", r.Action, r.Actor)
		}
	}

	p.ask("")
	p.choose("小李") // who works at the till
	p.ask(askDisable)
	c.yes()
	c.until("whoever is disabled is signed out", func() bool { return c.user("小李").Disabled && !ui.opts.SignedIn })
	if _, asks := ui.page.(*signIn); !asks {
		t.Errorf("it shows %T", ui.page)
	}
}

// TestATabOpenedWithAnothersPINIsLeftForGood: a cashier who comes back to it is nobody's manager.
func TestATabOpenedWithAnothersPINIsLeftForGood(t *testing.T) {
	c := newCounter(t)
	c.staff()
	c.open(1280, 800)
	tabOf[*people](c, "People", "王芳", managerPIN)
	h := c.ui.page.(*hub)
	tap(t, h.object(), "Day and shift")
	tap(t, h.object(), "People")
	c.asked()
}

// TestThePeopleFit shows the tabs of people and of what was done in both languages, and checks that nothing is cut off.
func TestThePeopleFit(t *testing.T) {
	c := newCounter(t)
	c.staff()
	for range pos.MaxTries {
		_, _ = c.till.SignIn(t.Context(), "赵强", "000000")
	}
	if err := c.till.DisableUser(t.Context(), &pos.User{Name: "王芳"}, "小李"); err != nil {
		t.Fatal(err)
	}
	c.opts.Cashier = "王芳"
	ui := c.open(1280, 800)
	for _, l := range words.All {
		for _, size := range looks {
			c.app.Settings().SetTheme(kit.NewTheme(size.scale))
			ui.win.Resize(size.size)
			ui.l = l
			ui.buildUI()
			look := func(what string) {
				t.Helper()
				name := fmt.Sprintf("people-%s-%.0f-%.0f-%s", l, size.size.Width, size.scale*100, what)
				shot(t, ui.win.Canvas(), name)
				wholeTexts(t, ui.win.Canvas(), name)
			}
			p := tabOf[*people](c, l.T("People"), "", "")
			c.until("all of them", func() bool { return len(p.users) == 3 })
			p.choose("赵强")
			look("locked")
			for _, what := range []string{askAdd, askRole, askPIN, askDisable} {
				p.ask(what)
				look(what)
			}
		}
	}
}
