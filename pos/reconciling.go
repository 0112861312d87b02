package pos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// billsKept is how many months back the platforms keep their bills.
const billsKept = 3

// How much one transaction records, so that a sale never waits for a long one.
const (
	differencesAtOnce = 500
	feesAtOnce        = 5000
)

// DownloadBill fetches w's bill of one day. A bill that is not made yet is an Unavailable error, in whatever words the
// platform refuses it, and so is a platform that does not answer.
func (t *Till) DownloadBill(ctx context.Context, w Wallet, day Day) (*Bill, error) {
	g, err := t.gateway(w)
	if err != nil {
		return nil, err
	}
	bills, ok := g.(BillDownloader)
	if !ok {
		return nil, Errorf(Conflict, "%s has no bills that a counter could fetch.", w)
	}
	bill, err := bills.DownloadBill(ctx, day)
	t.heard(ctx, w, err)
	switch {
	case FailureOf(err) == NotReady, FailureOf(err) == Refused && t.now().Before(BillReadyAt(day)):
		return nil, NotMadeYet(w, day).Because(err)
	case err != nil:
		return nil, explainBill(w, day, err)
	}
	return bill, nil
}

// NotMadeYet is the error for a bill that the platform makes later.
func NotMadeYet(w Wallet, day Day) *Error {
	return Errorf(Unavailable, "The bill of %s for %s is not made yet; it is from 10:00 of the next day on, in China.", w, string(day))
}

