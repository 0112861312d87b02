package pos

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Poller asks the platforms about every attempt and refund that is not final. What is due is read from
// the store each time, so a restart takes everything up again; only when each was last asked is kept
// in memory, and forgetting that means asking at once.
type Poller struct {
	Till *Till

	mu     sync.Mutex
	asked  map[string]time.Time // by out_trade_no or out_refund_no
	pauses map[Wallet]pause     // after rate limits
	busy   map[Wallet]int       // questions in flight
	wake   chan struct{}
}

// pause keeps a wallet from being asked before until; it doubles with each rate limit in a row.
type pause struct {
	until  time.Time
	length time.Duration
}

const (
	firstAsk        = 2 * time.Second // after the code is shown
	fastInterval    = 2 * time.Second // in the first fastPeriod
	fastPeriod      = time.Minute
	slowInterval    = 5 * time.Second        // to the end of the code
	lateInterval    = time.Minute            // for what is still open after that
	probeInterval   = time.Minute            // a wallet that was not heard for so long is probed
	recoverInterval = 10 * time.Second       // a wallet that does not answer is probed
	readInterval    = 100 * time.Millisecond // at least between two reads of the store
	spread          = time.Millisecond       // between two questions that are due at once
	minPause        = 2 * time.Second
	maxPause        = time.Minute
	workers         = 8 // questions in flight to one wallet
)

// askInterval is how long after the question at asked the next one about p is due.
func askInterval(p *Payment, asked time.Time) time.Duration {
	begin := p.ShownAt
	if begin.IsZero() {
		begin = p.CreatedAt
	}
	switch {
	case asked.Sub(begin) < fastPeriod:
		return fastInterval
	case asked.Before(p.CodeExpiresAt().Add(SettleGrace)):
		return slowInterval
	}
	return lateInterval
}

// refundInterval is how long after the question at asked the next one about r is due.
func refundInterval(r *Refund, asked time.Time) time.Duration {
	switch age := asked.Sub(r.CreatedAt); {
	case age < fastPeriod:
		return fastInterval
	case age <= time.Hour:
		return 30 * time.Second
	}
	return 10 * time.Minute
}

// job is one question that is due at a time.
type job struct {
	key    string
	wallet Wallet
	due    time.Time
	ask    func(context.Context) error
}

// Run asks until ctx ends, then waits for the questions in flight.
func (p *Poller) Run(ctx context.Context) {
	p.mu.Lock()
	p.asked, p.pauses, p.busy = map[string]time.Time{}, map[Wallet]pause{}, map[Wallet]int{}
	p.wake = make(chan struct{}, 1)
	p.mu.Unlock()
	p.Till.Subscribe(func(e Event) {
		if e.Kind == PaymentChanged || e.Kind == RefundChanged {
			p.wakeUp()
		}
	})
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	for ctx.Err() == nil {
		next := time.Minute
		jobs, err := p.jobs(ctx)
		if err != nil && ctx.Err() == nil {
			p.Till.log().Error("poller cannot read the ledger", "error", err)
			next = fastInterval
		}
		for _, j := range jobs {
			if wait := j.due.Sub(p.Till.now()); wait > 0 {
				next = min(next, wait)
				continue
			}
			next = min(next, fastInterval)
			if p.begin(j) {
				inFlight.Go(func() { p.do(ctx, j) })
				p.sleep(ctx, spread, nil)
			}
		}
		p.sleep(ctx, readInterval, nil)
		p.sleep(ctx, next-readInterval, p.wake)
	}
}

// sleep waits for d, for wake or for ctx's end, whichever comes first. Where there is nothing to wait for,
// a wake that has come stays for the next time.
func (p *Poller) sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

func (p *Poller) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// do asks one question unless somebody else is asking it right now.
func (p *Poller) do(ctx context.Context, j job) {
	defer p.end(j)
	release, ok := p.Till.attempts.try(j.key)
	if !ok {
		return
	}
	defer release()
	begun := p.Till.now()
	err := p.ask(ctx, j)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch before := p.pauses[j.wallet]; {
	case begun.Before(before.until): // asked before the pause began: its answer says nothing new
	case err != nil && FailureOf(err) == RateLimited:
		length := min(max(2*before.length, minPause), maxPause)
		p.pauses[j.wallet] = pause{until: p.Till.now().Add(length), length: length}
	default:
		delete(p.pauses, j.wallet)
	}
}

