package tunnel

import (
	"bytes"
	"cmp"
	"net"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"saoma/pos"
)

// forward has the server forward to us, and returns the listener and what the server forwards.
func (o *Options) forward(client *ssh.Client) (l net.Listener, at string, err error) {
	switch o.Kind {
	case FRP:
		return o.forwardFRP(client)
	case Ngrok:
		return o.forwardNgrok(client)
	}
	return o.forwardSSH(client)
}

// forwardSSH takes the first of Remotes that the server allows. A Unix socket is the better one: sshd gives it to the
// newest session (StreamLocalBindUnlink), while a TCP port stays with a session whose line is dead.
func (o *Options) forwardSSH(client *ssh.Client) (net.Listener, string, error) {
	var last error
	for _, remote := range o.Remotes {
		network := "tcp"
		if strings.HasPrefix(remote, "/") {
			network = "unix"
		}
		l, err := client.Listen(network, remote)
		if err == nil {
			return l, remote, nil
		}
		if last = err; !strings.Contains(err.Error(), "denied by peer") { // x/crypto has no type for it
			return nil, "", o.lost(err)
		}
	}
	return nil, "", pos.Errorf(pos.Setup, "The tunnel's server %s does not forward %s: its sshd does not allow it, or an old connection still holds it. The counter tries again.",
		o.address(), strings.Join(o.Remotes, ", ")).Because(last)
}

// forwardFRP opens one http proxy at frps. Its gateway takes the proxy's settings as a command, answers every request
// for forwarding with yes, and says on the command's output what became of it (frp v0.70, pkg/ssh/server.go).
func (o *Options) forwardFRP(client *ssh.Client) (net.Listener, string, error) {
	l, err := client.Listen("tcp", "0.0.0.0:80") // frps only hands it back with each connection
	if err != nil {
		return nil, "", o.lost(err)
	}
	command := "http --proxy_name " + o.proxyName() + " --custom_domain " + o.CustomDomain
	if o.Token != "" {
		command += " --token " + o.Token
	}
	said, err := run(client, command)
	if err != nil {
		return nil, "", o.lost(err)
	}
	for !said.contains("RemoteAddress:") {
		select {
		case <-said.more:
		case <-said.ended:
			if !said.contains("RemoteAddress:") {
				return nil, "", o.frpRefusal(said.text())
			}
		}
	}
	return l, o.CustomDomain, nil
}

// proxyName is unique at a server, as the domain is.
func (o *Options) proxyName() string { return cmp.Or(o.ProxyName, o.CustomDomain) }

// frpRefusal makes a sentence of what frps said.
func (o *Options) frpRefusal(said string) error {
	has := func(words string) bool { return strings.Contains(said, words) }
	var e *pos.Error
	switch {
	case has("token in login doesn't match"):
		e = pos.Errorf(pos.Setup, "The frp server %s refuses the token: tunnel.token_file must hold auth.token of its frps.toml.", o.address())
	case has("already exists"):
		e = pos.Errorf(pos.Conflict, "At the frp server %s the proxy name %s is taken: by another counter, or still by this counter's last connection. The counter tries again.", o.address(), o.proxyName())
	case has("router config conflict"):
		e = pos.Errorf(pos.Conflict, "At the frp server %s the domain %s is taken by another proxy. The counter tries again.", o.address(), o.CustomDomain)
	case has("vhost http port is not set"):
		e = pos.Errorf(pos.Setup, "The frp server %s takes no http: set vhostHTTPPort in its frps.toml.", o.address())
	case has("subdomain host"):
		e = pos.Errorf(pos.Setup, "The frp server %s refuses the domain %s: it may not lie below subDomainHost of its frps.toml.", o.address(), o.CustomDomain)
	default:
		e = pos.Errorf(pos.Unavailable, "The frp server %s did not start the proxy; the counter tries again.", o.address())
	}
	return e.Because(remark(o.hideToken(said)))
}

// remark is what a server said, as a cause for the log.
type remark string

func (r remark) Error() string { return strings.Join(strings.Fields(string(r)), " ") }

// hideToken keeps a token that the server repeats out of the log.
func (o *Options) hideToken(said string) string {
	if o.Token == "" {
		return said
	}
	return strings.ReplaceAll(said, o.Token, "…")
}

// forwardNgrok asks for Remotes[0], the domain of the account and port 443, and names the protocol as the command
// (ngrok.com/docs/agent/ssh-reverse-tunnel-agent). How ngrok words a refusal is not documented: the self-test tells
// whether notifications arrive.
func (o *Options) forwardNgrok(client *ssh.Client) (net.Listener, string, error) {
	l, err := client.Listen("tcp", o.Remotes[0])
	if err != nil {
		return nil, "", pos.Errorf(pos.Setup, "ngrok refuses %s: the domain must belong to the account whose key this is.", o.Remotes[0]).Because(err)
	}
	if _, err := run(client, "http"); err != nil {
		return nil, "", o.lost(err)
	}
	return l, o.Remotes[0], nil
}

// output is what a command on the server says: the beginning of it.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	more  chan struct{} // receives after something was said
	ended chan struct{} // closed when nothing more will be
}

const maxOutput = 4 << 10

// run starts a command on the server.
func run(client *ssh.Client, command string) (*output, error) {
	s, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	out := &output{more: make(chan struct{}, 1), ended: make(chan struct{})}
	s.Stdout, s.Stderr = out, out
	if err := s.Start(command); err != nil {
		return nil, err
	}
	go func() {
		_ = s.Wait()
		close(out.ended)
	}()
	return out, nil
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Write(p[:min(len(p), maxOutput-o.b.Len())])
	select {
	case o.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *output) contains(words string) bool { return strings.Contains(o.text(), words) }
