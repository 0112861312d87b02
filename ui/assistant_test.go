package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// guided is an assistant's window over a double, and a real till for its trial.
type guided struct {
	*counter
	a    *assistant
	d    *double
	done *pos.Till
	who  string
}

func newGuided(t *testing.T, prepare func(*double)) *guided {
	t.Helper()
	g := &guided{counter: newCounter(t), d: newDouble()}
	g.d.till = g.till
	if prepare != nil {
		prepare(g.d)
	}
	g.openAssistant(words.En)
	return g
}

func (g *guided) openAssistant(l words.Language) {
	g.t.Helper()
	g.a = openAssistant(g.app, AssistantOptions{
		Assistant: g.d, Language: l, Sandbox: func() bool { return true }, PayAsCustomer: g.opts.PayAsCustomer,
		Done: func(till *pos.Till, who string) { g.done, g.who = till, who },
	}, func(f func()) { g.queue <- f })
	g.t.Cleanup(g.a.cancel)
	g.a.win.Resize(fyne.NewSize(1280, 800))
	g.idle()
}

// idle waits until nothing is under way.
func (g *guided) idle() {
	g.t.Helper()
	g.until("the assistant has done what was asked", func() bool {
		return !g.a.guide.busy && g.a.guide.at >= 0 && (g.a.guide.trial == nil || !g.a.guide.trial.busy)
	})
}

// key presses a key where no field has the focus.
func (g *guided) key(k fyne.KeyName) {
	g.t.Helper()
	g.a.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: k})
}

// fill writes into a field.
func (g *guided) fill(key, text string) {
	g.t.Helper()
	i := g.a.guide.form.at(key)
	if i < 0 {
		g.t.Fatalf("the step has no field %s", key)
	}
	g.a.guide.form.inputs[i].set(text)
}

// step is the step that is shown.
func (g *guided) step() setup.StepID { return g.a.guide.here().ID }

func (g *guided) says(what string) bool {
	return strings.Contains(strings.Join(texts(g.a.win.Canvas()), "\n"), what)
}

func kept(ids ...setup.StepID) func(*double) {
	return func(d *double) {
		for _, id := range ids {
			d.state[id] = setup.Kept
		}
	}
}

func TestTheAssistantGoesOnWhereItWasLeft(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	if g.step() != setup.Language {
		t.Errorf("it opens at %s; want the language first", g.step())
	}
	g.key(fyne.KeyReturn)
	if g.step() != setup.Shop {
		t.Errorf("after the language comes %s", g.step())
	}
	g.a.close()
	g.openAssistant(words.En)
	if g.step() != setup.WeChat {
		t.Errorf("it opens again at %s; want %s", g.step(), setup.WeChat)
	}
}

func TestAStepIsKeptAndAWrongFieldSaysSo(t *testing.T) {
	g := newGuided(t, nil)
	g.key(fyne.KeyReturn)
	var rail []*kit.RailRow
	walk(g.a.win.Content(), fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if row, ok := o.(*kit.RailRow); ok {
			rail = append(rail, row)
		}
	})
	if rail[2].Tapped(nil); g.step() != setup.Shop {
		t.Fatalf("the rail led on to %s before the shop is kept", g.step())
	}
	if rail[0].Tapped(nil); g.step() != setup.Language {
		t.Fatalf("the rail does not lead back: %s", g.step())
	}
	g.key(fyne.KeyReturn)
	g.fill("shop.name", "老街茶馆")
	g.key(fyne.KeyReturn)
	g.idle()
	guide := g.a.guide
	if g.step() != setup.Shop || guide.wrongAt != "shop.counter" || !g.says("Write who decides this.") {
		t.Fatalf("step %s, wrong at %q: %q", g.step(), guide.wrongAt, texts(g.a.win.Canvas()))
	}
	if g.a.win.Canvas().Focused() != guide.form.inputs[1].focus {
		t.Error("the wrong field has not got the focus")
	}
	test.Type(guide.form.inputs[1].focus, "K1")
	guide.form.inputs[1].focus.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	g.idle()
	if g.step() != setup.WeChat || g.d.values[setup.Shop]["shop.name"] != "老街茶馆" || g.d.values[setup.Shop]["shop.counter"] != "K1" {
		t.Errorf("at %s, kept %v", g.step(), g.d.values[setup.Shop])
	}
	g.key(fyne.KeyEscape)
	if g.step() != setup.Shop || g.says("Write who decides this.") {
		t.Error("Esc does not lead back to the step before, or it still complains")
	}
	if !g.a.guide.open(2) || g.a.guide.open(3) {
		t.Error("the rail opens other steps than those whose turn it is")
	}
}

func TestASecretThatIsHeldIsTypedOver(t *testing.T) {
	g := newGuided(t, func(d *double) {
		kept(setup.Shop)(d)
		d.values[setup.WeChat] = setup.Values{"wechat.apiv3_key_file": setup.Held, "wechat.merchant_key_file": setup.Held}
	})
	g.a.guide.show(2)
	for _, key := range []string{"wechat.apiv3_key_file", "wechat.merchant_key_file"} {
		in := g.a.guide.form.inputs[g.a.guide.form.at(key)]
		if in.value() != setup.Held {
			t.Errorf("%s holds %q", key, in.value())
		}
		g.a.win.Canvas().Focus(in.focus)
		test.Type(in.focus, "x")
		if in.value() != "x" {
			t.Errorf("%s holds %q after an x was typed into it", key, in.value())
		}
	}
	if !g.a.guide.form.inputs[3].focus.(*kit.Entry).Password {
		t.Error("the APIv3 key can be read on the screen")
	}
}

