package pos

import "context"

// Owed is what one platform owes the shop: the entries that no settlement has counted yet, and their fees as far as
// its bills have told them.
type Owed struct {
	Wallet Wallet
	Totals
	First, Last Day // of the entries
}

// SettlementRequest says that a platform has paid out what it owed through a day.
type SettlementRequest struct {
	Wallet  Wallet
	Through Day // the last business day that the payout covers
	Actor   string
	Note    string // such as the bank's reference
}

// Owed returns what each platform owes through a day: everything that no settlement has counted. Where the day is empty
// that is all there is, also what came after today was closed.
func (t *Till) Owed(ctx context.Context, through Day) (owed []Owed, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		owed, err = tx.Owed(through)
		return err
	})
	return owed, err
}

// BookSettlement freezes the entries of a wallet through a day as paid out by the platform, each in exactly one
// settlement. The batch it returns says what the platform had to pay, by the fees that were known. One that a bill tells
// later belongs to the same settlement: Settlements has it beside the frozen figure. It is a Conflict where nothing is owed.
func (t *Till) BookSettlement(ctx context.Context, r SettlementRequest) (*Batch, error) {
	if err := CheckTitle(r.Note); err != nil {
		return nil, err
	}
	if _, err := ParseDay(string(r.Through)); err != nil {
		return nil, err
	}
	var b *Batch
	err := t.act(ctx, r.Actor, SettleWallet, func(tx Tx) ([]Event, error) {
		if today := t.Shop.Day(tx.Now()); r.Through > today {
			return nil, Errorf(Conflict, "The day %s has not begun.", r.Through)
		}
		b = &Batch{Kind: SettlementBatch, Day: r.Through, Wallet: r.Wallet, At: tx.Now(), By: r.Actor, Note: r.Note}
		if err := tx.Freeze(b); err != nil {
			return nil, err
		}
		if b.Entries == 0 {
			return nil, Errorf(Conflict, "%s owes nothing through %s that is not settled.", r.Wallet, r.Through)
		}
		return nil, tx.Audit(AuditEntry{
			Actor: r.Actor, Action: "settlement", Subject: string(r.Wallet) + " " + string(r.Through), To: "settled", Detail: b.AuditDetail(),
		})
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Settlements returns what was settled through the days from..to, both included, by day.
func (t *Till) Settlements(ctx context.Context, from, to Day) (list []Batch, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.Batches(SettlementBatch, from, to)
		return err
	})
	return list, err
}
