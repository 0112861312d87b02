package pos_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// books is a till over a real ledger whose clock the test sets. No platform is asked: the test brings the evidence.
type books struct {
	*testing.T
	till   *pos.Till
	ledger *db.Ledger
	now    atomic.Int64 // Unix ms
	count  atomic.Int64
}

func newBooks(t *testing.T, at time.Time) *books {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	b := &books{T: t}
	b.set(at)
	now := func() time.Time { return time.UnixMilli(b.now.Load()) }
	if b.ledger, err = db.Open(t.Context(), t.TempDir(), db.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		report, err := b.ledger.Verify(context.Background(), db.VerifyOptions{})
		if err != nil || !report.OK() {
			t.Errorf("verify: %+v (%v)", report, err)
		}
		if err := b.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	b.till = &pos.Till{
		Shop:  pos.Shop{Name: "面馆", Counter: "K1", TimeZone: zone, DayStartsAt: 4 * time.Hour, MaxCharge: 1e9, MinCharge: 1},
		Store: b.ledger, Now: now,
	}
	return b
}

func (b *books) set(at time.Time) { b.now.Store(at.UnixMilli()) }

func (b *books) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *books) refused(err error, code pos.Code, why string) {
	b.Helper()
	if pos.CodeOf(err) != code || !strings.Contains(err.Error(), why) {
		b.Errorf("%v; want %s: %s", err, code, why)
	}
}

// ask makes a payment that waits for its customer.
func (b *books) ask(w pos.Wallet, amount pos.Fen) *pos.Payment {
	b.Helper()
	n := b.count.Add(1)
	p := &pos.Payment{
		OutTradeNo: fmt.Sprintf("K1%012d", n), Wallet: w, Account: pos.Account{MerchantID: "1", AppID: "2"}, Amount: amount,
		Counter: "K1", Cashier: "li", State: pos.Created,
	}
	b.must(b.ledger.Update(b.Context(), func(tx pos.Tx) error {
		p.CreatedAt, p.ExpiresAt, p.Day = tx.Now(), tx.Now().Add(time.Minute), b.till.Shop.Day(tx.Now())
		o := &pos.Order{
			Status: pos.OrderOpen, Total: amount, Lines: []pos.Line{{Quantity: 1, Price: amount}}, Counter: "K1", Cashier: "li",
			CreatedAt: tx.Now(), Day: p.Day,
		}
		if err := tx.AddOrder(o); err != nil {
			return err
		}
		p.OrderID = o.ID
		if err := tx.AddPayment(p); err != nil {
			return err
		}
		return tx.Audit(pos.AuditEntry{Actor: "li", Action: "charge", Subject: p.OutTradeNo, To: string(pos.Created)})
	}))
	return p
}

// arrive settles p.
func (b *books) arrive(p *pos.Payment) error {
	outcome, err := b.till.Settle(b.Context(), pos.Evidence{
		Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, TransactionID: "T" + p.OutTradeNo, Account: p.Account, Amount: p.Amount,
		Currency: pos.CNY, State: pos.TradePaid, At: time.UnixMilli(b.now.Load()), Source: pos.FromPoll,
	})
	if err == nil && outcome != pos.Credited {
		err = fmt.Errorf("%s: %s", p.OutTradeNo, outcome)
	}
	return err
}

func (b *books) sell(w pos.Wallet, amount pos.Fen) *pos.Payment {
	b.Helper()
	p := b.ask(w, amount)
	b.must(b.arrive(p))
	return p
}

// gross is what a day's totals say came in.
func (b *books) gross(day pos.Day) (sum pos.Fen) {
	b.Helper()
	totals, err := b.ledger.Totals(b.Context(), day, day)
	b.must(err)
	for _, d := range totals {
		sum += d.Paid
	}
	return sum
}

var noon = time.Date(2026, 3, 5, 4, 0, 0, 0, time.UTC) // 12:00 in the shop

// machineZone names the zone that a child of TestDaysOfAShopElsewhere takes its machine to be in.
const machineZone = "SAOMA_TEST_ZONE"

// TestDaysOfAShopElsewhere: the machine's own zone has no say; a sale before the cut-off is the day's before, whose
// close takes it and nothing else. Each zone is a process of its own, for a process has but one.
func TestDaysOfAShopElsewhere(t *testing.T) {
	if name := os.Getenv(machineZone); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		time.Local = zone
		daysOfAShop(t)
		return
	}
	for _, zone := range []string{"America/Los_Angeles", "Pacific/Auckland", "UTC"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDaysOfAShopElsewhere$")
		child.Env = append(os.Environ(), machineZone+"="+zone)
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", zone, err, out)
		}
	}
}

