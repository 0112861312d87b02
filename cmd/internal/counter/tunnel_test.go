package counter

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/payments/tunnel"
	"saoma/payments/tunnel/tunneltest"
	"saoma/pos"
)

// copies is how often each notification is delivered, all at once.
const copies = 20

// front plays the reverse proxy on the tunnel's server, and repeats every notification.
type front struct {
	*httptest.Server
	sent, acknowledged atomic.Int64 // copies, and notifications of which some copy was answered with success
}

// newFront starts a reverse proxy to what the tunnel's server forwards.
func newFront(t *testing.T, network, addr, host string) *front {
	t.Helper()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: host})
			r.Out.Host = host
		},
		Transport: &http.Transport{
			MaxConnsPerHost: 32,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr)
			},
		},
		ErrorLog: log.New(io.Discard, "", 0), // the line is cut on purpose
	}
	f := &front{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		f.repeat(proxy, w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// repeat delivers a notification many times at once, and answers with an answer that was success, if there was one.
func (f *front) repeat(proxy http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the platform gave up
	}
	answers := make([]*httptest.ResponseRecorder, copies)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			again := r.Clone(r.Context())
			again.Body = io.NopCloser(bytes.NewReader(body))
			answers[i] = httptest.NewRecorder()
			proxy.ServeHTTP(answers[i], again)
		})
	}
	all.Wait()
	f.sent.Add(copies)
	best := answers[0]
	for _, a := range answers {
		if a.Code == http.StatusOK {
			best = a
		}
	}
	if best.Code == http.StatusOK {
		f.acknowledged.Add(1)
	}
	w.WriteHeader(best.Code)
	w.Write(best.Body.Bytes())
}

// place is a server of a tunnel that a test can ill-treat.
type place struct {
	link *tunneltest.Link
	kill func()
	back func()
}

func (p *place) freeze() { p.link.Freeze() }

// thaw lets the line work again. The server's system has noticed by now that the old one is dead: a socket would be
// taken over without that, a domain of frps is not.
func (p *place) thaw() {
	p.link.Thaw()
	p.link.Bury()
}

// tunnelled makes a data folder whose counter is reached through a tunnel of this kind.
func tunnelled(t *testing.T, kind tunnel.Kind) (c *Counter, box *sandbox.Sandbox, f *front, p *place) {
	t.Helper()
	dir, box := newFolder(t)
	keys := tunneltest.NewKey(t)
	var set []string
	switch kind {
	case tunnel.SSH:
		s := tunneltest.NewSSHD(t, tunneltest.SSHDOptions{Keys: []tunneltest.Key{keys}})
		socket := filepath.Join(s.Dir, "k1.sock")
		f = newFront(t, "unix", socket, "counter")
		p = &place{tunneltest.NewLink(t, s.Addr), s.Kill, s.Start}
		set = []string{"tunnel.user", s.User, "tunnel.key_file", "keys/tunnel", "tunnel.remote", socket}
		write(t, dir, "keys/tunnel", keys.PEM)
	case tunnel.FRP:
		s := tunneltest.NewFRPS(t, nil)
		const domain = "pay.example.com"
		f = newFront(t, "tcp", s.HTTP, domain)
		p = &place{tunneltest.NewLink(t, s.Addr), s.Kill, s.Start}
		set = []string{"tunnel.custom_domain", domain, "tunnel.token_file", "keys/token"}
		write(t, dir, "keys/token", []byte(s.Token+"\n"))
	}
	change(t, dir, append(set, "tunnel.kind", string(kind), "tunnel.host", p.link.Addr, "notify.public_url", f.URL)...)
	c = open(t, dir)
	c.pace = quick
	c.pace.again = time.Hour // it is the tunnel that puts the light out
	o, err := TunnelOptions(c.Config, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	k, err := tunnel.AskHostKey(t.Context(), o)
	if err == nil {
		err = k.Pin(o.KnownHosts)
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, c)
	return c, box, f, p
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sales are payments that arrive while the test does something else.
type sales struct {
	t    *testing.T
	c    *Counter
	work sync.WaitGroup
	mu   sync.Mutex
	sold []string
}

func newSales(t *testing.T, c *Counter) *sales {
	s := &sales{t: t, c: c}
	t.Cleanup(s.work.Wait) // of a test that gave up
	return s
}

// start charges n payments one after another, in the background, and has each customer pay at once.
func (s *sales) start(n int) {
	s.work.Go(func() {
		for i := range n {
			p, err := s.c.Till.Charge(s.t.Context(), pos.ChargeRequest{Amount: pos.Fen(1 + i), Wallet: pos.Wallets[i%len(pos.Wallets)], Cashier: "li"})
			if err == nil {
				err = s.c.PayAsCustomer(s.t.Context(), p.OutTradeNo)
			}
			if err != nil {
				s.t.Error(err)
				return
			}
			s.mu.Lock()
			s.sold = append(s.sold, p.OutTradeNo)
			s.mu.Unlock()
		}
	})
}

// end waits until all have been paid by their customers, and returns their numbers.
func (s *sales) end() []string {
	s.work.Wait()
	return s.sold
}

// TestTunnelUnderLoad kills and restarts a tunnel's server, and lets its line go dead in between, while customers pay
// and every notification that gets through comes twenty times. Every payment is confirmed, none twice, and the light
// says each time how it stands.
func TestTunnelUnderLoad(t *testing.T) {
	for _, kind := range []tunnel.Kind{tunnel.SSH, tunnel.FRP} {
		t.Run(string(kind), func(t *testing.T) { underLoad(t, kind) })
	}
}

func underLoad(t *testing.T, kind tunnel.Kind) {
	c, box, f, p := tunnelled(t, kind)
	light(t, c, pos.Reached)
	rounds, frozen := dbtest.Rounds(20, 60), 0
	var sold []string
	for round := range rounds {
		sales := newSales(t, c)
		sales.start(4)
		p.kill()
		light(t, c, pos.Unreachable)
		sales.start(3)
		p.back()
		light(t, c, pos.Reached)
		sales.start(3)
		if round%4 == 1 {
			frozen++
			p.freeze()
			light(t, c, pos.Unreachable)
			p.thaw()
			light(t, c, pos.Reached)
		}
		sold = append(sold, sales.end()...)
	}
	// The line stands: the notification of one more arrives, whoever confirmed the payment.
	before := f.acknowledged.Load()
	last := newSales(t, c)
	last.start(1)
	sold = append(sold, last.end()...)
	eventually(t, "a notification arrives", func() bool { return f.acknowledged.Load() > before })
	byNotification := 0
	for _, no := range sold {
		eventually(t, no+" is paid", func() bool { return state(t, c, &pos.Payment{OutTradeNo: no}) == pos.Paid })
		paid, err := c.Till.Payment(t.Context(), no)
		if err != nil {
			t.Fatal(err)
		}
		if paid.ConfirmedBy == pos.FromNotification {
			byNotification++
		}
	}
	agree(t, c, box, int64(len(sold)))
	if raised, err := c.Till.Exceptions(t.Context()); err != nil || len(raised) > 0 {
		t.Errorf("exceptions %+v (%v)", raised, err)
	}
	dbtest.Figures(t, "%s tunnel: server killed and restarted %d times, line dead %d times, %d payments, all confirmed, none twice: %d by notification, %d by polling; %d copies of notifications sent",
		kind, rounds, frozen, len(sold), byNotification, len(sold)-byNotification, f.sent.Load())
}
