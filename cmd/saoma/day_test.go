package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/pos"
	"saoma/ui/kit"
)

// Who works at the counter of TestDay, and with which PIN.
const (
	theManager, theSupervisor, theCashier         = "wang", "sun", "li"
	theManagersPIN, theSupervisorsPIN, theCashPIN = "258036", "806152", "741852"
)

// The keys of the day's page.
const shiftKey, dayKey = "F3", "F5"

// TestDay is a shop's day in the real window: a cashier signs in and opens a shift, sells, gives more back than a cashier
// may alone, and closes the shift; the manager closes the day and exports it.
func TestDay(t *testing.T) {
	d := newDesk(t)
	files := filepath.Join(d.home, "closed")
	d.staff(files)
	d.open("--cashier", theCashier)
	d.awaitGate()
	d.digits(theCashPIN)
	d.keys("Return")
	d.awaitTill()

	d.day()
	d.keys(shiftKey)
	d.ledgerSays("a shift is open", func(l *db.Ledger) bool {
		s := d.shifts(l)
		return len(s) == 1 && s[0].Cashier == theCashier && s[0].OpenedBy == theCashier
	})
	d.sellAndRefund()

	d.day()
	d.confirm(shiftKey, "the shift is closed", func(l *db.Ledger) bool { s := d.shifts(l); return len(s) == 1 && s[0].Batch != 0 })
	d.shot("window-shift-closed")
	d.keys("Escape")
	d.awaitTill()
	d.keys("F7")
	d.awaitGate()
	d.keys("shift+Tab", "ctrl+a")
	d.digits(theManager)
	d.keys("Tab")
	d.digits(theManagersPIN)
	d.keys("Return")
	d.awaitTill()
	d.day()
	d.confirm(dayKey, "the day is closed", func(l *db.Ledger) bool { b := d.closes(l); return len(b) == 1 })
	d.shot("window-day-closed")
	d.checkFiles(files)
	d.export()
}

