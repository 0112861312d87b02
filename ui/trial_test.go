package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"saoma/pos"
	"saoma/pos/setup"
)

func TestTheTrialPaysAndGivesBack(t *testing.T) {
	g := newGuided(t, kept(setup.Shop, setup.WeChat))
	g.a.guide.show(3)
	g.until("the counter is open", func() bool { return g.a.guide.trial.till != nil && !g.a.guide.busy })
	trial := g.a.guide.trial
	g.key(fyne.KeyF2)
	g.until("a code", func() bool { return trial.payment != nil && trial.payment.State == pos.Waiting && !trial.busy })
	g.key(fyne.KeyEscape)
	g.until("the code is withdrawn", func() bool { return trial.payment.State == pos.Closing || trial.payment.State == pos.Closed })
	g.until("nothing is under way", func() bool { return !trial.busy })
	g.key(fyne.KeyF1)
	g.until("another code", func() bool {
		return trial.payment != nil && trial.payment.Wallet == pos.WeChat && trial.payment.State == pos.Waiting && !trial.busy
	})
	trial.payAsCustomer()
	g.until("paid", func() bool { return trial.payment.State == pos.Paid && !trial.busy })
	g.key(fyne.KeyReturn)
	g.until("given back", func() bool { return trial.ended() && !trial.busy })
	if !g.says("¥0.01 have gone back to the customer.") {
		t.Errorf("it says %q", texts(g.a.win.Canvas()))
	}
	made, left, err := g.till.Refunds(t.Context(), trial.payment.OutTradeNo)
	if err != nil || len(made) != 1 || made[0].Amount != 1 || left != 0 {
		t.Errorf("the ledger has the refunds %v, %s left, %v", made, left, err)
	}
	g.key(fyne.KeyReturn)
	if g.done != g.till || g.who != "" || g.a.ctx.Err() == nil {
		t.Error("the counter was not handed over, or the assistant's window is still open")
	}
}

func TestTheTrialNeedsAUserWhereThereAreSome(t *testing.T) {
	g := newGuided(t, kept(setup.Shop, setup.WeChat))
	g.addManager()
	g.a.guide.show(3)
	g.until("it asks who is there", func() bool {
		return g.a.guide.trial.gate != nil && g.a.guide.trial.gate.loaded && !g.a.guide.busy
	})
	gate := g.a.guide.trial.gate
	g.key(fyne.KeyF1)
	g.key(fyne.KeyF10)
	if g.a.guide.trial.payment != nil || g.a.guide.trial.busy || g.done != nil {
		t.Fatal("it goes on without knowing who is there")
	}
	gate.pin.SetText(managerPIN)
	gate.submit()
	g.until("signed in", func() bool { return g.a.guide.trial.gate == nil })
	g.key(fyne.KeyF1)
	g.until("a code", func() bool { return g.a.guide.trial.payment != nil && g.a.guide.trial.payment.State == pos.Waiting })
	g.until("nothing is under way", func() bool { return !g.a.guide.trial.busy })
	g.a.guide.trial.payAsCustomer()
	g.until("paid", func() bool { return g.a.guide.trial.payment.State == pos.Paid && !g.a.guide.trial.busy })
	g.key(fyne.KeyF10)
	if g.who != "王芳" {
		t.Errorf("handed over to %q", g.who)
	}
}
