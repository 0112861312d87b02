package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"saoma/pos"
)

const lockAfter = 10 * time.Minute

// later is a time when the counter has been left alone for d since its last use that it knows of.
func (c *counter) later(d time.Duration) {
	c.ui.lockIdle(time.Now())
	c.ui.lockIdle(c.ui.usedAt.Add(d))
}

func TestACounterThatIsLeftAloneAsksWhoIsThere(t *testing.T) {
	c := newCounter(t)
	c.staff()
	c.opts.LockAfter = lockAfter
	ui := c.open(1280, 800)
	c.until("the people are known", func() bool { return ui.peopled })
	for _, use := range []func(){
		func() { c.typed("7") },
		func() { c.press(fyne.KeyBackspace) },
		func() { ui.sale.title.TypedRune('t') },
		func() { tap(t, ui.win.Content(), "8") },
	} {
		c.later(lockAfter - time.Second)
		before := ui.usedAt
		use()
		ui.lockIdle(before.Add(lockAfter + time.Second))
		if !ui.opts.SignedIn || ui.page != nil {
			t.Fatal("locked although somebody was there")
		}
		ui.usedAt = before // the clock of the test does not go on
	}
	c.later(lockAfter)
	s, ok := ui.page.(*signIn)
	if !ok || ui.opts.SignedIn {
		t.Fatalf("it shows %T, signed in: %t", ui.page, ui.opts.SignedIn)
	}
	c.until("it asks", func() bool { return s.gate.loaded })
	if s.gate.name.Text != "小李" {
		t.Errorf("it proposes %q", s.gate.name.Text)
	}
	s.gate.name.SetText("赵强")
	s.gate.pin.SetText(supervisorPIN)
	c.press(fyne.KeyReturn)
	c.until("another goes on", func() bool { return ui.page == nil && ui.opts.Cashier == "赵强" && ui.opts.SignedIn })
}

func TestAPaymentIsWaitedForWhileTheCounterIsLocked(t *testing.T) {
	c := newCounter(t)
	c.staff()
	c.opts.LockAfter = time.Hour
	ui := c.open(1280, 800)
	c.typed("12.5")
	c.press(fyne.KeyF1)
	p := c.state(pos.Waiting)
	c.press(fyne.KeyF4)
	c.later(time.Hour)
	if ui.page != nil || ui.opts.SignedIn || ui.current == nil || ui.current.OutTradeNo != p.OutTradeNo {
		t.Fatalf("it shows %T and %v", ui.page, ui.current)
	}
	for _, key := range []fyne.KeyName{fyne.KeyEscape, fyne.KeyF3, fyne.KeyF4, fyne.KeyF6, fyne.KeyF8, fyne.KeyReturn} {
		ui.turnTo(nil)
		c.press(key)
		if _, asks := ui.page.(*signIn); !asks || ui.busy {
			t.Errorf("%s did not ask who is there", key)
		}
	}
	for _, label := range []string{"Cancel", "7", "Manager"} {
		ui.turnTo(nil)
		tap(t, ui.win.Content(), label)
		if _, asks := ui.page.(*signIn); !asks || ui.busy {
			t.Errorf("%s did not ask who is there", label)
		}
	}
	if err := c.sandbox.Pay(p.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	c.state(pos.Paid)
	c.until("it says so", func() bool { return strings.Contains(ui.state.Sentence(), "12.50") })
	s := ui.page.(*signIn)
	c.until("it asks", func() bool { return s.gate.loaded })
	s.gate.pin.SetText(cashierPIN)
	c.press(fyne.KeyReturn)
	c.until("the till, with what was paid", func() bool { return ui.page == nil && ui.opts.SignedIn && ui.paid() })
}

func TestACounterWithoutPeopleIsNeverLocked(t *testing.T) {
	c := newCounter(t)
	c.opts.LockAfter = time.Minute
	ui := c.open(1280, 800)
	c.press(fyne.KeyF4)
	h := ui.page
	c.later(time.Hour)
	if ui.page != h {
		t.Errorf("it shows %T", ui.page)
	}
}
