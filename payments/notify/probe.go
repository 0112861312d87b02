package notify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"saoma/pos"
)

// probeTimeout is how long one probe may take. The platforms wait 5 s for an answer to a notification.
const probeTimeout = 10 * time.Second

// prober neither follows redirects nor keeps connections: each probe goes the whole way anew, as a notification would.
var prober = &http.Client{Transport: func() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = true
	return t
}()}

// Probe asks the counter's public address for an echo, as a platform would call it from outside, and returns how long
// the question and its answer took, connecting left out. The key is that of the counter's Options.Echo; client may be
// nil. Every error is a sentence of pos that says what stands between the address and the counter.
func Probe(ctx context.Context, client *http.Client, publicURL string, key []byte) (roundTrip time.Duration, err error) {
	if client == nil {
		client = prober
	}
	still := *client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var asked, answered atomic.Int64 // ns after begin; written by the client's own goroutines
	begin := time.Now()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { asked.Store(int64(time.Since(begin))) },
		GotFirstResponseByte: func() { answered.Store(int64(time.Since(begin))) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(publicURL, "/")+"/healthz", nil)
	if err != nil {
		return 0, pos.Errorf(pos.Setup, "The public address %s is not an address.", publicURL).Because(err)
	}
	nonce := rand.Text()
	req.Header.Set(nonceHeader, nonce)
	resp, err := still.Do(req)
	if err != nil {
		return 0, unreached(req.URL, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	if err := answeredBy(req.URL.Host, resp, key, nonce); err != nil {
		return 0, err
	}
	return time.Duration(max(answered.Load()-asked.Load(), 0)), nil
}

// answeredBy returns nil if the answer comes from the counter with the key, and else who seems to answer instead.
func answeredBy(host string, resp *http.Response, key []byte, nonce string) error {
	echo := resp.Header.Get(echoHeader)
	switch status := resp.StatusCode; {
	case status/100 == 3:
		return pos.Errorf(pos.Setup, "%s redirects to another address, and the platforms do not follow: write the final address as notify.public_url.", host)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return pos.Errorf(pos.Setup, "%s answers, but does not pass /healthz on (HTTP %d): let it forward /healthz and /notify/ to this counter.", host, status)
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return pos.Errorf(pos.Unavailable, "%s answers, but does not reach this counter (HTTP %d): the tunnel or the forwarding behind it is down.", host, status)
	case status != http.StatusOK:
		return pos.Errorf(pos.Setup, "%s answers with HTTP %d where the counter should answer.", host, status)
	case echo != "" && hmac.Equal([]byte(echo), []byte(sign(key, nonce))):
		return nil
	case echo != "":
		return pos.Errorf(pos.Setup, "Another counter answers at %s: give each counter an address of its own.", host)
	}
	return pos.Errorf(pos.Setup, "Something else than this counter answers at %s, perhaps a sign-in page of the network.", host)
}

// unreached says why there was no answer at all.
func unreached(u *url.URL, err error) error {
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return pos.Errorf(pos.Setup, "The certificate of %s is not valid, so the platforms do not call it: renew it on the server.", u.Host).Because(cert)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return pos.Errorf(pos.Setup, "%s does not answer with TLS: set up https there.", u.Host).Because(err)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return pos.Errorf(pos.Setup, "The name %s does not exist in the DNS: check notify.public_url and the domain's records.", u.Hostname()).Because(err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && !op.Timeout() {
		return pos.Errorf(pos.Unavailable, "Nobody answers at %s: the server is down, its port is closed, or this counter is offline.", u.Host).Because(err)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return pos.Errorf(pos.Unavailable, "No answer from %s in time.", u.Host).Because(err)
	}
	return pos.Errorf(pos.Unavailable, "The connection to %s broke off before an answer.", u.Host).Because(err)
}