// staff hires three people and says where a closed day's files go.
func (d *desk) staff(files string) {
	d.t.Helper()
	if err := os.Mkdir(files, 0o700); err != nil {
		d.t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(d.data, config.FileName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err = f.WriteString("\n[export]\nfolder = '" + files + "'\n"); err == nil {
		err = f.Close()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	l, err := db.Open(d.t.Context(), d.data, db.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer l.Close()
	till := &pos.Till{Store: l}
	manager, err := till.AddUser(d.t.Context(), nil, pos.NewUser{Name: theManager, Role: pos.Manager, PIN: theManagersPIN})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, u := range []pos.NewUser{{Name: theSupervisor, Role: pos.Supervisor, PIN: theSupervisorsPIN}, {Name: theCashier, Role: pos.Cashier, PIN: theCashPIN}} {
		if _, err := till.AddUser(d.t.Context(), manager, u); err != nil {
			d.t.Fatal(err)
		}
	}
}

// sellAndRefund takes ¥300 and gives 250 back: a supervisor must say so.
func (d *desk) sellAndRefund() {
	d.t.Helper()
	d.digits("300") // leads back to the till
	d.awaitTill()
	d.keys("F1")
	o := d.order(0)
	d.until("the code", func() bool { return d.code("root") == d.sandbox.Orders()[0].CodeURL })
	if err := d.sandbox.Pay(o.OutTradeNo); err != nil {
		d.t.Fatal(err)
	}
	d.until("paid", d.showsPaid)
	d.keys("F6")
	d.settles("the refunds", func() bool { return d.at(0.2, 0.27) == opaque(kit.BusyBg) })
	d.keys("Tab", "ctrl+a")
	d.digits("250")
	d.keys("Return") // out of the field
	d.standsStill()
	d.keys("Return")
	d.settles("the question", func() bool { return d.at(0.9, 0.77) == opaque(kit.WarnBg) })
	d.keys("Right", "Return")
	d.awaitGate()
	d.shot("window-supervisor")
	d.keys("shift+Tab", "ctrl+a")
	d.digits(theSupervisor)
	d.keys("Tab")
	d.digits(theSupervisorsPIN)
	d.keys("Return")
	d.ledgerSays("the refund", func(l *db.Ledger) bool {
		return d.view(l, func(tx pos.Tx) bool {
			made, err := tx.RefundsOf(o.OutTradeNo)
			return err == nil && len(made) == 1 && made[0].State == pos.RefundSucceeded && made[0].Amount == 25000 &&
				made[0].RequestedBy == theCashier && made[0].ApprovedBy == theSupervisor
		})
	})
}

// awaitGate waits for the page that asks for name and PIN, whose button is where no other page has one.
func (d *desk) awaitGate() {
	d.t.Helper()
	d.settles("the window asks who is there", func() bool { return d.pixel(420, 519) == opaque(kit.Busy) })
}

// awaitTill waits for the till, whose wallets have their colours.
func (d *desk) awaitTill() {
	d.t.Helper()
	d.settles("the till", func() bool { return d.inked(opaque(kit.WeChatGreen)) > 5000 })
}

// settles waits until something is so and the window, which may still show the page before, stands still with it.
func (d *desk) settles(what string, so func() bool) {
	d.t.Helper()
	d.until(what, func() bool {
		if !so() {
			return false
		}
		d.standsStill()
		return so()
	})
}

// What of a picture may change by itself, in pixels: a cursor that blinks, the clock.
const restless = 1500

// standsStill waits until the window is the same for half a second.
func (d *desk) standsStill() {
	d.t.Helper()
	last := d.look("")
	same := 0
	d.until("the window stands still", func() bool {
		time.Sleep(100 * time.Millisecond)
		now := d.look("")
		if same++; changed(last, now) > restless {
			same = 0
		}
		last = now
		return same >= 4
	})
}

// look is the front window, or a part of it, given as ImageMagick's geometry, in a form that is quick to compare: every
// moment that a test takes longer here, a busy machine makes it wait many times.
func (d *desk) look(crop string) *image.RGBA {
	d.t.Helper()
	img, err := png.Decode(bytes.NewReader(d.picture(d.front, crop)))
	if err != nil {
		d.t.Fatal(err)
	}
	pixels := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(pixels, pixels.Bounds(), img, img.Bounds().Min, draw.Src)
	return pixels
}

// changed is how many pixels differ.
func changed(a, b *image.RGBA) (n int) {
	if a.Rect != b.Rect {
		return len(b.Pix)
	}
	for i := 0; i < len(a.Pix); i += 4 {
		if !bytes.Equal(a.Pix[i:i+4], b.Pix[i:i+4]) {
			n++
		}
	}
	return n
}

// day opens the manager's page, which begins with the shift and the day, and waits until it has read how they stand.
func (d *desk) day() {
	d.t.Helper()
	d.keys("F4")
	title := fmt.Sprintf("%dx50+%d+170", d.width/2-20, d.width/2+10)
	d.settles("shift and day", func() bool {
		tab := d.pixel(24, 129) // the first one, chosen
		return tab == opaque(kit.Busy) && d.inkedIn(title, opaque(kit.Ink)) > 100
	})
}

// confirm asks for something by its key, and says yes to the question that follows.
func (d *desk) confirm(key, what string, ok func(*db.Ledger) bool) {
	d.t.Helper()
	before := d.inked(opaque(kit.Busy))
	d.keys(key)
	d.settles("the question", func() bool { return d.inked(opaque(kit.Busy)) > before+5000 })
	d.keys("Right", "Return")
	d.ledgerSays(what, ok)
	d.standsStill()
}

// ledgerSays waits until the ledger, read beside the open counter, shows something.
func (d *desk) ledgerSays(what string, ok func(*db.Ledger) bool) {
	d.t.Helper()
	d.until(what, func() bool {
		l, err := db.OpenReadOnly(context.Background(), d.data)
		if err != nil {
			d.t.Fatal(err)
		}
		defer l.Close()
		return ok(l)
	})
}

func (d *desk) view(l *db.Ledger, ok func(pos.Tx) bool) (is bool) {
	d.t.Helper()
	if err := l.View(d.t.Context(), func(tx pos.Tx) error { is = ok(tx); return nil }); err != nil {
		d.t.Fatal(err)
	}
	return is
}

func (d *desk) shifts(l *db.Ledger) []pos.Shift {
	d.t.Helper()
	list, err := (&pos.Till{Store: l}).Shifts(d.t.Context(), 5)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) closes(l *db.Ledger) []pos.Batch {
	d.t.Helper()
	list, err := l.DayCloses(d.t.Context(), "2000-01-01", "2999-12-31")
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// checkFiles reads what the day's close has written.
func (d *desk) checkFiles(folder string) {
	d.t.Helper()
	var made []string
	d.until("the day's files", func() bool {
		made, _ = filepath.Glob(filepath.Join(folder, "*"))
		return len(made) == 3 && !slices.ContainsFunc(made, func(name string) bool { return strings.HasPrefix(filepath.Base(name), ".") })
	})
	for _, name := range made {
		text, err := os.ReadFile(name)
		if err != nil {
			d.t.Fatal(err)
		}
		switch filepath.Ext(name) {
		case ".pdf":
			if !bytes.HasPrefix(text, []byte("%PDF-")) {
				d.t.Errorf("%s is no PDF", name)
			}
		case ".xlsx":
			d.workbook(name)
		case ".csv":
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
			if err != nil || len(rows) != 3 || rows[1][6] != "300.00" || rows[2][6] != "-250.00" || rows[1][9] != theCashier {
				d.t.Errorf("%s: %q, %v", name, rows, err)
			}
		}
	}
}

// workbook demands 300 paid and 250 given back.
func (d *desk) workbook(name string) {
	d.t.Helper()
	book, err := excelize.OpenFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != 3 || !slices.Equal(rows[2][1:6], []string{"1", "300.00", "1", "250.00", "50.00"}) {
		d.t.Errorf("%s: %q, %v", name, rows, err)
	}
}

// export writes the day's report from the reports' tab.
func (d *desk) export() {
	d.t.Helper()
	d.keys("Right")
	d.settles("the report with its bar of wallets", func() bool { return d.inked(opaque(kit.WeChatGreen)) > 5000 })
	d.shot("window-reports")
	d.keys("F3")
	var name string
	d.until("the exported file", func() bool {
		_ = filepath.WalkDir(d.home, func(path string, e fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".xlsx" && filepath.Dir(path) != filepath.Join(d.home, "closed") {
				name = path
			}
			return nil
		})
		return name != ""
	})
	d.workbook(name)
}
