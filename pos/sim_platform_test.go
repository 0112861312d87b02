package pos_test

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"saoma/pos"
)

// simPlatform is both platforms as precisely as their gateways show them (see payments/sandbox for the wire):
// WeChat Pay has a trade from create on and never closes one by itself; Alipay has none before the scan,
// and closes it at its deadline.
type simPlatform struct {
	s       *sim
	mu      sync.Mutex
	trades  map[string]*simTrade
	order   []*simTrade
	notices map[string]simNotice // by the body that stands for each
	waiting int                  // notifications that will be tried again
	down    map[pos.Wallet]time.Time
	poor    map[pos.Wallet]time.Time // until when the shop's account there is empty
	refused []simRefusal
	number  int
}

type simTrade struct {
	wallet   pos.Wallet
	no       string
	account  pos.Account
	asked    pos.Fen // by the counter; amount is what the customer is charged
	amount   pos.Fen
	state    pos.TradeState
	code     string    // the one that lives
	dies     time.Time // the code, unless scanned
	deadline time.Time // no payment from here on
	txn      string
	paidAt   time.Time
	refunds  []*simRefund
	odd      bool // paid against the platform's own rules, after its close
}

type simRefund struct {
	no, id   string
	amount   pos.Fen
	state    pos.RefundState
	created  time.Time
	abnormal bool // it will not arrive by itself
}

// stranded says that the refund comes to nothing unless it is asked for again: Alipay moves no money later.
func (r *simRefund) stranded(w pos.Wallet) bool {
	return w == pos.Alipay && r.state == pos.RefundAbnormal
}

func newSimPlatform(s *sim) *simPlatform {
	return &simPlatform{s: s, trades: map[string]*simTrade{}, notices: map[string]simNotice{}, down: map[pos.Wallet]time.Time{}, poor: map[pos.Wallet]time.Time{}}
}

func simAccount(w pos.Wallet) pos.Account {
	return pos.Account{MerchantID: "M-" + string(w), AppID: "A-" + string(w)}
}

// mint makes the platform's own numbers.
func (m *simPlatform) mint(kind string) string {
	m.number++
	return fmt.Sprint(kind, m.number)
}

// payable says whether the customer who holds code could still pay, now or after a scan.
func (t *simTrade) payable(code string, now time.Time) bool {
	open := t.state == pos.TradeUnpaid || t.state == pos.TradeNone && now.Before(t.dies)
	return open && t.code == code && now.Before(t.deadline)
}

// tick lets the clock act.
func (t *simTrade) tick(now time.Time) {
	if t.wallet == pos.Alipay && t.state == pos.TradeUnpaid && !now.Before(t.deadline) {
		t.state = pos.TradeClosed
	}
}

func (t *simTrade) given() (sum pos.Fen) {
	for _, r := range t.refunds {
		if t.wallet == pos.WeChat || r.state == pos.RefundSucceeded {
			sum += r.amount
		}
	}
	return sum
}

func (t *simTrade) refund(no string) *simRefund {
	for _, r := range t.refunds {
		if r.no == no {
			return r
		}
	}
	return nil
}

// net is what the shop has of this trade.
func (t *simTrade) net() pos.Fen {
	if t.paidAt.IsZero() {
		return 0
	}
	sum := t.amount
	for _, r := range t.refunds {
		if r.state == pos.RefundSucceeded {
			sum -= r.amount
		}
	}
	return sum
}

// codeLife is how long a code of either platform can be scanned.
const codeLife = 2 * time.Hour

