package pos_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

// heldStore keeps the first Update after its commit from returning until released.
type heldStore struct {
	pos.Store
	held      atomic.Bool
	committed chan struct{}
	release   chan struct{}
}

func (s *heldStore) Update(ctx context.Context, fn func(pos.Tx) error) error {
	err := s.Store.Update(ctx, fn)
	if s.held.CompareAndSwap(false, true) {
		close(s.committed)
		<-s.release
	}
	return err
}

// Events come in the order of the commits, even where the first to commit is the last to come back.
func TestEventsKeepTheOrderOfCommits(t *testing.T) {
	c := newCounter(t)
	p := c.charge(pos.WeChat, 1250)
	var mu sync.Mutex
	var told []pos.PaymentState
	c.till.Subscribe(func(e pos.Event) {
		if e.Kind == pos.PaymentChanged {
			mu.Lock()
			told = append(told, e.Payment.State)
			mu.Unlock()
		}
	})
	s := &heldStore{Store: c.till.Store, committed: make(chan struct{}), release: make(chan struct{})}
	c.till.Store = s
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := c.till.Cancel(t.Context(), p.OutTradeNo, "li"); err != nil && pos.CodeOf(err) != pos.Conflict {
			t.Error(err)
		}
	})
	<-s.committed
	both.Go(func() { c.pay(p.OutTradeNo) })
	c.await(p.OutTradeNo, pos.Paid, 30*time.Second)
	close(s.release)
	both.Wait()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		n := len(told)
		mu.Unlock()
		if n == 2 {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(told, []pos.PaymentState{pos.Closing, pos.Paid}) {
		t.Errorf("told %v", told)
	}
	c.audit()
}
