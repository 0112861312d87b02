package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// recentList is the card on the right: the last payments with their state.
type recentList struct {
	object fyne.CanvasObject
	rows   *fyne.Container
	c      *Cashier
}

func newRecentList(c *Cashier) *recentList {
	r := &recentList{c: c, rows: container.NewStack()}
	title := kit.NewText(c.l.T("Last payments"), 17, kit.Muted, true)
	r.object = kit.Panel(kit.Card, kit.Line, 16, 16, 14, kit.Col(8, kit.Fixed(title), kit.Grow(1, r.rows)))
	return r
}

// show draws the payments, each in a tenth of the room, so that rows stay where they are.
func (r *recentList) show(payments []pos.Payment) {
	if len(payments) == 0 {
		none := kit.NewFit(r.c.l.T("No payments yet."), 16, kit.Muted, false, 2).Centred()
		r.rows.Objects = []fyne.CanvasObject{none}
		r.rows.Refresh()
		return
	}
	items := make([]kit.Item, recentShown)
	for i := range items {
		items[i] = kit.Share(1, canvas.NewRectangle(color.Transparent))
		if i < len(payments) {
			items[i] = kit.Share(1, r.row(payments[i]))
		}
	}
	r.rows.Objects = []fyne.CanvasObject{kit.Col(0, items...)}
	r.rows.Refresh()
}

func (r *recentList) row(p pos.Payment) fyne.CanvasObject {
	word, tone := stateWord(r.c.l, &p)
	note := p.CreatedAt.In(r.c.till.Shop.TimeZone).Format("15:04")
	if p.Title != "" {
		note += " · " + p.Title
	}
	return kit.NewPaymentRow(kit.Payment{
		Mark: markOf(p.Wallet), Amount: "¥" + p.Amount.String(), Note: note, State: word, Tone: tone,
	}, func() { r.c.onShow(p) })
}
