package tunnel_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"saoma/payments/tunnel"
)

// TestGuard sends requests as text: a client would tidy up what an attacker leaves as it is.
func TestGuard(t *testing.T) {
	server := httptest.NewServer(tunnel.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot) // whatever is asked of it
	})))
	defer server.Close()
	for line, passes := range map[string]bool{
		"POST /notify/wechat":                     true,
		"POST /notify/alipay":                     true,
		"GET /healthz":                            true,
		"GET /":                                   false,
		"GET /sandbox":                            false,
		"POST /sandbox/pay":                       false,
		"POST /healthz":                           false,
		"HEAD /healthz":                           false,
		"GET /notify/wechat":                      false,
		"PUT /notify/wechat":                      false,
		"POST /notify":                            false,
		"POST /notify/":                           false,
		"POST /notify//wechat":                    false,
		"POST /notify/../sandbox/pay":             false,
		"POST /notify/%2e%2e/sandbox/pay":         false,
		"POST /notify/..%2fsandbox":               false,
		"POST /notify/we%63hat":                   false,
		"POST /notify/wechat/":                    false,
		"POST /notify/wechat/x":                   false,
		"POST /notify/wechat?x=1":                 false,
		"POST /notify/wechat;x":                   false,
		"POST /NOTIFY/wechat":                     false,
		"POST //notify/wechat":                    false,
		"POST http://counter/notify/wechat":       false,
		"GET http://counter/healthz":              false,
		"GET /healthz/":                           false,
		"GET /healthz?":                           false,
		"GET /healthz%00":                         false,
		"GET /./healthz":                          false,
		"OPTIONS *":                               false,
		"CONNECT counter:443":                     false,
		"POST /notify/" + strings.Repeat("a", 33): false,
	} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, line+" HTTP/1.1\r\nHost: counter\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if (resp.StatusCode == http.StatusTeapot) != passes {
			t.Errorf("%s: %d", line, resp.StatusCode)
		}
		c.Close()
	}
}
