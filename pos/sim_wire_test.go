package pos_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// simWire is the sandbox behind the real adapters, over HTTP in memory: every signature is made and verified,
// and every fault of the sandbox strikes on the wire.
type simWire struct {
	s         *sim
	box       *sandbox.Sandbox
	net       simNet
	servers   []*http.Server
	transport *http.Transport // of the counter
	before    http.RoundTripper
}

// Where the sandbox and the counter listen.
const (
	simGatewayAt = "127.0.0.1:8001"
	simCounterAt = "127.0.0.1:8002"
)

func newSimWire(s *sim) *simWire {
	w := &simWire{s: s, net: simNet{}, before: http.DefaultTransport}
	w.transport = &http.Transport{DialContext: w.net.dial}
	http.DefaultTransport = &http.Transport{DialContext: w.net.dial} // what the sandbox notifies through
	papers, _ := papersOnce()                                        // simulate has seen to it that there are some
	w.box = sandbox.New(papers, sandbox.Options{Shop: "Test", RefundDelay: 20 * time.Second, PhoneURL: "http://" + simGatewayAt})
	w.serve(simGatewayAt, w.box.Handler())
	w.serve(simCounterAt, http.HandlerFunc(w.notified))
	return w
}

func (w *simWire) serve(addr string, h http.Handler) {
	l := &simListener{make(chan net.Conn), make(chan struct{})}
	w.net[addr] = l
	server := &http.Server{Handler: h}
	w.servers = append(w.servers, server)
	go server.Serve(l)
}

// notified is the counter's address: somebody answers there while it runs.
func (w *simWire) notified(answer http.ResponseWriter, r *http.Request) {
	w.s.mu.Lock()
	c := w.s.counter
	w.s.mu.Unlock()
	if c == nil || c.dead.Load() {
		http.Error(answer, "down", http.StatusBadGateway)
		return
	}
	c.handler.ServeHTTP(answer, r)
	w.s.count(&w.s.counts.Notices)
	w.s.logf("a notification to %s was answered", r.URL.Path)
}

func (w *simWire) gateways() map[pos.Wallet]pos.Gateway {
	papers, _ := papersOnce()
	p, a := papers.WeChat, papers.Alipay
	wx, err := wechat.New(wechat.Config{
		MchID: p.MchID, AppID: p.AppID, MerchantSerial: p.MerchantSerial, MerchantKey: p.MerchantKey,
		APIv3Key: p.APIv3Key, PublicKeyID: p.PublicKeyID, PublicKey: &p.PlatformKey.PublicKey,
		BaseURL: "http://" + simGatewayAt, NotifyURL: "http://" + simCounterAt + "/notify/wechat", Transport: w, Now: w.s.now,
	})
	if err != nil {
		panic(err)
	}
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: "http://" + simGatewayAt + "/gateway.do", NotifyURL: "http://" + simCounterAt + "/notify/alipay", Transport: w, Now: w.s.now,
	})
	if err != nil {
		panic(err)
	}
	return map[pos.Wallet]pos.Gateway{pos.WeChat: wx, pos.Alipay: ali}
}

func (w *simWire) decoders(g map[pos.Wallet]pos.Gateway) map[pos.Wallet]notify.Decoder {
	return map[pos.Wallet]notify.Decoder{
		pos.WeChat: g[pos.WeChat].(notify.Decoder), pos.Alipay: g[pos.Alipay].(notify.Decoder),
	}
}

// RoundTrip is the way to the platform and back, which takes its time.
func (w *simWire) RoundTrip(r *http.Request) (*http.Response, error) {
	d := w.s.dice("wire " + r.URL.Path)
	time.Sleep(within(d, 1, 150*time.Millisecond))
	answer, err := w.transport.RoundTrip(r)
	time.Sleep(within(d, 1, 150*time.Millisecond))
	return answer, err
}

// order finds what the sandbox has under the number.
func (w *simWire) order(no string) (o sandbox.Order, ok bool) {
	list := w.box.Orders()
	i := slices.IndexFunc(list, func(o sandbox.Order) bool { return o.OutTradeNo == no })
	if i < 0 {
		return o, false
	}
	return list[i], true
}

