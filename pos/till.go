// Package pos is the domain of a counter that takes payments by QR code: orders, payment attempts,
// refunds, the evidence that settles them, and the use cases of the till. It knows no platform, no
// database and no window; these implement its Gateway, Store and subscribers.
package pos

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Till is the use cases. All fields are set before the first call and not changed after. Its methods
// may be called from any goroutine; those that ask a platform may take seconds.
type Till struct {
	Shop     Shop
	Store    Store
	Gateways map[Wallet]Gateway
	Log      *slog.Logger     // nil: discarded
	Now      func() time.Time // nil: time.Now

	bus
	row      row   // of those who publish what they committed
	attempts locks // one question in flight per attempt or refund
}

// DefaultTimeout is how long a code is shown unless asked otherwise; it is at least MinTimeout and at
// most MaxTimeout, because a platform's code lives two hours.
const (
	DefaultTimeout = 5 * time.Minute
	MinTimeout     = time.Second
	MaxTimeout     = 2*time.Hour - 2*CodeGrace
)

// ChargeRequest is what a cashier keyed in.
type ChargeRequest struct {
	Amount  Fen
	Title   string // optional
	Wallet  Wallet
	Cashier string
	Timeout time.Duration // zero: DefaultTimeout
}

// Charge makes an order with its first payment attempt and asks the wallet's platform for a code. The
// payment it returns is waiting, or still created where the platform's answer is not clear yet (the
// Poller goes on asking); the error then is nil. A definite refusal returns the rejected payment and
// the sentence why.
func (t *Till) Charge(ctx context.Context, r ChargeRequest) (*Payment, error) {
	if err := t.checkCharge(&r); err != nil {
		return nil, err
	}
	var p *Payment
	err := t.act(ctx, r.Cashier, TakePayment, func(tx Tx) (_ []Event, err error) {
		o, err := t.addOrder(tx, r.Title, r.Amount, r.Cashier)
		if err != nil {
			return nil, err
		}
		p, err = t.addAttempt(tx, o, r)
		return changed(p), err
	})
	if err != nil {
		return nil, err
	}
	return t.firstCreate(ctx, p)
}

// addOrder records an order of one line.
func (t *Till) addOrder(tx Tx, title string, total Fen, cashier string) (*Order, error) {
	o := &Order{
		Status: OrderOpen, Title: title, Total: total, Lines: []Line{{Title: title, Quantity: 1, Price: total}},
		Counter: t.Shop.Counter, Cashier: cashier, CreatedAt: tx.Now(), Day: t.Shop.Day(tx.Now()),
	}
	return o, tx.AddOrder(o)
}

func (t *Till) checkCharge(r *ChargeRequest) error {
	if r.Timeout == 0 {
		r.Timeout = DefaultTimeout
	}
	if r.Timeout < MinTimeout || r.Timeout > MaxTimeout {
		return Errorf(Invalid, "The time-out must be between %s and %s.", MinTimeout, MaxTimeout)
	}
	if err := t.Shop.CheckAmount(r.Amount); err != nil {
		return err
	}
	if err := CheckTitle(r.Title); err != nil {
		return err
	}
	_, err := t.gateway(r.Wallet)
	return err
}

func (t *Till) gateway(w Wallet) (Gateway, error) {
	g, ok := t.Gateways[w]
	if !ok {
		return nil, Errorf(Setup, "%s is not set up at this counter; use the other wallet or ask the manager.", w)
	}
	return g, nil
}

// addAttempt makes a payment attempt durable before anything leaves the machine.
func (t *Till) addAttempt(tx Tx, o *Order, r ChargeRequest) (*Payment, error) {
	g, err := t.gateway(r.Wallet)
	if err != nil {
		return nil, err
	}
	p := &Payment{
		OutTradeNo: t.Shop.mint(tx.Now()), OrderID: o.ID, Wallet: r.Wallet, Account: g.Account(),
		Amount: o.Total, Title: o.Title, Counter: t.Shop.Counter, Cashier: r.Cashier, State: Created,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(r.Timeout), Day: t.Shop.Day(tx.Now()),
	}
	if err := tx.AddPayment(p); err != nil {
		return nil, err
	}
	return p, tx.Audit(AuditEntry{
		Actor: r.Cashier, Action: "charge", Subject: p.OutTradeNo, To: string(Created),
		Detail: string(p.Wallet) + " " + p.Amount.String(),
	})
}

// firstCreate asks for the code of a new attempt and tells the caller only what is definite.
func (t *Till) firstCreate(ctx context.Context, p *Payment) (*Payment, error) {
	err := t.attempts.with(ctx, p.OutTradeNo, func() error { return t.step(ctx, p.OutTradeNo, FromPoll) })
	after, viewErr := t.Payment(context.WithoutCancel(ctx), p.OutTradeNo)
	if viewErr != nil {
		return p, viewErr
	}
	if after.State == Rejected {
		return after, Errorf(Unavailable, "%s refused this payment; try the other wallet or ask the manager.", p.Wallet).Because(err)
	}
	return after, nil
}

