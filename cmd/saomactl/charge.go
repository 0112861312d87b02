package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// proofPatience is how long a charge waits for the proof that its code is closed.
const proofPatience = 10 * time.Second

// charge takes one payment: the whole core runs until it is final.
func (a *app) charge(ctx context.Context, f *flags, args []string) error {
	wallet, title, timeout := f.text("wallet", "wechat|alipay"), f.text("title", "TITLE"), f.text("timeout", "5m")
	arguments, err := f.parse(args, 1)
	if err != nil || a.asked(f) {
		return err
	}
	r := pos.ChargeRequest{Title: *title}
	if r.Amount, err = pos.ParseYuan(arguments[0]); err != nil {
		return err
	}
	if !f.given("wallet") {
		return pos.Errorf(pos.Invalid, "--wallet is missing; it must be wechat or alipay.")
	}
	if r.Wallet, err = pos.ParseWallet(*wallet); err != nil {
		return pos.Errorf(pos.Invalid, "--wallet must be wechat or alipay, not %q.", *wallet)
	}
	if err := pos.CheckTitle(r.Title); err != nil {
		return named("--title", err)
	}
	if r.Timeout, err = duration("--timeout", *timeout, pos.DefaultTimeout, pos.MinTimeout, pos.MaxTimeout); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if err := cfg.Shop.CheckAmount(r.Amount); err != nil {
		return err
	}
	if err := walletIsOn(cfg, r.Wallet); err != nil {
		return err
	}
	c, actor, err := a.openAs(ctx)
	if err != nil {
		return err
	}
	r.Cashier = actor
	return errors.Join((&charging{app: a, counter: c, actor: actor}).run(ctx, r), c.Close())
}

// walletIsOn refuses a wallet that saoma.toml has switched off.
func walletIsOn(cfg *config.Config, w pos.Wallet) error {
	if (w == pos.WeChat && cfg.WeChat.Enabled) || (w == pos.Alipay && cfg.Alipay.Enabled) {
		return nil
	}
	return pos.Errorf(pos.Setup, "--wallet %s is not set up at this counter; set enabled = true in the section [%s] of saoma.toml, or use the other wallet.", string(w), string(w))
}

// charging is one charge under way.
type charging struct {
	*app
	counter *counter.Counter
	actor   string
	no      string
	changed chan struct{} // something about the payment changed
	shown   bool          // the code was printed
}

// run charges and waits. The counter runs beside it until the payment's end is known.
func (c *charging) run(ctx context.Context, r pos.ChargeRequest) error {
	c.changed = make(chan struct{}, 1)
	till := c.counter.Till
	till.Subscribe(func(e pos.Event) {
		if e.Payment != nil && (e.Kind == pos.PaymentChanged || e.Kind == pos.NoAnswer) {
			select {
			case c.changed <- struct{}{}:
			default: // it will look anyway
			}
		}
	})
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(interrupt)
	if _, err := c.counter.Listen(); err != nil {
		c.warn(c.lang.Error(err))
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.counter.Run(running)
	}()
	defer func() { stop(); <-ended }()

	p, err := till.Charge(ctx, r)
	if err != nil {
		if p != nil && c.json {
			c.emit(c.ending(string(p.State), p), "")
		}
		return err
	}
	c.no = p.OutTradeNo
	return c.wait(ctx, p, interrupt)
}

// wait follows the payment to its end.
func (c *charging) wait(ctx context.Context, p *pos.Payment, interrupt <-chan os.Signal) (err error) {
	c.announce(p)
	var patience <-chan time.Time // runs once the code is withdrawn
	withdrawn := make(chan error, 1)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		if p.State.Final() {
			return c.final(p)
		}
		if p.State == pos.Waiting && !c.shown {
			c.announce(p)
		}
		if p.State == pos.Closing && patience == nil {
			patience = time.After(proofPatience)
		}
		select {
		case <-c.changed:
		case <-look.C:
		case <-patience:
			return c.unproved(p)
		case err := <-withdrawn:
			if err != nil && pos.CodeOf(err) != pos.Conflict { // conflict: it became final meanwhile
				return err
			}
		case sig := <-interrupt:
			if sig != os.Interrupt || p.State == pos.Closing {
				return c.left(p)
			}
			go func() {
				_, err := c.counter.Till.Cancel(ctx, c.no, c.actor)
				withdrawn <- err
			}()
		case <-ctx.Done():
			return c.left(p)
		}
		if p, err = c.counter.Till.Payment(context.WithoutCancel(ctx), c.no); err != nil {
			return err
		}
	}
}

