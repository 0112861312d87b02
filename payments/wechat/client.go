package wechat

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"saoma/pos"
)

// maxAnswer bounds an answer's body in bytes, after decompression. Real ones are below 10 KiB.
const maxAnswer = 1 << 20

var errTooLarge = errors.New("the answer is too large")

// newHTTPClient returns a client whose every call is bounded in time and size, follows no redirect (a
// redirect is never the platform's answer) and goes to base.
func newHTTPClient(base *url.URL, transport http.RoundTripper) *http.Client {
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
		Transport:     &redirector{base: base, next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// redirector sends every request to base: the SDK's host is a constant. Signatures survive, because the
// host is not signed.
type redirector struct {
	base *url.URL
	next http.RoundTripper
}

func (t *redirector) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = t.base.Scheme, t.base.Host, ""
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// boundedBody fails, rather than ends, where a body is too long: a cut body must not look complete.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// checkURL accepts https anywhere and plain http to a loopback address only.
func checkURL(s string) (*url.URL, error) {
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
