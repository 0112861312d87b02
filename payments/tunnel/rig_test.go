package tunnel_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/tunnel"
	"saoma/payments/tunnel/tunneltest"
	"saoma/pos"
)

// fast is the pace of the tests: failures are found and mended quickly, and a slow machine is still no failure.
var fast = tunnel.Pace{
	SetUp: 20 * time.Second, KeepAlive: 300 * time.Millisecond, Patience: 30 * time.Second,
	FirstRetry: 20 * time.Millisecond, LastRetry: 200 * time.Millisecond,
}

// hasty is fast to give up a line that has fallen silent, for the tests of that.
func hasty(o tunnel.Options) tunnel.Options {
	o.Pace = fast
	o.Pace.Patience = 5 * time.Second
	return o
}

// rig is a tunnel that runs until the test's end, with what it said.
type rig struct {
	*testing.T
	tunnel *tunnel.Tunnel

	mu   sync.Mutex
	said []tunnel.Status
}

// run starts a tunnel. What is missing in o is filled in: a handler that says hello.
func run(t *testing.T, o tunnel.Options) *rig {
	t.Helper()
	r := &rig{T: t}
	if o.Handler == nil {
		o.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello from "+r.URL.Path) })
	}
	o.Log = slog.New(slog.DiscardHandler)
	if o.Pace == (tunnel.Pace{}) {
		o.Pace = fast
	}
	o.Changed = func(s tunnel.Status) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.said = append(r.said, s)
	}
	r.tunnel = tunnel.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		r.tunnel.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("the tunnel did not end")
		}
	})
	return r
}

// until waits for a state.
func (r *rig) until(want tunnel.State) tunnel.Status {
	r.Helper()
	var s tunnel.Status
	tunneltest.Until(r, "the tunnel is "+string(want), func() bool { s = r.tunnel.Status(); return s.State == want })
	return s
}

// says waits until the tunnel has been down with a sentence that has these words.
func (r *rig) says(words string) error {
	r.Helper()
	var found error
	tunneltest.Until(r, "the tunnel says “"+words+"”", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, s := range r.said {
			if s.Err != nil && strings.Contains(s.Err.Error(), words) {
				found = s.Err
			}
		}
		return found != nil
	})
	if _, ok := errors.AsType[*pos.Error](found); !ok {
		r.Errorf("no sentence: %v", found)
	}
	return found
}

// at returns a client that reaches addr, whatever the address of a request says.
func at(network, addr string) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	}}
}

// get returns what a GET or POST of a path at a host answers.
func get(t *testing.T, c *http.Client, method, host, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// pinned fills in o's file of known hosts with the key that the server shows.
func pinned(t *testing.T, o tunnel.Options) tunnel.Options {
	t.Helper()
	o.KnownHosts = filepath.Join(t.TempDir(), "known_hosts")
	k, err := tunnel.AskHostKey(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if k.Pinned || k.Changed || !strings.HasPrefix(k.Fingerprint, "SHA256:") {
		t.Errorf("a key that nobody has seen: %+v", k)
	}
	if err := k.Pin(o.KnownHosts); err != nil {
		t.Fatal(err)
	}
	return o
}
