package pos

import (
	"context"
	"time"
)

// Outcome is what became of evidence. A replay is an outcome, not an error.
type Outcome string

const (
	Credited Outcome = "credited" // money moved in the ledger
	Replayed Outcome = "replayed" // the ledger has had it already; nothing changed
	Recorded Outcome = "recorded" // a state changed, no money moved
	Ignored  Outcome = "ignored"  // says nothing that is not known
	Excepted Outcome = "excepted" // not credited; an exception waits for a manager
)

// verdict is what evidence means for a payment: what Settle has to apply.
type verdict struct {
	outcome   Outcome
	to        PaymentState // the state after; empty where there is no payment or no change
	exception ExceptionKind
}

// circumstances is what decide needs to know beside the payment itself.
type circumstances struct {
	orderPaid bool // by another attempt
	reused    bool // the transaction already paid another payment
	now       time.Time
}

// decide says what e means for p, which is nil where no such payment exists. It is pure.
func decide(p *Payment, e Evidence, c circumstances) verdict {
	if e.State == TradePaid {
		return decidePaid(p, e, c)
	}
	if p == nil || p.State.Final() || e.Wallet != p.Wallet || e.Account != p.Account {
		return verdict{outcome: Ignored}
	}
	if e.State == TradeClosed {
		return verdict{outcome: Recorded, to: Closed}
	}
	// Only a trade that does not exist is judged by the clock: one that the platform still calls payable
	// is closed again until the platform says so.
	if p.State == Closing && e.State == TradeNone && p.Unpayable(c.now) {
		return verdict{outcome: Recorded, to: Closed}
	}
	return verdict{outcome: Ignored}
}

// decidePaid is decide for evidence of payment, which always wins, if it is about this very payment.
func decidePaid(p *Payment, e Evidence, c circumstances) verdict {
	switch {
	case p == nil:
		return verdict{outcome: Excepted, exception: UnknownOrder}
	case e.Wallet != p.Wallet || e.Account != p.Account:
		return verdict{outcome: Excepted, exception: ForeignMerchant}
	case e.Amount != p.Amount || e.Currency != CNY:
		return verdict{outcome: Excepted, exception: AmountMismatch}
	case p.State == Paid && e.TransactionID == p.TransactionID:
		return verdict{outcome: Replayed}
	case p.State == Paid || c.reused:
		return verdict{outcome: Excepted, exception: DuplicatePayment}
	case c.orderPaid:
		return verdict{outcome: Credited, to: Paid, exception: DuplicatePayment}
	case p.State == Closed || p.State == Rejected:
		return verdict{outcome: Credited, to: Paid, exception: LatePayment}
	}
	return verdict{outcome: Credited, to: Paid}
}

// Settle is the only way to "paid": it decides what e means and applies it in one transaction. When it
// returns without an error, what it did is on disk. Events are published after the commit.
func (t *Till) Settle(ctx context.Context, e Evidence) (Outcome, error) {
	if e.State == TradePaid && e.TransactionID == "" {
		return "", Errorf(Internal, "%s reported a payment without its transaction number.", e.Wallet)
	}
	var (
		v      verdict
		p      *Payment
		raised *Exception
	)
	err := t.Store.Update(ctx, func(tx Tx) (err error) {
		var c circumstances
		if p, c, err = surroundings(tx, e); err != nil {
			return err
		}
		v = decide(p, e, c)
		raised, err = t.apply(tx, p, e, v)
		return err
	})
	if err != nil {
		return "", err
	}
	if v.to != "" {
		t.publish(Event{Kind: PaymentChanged, Payment: p})
	}
	if raised != nil {
		t.publish(Event{Kind: ExceptionRaised, Exception: raised})
	}
	return v.outcome, nil
}

// surroundings reads what decide needs about e.
func surroundings(tx Tx, e Evidence) (*Payment, circumstances, error) {
	c := circumstances{now: tx.Now()}
	p, err := tx.Payment(e.OutTradeNo)
	if CodeOf(err) == NotFound {
		return nil, c, nil
	}
	if err != nil || e.State != TradePaid || p.State == Paid {
		return p, c, err
	}
	siblings, err := tx.PaymentsOf(p.OrderID)
	if err != nil {
		return nil, c, err
	}
	c.orderPaid = StatusOf(siblings) == OrderPaid
	switch _, err = tx.PaymentByTransaction(e.Wallet, e.TransactionID); {
	case err == nil:
		c.reused = true
	case CodeOf(err) != NotFound:
		return nil, c, err
	}
	return p, c, nil
}

// apply carries out v. It returns the exception if a new one was raised.
func (t *Till) apply(tx Tx, p *Payment, e Evidence, v verdict) (*Exception, error) {
	if v.to != "" {
		if err := t.applyState(tx, p, e, v); err != nil {
			return nil, err
		}
	}
	if v.exception == "" {
		return nil, nil
	}
	return raise(tx, Exception{
		Kind: v.exception, Wallet: e.Wallet, OutTradeNo: e.OutTradeNo,
		TransactionID: e.TransactionID, Amount: e.Amount,
	}, logOf(e))
}

// applyState moves p to v.to, with the ledger entry if that is paid.
func (t *Till) applyState(tx Tx, p *Payment, e Evidence, v verdict) error {
	from := p.State
	p.State = v.to
	if v.to == Paid {
		p.TransactionID, p.PaidAt, p.ConfirmedBy, p.SettledAt = e.TransactionID, e.At, e.Source, tx.Now()
	}
	if err := t.save(tx, p, from, AuditEntry{Actor: string(e.Source), Action: "settle", Detail: e.TransactionID}); err != nil {
		return err
	}
	if v.exception == "" { // with an exception, raise logs the evidence
		if err := tx.Log(logOf(e)); err != nil {
			return err
		}
	}
	if v.to != Paid {
		return nil
	}
	return tx.AddEntry(Entry{
		OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Counter: p.Counter, Cashier: p.Cashier,
		Amount: p.Amount, Day: t.Shop.Day(tx.Now()),
	})
}

// raise records an exception with its log line and audit row, once; a repetition returns nil.
func raise(tx Tx, x Exception, l LogEntry) (*Exception, error) {
	x.CreatedAt = tx.Now()
	raised, err := tx.Raise(x)
	if err != nil || !raised {
		return nil, err
	}
	if err := tx.Log(l); err != nil {
		return nil, err
	}
	subject := "exception " + x.OutTradeNo
	return &x, tx.Audit(AuditEntry{Actor: string(l.Source), Action: "raise", Subject: subject, To: string(x.Kind), Detail: x.TransactionID})
}

func logOf(e Evidence) LogEntry {
	return LogEntry{
		Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.TransactionID,
		Source: e.Source, State: string(e.State), Amount: e.Amount, Raw: e.Raw,
	}
}
