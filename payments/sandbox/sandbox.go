// Package sandbox simulates WeChat Pay v3 (Native) and Alipay (precreate) over their real wire protocols: it verifies
// the merchant's signatures, signs what it answers, keeps orders, sends notifications on the platforms' schedules,
// refunds, writes bills, and misbehaves on request. Keys and certificates of both rotate on request, too. Alipay's
// application is in public-key mode, or in certificate mode if the papers have its certificates. A page plays the
// customer's phone. No real money moves.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options change how a sandbox behaves. The zero value is a sandbox at real speed.
type Options struct {
	Shop           string           // the name on the customer's phone
	Speed          float64          // divides the delays of notifications and refunds; 0 means 1
	PhoneURL       string           // base of code_urls; default: the listening address, the LAN's when it listens everywhere
	RefundDelay    time.Duration    // how long a WeChat Pay refund stays PROCESSING, before Speed; default 2 s
	RefundGap      time.Duration    // least time between two refunds of one WeChat Pay order, whatever the Speed; default the platform's 1 minute; negative: none
	Identity       Identity         // how WeChat Pay signs when the request names no serial
	StrictBillTime bool             // refuse bills before 10:00 of the next day, as the platforms do
	StateFile      string           // keeps the orders over a restart; "" keeps them in memory only
	Now            func() time.Time // default time.Now
	BillNow        func() time.Time // when bills are asked for; default Now: the wire's clock must agree with the merchant's
	Log            *slog.Logger     // default: nothing
}

// Identity is one of the two ways WeChat Pay signs.
type Identity int

// WeChat Pay's identities.
const (
	Certificate Identity = iota // the platform certificate
	PublicKey                   // the WeChat Pay public key, PUB_KEY_ID_…
)

// Sandbox is both platforms. Its methods are safe for concurrent use.
type Sandbox struct {
	papers *Papers
	keys   *identities
	opt    Options
	log    *slog.Logger
	faults Faults
	client *http.Client // for notifications only
	mux    *http.ServeMux

	ctx  context.Context // ends at Close: hangs, waits and notifications watch it
	stop context.CancelFunc
	work sync.WaitGroup

	mu      sync.Mutex // guards everything below
	trades  map[string]*trade
	list    []*trade // in the order of creation
	codes   map[string]*trade
	refunds map[string]*trade // WeChat Pay: out_refund_no is unique for the merchant
	bills   map[string]bill
	held    []chan struct{} // notifications waiting to be overtaken
	url     string          // http://host:port
	phone   string          // base of code_urls
	server  *http.Server
	journal *journal
	fail    error // why New could not read the state file
}

// New makes a sandbox that signs with p's platform keys and trusts p's merchant keys. A state file that cannot be
// read is reported by Start.
func New(p *Papers, o Options) *Sandbox {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.RefundDelay <= 0 {
		o.RefundDelay = 2 * time.Second
	}
	if o.RefundGap == 0 {
		o.RefundGap = refundGap
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.BillNow == nil {
		o.BillNow = o.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Shop == "" {
		o.Shop = "Saoma 扫码收银"
	}
	s := &Sandbox{
		papers: p, keys: newIdentities(p), opt: o, log: o.Log, phone: o.PhoneURL,
		client:  notifyClient(),
		trades:  map[string]*trade{},
		codes:   map[string]*trade{},
		refunds: map[string]*trade{},
		bills:   map[string]bill{},
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.mux = s.routes()
	if o.StateFile != "" {
		s.fail = s.restore(o.StateFile)
	}
	return s
}

func (s *Sandbox) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/v3/", s.serveWeChat)
	mux.HandleFunc("/gateway.do", s.serveAlipay)
	mux.HandleFunc("GET "+alipayBillPath, s.serveAlipayBill)
	s.controlRoutes(mux)
	s.phoneRoutes(mux)
	return mux
}

// Handler serves everything: the gateways, the customer's phone and /sandbox/*.
func (s *Sandbox) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.learn("http://" + r.Host)
		s.date(w)
		s.mux.ServeHTTP(w, r)
	})
}

// date tells the platform's time, which need not be this machine's.
func (s *Sandbox) date(w http.ResponseWriter) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
}

// learn takes the address a request came by when the sandbox does not listen itself.
func (s *Sandbox) learn(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" {
		s.url = base
	}
	if s.phone == "" {
		s.phone = s.url
	}
}

// Start listens on host:port (port 0 picks one) and serves until Close.
func (s *Sandbox) Start(listen string) error {
	if s.fail != nil {
		return s.fail
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s.mu.Lock()
	addr := l.Addr().(*net.TCPAddr)
	s.url = baseURL(addr.IP, addr.Port)
	if s.phone == "" {
		s.phone = s.url
		if addr.IP.IsUnspecified() {
			s.phone = baseURL(lanAddress(), addr.Port)
		}
	}
	s.server = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	server := s.server
	s.mu.Unlock()
	s.work.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("sandbox stopped serving", "err", err)
		}
	})
	return nil
}

// baseURL is where this machine reaches the listener: every interface includes the loopback.
func baseURL(ip net.IP, port int) string {
	if ip == nil || ip.IsUnspecified() {
		ip = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + net.JoinHostPort(ip.String(), fmt.Sprint(port))
}

// lanAddress is this machine's first private IPv4 address, where a phone in the same network finds it.
func lanAddress() net.IP {
	addrs, _ := net.InterfaceAddrs() // without any the phone page is on the loopback only
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsPrivate() {
			return n.IP
		}
	}
	return nil
}

// URL is the sandbox's own address, http://host:port, once it is started or has served a request.
func (s *Sandbox) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// WeChatURL is the base of WeChat Pay's /v3/… paths.
func (s *Sandbox) WeChatURL() string { return s.URL() }

// AlipayURL is Alipay's gateway.
func (s *Sandbox) AlipayURL() string { return s.URL() + "/gateway.do" }

// PhoneURL is the page that lists the codes a customer could scan.
func (s *Sandbox) PhoneURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phone + "/phone"
}

// Faults are the faults switched on.
func (s *Sandbox) Faults() *Faults { return &s.faults }

// Close ends every connection, hang and notification and waits for them.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	s.stop() // under the lock: whoever starts work holds it and sees the end
	server := s.server
	s.mu.Unlock()
	var err error
	if server != nil {
		err = server.Close()
	}
	s.work.Wait()
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	err = errors.Join(err, s.journal.close())
	s.journal = nil
	return err
}

func (s *Sandbox) now() time.Time { return s.opt.Now() }

// sooner divides a real delay by Speed.
func (s *Sandbox) sooner(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.opt.Speed)
}

// sleep waits d, or less when ctx or the sandbox ends; it says whether it waited it all.
func (s *Sandbox) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

// later runs f after d unless the sandbox is closed first. The caller holds the lock; f takes it itself.
func (s *Sandbox) later(d time.Duration, f func()) {
	if s.ctx.Err() != nil {
		return
	}
	s.work.Go(func() {
		if s.sleep(s.ctx, d) {
			f()
		}
	})
}
