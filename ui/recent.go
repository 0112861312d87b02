package ui

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// recentList is the column on the right: the last payments with their state.
type recentList struct {
	object *fyne.Container
	rows   *fyne.Container
	shown  []recentRow
	c      *Cashier
}

// recentRow is a payment as drawn; it is drawn anew only when its words change.
type recentRow struct {
	outTradeNo string
	words      kit.Payment
	object     fyne.CanvasObject
}

func newRecentList(c *Cashier) *recentList {
	r := &recentList{c: c, rows: container.NewStack()}
	title := kit.Row(8, kit.Grow(1, kit.NewFit(c.l.T("Last payments"), 17, kit.Muted, true, 1)),
		kit.Fixed(kit.NewButton(c.l.T("Refund"), "F6", "", kit.SmallLook, c.onRefunds)))
	none := kit.NewFit(c.l.T("No payments yet."), 16, kit.Muted, false, 2).Centred()
	r.rows.Objects = []fyne.CanvasObject{none}
	r.object = kit.Section(kit.Col(8, kit.Fixed(title), kit.Grow(1, r.rows)))
	return r
}

// show draws the payments, each in a tenth of the room, so that rows stay where they are.
func (r *recentList) show(payments []pos.Payment) {
	rows := make([]recentRow, len(payments))
	items := make([]kit.Item, recentShown)
	for i := range items {
		items[i] = kit.Share(1, canvas.NewRectangle(color.Transparent))
		if i < len(payments) {
			rows[i] = r.row(&payments[i])
			items[i] = kit.Share(1, rows[i].object)
		}
	}
	if slices.Equal(rows, r.shown) {
		return
	}
	r.shown = rows
	r.rows.Objects = []fyne.CanvasObject{kit.Col(0, items...)}
	r.rows.Refresh()
}

// row is the row of p: the one already drawn, if it still says what is true.
func (r *recentList) row(p *pos.Payment) recentRow {
	word, tone := stateWord(r.c.l, p)
	note := p.CreatedAt.In(r.c.till.Shop.TimeZone).Format("15:04")
	if p.Title != "" {
		note += " · " + p.Title
	}
	row := recentRow{outTradeNo: p.OutTradeNo, words: kit.Payment{
		Mark: markOf(p.Wallet), Amount: "¥" + p.Amount.String(), Note: note, State: word, Tone: tone,
	}}
	for _, drawn := range r.shown {
		if row.object = drawn.object; row == drawn {
			return drawn
		}
	}
	row.object = kit.NewPaymentRow(row.words, func() { r.c.onShow(row.outTradeNo) })
	return row
}
