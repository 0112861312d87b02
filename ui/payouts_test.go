package ui

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/pos"
)

// payouts opens the tab, and waits until it has read.
func (c *counter) payouts() *payouts {
	c.t.Helper()
	p := tabOf[*payouts](c, c.ui.l.T("Payouts"), "", "")
	c.until("what is owed through yesterday", func() bool { return p.day != "" })
	return p
}

// TestAPayoutIsBookedInTheWindow books what one platform has paid out; the other goes on owing.
func TestAPayoutIsBookedInTheWindow(t *testing.T) {
	for _, l := range words.All {
		t.Run(string(l), func(t *testing.T) {
			c := newCounter(t)
			c.opts.Language = l
			ui := c.open(1280, 800)
			c.sell("12.5", fyne.KeyF1)
			sold := c.sell("7", fyne.KeyF2)
			p := c.payouts()
			if len(p.owed) != 0 || !c.sees(string(sold.Day.Add(-1))) {
				t.Errorf("through yesterday %v are owed", p.owed)
			}
			p.through.SetText("2026-02-31") // no day: what was read stays, and is not booked
			c.press(bookKey)
			if p.asked || !strings.Contains(ui.state.Sentence(), "2026-02-31") {
				t.Errorf("asked %v, says %q", p.asked, ui.state.Sentence())
			}
			p.through.SetText(string(sold.Day))
			c.until("what is owed", func() bool { return len(p.owed) == 2 && c.sees("¥12.50") && c.sees("¥7.00") })
			shot(t, ui.win.Canvas(), "payouts-"+string(l))
			p.choose(slices.IndexFunc(p.owed, func(o pos.Owed) bool { return o.Wallet == pos.Alipay }))
			p.note.SetText("bank 4711")
			c.press(bookKey)
			shot(t, ui.win.Canvas(), "payouts-asked-"+string(l))
			c.press(fyne.KeyReturn) // goes back
			if p.asked || p.busy {
				t.Fatal("Enter alone booked it")
			}
			c.press(bookKey)
			c.yes()
			c.until("it is booked", func() bool { return !p.busy && len(p.owed) == 1 && len(p.booked) == 1 })
			if b := p.booked[0]; b.Wallet != pos.Alipay || b.Amount != 700 || b.Day != sold.Day || b.Note != "bank 4711" || p.owed[0].Wallet != pos.WeChat {
				t.Errorf("booked %+v, owed %+v", b, p.owed)
			}
			c.press(fyne.KeyDown)
			c.press(bookKey) // nothing to book there
			if p.asked || !c.sees("bank 4711") {
				t.Error("the payout that was booked is not shown")
			}
			shot(t, ui.win.Canvas(), "payouts-booked-"+string(l))
			p.through.SetText("2020-01-01")
			c.until("nothing that early", func() bool { return len(p.owed) == 0 && p.day == "2020-01-01" })
			if p.choose(5); !strings.Contains(string(p.booked[0].Note), "4711") || p.at != 0 {
				t.Errorf("the list goes to %d", p.at)
			}
		})
	}
}

// TestAPayoutStaysTheOneThatIsAskedFor: another platform owes in the moment in which the manager says yes.
func TestAPayoutStaysTheOneThatIsAskedFor(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	sold := c.sell("12.5", fyne.KeyF1)
	p := c.payouts()
	p.through.SetText(string(sold.Day))
	c.until("what is owed", func() bool { return len(p.owed) == 1 })
	c.press(bookKey)
	c.press(fyne.KeyRight)

	other, err := c.till.Charge(t.Context(), pos.ChargeRequest{Wallet: pos.Alipay, Amount: 99900, Cashier: "li"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.sandbox.Pay(other.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	c.until("it is paid", func() bool {
		paid, err := c.till.Check(t.Context(), other.OutTradeNo)
		return err == nil && paid.State == pos.Paid
	})
	p.read()
	c.until("both are owed", func() bool { return len(p.owed) == 2 })
	c.press(fyne.KeyReturn)
	c.until("it is booked", func() bool { return !p.busy && len(p.owed) == 1 && len(p.booked) == 1 })
	if b := p.booked[0]; b.Wallet != pos.WeChat || b.Amount != 1250 {
		t.Errorf("booked %+v", b)
	}
}

// TestALateAnswerDoesNotReturn: what is owed through an earlier choice is read after all, when another is on the page.
func TestALateAnswerDoesNotReturn(t *testing.T) {
	c := newCounter(t)
	c.open(1280, 800)
	sold := c.sell("12.5", fyne.KeyF1)
	p := c.payouts()
	p.through.SetText(string(sold.Day))
	late := <-c.queue
	p.through.SetText("2020-01-01")
	c.until("nothing that early", func() bool { return p.day == "2020-01-01" })
	late()
	if p.day != "2020-01-01" || len(p.owed) != 0 {
		t.Errorf("through %s, %+v are owed", p.day, p.owed)
	}
}
