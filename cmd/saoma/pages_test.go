package main

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/ui/kit"
)

// TestTwoCodes offers one order through both wallets: a phone reads both codes off each window, the customer
// pays the second, and both vanish.
func TestTwoCodes(t *testing.T) {
	d := newDesk(t)
	d.open("--customer-at", "60,40")
	customer := d.window("顾客")
	d.digits("18.80")
	d.keys("F1")
	d.until("the first code", func() bool { return d.code(customer) != "" })
	d.keys("F3")
	d.until("two orders at the platforms", func() bool { return len(d.sandbox.Orders()) == 2 })
	wechat, alipay := d.sandbox.Orders()[0], d.sandbox.Orders()[1]
	cashier := d.window("Saoma 扫码收银")
	for name, window := range map[string]string{"window-two": cashier, "customer-two": customer} {
		d.until("both codes", func() bool {
			read := strings.Fields(d.codeInFront(window))
			return len(read) == 2 && slices.Contains(read, wechat.CodeURL) && slices.Contains(read, alipay.CodeURL)
		})
		d.keepWindow(window, name)
	}
	if err := d.sandbox.Pay(alipay.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	d.until("no code is left", func() bool { return d.codeInFront(cashier) == "" && d.codeInFront(customer) == "" })
}

// TestDamagedLedger opens the window on a ledger that somebody changed: it says so for good, and charges nothing.
func TestDamagedLedger(t *testing.T) {
	d := newDesk(t)
	d.open()
	d.sale(0, "wechat", "F1", "12.50", false)
	d.close()
	d.tamper()
	d.open()
	alarmed := func() bool { return d.at(0.04, 0.09) == opaque(kit.BadBg) }
	d.until("the banner", alarmed)
	d.digits("3")
	d.keys("F1")
	d.until("the refusal", func() bool { return d.at(0.5, 0.995) == opaque(kit.BadBg) })
	d.keep("window-damaged")
	if n := len(d.sandbox.Orders()); n != 1 || !alarmed() {
		t.Errorf("%d orders at the platform; want the one before", n)
	}
}

// TestExceptionIsDecided pays one order through both wallets and gives the second payment back, by keys alone.
func TestExceptionIsDecided(t *testing.T) {
	d := newDesk(t)
	d.open("--cashier", "Li")
	d.digits("66")
	d.keys("F2")
	first := d.order(0)
	d.until("the first code", func() bool { return d.code("root") == d.sandbox.Orders()[0].CodeURL })
	d.keys("F1")
	second := d.order(1)
	d.until("the second code", func() bool { return d.code("root") == d.sandbox.Orders()[1].CodeURL })
	if err := d.sandbox.Pay(second.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	d.until("paid", d.showsPaid) // so that the other one is the duplicate
	if err := d.sandbox.Pay(first.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	d.until("the badge", func() bool { return d.reddest() > 100 })
	d.keep("window-badge")
	d.keys("F8")
	d.settles("the desk", func() bool { return d.at(0.2, 0.27) == opaque(kit.BusyBg) })
	d.keep("window-desk")
	d.keys("Return")
	d.settles("the question", func() bool { return d.at(0.9, 0.80) == opaque(kit.WarnBg) })
	d.keys("Right", "Return")
	d.until("nothing to decide", func() bool { return d.reddest() == 0 })
	d.until("the money is back", func() bool {
		money := d.sandbox.Money()
		return len(money) == 3 && slices.ContainsFunc(money, func(m sandbox.Movement) bool {
			return m.Amount == -6600 && m.OutTradeNo == first.OutTradeNo
		})
	})
	d.keep("window-decided")
}

// codeInFront reads what codes a window shows, after putting it in front of the others.
func (d *desk) codeInFront(window string) string {
	d.t.Helper()
	if out, err := d.command("xdotool", "windowraise", window).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
	return d.code(window)
}

// tamper changes a ledger that no counter has open, as an intruder or a bad disk would.
func (d *desk) tamper() {
	d.t.Helper()
	ledger, err := sql.Open("sqlite", filepath.Join(d.data, db.FileName))
	if err != nil {
		d.t.Fatal(err)
	}
	defer ledger.Close()
	if _, err := ledger.Exec(`UPDATE day_total SET paid = paid + 1`); err != nil {
		d.t.Fatal(err)
	}
}

// reddest is how many pixels of the header are as red as the badge of exceptions.
func (d *desk) reddest() int { return d.inkedIn("1280x60+0+0", opaque(kit.Bad)) }
