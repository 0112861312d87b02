package ui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/setup"
)

// withSettings opens the cashier's window with settings over a double.
func withSettings(t *testing.T, people bool) (*counter, *double, *int) {
	t.Helper()
	c, d, reopened := newCounter(t), newDouble(), new(int)
	kept(setup.Shop, setup.WeChat)(d)
	d.values[setup.Shop] = setup.Values{"shop.name": "老街茶馆", "shop.counter": "K1"}
	d.steps = append([]setup.Step{{ID: setup.Language}, {ID: setup.Manager, Title: "The manager"}}, d.steps...)
	if people {
		c.opts.Cashier, c.opts.SignedIn = c.addManager().Name, true
	}
	c.opts.Settings = func(context.Context) (setup.Assistant, error) { return d, nil }
	c.opts.Reopen = func() { *reopened++ }
	c.open(1280, 800)
	return c, d, reopened
}

// settings opens the page with F10 and waits until it asks who is there.
func (c *counter) settings() *settings {
	c.t.Helper()
	c.press(fyne.KeyF10)
	s, ok := c.ui.page.(*settings)
	if !ok {
		c.t.Fatal("F10 opened no settings")
	}
	c.until("it asks who is there", func() bool { return s.gate.loaded })
	return s
}

func TestOnlyAManagerChangesSettings(t *testing.T) {
	c, _, _ := withSettings(t, true)
	manager, err := c.till.SignIn(t.Context(), "王芳", managerPIN)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.till.AddUser(t.Context(), manager, pos.NewUser{Name: "小李", Role: pos.Cashier, PIN: "741852"}); err != nil {
		t.Fatal(err)
	}
	s := c.settings()
	try := func(name, pin, says string) {
		t.Helper()
		s.gate.name.SetText(name)
		s.gate.pin.SetText(pin)
		s.gate.submit()
		c.until(says, func() bool { return !s.gate.busy && c.sees(says) })
		if s.guide != nil || s.gate.pin.Text != "" {
			t.Errorf("%s came in, or the PIN still stands there", name)
		}
	}
	try("王芳", "111111", "The name or the PIN is wrong.")
	try("小李", "741852", "Only a manager may do this.")
	s.gate.name.SetText("王芳")
	s.gate.pin.SetText(managerPIN)
	s.gate.submit()
	c.until("the settings", func() bool { return s.guide != nil && s.guide.at == 0 && !s.guide.busy })
	if !c.sees("Shop") || c.sees("The manager") || c.sees("Trial payment") || c.sees("Language") {
		t.Errorf("the settings show %q", texts(c.ui.win.Canvas()))
	}
}

func TestTheFirstManagerIsMadeInTheSettings(t *testing.T) {
	c, _, _ := withSettings(t, false)
	s := c.settings()
	if !s.gate.first || !c.sees("Who is the manager?") {
		t.Fatalf("it shows %q", texts(c.ui.win.Canvas()))
	}
	s.gate.name.SetText("王芳")
	s.gate.pin.SetText(managerPIN)
	s.gate.again.SetText(managerPIN + "9")
	s.gate.submit()
	if !c.sees("The two PINs differ") {
		t.Error("two different PINs were taken")
	}
	s.gate.pin.SetText(managerPIN)
	s.gate.again.SetText(managerPIN)
	s.gate.submit()
	c.until("the settings", func() bool { return s.guide != nil })
	users, err := c.till.Users(t.Context())
	if err != nil || len(users) != 1 || users[0].Role != pos.Manager {
		t.Errorf("the users are %v, %v", users, err)
	}
}

func TestAChangeAsksForTheCounterToBeOpenedAgain(t *testing.T) {
	c, d, reopened := withSettings(t, true)
	s := c.settings()
	s.gate.name.SetText("王芳")
	s.gate.pin.SetText(managerPIN)
	s.gate.submit()
	c.until("the settings", func() bool { return s.guide != nil && s.guide.at == 0 && !s.guide.busy })
	if c.press(fyne.KeyF12); *reopened != 0 {
		t.Error("opened again without any change")
	}
	s.guide.form.inputs[0].set("新街茶馆")
	c.press(fyne.KeyReturn)
	c.until("it is kept", func() bool { return !s.guide.busy && c.sees("Open the counter again") })
	if d.values[setup.Shop]["shop.name"] != "新街茶馆" {
		t.Errorf("kept %v", d.values[setup.Shop])
	}
	c.press(fyne.KeyF12)
	if *reopened != 1 {
		t.Error("F12 did not open the counter again")
	}
	c.ui.turnTo(nil)
	c.typed("5")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting)
	if c.ui.onReopen(); *reopened != 1 {
		t.Error("opened again while a customer pays")
	}
}

func TestWhoWorksAtTheTillSignsIn(t *testing.T) {
	c := newCounter(t)
	c.addManager()
	ui := c.open(1280, 800)
	s, ok := ui.page.(*signIn)
	if !ok {
		t.Fatal("nobody is asked to sign in")
	}
	c.until("it asks", func() bool { return s.gate.loaded })
	c.press(fyne.KeyEscape) // shows the till, and no more
	c.typed("5")
	if s, ok = ui.page.(*signIn); !ok || ui.amount.text != "" {
		t.Fatal("nobody keyed an amount in")
	}
	c.press(fyne.KeyF1)
	if s, ok = ui.page.(*signIn); !ok || ui.busy {
		t.Fatal("a charge was begun by nobody")
	}
	c.until("it asks again", func() bool { return s.gate.loaded })
	ui.win.Canvas().Unfocus()
	c.typed(managerPIN) // goes to the PIN
	s.gate.submit()
	c.until("the till", func() bool { return ui.page == nil })
	if !c.sees("王芳") {
		t.Error("the header does not say who is signed in")
	}
	c.typed("5")
	c.press(fyne.KeyF1)
	p := c.state(pos.Waiting)
	if order, err := c.till.Payment(t.Context(), p.OutTradeNo); err != nil || order.Amount != 500 {
		t.Errorf("charged %v, %v", order, err)
	}
}

