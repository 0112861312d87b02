package alipay

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"saoma/pos"
)

// maxAnswer bounds an answer's body in bytes, after decompression. Real ones are below 10 KiB.
const maxAnswer = 1 << 20

var errTooLarge = errors.New("the answer is too large")

// newHTTPClient returns a client whose every call is bounded in time and size and which follows no
// redirect: a redirect is never the platform's answer.
func newHTTPClient(transport http.RoundTripper) *http.Client {
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
		Transport:     &onlyOK{next: transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// onlyOK passes nothing on but 200 with a bounded body: the SDK reads whatever comes and never looks
// at the status.
type onlyOK struct{ next http.RoundTripper }

func (t *onlyOK) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, statusError(resp.StatusCode)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// statusError is an answer with another status than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("HTTP %d", int(e)) }

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

func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }
