package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"saoma/pos"
)

const supervisorPIN, cashierPIN = "806152", "741852"

// staff are a manager, a supervisor and a cashier; the cashier is at the till.
func (c *counter) staff() {
	c.t.Helper()
	manager := c.addManager()
	for _, u := range []pos.NewUser{{Name: "赵强", Role: pos.Supervisor, PIN: supervisorPIN}, {Name: "小李", Role: pos.Cashier, PIN: cashierPIN}} {
		if _, err := c.till.AddUser(c.t.Context(), manager, u); err != nil {
			c.t.Fatal(err)
		}
	}
	c.opts.Cashier, c.opts.SignedIn = "小李", true
}

// asked is the page that asks for somebody's PIN, once it is there.
func (c *counter) asked() *asking {
	c.t.Helper()
	var a *asking
	c.until("it asks for a PIN", func() bool {
		a, _ = c.ui.page.(*asking)
		return a != nil && a.gate.loaded
	})
	return a
}

// answer keys in a name and a PIN.
func (a *asking) answer(name, pin string) {
	a.gate.name.SetText(name)
	a.gate.pin.SetText(pin)
	a.gate.submit()
}

func TestASupervisorAllowsARefundOnTheSpot(t *testing.T) {
	c := newCounter(t)
	c.closeTill()
	c.refundLimit = 500
	c.openTill()
	c.opts.Till = c.till
	c.staff()
	ui := c.open(1280, 800)
	r := c.sold("20", fyne.KeyF1)
	r.amount.SetText("15")
	c.press(fyne.KeyReturn)
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	a := c.asked()
	if !c.sees("¥15.00 is more than 小李 may give back alone") {
		t.Errorf("it asks %q", texts(ui.win.Canvas()))
	}
	shot(t, ui.win.Canvas(), "refund-approval")
	a.answer("小李", cashierPIN)
	c.until("a cashier may not", func() bool { return !a.gate.busy && c.sees("Only a supervisor or a manager may do this.") })
	c.press(fyne.KeyEscape)
	if ui.page != page(r) || r.asked != 1500 || len(c.sandbox.Money()) != 1 {
		t.Fatalf("back at %T, ¥%s asked, %d movements", ui.page, r.asked, len(c.sandbox.Money()))
	}
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.asked().answer("赵强", supervisorPIN)
	c.until("¥15 are on their way", func() bool { return ui.page == page(r) && !r.busy && len(r.made) == 1 })
	if made := r.made[0]; made.Amount != 1500 || made.RequestedBy != "小李" || made.ApprovedBy != "赵强" {
		t.Errorf("%+v", made)
	}
}

func TestTheHubAsksWhoMayLook(t *testing.T) {
	c := newCounter(t)
	c.past()
	c.staff()
	ui := c.open(1280, 800)
	d := c.dayPage()
	d.openShift() // a cashier may
	c.until("the shift is open", func() bool { return !d.busy && d.shift != nil && d.shift.Cashier == "小李" })
	h := ui.page.(*hub)
	h.show(1)
	c.asked().answer("赵强", supervisorPIN)
	c.until("the reports", func() bool {
		r, ok := h.tabs[1].made.(*reports)
		return ok && ui.page == page(h) && r.made != nil
	})
	h.show(0)
	d.ask(askCloseShift)
	c.yes()
	c.until("the shift is closed", func() bool { return !d.busy && d.shift == nil && d.last != nil })
	d.ask(askCloseDay)
	c.yes()
	c.asked().answer("王芳", managerPIN)
	c.until("the day is closed", func() bool { return !d.busy && d.today.Closed && len(d.today.Closes) == 1 })
	if by := d.today.Closes[0].By; by != "王芳" {
		t.Errorf("closed by %s", by)
	}
}