// ask asks j's question. A defect in answering one must not end the counter with all the others.
func (p *Poller) ask(ctx context.Context, j job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = Errorf(Internal, "A question to %s failed inside the counter; look into the log.", j.wallet)
			p.Till.log().Error("poller recovered", "about", j.key, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	return j.ask(ctx)
}

// begin takes one of the wallet's places for j, so that a platform that hangs holds up no other. It
// reports false where none is free or the wallet has asked for patience since j was read.
func (p *Poller) begin(j job) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Till.now()
	if p.busy[j.wallet] == workers || p.pausedUntil(j.wallet, now).After(now) {
		return false
	}
	p.busy[j.wallet]++
	p.asked[j.key] = now
	return true
}

// end gives the place back.
func (p *Poller) end(j job) {
	p.mu.Lock()
	p.busy[j.wallet]--
	p.mu.Unlock()
	p.wakeUp()
}

// pausedUntil is when w may be asked again. A pause longer than any means that the clock was set back.
func (p *Poller) pausedUntil(w Wallet, now time.Time) time.Time {
	if until := p.pauses[w].until; until.Sub(now) <= maxPause {
		return until
	}
	return now
}

// jobs reads from the store what there is to ask, with the time each question is due.
func (p *Poller) jobs(ctx context.Context) ([]job, error) {
	var (
		payments []Payment
		refunds  []Refund
	)
	err := p.Till.Store.View(ctx, func(tx Tx) (err error) {
		if payments, err = tx.UnfinishedPayments(); err != nil {
			return err
		}
		refunds, err = tx.UnfinishedRefunds()
		return err
	})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Till.now()
	known := make(map[string]time.Time, len(payments)+len(refunds))
	var jobs []job
	add := func(key string, w Wallet, due time.Time, ask func(context.Context) error) {
		if t, ok := p.asked[key]; ok {
			known[key] = t
		}
		if until := p.pausedUntil(w, now); due.Before(until) {
			due = until
		}
		jobs = append(jobs, job{key: key, wallet: w, due: due, ask: ask})
	}
	for i := range payments {
		a := &payments[i]
		add(a.OutTradeNo, a.Wallet, p.due(a, now), func(ctx context.Context) error {
			return p.Till.step(ctx, a.OutTradeNo, FromPoll)
		})
	}
	for i := range refunds {
		r := &refunds[i]
		due := after(r.CreatedAt, firstAsk, now)
		if last, ok := p.asked[r.OutRefundNo]; ok {
			due = after(last, refundInterval(r, last), now)
		}
		add(r.OutRefundNo, r.Wallet, due, func(ctx context.Context) error {
			return p.Till.stepRefund(ctx, r.OutRefundNo, FromPoll)
		})
	}
	for _, w := range Wallets {
		if _, ok := p.Till.Gateways[w]; !ok {
			continue
		}
		key, interval := "probe "+string(w), probeInterval
		health := p.Till.Health(w)
		if health.State != Healthy {
			interval = recoverInterval
		}
		last := p.asked[key]
		if !health.HeardAt.After(now) { // else the clock was set back, and it says nothing
			last = later(last, health.HeardAt)
		}
		add(key, w, after(last, interval, now), func(ctx context.Context) error { return p.Till.Probe(ctx, w) })
	}
	p.asked = known // forget what is final
	slices.SortStableFunc(jobs, func(a, b job) int { return a.due.Compare(b.due) })
	return jobs, nil
}

// due is when the next question about a is due; its expiry counts too.
func (p *Poller) due(a *Payment, now time.Time) time.Time {
	begin := a.ShownAt
	if begin.IsZero() {
		begin = a.CreatedAt
	}
	due := after(begin, firstAsk, now)
	last, ok := p.asked[a.OutTradeNo]
	if ok {
		due = after(last, askInterval(a, last), now)
	}
	if a.State != Closing && a.ExpiresAt.Before(due) && last.Before(a.ExpiresAt) {
		due = a.ExpiresAt
	}
	return due
}

// after is wait after begin, and now where begin lies ahead: then the clock was set back.
func after(begin time.Time, wait time.Duration, now time.Time) time.Time {
	if begin.After(now) {
		return now
	}
	return begin.Add(wait)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
