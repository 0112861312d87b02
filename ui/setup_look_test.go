package ui

import (
	"context"
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// looks are the sizes and scales that the windows of the set-up must fit.
var looks = []struct {
	size  fyne.Size
	scale float32
}{
	{fyne.NewSize(1280, 800), 1},
	{fyne.NewSize(1024, 768), 1},
	{fyne.NewSize(1280, 800), 1.25},
}

// TestTheAssistantFits shows each step in both languages and checks that nothing is cut off.
func TestTheAssistantFits(t *testing.T) {
	g := newGuided(t, func(d *double) {
		kept(setup.Shop)(d)
		d.outside = []string{"/home/shop/Downloads/1900000001_20260101_cert.zip"}
		d.finds = []pos.Finding{
			{Check: "a", Level: pos.Red, Says: pos.Errorf(pos.Setup, "The name or the PIN is wrong."), Do: pos.Errorf(pos.Setup, "Sign in first: %q is no user of this counter.", "王芳")},
			{Check: "b", Level: pos.Yellow, Says: pos.Errorf(pos.Setup, "Only a manager may do this.")},
			{Check: "c", Level: pos.Green, Says: pos.Errorf(pos.Setup, "polled")},
		}
		for i := range d.steps[1].Fields {
			d.steps[1].Fields[i].Optional = i != 1
		}
	})
	for _, l := range words.All {
		for _, size := range looks {
			g.app.Settings().SetTheme(kit.NewTheme(size.scale))
			g.a.win.Resize(size.size)
			g.a.l = l
			g.a.build()
			g.a.guide.rebuild()
			g.look(fmt.Sprintf("setup-%s-%.0f-%.0f", l, size.size.Width, size.scale*100))
		}
	}
}

// look shows each step: as it is opened, wrong, tried.
func (g *guided) look(name string) {
	g.t.Helper()
	look := func(what string) {
		g.t.Helper()
		g.idle()
		shot(g.t, g.a.win.Canvas(), name+"-"+what)
		wholeTexts(g.t, g.a.win.Canvas(), name+"-"+what)
	}
	g.a.guide.show(0)
	look("language")
	g.a.guide.show(1)
	look("shop")
	g.a.guide.show(2)
	g.fill("wechat.mchid", "")
	g.key(fyne.KeyReturn)
	look("wechat-wrong")
	g.fill("wechat.mchid", "1900000001")
	g.a.guide.next()
	look("wechat-tried")
	g.a.guide.show(3)
	look("trial")
}

// TestTheSettingsAndTheCheckUpFit shows the pages of a counter that has people.
func TestTheSettingsAndTheCheckUpFit(t *testing.T) {
	c, _, _ := withSettings(t, true)
	c.ui.cancel()
	c.opts.Doctor = func(_ context.Context, found func(pos.Finding)) {
		for i := range 30 {
			found(pos.Finding{Check: fmt.Sprint(i), Level: []pos.Level{pos.Green, pos.Yellow, pos.Red}[i%3], Says: pos.Errorf(pos.Setup, "The name or the PIN is wrong."), Do: pos.Errorf(pos.Setup, "Only a manager may do this.")})
		}
	}
	c.open(1280, 800)
	for _, l := range words.All {
		for _, size := range looks {
			c.app.Settings().SetTheme(kit.NewTheme(size.scale))
			c.ui.win.Resize(size.size)
			c.ui.turnTo(nil)
			c.ui.l = l
			c.ui.buildUI()
			name := fmt.Sprintf("pages-%s-%.0f-%.0f", l, size.size.Width, size.scale*100)
			look := func(what string) {
				shot(t, c.ui.win.Canvas(), name+"-"+what)
				wholeTexts(t, c.ui.win.Canvas(), name+"-"+what)
			}
			look("till")
			c.press(fyne.KeyF9)
			d := c.ui.page.(*doctor)
			c.until("all findings", func() bool { return !d.running && len(d.finds.all) == 30 })
			look("doctor")
			s := c.settings()
			look("gate")
			s.gate.pin.SetText(managerPIN)
			s.gate.submit()
			c.until("the settings", func() bool { return s.guide != nil && s.guide.at == 0 && !s.guide.busy })
			look("settings")
		}
	}
}
