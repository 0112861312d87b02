package ui

import (
	"database/sql"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"saoma/assets/words"
	"saoma/db"
	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// auditTab opens the audit tab with its newest rows.
func (c *counter) auditTab() *audit {
	c.t.Helper()
	a := tabOf[*audit](c, c.ui.l.T("Audit"), "", "")
	c.until("the newest rows", func() bool { return len(a.rows) > 0 })
	return a
}

// rowsUntil waits until the list has exactly rows that are as they should be.
func (c *counter) rowsUntil(a *audit, what string, count int, like func(*pos.AuditRow) bool) {
	c.t.Helper()
	c.until(what, func() bool {
		return len(a.rows) == count && !slices.ContainsFunc(a.rows, func(r pos.AuditRow) bool { return !like(&r) })
	})
}

func TestAManagerReadsWhoDidWhat(t *testing.T) {
	defer func(n int) { auditPage = n }(auditPage)
	auditPage = 20
	c := newCounter(t)
	c.staff()
	c.opts.Cashier = "王芳"
	var exported []pos.AuditRow
	c.opts.ExportAudit = func(_ string, rows iter.Seq2[pos.AuditRow, error], _ words.Language) (string, error) {
		exported = nil
		for r, err := range rows {
			if err != nil {
				return "", err
			}
			exported = append(exported, r)
		}
		return "audit.csv", nil
	}
	ui := c.open(1280, 800)
	for range 8 {
		c.sell("3", fyne.KeyF1)
	}
	a := c.auditTab()
	all, err := c.till.Audit(t.Context(), "王芳", pos.AuditFilter{Limit: 1000})
	if err != nil || len(all) < 24 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for range len(all) / leafRows * 2 { // turns to the very end
		c.press(fyne.KeyPageDown)
		c.until("no question is open", func() bool { return len(a.rows) == len(all) || a.at+leafRows < len(a.rows) })
	}
	c.until("the first row of all", func() bool { return a.at == len(all)-1 && a.rows[a.at].Seq == 1 && !a.more })
	for i, r := range a.rows {
		if r.Seq != all[i].Seq {
			t.Fatalf("row %d is %d; want %d", i, r.Seq, all[i].Seq)
		}
	}
	c.press(fyne.KeyHome)

	tap(t, ui.win.Content(), "Only this action")
	if a.action != all[0].Action {
		t.Errorf("only %q", a.action)
	}
	c.until("of one kind", func() bool {
		return len(a.rows) == 8 && a.rows[0].Action == all[0].Action && a.rows[7].Action == all[0].Action
	})
	a.narrow("", "user_add", "")
	c.rowsUntil(a, "who was added", 3, func(r *pos.AuditRow) bool { return r.Action == "user_add" })
	c.press(fyne.KeyF3)
	c.until("its file", func() bool { return ui.state.Sentence() == "The file is audit.csv." })
	if len(exported) != 3 || exported[0].Subject != "user 小李" {
		t.Errorf("exported %+v", exported)
	}
	a.narrow("till", "", "")
	c.rowsUntil(a, "what the till did", 8, func(r *pos.AuditRow) bool { return r.Actor == "till" })
	a.narrow("王芳", "charge", "")
	c.rowsUntil(a, "what 王芳 charged", 8, func(r *pos.AuditRow) bool { return r.Actor == "王芳" && r.Action == "charge" })
	a.all()
	a.about.SetText(ui.current.OutTradeNo)
	c.until("one payment", func() bool {
		return len(a.rows) >= 3 && len(a.rows) < 20 && !slices.ContainsFunc(a.rows, func(r pos.AuditRow) bool { return r.Subject != ui.current.OutTradeNo })
	})
	a.day.SetText("2020-02-30")
	c.until("no such day", func() bool { return strings.Contains(ui.state.Sentence(), "2020-02-30") })
	a.day.SetText("2020-02-29")
	c.until("nothing on a day long ago", func() bool { return len(a.rows) == 0 && c.sees("Nothing was done.") })
	a.day.SetText(string(pos.Shop{TimeZone: c.till.Shop.TimeZone}.Day(all[0].At)))
	c.until("that payment of today", func() bool { return len(a.rows) >= 3 })
	c.press(fyne.KeyF5)
	c.until("the chain is whole", func() bool {
		return !a.checking && a.chain != nil && a.chain.Broken == 0 && a.chain.Rows == int64(len(all))
	})
	if !c.sees(fmt.Sprintf("The chain is whole: %d rows", len(all))) {
		t.Error("it does not say so")
	}
}

func TestABrokenChainIsTold(t *testing.T) {
	c := newCounter(t)
	c.staff()
	c.opts.Cashier = "王芳"
	ui := c.open(1280, 800)
	a := c.auditTab()
	intruder, err := sql.Open("sqlite", filepath.Join(c.dir, db.FileName)+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer intruder.Close()
	for _, q := range []string{`DROP TRIGGER audit_is_fixed`, `UPDATE audit SET actor = '赵强' WHERE seq = 1`} {
		if _, err := intruder.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	c.press(fyne.KeyF5)
	c.until("it says so", func() bool {
		return !a.checking && a.chain != nil && a.chain.Broken > 0 && c.sees("The audit chain is broken at row 1")
	})
	shot(t, ui.win.Canvas(), "audit-broken")
}

func TestACashierReadsNothingOfOthers(t *testing.T) {
	c := newCounter(t)
	c.staff()
	ui := c.open(1280, 800)
	c.press(fyne.KeyF4)
	h := ui.page.(*hub)
	tap(t, h.object(), "Audit")
	asks := c.asked()
	asks.answer("赵强", supervisorPIN)
	c.until("a supervisor may not", func() bool { return !asks.gate.busy && c.sees("Only a manager may do this.") })
	asks.answer("王芳", managerPIN)
	c.until("the rows", func() bool {
		a, ok := h.tabs[h.at].made.(*audit)
		return ok && ui.page == page(h) && a.by == "王芳" && len(a.rows) > 0
	})
}

// TestTheAuditFits shows the tab in both languages and checks that nothing is cut off or untranslated.
func TestTheAuditFits(t *testing.T) {
	c := newCounter(t)
	c.staff()
	c.opts.Cashier = "王芳"
	c.opts.ExportAudit = func(string, iter.Seq2[pos.AuditRow, error], words.Language) (string, error) { return "", nil }
	ui := c.open(1280, 800)
	r := c.sold("20", fyne.KeyF1)
	r.amount.SetText("5")
	c.press(fyne.KeyReturn)
	c.press(fyne.KeyRight)
	c.press(fyne.KeyReturn)
	c.until("a refund", func() bool { return !r.busy && len(r.made) == 1 && r.made[0].State == pos.RefundSucceeded })
	for _, l := range words.All {
		for _, size := range looks {
			c.app.Settings().SetTheme(kit.NewTheme(size.scale))
			ui.win.Resize(size.size)
			ui.l = l
			ui.buildUI()
			a := c.auditTab()
			c.press(fyne.KeyF5)
			c.until("the chain", func() bool { return !a.checking && a.chain != nil })
			for i := range a.rows {
				if r := &a.rows[i]; l == words.Zh && (report.AuditAction(l, r.Action) == r.Action || r.To != "" && report.AuditState(l, r, r.To) == r.To) {
					t.Errorf("%s and %s have no word", r.Action, r.To)
				}
			}
			for _, action := range []string{"refund", "settle"} {
				a.choose(slices.IndexFunc(a.rows, func(r pos.AuditRow) bool { return r.Action == action }))
				name := fmt.Sprintf("audit-%s-%.0f-%.0f-%s", l, size.size.Width, size.scale*100, action)
				shot(t, ui.win.Canvas(), name)
				wholeTexts(t, ui.win.Canvas(), name)
			}
		}
	}
}
