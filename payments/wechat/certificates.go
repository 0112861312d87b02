package wechat

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
)

// How often certificates are refreshed, how long after a failure they are asked for again, and how far apart
// refreshes are at least that an unknown serial asks for: anybody can send one.
const (
	refreshEvery = 12 * time.Hour
	refreshGap   = time.Minute
	retryFirst   = 5 * time.Second
	retryMost    = 5 * time.Minute
)

// certificates downloads the platform certificates and keeps them fresh. Until the first download nothing verifies by
// them, so every answer is of unknown outcome.
type certificates struct {
	fetch  func(context.Context) ([]*x509.Certificate, error)
	failed func(error)
	cancel context.CancelFunc
	tried  chan struct{} // closed after the first attempt
	done   chan struct{}
	wanted chan struct{} // somebody has met a serial that is not here

	mu    sync.RWMutex
	all   *core.CertificateMap // never nil
	err   error                // of the last attempt
	since time.Time            // when attempts began to fail
}

var _ core.CertificateGetter = (*certificates)(nil)

// newCertificates makes what start brings to life.
func newCertificates(failed func(error)) *certificates {
	return &certificates{
		failed: failed, all: core.NewCertificateMapWithList(nil),
		tried: make(chan struct{}), done: make(chan struct{}), wanted: make(chan struct{}, 1),
	}
}

func (c *certificates) start(fetch func(context.Context) ([]*x509.Certificate, error)) {
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	c.fetch = fetch
	go func() {
		defer close(c.done)
		c.run(ctx)
	}()
}

func (c *certificates) stop() {
	c.cancel()
	<-c.done
}

func (c *certificates) run(ctx context.Context) {
	retry := retryFirst
	for first := true; ; first = false {
		wait := refreshEvery
		err := c.refresh(ctx)
		if first {
			close(c.tried)
		}
		if err != nil && ctx.Err() == nil {
			if c.failed != nil {
				c.failed(err)
			}
			wait, retry = retry, min(2*retry, retryMost)
		} else {
			retry = retryFirst
		}
		if !c.pause(ctx, wait) {
			return
		}
	}
}

// refresh asks once. It keeps what it has where that fails.
func (c *certificates) refresh(ctx context.Context) error {
	list, err := c.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("platform certificates: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.all, c.since = core.NewCertificateMapWithList(list), time.Time{}
	case c.err == nil:
		c.since = time.Now()
	}
	c.err = err
	select {
	case <-c.wanted: // what was missed before this attempt has been asked for by it
	default:
	}
	return err
}

// pause waits until the next refresh: that long, or less where a serial is wanted that is not here. It reports
// whether there is a next one.
func (c *certificates) pause(ctx context.Context, long time.Duration) bool {
	due, gap := time.NewTimer(long), time.NewTimer(refreshGap)
	defer due.Stop()
	defer gap.Stop()
	wanted, early := c.wanted, (<-chan time.Time)(nil)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-due.C:
			return true
		case <-early:
			return true
		case <-wanted:
			wanted, early = nil, gap.C
		}
	}
}

// failing is since when attempts fail, and why; err is nil while they work.
func (c *certificates) failing() (since time.Time, err error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.since, c.err
}

func (c *certificates) empty() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all.GetNewestSerial(context.Background()) == ""
}

// Get finds a certificate by the serial an answer names, however its leading zero is written. One that is not here is
// asked for at the next moment allowed.
func (c *certificates) Get(ctx context.Context, serial string) (*x509.Certificate, bool) {
	want, err := normalSerial(serial)
	if err != nil {
		return nil, false
	}
	c.wait(ctx)
	if cert := c.lookUp(want); cert != nil {
		return cert, true
	}
	select {
	case c.wanted <- struct{}{}:
	default: // asked for already
	}
	return nil, false
}

func (c *certificates) lookUp(serial string) *x509.Certificate {
	c.mu.RLock()
	defer c.mu.RUnlock()
	cert, ok := c.all.Get(context.Background(), serial)
	if !ok {
		return nil
	}
	if _, ok := cert.PublicKey.(*rsa.PublicKey); !ok {
		return nil
	}
	return cert
}

// GetAll returns the certificates by serial.
func (c *certificates) GetAll(ctx context.Context) map[string]*x509.Certificate {
	c.wait(ctx)
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all.GetAll(ctx)
}

// GetNewestSerial is what requests ask answers to be signed with; empty before the first download.
func (c *certificates) GetNewestSerial(ctx context.Context) string {
	c.wait(ctx)
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.all.GetNewestSerial(ctx)
}

// wait holds up who comes while the counter starts until the first attempt, rather than to ask for an answer that
// cannot be verified.
func (c *certificates) wait(ctx context.Context) {
	select {
	case <-c.tried:
	case <-ctx.Done():
	}
}

// normalSerial writes a certificate's serial as WeChat Pay does: two upper-case digits for each byte.
// Tools that print the number instead lose a leading zero, and the signature is then refused.
func normalSerial(s string) (string, error) {
	s = strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
	if s == "" || strings.Trim(s, "0123456789ABCDEF") != "" {
		return "", errors.New("it must be hexadecimal digits")
	}
	if len(s)%2 == 1 {
		s = "0" + s
	}
	return s, nil
}