func (m *simPlatform) create(p *pos.Payment) (string, error) {
	now := time.Now()
	t := m.trades[p.OutTradeNo]
	if t != nil {
		t.tick(now)
		switch {
		case !t.paidAt.IsZero():
			return "", simFailure(p.Wallet, pos.AlreadyPaid, "paid")
		case t.state == pos.TradeClosed:
			return "", simFailure(p.Wallet, pos.Refused, "closed")
		}
	}
	if p.CodeExpiresAt().Before(now.Add(time.Minute)) {
		return "", simFailure(p.Wallet, pos.Refused, "the deadline is too near")
	}
	if t == nil {
		t = &simTrade{wallet: p.Wallet, no: p.OutTradeNo, account: p.Account, asked: p.Amount, amount: p.Amount, state: pos.TradeUnpaid}
		if p.Wallet == pos.Alipay {
			t.state = pos.TradeNone
		}
		t.deadline = p.CodeExpiresAt()
		m.trades[t.no] = t
		m.order = append(m.order, t)
	}
	if p.Wallet == pos.WeChat || t.code == "" || !now.Before(t.dies) { // WeChat Pay kills the older code
		t.code, t.dies = m.mint("code-"), now.Add(codeLife)
	}
	return t.code, nil
}

func (m *simPlatform) query(p *pos.Payment, stale bool) pos.Evidence {
	e := pos.Evidence{Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, Account: p.Account, Amount: p.Amount, Currency: pos.CNY, State: pos.TradeNone}
	t := m.trades[p.OutTradeNo]
	if t == nil {
		return e
	}
	t.tick(time.Now())
	switch {
	case t.state == pos.TradePaid && stale:
		e.State = pos.TradeUnpaid
	case t.state == pos.TradePaid:
		e = t.evidence()
	default:
		e.State = t.state
	}
	return e
}

// evidence is what the platform says of a paid trade.
func (t *simTrade) evidence() pos.Evidence {
	state := pos.TradePaid
	if t.wallet == pos.Alipay && t.given() == t.amount {
		state = pos.TradeClosed // fully refunded
	}
	return pos.Evidence{
		Wallet: t.wallet, OutTradeNo: t.no, TransactionID: t.txn, Account: t.account, Amount: t.amount, Currency: pos.CNY,
		State: state, At: t.paidAt, Raw: []byte(`{}`),
	}
}

func (m *simPlatform) shut(p *pos.Payment) error {
	t := m.trades[p.OutTradeNo]
	if t == nil {
		return nil
	}
	t.tick(time.Now())
	switch {
	case t.wallet == pos.WeChat && t.state == pos.TradePaid:
		return simFailure(p.Wallet, pos.AlreadyPaid, "paid")
	case t.state == pos.TradeUnpaid:
		t.state = pos.TradeClosed
	}
	return nil
}

// about is a copy of what the platform has under the number, or nil.
func (m *simPlatform) about(no string) *simTrade {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.trades[no]
	if t == nil {
		return nil
	}
	t.tick(time.Now())
	clone := *t
	clone.refunds = nil
	for _, r := range t.refunds {
		r := *r
		clone.refunds = append(clone.refunds, &r)
	}
	return &clone
}

func (m *simPlatform) numbers() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.order {
		list = append(list, t.no)
	}
	return list
}

func (m *simPlatform) close() {}

var errNotPayable = errors.New("not payable")

// scan is the customer's camera, pay the thumb.
func (m *simPlatform) scan(no, code string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.trades[no]
	if t == nil || !t.payable(code, time.Now()) {
		return errNotPayable
	}
	t.state = pos.TradeUnpaid
	return nil
}

func (m *simPlatform) pay(no, code string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.trades[no]
	if t == nil || !t.payable(code, time.Now()) {
		return errNotPayable
	}
	m.take(t)
	return nil
}

// take has the customer's money arrive.
func (m *simPlatform) take(t *simTrade) {
	t.state, t.txn, t.paidAt = pos.TradePaid, m.mint("txn-"), time.Now()
	e := t.evidence()
	e.Source = pos.FromNotification
	m.announce(t, pos.Notice{Payment: &e})
}

func simFailure(w pos.Wallet, f pos.Failure, why string) error {
	return &pos.GatewayError{Wallet: w, Failure: f, Code: why, Err: errors.New(why)}
}
