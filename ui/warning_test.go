package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/payments/sandbox"
	"saoma/pos"
	"saoma/ui/kit"
)

// TestAWrongClockIsSaid runs a counter whose clock is off the platforms'.
func TestAWrongClockIsSaid(t *testing.T) {
	for _, clock := range []struct {
		ahead time.Duration
		says  string
		light string
		tone  kit.Tone
	}{
		{0, "", "connected", kit.Tone{}},
		{90 * time.Second, "ahead of", "connected", kit.Doubtful},
		{-90 * time.Second, "behind", "connected", kit.Doubtful},
		{270 * time.Second, "payments may not be confirmed. Set the clock now.", "clock wrong", kit.Alarmed},
	} {
		t.Run(clock.ahead.String(), func(t *testing.T) {
			c := newCounter(t)
			c.closeTill()
			c.ahead = clock.ahead
			c.openTill()
			c.opts.Till = c.till
			ui := c.open(1024, 768)
			if err := c.till.Probe(t.Context(), pos.WeChat); err != nil {
				t.Fatal(err)
			}
			c.until("the light", func() bool { return ui.header.bars[0].lights[0].Word() == clock.light })
			at := slices.IndexFunc(ui.warnings(), func(b banner) bool { return clock.says != "" && strings.Contains(b.sentence, clock.says) })
			if (at >= 0) != (clock.says != "") || at >= 0 && ui.warnings()[at].tone != clock.tone {
				t.Errorf("the banners say %+v; want %q", ui.warnings(), clock.says)
			}
			if clock.says != "" && !c.sees(clock.says) {
				t.Errorf("the window does not say %q: %q", clock.says, texts(ui.win.Canvas()))
			}
			wholeTexts(t, ui.win.Canvas(), "clock")
			shot(t, ui.win.Canvas(), "clock-"+clock.ahead.String())
		})
	}
}

// TestADamagedLedgerIsSaidForGood damages the ledger under an open counter and charges.
func TestADamagedLedgerIsSaidForGood(t *testing.T) {
	c := newCounter(t)
	c.opts.OnDamage = c.ledger.OnDamage
	ui := c.open(1280, 800)
	c.damage()
	c.until("the banner", func() bool { return c.sees("The ledger is damaged: the counter only reads it and takes no payments.") })
	c.typed("5")
	c.press(fyne.KeyF1)
	c.until("the refusal", func() bool {
		return !ui.busy && strings.Contains(ui.state.Sentence(), "The ledger is damaged; the counter only reads it")
	})
	if n := len(c.sandbox.Orders()); n != 0 {
		t.Errorf("the platform got %d orders all the same", n)
	}
	wholeTexts(t, ui.win.Canvas(), "damage")
	shot(t, ui.win.Canvas(), "damage")
	ui.onLanguage()
	if ui.l != words.Zh || !c.sees("账本已损坏") {
		t.Error("the banner does not stay, in the other language")
	}
}

// TestAKeyThatIsLackingIsSaid takes away the key by which the platform's answers verify, and gives it back.
func TestAKeyThatIsLackingIsSaid(t *testing.T) {
	c := newCounter(t)
	ui := c.open(1024, 768)
	fresh, err := c.sandbox.Rotate(sandbox.WeChatPublicKey, true)
	if err != nil {
		t.Fatal(err)
	}
	const says = "which the counter does not have. Download the WeChat Pay public key anew"
	for _, lacking := range []bool{true, false} {
		if err := c.sandbox.SetEffective(shopPapers.WeChat.PublicKeyID, !lacking); err != nil {
			t.Fatal(err)
		}
		if err := c.till.Probe(t.Context(), pos.WeChat); (err != nil) != lacking {
			t.Fatalf("lacking %t: %v", lacking, err)
		}
		c.until("the banner", func() bool { return c.sees(says) == lacking })
		if lacking && !c.sees(fresh.Serial) {
			t.Errorf("the window does not name the key: %q", texts(ui.win.Canvas()))
		}
		wholeTexts(t, ui.win.Canvas(), "lacking")
	}
}
