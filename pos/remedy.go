package pos

import (
	"context"
	"fmt"
	"strings"
)

// Remedy carries out what a person decides about difference n of a day. Importing and asking again end in what the
// platform's signed answer says, never in what the bill says: the difference is settled if that answer settles it, and
// else stays open and the error says why. A note needs words. It returns the difference as it then stands.
func (t *Till) Remedy(ctx context.Context, w Wallet, day Day, n int, r Remedy, actor, note string) (*Difference, error) {
	note = strings.TrimSpace(note)
	if err := CheckTitle(note); err != nil {
		return nil, err
	}
	if r == NoteIt && note == "" {
		return nil, Errorf(Invalid, "Say in the note what was found out about this difference.")
	}
	if err := t.May(ctx, actor, Reconcile); err != nil {
		return nil, err
	}
	all, err := t.DifferencesOf(ctx, w, day)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > len(all) {
		return nil, Errorf(NotFound, "There is no difference %d on %s.", n, string(day))
	}
	d := &all[n-1]
	if err := d.Allows(r); err != nil {
		return d, err
	}
	end := DifferenceNoted
	if r != NoteIt {
		if end, err = t.settleDifference(ctx, d, all, actor); err != nil {
			return d, err
		}
	}
	return d, t.decide(ctx, d, end, actor, note)
}

// DifferencesOf returns the differences that were found on one day, by their numbers. A day that was not compared yet
// is a NotFound error.
func (t *Till) DifferencesOf(ctx context.Context, w Wallet, day Day) (list []Difference, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		r, err := tx.Reconciliation(w, day)
		if err != nil {
			return err
		}
		list, err = tx.Differences(r.ID)
		return err
	})
	return list, err
}

// decide records the end of d, and what follows for its day.
func (t *Till) decide(ctx context.Context, d *Difference, end DifferenceState, actor, note string) error {
	return t.update(context.WithoutCancel(ctx), func(tx Tx) ([]Event, error) {
		r, err := tx.Reconciliation(d.Wallet, d.Day)
		if err != nil {
			return nil, err
		}
		now, err := tx.Differences(r.ID)
		if err != nil {
			return nil, err
		}
		if now[d.N-1].State != DifferenceOpen {
			return nil, Errorf(Conflict, "This difference is decided already.")
		}
		d.State, d.Note, d.DecidedBy, d.DecidedAt = end, note, actor, tx.Now()
		if err := tx.SaveDifference(r.ID, d); err != nil {
			return nil, err
		}
		from := r.State
		if r.Open--; r.State == Differs && !r.ComparedAt.IsZero() {
			r.State = stateOf(r.Open)
		}
		if err := tx.SaveReconciliation(r); err != nil {
			return nil, err
		}
		detail := fmt.Sprintf("%d %s %s%s: %s", d.N, d.Kind, d.OutTradeNo, d.OutRefundNo, end)
		if note != "" {
			detail += ", " + note
		}
		err = tx.Audit(AuditEntry{Actor: actor, Action: "difference", Subject: r.subject(), From: string(from), To: string(r.State), Detail: detail})
		return []Event{{Kind: ReconciliationChanged, Reconciliation: r}}, err
	})
}

// settleDifference asks the platform about d and books what its signed answer says.
func (t *Till) settleDifference(ctx context.Context, d *Difference, all []Difference, actor string) (end DifferenceState, err error) {
	g, err := t.gateway(d.Wallet)
	if err != nil {
		return "", err
	}
	f := &finder{till: t, gateway: g, actor: actor, result: &Recovered{Wallet: d.Wallet, Day: d.Day}}
	for i := range all {
		if all[i].Lines > 0 {
			f.lines = append(f.lines, all[i].line())
		}
	}
	ask, no := f.vouch, d.OutTradeNo
	if d.Kind == MissingHere || d.Kind == OtherState {
		ask = f.importLine
	}
	if d.OutRefundNo != "" {
		no = d.OutRefundNo
	}
	err = t.attempts.with(ctx, no, func() error {
		end, err = ask(ctx, d)
		return err
	})
	return end, Explain(d.Wallet, err)
}

// importLine books what the platform answers about the line of d, as a recovery does.
func (f *finder) importLine(ctx context.Context, d *Difference) (DifferenceState, error) {
	book := f.payment
	if d.OutRefundNo != "" {
		book = f.refund
	}
	switch outcome, err := book(ctx, d.line()); {
	case err != nil:
		return "", err
	case outcome == Excepted:
		return "", waitsAtTheDesk()
	case outcome == Ignored:
		return "", Errorf(Conflict, "The platform's signed answer does not say what its bill says; compare both with the platform's site and note what was found out.")
	}
	return DifferenceImported, nil
}

func waitsAtTheDesk() error {
	return Errorf(Conflict, "The platform's answer raised an exception: decide that first, then compare the day again.")
}

// vouch asks the platform whether what the ledger has is right. What it says instead is settled as always.
func (f *finder) vouch(ctx context.Context, d *Difference) (DifferenceState, error) {
	vouched, outcome, err := false, Outcome(""), error(nil)
	if d.OutRefundNo == "" {
		vouched, outcome, err = f.vouchPayment(ctx, d)
	} else {
		vouched, outcome, err = f.vouchRefund(ctx, d)
	}
	switch {
	case err != nil:
		return "", err
	case outcome == Excepted:
		return "", waitsAtTheDesk()
	case !vouched:
		return "", Errorf(Conflict, "The platform's signed answer does not confirm what the ledger has; compare it with the platform's site and note what was found out.")
	}
	return DifferenceQueried, nil
}

func (f *finder) vouchPayment(ctx context.Context, d *Difference) (vouched bool, outcome Outcome, err error) {
	p, err := f.till.Payment(ctx, d.OutTradeNo)
	if CodeOf(err) == NotFound { // another number has its transaction
		outcome, err = f.payment(ctx, d.line())
		return false, outcome, err
	}
	if err != nil {
		return false, "", err
	}
	var e Evidence
	if err := f.ask(ctx, func() (err error) {
		e, err = f.gateway.Query(ctx, p)
		return err
	}); err != nil {
		return false, "", err
	}
	// Alipay calls a trade closed once all of it was refunded.
	returned := e.State == TradeClosed && p.Refunded == p.Amount && e.TransactionID == p.TransactionID && e.Amount == p.Amount
	e.Source = FromCheck
	outcome, err = f.till.Settle(context.WithoutCancel(ctx), e)
	return returned || e.State == TradePaid && outcome == Replayed, outcome, err
}

func (f *finder) vouchRefund(ctx context.Context, d *Difference) (vouched bool, outcome Outcome, err error) {
	r, p, err := f.till.refund(ctx, d.OutRefundNo)
	if err != nil {
		return false, "", err
	}
	e, err := f.refundEvidence(ctx, p, BillLine{OutTradeNo: r.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount})
	if err != nil || e.State == "" {
		return false, "", err
	}
	e.Source = FromCheck
	outcome, err = f.till.SettleRefund(context.WithoutCancel(ctx), e)
	return e.Amount == r.Amount && (outcome == Replayed || outcome == Credited), outcome, err
}
