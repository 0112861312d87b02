package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/assets"
	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// header is the bar on top: shop, counter, health of the wallets, switches and the clock. It has a narrow form for
// small screens and large scales.
type header struct {
	object fyne.CanvasObject
	bars   []*bar // wide, narrow
	zone   *time.Location
}

// bar is one form of the header.
type bar struct {
	row    *fyne.Container
	lights []*kit.HealthLight // as pos.Wallets
	reach  *kit.HealthLight   // of notifications
	badge  *kit.Button        // how many exceptions wait
	room   *fyne.Container    // of the badge; hidden while none does
	clock  *canvas.Text
}

// longestName is how many characters of a user's name the narrow bar shows.
const longestName = 6

func newHeader(c *Cashier) *header {
	h := &header{zone: c.till.Shop.TimeZone, bars: []*bar{newBar(c, false), newBar(c, true)}}
	h.object = container.NewStack(canvas.NewRectangle(kit.Navy), kit.Inset(9, 18, kit.Either(h.bars[0].row, h.bars[1].row)))
	return h
}

func newBar(c *Cashier, narrow bool) *bar {
	shop := c.till.Shop
	b := &bar{clock: kit.NewText("", 24, kit.Card, true)}
	icon := canvas.NewImageFromResource(fyne.NewStaticResource("saoma.png", assets.IconPNG))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(kit.Px(42)))

	counter := kit.NewText(c.l.T("Counter %s", shop.Counter), 14, kit.Line, false)
	name := kit.Col(-3, kit.Gap(1), kit.Fixed(kit.NewFit(shop.Name, 22, kit.Card, true, 1)), kit.Fixed(counter), kit.Gap(1))
	items := []kit.Item{kit.Fixed(icon), kit.Grow(1, name)}
	for _, w := range pos.Wallets {
		light := kit.NewHealthLight(c.l.T(w.Name()), c.onDoctor)
		b.lights = append(b.lights, light)
		items = append(items, kit.Fixed(light))
	}
	b.reach = kit.NewHealthLight(c.l.T("Notifications"), c.onDoctor)
	hint := "F8"
	if narrow {
		hint = ""
	}
	b.badge = kit.NewButton("", hint, "warning", kit.AlarmLook, c.onDesk)
	b.room = container.NewCenter(b.badge)
	items = append(items, kit.Fixed(b.reach), kit.Fixed(b.room))
	for _, s := range switches(c) {
		if narrow {
			s = s.narrow()
		}
		items = append(items, kit.Fixed(container.NewCenter(kit.NewButton(s.label, s.hint, s.glyph, kit.BarLook, s.tapped))))
	}
	gap := float32(16)
	if narrow {
		gap = 9
	}
	b.row = kit.Row(gap, append(items, kit.Fixed(b.clock))...)
	return b
}

// barSwitch is a button of the bar.
type barSwitch struct {
	label, hint, glyph string
	tapped             func()
}

// narrow leaves out what can be spared.
func (s barSwitch) narrow() barSwitch {
	s.hint = ""
	if s.glyph != "" {
		s.label = ""
	}
	if runes := []rune(s.label); len(runes) > longestName+2 {
		s.label = string(runes[:longestName]) + "…"
	}
	return s
}

// switches are the buttons of the bar.
func switches(c *Cashier) []barSwitch {
	var all []barSwitch
	if c.peopled {
		name := c.l.T("Sign in")
		if c.opts.SignedIn {
			name = c.opts.Cashier
		}
		all = append(all, barSwitch{name, "F7", "", c.onSignIn})
	}
	all = append(all,
		barSwitch{c.l.T("Manager"), "F4", "", c.onHub},
		barSwitch{c.l.T("Customer"), "", "screen", c.onCustomer},
		barSwitch{otherLanguage(c.l).Name(), "", "", c.onLanguage})
	if c.opts.Settings != nil {
		all = append(all, barSwitch{"", "", "gear", c.onSettings})
	}
	return all
}

// otherLanguage is the one that is not spoken.
func otherLanguage(l words.Language) words.Language {
	if l == words.En {
		return words.Zh
	}
	return words.En
}

func (h *header) show(c *Cashier, now time.Time) {
	h.tick(now)
	changed := false
	for _, b := range h.bars {
		changed = b.show(c) || changed
	}
	if changed {
		h.object.Refresh()
	}
}

// show brings the bar in line with what is known, and reports whether its parts need other room.
func (b *bar) show(c *Cashier) bool {
	for i, w := range pos.Wallets {
		_, setUp := c.till.Gateways[w]
		colour, word := healthWord(c.l, c.till.Health(w), setUp)
		b.lights[i].Set(colour, word)
	}
	b.reach.Set(reachWord(c.l, c.till.Reach()))
	if label := c.l.T("To decide: %d", c.undecided); b.badge.SetLabel(label) || b.room.Visible() != (c.undecided > 0) {
		b.room.Hidden = c.undecided == 0
		return true
	}
	return false
}

// tick sets the clock. It shows no seconds: an idle counter has nothing to repaint.
func (h *header) tick(now time.Time) {
	text := now.In(h.zone).Format("15:04")
	for _, b := range h.bars {
		if text != b.clock.Text {
			b.clock.Text = text
			b.clock.Refresh()
		}
	}
}
