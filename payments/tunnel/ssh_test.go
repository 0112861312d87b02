package tunnel_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/payments/tunnel"
	"saoma/payments/tunnel/tunneltest"
)

// toSSHD are the options of a tunnel to s by way of addr, with a socket in s's folder.
func toSSHD(s *tunneltest.SSHD, addr string, key tunneltest.Key) tunnel.Options {
	return tunnel.Options{
		Kind: tunnel.SSH, Host: addr, User: s.User, Key: key.PEM, Remotes: []string{filepath.Join(s.Dir, "k1.sock")},
		KnownHosts: filepath.Join(s.Dir, "known_hosts"),
	}
}

// The README's sshd_config and authorized_keys let the counter forward a socket that the reverse proxy may use.
func TestSSHForwardsASocket(t *testing.T) {
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	o := pinned(t, toSSHD(s, s.Addr, key))
	r := run(t, o)
	if up := r.until(tunnel.Up); up.At != o.Remotes[0] || up.Err != nil || up.Since.IsZero() {
		t.Errorf("it stands as %+v", up)
	}
	info, err := os.Stat(o.Remotes[0])
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket: %v, %v", info.Mode(), err)
	}
	c := at("unix", o.Remotes[0])
	for range 3 {
		if status, body := get(t, c, http.MethodPost, "counter", "/notify/wechat"); status != http.StatusOK || body != "hello from /notify/wechat" {
			t.Errorf("%d %q", status, body)
		}
	}
	if resp, err := c.Get("http://counter/healthz"); err != nil || !resp.Close {
		t.Errorf("a proxy may keep the connection for later (%v)", err)
	}
	if status, _ := get(t, c, http.MethodGet, "counter", "/"); status != http.StatusNotFound {
		t.Errorf("the tunnel serves more than notifications: %d", status)
	}
}

// A line that goes dead without a word is noticed, and the next connection takes the socket over from the old one,
// in which the server still believes.
func TestSSHTakesOverFromADeadLine(t *testing.T) {
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	link := tunneltest.NewLink(t, s.Addr)
	r := run(t, hasty(pinned(t, toSSHD(s, link.Addr, key))))
	r.until(tunnel.Up)
	link.Freeze()
	r.says("has fallen silent")
	link.Thaw()
	r.until(tunnel.Up)
	if status, _ := get(t, at("unix", filepath.Join(s.Dir, "k1.sock")), http.MethodGet, "counter", "/healthz"); status != http.StatusOK {
		t.Errorf("after the dead line: %d", status)
	}
	s.Kill()
	r.says("has ended the connection")
	s.Start()
	r.until(tunnel.Up)
}

func TestSSHHostKeys(t *testing.T) {
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	o := toSSHD(s, s.Addr, key)
	r := run(t, o)
	unknown, ok := errors.AsType[*tunnel.UnknownHost](r.says("is not confirmed yet; its key is SHA256:"))
	if !ok || !strings.HasPrefix(unknown.Key.Line, unknown.Key.Host+" ssh-ed25519 ") {
		t.Fatalf("the error carries %+v", unknown)
	}
	if err := unknown.Key.Pin(o.KnownHosts); err != nil { // the owner has confirmed it
		t.Fatal(err)
	}
	r.until(tunnel.Up)
	if k, err := tunnel.AskHostKey(t.Context(), o); err != nil || !k.Pinned || k.Changed || k.Fingerprint != unknown.Key.Fingerprint {
		t.Errorf("the confirmed key: %+v, %v", k, err)
	}

	changeTo := func(kind, says string) {
		t.Helper()
		s.Kill()
		s.NewHostKey(kind)
		s.Start()
		r.says(says)
		k, err := tunnel.AskHostKey(t.Context(), o)
		if err != nil || k.Pinned || !k.Changed {
			t.Fatalf("a changed key: %+v, %v", k, err)
		}
		time.Sleep(3 * fast.LastRetry) // however often it tries
		if r.tunnel.Status().State == tunnel.Up {
			t.Fatal("logged in to a server with another key")
		}
		if err := k.Pin(o.KnownHosts); err != nil {
			t.Fatal(err)
		}
		r.until(tunnel.Up)
	}
	changeTo("ed25519", "shows another key than the confirmed one, SHA256:")
	changeTo("ecdsa", "no longer shows the confirmed key")
	text, err := os.ReadFile(o.KnownHosts)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("the old keys are still believed: %q, %v", text, err)
	}
}

