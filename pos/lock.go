package pos

import (
	"context"
	"sync"
)

// locks lets one goroutine at a time work on each key.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed on release
}

// try takes the key if it is free.
func (l *locks) try(key string) (release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, taken := l.held[key]; taken {
		return nil, false
	}
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	released := make(chan struct{})
	l.held[key] = released
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, key)
		close(released)
	}, true
}

// with runs fn holding the key; where ctx ends before the key is free, it returns ctx's error instead.
func (l *locks) with(ctx context.Context, key string, fn func() error) error {
	for {
		if release, ok := l.try(key); ok {
			defer release()
			return fn()
		}
		l.mu.Lock()
		released := l.held[key]
		l.mu.Unlock()
		if released == nil {
			continue
		}
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
