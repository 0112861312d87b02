package pos_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// simNotice is one notification; the body that stands for it on the wire is its number.
type simNotice struct {
	name   string
	wallet pos.Wallet
	pos.Notice
}

// How long the platforms wait before they tell again, cut short where that only costs time.
var simResends = map[pos.Wallet][]time.Duration{
	pos.WeChat: {15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute},
	pos.Alipay: {4 * time.Minute, 10 * time.Minute, 10 * time.Minute},
}

// announce tells the merchant n until it is accepted or the schedule has run out. The caller holds the lock.
func (m *simPlatform) announce(t *simTrade, n pos.Notice) {
	if m.s.deaf {
		return
	}
	body := m.mint("notice-")
	note := simNotice{m.s.name("P", t.no), t.wallet, n}
	if n.Refund != nil {
		note.name = m.s.name("R", n.Refund.OutRefundNo)
	}
	m.notices[body] = note
	m.waiting++
	go func() {
		waits := append([]time.Duration{0}, simResends[t.wallet]...)
		for _, wait := range waits {
			time.Sleep(wait)
			if m.deliver(note, body) {
				break
			}
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.waiting--
	}()
}

// deliver tries once, and says whether the merchant accepted it.
func (m *simPlatform) deliver(n simNotice, body string) (accepted bool) {
	s := m.s
	d := s.dice("notify " + body)
	time.Sleep(within(d, 1, time.Second))
	what := d.IntN(1000)
	if s.healed.Load() {
		what = 1000
	}
	switch {
	case what < s.trouble:
		s.logf("%s: the notice about %s is lost", n.wallet, n.name)
		return false
	case what < 2*s.trouble: // overtaken by others
		time.Sleep(within(d, 0, 2*time.Minute))
	case what < 2*s.trouble+s.trouble/2:
		m.post(n, "forged "+body)
	case what < 3*s.trouble:
		time.Sleep(within(d, 1, 10*time.Millisecond))
		accepted = m.post(n, body)
		time.Sleep(within(d, 1, 10*time.Millisecond))
	}
	accepted = m.post(n, body) || accepted
	if accepted && chance(d, 10) { // platforms tell again although they were answered
		time.Sleep(within(d, time.Second, 5*time.Minute))
		m.post(n, body)
	}
	return accepted
}

// post gives the counter's handler one notification.
func (m *simPlatform) post(n simNotice, body string) bool {
	s := m.s
	s.mu.Lock()
	c := s.counter
	s.mu.Unlock()
	if c == nil || c.dead.Load() {
		s.logf("%s: nobody hears the notice about %s", n.wallet, n.name)
		return false
	}
	answer := httptest.NewRecorder()
	c.handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/notify/"+string(n.wallet), strings.NewReader(body)))
	if c.dead.Load() {
		return false // the connection broke
	}
	accepted := answer.Code == http.StatusOK && (n.wallet == pos.WeChat || answer.Body.String() == "success")
	s.logf("%s: %s about %s answered %d", n.wallet, strings.TrimRight(body, "0123456789-"), n.name, answer.Code)
	if accepted {
		s.count(&s.counts.Notices)
		s.accepted(c, n)
	}
	return accepted
}

// simDecoder verifies what post gives the handler.
type simDecoder struct {
	m      *simPlatform
	wallet pos.Wallet
}

func (m *simPlatform) decoders(map[pos.Wallet]pos.Gateway) map[pos.Wallet]notify.Decoder {
	return map[pos.Wallet]notify.Decoder{pos.WeChat: simDecoder{m, pos.WeChat}, pos.Alipay: simDecoder{m, pos.Alipay}}
}

func (v simDecoder) Notification(_ context.Context, _ http.Header, body []byte) (pos.Notice, error) {
	m := v.m
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.notices[string(body)]
	switch {
	case !ok || n.wallet != v.wallet:
		return pos.Notice{}, errors.New("the signature is not the platform's")
	case v.wallet == pos.WeChat && time.Duration(m.s.skew.Load()).Abs() > 5*time.Minute:
		return pos.Notice{}, errors.New("the timestamp is more than five minutes off")
	}
	return n.Notice, nil
}