// create asks the platform for p's code; it may be repeated. The caller holds p's lock. The error says
// what the platform answered; the ledger already has what follows from it.
func (t *Till) create(ctx context.Context, g Gateway, p *Payment) error {
	code, err := g.Create(ctx, p)
	t.heard(ctx, p.Wallet, err)
	saved := context.WithoutCancel(ctx) // an answer that was heard is kept
	switch {
	case err == nil:
		return t.show(saved, p, code)
	case FailureOf(err) == Refused:
		return errors.Join(err, t.move(saved, p.OutTradeNo, Created, Rejected, "reject", err.Error()))
	case FailureOf(err) == AlreadyPaid:
		return t.query(ctx, g, p, FromPoll)
	}
	t.noAnswer(ctx, p, nil, err)
	return err
}

// show records the code, so that it can be shown, unless the attempt was withdrawn meanwhile: then
// nobody ever sees it.
func (t *Till) show(ctx context.Context, p *Payment, code string) error {
	return t.change(ctx, p.OutTradeNo, func(tx Tx, p *Payment) (AuditEntry, bool) {
		if p.State != Created {
			return AuditEntry{}, false
		}
		p.State, p.CodeURL, p.ShownAt = Waiting, code, tx.Now()
		return AuditEntry{Actor: "till", Action: "show"}, true
	})
}

// move takes the attempt from one state to another, and does nothing if it is not in the first any more.
func (t *Till) move(ctx context.Context, outTradeNo string, from, to PaymentState, action, detail string) error {
	return t.change(ctx, outTradeNo, func(_ Tx, p *Payment) (AuditEntry, bool) {
		if p.State != from {
			return AuditEntry{}, false
		}
		p.State = to
		return AuditEntry{Actor: "till", Action: action, Detail: detail}, true
	})
}

// change applies fn to the attempt in one transaction with its audit row and the order's status, and
// publishes the result. fn returns false to leave everything as it is.
func (t *Till) change(ctx context.Context, outTradeNo string, fn func(Tx, *Payment) (AuditEntry, bool)) error {
	return t.update(ctx, func(tx Tx) ([]Event, error) {
		p, err := tx.Payment(outTradeNo)
		if err != nil {
			return nil, err
		}
		from := p.State
		audit, ok := fn(tx, p)
		if !ok {
			return nil, nil
		}
		return changed(p), t.save(tx, p, from, audit)
	})
}

// changed is the event that tells of p.
func changed(p *Payment) []Event { return []Event{{Kind: PaymentChanged, Payment: p}} }

// save stores a payment whose state changed, its audit row, and what follows for its order.
func (t *Till) save(tx Tx, p *Payment, from PaymentState, audit AuditEntry) error {
	if err := tx.SavePayment(p, from); err != nil {
		return err
	}
	audit.Subject, audit.From, audit.To = p.OutTradeNo, string(from), string(p.State)
	if err := tx.Audit(audit); err != nil {
		return err
	}
	if !p.State.Final() {
		return nil // its order was open and stays so
	}
	if p.State == Paid {
		return tx.SetOrderStatus(p.OrderID, OrderPaid)
	}
	siblings, err := tx.PaymentsOf(p.OrderID)
	if err != nil {
		return err
	}
	return tx.SetOrderStatus(p.OrderID, StatusOf(siblings))
}

// Payment returns one attempt as the ledger has it.
func (t *Till) Payment(ctx context.Context, outTradeNo string) (p *Payment, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		p, err = tx.Payment(outTradeNo)
		return err
	})
	return p, err
}

// Recent returns the last n attempts, newest first.
func (t *Till) Recent(ctx context.Context, n int) (list []Payment, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.RecentPayments(n)
		return err
	})
	return list, err
}

// Resume returns every attempt that was not final when the process ended and publishes each, so that
// the windows show them again. The Poller, once running, asks for all of them at once.
func (t *Till) Resume(ctx context.Context) (list []Payment, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.UnfinishedPayments()
		return err
	})
	for i := range list {
		t.publish(Event{Kind: PaymentChanged, Payment: &list[i]})
	}
	return list, err
}

// noAnswer tells that the platform gave no clear answer about p, or about its refund r where r is not
// nil; a question that was given up here says nothing of the platform.
func (t *Till) noAnswer(ctx context.Context, p *Payment, r *Refund, err error) {
	if ctx.Err() != nil {
		return
	}
	log := t.log().With("wallet", p.Wallet, "out_trade_no", p.OutTradeNo)
	if r != nil {
		log = log.With("out_refund_no", r.OutRefundNo)
	}
	log.Warn("no clear answer", "error", err)
	t.publish(Event{Kind: NoAnswer, Payment: p, Refund: r, Err: err})
}

func (t *Till) log() *slog.Logger {
	if t.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.Log
}

func (t *Till) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
