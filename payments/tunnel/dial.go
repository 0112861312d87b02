package tunnel

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"saoma/pos"
)

var errSilent = errors.New("no answer to a keep-alive")

// host is the server; ngrok has one for all.
func (o *Options) host() string {
	if o.Host == "" && o.Kind == Ngrok {
		return "connect.ngrok-agent.com"
	}
	return o.Host
}

// user is who logs in. frp and ngrok do not tell users apart by name; these are the names of their documentation.
func (o *Options) user() string {
	switch {
	case o.User == "" && o.Kind == FRP:
		return "v0"
	case o.User == "" && o.Kind == Ngrok:
		return "v2"
	}
	return o.User
}

// address is host:port of the server.
func (o *Options) address() string {
	if _, _, err := net.SplitHostPort(o.host()); err == nil {
		return o.host()
	}
	port := "22"
	if o.Kind == FRP {
		port = "2200" // bindPort in frp's documentation of its sshTunnelGateway
	}
	return net.JoinHostPort(strings.Trim(o.host(), "[]"), port)
}

// dial connects and logs in. The deadline of within is left on conn: what follows belongs to the set-up.
func (o *Options) dial(ctx context.Context, within time.Duration) (net.Conn, *ssh.Client, error) {
	known, err := o.knownHosts()
	if err != nil {
		return nil, nil, err
	}
	auth, done, err := o.auth()
	if err != nil {
		return nil, nil, err
	}
	defer done()
	conn, client, err := o.handshake(ctx, within, &ssh.ClientConfig{
		User: o.user(), Auth: auth, HostKeyCallback: known.check, HostKeyAlgorithms: known.algorithms(),
	})
	switch {
	case err == nil:
		return conn, client, nil
	case known.refusal != nil: // says more than the handshake that broke off for it
		return nil, nil, known.refusal
	case known.pinned() && negotiation(err): // it no longer has a key of the confirmed kind
		return nil, nil, o.hostChanged(nil).Because(err)
	}
	return nil, nil, err
}

// handshake connects to the server and ends when c is satisfied or the time is over.
func (o *Options) handshake(ctx context.Context, within time.Duration, c *ssh.ClientConfig) (net.Conn, *ssh.Client, error) {
	end := time.Now().Add(within)
	conn, err := (&net.Dialer{Deadline: end}).DialContext(ctx, "tcp", o.address())
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return nil, nil, pos.Errorf(pos.Setup, "The name of the tunnel's server %s does not exist: check tunnel.host.", o.host()).Because(err)
	}
	if err != nil {
		return nil, nil, pos.Errorf(pos.Unavailable, "The tunnel's server %s cannot be reached: it is down, its port is closed, or this counter is offline.", o.address()).Because(err)
	}
	if err := conn.SetDeadline(end); err != nil {
		conn.Close()
		return nil, nil, o.lost(err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	sc, channels, requests, err := ssh.NewClientConn(conn, o.address(), c)
	if err == nil {
		return conn, ssh.NewClient(sc, channels, requests), nil
	}
	conn.Close()
	// x/crypto has no type for it.
	if strings.Contains(err.Error(), "unable to authenticate") {
		return nil, nil, pos.Errorf(pos.Setup, "The tunnel's server %s refuses the key of the user %s: put the public key into its authorized_keys.", o.address(), o.user()).Because(err)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return nil, nil, pos.Errorf(pos.Unavailable, "The tunnel's server %s takes the connection and then does not answer.", o.address()).Because(err)
	}
	return nil, nil, pos.Errorf(pos.Unavailable, "The tunnel's server %s breaks the connection off before the login: is tunnel.host its SSH port?", o.address()).Because(err)
}

// negotiation reports whether the two sides found no common kind of key.
func negotiation(err error) bool {
	_, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	return ok
}

// auth returns the ways to log in, and a function to call after that.
func (o *Options) auth() (ways []ssh.AuthMethod, done func(), err error) {
	done = func() {}
	switch {
	case len(o.Key) > 0:
		signer, err := privateKey(o.Key)
		if err != nil {
			return nil, nil, err
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, done, nil
	case o.Kind == FRP: // its token says who we are
		return nil, done, nil
	}
	line, err := dialAgent()
	if err != nil {
		return nil, nil, pos.Errorf(pos.Setup, "No ssh agent runs here: start one, or name a private key as tunnel.key_file.").Because(err)
	}
	return []ssh.AuthMethod{ssh.PublicKeysCallback(agent.NewClient(line).Signers)}, func() { line.Close() }, nil
}

// privateKey reads a private key in any of OpenSSH's forms. Its errors carry nothing of it.
func privateKey(text []byte) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey(text)
	if err == nil {
		return signer, nil
	}
	if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
		return nil, pos.Errorf(pos.Setup, "tunnel.key_file has a passphrase: load it into an ssh agent, or use a key without one.")
	}
	if _, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil {
		return nil, pos.Errorf(pos.Setup, "tunnel.key_file holds a public key; name the private one, the file without .pub.")
	}
	if bytes.HasPrefix(text, []byte("PuTTY-User-Key-File")) {
		return nil, pos.Errorf(pos.Setup, "tunnel.key_file is a key of PuTTY; export it from PuTTYgen as an OpenSSH key.")
	}
	return nil, pos.Errorf(pos.Setup, "tunnel.key_file is not a private key of OpenSSH; make one with: ssh-keygen -t ed25519 -N ''")
}
