package pos_test

import (
	"math/rand/v2"
	"time"

	"saoma/pos"
)

// What the platforms do that no counter asked for. Each is rare, and each must end as money in the ledger or
// as a named exception.

// accidents plans them.
func (m *simPlatform) accidents(d *rand.Rand) {
	for range d.IntN(3) {
		w, until := pos.Wallets[d.IntN(2)], within(d, time.Second, 4*time.Minute)
		m.s.after(within(d, 0, dayLength), func() { m.fail(w, until) })
	}
	for _, w := range pos.Wallets {
		if chance(d, 40) {
			until := within(d, time.Second, 5*time.Minute)
			m.s.after(within(d, 0, dayLength), func() { m.drain(w, until) })
		}
	}
	for _, odd := range []func(){m.elsewhere, m.foreign, m.overcharge, m.revive, m.giveBack, m.reconsider} {
		if chance(d, 30) {
			m.s.after(within(d, dayLength/4, dayLength), odd)
		}
	}
}

// fail keeps a platform from being reached.
func (m *simPlatform) fail(w pos.Wallet, d time.Duration) {
	m.s.logf("%s cannot be reached for %s", w, d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down[w] = time.Now().Add(d)
}

// drain empties the shop's account at a platform, so that it refuses refunds.
func (m *simPlatform) drain(w pos.Wallet, d time.Duration) {
	m.s.logf("the account at %s is empty for %s", w, d)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.poor[w] = time.Now().Add(d)
}

// reconsider pays out what the platform had refused for want of money.
func (m *simPlatform) reconsider() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.refused {
		if r.t.refund(r.no) == nil && r.t.given()+r.amount <= r.t.amount {
			m.s.count(&m.s.counts.Odd)
			m.s.logf("%s pays out %s after all", r.t.wallet, m.s.name("R", r.no))
			m.begin(r.t, r.no, r.amount, false)
			return
		}
	}
}

// elsewhere takes money for an order of another counter under the shop's own account.
func (m *simPlatform) elsewhere() {
	m.mu.Lock()
	defer m.mu.Unlock()
	no := m.mint("ELSEWHERE")
	w := pos.Wallets[m.number%2]
	t := &simTrade{wallet: w, no: no, account: simAccount(w), amount: 990, asked: 990}
	m.trades[no] = t
	m.order = append(m.order, t)
	m.take(t)
	m.s.count(&m.s.counts.Odd)
	m.s.logf("%s takes 9.90 for %s, made elsewhere", w, m.s.name("P", no))
}

// foreign tells of a payment to another merchant.
func (m *simPlatform) foreign() {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &simTrade{wallet: pos.WeChat, no: m.mint("FOREIGN"), account: pos.Account{MerchantID: "other", AppID: "other"}, amount: 100}
	m.take(t)
	m.s.count(&m.s.counts.Odd)
	m.s.logf("%s tells of a payment to another merchant", t.wallet)
}

// overcharge has a customer pay another amount than the counter asked for.
func (m *simPlatform) overcharge() {
	if t := m.find(func(t *simTrade) bool { return t.state == pos.TradeUnpaid && m.s.wasShown(t.no) }); t != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		t.amount += 7
		m.take(t)
		m.s.count(&m.s.counts.Odd)
		m.s.logf("%s takes %s for %s instead of %s", t.wallet, t.amount, m.s.name("P", t.no), t.asked)
	}
}

// revive takes the money of a trade that the platform has closed already: the bank was slower than the close.
func (m *simPlatform) revive() {
	if t := m.find(func(t *simTrade) bool { return t.state == pos.TradeClosed && t.paidAt.IsZero() && m.s.wasShown(t.no) }); t != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		t.odd = true
		m.take(t)
		m.s.count(&m.s.counts.Odd)
		m.s.logf("%s takes the money for %s after its close", t.wallet, m.s.name("P", t.no))
	}
}

// giveBack refunds a payment on the platform's site. WeChat Pay tells of it.
func (m *simPlatform) giveBack() {
	t := m.find(func(t *simTrade) bool {
		return t.wallet == pos.WeChat && t.state == pos.TradePaid && t.given() < t.amount
	})
	if t == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &simRefund{no: m.mint("SITE"), id: m.mint("rid-"), amount: t.amount - t.given(), created: time.Now()}
	t.refunds = append(t.refunds, r)
	m.moveBack(t, r)
	m.s.count(&m.s.counts.Odd)
	m.s.logf("%s: %s of %s refunded on the site", t.wallet, r.amount, m.s.name("P", t.no))
}

// find returns the first trade that fits, or nil.
func (m *simPlatform) find(fits func(*simTrade) bool) *simTrade {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.order {
		t.tick(time.Now())
		if fits(t) {
			return t
		}
	}
	return nil
}

// heal ends what a person at the platform has to end: refunds that could not be paid out.
func (m *simPlatform) heal() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.order {
		for _, r := range t.refunds {
			if r.state == pos.RefundAbnormal && t.wallet == pos.WeChat {
				m.moveBack(t, r)
			}
			r.abnormal = false
		}
	}
}

// quiet reports whether no notification and no refund is under way.
func (m *simPlatform) quiet() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.order {
		for _, r := range t.refunds {
			if r.state != pos.RefundSucceeded && !r.stranded(t.wallet) {
				return false
			}
		}
	}
	return m.waiting == 0
}