// KeepReconciliation records what a comparison found, and first the fees that the bill tells: a day that is compared has
// them all. An entry that a corrected bill has no more keeps the fee that it was told; it is a difference by then.
//
// What was decided about a difference stays decided; one that is not found any more is cleared; one that is new, or had
// been settled and is found again, is open. So a day that had agreed, or was signed off, turns red again where something
// new is found, with an audit row that says so. The actor of a comparison that nobody asked for is Unattended.
func (t *Till) KeepReconciliation(ctx context.Context, r Reconciliation, found []Difference, fees []EntryFee, actor string) (*Reconciliation, error) {
	var sum Fen
	for _, f := range fees {
		var err error
		if sum, err = sum.Add(f.Amount); err != nil {
			return nil, err
		}
	}
	for part := range slices.Chunk(fees, feesAtOnce) {
		if err := t.act(ctx, actor, Reconcile, func(tx Tx) ([]Event, error) { return nil, tx.SaveFees(part) }); err != nil {
			return nil, err
		}
	}
	r.FeesKept = true
	var kept *Reconciliation
	for begun := false; !begun || len(found) > 0; begun = true {
		err := t.act(ctx, actor, Reconcile, func(tx Tx) (events []Event, err error) {
			before, err := tx.Reconciliation(r.Wallet, r.Day)
			if err = notMissing(err); err != nil {
				return nil, err
			}
			k := &keeping{tx: tx, r: r, before: before, actor: actor, fees: auditFees(sum, int64(len(fees)))}
			if before != nil {
				k.from = before.State
			}
			if !begun {
				if found, err = k.merge(found); err != nil {
					return nil, err
				}
			}
			n := min(len(found), differencesAtOnce)
			if k.r.ComparedAt = r.ComparedAt; n < len(found) {
				k.r.ComparedAt = time.Time{} // a program that ends before the last part leaves a day that is due
			}
			if err := k.add(found[:n]); err != nil {
				return nil, err
			}
			found = found[n:]
			kept, events, err = k.finish(len(found) == 0)
			return events, err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// keeping is one transaction of KeepReconciliation.
type keeping struct {
	tx     Tx
	r      Reconciliation
	before *Reconciliation     // nil where there was none
	from   ReconciliationState // empty then
	actor  string
	fees   string // for the audit chain
	opened int    // differences that are open now and were not before
}

// merge settles what is known already and returns what is new.
func (k *keeping) merge(found []Difference) (fresh []Difference, err error) {
	if k.before == nil {
		return found, nil
	}
	known, err := k.tx.Differences(k.before.ID)
	if err != nil {
		return nil, err
	}
	places := make(map[differenceKey]int, len(known))
	for i := range known {
		places[known[i].key()] = i
	}
	again := make([]bool, len(known))
	for _, d := range found {
		if i, ok := places[d.key()]; ok {
			again[i] = true
		} else {
			fresh = append(fresh, d)
		}
	}
	for i := range known {
		d := &known[i]
		switch {
		case again[i] && (d.State == DifferenceImported || d.State == DifferenceCleared):
			d.State, d.Note, d.DecidedBy, d.DecidedAt = DifferenceOpen, "", "", time.Time{}
			k.opened++
		case !again[i] && d.State == DifferenceOpen:
			d.State, d.DecidedBy, d.DecidedAt = DifferenceCleared, k.actor, k.tx.Now()
		default:
			continue
		}
		if err := k.tx.SaveDifference(k.before.ID, d); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// add records new differences.
func (k *keeping) add(fresh []Difference) error {
	k.opened += len(fresh)
	k.r.State, k.r.Note, k.r.DecidedBy, k.r.DecidedAt = Differs, "", "", time.Time{}
	if k.before != nil && k.opened == 0 { // as it was, until finish has counted
		k.r.State, k.r.Note, k.r.DecidedBy, k.r.DecidedAt = k.before.State, k.before.Note, k.before.DecidedBy, k.before.DecidedAt
	}
	if err := k.tx.SaveReconciliation(&k.r); err != nil { // they belong to it
		return err
	}
	for i := range fresh {
		fresh[i].State = DifferenceOpen
		if err := k.tx.AddDifference(k.r.ID, &fresh[i]); err != nil {
			return err
		}
	}
	return nil
}

// finish gives the day its state, which is Differs as long as there is more to add.
func (k *keeping) finish(complete bool) (*Reconciliation, []Event, error) {
	r, err := k.tx.Reconciliation(k.r.Wallet, k.r.Day)
	if err != nil {
		return nil, nil, err
	}
	if k.opened == 0 && k.from != SignedOff {
		r.State = stateOf(r.Open)
		if err := k.tx.SaveReconciliation(r); err != nil {
			return nil, nil, err
		}
	}
	err = k.tx.Audit(AuditEntry{
		Actor: k.actor, Action: "reconcile", Subject: r.subject(), From: string(k.from), To: string(r.State),
		Detail: fmt.Sprintf("lines %d, agree %d, of other counters %d, differences open %d, %s", r.All.Lines, r.Agree, r.All.Lines-r.Own.Lines, r.Open, k.fees),
	})
	if err != nil || !complete {
		return r, nil, err
	}
	return r, []Event{{Kind: ReconciliationChanged, Reconciliation: r}}, nil
}

func stateOf(open int) ReconciliationState {
	if open > 0 {
		return Differs
	}
	return Agreed
}

// SignOff lets a day be as it is, whatever differs or even without its bill. It needs a note that says why.
func (t *Till) SignOff(ctx context.Context, w Wallet, day Day, actor, note string) (*Reconciliation, error) {
	note = strings.TrimSpace(note)
	if err := CheckTitle(note); err != nil {
		return nil, err
	}
	if note == "" {
		return nil, Errorf(Invalid, "Say in the note why this day is signed off.")
	}
	if _, err := t.gateway(w); err != nil {
		return nil, err
	}
	var r *Reconciliation
	err := t.act(ctx, actor, Reconcile, func(tx Tx) (_ []Event, err error) {
		if day >= BillDay(tx.Now()) {
			return nil, Errorf(Conflict, "The day %s is not over.", string(day))
		}
		if r, err = tx.Reconciliation(w, day); CodeOf(err) == NotFound {
			r, err = &Reconciliation{Wallet: w, Day: day, State: BillDue}, nil
		}
		switch {
		case err != nil:
			return nil, err
		case r.State == Agreed:
			return nil, Errorf(Conflict, "This day agrees already; there is nothing to sign off.")
		case r.State == SignedOff:
			return nil, Errorf(Conflict, "This day is signed off already.")
		}
		from := r.State
		r.State, r.Note, r.DecidedBy, r.DecidedAt = SignedOff, note, actor, tx.Now()
		if err := tx.SaveReconciliation(r); err != nil {
			return nil, err
		}
		err = tx.Audit(AuditEntry{Actor: actor, Action: "sign off", Subject: r.subject(), From: string(from), To: string(r.State), Detail: note})
		return []Event{{Kind: ReconciliationChanged, Reconciliation: r}}, err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Reconciliations returns how each wallet's bill of each day of the platforms from..to, both included, stands: by day,
// and on a day by wallet. Days before the first payment, and days out of the platforms' reach before the first that was
// compared, are left out, and so is today.
func (t *Till) Reconciliations(ctx context.Context, from, to Day) (list []Reconciliation, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		now := tx.Now()
		known, err := tx.Reconciliations("0000-00-00", "9999-99-99")
		if err != nil {
			return err
		}
		reach := BillReach(now)
		if len(known) > 0 {
			reach = min(reach, known[0].Day)
		}
		for _, w := range Wallets {
			if _, ok := t.Gateways[w]; !ok {
				continue
			}
			first, err := tx.FirstPaid(w)
			if err != nil {
				return err
			}
			if !first.IsZero() {
				known = appendDue(known, w, max(from, reach, BillDay(first)), min(to, BillDay(now).Add(-1)), now)
			}
		}
		for i := range known {
			if r := &known[i]; r.ComparedAt.IsZero() && (r.State == Differs || r.State == Agreed) {
				r.State = BillDue // it was compared in part
			}
		}
		list = slices.DeleteFunc(known, func(r Reconciliation) bool { return r.Day < from || r.Day > to })
		return nil
	})
	slices.SortStableFunc(list, func(a, b Reconciliation) int {
		if c := strings.Compare(string(a.Day), string(b.Day)); c != 0 {
			return c
		}
		return slices.Index(Wallets, a.Wallet) - slices.Index(Wallets, b.Wallet)
	})
	return list, err
}

// appendDue adds the days of w that nothing is known of yet.
func appendDue(known []Reconciliation, w Wallet, from, to Day, now time.Time) []Reconciliation {
	seen := map[Day]bool{}
	for _, r := range known {
		if r.Wallet == w {
			seen[r.Day] = true
		}
	}
	for day := from; day <= to; day = day.Add(1) {
		if seen[day] {
			continue
		}
		state := BillDue
		if now.Before(BillReadyAt(day)) {
			state = BillAhead
		}
		known = append(known, Reconciliation{Wallet: w, Day: day, State: state})
	}
	return known
}

// BillReach is the oldest day whose bill the platforms still have at now.
func BillReach(now time.Time) Day { return BillDay(now.AddDate(0, -billsKept, 1)) }
