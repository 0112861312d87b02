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

// header is the bar on top: shop, counter, health of the wallets, switches and the clock.
type header struct {
	object fyne.CanvasObject
	lights []*kit.HealthLight // as pos.Wallets
	reach  *kit.HealthLight   // of notifications
	badge  *kit.Button        // how many exceptions wait
	room   *fyne.Container    // of the badge; hidden while none does
	clock  *canvas.Text
	zone   *time.Location
}

func newHeader(c *Cashier) *header {
	shop := c.till.Shop
	h := &header{clock: kit.NewText("", 24, kit.Card, true), zone: shop.TimeZone}
	icon := canvas.NewImageFromResource(fyne.NewStaticResource("saoma.png", assets.IconPNG))
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(kit.Px(42)))

	counter := kit.NewText(c.l.T("Counter %s", shop.Counter), 14, kit.Line, false)
	name := kit.Col(-3, kit.Gap(1), kit.Fixed(kit.NewFit(shop.Name, 22, kit.Card, true, 1)), kit.Fixed(counter), kit.Gap(1))
	items := []kit.Item{kit.Fixed(icon), kit.Grow(1, name)}
	for _, w := range pos.Wallets {
		light := kit.NewHealthLight(c.l.T(w.Name()), c.onDoctor)
		h.lights = append(h.lights, light)
		items = append(items, kit.Fixed(light))
	}
	h.reach = kit.NewHealthLight(c.l.T("Notifications"), c.onDoctor)
	items = append(items, kit.Fixed(h.reach))
	h.badge = kit.NewButton("", "F8", "warning", kit.AlarmLook, c.onDesk)
	h.room = container.NewCenter(h.badge)
	items = append(items, kit.Fixed(h.room))
	if c.peopled {
		name := c.l.T("Sign in")
		if c.opts.SignedIn {
			name = c.opts.Cashier
		}
		items = append(items, kit.Fixed(container.NewCenter(kit.NewButton(name, "F7", "", kit.BarLook, c.onSignIn))))
	}
	items = append(items, kit.Fixed(container.NewCenter(kit.NewButton(c.l.T("Manager"), "F4", "", kit.BarLook, c.onHub))))
	customer := kit.NewButton(c.l.T("Customer"), "", "screen", kit.BarLook, c.onCustomer)
	other := words.En
	if c.l == words.En {
		other = words.Zh
	}
	language := kit.NewButton(other.Name(), "", "", kit.BarLook, c.onLanguage)
	items = append(items, kit.Fixed(container.NewCenter(customer)), kit.Fixed(container.NewCenter(language)))
	if c.opts.Settings != nil {
		items = append(items, kit.Fixed(container.NewCenter(kit.NewButton("", "", "gear", kit.BarLook, c.onSettings))))
	}
	items = append(items, kit.Fixed(h.clock))
	h.object = container.NewStack(canvas.NewRectangle(kit.Navy), kit.Inset(9, 18, kit.Row(16, items...)))
	return h
}

func (h *header) show(c *Cashier, now time.Time) {
	h.tick(now)
	for i, w := range pos.Wallets {
		_, setUp := c.till.Gateways[w]
		colour, word := healthWord(c.l, c.till.Health(w), setUp)
		h.lights[i].Set(colour, word)
	}
	h.reach.Set(reachWord(c.l, c.till.Reach()))
	if label := c.l.T("To decide: %d", c.undecided); h.badge.SetLabel(label) || h.room.Visible() != (c.undecided > 0) {
		h.room.Hidden = c.undecided == 0
		h.object.Refresh()
	}
}

// tick sets the clock. It shows no seconds: an idle counter has nothing to repaint.
func (h *header) tick(now time.Time) {
	if text := now.In(h.zone).Format("15:04"); text != h.clock.Text {
		h.clock.Text = text
		h.clock.Refresh()
	}
}
