package pos

import (
	"context"
	"strconv"
	"time"
)

// Shift is one cashier's time at this counter. One is open at a time; its batch is what the ledger books from the
// close of the shift before, or from its own opening where it is the first, to its close. So what is paid between two
// shifts, such as a payment that was signed over, is in the later one and never in none.
type Shift struct {
	ID         int64
	Cashier    string
	Counter    string
	OpenedAt   time.Time
	OpenedBy   string
	ClosedAt   time.Time // zero: open
	ClosedBy   string
	Note       string
	SignedOver string // who goes on with the payments that were not final at the close
	Batch      int64  // once closed
}

// subject names s in the audit chain.
func (s *Shift) subject() string { return "shift " + strconv.FormatInt(s.ID, 10) }

// ShiftReport is a shift and what it took in: counted so far while it is open, frozen once it is closed.
type ShiftReport struct {
	Shift
	Orders     int64 // made in the shift, paid or not
	Totals     []DayTotal
	Before     DayTotal // what of them came before it opened; only the sums are set
	Exceptions int      // that wait for a manager at this moment
	Unfinished []Payment
}

// OpenShift begins a shift. It is a Conflict while one is open.
func (t *Till) OpenShift(ctx context.Context, cashier, actor string) (*Shift, error) {
	if cashier == "" {
		return nil, Errorf(Invalid, "A shift needs the cashier's name.")
	}
	if err := CheckTitle(cashier); err != nil {
		return nil, err
	}
	var s *Shift
	err := t.act(ctx, actor, RunShift, func(tx Tx) ([]Event, error) {
		open, err := tx.OpenShift()
		if err != nil {
			return nil, err
		}
		if open != nil {
			return nil, Errorf(Conflict, "The shift of %s is open; close it first.", open.Cashier)
		}
		s = &Shift{Cashier: cashier, Counter: t.Shop.Counter, OpenedAt: tx.Now(), OpenedBy: actor}
		if err := tx.AddShift(s); err != nil {
			return nil, err
		}
		return []Event{{Kind: ShiftChanged, Shift: s}}, tx.Audit(AuditEntry{
			Actor: actor, Action: "shift_open", Subject: s.subject(), To: "open", Detail: cashier,
		})
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CloseShiftRequest ends the open shift.
type CloseShiftRequest struct {
	Actor    string
	Note     string
	SignOver string // who goes on with payments that are not final; empty: nobody
}

// CloseShift ends the open shift and freezes its entries. While payments are not final yet it is a Conflict that
// says so, unless they are signed over to somebody by name.
func (t *Till) CloseShift(ctx context.Context, r CloseShiftRequest) (*ShiftReport, error) {
	for _, text := range []string{r.Note, r.SignOver} {
		if err := CheckTitle(text); err != nil {
			return nil, err
		}
	}
	var report *ShiftReport
	err := t.act(ctx, r.Actor, RunShift, func(tx Tx) ([]Event, error) {
		s, err := tx.OpenShift()
		if err != nil {
			return nil, err
		}
		if s == nil {
			return nil, Errorf(Conflict, "No shift is open.")
		}
		if err := t.signOver(tx, r); err != nil {
			return nil, err
		}
		b := Batch{Kind: ShiftBatch, Day: t.Shop.Day(tx.Now()), At: tx.Now(), By: r.Actor, Note: r.Note}
		if err := tx.Freeze(&b); err != nil {
			return nil, err
		}
		s.ClosedAt, s.ClosedBy, s.Note, s.SignedOver, s.Batch = tx.Now(), r.Actor, r.Note, r.SignOver, b.ID
		if err := tx.EndShift(s); err != nil {
			return nil, err
		}
		if report, err = reportShift(tx, s); err != nil {
			return nil, err
		}
		return []Event{{Kind: ShiftChanged, Shift: s}}, tx.Audit(AuditEntry{
			Actor: r.Actor, Action: "shift_close", Subject: s.subject(), From: "open", To: "closed", Detail: b.Amount.String(),
		})
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// signOver gives the payments that are not final to another person by name.
func (t *Till) signOver(tx Tx, r CloseShiftRequest) error {
	unfinished, err := tx.UnfinishedPayments()
	if err != nil || len(unfinished) == 0 {
		return err
	}
	if r.SignOver == "" {
		return Errorf(Conflict, "Not final yet: %d. Wait for them, or name who goes on with them.", len(unfinished))
	}
	for _, p := range unfinished {
		if err := tx.Audit(AuditEntry{Actor: r.Actor, Action: "sign_over", Subject: p.OutTradeNo, Detail: r.SignOver}); err != nil {
			return err
		}
	}
	return nil
}

// Shift returns the open shift, counted so far, and nil where none is open.
func (t *Till) Shift(ctx context.Context) (report *ShiftReport, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		s, err := tx.OpenShift()
		if err != nil || s == nil {
			return err
		}
		report, err = reportShift(tx, s)
		return err
	})
	return report, err
}

// Shifts returns the last n shifts, newest first.
func (t *Till) Shifts(ctx context.Context, n int) (shifts []Shift, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		shifts, err = tx.Shifts(n)
		return err
	})
	return shifts, err
}

// reportShift adds to s what it took in and what is open.
func reportShift(tx Tx, s *Shift) (*ShiftReport, error) {
	r := &ShiftReport{Shift: *s}
	var err error
	if err = tx.ShiftTotals(r); err != nil {
		return nil, err
	}
	if r.Unfinished, err = tx.UnfinishedPayments(); err != nil {
		return nil, err
	}
	open, err := tx.OpenExceptions()
	r.Exceptions = len(open)
	return r, err
}
