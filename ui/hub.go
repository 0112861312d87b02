package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// hub is the manager's page: what the shop's day comes to, tab by tab. A tab is built when it is first looked at.
type hub struct {
	c     *Cashier
	whole fyne.CanvasObject
	body  *fyne.Container
	tabs  []*tab
	at    int
}

// tab is one leaf of the hub.
type tab struct {
	title func(words.Language) string
	needs pos.Action  // who may look at it; empty: everybody
	make  func() page // builds its page
	by    string      // who looks at it, where somebody must be allowed to
	made  page        // nil until it is looked at
}

// onHub opens the hub at the tab it was left at, or closes it.
func (c *Cashier) onHub() {
	if c.signedOut() {
		return
	}
	if _, open := c.page.(*hub); open {
		c.turnTo(nil)
		return
	}
	h := &hub{c: c, body: container.NewStack(), tabs: append(c.hubTabs(), c.peopleTabs()...), at: c.hubAt}
	h.at = min(h.at, len(h.tabs)-1)
	c.turnTo(h)
	h.show(h.at)
}

// hubTabs are the tabs of this counter, in order.
func (c *Cashier) hubTabs() []*tab {
	tabs := []*tab{{title: func(l words.Language) string { return l.T("Day and shift") }, make: func() page { return newDay(c) }}}
	if c.opts.Reports != nil {
		tabs = append(tabs, &tab{title: func(l words.Language) string { return l.T("Reports") }, needs: pos.ViewReports, make: func() page { return newReports(c) }})
	}
	if c.opts.Search != nil {
		tabs = append(tabs, &tab{title: func(l words.Language) string { return l.T("Find") }, make: func() page { return newFind(c) }})
	}
	if c.opts.Reconcile != nil {
		tabs = append(tabs, &tab{title: func(l words.Language) string { return l.T("Bills") }, needs: pos.ViewReports, make: func() page { return newBooks(c) }})
	}
	return append(tabs, &tab{title: func(l words.Language) string { return l.T("Payouts") }, needs: pos.ViewReports, make: func() page { return newPayouts(c) }})
}

// show turns to a tab, building it and asking who is there as far as needed.
func (h *hub) show(i int) {
	if left := h.tabs[h.at]; i != h.at && h.c.peopled && left.needs != "" && left.by != h.c.opts.Cashier {
		left.made, left.by = nil, "" // opened with another's PIN: whoever comes back to it is asked again
	}
	h.at, h.c.hubAt = i, i
	t := h.tabs[i]
	switch {
	case t.made != nil:
		t.made.read()
	case t.needs == "":
		t.made = t.make()
	default:
		h.c.as(t.needs, func(actor string) {
			if t.made == nil {
				t.by = actor
				t.made = t.make()
			}
			if h.c.page == page(h) && h.tabs[h.at] == t {
				h.update()
			}
		})
	}
	h.update()
}

// forget has every page but one made anew when it is looked at again: who may look at it has changed.
func (h *hub) forget(but page) {
	for _, t := range h.tabs {
		if t.made != but {
			t.made = nil
		}
	}
}

func (h *hub) object() fyne.CanvasObject {
	if h.whole == nil {
		return container.NewStack()
	}
	return h.whole
}

func (h *hub) update() {
	l := h.c.l
	items := make([]kit.Item, 0, len(h.tabs)+1)
	for i, t := range h.tabs {
		look := kit.PlainLook
		if i == h.at {
			look = kit.StrongLook
		}
		items = append(items, kit.Fixed(kit.NewButton(t.title(l), "", "", look, func() { h.show(i) })))
	}
	back := kit.NewButton(l.T("Back to the till"), "Esc", "", kit.PlainLook, func() { h.c.turnTo(nil) })
	items = append(items, kit.Gap(1), kit.Fixed(back))
	h.body.Objects = nil
	if made := h.tabs[h.at].made; made != nil {
		made.update()
		h.body.Objects = []fyne.CanvasObject{made.object()}
	}
	h.whole = kit.Col(0, kit.Fixed(kit.Inset(10, 18, kit.Row(8, items...))), kit.Fixed(kit.Rule()), kit.Grow(1, h.body))
	if h.c.page == page(h) {
		h.c.fillBody()
	}
}

func (h *hub) read() {
	if made := h.tabs[h.at].made; made != nil {
		made.read()
	}
}

// onKey leads from tab to tab with the keys left and right, where the tab has no use for them.
func (h *hub) onKey(k fyne.KeyName) bool {
	if made := h.tabs[h.at].made; made != nil && made.onKey(k) {
		return true
	}
	switch k {
	case fyne.KeyLeft:
		h.show((h.at + len(h.tabs) - 1) % len(h.tabs))
	case fyne.KeyRight:
		h.show((h.at + 1) % len(h.tabs))
	case fyne.KeyF3, fyne.KeyF5:
		return h.tabs[h.at].made == nil // a tab that is still being made has no use for its keys yet
	default:
		return false
	}
	return true
}