func TestTheDoctorTellsTheWorstFirst(t *testing.T) {
	c := newCounter(t)
	gate, ended := make(chan struct{}), make(chan struct{}, 2)
	c.opts.Doctor = func(ctx context.Context, found func(pos.Finding)) {
		found(pos.Finding{Check: "a", Level: pos.Green, Says: pos.Errorf(pos.Setup, "polled")})
		found(pos.Finding{Check: "b", Level: pos.Red, Says: pos.Errorf(pos.Setup, "refused"), Do: pos.Errorf(pos.Setup, "checked")})
		select {
		case <-gate:
			found(pos.Finding{Check: "c", Level: pos.Yellow, Says: pos.Errorf(pos.Setup, "waiting")})
		case <-ctx.Done():
		}
		ended <- struct{}{}
	}
	var written []pos.Finding
	var file string
	c.opts.Bundle = func(_ context.Context, path string, found []pos.Finding) error {
		written, file = found, path
		return nil
	}
	ui := c.open(1280, 800)
	ui.header.bars[0].reach.Tapped(nil)
	d, ok := ui.page.(*doctor)
	if !ok {
		t.Fatal("the light opens no check-up")
	}
	c.until("two findings", func() bool { return len(d.finds.all) == 2 })
	if d.finds.all[0].Check != "b" || !c.sees("Looking: 2 checks made.") || !c.sees("checked") {
		t.Errorf("it shows %q", texts(ui.win.Canvas()))
	}
	c.press(fyne.KeyEscape)
	<-ended // because the page was left
	close(gate)
	c.press(fyne.KeyF9)
	d = ui.page.(*doctor)
	c.until("all findings", func() bool { return !d.running && len(d.finds.all) == 3 })
	if d.finds.all[1].Check != "c" || !c.sees("1 check failed: read in red what to do.") {
		t.Errorf("it shows %q", texts(ui.win.Canvas()))
	}
	c.press(fyne.KeyF3)
	c.until("the support file", func() bool { return strings.HasPrefix(ui.state.Sentence(), "The support file is ") })
	if len(written) != 3 || filepath.Ext(file) != ".zip" || !strings.Contains(ui.state.Sentence(), file) {
		t.Errorf("wrote %v to %s, says %q", written, file, ui.state.Sentence())
	}
	c.press(fyne.KeyF5)
	c.until("it has looked again", func() bool { return !d.running && len(d.finds.all) == 3 })
}

func TestTheLightFollowsTheReach(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1280, 800)
	for _, r := range []struct {
		reach pos.Reach
		word  string
		says  string
	}{
		{pos.Reach{}, "polling only", ""},
		{pos.Reach{State: pos.ReachUnknown}, "not tried yet", ""},
		{pos.Reach{State: pos.Reached, RoundTrip: 82 * time.Millisecond}, "arrive, 82 ms", ""},
		{pos.Reach{State: pos.Unreachable, Err: pos.Errorf(pos.Unavailable, "This folder cannot be opened.")}, "cut off: polling", "This folder cannot be opened. Sales go on"},
		{pos.Reach{State: pos.Reached, RoundTrip: 90 * time.Microsecond}, "arrive, 1 ms", ""},
	} {
		c.till.NoteReach(r.reach)
		c.until("the light says "+r.word, func() bool { return ui.header.bars[0].reach.Word() == r.word })
		c.until("the state line says "+r.says, func() bool { return strings.Contains(ui.state.Sentence(), r.says) })
	}
}

func TestThePassphraseIsAskedForUntilItIsRight(t *testing.T) {
	c := newCounter(t)
	p := newPassphrase(c.app, words.En, func(f func()) { c.queue <- f })
	answers := make(chan string)
	var failed error
	go func() {
		for _, again := range []bool{false, true} {
			answer, err := p.Ask(t.Context(), again)
			if err != nil {
				failed = err
			}
			answers <- answer
		}
		_, failed = p.Ask(t.Context(), true)
		close(answers)
	}()
	next := func(text string) {
		t.Helper()
		c.until("it asks", func() bool { return p.entry != nil && !p.entry.Disabled() })
		p.entry.SetText(text)
		p.submit()
		if got := <-answers; got != text {
			t.Errorf("answered %q; want %q", got, text)
		}
	}
	next("wrong words")
	c.until("it says that it is wrong", func() bool {
		return strings.Contains(strings.Join(textsOf(p.win.Content()), "\n"), "That passphrase is wrong.")
	})
	next("right words")
	c.until("it asks once more", func() bool { return !p.entry.Disabled() })
	p.giveUp()
	for range answers {
		t.Error("an answer where the person gave up")
	}
	if pos.CodeOf(failed) != pos.Conflict || !p.GivenUp() || errors.Is(failed, context.Canceled) {
		t.Errorf("it ended with %v", failed)
	}
}
