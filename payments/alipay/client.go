package alipay

import (
	"fmt"
	"net/http"

	"saoma/payments/internal/wire"
)

// newHTTPClient returns a bounded client for the SDK. Its clock hears every answer.
func newHTTPClient(transport http.RoundTripper, clock *wire.Clock) *http.Client {
	client := wire.NewClient(transport, wire.MaxAnswer, clock)
	client.Transport = &onlyOK{next: client.Transport}
	return client
}

// onlyOK passes nothing on but 200: the SDK reads whatever comes and never looks at the status.
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
	return resp, nil
}

// statusError is an answer with another status than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("HTTP %d", int(e)) }
