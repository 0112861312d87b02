package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"saoma/pos"
)

// Shelf keeps the texts of bills. What it is given is on disk when it returns.
type Shelf interface {
	KeepBill(w pos.Wallet, day pos.Day, text []byte) (hash string, err error)
	// KeptBill is a NotFound or Damaged error where the text of that hash is not to be had.
	KeptBill(w pos.Wallet, day pos.Day, hash string) (text []byte, err error)
}

// Books reconciles the days of one counter. Its methods may be called from any goroutine; one day is worked on at a time.
type Books struct {
	Till  *pos.Till
	Shelf Shelf
	Now   func() time.Time // nil: time.Now

	busy chan struct{} // holds one token while a day is worked on
}

// New returns the books of a counter.
func New(till *pos.Till, shelf Shelf) *Books {
	return &Books{Till: till, Shelf: shelf, busy: make(chan struct{}, 1)}
}

func (b *Books) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

// lateBill is how long after its time a bill may come that should have lines: until then a platform that says it has
// none is taken for one that has not made it.
const lateBill = 24 * time.Hour

// Reconcile compares w's bill of one day with the ledger and records what differs. The bill is the kept one, or else,
// or if again asks for it, the platform's, which is kept then. A bill that is not made yet is an Unavailable error,
// and so is a platform that does not answer. Doing it again changes nothing that was decided.
func (b *Books) Reconcile(ctx context.Context, w pos.Wallet, day pos.Day, again bool, actor string) (*pos.Reconciliation, error) {
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	g, ok := b.Till.Gateways[w]
	if !ok {
		return nil, pos.Errorf(pos.Setup, "%s is not set up at this counter; use the other wallet or ask the manager.", w)
	}
	r, bill, err := b.bill(ctx, w, day, again)
	if err != nil {
		return nil, err
	}
	in := Input{Bill: bill, Minted: b.Till.Shop.Minted}
	merchant := g.Account().MerchantID
	if in.Ledger, r.Ledger, err = b.ledger(ctx, bill, merchant); err != nil {
		return nil, err
	}
	if len(bill.Lines) == 0 && traded(in.Ledger, day) && b.now().Before(pos.BillReadyAt(day).Add(lateBill)) {
		return nil, pos.NotMadeYet(w, day)
	}
	found, err := Compare(in)
	if err == nil && len(found.Wanted) > 0 {
		if in.Others, err = b.others(ctx, w, found.Wanted); err == nil && len(in.Others) > 0 {
			found, err = Compare(in)
		}
	}
	if err != nil {
		return nil, err
	}
	r.All, r.Own, r.Agree, r.Deferred, r.ComparedAt = found.All, found.Own, found.Agree, found.Deferred, b.now()
	return b.Till.KeepReconciliation(ctx, *r, found.Differences, found.Fees, actor)
}

// traded reports whether the ledger has a payment of the day.
func traded(ledger []pos.Movement, day pos.Day) bool {
	return slices.ContainsFunc(ledger, func(m pos.Movement) bool { return m.OutRefundNo == "" && moved(&m) && pos.BillDay(m.From) == day })
}

// bill returns the bill of a day and what is to be recorded about it.
func (b *Books) bill(ctx context.Context, w pos.Wallet, day pos.Day, again bool) (*pos.Reconciliation, *pos.Bill, error) {
	r, err := b.recorded(ctx, w, day)
	if err != nil {
		return nil, nil, err
	}
	if !again {
		if bill := b.kept(r); bill != nil {
			return r, bill, nil
		}
	}
	bill, err := b.Till.DownloadBill(ctx, w, day)
	if err != nil {
		return nil, nil, err
	}
	r.BillName, r.BillHash, r.OriginalHash, r.DownloadedAt = bill.FileName, "", "", b.now()
	if len(bill.Text) > 0 {
		if r.BillHash, err = b.Shelf.KeepBill(w, day, bill.Text); err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(bill.Original)
		r.OriginalHash = hex.EncodeToString(sum[:])
	}
	return r, bill, nil
}

