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
	siblings []Payment // the attempts of p's order, p among them; read only for evidence of payment
	ours     bool      // the evidence names this counter's account
	reused   bool      // the transaction already paid another payment
	now      time.Time // by the platform's clock, where that is known
}

// decide says what e means for p, which is nil where no such payment exists. It is pure.
func decide(p *Payment, e Evidence, c circumstances) verdict {
	if e.State == TradePaid {
		return decidePaid(p, e, c)
	}
	if p == nil || p.State.Final() || e.Wallet != p.Wallet || e.Account != p.Account {
		return verdict{outcome: Ignored}
	}
	if e.State == TradeClosed && e.Amount == p.Amount {
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
	case p == nil && !c.ours:
		return verdict{outcome: Excepted, exception: ForeignMerchant}
	case p == nil && c.reused:
		return verdict{outcome: Excepted, exception: DuplicatePayment}
	case p == nil:
		return verdict{outcome: Excepted, exception: UnknownOrder}
	case e.Wallet != p.Wallet || e.Account != p.Account:
		return verdict{outcome: Excepted, exception: ForeignMerchant}
	case p.State != Paid && c.reused:
		return verdict{outcome: Excepted, exception: DuplicatePayment}
	case e.Amount != p.Amount || e.Currency != CNY:
		return verdict{outcome: Excepted, exception: AmountMismatch}
	case p.State == Paid && e.TransactionID == p.TransactionID:
		return verdict{outcome: Replayed}
	case p.State == Paid:
		return verdict{outcome: Excepted, exception: DuplicatePayment}
	case StatusOf(c.siblings) == OrderPaid:
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
	var v verdict
	err := t.update(ctx, func(tx Tx) ([]Event, error) {
		p, c, err := t.surroundings(tx, e)
		if err != nil {
			return nil, err
		}
		v = decide(p, e, c)
		return t.apply(tx, p, e, c, v)
	})
	if err != nil {
		return "", err
	}
	return v.outcome, nil
}

// surroundings reads what decide needs about e.
func (t *Till) surroundings(tx Tx, e Evidence) (*Payment, circumstances, error) {
	c := circumstances{now: t.platformTime(e.Wallet, tx.Now())}
	if g, ok := t.Gateways[e.Wallet]; ok {
		c.ours = g.Account() == e.Account
	}
	p, err := tx.Payment(e.OutTradeNo)
	if CodeOf(err) == NotFound {
		p, err = nil, nil
	}
	if err != nil || e.State != TradePaid || p != nil && p.State == Paid {
		return p, c, err
	}
	if p != nil {
		if c.siblings, err = tx.PaymentsOf(p.OrderID); err != nil {
			return nil, c, err
		}
	}
	switch _, err = tx.PaymentByTransaction(e.Wallet, e.TransactionID); {
	case err == nil:
		c.reused = true
	case CodeOf(err) != NotFound:
		return nil, c, err
	}
	return p, c, nil
}

// apply carries out v and returns what to publish once it is committed.
func (t *Till) apply(tx Tx, p *Payment, e Evidence, c circumstances, v verdict) (changes []Event, err error) {
	switch v.to {
	case Paid:
		changes, err = t.credit(tx, p, c.siblings, e, string(e.Source))
	case Closed:
		from := p.State
		p.State = Closed
		changes = changed(p)
		err = t.save(tx, p, from, AuditEntry{Actor: string(e.Source), Action: "settle"})
	}
	if err != nil {
		return nil, err
	}
	if v.exception == "" {
		if v.to != "" {
			err = tx.Log(logOf(e))
		}
		return changes, err
	}
	x := Exception{
		Kind: v.exception, Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.TransactionID,
		Account: e.Account, Amount: e.Amount, Currency: e.Currency, PaidAt: e.At, Credited: v.to == Paid,
	}
	if p != nil {
		x.Attempt = p.State
	}
	raised, err := raise(tx, x, logOf(e))
	return append(changes, raised...), err
}

// credit books p as paid with its ledger entry, and withdraws its order's other attempts. actor is who or
// what vouches for e. It returns what to publish once this is committed.
func (t *Till) credit(tx Tx, p *Payment, siblings []Payment, e Evidence, actor string) ([]Event, error) {
	from := p.State
	p.State, p.TransactionID, p.PaidAt, p.ConfirmedBy, p.SettledAt = Paid, e.TransactionID, e.At, e.Source, tx.Now()
	if err := t.save(tx, p, from, AuditEntry{Actor: actor, Action: "settle", Detail: e.TransactionID}); err != nil {
		return nil, err
	}
	if err := t.enter(tx, Entry{
		OutTradeNo: p.OutTradeNo, Wallet: p.Wallet, Counter: p.Counter, Cashier: p.Cashier, Amount: p.Amount,
	}); err != nil {
		return nil, err
	}
	withdrawn, err := t.withdraw(tx, siblings, p)
	return append(changed(p), withdrawn...), err
}

// enter appends a ledger entry to the business day that takes entries now.
func (t *Till) enter(tx Tx, e Entry) (err error) {
	if e.Day, err = t.taking(tx); err != nil {
		return err
	}
	return tx.AddEntry(e)
}

// withdraw takes the order's other attempts from the customer, now that paid is: each is closing from here
// on, and the Poller sees to the proof.
func (t *Till) withdraw(tx Tx, siblings []Payment, paid *Payment) (changes []Event, err error) {
	for i := range siblings {
		p := &siblings[i]
		if p.OutTradeNo == paid.OutTradeNo || (p.State != Created && p.State != Waiting) {
			continue
		}
		from := p.State
		p.State = Closing
		if err := t.save(tx, p, from, AuditEntry{Actor: "till", Action: "withdraw", Detail: paid.OutTradeNo}); err != nil {
			return nil, err
		}
		changes = append(changes, changed(p)...)
	}
	return changes, nil
}

// raise records an exception with its log line and audit row, once, and returns what to publish: nothing
// for a repetition.
func raise(tx Tx, x Exception, l LogEntry) ([]Event, error) {
	x.CreatedAt = tx.Now()
	raised, err := tx.Raise(&x)
	if err != nil || !raised {
		return nil, err
	}
	if err := tx.Log(l); err != nil {
		return nil, err
	}
	err = tx.Audit(AuditEntry{Actor: string(l.Source), Action: "raise", Subject: x.subject(), To: string(x.Kind), Detail: x.TransactionID})
	return []Event{{Kind: ExceptionRaised, Exception: &x}}, err
}

func logOf(e Evidence) LogEntry {
	return LogEntry{
		Wallet: e.Wallet, OutTradeNo: e.OutTradeNo, TransactionID: e.TransactionID,
		Source: e.Source, State: string(e.State), Amount: e.Amount, Raw: e.Raw,
	}
}
