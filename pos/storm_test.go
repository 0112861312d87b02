package pos_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// The size of the storm. Of the orders some are cancelled by a cashier who does not know yet that they are
// paid, some are refunded as soon as they are; the bystanders are never paid.
const (
	stormOrders      = 1000
	stormConnections = 64
	stormCancelled   = 100
	stormRefunded    = 100
	stormBystanders  = 20
)

// stormCopies is how often each notification is sent.
var stormCopies = dbtest.Rounds(20, 20)

// quick is below every time limit of the notify server: an answer within it is not a matter of load.
const quick = 2 * time.Second

// TestStorm sends every notification of 1,000 paid orders twenty times, in any order and over 64 connections,
// while the poller, cashiers and a manager work on the same orders: each order is entered once.
func TestStorm(t *testing.T) {
	for seed := range dbtest.Rounds(1, 10) {
		s := &storm{random: rand.New(rand.NewPCG(uint64(seed), 4))}
		s.counter = newPlatform(t, sandbox.Options{RefundDelay: 50 * time.Millisecond})
		s.between.adapters = s.clock
		s.open()
		s.serveNotices()
		s.sell()
		stop := s.poll()
		var all sync.WaitGroup
		all.Go(s.notifyAll)
		all.Go(s.cancelSome)
		all.Go(s.refundSome)
		all.Wait()
		s.finish()
		stop()
		s.audit()
		s.count()
		s.close()
		dbtest.Figures(t, "storm: %d orders, %d notifications over %d connections (%d told again after a time-out), 0 violations",
			stormOrders, stormOrders*stormCopies, stormConnections, s.again.Load())
	}
}

type storm struct {
	*counter
	random *rand.Rand
	target string       // the notify server
	signed atomic.Int64 // when the notices were signed, in Unix nanoseconds
	orders []*pos.Payment
	again  atomic.Int64

	mu      sync.Mutex
	notices []*http.Request // one of each order
	bodies  [][]byte
}

// clock stands still during the storm: on a slow machine it must not make genuine notices stale.
func (s *storm) clock() time.Time {
	if at := s.signed.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now()
}

// serveNotices runs the real notify server beside the address that the platforms know.
func (s *storm) serveNotices() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	server := notify.Server("", *s.handler.Load(), slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	s.t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-done); !errors.Is(err, http.ErrServerClosed) {
			s.t.Error(err)
		}
	})
	s.target = "http://" + l.Addr().String()
}

// sell charges every order and lets the customers pay; the platforms' notices are caught on their way.
func (s *storm) sell() {
	s.orders = make([]*pos.Payment, stormOrders+stormBystanders)
	each(16, len(s.orders), func(i int) {
		s.orders[i] = s.charge(pos.Wallets[i%len(pos.Wallets)], pos.Fen(1+i))
	})
	real := s.handler.Load()
	var catch http.Handler = http.HandlerFunc(s.catch)
	s.handler.Store(&catch)
	for i, p := range s.orders[:stormOrders] {
		s.pay(p.OutTradeNo)
		// All at once would be too much for a slow machine within the time that the platforms wait for an answer, and
		// Alipay tells again only after minutes.
		s.awaitCaught(i + 1 - stormConnections)
	}
	s.awaitCaught(stormOrders)
	s.handler.Store(real)
	s.signed.Store(time.Now().UnixNano())
}

// catch takes a notice away, with the answer that keeps the platform from telling again.
func (s *storm) catch(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		badGateway(w, r, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices, s.bodies = append(s.notices, r), append(s.bodies, body)
	io.WriteString(w, "success")
}

// awaitCaught waits until n notices are caught.
func (s *storm) awaitCaught(n int) {
	s.t.Helper()
	for end := time.Now().Add(patience); s.caught() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the platforms told of %d orders only", s.caught())
		}
	}
}

func (s *storm) caught() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.notices)
}

