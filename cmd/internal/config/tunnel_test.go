package config

import (
	"slices"
	"strings"
	"testing"

	"saoma/pos"
)

// tunnelled is a saoma.toml with these lines as its section [tunnel].
func tunnelled(t *testing.T, publicURL string, lines ...string) string {
	t.Helper()
	text := with(fine(t), "notify", "public_url", `public_url = "`+publicURL+`"`)
	return with(text, "tunnel", "kind", strings.Join(lines, "\n"))
}

func TestWrongTunnels(t *testing.T) {
	const url = "https://pay.example.com"
	ssh := []string{`kind = "ssh"`, `host = "pay.example.com"`, `user = "saoma"`}
	without := func(i int) []string { return slices.Delete(slices.Clone(ssh), i, i+1) }
	for _, c := range []struct {
		url   string
		lines []string
		says  string // empty: right
	}{
		{url, ssh, ""},
		{"", ssh, "notify.public_url is missing"},
		{url, without(1), "tunnel.host is missing"},
		{url, append(without(1), `host = "a b"`), "tunnel.host must be"},
		{url, without(2), "tunnel.user is missing"},
		{url, append(without(2), `user = "-oProxyCommand"`), "tunnel.user must be"},
		{url, append(ssh, `remote = "8791"`), ""},
		{url, append(ssh, `remote = "/run/a.sock, 127.0.0.1:8791"`), ""},
		{url, append(ssh, `remote = "run/a.sock"`), "tunnel.remote must be"},
		{url, append(ssh, `remote = "0"`), "tunnel.remote must be"},
		{url, append(ssh, `remote = "99999"`), "tunnel.remote must be"},
		{url, append(ssh, `remote = "/run/a b.sock"`), "tunnel.remote must be"},
		{url, []string{`kind = "frp"`, `host = "pay.example.com:2200"`}, ""},
		{"", []string{`kind = "frp"`, `host = "pay.example.com:2200"`}, "notify.public_url is missing"},
		{url, []string{`kind = "frp"`}, "tunnel.host is missing"},
		{url, []string{`kind = "frp"`, `host = "a"`, `proxy_name = "x --token y"`}, "tunnel.proxy_name must be"},
		{url, []string{`kind = "frp"`, `host = "a"`, `custom_domain = "a.example --sd b"`}, "tunnel.custom_domain must be"},
		{"https://shop.ngrok.app", []string{`kind = "ngrok"`}, ""},
		{"", []string{`kind = "ngrok"`}, "notify.public_url is missing"},
	} {
		_, err := Parse("/data", tunnelled(t, c.url, c.lines...))
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%q: %v", c.lines, err)
		case c.says != "" && (pos.CodeOf(err) != pos.Invalid || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%q: says %v, want %q", c.lines, err, c.says)
		}
	}
	if _, err := Parse("/data", with(tunnelled(t, url, ssh...), "notify", "listen", `listen = ""`)); err != nil {
		t.Errorf("a tunnel without a port here: %v", err)
	}
}

func TestWhatStandsForMissingTunnelKeys(t *testing.T) {
	for kind, want := range map[string][]string{
		"ssh":   {"/run/saoma/k1.sock", "127.0.0.1:8791"},
		"ngrok": {"pay.example.com:443"},
		"frp":   nil,
	} {
		c, err := Parse("/data", tunnelled(t, "https://pay.example.com", `kind = "`+kind+`"`, `host = "h"`, `user = "u"`))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.TunnelRemotes(); !slices.Equal(got, want) {
			t.Errorf("%s forwards %q", kind, got)
		}
		if c.TunnelDomain() != "pay.example.com" || !strings.HasSuffix(c.Tunnel.KnownHostsFile, "known_hosts") {
			t.Errorf("%s: domain %q, %q", kind, c.TunnelDomain(), c.Tunnel.KnownHostsFile)
		}
	}
}
