// Package wire is what the platforms' clients share below their protocols: an HTTP client with bounds, the addresses
// it may be pointed at, the platform's clock, and words made fit for a log.
package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"saoma/pos"
)

// MaxAnswer bounds the body of an answer in bytes, after decompression. Real ones are below 10 KiB.
const MaxAnswer = 1 << 20

// ErrTooLarge is a body beyond its bound.
var ErrTooLarge = errors.New("the answer is too large")

// Beijing is the zone of every time told to a platform, and of every time it writes without one.
var Beijing = time.FixedZone("CST", 8*60*60)

// NewClient returns a client whose every call is bounded by pos.CallTimeout and whose every body by limit bytes,
// which follows no redirect (a redirect is never the platform's answer) and which lets clock hear every answer.
// A nil transport is one with pos.ConnectTimeout and TLS 1.2 or later.
func NewClient(transport http.RoundTripper, limit int, clock *Clock) *http.Client {
	if transport == nil {
		dialer := &net.Dialer{Timeout: pos.ConnectTimeout}
		transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: pos.ConnectTimeout,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 8,
		}
	}
	return &http.Client{
		Timeout:       pos.CallTimeout,
		Transport:     &bounded{next: transport, limit: limit, clock: clock},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded hands answers on with a bounded body.
type bounded struct {
	next  http.RoundTripper
	limit int
	clock *Clock
}

func (t *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.clock.hear(resp.Header.Get("Date"))
	resp.Body = &body{ReadCloser: resp.Body, left: t.limit}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t *bounded) CloseIdleConnections() { (&http.Client{Transport: t.next}).CloseIdleConnections() }

// body fails, rather than ends, where it is too long: a cut body must not look complete.
type body struct {
	io.ReadCloser
	left int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// CheckURL accepts https anywhere and plain http to a loopback address only.
func CheckURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	host := u.Hostname()
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	switch {
	case host == "" || u.User != nil || u.Fragment != "":
		return nil, errors.New("it must be a plain URL such as https://example.com")
	case u.Scheme == "https", u.Scheme == "http" && loopback:
		return u, nil
	}
	return nil, errors.New("it must begin with https:// (http:// is for a loopback address only)")
}
