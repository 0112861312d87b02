package pos_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"saoma/pos"
)

// dayLength is how long people come and things go wrong.
const dayLength = 20 * time.Minute

// day is a day at the counter: orders, a manager, and accidents.
func (s *sim) day() {
	d := s.dice("day")
	for i := range 6 + d.IntN(7) {
		s.after(within(d, 0, dayLength), func() { s.serve(fmt.Sprint("order ", i)) })
	}
	for range 2 {
		s.after(within(d, dayLength/2, dayLength), s.manage)
	}
	if s.trouble > 0 {
		s.accidents(d)
	}
	time.Sleep(dayLength)
}

// accidents are what happens to the whole counter and at the platforms.
func (s *sim) accidents(d *rand.Rand) {
	for range d.IntN(3) {
		pause := within(d, time.Second, 3*time.Minute)
		s.after(within(d, 0, dayLength), func() { s.restart(pause) })
	}
	for range d.IntN(3) {
		how := int32(d.IntN(3))
		s.after(within(d, 0, dayLength), func() { s.crash(how) })
	}
	for range d.IntN(3) {
		jump := within(d, time.Second, []time.Duration{time.Minute, time.Hour, 6 * time.Hour}[d.IntN(3)])
		if chance(d, 50) {
			jump = -jump
		}
		back := within(d, time.Second, dayLength/2)
		s.after(within(d, 0, dayLength), func() { s.jump(jump, back) })
	}
	s.platform.accidents(d)
}

// crash kills the process now, or in its next transaction.
func (s *sim) crash(how int32) {
	if s.healed.Load() {
		return
	}
	c := s.up()
	if how == lives {
		c.kill("between two steps")
		return
	}
	c.doom.Store(how)
}

// jump sets the counter's clock, and right again later.
func (s *sim) jump(by, back time.Duration) {
	if s.healed.Load() {
		return
	}
	s.count(&s.counts.Jumps)
	s.logf("the clock jumps by %s for %s", by, back)
	s.skew.Add(int64(by))
	time.Sleep(back)
	if !s.healed.Load() {
		s.logf("the clock jumps back by %s", by)
		s.skew.Add(-int64(by))
	}
}

// serve is the cashier with one customer.
func (s *sim) serve(order string) {
	d := s.dice(order)
	s.count(&s.counts.Orders)
	w := pos.Wallets[d.IntN(2)]
	c := s.up()
	p, err := c.till.Charge(c.ctx, pos.ChargeRequest{
		Amount: pos.Fen(100 + d.IntN(5000)), Title: "奶茶", Wallet: w, Cashier: "li", Timeout: within(d, 20*time.Second, 5*time.Minute),
	})
	if p == nil {
		s.logf("charge: %v", err)
		return
	}
	s.logf("%s: charged %s through %s: %s (%v)", s.name("P", p.OutTradeNo), p.Amount, w, p.State, err)
	offered := []string{p.OutTradeNo}
	for range 1 + d.IntN(4) {
		time.Sleep(within(d, time.Second, 50*time.Second))
		offered = s.handle(d, offered)
	}
	if chance(d, 50) {
		s.giveBack(d, offered)
	}
}

// handle is the cashier doing one thing about the order, or waiting.
func (s *sim) handle(d *rand.Rand, offered []string) []string {
	c, no, other := s.up(), offered[d.IntN(len(offered))], pos.Wallets[d.IntN(2)]
	var (
		p    *pos.Payment
		err  error
		what string
	)
	switch d.IntN(7) {
	case 0, 1:
		return offered
	case 2:
		what = "check"
		p, err = c.till.Check(c.ctx, no)
	case 3, 4:
		what = "cancel"
		p, err = c.till.Cancel(c.ctx, no, "li")
	case 5:
		what = "switch"
		p, err = c.till.SwitchWallet(c.ctx, no, other, "li")
	case 6:
		what = "offer"
		p, err = c.till.Offer(c.ctx, no, other, "li")
	}
	state := pos.PaymentState("nothing")
	if p != nil {
		state = p.State
		if p.OutTradeNo != no {
			offered = append(offered, p.OutTradeNo)
			state += pos.PaymentState(" as " + s.name("P", p.OutTradeNo))
		}
		if !c.dead.Load() {
			s.told(p)
		}
	}
	s.logf("%s: %s: %s (%v)", s.name("P", no), what, state, err)
	return offered
}

// giveBack refunds what was paid of the order, in parts.
func (s *sim) giveBack(d *rand.Rand, offered []string) {
	for range 1 + d.IntN(3) {
		time.Sleep(within(d, time.Second, 2*time.Minute))
		c, no := s.up(), offered[d.IntN(len(offered))]
		p, err := c.till.Payment(c.ctx, no)
		if err != nil || p.State != pos.Paid {
			continue
		}
		amount := p.Amount
		if chance(d, 70) {
			amount = 1 + pos.Fen(d.Int64N(int64(p.Amount)))
		}
		r, err := c.till.Refund(c.ctx, pos.RefundRequest{OutTradeNo: no, Amount: amount, Reason: "退货", Actor: "wang"})
		if r == nil {
			s.logf("%s: refund of %s: %v", s.name("P", no), amount, err)
			continue
		}
		s.count(&s.counts.Refunds)
		s.logf("%s: refund of %s as %s: %s (%v)", s.name("P", no), amount, s.name("R", r.OutRefundNo), r.State, err)
	}
}

// visit is the customer who sees a code: scans it, pays it, sooner or later or not at all.
func (s *sim) visit(no, code string) {
	name := s.name("P", no)
	d := s.dice("customer " + name)
	if chance(d, 15) {
		return
	}
	wait := within(d, time.Second, 40*time.Second)
	if chance(d, 12) { // from a photograph
		wait = within(d, time.Minute, 12*time.Minute)
	}
	time.Sleep(wait)
	if err := s.platform.scan(no, code); err != nil {
		s.logf("the customer cannot scan %s: %v", name, err)
		return
	}
	s.logf("the customer scans %s", name)
	if chance(d, 15) {
		return
	}
	wait = within(d, time.Second, 30*time.Second)
	if chance(d, 12) {
		wait = within(d, time.Minute, 10*time.Minute)
	}
	time.Sleep(wait)
	if err := s.platform.pay(no, code); err != nil {
		s.logf("the customer cannot pay %s: %v", name, err)
		return
	}
	s.logf("the customer has paid %s", name)
	s.prompt(no)
}

// manage is the manager at the exceptions desk.
func (s *sim) manage() {
	c := s.up()
	list, err := c.till.Exceptions(c.ctx)
	if err != nil {
		s.logf("exceptions: %v", err)
		return
	}
	for _, x := range list {
		d := s.dice(fmt.Sprint("exception ", x.ID))
		time.Sleep(within(d, time.Second, 20*time.Second))
		choices := x.Choices()
		if len(choices) == 0 {
			s.violated("exception %d (%s) leaves the manager nothing to decide", x.ID, x.Kind)
			continue
		}
		if chance(d, 30) {
			continue // another time
		}
		r := choices[d.IntN(len(choices))]
		c := s.up()
		_, err := c.till.Resolve(c.ctx, x.ID, r, "manager", "looked into it")
		s.logf("exception %d (%s about %s) resolved: %s (%v)", x.ID, x.Kind, s.name("P", x.OutTradeNo), r, err)
		if err == nil {
			s.count(&s.counts.Resolved)
		}
	}
}
