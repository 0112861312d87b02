package gatewaytest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"saoma/pos"
)

// through returns the gateway with a way to the platform on which f happens.
func (s suite) through(f Fault) pos.Gateway {
	s.Helper()
	switch f {
	case Refused:
		return s.At(s.T, nobody, nil)
	case DNS:
		return s.At(s.T, "https://gateway.invalid", &http.Transport{DialContext: (&net.Dialer{Resolver: lost}).DialContext})
	case BadCertificate:
		server := httptest.NewUnstartedServer(s.Handler) // the platform itself: only its certificate is nobody's
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		s.Cleanup(server.Close)
		return s.At(s.T, server.URL, nil)
	}
	s.Fatalf("%s does not happen on the way", f)
	return nil
}

// nobody is an address where nobody listens. A port that was free a moment ago may be another test's by now; the system
// gives this one to nobody who asks for any.
const nobody = "http://127.0.0.1:1"

// lost is a resolver that reaches no server.
var lost = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no name server")
}}

// cause makes sure that the call failed by what the row of the table names.
func (s suite) cause(f Fault, err error) {
	s.Helper()
	var is bool
	switch f {
	case Refused:
		e, ok := errors.AsType[*net.OpError](err)
		is = ok && e.Op == "dial"
	case DNS:
		_, is = errors.AsType[*net.DNSError](err)
	case BadCertificate:
		_, is = errors.AsType[*tls.CertificateVerificationError](err)
	}
	if !is {
		s.Errorf("%s is not why it failed: %v", f, err)
	}
}