// notifyAll sends every copy of every notice.
func (s *storm) notifyAll() {
	copies := s.random.Perm(stormOrders * stormCopies)
	transport := &http.Transport{MaxConnsPerHost: stormConnections, MaxIdleConnsPerHost: stormConnections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	each(stormConnections, len(copies), func(i int) {
		n := copies[i] % stormOrders
		for !s.tell(client, n) {
			s.again.Add(1)
		}
	})
}

// tell sends one copy and reports whether it was answered with success. Only a time-out may keep it from
// that; then the platform tells again.
func (s *storm) tell(client *http.Client, n int) bool {
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.target+s.notices[n].URL.Path, bytes.NewReader(s.bodies[n]))
	if err != nil {
		s.t.Error(err)
		return true
	}
	r.Header = s.notices[n].Header.Clone()
	begin := time.Now()
	res, err := client.Do(r)
	if err != nil {
		if took := time.Since(begin); took < quick || s.t.Context().Err() != nil {
			s.t.Errorf("%s after %s: %v", r.URL.Path, took, err)
			return true
		}
		return false
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	want := "success"
	if pos.Wallet(filepath.Base(r.URL.Path)) == pos.WeChat {
		want = `{"code":"SUCCESS","message":"成功"}`
	}
	if err == nil && res.StatusCode == http.StatusOK && string(answer) == want {
		return true
	}
	if took := time.Since(begin); took < quick {
		s.t.Errorf("a genuine notice was answered %s %q, %v after %s", res.Status, answer, err, took)
		return true
	}
	return false
}

// cancelSome cancels paid orders and bystanders: a payment wins, whoever is told of it first.
func (s *storm) cancelSome() {
	each(4, stormCancelled+stormBystanders, func(i int) {
		p := s.orders[stormOrders-stormCancelled+i]
		after, err := s.till.Cancel(s.t.Context(), p.OutTradeNo, "li")
		if err != nil && pos.CodeOf(err) != pos.Conflict {
			s.t.Errorf("cancel %s: %v", p.OutTradeNo, err)
		}
		if i < stormCancelled && after != nil && after.State == pos.Closed {
			s.t.Errorf("%s is paid, and cancelled", p.OutTradeNo)
		}
	})
}

// refundSome gives the whole of an order back, asked twice at once as by two managers.
func (s *storm) refundSome() {
	each(4, stormRefunded, func(i int) {
		p := s.await(s.orders[i].OutTradeNo, pos.Paid, patience)
		var accepted atomic.Int64
		each(2, 2, func(int) {
			_, err := s.till.Refund(s.t.Context(), pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: p.Amount, Reason: "退货", Actor: "wang"})
			if err == nil {
				accepted.Add(1)
			} else if pos.CodeOf(err) != pos.Conflict {
				s.t.Errorf("refund %s: %v", p.OutTradeNo, err)
			}
		})
		if n := accepted.Load(); n != 1 {
			s.t.Errorf("%s was refunded %d times", p.OutTradeNo, n)
		}
	})
}

// count looks at the entries themselves.
func (s *storm) count() {
	file, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, db.FileName)+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	var payments, orders, refunds, refunded int64
	err = file.QueryRowContext(context.Background(), `SELECT count(*) FILTER (WHERE out_refund_no IS NULL), count(DISTINCT out_trade_no),
		count(out_refund_no), count(DISTINCT out_trade_no) FILTER (WHERE out_refund_no IS NOT NULL) FROM entry`).Scan(&payments, &orders, &refunds, &refunded)
	if err != nil {
		s.t.Fatal(err)
	}
	if payments != stormOrders || orders != stormOrders || refunds != stormRefunded || refunded != stormRefunded {
		s.t.Errorf("%d entries of payments for %d orders, %d of refunds for %d", payments, orders, refunds, refunded)
	}
	if moved := len(s.platform.Money()); moved != stormOrders+stormRefunded {
		s.t.Errorf("money moved %d times at the platforms", moved)
	}
}

// each runs do(0) to do(n-1), a number of them at a time.
func each(atOnce, n int, do func(i int)) {
	var (
		workers sync.WaitGroup
		next    atomic.Int64
	)
	for range atOnce {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