// A server that has several keys must show the one that was confirmed: another one would look like a change.
func TestSSHAsksForTheConfirmedKindOfKey(t *testing.T) {
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}, HostKey: "rsa"})
	o := pinned(t, toSSHD(s, s.Addr, key))
	s.Kill()
	rsa := filepath.Join(s.Dir, "rsa_key")
	if err := os.Rename(filepath.Join(s.Dir, "host_key"), rsa); err != nil {
		t.Fatal(err)
	}
	s.NewHostKey("ed25519")
	config, err := os.ReadFile(filepath.Join(s.Dir, "sshd_config"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "sshd_config"), append([]byte("HostKey "+rsa+"\n"), config...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Start()
	run(t, o).until(tunnel.Up)
}

func TestSSHRefusals(t *testing.T) {
	key, other := tunneltest.NewKey(t), tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	run(t, pinned(t, toSSHD(s, s.Addr, other))).says("refuses the key of the user " + s.User)

	closed := pinned(t, toSSHD(s, s.Addr, key))
	closed.Host = tunneltest.FreeAddress(t)
	run(t, closed).says("cannot be reached")

	talks, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer talks.Close()
	go http.Serve(talks, http.NotFoundHandler())
	web := toSSHD(s, talks.Addr().String(), key)
	run(t, web).says("breaks the connection off before the login")

	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	mute := toSSHD(s, silent.Addr().String(), key)
	mute.Pace = fast
	mute.Pace.SetUp = 300 * time.Millisecond
	run(t, mute).says("takes the connection and then does not answer")
}

// Where sshd gives no socket, the next of Remotes is taken; where it gives nothing, the sentence says so.
func TestSSHFallsBackToAPort(t *testing.T) {
	key := tunneltest.NewKey(t)
	port := tunneltest.FreeAddress(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{
		Keys: []tunneltest.Key{key}, Settings: "AllowStreamLocalForwarding no\nAllowTcpForwarding remote\nPermitListen " + port + "\n",
	})
	o := pinned(t, toSSHD(s, s.Addr, key))
	nothing := run(t, o)
	nothing.says("does not forward " + o.Remotes[0])
	o.Remotes = append(o.Remotes, port)
	r := run(t, o)
	if up := r.until(tunnel.Up); up.At != port {
		t.Errorf("it forwards %s", up.At)
	}
	if status, _ := get(t, at("tcp", port), http.MethodGet, "counter", "/healthz"); status != http.StatusOK {
		t.Errorf("through the port: %d", status)
	}
	o.Remotes = []string{port}
	run(t, o).says("an old connection still holds it")
}

// Channels of SSH have no deadlines; who sends nothing is cut off all the same, and too many are turned away
// without holding up the rest.
func TestSSHGreedyClients(t *testing.T) {
	key := tunneltest.NewKey(t)
	s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{key}})
	o := pinned(t, toSSHD(s, s.Addr, key))
	r := run(t, o)
	r.until(tunnel.Up)
	var slow []net.Conn
	for range 100 {
		c, err := net.Dial("unix", o.Remotes[0])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "POST /notify/wechat HTTP/1.1\r\nHost: counter\r\n") // and no more
		slow = append(slow, c)
	}
	for _, c := range slow {
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("a slow client was not cut off: %v", err)
		}
	}
	tunneltest.Until(t, "others are served again", func() bool {
		resp, err := at("unix", o.Remotes[0]).Get("http://counter/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	if s := r.tunnel.Status(); s.State != tunnel.Up {
		t.Errorf("the tunnel is %+v", s)
	}
}
