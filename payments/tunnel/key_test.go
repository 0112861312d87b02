package tunnel_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"saoma/payments/tunnel"
	"saoma/payments/tunnel/tunneltest"
)

// A wrong key file is named before anything is sent.
func TestWrongKeyFiles(t *testing.T) {
	key := tunneltest.NewKey(t)
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("a passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	for says, text := range map[string]string{
		"has a passphrase":                string(pem.EncodeToMemory(locked)),
		"holds a public key":              key.Public + " counter-k1\n",
		"is a key of PuTTY":               "PuTTY-User-Key-File-3: ssh-ed25519\n",
		"is not a private key of OpenSSH": "hello",
	} {
		run(t, tunnel.Options{Kind: tunnel.SSH, Host: "127.0.0.1:1", User: "saoma", Key: []byte(text)}).says(says)
	}
	damaged := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(damaged, []byte("pay.example.com ssh-ed25519 !\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, tunnel.Options{Kind: tunnel.SSH, Host: "127.0.0.1:1", User: "saoma", Key: key.PEM, KnownHosts: damaged}).says("is damaged")
}

// Without a key file the keys of the ssh agent are used, and one that does not run is named.
func TestAgent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows' agent listens on a pipe of its own")
	}
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	o := pinned(t, toSSHD(s, s.Addr, tunneltest.Key{}))
	t.Setenv("SSH_AUTH_SOCK", "")
	r := run(t, o)
	r.says("No ssh agent runs here")

	l, err := net.Listen("unix", filepath.Join(s.Dir, "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	keys := agent.NewKeyring()
	private, err := ssh.ParseRawPrivateKey(key.PEM)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(keys, c)
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", l.Addr().String())
	r.until(tunnel.Up)
}