func TestATryIsToldAsItGoesAndEndsWhenLeft(t *testing.T) {
	g := newGuided(t, func(d *double) {
		kept(setup.Shop)(d)
		d.gate, d.outside = make(chan struct{}), []string{"apiclient_key.pem"}
		d.finds = []pos.Finding{
			{Check: "a", Level: pos.Green, Says: pos.Errorf(pos.Setup, "polled")},
			{Check: "b", Level: pos.Red, Says: pos.Errorf(pos.Setup, "refused"), Do: pos.Errorf(pos.Setup, "checked")},
			{Check: "c", Level: pos.Yellow, Says: pos.Errorf(pos.Setup, "waiting")},
		}
		for i := range d.steps[1].Fields {
			d.steps[1].Fields[i].Optional = true
		}
	})
	g.a.guide.show(2)
	g.key(fyne.KeyReturn)
	g.until("the first findings", func() bool { return len(g.a.guide.finds.all) == 2 })
	if !g.a.guide.busy || g.a.guide.finds.all[0].Level != pos.Red {
		t.Errorf("the findings are %v, busy %v", g.a.guide.finds.all, g.a.guide.busy)
	}
	if !g.says("refused") || !g.says("checked") {
		t.Error("what was found, or what to do about it, is not on the screen")
	}
	g.key(fyne.KeyF8) // meanwhile something else is asked of the assistant
	tap(t, g.a.win.Canvas().Overlays().Top(), "Delete")
	g.key(fyne.KeyEscape)
	g.idle()
	if !g.d.removed {
		t.Error("what was asked during the try was not done after it")
	}
	if g.a.guide.tried || g.a.guide.says.text != "" {
		t.Errorf("the step is left, and says %q", g.a.guide.says.text)
	}
	close(g.d.gate)
	g.key(fyne.KeyReturn)
	g.until("the verdict", func() bool { return !g.a.guide.busy && len(g.a.guide.finds.all) == 3 })
	if !g.says("1 check failed: read in red what to do.") {
		t.Errorf("the verdict is %q", g.a.guide.says.text)
	}
	g.key(fyne.KeyReturn)
	if g.step() != setup.Trial {
		t.Errorf("the next step is %s", g.step())
	}
	g.idle()
	if g.d.overlaps {
		t.Error("the assistant was called by two goroutines at once")
	}
}

func TestALeftOutStepSaysSo(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	g.a.guide.show(1)
	g.key(fyne.KeyF9)
	if g.idle(); g.step() != setup.Shop {
		t.Error("a step that is needed was left out")
	}
	g.a.guide.show(2)
	g.key(fyne.KeyF9)
	g.idle()
	if g.step() != setup.Trial || g.d.state[setup.WeChat] != setup.Skipped || !g.says("left out") {
		t.Errorf("at %s, WeChat is %s", g.step(), g.d.state[setup.WeChat])
	}
}

func TestAPickShowsItsFieldsAndWhatWasTypedStays(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	g.a.guide.show(2)
	g.fill("wechat.mchid", "1900000001")
	form := g.a.guide.form
	if form.at("wechat.public_key_id") < 0 {
		t.Fatal("the first choice's fields are not there")
	}
	form.inputs[form.at("wechat.verify")].focus.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if form = g.a.guide.form; form.at("wechat.public_key_id") >= 0 || form.inputs[form.at("wechat.mchid")].value() != "1900000001" {
		t.Error("the other choice's fields are there, or what was typed is gone")
	}
	if g.a.win.Canvas().Focused() != form.inputs[form.at("wechat.verify")].focus {
		t.Error("the choice has lost the focus")
	}
	g.a.guide.show(1) // another step is kept meanwhile
	g.fill("shop.name", "新街茶馆")
	g.fill("shop.counter", "K1")
	g.key(fyne.KeyReturn)
	g.idle()
	if form = g.a.guide.form; g.step() != setup.WeChat || form.inputs[form.at("wechat.mchid")].value() != "1900000001" {
		t.Errorf("at %s, what was typed there is gone", g.step())
	}
}

func TestAServersKeyIsComparedAndConfirmed(t *testing.T) {
	g := newGuided(t, func(d *double) {
		kept(setup.Shop)(d)
		d.steps[1].ID, d.steps[1].Fields = setup.Address, nil
		d.finds = []pos.Finding{{Check: "host_key", Level: pos.Yellow, Says: pos.Errorf(pos.Setup, "%s goes to: %s", "pay.example.com", "SHA256:abc")}}
	})
	g.a.guide.show(2)
	g.key(fyne.KeyReturn)
	g.until("the question", func() bool { return !g.a.guide.busy && g.says("character by character: SHA256:abc") })
	g.key(fyne.KeyF7)
	g.until("it is tried again", func() bool {
		fingerprint, tries := g.d.confirmed()
		return fingerprint == "SHA256:abc" && tries == 2 && !g.a.guide.busy
	})
}

func TestTheLanguageChangesTheAssistantAtOnce(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	g.a.guide.show(2)
	g.fill("wechat.mchid", "1900000001")
	g.a.speak(words.Zh)
	if !g.says("保存并检查") || !g.says("微信支付") || g.a.win.Title() != "Saoma 扫码收银 – 开店设置" {
		t.Errorf("it says %q", texts(g.a.win.Canvas()))
	}
	if got := g.a.guide.form.inputs[1].value(); got != "1900000001" {
		t.Errorf("what was typed has become %q", got)
	}
	if got := Language(Options{}, g.app.Preferences()); got != words.Zh {
		t.Errorf("remembered %s", got)
	}
}
