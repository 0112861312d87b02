package counter

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/notify"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// EchoKeyName is the file of the data folder with the key by which a counter knows itself at its public address.
const EchoKeyName = "echo.key"

const echoKeySize = 32

// reachPace is when the counter looks whether notifications find it.
type reachPace struct {
	again       time.Duration // while they do
	first, last time.Duration // while they do not: the first wait, twice as long each time, and the longest
	tunnel      tunnel.Pace
}

var defaultReachPace = reachPace{again: 5 * time.Minute, first: 2 * time.Second, last: 30 * time.Second}

// reachable keeps the tunnel, where one is configured, and sends the counter a nonce through its public address now
// and then, until ctx ends. The till is told what came of it. Nothing that goes wrong here stops a sale.
func (c *Counter) reachable(ctx context.Context, h http.Handler, key []byte) {
	if c.Config.Notify.PublicURL == "" {
		c.noteReach(pos.Reach{State: pos.ReachNone})
		return
	}
	c.noteReach(pos.Reach{State: pos.ReachUnknown})
	changed := make(chan struct{}, 1)
	if c.Config.Tunnel.Kind != "none" {
		stop, err := c.startTunnel(ctx, h, changed)
		if err != nil { // its files are wrong: somebody has to mend them and open the counter again
			c.noteReach(pos.Reach{State: pos.Unreachable, At: time.Now(), Err: err})
			return
		}
		defer stop()
	}
	for wait := c.pace.first; ; {
		next := c.pace.again
		switch r, done := c.tryReach(ctx, key, changed); {
		case ctx.Err() != nil:
			return
		case !done:
			wait = c.pace.first
			continue
		case r.State == pos.Reached:
			c.noteReach(r)
			wait = c.pace.first
		default:
			c.noteReach(r)
			next, wait = wait, min(2*wait, c.pace.last)
		}
		select {
		case <-time.After(next):
		case <-changed:
			wait = c.pace.first
		case <-ctx.Done():
			return
		}
	}
}

// startTunnel starts the tunnel; changed receives when its status does. stop waits until it has ended, which it does with ctx.
func (c *Counter) startTunnel(ctx context.Context, h http.Handler, changed chan<- struct{}) (stop func(), err error) {
	o, err := TunnelOptions(c.Config, c.Vault.Read)
	if err != nil {
		return nil, err
	}
	o.Handler, o.Log, o.Pace = h, c.Log, c.pace.tunnel
	o.Changed = func(tunnel.Status) {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	t := tunnel.New(o)
	c.mu.Lock()
	c.tunnel = t
	c.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		t.Run(ctx)
		close(ended)
	}()
	return func() { <-ended }, nil
}

// Tunnel returns how the counter's tunnel stands, and nil where it has none or is not running.
func (c *Counter) Tunnel() *tunnel.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tunnel == nil {
		return nil
	}
	s := c.tunnel.Status()
	return &s
}

// tryReach looks once. While the tunnel is down there is nothing to try, and its own words say most. It is not done
// where the tunnel has changed meanwhile: then the question went a way that is no more.
func (c *Counter) tryReach(ctx context.Context, key []byte, changed <-chan struct{}) (r pos.Reach, done bool) {
	if s := c.Tunnel(); s != nil && s.State != tunnel.Up {
		if s.State == tunnel.Connecting {
			return pos.Reach{State: pos.ReachUnknown}, true
		}
		return pos.Reach{State: pos.Unreachable, At: s.Since, Err: s.Err}, true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan pos.Reach, 1)
	go func() {
		roundTrip, err := notify.Probe(ctx, nil, c.Config.Notify.PublicURL, key)
		if err != nil {
			answer <- pos.Reach{State: pos.Unreachable, At: time.Now(), Err: err}
			return
		}
		answer <- pos.Reach{State: pos.Reached, RoundTrip: roundTrip, At: time.Now()}
	}()
	select {
	case r = <-answer:
		return r, true
	case <-changed:
		return pos.Reach{}, false
	}
}

// noteReach tells the till, and the log where the light changes.
func (c *Counter) noteReach(r pos.Reach) {
	before := c.Till.Reach()
	if r.State != pos.Reached {
		r.RoundTrip = before.RoundTrip
	}
	if r.State != before.State {
		switch r.State {
		case pos.Reached:
			c.Log.Info("notifications reach this counter", "address", c.Config.Notify.PublicURL, "round_trip", r.RoundTrip)
		case pos.Unreachable:
			c.Log.Warn("no notifications reach this counter", "address", c.Config.Notify.PublicURL, "error", r.Err)
		}
	}
	c.Till.NoteReach(r)
}

// TunnelOptions are those of the tunnel of c; Handler and what follows it are left to the caller. read reads a key
// file, such as vault.Vault.Read.
func TunnelOptions(c *config.Config, read func(path string) ([]byte, error)) (tunnel.Options, error) {
	key, token, err := c.TunnelSecrets(read)
	if err != nil {
		return tunnel.Options{}, err
	}
	t := &c.Tunnel
	return tunnel.Options{
		Kind: tunnel.Kind(t.Kind), Host: t.Host, User: t.User, Key: key, KnownHosts: t.KnownHostsFile, Remotes: c.TunnelRemotes(),
		Token: string(token), ProxyName: t.ProxyName, CustomDomain: c.TunnelDomain(),
	}, nil
}

// echoKey reads the echo key of a data folder, or makes one. Where it cannot be kept it serves until the counter
// closes: only the doctor, beside it, needs the file.
func echoKey(dir string) (key []byte, err error) {
	path := filepath.Join(dir, EchoKeyName)
	if key, err = os.ReadFile(path); err == nil && len(key) == echoKeySize {
		return key, nil
	}
	key = make([]byte, echoKeySize)
	rand.Read(key) // never fails
	return key, os.WriteFile(path, key, 0o600)
}
