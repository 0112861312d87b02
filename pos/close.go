package pos

import (
	"context"
	"time"
)

// Batch is the ledger entries that a close froze: they are stamped with its number first and summed then, in one
// transaction, so that each entry is in exactly one batch of a kind, and what a batch adds up to never changes.
type Batch struct {
	ID      int64
	Kind    BatchKind
	Day     Day    // the business day that was closed; of a shift and a settlement the one on which it was
	Wallet  Wallet // of a settlement
	At      time.Time
	By      string
	Note    string
	Entries int64
	Amount  Fen        // the sum of its entries
	Fees    Fen        // of those of its entries whose fee was known when it was summed
	Known   int64      // how many these are
	Totals  []DayTotal // its entries by day, counter, cashier and wallet, with the fees that are known by now
}

// Fee is the sum of the fees that were known.
func (b *Batch) Fee() Fee { return Fee{Amount: b.Fees, Known: b.Known > 0} }

// Payout is what the platform had to pay: Amount less the Fees that were known.
func (b *Batch) Payout() Fen { return b.Amount - b.Fees }

// AuditDetail is what the audit chain says of a settlement: what it froze.
func (b *Batch) AuditDetail() string { return b.Amount.String() + ", " + auditFees(b.Fees, b.Known) }

// Since is what became known of its fees after it was summed: how many more entries have one, and by how much the fees
// differ from Fees.
func (b *Batch) Since() (count int64, fees Fen) {
	for _, t := range b.Totals {
		count, fees = count+t.FeeCount, fees+t.Fees
	}
	return count - b.Known, fees - b.Fees
}

// BatchKind is what was closed.
type BatchKind string

const (
	DayBatch        BatchKind = "day"
	ShiftBatch      BatchKind = "shift"
	SettlementBatch BatchKind = "settlement"
)

// BusinessDay is how one business day stands: its closes, in order, and whether it takes entries.
type BusinessDay struct {
	Day     Day
	Closed  bool // later entries belong to the next day
	Takes   Day  // the day that entries belong to which are made now
	Closes  []Batch
	Pending []DayTotal // what came since the last close
}

// CloseDayRequest is what a manager asks for.
type CloseDayRequest struct {
	Day   Day // today or a day before; zero: today
	Actor string
	Note  string
}

// CloseDay closes a business day, and before it every earlier one that still has entries of its own. From
// then on entries belong to the next day. It is a Conflict while a shift is open, for a day that is closed, and for
// one that has not begun. The batches it returns are those it made, the day's own last.
func (t *Till) CloseDay(ctx context.Context, r CloseDayRequest) ([]Batch, error) {
	if err := CheckTitle(r.Note); err != nil {
		return nil, err
	}
	var made []Batch
	err := t.act(ctx, r.Actor, CloseDay, func(tx Tx) ([]Event, error) {
		made = nil
		days, err := t.daysToClose(tx, &r)
		if err != nil {
			return nil, err
		}
		for _, day := range days {
			b := Batch{Kind: DayBatch, Day: day, At: tx.Now(), By: r.Actor, Note: r.Note}
			if err := tx.Freeze(&b); err != nil {
				return nil, err
			}
			if err := tx.Audit(AuditEntry{
				Actor: r.Actor, Action: "day_close", Subject: string(day), To: "closed", Detail: b.Amount.String(),
			}); err != nil {
				return nil, err
			}
			made = append(made, b)
		}
		return []Event{{Kind: DayChanged, Day: r.Day}}, nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// daysToClose are the days that closing r.Day closes, that one last.
func (t *Till) daysToClose(tx Tx, r *CloseDayRequest) ([]Day, error) {
	today := t.Shop.Day(tx.Now())
	if r.Day == "" {
		r.Day = today
	}
	if _, err := ParseDay(string(r.Day)); err != nil {
		return nil, err
	}
	shift, err := tx.OpenShift()
	if err != nil {
		return nil, err
	}
	closed, err := tx.Closed(r.Day)
	if err != nil {
		return nil, err
	}
	switch {
	case shift != nil:
		return nil, Errorf(Conflict, "The shift of %s is still open; close it before the day.", shift.Cashier)
	case closed:
		return nil, Errorf(Conflict, "The day %s is closed already.", r.Day)
	case r.Day > today:
		return nil, Errorf(Conflict, "The day %s has not begun.", r.Day)
	}
	days, err := tx.OpenDays(r.Day)
	if err != nil || len(days) > 0 && days[len(days)-1] == r.Day {
		return days, err
	}
	return append(days, r.Day), nil
}

// ReopenDay lets the present business day, closed too early, take entries again; closing it again makes another
// batch. What a close has counted stays counted: figures of a closed day never change. A day closed while the clock was
// ahead is opened by it too, so that today's entries are today's.
func (t *Till) ReopenDay(ctx context.Context, actor, reason string) error {
	if err := CheckTitle(reason); err != nil {
		return err
	}
	if reason == "" {
		return Errorf(Invalid, "A reason is needed to open a closed day again.")
	}
	return t.act(ctx, actor, ReopenDay, func(tx Tx) ([]Event, error) {
		today := t.Shop.Day(tx.Now())
		last, err := tx.LastClosed()
		if err != nil {
			return nil, err
		}
		if last < today {
			return nil, Errorf(Conflict, "Only today can be opened again, and today, %s, is open.", today)
		}
		if err := tx.Reopen(last); err != nil {
			return nil, err
		}
		return []Event{{Kind: DayChanged, Day: last}}, tx.Audit(AuditEntry{
			Actor: actor, Action: "day_reopen", Subject: string(last), From: "closed", To: "open", Detail: reason,
		})
	})
}

// BusinessDay returns how a business day stands.
func (t *Till) BusinessDay(ctx context.Context, day Day) (*BusinessDay, error) {
	b := &BusinessDay{Day: day}
	err := t.Store.View(ctx, func(tx Tx) (err error) {
		if b.Closed, err = tx.Closed(day); err != nil {
			return err
		}
		if b.Closes, err = tx.Batches(DayBatch, day, day); err != nil {
			return err
		}
		if b.Takes, err = t.taking(tx); err != nil {
			return err
		}
		b.Pending, err = tx.Pending(day)
		return err
	})
	return b, err
}

// taking is the business day that takes entries now: today, or the day after the last one that is closed.
func (t *Till) taking(tx Tx) (Day, error) {
	today := t.Shop.Day(tx.Now())
	last, err := tx.LastClosed()
	if err != nil || last < today {
		return today, err
	}
	return last.Add(1), nil
}