// recorded is what the ledger knows of a day, or a new one.
func (b *Books) recorded(ctx context.Context, w pos.Wallet, day pos.Day) (r *pos.Reconciliation, err error) {
	err = b.Till.Store.View(ctx, func(tx pos.Tx) error {
		r, err = tx.Reconciliation(w, day)
		return err
	})
	if pos.CodeOf(err) == pos.NotFound {
		return &pos.Reconciliation{Wallet: w, Day: day}, nil
	}
	return r, err
}

// kept reads the kept bill of r; nil where there is none that can be read, or only one that was made too early to be whole.
func (b *Books) kept(r *pos.Reconciliation) *pos.Bill {
	if r.BillHash == "" || r.DownloadedAt.Before(pos.BillReadyAt(r.Day)) {
		return nil
	}
	reader, ok := b.Till.Gateways[r.Wallet].(pos.BillReader)
	if !ok {
		return nil
	}
	text, err := b.Shelf.KeptBill(r.Wallet, r.Day, r.BillHash)
	if err != nil {
		return nil
	}
	bill, err := reader.ReadBill(r.Day, text)
	if err != nil {
		return nil
	}
	return bill
}

// ledger reads what the ledger has to compare with a bill: what moved on its day, and whatever it has of other numbers
// on the bill. Both and the Standing are of one moment.
func (b *Books) ledger(ctx context.Context, bill *pos.Bill, merchant string) (all []pos.Movement, s pos.Standing, err error) {
	from, to := Begin(bill.Day), End(bill.Day)
	err = b.Till.Store.View(ctx, func(tx pos.Tx) error {
		all = make([]pos.Movement, 0, len(bill.Lines))
		have := make(map[key]bool, len(bill.Lines))
		err := tx.Movements(bill.Wallet, merchant, from, to, func(m pos.Movement) error {
			all = append(all, m)
			have[movementKey(&m)] = true
			return nil
		})
		if err != nil {
			return err
		}
		var trades, refunds, transactions []string
		for i := range bill.Lines {
			switch l := &bill.Lines[i]; {
			case have[lineKey(l)]:
			case l.OutRefundNo != "":
				trades, refunds = append(trades, l.OutTradeNo), append(refunds, l.OutRefundNo)
			default:
				trades, transactions = append(trades, l.OutTradeNo), append(transactions, l.TransactionID)
			}
		}
		more, err := tx.MovementsOf(bill.Wallet, unique(trades), unique(refunds), unique(transactions))
		if err != nil {
			return err
		}
		for i := range more {
			if k := movementKey(&more[i]); !have[k] {
				have[k] = true
				all = append(all, more[i])
			}
		}
		s, err = tx.Standing(bill.Wallet, merchant, from, to)
		return err
	})
	return all, s, err
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// others are the bills of other days as far as they are here, or never will be: then they have no lines. A day that
// was compared and whose kept bill is lost is downloaded again, so that nothing is taken for missing that is not.
func (b *Books) others(ctx context.Context, w pos.Wallet, days []pos.Day) (bills []*pos.Bill, err error) {
	for _, day := range days {
		r, err := b.recorded(ctx, w, day)
		if err != nil {
			return nil, err
		}
		bill := b.kept(r)
		switch {
		case bill != nil:
		case r.BillHash != "":
			if bill, err = b.Till.DownloadBill(ctx, w, day); err != nil {
				return nil, err
			}
		case r.ID != 0, day < pos.BillReach(b.now()):
			bill = &pos.Bill{Wallet: w, Day: day}
		default:
			first, err := b.first(ctx, w)
			if err != nil {
				return nil, err
			}
			if day >= pos.BillDay(first) {
				continue // to be compared
			}
			bill = &pos.Bill{Wallet: w, Day: day}
		}
		bills = append(bills, bill)
	}
	return bills, nil
}

func (b *Books) first(ctx context.Context, w pos.Wallet) (at time.Time, err error) {
	err = b.Till.Store.View(ctx, func(tx pos.Tx) error {
		at, err = tx.FirstPaid(w)
		return err
	})
	return at, err
}
