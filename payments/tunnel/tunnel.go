// Package tunnel gives a counter behind a shop's router a public address: it logs in to a server by SSH, has the
// server forward what arrives there, and serves notifications on that, without any port of its own. One client serves
// three kinds of server: OpenSSH, frp's SSH gateway and ngrok's SSH endpoint.
//
// OpenSSH and frps are what its tests run against. ngrok follows ngrok's published documentation
// (ngrok.com/docs/agent/ssh-reverse-tunnel-agent) and has not been tried: that takes an account and its network.
package tunnel

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"saoma/pos"
)

// Kind is the kind of server that forwards.
type Kind string

const (
	SSH   Kind = "ssh"   // the owner's own server with OpenSSH
	FRP   Kind = "frp"   // frps with its sshTunnelGateway
	Ngrok Kind = "ngrok" // ngrok's SSH endpoint
)

// Options say where a tunnel goes. Kind, Host, User, KnownHosts and Handler are needed, Host and User not at ngrok.
type Options struct {
	Kind       Kind
	Host       string   // host or host:port; without a port 22, and 2200 at frp
	User       string   // not needed at frp either
	Key        []byte   // the private key, PEM; empty: the keys of the running ssh agent, and none at frp
	KnownHosts string   // the file of the servers' keys that the owner has confirmed
	Remotes    []string // what is forwarded, the first that the server allows: a socket's path or host:port; nothing at frp

	Token, ProxyName, CustomDomain string // frp only; words without spaces. ProxyName: if empty, the domain

	Handler http.Handler // serves what comes through Guard
	Log     *slog.Logger // default slog.Default()
	Changed func(Status) // if set, called with each change, one after another; must not block
	Pace    Pace
}

// Pace is the tunnel's sense of time. What is zero has the value of DefaultPace.
type Pace struct {
	SetUp      time.Duration // to connect, log in and be given the forwarding
	KeepAlive  time.Duration // between two questions whether the server is still there
	Patience   time.Duration // for its answer: the line counts as dead after that
	FirstRetry time.Duration // after a failure, and twice as long after each further one,
	LastRetry  time.Duration // up to this
}

// DefaultPace finds a dead line within half a minute and costs a few bytes every quarter of one.
var DefaultPace = Pace{
	SetUp: 20 * time.Second, KeepAlive: 15 * time.Second, Patience: 15 * time.Second,
	FirstRetry: time.Second, LastRetry: time.Minute,
}

// State is whether the tunnel stands.
type State string

const (
	Connecting State = "connecting" // the first try is under way
	Up         State = "up"
	Down       State = "down" // it is tried again, by itself; Status.Err says why
)

// Status is how the tunnel stands.
type Status struct {
	State State
	Since time.Time
	At    string // what the server forwards: one of Options.Remotes, or frp's domain; empty unless Up
	Err   error  // a sentence of pos; nil unless Down
}

// Tunnel keeps one tunnel standing.
type Tunnel struct {
	o      Options
	ending sync.WaitGroup // sessions that are over and still answer a request

	mu     sync.Mutex
	status Status
}

// New returns a tunnel that does nothing before Run.
func New(o Options) *Tunnel {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	for _, d := range []struct{ given, usual *time.Duration }{
		{&o.Pace.SetUp, &DefaultPace.SetUp},
		{&o.Pace.KeepAlive, &DefaultPace.KeepAlive},
		{&o.Pace.Patience, &DefaultPace.Patience},
		{&o.Pace.FirstRetry, &DefaultPace.FirstRetry},
		{&o.Pace.LastRetry, &DefaultPace.LastRetry},
	} {
		if *d.given == 0 {
			*d.given = *d.usual
		}
	}
	return &Tunnel{o: o, status: Status{State: Connecting, Since: time.Now()}}
}

// Status returns how the tunnel stands.
func (t *Tunnel) Status() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

// Run keeps the tunnel standing until ctx ends: what fails is tried again, after longer and longer waits. It
// returns when the requests under way are answered.
func (t *Tunnel) Run(ctx context.Context) {
	defer t.ending.Wait()
	wait := t.o.Pace.FirstRetry
	for {
		begin := time.Now()
		err := t.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begin) > t.o.Pace.LastRetry { // it stood: this is a new failure
			wait = t.o.Pace.FirstRetry
		}
		t.note(Status{State: Down, Err: err})
		// Half of the wait is left to chance, so that the counters of a server that comes back do not all come at once.
		select {
		case <-time.After(wait/2 + rand.N(wait/2+1)):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, t.o.Pace.LastRetry)
	}
}

// note keeps s and tells of it. A failure like the last one is no change.
func (t *Tunnel) note(s Status) {
	s.Since = time.Now()
	t.mu.Lock()
	same := s.State == Down && t.status.State == Down && sentence(s.Err) == sentence(t.status.Err)
	if !same {
		t.status = s
	}
	t.mu.Unlock()
	if same {
		return
	}
	if s.State == Up {
		t.o.Log.Info("the tunnel is up", "kind", t.o.Kind, "at", s.At)
	} else {
		t.o.Log.Warn("the tunnel is down", "kind", t.o.Kind, "error", s.Err)
	}
	if t.o.Changed != nil {
		t.o.Changed(s)
	}
}

// sentence is err without its cause.
func sentence(err error) string {
	if e, ok := errors.AsType[*pos.Error](err); ok {
		return e.Sentence()
	}
	return ""
}
