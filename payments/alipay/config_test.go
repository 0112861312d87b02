package alipay

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"saoma/pos"
)

func TestNewRefusesPapersThatCannotWork(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no app":         {func(c *Config) { c.AppID = "" }, "app_id"},
		"no seller":      {func(c *Config) { c.SellerID = "" }, "seller_id"},
		"no key":         {func(c *Config) { c.AppKey = nil }, "private key"},
		"no public key":  {func(c *Config) { c.AlipayPublicKey = nil }, "public key"},
		"own public key": {func(c *Config) { c.AlipayPublicKey = &c.AppKey.PublicKey }, "application's own"},
		"http far away":  {func(c *Config) { c.GatewayURL = "http://openapi.example/gateway.do" }, "https"},
		"a query":        {func(c *Config) { c.GatewayURL = "https://openapi.example/gateway.do?x=1" }, "query"},
		"not a URL":      {func(c *Config) { c.GatewayURL = "openapi.example" }, "plain URL"},
		"notify by http": {func(c *Config) { c.NotifyURL = "http://shop.example/notify" }, "https"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := papers(Config{})
			c.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}

// recorder notes where a request goes.
type recorder struct{ url string }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.url = q.URL.String()
	return nil, errors.New("offline")
}

// The SDK silently ignores a gateway option that does not fit its production flag.
func TestTheConfiguredGatewayIsAsked(t *testing.T) {
	for configured, want := range map[string]string{
		"": "https://openapi.alipay.com/gateway.do",
		"https://openapi-sandbox.dl.alipaydev.com/gateway.do": "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
		"http://127.0.0.1:8080/gateway.do":                    "http://127.0.0.1:8080/gateway.do",
	} {
		r := &recorder{}
		_, err := gateway(t, Config{GatewayURL: configured, Transport: r}).Query(t.Context(), payment())
		wantFailure(t, err, pos.Unknown)
		if r.url != want {
			t.Errorf("configured %q, asked %q", configured, r.url)
		}
	}
}

func TestClientLimits(t *testing.T) {
	if got := gateway(t, Config{}).client.Client; got == http.DefaultClient || got.Timeout != pos.CallTimeout {
		t.Error("the SDK does not use our client")
	}

	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.StartTLS()
	defer s.Close()
	_, err := gateway(t, Config{GatewayURL: s.URL}).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	if !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1 fails with %v", err)
	}
}