func (w *simWire) scan(no, code string) error { return w.customer(no, code, w.box.Scan) }
func (w *simWire) pay(no, code string) error  { return w.customer(no, code, w.box.Pay) }

// customer does something with the code that was shown, if it still lives.
func (w *simWire) customer(no, code string, do func(string) error) error {
	if o, ok := w.order(no); !ok || o.CodeURL != code {
		return errNotPayable
	}
	return do(no)
}

// about translates the sandbox's words. It does not tell a trade's deadline.
func (w *simWire) about(no string) *simTrade {
	o, ok := w.order(no)
	if !ok {
		return nil
	}
	t := &simTrade{
		wallet: pos.Wallet(o.Wallet), no: no, asked: pos.Fen(o.Amount), amount: pos.Fen(o.Amount), code: o.CodeURL,
		dies: o.Created.Add(codeLife), txn: o.TransactionID, paidAt: o.Paid,
	}
	switch {
	case !o.Paid.IsZero():
		t.state = pos.TradePaid
	case o.State == "":
		t.state = pos.TradeNone
	case o.State == "CLOSED" || o.State == "TRADE_CLOSED":
		t.state = pos.TradeClosed
	default:
		t.state = pos.TradeUnpaid
	}
	for _, r := range o.Refunds {
		state := pos.RefundProcessing
		if r.State == "SUCCESS" {
			state = pos.RefundSucceeded
		}
		t.refunds = append(t.refunds, &simRefund{no: r.OutRefundNo, id: r.RefundID, amount: pos.Fen(r.Amount), state: state})
	}
	return t
}

func (w *simWire) numbers() (list []string) {
	for _, o := range w.box.Orders() {
		list = append(list, o.OutTradeNo)
	}
	return list
}

// accidents switches on a fault now and then.
func (w *simWire) accidents(d *rand.Rand) {
	kinds := []sandbox.FaultKind{
		sandbox.FaultRefuse, sandbox.FaultDelay, sandbox.FaultTimeoutBefore, sandbox.FaultTimeoutAfter, sandbox.FaultHTTP500,
		sandbox.FaultHTTP502, sandbox.FaultSystemError, sandbox.FaultRateLimit, sandbox.FaultTruncated, sandbox.FaultSlow,
		sandbox.FaultBadSignature, sandbox.FaultUnsigned, sandbox.FaultCaptivePortal, sandbox.FaultRedirect, sandbox.FaultWrongOrder,
		sandbox.FaultOrderPaid, sandbox.FaultStale, sandbox.FaultDuplicate, sandbox.FaultReordered, sandbox.FaultLate,
		sandbox.FaultLost, sandbox.FaultForged, sandbox.FaultCorrupt, sandbox.FaultProbe,
	}
	for range 20 + w.s.trouble {
		f := sandbox.Fault{Kind: kinds[d.IntN(len(kinds))], Count: 1 + d.IntN(3), Delay: within(d, time.Millisecond, 5*time.Second)}
		w.s.after(within(d, 0, dayLength), func() {
			w.s.count(&w.s.counts.Faults)
			w.s.logf("from now on: %s, %d times", f.Kind, f.Count)
			if err := w.box.Faults().Add(f); err != nil {
				w.s.violated("the sandbox refuses a fault: %v", err)
			}
		})
	}
}

func (w *simWire) heal() { w.box.Faults().Clear() }

func (w *simWire) quiet() bool {
	return !slices.ContainsFunc(w.box.Orders(), func(o sandbox.Order) bool {
		return slices.ContainsFunc(o.Refunds, func(r sandbox.Refund) bool { return r.State == "PROCESSING" })
	})
}

func (w *simWire) close() {
	w.box.Close()
	w.transport.CloseIdleConnections()
	for _, s := range w.servers {
		s.Close()
	}
	http.DefaultTransport = w.before
}

// simNet is a network in memory: who listens at which address.
type simNet map[string]*simListener

func (n simNet) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	l, ok := n[addr]
	if !ok {
		return nil, errors.New("simulated: nobody listens at " + addr)
	}
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type simListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *simListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *simListener) Close() error   { close(l.closed); return nil }
func (l *simListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
