package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"saoma/pos"
	"saoma/pos/report"
)

// backlog is how many events serve may be behind before it leaves some out of its output.
const backlog = 4096

// serve runs the counter without a window until a signal.
func (a *app) serve(ctx context.Context, f *flags, args []string) error {
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	events := make(chan pos.Event, backlog)
	c.Till.Subscribe(func(e pos.Event) {
		select {
		case events <- e:
		default:
			c.Log.Warn("serve's output is behind; an event was left out of it")
		}
	})
	damaged := make(chan error, 1)
	c.OnDamage(func(err error) { damaged <- err })
	at, err := c.Listen()
	if err != nil {
		a.warn(a.lang.Error(err))
	}
	expected := ""
	if at != "" || c.Config.Tunnel.Kind != "none" { // a tunnel needs no port here
		expected = c.Config.NotifyBase()
	}
	words := a.lang.T("The counter is open; notifications are expected at %s.", expected)
	if expected == "" {
		words = a.lang.T("The counter is open; payments are confirmed by polling.")
	}
	a.emit(listening{Event: "listening", Notify: at, Expected: expected}, words)

	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	var reach string // as last told
	for {
		select {
		case e := <-events:
			if e.Kind == pos.ReachChanged {
				reach = a.tellReach(e.Reach, reach)
				continue
			}
			a.tell(e, c.Shop)
		case err := <-damaged:
			a.tellDamage(err)
		case err := <-ended:
			for len(events) > 0 {
				a.tell(<-events, c.Shop)
			}
			return errors.Join(err, c.Close())
		}
	}
}

// tellDamage prints that nothing is recorded any more.
func (a *app) tellDamage(err error) {
	words := a.lang.Error(err)
	a.emit(struct {
		Event   string `json:"event"`
		Message string `json:"message"`
	}{"damaged", words}, words)
}

// tellReach prints whether notifications arrive, where that is other news than before, and returns what was told.
func (a *app) tellReach(r pos.Reach, before string) string {
	words, message := "", ""
	switch r.State {
	case pos.Reached:
		words = a.lang.T("Notifications reach this counter, in %d ms.", r.RoundTrip.Milliseconds())
	case pos.Unreachable:
		r.RoundTrip = 0 // it is of the time before
		message = a.lang.Error(r.Err)
		words = a.lang.T("No notifications arrive; payments are confirmed by polling. %s", message)
	default: // nothing to tell yet, or ever
		return before
	}
	told := string(r.State) + message
	if told != before {
		a.emit(struct {
			Event     string         `json:"event"`
			State     pos.ReachState `json:"state"`
			RoundTrip int64          `json:"round_trip_ms,omitempty"`
			Message   string         `json:"message,omitempty"`
		}{"reach", r.State, r.RoundTrip.Milliseconds(), message}, words)
	}
	return told
}

// tell prints one event.
func (a *app) tell(e pos.Event, shop pos.Shop) {
	l, zone := a.lang, shop.TimeZone
	switch e.Kind {
	case pos.PaymentChanged:
		p := e.Payment
		v := viewPayment(p, zone)
		words := l.T("%s: %s ¥%s, %s", p.OutTradeNo, p.Wallet, p.Amount, stateName(l, p.State))
		if p.State == pos.Paid {
			words = l.T("%s, %s", words, sourceName(l, p.ConfirmedBy))
		}
		a.emit(struct {
			Event string `json:"event"`
			paymentView
		}{string(p.State), v}, words)
	case pos.RefundChanged:
		r := e.Refund
		a.emit(refunded{Event: "refund", refundView: viewRefund(r, zone)},
			l.T("Refund %s: ¥%s, %s", r.OutRefundNo, r.Amount, report.RefundName(l, r.State)))
	case pos.ExceptionRaised:
		x := viewException(e.Exception, zone)
		a.emit(struct {
			Event string `json:"event"`
			exceptionView
		}{"exception", x}, l.T("Exception %s: ¥%s, %s", report.ExceptionName(l, x.Kind), x.Amount, x.OutTradeNo)+"\n"+l.Error(e.Exception.Story()))
	case pos.ReconciliationChanged:
		a.tellReconciliation(e.Reconciliation, nil, true)
	case pos.NoAnswer:
		a.noAnswer(e)
	case pos.HealthChanged:
		words := l.T("%s is %s", e.Health.Wallet, healthName(l, e.Health.State))
		if err := e.Health.ClockError(); err != nil {
			words += "\n" + l.Error(err)
		}
		a.emit(struct {
			Event  string          `json:"event"`
			Wallet pos.Wallet      `json:"wallet"`
			State  pos.HealthState `json:"state"`
			Clock  pos.ClockState  `json:"clock,omitempty"`
			Skew   float64         `json:"skew_s,omitempty"` // the counter's clock less the platform's
		}{"health", e.Health.Wallet, e.Health.State, e.Health.Clock, e.Health.Skew.Seconds()}, words)
	}
}

// noAnswer prints that a platform was asked in vain; the counter goes on asking.
func (a *app) noAnswer(e pos.Event) {
	err := pos.Explain(e.Payment.Wallet, e.Err)
	words := a.lang.Error(err)
	if e.Refund != nil && pos.CodeOf(err) == pos.Unavailable { // Explain speaks of goods
		words = a.lang.T("%s has not given a clear answer about the refund %s yet; the counter goes on asking.", e.Payment.Wallet, e.Refund.OutRefundNo)
	}
	a.emit(struct {
		Event      string     `json:"event"`
		OutTradeNo string     `json:"out_trade_no"`
		Wallet     pos.Wallet `json:"wallet"`
		Message    string     `json:"message"`
	}{"no_answer", e.Payment.OutTradeNo, e.Payment.Wallet, words}, a.lang.T("%s: %s", e.Payment.OutTradeNo, words))
}
