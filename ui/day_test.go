package ui

import (
	"context"
	"strconv"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
)

// hubPage opens the hub at its first tab.
func (c *counter) dayPage() *day {
	c.t.Helper()
	c.press(fyne.KeyF4)
	h, ok := c.ui.page.(*hub)
	if !ok {
		c.t.Fatal("F4 opened no hub")
	}
	d, ok := h.tabs[0].made.(*day)
	if !ok {
		c.t.Fatalf("the first tab is %T", h.tabs[0].made)
	}
	c.until("shift and day", func() bool { return d.today != nil })
	return d
}

// yes takes the second choice of what the page asks.
func (c *counter) yes() {
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
}

func TestAShiftAndADayAreClosedInTheWindow(t *testing.T) {
	c := newCounter(t)
	c.opts.Cashier = "李"
	asked, meant := 0, pos.Day("")
	c.opts.CloseDay = func(ctx context.Context, r pos.CloseDayRequest, _ words.Language) (days []ClosedDay, err error) {
		asked, meant = asked+1, r.Day
		batches, err := c.till.CloseDay(ctx, r)
		for _, b := range batches {
			days = append(days, ClosedDay{b, []string{"老街茶馆-K1.pdf"}})
		}
		return days, err
	}
	ui := c.open(1280, 800)
	d := c.dayPage()
	d.read()
	late := <-c.queue // no shift was open then
	c.press(shiftKey)
	c.until("the shift is open", func() bool { return d.shift != nil && !d.busy })
	if late(); d.shift == nil {
		t.Error("a read from before the shift takes it off the page")
	}
	shot(t, ui.win.Canvas(), "day-shift-open")
	c.press(fyne.KeyEscape)

	for _, wallet := range []fyne.KeyName{fyne.KeyF1, fyne.KeyF2} {
		c.sell("12.5", wallet)
	}
	c.typed("3")
	c.press(fyne.KeyF1)
	c.state(pos.Waiting) // nobody pays it yet

	d = c.dayPage()
	c.until("what was taken", func() bool { return c.sees("¥25.00") && d.shift != nil && len(d.shift.Unfinished) == 1 })
	c.press(shiftKey)
	c.yes()
	c.until("it asks who goes on", func() bool {
		return !d.busy && ui.state.Sentence() == "Not final yet: 1. Wait for them, or name who goes on with them."
	})
	shot(t, ui.win.Canvas(), "day-sign-over")
	d.over.SetText("王")
	c.yes()
	c.until("the shift is closed", func() bool { return !d.busy && d.shift == nil && d.last != nil && c.sees("Closed: the shift of 李") })

	c.press(dayKey)
	shot(t, ui.win.Canvas(), "day-close")
	c.press(fyne.KeyReturn) // goes back: closing is not what Enter does first
	if asked != 0 || d.asked != "" {
		t.Fatalf("Enter alone closed the day: %d, %q", asked, d.asked)
	}
	c.press(dayKey)
	d.note.SetText("all well")
	c.press(fyne.KeyRight)
	d.draw() // a payment arrives: what was chosen stays chosen
	c.press(fyne.KeyReturn)
	c.until("the day is closed", func() bool {
		return !d.busy && d.today.Closed && len(d.today.Closes) == 1 && c.sees("老街茶馆-K1.pdf")
	})
	if b := d.today.Closes[0]; asked != 1 || b.Amount != 2500 || b.Entries != 2 || b.Note != "all well" || b.By != "李" {
		t.Errorf("closed %d times: %+v", asked, b)
	}
	if meant != d.today.Day { // not whichever day it is by then
		t.Errorf("closed %q; the page shows %s", meant, d.today.Day)
	}
	shot(t, ui.win.Canvas(), "day-closed")
	c.press(dayKey)
	ui.win.Canvas().Unfocus()
	c.yes()
	c.until("it asks for a reason", func() bool { return !d.busy && ui.state.Sentence() == "A reason is needed to open a closed day again." })
	d.reason.SetText("too early")
	c.yes()
	c.until("the day is open", func() bool { return !d.busy && !d.today.Closed })
}

// TestOwedWithFees: what a platform owes is less its fees as far as the bills have told them, and says so.
func TestOwedWithFees(t *testing.T) {
	for _, l := range words.All {
		t.Run(string(l), func(t *testing.T) {
			c := newCounter(t)
			c.opts.Language = l
			ui := c.open(1280, 800)
			for range 2 {
				c.sell("12.5", fyne.KeyF1)
			}
			var sold []pos.EntryFee
			var today string
			if err := c.ledger.EachEntry(t.Context(), "0000-00-00", "9999-99-99", func(e *pos.EntryRow) error {
				sold, today = append(sold, pos.EntryFee{OutTradeNo: e.OutTradeNo, Amount: 8}), string(e.Day)
				return nil
			}); err != nil || len(sold) != 2 {
				t.Fatal(sold, err)
			}
			d := c.dayPage()
			for known, want := range []string{
				ui.l.T("¥%s before fees, since %s", "25.00", today),
				ui.l.T("¥%s after fees of ¥%s (%d unknown), since %s", "24.92", "0.08", 1, today),
				ui.l.T("¥%s after fees of ¥%s, since %s", "24.84", "0.16", today),
			} {
				if err := c.ledger.Update(t.Context(), func(tx pos.Tx) error { return tx.SaveFees(sold[:known]) }); err != nil {
					t.Fatal(err)
				}
				d.read()
				c.until(want, func() bool { return c.sees(want) })
				shot(t, ui.win.Canvas(), "day-owed-"+strconv.Itoa(known)+"-"+string(l))
			}
		})
	}
}