// announced is what charge prints once the payment exists.
type announced struct {
	Event      string     `json:"event"`
	OutTradeNo string     `json:"out_trade_no"`
	Amount     pos.Fen    `json:"amount"`
	Wallet     pos.Wallet `json:"wallet"`
	CodeURL    string     `json:"code_url,omitempty"`
	ExpiresAt  time.Time  `json:"expires_at"`
	Message    string     `json:"message,omitempty"`
}

// announce prints the code, or that the platform has not answered yet.
func (c *charging) announce(p *pos.Payment) {
	zone := c.counter.Shop.TimeZone
	o := announced{
		Event: string(p.State), OutTradeNo: p.OutTradeNo, Amount: p.Amount, Wallet: p.Wallet,
		CodeURL: p.CodeURL, ExpiresAt: at(p.ExpiresAt, zone),
	}
	number := fmt.Sprintf("out_trade_no  %s", p.OutTradeNo)
	switch p.State {
	case pos.Waiting:
		c.shown = true
		c.emit(o, qr(p.CodeURL, c.terminal())+"\n"+c.lang.T("%s ¥%s, payable until %s", p.Wallet, p.Amount, p.ExpiresAt.In(zone).Format(time.TimeOnly))+"\n"+number+"\ncode_url      "+p.CodeURL)
	case pos.Created:
		o.Message = c.lang.T("%s has not answered yet; the counter goes on asking under the same number.", p.Wallet)
		if h := c.counter.Till.Health(p.Wallet); h.State == pos.Rejecting {
			o.Message = c.lang.Error(pos.Explain(p.Wallet, h.Err))
		}
		c.emit(o, o.Message+"\n"+number)
	}
}

// ended is what charge prints at the end.
type ended struct {
	Event         string           `json:"event"`
	OutTradeNo    string           `json:"out_trade_no"`
	Amount        pos.Fen          `json:"amount"`
	Wallet        pos.Wallet       `json:"wallet"`
	State         pos.PaymentState `json:"state"`
	TransactionID string           `json:"transaction_id,omitempty"`
	Source        pos.Source       `json:"source,omitempty"`
	PaidAt        time.Time        `json:"paid_at,omitzero"`
	Message       string           `json:"message,omitempty"`
}

func (c *charging) ending(event string, p *pos.Payment) ended {
	return ended{
		Event: event, OutTradeNo: p.OutTradeNo, Amount: p.Amount, Wallet: p.Wallet, State: p.State,
		TransactionID: p.TransactionID, Source: p.ConfirmedBy, PaidAt: at(p.PaidAt, c.counter.Shop.TimeZone),
	}
}

// final reports a payment that needs no more watching.
func (c *charging) final(p *pos.Payment) error {
	switch p.State {
	case pos.Paid:
		c.emit(c.ending("paid", p), c.lang.T("Paid ¥%s at %s, %s", p.Amount, clock(p.PaidAt, c.counter.Shop.TimeZone), sourceName(c.lang, p.ConfirmedBy)))
		return nil
	case pos.Rejected:
		return pos.Errorf(pos.Unavailable, "%s refused this payment; try the other wallet or ask the manager.", p.Wallet)
	}
	c.emit(c.ending("closed", p), c.lang.T("Closed without payment; %s confirmed that nothing can be paid any more.", p.Wallet))
	return errClosed
}

// unproved reports a code that was withdrawn while the platform does not prove yet that it is closed. One that
// refuses the shop's papers will not prove anything: that is an error of the set-up, not a sale that fell through.
func (c *charging) unproved(p *pos.Payment) error {
	if h := c.counter.Till.Health(p.Wallet); h.State == pos.Rejecting {
		c.complain(pos.Explain(p.Wallet, h.Err))
		return c.left(p)
	}
	o := c.ending("closed", p)
	o.Message = c.lang.T("The code is withdrawn, but %s cannot prove yet that nobody pays it; the next counter or saomactl serve on this data folder goes on watching it.", p.Wallet)
	c.emit(o, o.Message)
	return errClosed
}

// left reports a payment that this process stops watching.
func (c *charging) left(p *pos.Payment) error {
	o := c.ending("left", p)
	o.Message = c.lang.T("Stopped. The payment is still open; the next counter or saomactl serve on this data folder goes on watching it.")
	c.emit(o, o.Message)
	return errSaid
}
