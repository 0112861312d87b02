package config

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"saoma/pos"
)

// tunnelPort is the port on the server that a tunnel takes where the server gives it no socket.
const tunnelPort = "127.0.0.1:8791"

var (
	serverHost = regexp.MustCompile(`^[0-9A-Za-z_:.\-\[\]]{1,255}$`)
	serverUser = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.@\-]{0,63}$`)
	socketPath = regexp.MustCompile(`^/[0-9A-Za-z_./\-]{1,100}$`)
	proxyName  = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z_.\-]{0,63}$`)
	domainName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.\-]{0,253}$`)
)

func (c *Config) checkTunnel() error {
	t := &c.Tunnel
	switch t.Kind {
	case "none":
		return nil
	case "ssh", "frp", "ngrok":
	default:
		return pos.Errorf(pos.Invalid, "tunnel.kind must be none, ssh, frp or ngrok.")
	}
	if t.KnownHostsFile == "" {
		t.KnownHostsFile = filepath.Join(c.Dir, "known_hosts")
	}
	if c.Notify.PublicURL == "" {
		return pos.Errorf(pos.Invalid, "notify.public_url is missing; write the address at which the tunnel's server answers, such as https://pay.example.com.")
	}
	if t.Host == "" && t.Kind != "ngrok" {
		return pos.Errorf(pos.Invalid, "tunnel.host is missing; name the tunnel's server, such as pay.example.com.")
	}
	if t.Host != "" && !serverHost.MatchString(t.Host) {
		return pos.Errorf(pos.Invalid, "tunnel.host must be a server's name or address, with a port where it is not the usual one, such as pay.example.com:22.")
	}
	if t.User == "" && t.Kind == "ssh" {
		return pos.Errorf(pos.Invalid, "tunnel.user is missing; name the user on the tunnel's server, such as saoma.")
	}
	if t.User != "" && !serverUser.MatchString(t.User) {
		return pos.Errorf(pos.Invalid, "tunnel.user must be a user's name on the server, such as saoma.")
	}
	for _, remote := range c.TunnelRemotes() {
		if _, port, err := net.SplitHostPort(remote); !socketPath.MatchString(remote) && (err != nil || port == "0" || !hostPort(remote) && t.Kind == "ssh") {
			return pos.Errorf(pos.Invalid, "tunnel.remote must be a socket's path or an address and a port on the server, such as /run/saoma/k1.sock or 127.0.0.1:8791; several with commas between are tried in order.")
		}
	}
	if t.ProxyName != "" && !proxyName.MatchString(t.ProxyName) {
		return pos.Errorf(pos.Invalid, "tunnel.proxy_name must be one word of letters, digits, _ - and dots.")
	}
	if t.CustomDomain != "" && !domainName.MatchString(t.CustomDomain) {
		return pos.Errorf(pos.Invalid, "tunnel.custom_domain must be a domain, such as pay.example.com.")
	}
	return nil
}

// TunnelRemotes is what the tunnel's server is asked to forward, the first that it allows: tunnel.remote, or what
// stands for it. frps decides that itself.
func (c *Config) TunnelRemotes() (list []string) {
	for part := range strings.SplitSeq(c.Tunnel.Remote, ",") {
		part = strings.TrimSpace(part)
		if part != "" && !strings.ContainsAny(part, ":/") { // a port alone
			part = net.JoinHostPort("127.0.0.1", part)
		}
		if part != "" {
			list = append(list, part)
		}
	}
	switch {
	case len(list) > 0 || c.Tunnel.Kind == "frp":
		return list
	case c.Tunnel.Kind == "ngrok":
		return []string{net.JoinHostPort(c.publicHost(), "443")}
	}
	return []string{"/run/saoma/" + strings.ToLower(c.Shop.Counter) + ".sock", tunnelPort}
}

// TunnelDomain is the domain that frps passes on, tunnel.custom_domain or that of notify.public_url.
func (c *Config) TunnelDomain() string {
	if c.Tunnel.CustomDomain != "" {
		return c.Tunnel.CustomDomain
	}
	return c.publicHost()
}

func (c *Config) publicHost() string {
	u, err := url.Parse(c.Notify.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// TunnelSecrets reads the tunnel's private key and token, as Keys reads the wallets'; nil where none is named.
func (c *Config) TunnelSecrets(read func(path string) ([]byte, error)) (key, token Secret, err error) {
	r := keyReader{read: read}
	key = readAs(&r, "tunnel.key_file", c.Tunnel.KeyFile, func(data []byte) (Secret, error) { return data, nil })
	if c.Tunnel.Kind == "frp" {
		token = readAs(&r, "tunnel.token_file", c.Tunnel.TokenFile, oneWord)
	}
	return key, token, r.err
}

// oneWord is a token: frps takes none with spaces.
func oneWord(data []byte) (Secret, error) {
	words := bytes.Fields(data)
	if len(words) != 1 {
		return nil, pos.Errorf(pos.Setup, "The file must hold the token and nothing else, one word without spaces.")
	}
	return Secret(words[0]), nil
}