func daysOfAShop(t *testing.T) {
	b := newBooks(t, noon)
	shop := b.till.Shop.TimeZone
	for i, at := range []time.Time{
		time.Date(2026, 3, 5, 23, 59, 59, 0, shop),
		time.Date(2026, 3, 6, 0, 0, 1, 0, shop),
		time.Date(2026, 3, 6, 3, 59, 59, 999e6, shop),
		time.Date(2026, 3, 6, 4, 0, 0, 0, shop),
		time.Date(2026, 3, 6, 4, 0, 1, 0, shop),
	} {
		b.set(at)
		b.sell(pos.WeChat, pos.Fen(1)<<i)
	}
	if first, second := b.gross("2026-03-05"), b.gross("2026-03-06"); first != 0b00111 || second != 0b11000 {
		t.Errorf("%b and %b", first, second)
	}
	made, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Day: "2026-03-05", Actor: "wang"})
	if err != nil || len(made) != 1 || made[0].Entries != 3 || made[0].Amount != 0b00111 {
		t.Errorf("closed %+v (%v)", made, err)
	}
}

// TestAClosedDayStays: what comes after a close is the next day's; opened again, the day has a second close beside
// the first, whose figures never change.
func TestAClosedDayStays(t *testing.T) {
	b := newBooks(t, noon)
	const today, tomorrow = pos.Day("2026-03-05"), pos.Day("2026-03-06")
	closeDay := func(want pos.Fen) pos.Batch {
		t.Helper()
		made, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang", Note: "ok"})
		b.must(err)
		if last := made[len(made)-1]; last.Day != today || last.Amount != want {
			t.Errorf("closed %+v; want ¥%s", last, want)
		}
		return made[len(made)-1]
	}
	b.sell(pos.WeChat, 100)
	b.refused(b.till.ReopenDay(t.Context(), "wang", "too early"), pos.Conflict, "is open")
	first := closeDay(100)
	b.sell(pos.Alipay, 20)
	if b.gross(today) != 100 || b.gross(tomorrow) != 20 {
		t.Errorf("¥%s today, ¥%s tomorrow", b.gross(today), b.gross(tomorrow))
	}
	_, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.refused(err, pos.Conflict, "closed already")
	_, err = b.till.CloseDay(t.Context(), pos.CloseDayRequest{Day: tomorrow, Actor: "wang"})
	b.refused(err, pos.Conflict, "has not begun")
	b.refused(b.till.ReopenDay(t.Context(), "wang", ""), pos.Invalid, "reason")
	b.must(b.till.ReopenDay(t.Context(), "wang", "closed too early"))
	b.sell(pos.WeChat, 7)
	closeDay(7)

	d, err := b.till.BusinessDay(t.Context(), today)
	b.must(err)
	if !d.Closed || len(d.Closes) != 2 || len(d.Pending) != 0 || d.Closes[0].Amount != first.Amount || d.Closes[0].Entries != 1 {
		t.Errorf("%+v", d)
	}
	b.set(noon.AddDate(0, 0, 3)) // a later close takes the forgotten days, each by itself
	b.sell(pos.WeChat, 3)
	made, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	if len(made) != 2 || made[0].Day != tomorrow || made[0].Amount != 20 || made[1].Day != "2026-03-08" || made[1].Amount != 3 {
		t.Errorf("%+v", made)
	}
}

// TestShift: a cashier's time at the counter, with a payment that is signed over.
func TestShift(t *testing.T) {
	b := newBooks(t, noon)
	b.sell(pos.WeChat, 1) // before the shift
	if s, err := b.till.Shift(t.Context()); s != nil || err != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	_, err := b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li"})
	b.refused(err, pos.Conflict, "No shift")
	_, err = b.till.OpenShift(t.Context(), "li", "li")
	b.must(err)
	_, err = b.till.OpenShift(t.Context(), "zhao", "zhao")
	b.refused(err, pos.Conflict, "li is open")
	b.sell(pos.WeChat, 20)
	b.sell(pos.Alipay, 300)
	late := b.ask(pos.Alipay, 4000)
	_, err = b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.refused(err, pos.Conflict, "still open")
	_, err = b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li"})
	b.refused(err, pos.Conflict, "Not final yet: 1")
	r, err := b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li", SignOver: "zhao", Note: "drawer checked"})
	b.must(err)
	if r.Orders != 3 || len(r.Totals) != 2 || r.Totals[0].Paid+r.Totals[1].Paid != 320 || len(r.Unfinished) != 1 || r.SignedOver != "zhao" {
		t.Errorf("%+v", r)
	}
	_, err = b.till.OpenShift(t.Context(), "zhao", "zhao")
	b.must(err)
	b.must(b.arrive(late))
	open, err := b.till.Shift(t.Context())
	b.must(err)
	if open.Orders != 0 || len(open.Totals) != 1 || open.Totals[0].Paid != 4000 || len(open.Unfinished) != 0 || open.Before.PaidCount != 0 {
		t.Errorf("%+v", open)
	}
	shifts, err := b.till.Shifts(t.Context(), 9)
	if err != nil || len(shifts) != 2 || shifts[0].Cashier != "zhao" || shifts[1].Note != "drawer checked" {
		t.Errorf("%+v (%v)", shifts, err)
	}
}

