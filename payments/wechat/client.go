package wechat

import (
	"net/http"
	"net/url"

	"saoma/payments/internal/wire"
)

// newHTTPClient returns a client that goes to base, reads answers of at most limit bytes, and signs anew what s
// would, which may be nil. Its clock hears every answer.
func newHTTPClient(base *url.URL, transport http.RoundTripper, limit int, clock *wire.Clock, s *signing) *http.Client {
	client := wire.NewClient(transport, limit, clock)
	client.Transport = s.over(&redirector{base: base, next: client.Transport})
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
