package pos

import (
	"cmp"
	"context"
	"errors"
)

// Check asks the platform about one attempt now, because a person wants to know, and returns the
// attempt as it then stands. A platform that gives no clear answer is an Unavailable error.
func (t *Till) Check(ctx context.Context, outTradeNo string) (*Payment, error) {
	return t.stepNow(ctx, outTradeNo, FromCheck)
}

// Cancel withdraws an attempt: it closes the order at the platform and asks for the proof. The payment
// it returns is closed, or paid where the customer was faster, or closing where the proof is not to be
// had yet; the Poller goes on until it is.
func (t *Till) Cancel(ctx context.Context, outTradeNo, actor string) (*Payment, error) {
	var refusal error
	err := t.change(ctx, outTradeNo, func(tx Tx, p *Payment) (AuditEntry, bool) {
		refusal = cmp.Or(allow(tx, actor, CancelPayment), p.State.CanCancel())
		if refusal != nil || p.State == Closing {
			return AuditEntry{}, false
		}
		p.State = Closing
		return AuditEntry{Actor: actor, Action: "cancel"}, true
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	p, err := t.stepNow(ctx, outTradeNo, FromClose)
	if p != nil && CodeOf(err) == Unavailable {
		err = nil // its state, closing, says so
	}
	return p, err
}

// SwitchWallet offers the same order through another wallet. The old attempt is closed first; if it
// turns out paid, that wins and is returned. Where the platform proves that nobody has scanned the old
// code (an Alipay trade does not exist before the scan), the code is gone from the screen and the old
// attempt stays closing and watched, so the new one may begin.
func (t *Till) SwitchWallet(ctx context.Context, outTradeNo string, w Wallet, actor string) (*Payment, error) {
	if _, err := t.gateway(w); err != nil {
		return nil, err
	}
	old, err := t.Cancel(ctx, outTradeNo, actor)
	if err != nil {
		return old, err
	}
	if old.State == Paid {
		return old, nil
	}
	if old.State == Closing && !t.unscanned(ctx, old) {
		return old, Errorf(Unavailable, "%s has not confirmed yet that the first code is closed; wait a moment before offering another.", old.Wallet)
	}
	p, err := t.offer(ctx, old, w, actor, func(s *Payment) bool { return s.State == Created || s.State == Waiting })
	if p == nil {
		return old, err
	}
	return p, err
}

// Offer offers the order of a payment that waits through a second wallet as well, so that the customer
// chooses by scanning. Whichever is paid first wins, and the other is closed with proof; if both are
// paid, the second is a duplicate_payment to give back.
func (t *Till) Offer(ctx context.Context, outTradeNo string, w Wallet, actor string) (*Payment, error) {
	if _, err := t.gateway(w); err != nil {
		return nil, err
	}
	first, err := t.Payment(ctx, outTradeNo)
	if err != nil {
		return nil, err
	}
	if first.State != Created && first.State != Waiting {
		return nil, Errorf(Conflict, "This payment does not wait for the customer any more.")
	}
	return t.offer(ctx, first, w, actor, func(s *Payment) bool {
		return s.Wallet == w && (s.State == Created || s.State == Waiting)
	})
}

// offer makes a further attempt of the order that before belongs to, unless one of its attempts is in the way.
func (t *Till) offer(ctx context.Context, before *Payment, w Wallet, actor string, inTheWay func(*Payment) bool) (*Payment, error) {
	var p *Payment
	err := t.act(ctx, actor, TakePayment, func(tx Tx) ([]Event, error) {
		o, err := tx.Order(before.OrderID)
		if err != nil {
			return nil, err
		}
		if o.Status == OrderPaid {
			return nil, Errorf(Conflict, "This order has just been paid.")
		}
		siblings, err := tx.PaymentsOf(o.ID)
		if err != nil {
			return nil, err
		}
		for i := range siblings {
			if inTheWay(&siblings[i]) {
				return nil, Errorf(Conflict, "This order is already offered through %s.", siblings[i].Wallet)
			}
		}
		if p, err = t.addAttempt(tx, o, ChargeRequest{Wallet: w, Cashier: actor, Timeout: before.ExpiresAt.Sub(before.CreatedAt)}); err != nil {
			return nil, err
		}
		return changed(p), tx.SetOrderStatus(o.ID, OrderOpen)
	})
	if err != nil {
		return nil, err
	}
	return t.firstCreate(ctx, p)
}

// unscanned reports whether the platform says, verifiably, that p's trade does not exist.
func (t *Till) unscanned(ctx context.Context, p *Payment) bool {
	g, err := t.gateway(p.Wallet)
	if err != nil {
		return false
	}
	e, err := g.Query(ctx, p)
	return err == nil && e.State == TradeNone
}

// stepNow takes the attempt one step further, waiting for a question already in flight.
func (t *Till) stepNow(ctx context.Context, outTradeNo string, source Source) (*Payment, error) {
	asked := t.attempts.with(ctx, outTradeNo, func() error { return t.step(ctx, outTradeNo, source) })
	p, err := t.Payment(context.WithoutCancel(ctx), outTradeNo)
	if err != nil {
		return nil, err
	}
	if asked != nil && !p.State.Final() {
		return p, Explain(p.Wallet, asked)
	}
	return p, nil
}

// Explain turns what a platform's failure means into a sentence for the cashier.
func Explain(w Wallet, err error) error {
	switch e, ok := errors.AsType[*GatewayError](err); {
	case !ok && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return Errorf(Unavailable, "The question was given up before an answer came.").Because(err)
	case !ok:
		return err
	case e.Failure == Misconfigured:
		return Errorf(Setup, "%s does not accept this shop's papers; use the other wallet and call the manager.", w).Because(err)
	case e.Failure == RateLimited:
		return Errorf(Unavailable, "%s asks for patience; the counter goes on asking by itself.", w).Because(err)
	default:
		return Errorf(Unavailable, "%s has not given a clear answer yet; the counter goes on asking. Do not hand over the goods yet.", w).Because(err)
	}
}

// step asks the platform whatever the attempt's state calls for, and settles the answer. The caller
// holds the attempt's lock. The error is the platform's; nothing is lost by it.
func (t *Till) step(ctx context.Context, outTradeNo string, source Source) error {
	p, err := t.Payment(ctx, outTradeNo)
	if err != nil || p.State.Final() {
		return err
	}
	if p.State != Closing && !t.now().Before(p.ExpiresAt) {
		if err := t.move(ctx, p.OutTradeNo, p.State, Closing, "expire", ""); err != nil {
			return err
		}
		p.State = Closing
	}
	err = t.ask(ctx, p, source)
	if p.State == Closing {
		err = errors.Join(err, t.noteStuck(ctx, p, source))
	}
	return err
}

// ask asks the platform the question that p's state calls for.
func (t *Till) ask(ctx context.Context, p *Payment, source Source) error {
	g, err := t.gateway(p.Wallet)
	if err != nil {
		t.noAnswer(ctx, p, nil, err)
		return err
	}
	switch p.State {
	case Created:
		return t.create(ctx, g, p)
	case Closing:
		return t.close(ctx, g, p, source)
	default:
		return t.query(ctx, g, p, source)
	}
}

// noteStuck raises stuck_closing for an attempt that is still closing StuckAfter its code could last be paid.
func (t *Till) noteStuck(ctx context.Context, p *Payment, source Source) error {
	if !t.platformTime(p.Wallet, t.now()).After(p.CodeExpiresAt().Add(StuckAfter)) {
		return nil
	}
	return t.update(context.WithoutCancel(ctx), func(tx Tx) ([]Event, error) {
		now, err := tx.Payment(p.OutTradeNo)
		if err != nil || now.State != Closing {
			return nil, err
		}
		return raise(tx, Exception{
			Kind: StuckClosing, Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, Account: p.Account, Amount: p.Amount, Currency: CNY, Attempt: Closing,
		}, LogEntry{Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, Source: source, State: string(Closing), Amount: p.Amount})
	})
}

// close asks the platform to close p, then for the proof. Whatever close answers, only the query counts.
func (t *Till) close(ctx context.Context, g Gateway, p *Payment, source Source) error {
	closeErr := g.Close(ctx, p)
	if closeErr != nil {
		t.log().Info("close", "out_trade_no", p.OutTradeNo, "error", closeErr)
	}
	return t.query(ctx, g, p, source)
}

// query asks the platform about p and settles what it says.
func (t *Till) query(ctx context.Context, g Gateway, p *Payment, source Source) error {
	e, err := g.Query(ctx, p)
	t.heard(ctx, p.Wallet, err)
	if err != nil {
		t.noAnswer(ctx, p, nil, err)
		return err
	}
	e.Source = source
	_, err = t.Settle(context.WithoutCancel(ctx), e)
	return err
}

// Probe asks w's platform about a trade that cannot exist, so that the health light says something
// before the first sale.
func (t *Till) Probe(ctx context.Context, w Wallet) error {
	g, err := t.gateway(w)
	if err != nil {
		return err
	}
	now := t.now()
	_, err = g.Query(ctx, &Payment{OutTradeNo: t.Shop.mint(now), Wallet: w, Account: g.Account(), Amount: 1})
	t.heard(ctx, w, err)
	return err
}
