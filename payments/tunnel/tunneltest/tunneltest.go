// Package tunneltest runs the servers of tunnels for tests: a real OpenSSH server and a real frps, both on
// 127.0.0.1 and as the README tells an owner to set them up, and a line between that can go dead.
package tunneltest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// patience is how long a test waits for a server: much longer than even a slow machine needs.
const patience = time.Minute

// Key is a fresh key pair.
type Key struct {
	PEM    []byte // the private key, as ssh-keygen writes it
	Public string // for authorized_keys
}

// NewKey makes a key pair.
func NewKey(t testing.TB) Key {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return Key{pem.EncodeToMemory(block), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(p)))}
}

// Until waits for what the test expects.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// The ports that FreeAddress tries, from somewhere on one after the other. They are below those that systems give to whoever
// asks for any: no other test comes by one of them before the server that is to have it.
const lowestPort, ports = 20000, 12000

var (
	beginPort  = mathrand.Int64N(ports)
	portsTried atomic.Int64
)

// FreeAddress is an address on 127.0.0.1 that nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+(beginPort+portsTried.Add(1))%ports)); err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal(err)
	return ""
}

func answers(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// fromREADME is the indented block of the README that begins with the line first: what owners paste is what is tested.
func fromREADME(t testing.TB, first string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the project's folder was not found")
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var block strings.Builder
	for line := range strings.Lines(string(text)) {
		line, indented := strings.CutPrefix(line, "    ")
		line = strings.TrimLeft(line, " ")
		switch {
		case block.Len() == 0 && !(indented && strings.HasPrefix(line, first)):
		case !indented:
			return block.String()
		default:
			block.WriteString(line)
		}
	}
	t.Fatalf("the README has no block that begins with %q", first)
	return ""
}

// server is a process of a test.
type server struct {
	t    testing.TB
	addr string // where it listens
	cmd  *exec.Cmd
	log  string // file
}

// start runs the server and waits until it listens.
func (s *server) start(name string, args ...string) {
	s.t.Helper()
	s.cmd = exec.Command(name, args...)
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(patience); !answers(s.addr); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			words, _ := os.ReadFile(s.log)
			s.t.Fatalf("%s does not listen on %s: %s", name, s.addr, words)
		}
	}
}

// Kill ends the server and all that it has started, at once and without a word to anybody.
func (s *server) Kill() {
	if s.cmd == nil {
		return
	}
	for _, child := range descendants(s.cmd.Process.Pid) {
		_ = child.Kill() // it may have ended by itself
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}
