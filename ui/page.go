package ui

import (
	"context"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// page takes the place of the till's columns for a while. It never stands in the way of the queue: the keys
// of the till that it does not use lead back to the till and do there what they always do.
type page interface {
	object() fyne.CanvasObject
	onKey(k fyne.KeyName) bool // reports whether the page took the key
	update()                   // draws everything anew: the language or the scale changed
	read()                     // the ledger changed
}

// turnTo shows a page, or the till's columns again where p is nil.
func (c *Cashier) turnTo(p page) {
	if left, ok := c.page.(interface{ close() }); ok && c.page != p {
		left.close()
	}
	c.page = p
	c.win.Canvas().Unfocus()
	c.fillBody()
}

func (c *Cashier) fillBody() {
	c.body.Objects = []fyne.CanvasObject{c.columns}
	if c.page != nil {
		c.body.Objects[0] = c.page.object()
	}
	c.body.Refresh()
}

// leaf is how a page looks: a title over a list on the left and the details of what is chosen on the right.
type leaf struct {
	whole   fyne.CanvasObject
	list    *fyne.Container
	details *fyne.Container
}

func newLeaf(c *Cashier, title, glyph string) leaf {
	l := leaf{list: container.NewStack(), details: container.NewStack()}
	l.whole = kit.Col(0,
		kit.Fixed(pageHead(c, title, glyph)), kit.Fixed(kit.Rule()),
		kit.Grow(1, kit.Row(0, kit.Share(40, kit.Inset(18, 8, l.list)), kit.Fixed(kit.Rule()), kit.Share(60, kit.Section(l.details)))))
	return l
}

// pageHead is a page's title and the way back to the till.
func pageHead(c *Cashier, title, glyph string) fyne.CanvasObject {
	back := kit.NewButton(c.l.T("Back to the till"), "Esc", "", kit.PlainLook, func() { c.turnTo(nil) })
	return kit.Inset(10, 18, kit.Row(12,
		kit.Fixed(container.NewCenter(kit.Image(glyph, kit.Navy, 26))),
		kit.Grow(1, kit.NewFit(title, 24, kit.Ink, true, 1)),
		kit.Fixed(back)))
}

// leafRows is how many rows the list of a page shows at once.
const leafRows = 9

// row is one row of a page's list.
type row struct {
	words  kit.Payment
	choose func()
}

// fill shows the rows around the chosen one, and the details beside them.
func (l leaf) fill(rows []row, chosen int, details fyne.CanvasObject) {
	first := min(max(chosen-leafRows/2, 0), max(len(rows)-leafRows, 0))
	items := make([]kit.Item, leafRows)
	for i := range items {
		items[i] = kit.Share(1, canvas.NewRectangle(color.Transparent))
		if at := first + i; at < len(rows) {
			items[i] = kit.Share(1, kit.NewChoiceRow(rows[at].words, at == chosen, rows[at].choose))
		}
	}
	l.list.Objects = []fyne.CanvasObject{kit.Col(2, items...)}
	l.list.Refresh()
	l.details.Objects = []fyne.CanvasObject{details}
	l.details.Refresh()
}

// nothing is what a page says where there is nothing to choose from.
func nothing(text string) fyne.CanvasObject {
	return kit.Col(18, kit.Gap(1),
		kit.Fixed(container.NewCenter(kit.Image("check", kit.Line, 120))),
		kit.Fixed(kit.NewFit(text, 20, kit.Muted, false, 2).Centred()), kit.Gap(1))
}

// fact is one line of details: what it is, and its value.
func fact(what, value string) kit.Item {
	return kit.Fixed(kit.Row(12,
		kit.Fixed(kit.AtLeast(110, 0, kit.NewText(what, 15, kit.Muted, false))),
		kit.Grow(1, kit.NewFit(value, 16, kit.Ink, false, 1))))
}

// field is a text field with its name over it.
func field(what string, e *kit.Entry) fyne.CanvasObject {
	return kit.Col(4, kit.Fixed(kit.NewText(what, 15, kit.Muted, false)), kit.Fixed(e))
}

// entry makes a text field anew with what was in the old one, which may be nil.
func (c *Cashier) entry(old *kit.Entry, placeholder string) *kit.Entry {
	e := kit.NewEntry(placeholder, c.onKey)
	if old != nil {
		e.SetText(old.Text)
	}
	return e
}

// meant is the way back and the way on: Enter goes back until an arrow key has chosen.
func (c *Cashier) meant(back func(), yes string, do func(), busy bool) *kit.Choices {
	on := kit.NewButton(yes, "", "", kit.StrongLook, do)
	on.SetDisabled(busy)
	return kit.NewChoices(kit.NewButton(c.l.T("Go back"), "Esc", "", kit.PlainLook, back), on)
}

// alone does something off the UI thread for a page that does one thing at a time: busy, and drawn so, meanwhile.
func (c *Cashier) alone(busy *bool, draw func(), do func(context.Context) error, done func(error)) {
	if *busy {
		return
	}
	*busy = true
	draw()
	c.off(do, func(err error) {
		*busy = false
		done(err)
	})
}

// perform does something in the name of somebody who may, alone.
func (c *Cashier) perform(action pos.Action, busy *bool, draw func(), do func(ctx context.Context, actor string) error, done func(error)) {
	c.as(action, func(actor string) {
		c.alone(busy, draw, func(ctx context.Context) error { return do(ctx, actor) }, done)
	})
}

// latest reads something off the UI thread for a page that counts its reads, and shows it unless a later read is under way.
func (c *Cashier) latest(reads *int, read func(context.Context) error, show func()) {
	*reads++
	n := *reads
	c.off(read, func(err error) {
		switch {
		case n != *reads: // the later one tells, failures too
		case err != nil:
			c.complain(err)
		default:
			show()
		}
	})
}
