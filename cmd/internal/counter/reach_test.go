package counter

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// quick looks again soon, so that a test sees the light change.
var quick = reachPace{
	again: 200 * time.Millisecond, first: 20 * time.Millisecond, last: 100 * time.Millisecond,
	tunnel: tunnel.Pace{
		SetUp: 20 * time.Second, KeepAlive: 300 * time.Millisecond, Patience: 2 * time.Second,
		FirstRetry: 20 * time.Millisecond, LastRetry: 200 * time.Millisecond,
	},
}

// change edits the folder's saoma.toml: key, value, key, value, …
func change(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	var edits []config.Edit
	for i := 0; i < len(pairs); i += 2 {
		edits = append(edits, config.Edit{Key: pairs[i], Value: pairs[i+1]})
	}
	if err := config.Change(dir, edits...); err != nil {
		t.Fatal(err)
	}
}

// light waits until the light is so, and returns what it says.
func light(t *testing.T, c *Counter, want pos.ReachState) (r pos.Reach) {
	t.Helper()
	eventually(t, "the light is "+string(want), func() bool { r = c.Till.Reach(); return r.State == want })
	if _, sentence := errors.AsType[*pos.Error](r.Err); sentence != (want == pos.Unreachable) {
		t.Errorf("%s with the words %v", want, r.Err)
	}
	return r
}

// With an address of its own the counter finds itself there, sees when it no longer does, and when it does again.
func TestReachFollowsThePublicAddress(t *testing.T) {
	dir, _ := newFolder(t)
	cfg, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var broken atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: cfg.Notify.Listen})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer front.Close()
	change(t, dir, "notify.public_url", front.URL)
	c := open(t, dir)
	c.pace = quick
	run(t, c)
	if r := light(t, c, pos.Reached); r.RoundTrip <= 0 || r.At.IsZero() {
		t.Errorf("reached with %+v", r)
	}
	if c.Tunnel() != nil {
		t.Error("a tunnel was started")
	}
	broken.Store(true)
	if r := light(t, c, pos.Unreachable); !strings.Contains(r.Err.Error(), "HTTP 502") || r.RoundTrip <= 0 {
		t.Errorf("unreachable with %+v", r)
	}
	broken.Store(false)
	light(t, c, pos.Reached)
}

// Without a public address there is nothing to reach, and no light.
func TestNoPublicAddress(t *testing.T) {
	dir, _ := newFolder(t)
	change(t, dir, "notify.public_url", "")
	c := open(t, dir)
	told := make(chan pos.Reach, 10)
	c.Till.Subscribe(func(e pos.Event) {
		if e.Kind == pos.ReachChanged {
			told <- e.Reach
		}
	})
	run(t, c)
	select {
	case r := <-told:
		if r.State != pos.ReachNone {
			t.Errorf("told %+v", r)
		}
	case <-time.After(slowly):
		t.Fatal("nothing was told")
	}
}

// Wrong files of the tunnel and a server that is not there put the light out, and sales go on.
func TestADeadTunnelStopsNoSale(t *testing.T) {
	for says, set := range map[string][]string{
		"tunnel.key_file names the file":         {"tunnel.kind", "ssh", "tunnel.user", "saoma", "tunnel.key_file", "keys/none"},
		"one word without spaces":                {"tunnel.kind", "frp", "tunnel.token_file", "token"},
		"The tunnel's server 127.0.0.1:1 cannot": {"tunnel.kind", "frp"},
	} {
		dir, _ := newFolder(t)
		if err := os.WriteFile(filepath.Join(dir, "token"), []byte("two words\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		change(t, dir, append(set, "tunnel.host", "127.0.0.1:1", "notify.public_url", "https://pay.example.com")...)
		c := open(t, dir)
		c.pace = quick
		run(t, c)
		if r := light(t, c, pos.Unreachable); !strings.Contains(r.Err.Error(), says) {
			t.Errorf("says %v, want %q", r.Err, says)
		}
		p, err := c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 1250, Wallet: pos.WeChat, Cashier: "li"})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the code is there", func() bool { return state(t, c, p) == pos.Waiting })
		if err := c.PayAsCustomer(t.Context(), p.OutTradeNo); err != nil {
			t.Fatal(err)
		}
		eventually(t, "paid", func() bool { return state(t, c, p) == pos.Paid })
	}
}

// The echo key is made once, is its owner's alone, and is made anew where it is damaged.
func TestEchoKey(t *testing.T) {
	dir := t.TempDir()
	key, err := echoKey(dir)
	if err != nil || len(key) != 32 {
		t.Fatalf("%d bytes, %v", len(key), err)
	}
	path := filepath.Join(dir, EchoKeyName)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if again, err := echoKey(dir); err != nil || !bytes.Equal(again, key) {
		t.Errorf("another key the second time (%v)", err)
	}
	if err := os.WriteFile(path, key[:5], 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := echoKey(dir); err != nil || len(again) != 32 || bytes.Equal(again[:5], key[:5]) {
		t.Errorf("a damaged key is used (%v)", err)
	}
	if key, err := echoKey(filepath.Join(dir, "none")); err == nil || len(key) != 32 {
		t.Errorf("a folder that is not there: %d bytes, %v", len(key), err)
	}
}
