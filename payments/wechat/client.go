package wechat

import (
	"net/http"
	"net/url"

	"saoma/payments/internal/wire"
)

// newHTTPClient returns a bounded client that goes to base. Its clock hears every answer.
func newHTTPClient(base *url.URL, transport http.RoundTripper, clock *wire.Clock) *http.Client {
	client := wire.NewClient(transport, wire.MaxAnswer, clock)
	client.Transport = &redirector{base: base, next: client.Transport}
	return client
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
	return t.next.RoundTrip(r)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t *redirector) CloseIdleConnections() { (&http.Client{Transport: t.next}).CloseIdleConnections() }
