package wechat

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"saoma/payments/internal/wire"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// How often certificates are refreshed, and how long after a failure they are asked for again.
const (
	refreshEvery = 12 * time.Hour
	retryFirst   = 5 * time.Second
	retryMost    = 5 * time.Minute
)

// certificates downloads the platform certificates and keeps them fresh. It drives the SDK's downloader
// itself: the SDK's manager discards every error of a refresh, and wants the network before it starts.
// Until the first download nothing verifies, so every answer is of unknown outcome.
type certificates struct {
	downloader atomic.Pointer[downloader.CertificateDownloader]
	failed     func(error)
	cancel     context.CancelFunc
	tried      chan struct{} // closed after the first attempt
	done       chan struct{}
}

var _ core.CertificateGetter = (*certificates)(nil)

func newCertificates(client *core.Client, apiV3Key string, failed func(error)) *certificates {
	ctx, cancel := context.WithCancel(context.Background())
	c := &certificates{failed: failed, cancel: cancel, tried: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.run(ctx, client, apiV3Key)
	}()
	return c
}

func (c *certificates) stop() {
	c.cancel()
	<-c.done
}

func (c *certificates) run(ctx context.Context, client *core.Client, apiV3Key string) {
	retry := retryFirst
	for first := true; ; first = false {
		wait := refreshEvery
		err := c.download(ctx, client, apiV3Key)
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
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// download fetches the certificates once. The SDK panics on an answer that leaves a field out or whose
// nonce is not 12 bytes long, and the first answer is not yet verified: so it recovers.
func (c *certificates) download(ctx context.Context, client *core.Client, apiV3Key string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("platform certificates: malformed answer (%v)", p)
		}
	}()
	if d := c.downloader.Load(); d != nil {
		err = d.DownloadCertificates(ctx)
	} else if d, err = downloader.NewCertificateDownloaderWithClient(ctx, client, apiV3Key); err == nil {
		c.downloader.Store(d)
	}
	if e, ok := errors.AsType[*core.APIError](err); ok { // its text dumps the headers
		return fmt.Errorf("platform certificates: HTTP %d %s", e.StatusCode, wire.Clean(e.Code))
	}
	if err != nil {
		return fmt.Errorf("platform certificates: %w", err)
	}
	return nil
}

// Get finds a certificate by the serial an answer names, however its leading zero is written.
func (c *certificates) Get(ctx context.Context, serial string) (*x509.Certificate, bool) {
	want, err := normalSerial(serial)
	if err != nil {
		return nil, false
	}
	for _, cert := range c.GetAll(ctx) {
		if _, ok := cert.PublicKey.(*rsa.PublicKey); ok && utils.GetCertificateSerialNumber(*cert) == want {
			return cert, true
		}
	}
	return nil, false
}

// GetAll returns the certificates by serial.
func (c *certificates) GetAll(ctx context.Context) map[string]*x509.Certificate {
	if d := c.current(ctx); d != nil {
		return d.GetAll(ctx)
	}
	return nil
}

// GetNewestSerial is what requests ask answers to be signed with; empty before the first download.
func (c *certificates) GetNewestSerial(ctx context.Context) string {
	if d := c.current(ctx); d != nil {
		return d.GetNewestSerial(ctx)
	}
	return ""
}

// current is the downloader, once it has something. Who comes while the counter starts waits for the
// first attempt, rather than to ask for an answer that cannot be verified.
func (c *certificates) current(ctx context.Context) *downloader.CertificateDownloader {
	select {
	case <-c.tried:
	case <-ctx.Done():
	}
	return c.downloader.Load()
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