// TestBetweenShifts: what is paid after a shift's close and before the next one opens is the next one's.
func TestBetweenShifts(t *testing.T) {
	b := newBooks(t, noon)
	b.sell(pos.WeChat, 1) // shifts are not used yet
	shift := func(duty func()) *pos.ShiftReport {
		t.Helper()
		_, err := b.till.OpenShift(t.Context(), "li", "li")
		b.must(err)
		duty()
		open, err := b.till.Shift(t.Context())
		b.must(err)
		r, err := b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li", SignOver: "zhao"})
		b.must(err)
		if fmt.Sprint(open.Totals, open.Before, open.Orders) != fmt.Sprint(r.Totals, r.Before, r.Orders) {
			t.Errorf("open %+v, closed %+v", open, r)
		}
		return r
	}
	says := func(r *pos.ShiftReport, all, before pos.Fen) {
		t.Helper()
		var sum pos.Fen
		for _, d := range r.Totals {
			sum += d.Net()
		}
		if sum != all || r.Before.Net() != before {
			t.Errorf("¥%s, ¥%s of it before; want ¥%s and ¥%s", sum, r.Before.Net(), all, before)
		}
	}
	nothing := func() {}
	late := b.ask(pos.Alipay, 4000)
	says(shift(func() { b.sell(pos.WeChat, 20) }), 20, 0)
	b.must(b.arrive(late))
	b.sell(pos.WeChat, 300) // and one whom no shift was opened for
	says(shift(func() { b.sell(pos.WeChat, 7) }), 4307, 4300)
	says(shift(nothing), 0, 0)
	b.sell(pos.WeChat, 5)
	says(shift(nothing), 5, 5)
	says(shift(nothing), 0, 0)
	says(shift(func() { b.sell(pos.Alipay, 6) }), 6, 0)
	if err := b.ledger.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSettlement: what a platform has paid out is owed no more.
func TestSettlement(t *testing.T) {
	b := newBooks(t, noon)
	b.sell(pos.WeChat, 100)
	b.sell(pos.Alipay, 20)
	b.set(noon.AddDate(0, 0, 1))
	b.sell(pos.WeChat, 3)
	_, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	b.sell(pos.WeChat, 40) // tomorrow's, and owed already
	batch, err := b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: "2026-03-05", Actor: "wang", Note: "bank 1"})
	b.must(err)
	if batch.Amount != 100 || batch.Entries != 1 {
		t.Errorf("%+v", batch)
	}
	_, err = b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: "2026-03-05", Actor: "wang"})
	b.refused(err, pos.Conflict, "owes nothing")
	_, err = b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: "2026-03-07", Actor: "wang"})
	b.refused(err, pos.Conflict, "has not begun")
	owed, err := b.till.Owed(t.Context(), "")
	b.must(err)
	if len(owed) != 2 || owed[0].Wallet != pos.Alipay || owed[0].Net() != 20 || owed[1].Net() != 43 || owed[1].Last != "2026-03-07" || owed[1].First != "2026-03-06" {
		t.Errorf("%+v", owed)
	}
	if owed, err = b.till.Owed(t.Context(), "2026-03-06"); err != nil || len(owed) != 2 || owed[0].Net() != 20 || owed[1].Net() != 3 {
		t.Errorf("through a day: %+v, %v", owed, err)
	}
}

