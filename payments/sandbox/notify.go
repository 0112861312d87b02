package sandbox

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// How long each platform waits before it sends a notification again.
var (
	wechatResends = []time.Duration{
		15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
		30 * time.Minute, 30 * time.Minute, 30 * time.Minute, time.Hour,
		3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour, 6 * time.Hour,
	}
	alipayResends = []time.Duration{
		4 * time.Minute, 10 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 15 * time.Hour,
	}
)

const (
	notifyTimeout = 5 * time.Second  // what both platforms allow the merchant
	overtakenIn   = 10 * time.Second // a reordered notification waits no longer for the next one
	lateness      = 5 * time.Second
)

// notice is one notification, kept until it was accepted or its schedule ran out. The fact it tells is fixed when it
// happens; the time and the signature are of each attempt.
type notice struct {
	ID       string
	URL      string
	Event    string // WeChat: TRANSACTION.SUCCESS, REFUND.SUCCESS, …; Alipay: trade_status_sync
	Fact     string // WeChat: the resource's JSON; Alipay: the form without notify_time and signature
	Serial   string `json:",omitempty"` // WeChat: what the request asked to be signed with
	Created  time.Time
	Attempts int
	Next     time.Time
	Done     bool
}

// notifyClient follows no redirects and uses no proxy, as the platforms do not.
func notifyClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.MaxIdleConnsPerHost = 64 // a busy shop is one host
	return &http.Client{
		Transport:     t,
		Timeout:       notifyTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// announce sends a notice at once and again by schedule. The caller holds the lock and saves the order.
func (s *Sandbox) announce(t *trade, n *notice) {
	n.Created, n.Next = s.now(), s.now()
	t.Notices = append(t.Notices, n)
	s.send(t, n)
}

// send works a notice off in the background. The caller holds the lock.
func (s *Sandbox) send(t *trade, n *notice) {
	if s.ctx.Err() != nil {
		return // due again after a restart
	}
	wallet, no := t.Wallet, t.OutTradeNo
	first := n.Next.Sub(s.now())
	s.work.Go(func() {
		for wait := first; s.sleep(s.ctx, wait); {
			ok := s.attempt(wallet, no, n)
			var done bool
			if wait, done = s.attempted(t, n, ok); done {
				return
			}
		}
	})
}

// attempted notes how an attempt went and says when the next one is due, or that there is none.
func (s *Sandbox) attempted(t *trade, n *notice, ok bool) (wait time.Duration, done bool) {
	if s.ctx.Err() != nil {
		return 0, true // closing cut it short: it is due again after a restart
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.save(t)
	resends := wechatResends
	if t.Wallet == Alipay {
		resends = alipayResends
	}
	n.Attempts++
	if n.Done = ok || n.Attempts > len(resends); n.Done {
		return 0, true
	}
	wait = s.sooner(resends[n.Attempts-1])
	n.Next = s.now().Add(wait)
	return wait, false
}

// attempt delivers a notice once, as the faults have it, and says whether the merchant accepted it.
func (s *Sandbox) attempt(wallet, outTradeNo string, n *notice) bool {
	f := s.faults.take(wallet, opNotify, outTradeNo)
	switch f.Kind {
	case FaultLost:
		return false
	case FaultLate, FaultDelay:
		d := f.Delay
		if d == 0 {
			d = lateness
		}
		if !s.sleep(s.ctx, d) {
			return false
		}
	case FaultReordered:
		s.waitOvertaken()
	case FaultForged, FaultProbe:
		s.post(wallet, n, f.Kind)
		f.Kind = "" // then the real one
	case FaultDuplicate:
		var twin bool
		done := make(chan struct{})
		go func() { defer close(done); twin = s.post(wallet, n, "") }()
		ok := s.post(wallet, n, "")
		<-done
		return ok || twin
	}
	ok := s.post(wallet, n, f.Kind)
	s.overtake()
	s.log.Info("notified", "wallet", wallet, "out_trade_no", outTradeNo, "accepted", ok, "fault", f.Kind)
	return ok
}

// post delivers a notice once. The client's time-out begins with the request: what it takes to make one, an attacker's key
// included, is not the merchant's time.
func (s *Sandbox) post(wallet string, n *notice, fault FaultKind) bool {
	build, accepted := s.wechatMessage, wechatAccepted
	if wallet == Alipay {
		build, accepted = s.alipayMessage, alipayAccepted
	}
	req, err := build(s.ctx, n, fault)
	if err != nil {
		s.log.Error("notification not built", "err", err)
		return false
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.log.Warn("notification not delivered", "wallet", wallet, "err", err)
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return err == nil && fault != FaultForged && fault != FaultProbe && accepted(res.StatusCode, body)
}

// waitOvertaken holds a notification back until another one has been delivered.
func (s *Sandbox) waitOvertaken() {
	ch := make(chan struct{})
	s.mu.Lock()
	s.held = append(s.held, ch)
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, overtakenIn)
	defer cancel()
	select {
	case <-ch:
	case <-ctx.Done():
		s.mu.Lock()
		s.held = slices.DeleteFunc(s.held, func(c chan struct{}) bool { return c == ch })
		s.mu.Unlock()
	}
}

// overtake lets held notifications go: another one has just been delivered.
func (s *Sandbox) overtake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ch := range s.held {
		close(ch)
	}
	s.held = nil
}
