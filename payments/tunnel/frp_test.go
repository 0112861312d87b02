package tunnel_test

import (
	"net/http"
	"strings"
	"testing"

	"saoma/payments/tunnel"
	"saoma/payments/tunnel/tunneltest"
)

const domain = "pay.example.com"

func toFRPS(s *tunneltest.FRPS, addr string) tunnel.Options {
	return tunnel.Options{Kind: tunnel.FRP, Host: addr, Token: s.Token, CustomDomain: domain}
}

// The README's frps.toml passes the domain on to the counter, and the tunnel outlives a restart of the server.
func TestFRP(t *testing.T) {
	s := tunneltest.NewFRPS(t, nil)
	link := tunneltest.NewLink(t, s.Addr)
	o := hasty(pinned(t, toFRPS(s, link.Addr)))
	r := run(t, o)
	if up := r.until(tunnel.Up); up.At != domain {
		t.Errorf("it passes on %q", up.At)
	}
	c := at("tcp", s.HTTP)
	if status, body := get(t, c, http.MethodPost, domain, "/notify/alipay"); status != http.StatusOK || body != "hello from /notify/alipay" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := get(t, c, http.MethodGet, domain, "/sandbox"); status != http.StatusNotFound {
		t.Errorf("the tunnel serves more than notifications: %d", status)
	}
	s.Kill()
	r.until(tunnel.Down)
	s.Start()
	r.until(tunnel.Up)

	// frps goes on believing in a dead line, so the name stays taken until its system gives the line up.
	link.Freeze()
	r.says("has fallen silent")
	link.Thaw()
	r.says("the proxy name " + domain + " is taken")
	link.Bury()
	r.until(tunnel.Up)
	if status, _ := get(t, c, http.MethodGet, domain, "/healthz"); status != http.StatusOK {
		t.Errorf("after the dead line: %d", status)
	}
}

func TestFRPRefusals(t *testing.T) {
	s := tunneltest.NewFRPS(t, nil)
	o := pinned(t, toFRPS(s, s.Addr))
	wrong := o
	wrong.Token = "another-token"
	if err := run(t, wrong).says("refuses the token"); strings.Contains(err.Error(), wrong.Token) {
		t.Errorf("the token is in the error: %v", err)
	}
	run(t, o).until(tunnel.Up)
	run(t, o).says("the proxy name " + domain + " is taken")
	elsewhere := o
	elsewhere.ProxyName = "another-name"
	run(t, elsewhere).says("the domain " + domain + " is taken by another proxy")

	s = tunneltest.NewFRPS(t, func(toml string) string {
		return strings.Replace(toml, "vhostHTTPPort", "# vhostHTTPPort", 1)
	})
	run(t, pinned(t, toFRPS(s, s.Addr))).says("set vhostHTTPPort")
	s = tunneltest.NewFRPS(t, func(toml string) string { return "subDomainHost = \"example.com\"\n" + toml })
	run(t, pinned(t, toFRPS(s, s.Addr))).says("may not lie below subDomainHost")
}
