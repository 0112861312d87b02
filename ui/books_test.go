package ui

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
	"saoma/pos/reconcile"
)

// TestBillsInTheWindow compares days whose payments the sandbox's platforms never heard of.
func TestBillsInTheWindow(t *testing.T) {
	for _, l := range words.All {
		t.Run(string(l), func(t *testing.T) {
			c := newCounter(t)
			account := func(w pos.Wallet) pos.Account { return c.till.Gateways[w].Account() }
			c.closeTill()
			for _, name := range []string{db.FileName, db.FileName + "-wal", db.FileName + "-shm"} {
				if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
			}
			if err := dbtest.Seed(t.Context(), c.dir, dbtest.Sales{Orders: 20, Days: 5, Until: time.Now().Add(-24 * time.Hour), Shop: c.till.Shop, Cashiers: []string{"li"}, Account: account}); err != nil {
				t.Fatal(err)
			}
			c.openTill()
			ledgers := reconcile.New(c.till, c.ledger)
			c.opts.Till, c.opts.Language = c.till, l
			c.opts.Reconcile = func(ctx context.Context, w pos.Wallet, day pos.Day, actor string) error {
				_, err := ledgers.Reconcile(ctx, w, day, true, actor)
				return err
			}
			ui := c.open(1280, 800)
			c.press(fyne.KeyF4)
			h := ui.page.(*hub)
			tap(t, h.object(), l.T("Bills"))
			var b *books
			c.until("the days", func() bool {
				b, _ = h.tabs[h.at].made.(*books)
				return b != nil && b.loaded && len(b.days) > 4
			})
			for i := range b.days { // a day with a payment of WeChat Pay
				if b.days[i].Wallet == pos.WeChat && b.days[i].Day < pos.BillDay(time.Now().AddDate(0, 0, -3)) {
					b.choose(i)
					break
				}
			}
			day := *b.chosen()
			b.compare()
			c.until("what differs", func() bool { return !b.busy && len(b.open()) > 0 && b.chosen().State == pos.Differs })
			shot(t, ui.win.Canvas(), "bills-"+string(l))
			waiting := len(b.open())
			b.note.SetText("")
			b.remedy(&b.open()[0], pos.NoteIt)
			c.until("a note needs words", func() bool {
				return !b.busy && ui.state.Sentence() == l.T("Say in the note what was found out about this difference.")
			})
			if len(b.open()) != waiting {
				t.Errorf("%d differences wait; want %d", len(b.open()), waiting)
			}
			b.note.SetText("test order")
			b.remedy(&b.open()[0], pos.NoteIt)
			c.until("one is noted", func() bool { return !b.busy && len(b.open()) == waiting-1 })
			if waiting > 1 {
				b.note.SetText("all of them are tests")
				b.signOff()
				c.until("signed off", func() bool { return !b.busy && dayOf(b.chosen()) == dayOf(&day) && b.chosen().State == pos.SignedOff })
			}
		})
	}
}
