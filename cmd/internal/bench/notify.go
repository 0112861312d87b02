package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/payments/notify"
	"saoma/pos"
)

const (
	connections = 64
	charging    = 16 // charges in flight while orders are prepared
	turns       = 8  // between notifications and bare commits
	limitTime   = 500 * time.Millisecond
	price       = pos.Fen(1250)
)

// notificationRow measures how many notifications a second are answered, each durable before that.
func notificationRow(ctx context.Context, s settings) (lines []line, err error) {
	b, err := newBurst(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	progress("preparing %d waiting orders and their signed notifications", "准备 %d 笔待付订单及其已签名的通知", s.notifications)
	if err := b.prepare(ctx, s.notifications); err != nil {
		return nil, err
	}
	message, err := sign(b.platform.papers.WeChat.PlatformKey, b.requests[0])
	if err != nil {
		return nil, err
	}
	bare, err := openCommits(b.platform.data)
	if err != nil {
		return nil, err
	}
	defer bare.close()
	rate, commit, err := b.compare(ctx, bare)
	if err != nil {
		return nil, err
	}
	verify := verifyRate(ctx, message, 4*limitTime)
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	return []line{{
		row: 3, what: say("notifications, durable before the answer, %d connections", "通知（落盘后才应答），%d 个连接", connections),
		measured: fmt.Sprintf("%.0f/s", rate), limit: say("%.0f/s bare commits", "%.0f/s 裸提交", commit),
		ratio: ratio(rate, commit), target: say(">= 0.8 of the limit", ">= 0.8 倍极限"), met: met(rate >= 0.8*commit),
	}, {
		row: 3, what: say("the same beside checking the signature alone, all cores", "同上，对照全部核心只验签名"),
		measured: fmt.Sprintf("%.0f/s", rate), limit: say("%.0f/s RSA verifications", "%.0f/s RSA 验签", verify),
		ratio: ratio(rate, verify), target: "-", met: "-",
	}, {
		row: 3, what: say("afterwards: in the ledger; saomactl verify", "事后核对：已入账；saomactl verify"),
		measured: say("%d of %d; passes", "%d / %d；通过", len(b.numbers), s.notifications), limit: "-", ratio: "-",
		target: say("all", "全部"), met: met(len(b.numbers) == s.notifications),
	}}, nil
}

// burst is an open counter with many waiting orders, and the notifications that will pay them.
type burst struct {
	platform *platform
	counter  *counter.Counter
	server   *http.Server
	addr     string

	numbers []string // the orders' out_trade_no

	mu       sync.Mutex
	requests [][]byte // whole HTTP requests, ready to be sent
	complete chan struct{}
	want     int
}

func newBurst(ctx context.Context, s settings) (*burst, error) {
	dir, err := s.folder("notify")
	if err != nil {
		return nil, err
	}
	b := &burst{complete: make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.addr = l.Addr().String()
	if b.platform, err = newPlatform(dir, b.addr, http.HandlerFunc(b.keep)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if b.counter, err = counter.Open(ctx, dir, counter.Options{}); err != nil {
		return nil, errors.Join(err, l.Close(), b.close())
	}
	decoders := map[pos.Wallet]notify.Decoder{}
	for w, g := range b.counter.Till.Gateways {
		decoders[w] = g.(notify.Decoder)
	}
	// The counter's own server, without its poller: no counter has thousands of codes waiting to be asked about.
	b.server = notify.Server(b.addr, notify.New(notify.Options{
		Till: b.counter.Till, Decoders: decoders, Log: b.counter.Log,
	}), b.counter.Log)
	go b.server.Serve(l)
	return b, nil
}

// keep takes a notification from the sandbox and keeps it as the bytes that would bring it to the counter.
func (b *burst) keep(w http.ResponseWriter, r *http.Request) {
	var buf bytes.Buffer
	r.URL.Scheme, r.URL.Host, r.Host = "http", b.addr, b.addr
	if err := r.Write(&buf); err != nil {
		http.Error(w, "not readable", http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.requests = append(b.requests, buf.Bytes()); len(b.requests) == b.want {
		close(b.complete)
	}
}

// prepare charges n orders through the till and has the customers pay them; their notifications are kept.
func (b *burst) prepare(ctx context.Context, n int) error {
	b.want, b.numbers = n, make([]string, n)
	err := each(n, charging, func(i, _ int) error {
		p, err := b.counter.Till.Charge(ctx, pos.ChargeRequest{Amount: price, Wallet: pos.WeChat, Timeout: time.Hour})
		if err != nil {
			return err
		}
		if b.numbers[i] = p.OutTradeNo; p.State != pos.Waiting {
			return fmt.Errorf("%s is %s", p.OutTradeNo, p.State)
		}
		return b.platform.sandbox.Pay(p.OutTradeNo)
	})
	if err != nil {
		return err
	}
	return b.awaitKept(ctx)
}

func (b *burst) awaitKept(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	select {
	case <-b.complete:
		return nil
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		return fmt.Errorf("%d of %d notifications arrived: %w", len(b.requests), b.want, ctx.Err())
	}
}

// compare sends all notifications and commits bare rows, turn and turn about, because neither the disk nor who else uses the
// machine stays the same for long. It returns both rates by the second.
func (b *burst) compare(ctx context.Context, bare *commits) (rate, commit float64, err error) {
	var took time.Duration
	var pauses int
	for requests := range slices.Chunk(b.requests, (len(b.requests)+turns-1)/turns) {
		turn, err := tell(ctx, b.addr, requests)
		if err != nil {
			return 0, 0, err
		}
		took += turn
		r, err := bare.rate(limitTime)
		if err != nil {
			return 0, 0, err
		}
		commit += r
		pauses++
	}
	return float64(len(b.requests)) / took.Seconds(), commit / float64(pauses), nil
}

// tell sends requests over connections of its own, and returns how long that took once these were open.
func tell(ctx context.Context, addr string, requests [][]byte) (time.Duration, error) {
	tellers := make([]teller, connections)
	for i := range tellers {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		tellers[i] = teller{c, bufio.NewReader(c)}
	}
	begin := time.Now()
	err := each(len(requests), connections, func(i, worker int) error { return tellers[worker].tell(requests[i]) })
	return time.Since(begin), err
}

// teller is one connection of the platform's.
type teller struct {
	conn    net.Conn
	answers *bufio.Reader
}

// tell sends a notification and waits until it is answered with success.
func (t teller) tell(request []byte) error {
	if _, err := t.conn.Write(request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(t.answers, nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("a notification was answered %s", answer.Status)
	}
	return nil
}

// check finds every payment in the ledger, and the whole ledger sound.
func (b *burst) check(ctx context.Context) error {
	var total pos.Fen
	for _, no := range b.numbers {
		p, err := b.counter.Till.Payment(ctx, no)
		if err != nil {
			return err
		}
		if p.State != pos.Paid || p.ConfirmedBy != pos.FromNotification {
			return fmt.Errorf("%s is %s %s", no, p.State, p.ConfirmedBy)
		}
		total += p.Amount
	}
	days, err := b.counter.Ledger.Totals(ctx, "0000-00-00", "9999-99-99")
	if err != nil {
		return err
	}
	for _, d := range days {
		total -= d.Paid
	}
	if total != 0 {
		return fmt.Errorf("the daily totals lack ¥%s", total)
	}
	return sound(ctx, b.counter.Ledger)
}

// sound runs what `saomactl verify` runs.
func sound(ctx context.Context, l *db.Ledger) error {
	report, err := l.Verify(ctx, db.VerifyOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range report.Checks {
		for _, v := range c.Violations {
			errs = append(errs, fmt.Errorf("verify: %s: %s", c.Name, v))
		}
	}
	return errors.Join(errs...)
}

func (b *burst) close() error {
	var errs []error
	if b.server != nil {
		errs = append(errs, b.server.Close())
	}
	if b.platform != nil {
		errs = append(errs, b.platform.close())
	}
	if b.counter != nil {
		errs = append(errs, b.counter.Close())
	}
	return errors.Join(errs...)
}

// each calls fn for 0 to n-1 from so many workers, whose number it is told, until one fails.
func each(n, workers int, fn func(i, worker int) error) error {
	var next, failed atomic.Int64
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == 0; i = int(next.Add(1)) - 1 {
				if errs[w] = fn(i, w); errs[w] != nil {
					failed.Add(1)
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
