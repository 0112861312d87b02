package ui

import (
	"slices"

	"fyne.io/fyne/v2"

	"saoma/pos"
	"saoma/ui/kit"
)

// banners are the strips under the header: what a person must know all the time it is so.
type banners struct {
	object *fyne.Container
	shown  []banner
}

type banner struct {
	sentence string
	tone     kit.Tone
}

func newBanners() *banners { return &banners{object: kit.Col(0)} }

// show draws what must be known now.
func (b *banners) show(c *Cashier) {
	now := c.warnings()
	if slices.Equal(now, b.shown) {
		return
	}
	b.shown = now
	items := make([]kit.Item, len(now))
	for i, w := range now {
		items[i] = kit.Fixed(kit.NewBanner(w.sentence, w.tone, "warning"))
	}
	b.object.Layout, b.object.Objects = kit.Col(0, items...).Layout, kit.Col(0, items...).Objects
	if content := c.win.Content(); content != nil {
		content.Refresh() // what is below moves
	}
}

// warnings are what must be known, the worst first.
func (c *Cashier) warnings() []banner {
	var all []banner
	if c.damage != nil {
		all = append(all, banner{c.l.T("The ledger is damaged: the counter only reads it and takes no payments. Call for help."), kit.Alarmed})
	}
	if h := c.worstClock(); h.Clock == pos.ClockWrong {
		all = append(all, banner{c.l.Error(h.ClockError()), kit.Alarmed})
	} else if h.Clock == pos.ClockSkewed {
		all = append(all, banner{c.l.Error(h.ClockError()), kit.Doubtful})
	}
	for _, w := range pos.Wallets {
		for _, f := range c.till.Health(w).Papers {
			all = append(all, c.paperBanner(f))
		}
	}
	if c.opts.Sandbox {
		all = append(all, banner{c.l.T("Sandbox: no real money moves"), kit.Doubtful})
	}
	return all
}

// paperBanner says what a wallet's gateway noticed of the shop's papers, and what to do.
func (c *Cashier) paperBanner(f pos.Finding) banner {
	b := banner{c.l.Error(f.Says), kit.Doubtful}
	if f.Level == pos.Red {
		b.tone = kit.Alarmed
	}
	if f.Do != nil {
		b.sentence += " " + c.l.Error(f.Do)
	}
	return b
}

// worstClock is the health of the wallet that the counter's clock is furthest from. One is told: the clock is one.
func (c *Cashier) worstClock() (worst pos.Health) {
	for _, w := range pos.Wallets {
		if h := c.till.Health(w); h.Skew.Abs() > worst.Skew.Abs() {
			worst = h
		}
	}
	return worst
}

// onDamage says from now on that nothing is recorded any more.
func (c *Cashier) onDamage(err error) {
	c.damage = err
	c.notify(c.l.Error(err), kit.Alarmed)
}
