package doctor

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
)

// names is a DNS of what a test says.
type names map[string]string

func (n names) LookupHost(_ context.Context, host string) ([]string, error) {
	switch ip, ok := n[host]; {
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case ip == "":
		return nil, &net.DNSError{Err: "no answer", Name: host, IsTimeout: true}
	default:
		return []string{ip}, nil
	}
}

func ahead(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }

func room(bytes uint64) func(string) (uint64, error) {
	return func(string) (uint64, error) { return bytes, nil }
}

// previous keeps an old public key of WeChat Pay's beside the present one.
func previous(s *shop) {
	_, k := s.strangerKey()
	s.write("keys/old.pem", k)
	s.set("wechat", "previous_public_key_file", "keys/old.pem")
	s.set("wechat", "previous_public_key_id", "PUB_KEY_ID_0119000000012024")
}

// real takes a shop out of the sandbox and gives it a public address. Nothing may be asked of the platforms then.
func real(s *shop, address string) {
	s.set("wechat", "base_url", nil)
	s.set("alipay", "gateway_url", nil)
	s.set("notify", "public_url", nil)
	if address != "" {
		s.set("notify", "public_url", address)
	}
}

func listen(s *shop) string {
	cfg, err := config.Load(s.dir)
	s.must(err)
	return cfg.Notify.Listen
}

// fault switches one on for as long as the test runs.
func (s *shop) fault(kind sandbox.FaultKind, op string) {
	s.t.Helper()
	s.must(s.box.Faults().Add(sandbox.Fault{Kind: kind, Op: op}))
}

// answering is a server that says the same to everything.
func (s *shop) answering(status int, body string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	s.t.Cleanup(server.Close)
	return server.URL
}

// tlsServer has a certificate that no authority has signed.
func tlsServer(s *shop) *httptest.Server {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	s.t.Cleanup(server.Close)
	return server
}

// occupied is an address where somebody else listens.
func (s *shop) occupied() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// sealUnasked seals the keys under a passphrase that no file has.
func (s *shop) sealUnasked() {
	s.t.Helper()
	s.seal()
	s.write(config.FileName, strings.Replace(s.read(config.FileName), "passphrase_file = \"passphrase\"\n", "", 1))
}