// TestClosesRaceArrivals lets payments arrive while shifts, days and settlements are closed: every entry is in
// exactly one day and one settlement, and in one shift at most, since some come between two of them.
func TestClosesRaceArrivals(t *testing.T) {
	const arrivals, closes = 1000, 50
	b := newBooks(t, noon)
	waiting := make(chan *pos.Payment, arrivals)
	var all pos.Fen
	for i := range arrivals {
		w := pos.Wallets[i%len(pos.Wallets)]
		waiting <- b.ask(w, pos.Fen(i+1))
		all += pos.Fen(i + 1)
	}
	close(waiting)
	_, err := b.till.OpenShift(t.Context(), "li", "li")
	b.must(err)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for p := range waiting {
				if err := b.arrive(p); err != nil {
					t.Error(err)
				}
			}
		})
	}
	settle := func() error {
		for _, w := range pos.Wallets {
			_, err := b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: w, Through: b.till.Shop.Day(noon).Add(1), Actor: "x"})
			if err == nil || !strings.Contains(err.Error(), "has not begun") {
				return fmt.Errorf("tomorrow is settled: %w", err)
			}
			_, err = b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: w, Through: b.till.Shop.Day(noon), Actor: "x"})
			if err != nil && pos.CodeOf(err) != pos.Conflict { // nothing owed just now
				return err
			}
		}
		return nil
	}
	for range 2 { // two managers settle at once
		work.Go(func() {
			for range closes {
				if err := settle(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Go(func() {
		for range closes {
			_, err := b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li", SignOver: "zhao"})
			_, day := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
			again := b.till.ReopenDay(t.Context(), "wang", "race")
			_, open := b.till.OpenShift(t.Context(), "li", "li")
			if err := errors.Join(err, day, again, open); err != nil {
				t.Error(err)
			}
		}
	})
	work.Wait()
	_, err = b.till.CloseShift(t.Context(), pos.CloseShiftRequest{Actor: "li"})
	b.must(err)
	b.set(noon.AddDate(0, 0, 1)) // what came between a close and the opening again is tomorrow's
	_, err = b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	for _, w := range pos.Wallets {
		_, err = b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: w, Through: b.till.Shop.Day(noon).Add(1), Actor: "x"})
		if err != nil && pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
	}
	b.must(b.ledger.View(t.Context(), func(tx pos.Tx) error {
		for _, kind := range []pos.BatchKind{pos.DayBatch, pos.ShiftBatch, pos.SettlementBatch} {
			batches, err := tx.Batches(kind, "2026-03-01", "2026-03-31")
			if err != nil {
				return err
			}
			var entries int64
			var amount pos.Fen
			for _, b := range batches {
				entries, amount = entries+b.Entries, amount+b.Amount
			}
			if kind == pos.ShiftBatch && len(batches) != closes+1 {
				t.Errorf("%d shifts", len(batches))
			}
			if entries != arrivals || amount != all || len(batches) < 2 {
				t.Errorf("%s: %d batches of %d entries, ¥%s; want %d entries, ¥%s", kind, len(batches), entries, amount, arrivals, all)
			}
			dbtest.Figures(t, "race of %d arrivals with closes: %d %s batches, %d entries", arrivals, len(batches), kind, entries)
		}
		return nil
	}))
}

// TestEntriesOfADay: what is listed of a day adds up to its close, whichever day the order is of.
func TestEntriesOfADay(t *testing.T) {
	b := newBooks(t, noon)
	early := b.ask(pos.WeChat, 7) // begun today, paid after the close
	b.sell(pos.WeChat, 100)
	_, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	b.must(b.arrive(early))
	b.sell(pos.Alipay, 20)
	b.set(noon.AddDate(0, 0, 1))
	b.sell(pos.WeChat, 3)
	made, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	for day, want := range map[pos.Day]pos.Fen{"2026-03-05": 100, "2026-03-06": 30} {
		var sum pos.Fen
		b.must(b.ledger.EachEntry(t.Context(), day, day, func(e *pos.EntryRow) error {
			if sum += e.Amount; e.Number == "" || (e.OutTradeNo == early.OutTradeNo && e.Sold != "2026-03-05") {
				t.Errorf("%+v", e)
			}
			return nil
		}))
		if sum != want {
			t.Errorf("%s: ¥%s listed; want ¥%s", day, sum, want)
		}
	}
	if made[len(made)-1].Amount != 30 {
		t.Errorf("closed %+v", made)
	}
}

// TestACloseWithTheClockAhead is undone by opening that day again.
func TestACloseWithTheClockAhead(t *testing.T) {
	b := newBooks(t, noon.AddDate(1, 0, 0))
	_, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "wang"})
	b.must(err)
	b.set(noon)
	b.sell(pos.WeChat, 1)
	d, err := b.till.BusinessDay(t.Context(), "2026-03-05")
	b.must(err)
	if d.Takes != "2027-03-06" || b.gross("2027-03-06") != 1 {
		t.Errorf("entries count to %s", d.Takes)
	}
	b.must(b.till.ReopenDay(t.Context(), "wang", "the clock was wrong"))
	b.sell(pos.WeChat, 20)
	if b.gross("2026-03-05") != 20 {
		t.Errorf("today ¥%s", b.gross("2026-03-05"))
	}
	for _, day := range []pos.Day{"2026-02-31", "x"} {
		_, err := b.till.CloseDay(t.Context(), pos.CloseDayRequest{Day: day, Actor: "wang"})
		b.refused(err, pos.Invalid, "not a date")
		_, err = b.till.BookSettlement(t.Context(), pos.SettlementRequest{Wallet: pos.WeChat, Through: day, Actor: "wang"})
		b.refused(err, pos.Invalid, "not a date")
	}
}
