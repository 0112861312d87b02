package setup

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"saoma/cmd/internal/config"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// A tunnel's key and token are brought in; a public address at frp is that of its domain.
func TestAddress(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	m.keep(a, flow.Keys, flow.Values{keysKind: "passphrase", keysWord: "correct horse", keysAgain: "correct horse"})
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key := pem.EncodeToMemory(block)
	m.keep(a, flow.Address, flow.Values{
		"tunnel.kind": "ssh", "notify.public_url": "https://pay.example.com/", "tunnel.host": "pay.example.com", "tunnel.user": "saoma",
		"tunnel.key_file": strings.ReplaceAll(string(key), "\n", "\r\n"),
	})
	c, err := config.Load(m.dir)
	if err != nil || c.Notify.Listen == "" || c.Tunnel.KeyFile == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	v, err := a.Vault(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Read(c.Tunnel.KeyFile); err != nil || !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(key)) {
		t.Errorf("the key became another: %v", err)
	}
	m.keep(a, flow.Address, flow.Values{"tunnel.kind": "frp", "tunnel.host": "frp.example.com", "tunnel.token_file": "tok-8351-en", "tunnel.proxy_name": "k1", "tunnel.custom_domain": "a.example.com"})
	if c, err = config.Load(m.dir); err != nil || c.Notify.PublicURL != "https://a.example.com" {
		t.Fatalf("%+v, %v", c, err)
	}
	if token, err := v.Read(c.Tunnel.TokenFile); err != nil || string(token) != "tok-8351-en" {
		t.Errorf("the token: %v", err)
	}
	for path, text := range m.tree() {
		if strings.Contains(text, "tok-8351-en") || strings.Contains(text, "OPENSSH PRIVATE KEY") {
			t.Errorf("%s holds a secret", path)
		}
	}
	m.keep(a, flow.Address, flow.Values{"tunnel.kind": "none"}) // polling only is an answer, too
	m.mustTry(a, flow.Address)
	if err := a.Pass(t.Context(), flow.Address); err != nil || a.State(flow.Address) != flow.Skipped {
		t.Errorf("left out: %v, %s", err, a.State(flow.Address))
	}
}

// The key of the tunnel's server counts once its owner has compared it, and only that key.
func TestConfirm(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server := &ssh.ServerConfig{NoClientAuth: true}
	server.AddHostKey(signer)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _, _, _ = ssh.NewServerConn(conn, server) // the client leaves when it has seen the key
			conn.Close()
		}
	}()
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	if err := a.Confirm(t.Context(), flow.Address, "SHA256:x"); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("without a tunnel: %v", err)
	}
	m.keep(a, flow.Address, flow.Values{"tunnel.kind": "ssh", "notify.public_url": "https://pay.example.com", "tunnel.host": l.Addr().String(), "tunnel.user": "saoma"})
	known := filepath.Join(m.dir, "known_hosts")
	if err := a.Confirm(t.Context(), flow.Address, "SHA256:x"); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("another key: %v", err)
	}
	if _, err := os.Stat(known); err == nil {
		t.Error("a key was pinned that nobody had compared")
	}
	if err := a.Confirm(t.Context(), flow.Address, ssh.FingerprintSHA256(signer.PublicKey())); err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	if text, err := os.ReadFile(known); err != nil || !strings.Contains(string(text), line) {
		t.Errorf("known_hosts: %s, %v", text, err)
	}
}
