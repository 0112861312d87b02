package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// day is the hub's tab for the shift and the business day: what has come in, and closing both.
type day struct {
	c     *Cashier
	whole fyne.CanvasObject
	left  *fyne.Container // the shift
	right *fyne.Container // the day

	shift *pos.ShiftReport // nil: none is open
	last  *pos.ShiftReport // the one that was just closed
	today *pos.BusinessDay
	owed  []pos.Owed
	files []string // of the day that was just closed
	asked string   // what is to be confirmed; empty: nothing
	busy  bool
	reads int

	cashier, note, over, reason *kit.Entry
	choices                     *kit.Choices
	acts                        map[fyne.KeyName]*kit.Button // of the two halves, by their keys
}

// The keys of the two halves.
const (
	shiftKey = fyne.KeyF3
	dayKey   = fyne.KeyF5
)

// What a day page asks to be confirmed.
const (
	askCloseShift = "close shift"
	askCloseDay   = "close day"
	askReopen     = "reopen"
)

func newDay(c *Cashier) *day {
	d := &day{c: c, left: container.NewStack(), right: container.NewStack()}
	d.update()
	d.read()
	return d
}

func (d *day) object() fyne.CanvasObject { return d.whole }

func (d *day) update() {
	l := d.c.l
	d.cashier = d.c.entry(d.cashier, l.T("Cashier's name"))
	d.note, d.over, d.reason = d.c.entry(d.note, l.T("Note (optional)")), d.c.entry(d.over, l.T("Who goes on with them")), d.c.entry(d.reason, l.T("Reason"))
	d.cashier.OnEnter = d.openShift
	if d.cashier.Text == "" {
		d.cashier.SetText(d.c.opts.Cashier)
	}
	d.whole = kit.Row(0, kit.Share(50, kit.Section(d.left)), kit.Fixed(kit.Rule()), kit.Share(50, kit.Section(d.right)))
	d.draw()
}

// read reads how shift and day stand.
func (d *day) read() {
	var shift *pos.ShiftReport
	var today *pos.BusinessDay
	var owed []pos.Owed
	d.c.latest(&d.reads, func(ctx context.Context) (err error) {
		t := d.c.till
		on := t.Shop.Day(time.Now())
		if shift, err = t.Shift(ctx); err != nil {
			return err
		}
		if today, err = t.BusinessDay(ctx, on); err != nil {
			return err
		}
		owed, err = t.Owed(ctx, "")
		return err
	}, func() {
		d.shift, d.today, d.owed = shift, today, owed
		d.draw()
	})
}

func (d *day) draw() {
	if d.today == nil {
		return // not read yet
	}
	old := d.choices
	d.choices, d.acts = nil, map[fyne.KeyName]*kit.Button{}
	d.left.Objects = []fyne.CanvasObject{kit.Col(9, d.shiftItems()...)}
	d.right.Objects = []fyne.CanvasObject{kit.Col(9, d.dayItems()...)}
	d.choices.Again(old)
	d.left.Refresh()
	d.right.Refresh()
}

// act is a half's button, which its key presses as well.
func (d *day) act(label string, key fyne.KeyName, look kit.Look, do func()) kit.Item {
	b := kit.NewButton(label, string(key), "", look, do)
	b.SetDisabled(d.busy)
	d.acts[key] = b
	return kit.Fixed(b)
}

// confirm is the way back and the way on.
func (d *day) confirm(yes string, do func()) fyne.CanvasObject {
	d.choices = d.c.meant(func() { d.ask("") }, yes, do, d.busy)
	return d.choices.Object
}

func (d *day) ask(what string) {
	d.asked = what
	d.draw()
	canvas := d.c.win.Canvas()
	canvas.Unfocus()
	if what == askReopen {
		canvas.Focus(d.reason)
	}
}

func (d *day) onKey(k fyne.KeyName) bool {
	switch {
	case k == fyne.KeyEscape && d.asked != "":
		d.ask("")
	case k == shiftKey || k == dayKey:
		if b := d.acts[k]; b != nil {
			b.Tapped(nil)
		}
	default:
		return d.choices != nil && d.choices.OnKey(k)
	}
	return true
}

// run does something for somebody who may, and shows how things stand then.
func (d *day) run(action pos.Action, do func(ctx context.Context, actor string) error, done func()) {
	d.c.perform(action, &d.busy, d.draw, do, func(err error) {
		if err == nil {
			d.asked = ""
			for _, e := range []*kit.Entry{d.note, d.over, d.reason} {
				e.SetText("")
			}
			done()
		} else {
			d.c.complain(err)
		}
		d.draw()
		d.read()
	})
}

func (d *day) openShift() {
	name := strings.TrimSpace(d.cashier.Text)
	if name == "" {
		d.c.win.Canvas().Focus(d.cashier) // opening it says why
	}
	d.run(pos.RunShift, func(ctx context.Context, actor string) error {
		_, err := d.c.till.OpenShift(ctx, name, actor)
		return err
	}, func() {
		d.last = nil
		d.c.notify(d.c.l.T("The shift of %s has begun.", name), kit.Glad)
	})
}

func (d *day) closeShift() {
	request := pos.CloseShiftRequest{Note: strings.TrimSpace(d.note.Text), SignOver: strings.TrimSpace(d.over.Text)}
	var closed *pos.ShiftReport
	d.run(pos.RunShift, func(ctx context.Context, actor string) (err error) {
		request.Actor = actor
		closed, err = d.c.till.CloseShift(ctx, request)
		return err
	}, func() {
		d.last = closed
		d.c.notify(d.c.l.T("The shift of %s is closed.", closed.Cashier), kit.Glad)
	})
}

func (d *day) closeDay() {
	// The day that was read, should another have begun since, and the language of now.
	request, l := pos.CloseDayRequest{Day: d.today.Day, Note: strings.TrimSpace(d.note.Text)}, d.c.l
	var days []ClosedDay
	var missing error
	d.run(pos.CloseDay, func(ctx context.Context, actor string) (err error) {
		request.Actor = actor
		if days, err = d.closeBooks(ctx, request, l); len(days) > 0 {
			missing, err = err, nil // the day is closed all the same
		}
		return err
	}, func() {
		last := days[len(days)-1]
		d.files = slices.Clone(last.Files)
		d.c.notify(d.c.l.T("%s is closed: ¥%s.", string(last.Batch.Day), last.Batch.Amount), kit.Glad)
		if missing != nil {
			d.c.complain(missing)
		}
	})
}

// closeBooks closes the day, with its files and backup where somebody makes them.
func (d *day) closeBooks(ctx context.Context, r pos.CloseDayRequest, l words.Language) (days []ClosedDay, err error) {
	if d.c.opts.CloseDay != nil {
		return d.c.opts.CloseDay(ctx, r, l)
	}
	batches, err := d.c.till.CloseDay(ctx, r)
	for _, b := range batches {
		days = append(days, ClosedDay{Batch: b})
	}
	return days, err
}

func (d *day) reopen() {
	reason := strings.TrimSpace(d.reason.Text)
	d.run(pos.ReopenDay, func(ctx context.Context, actor string) error {
		if reason == "" {
			return pos.Errorf(pos.Invalid, "A reason is needed to open a closed day again.")
		}
		return d.c.till.ReopenDay(ctx, actor, reason)
	}, func() { d.c.notify(d.c.l.T("The day takes payments again."), kit.Glad) })
}
