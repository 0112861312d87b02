package doctor

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"os"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func newHostKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// sshServer shows a key to whoever connects, and lets nobody in.
func (s *shop) sshServer() string {
	s.t.Helper()
	s.hostKey = newHostKey(s.t)
	server := &ssh.ServerConfig{NoClientAuth: true}
	server.AddHostKey(s.hostKey)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _, _, _ = ssh.NewServerConn(conn, server) // the client hangs up once it has seen the key
			}()
		}
	}()
	return l.Addr().String()
}

// tunnelTo configures a tunnel.
func (s *shop) tunnelTo(host string) {
	s.t.Helper()
	s.set("tunnel", "kind", "ssh")
	s.set("tunnel", "host", host)
	s.set("tunnel", "user", "saoma")
}

// pin confirms a key of the server at.
func (s *shop) pin(at string, key ssh.PublicKey) {
	s.t.Helper()
	s.must(os.WriteFile(s.path("known_hosts"), []byte(knownhosts.Line([]string{knownhosts.Normalize(at)}, key)+"\n"), 0o600))
}
