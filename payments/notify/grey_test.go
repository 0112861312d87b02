package notify_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// heard counts messages by the serial that signed them.
type heard struct {
	mu      sync.Mutex
	by      map[string]int
	fetched atomic.Bool // the certificates
}

func (h *heard) add(serial string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by = map[string]int{}
	}
	h.by[serial]++
}

// take returns the counts and begins anew.
func (h *heard) take() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	by := h.by
	h.by = nil
	return by
}

// RoundTrip hears answers, but for the certificates that are fetched beside them.
func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	switch {
	case err != nil:
	case r.URL.Path == "/v3/certificates":
		h.fetched.Store(true)
	default:
		h.add(resp.Header.Get("Wechatpay-Serial"))
	}
	return resp, err
}

// wrap hears notifications.
func (h *heard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.add(r.Header.Get("Wechatpay-Serial"))
		next.ServeHTTP(w, r)
	})
}

// While a merchant changes from platform certificates to the public key, and while a public key is replaced, WeChat
// Pay signs some messages with each: all verify, from the first in a thousand to the last.
func TestGreySwitch(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	w := p.WeChat
	t.Run("certificate to public key", func(t *testing.T) {
		grey(t, func(*sandbox.Sandbox, *wechat.Config) (from, to string) { return w.CertificateSerial, w.PublicKeyID },
			map[int]int{100: 20, 500: 200, 900: 20, 1000: 10}, 1000)
	})
	t.Run("public key to public key", func(t *testing.T) {
		grey(t, func(s *sandbox.Sandbox, cfg *wechat.Config) (from, to string) {
			fresh, err := s.Rotate(sandbox.WeChatPublicKey, true)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Previous = wechat.Previous{PublicKeyID: cfg.PublicKeyID, PublicKey: cfg.PublicKey}
			cfg.PublicKeyID, cfg.PublicKey = fresh.Serial, publicKey(t, fresh.PublicKey)
			return w.PublicKeyID, fresh.Serial
		}, map[int]int{500: 40}, 40)
	})
}

// grey pays as many times as payments says for each ramp, of a thousand, and asks so many times at the smallest.
func grey(t *testing.T, papers func(*sandbox.Sandbox, *wechat.Config) (from, to string), payments map[int]int, asked int) {
	var from, to string
	answers, notifications := &heard{}, &heard{}
	r := newRigWith(t, func(s *sandbox.Sandbox, cfg *wechat.Config) {
		from, to = papers(s, cfg)
		cfg.PlatformCertificates, cfg.Transport = true, answers
		cfg.Now = time.Now // it is the sandbox that notifies, for longer than a notification stays fresh where time stands still
	}, notifications.wrap)
	for late := time.Now().Add(time.Minute); !answers.fetched.Load(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the certificates were not fetched") // in a ramp they would be one of the answers that are counted
		}
	}
	total := 0
	for perMille, n := range payments {
		r.must(r.sandbox.Ramp(from, to, perMille))
		answers.take()
		notifications.take()
		inParallel(r, n, func() error {
			p, err := r.till.Charge(r.Context(), pos.ChargeRequest{Wallet: pos.WeChat, Amount: price, Cashier: "mei"})
			if err != nil {
				return err
			}
			if err := r.sandbox.Pay(p.OutTradeNo); err != nil {
				return err
			}
			return r.paidBy(p)
		})
		total += n
		spread(r, fmt.Sprintf("answers at %d of 1000", perMille), answers.take(), from, to, n, perMille)
		spread(r, fmt.Sprintf("notifications at %d of 1000", perMille), notifications.take(), from, to, n, perMille)
	}
	r.must(r.sandbox.Ramp(from, to, 1))
	p := r.charge(pos.WeChat)
	answers.take()
	inParallel(r, asked, func() error {
		_, err := r.wechat.Query(r.Context(), p)
		return err
	})
	spread(r, "answers at 1 of 1000", answers.take(), from, to, asked, 1)
	for _, err := range r.reports.list() {
		if errors.Is(err, wechat.ErrSignature) {
			r.Errorf("a notification: %v", err)
		}
	}
	if got := r.paidInLedger(); got != pos.Fen(total)*price {
		r.Errorf("%s in the ledger for %d payments", got, total)
	}
	r.verified()
	dbtest.Figures(t, "grey switch: %d notifications and %d answers by two keys, all verified", total, total+asked)
}

// paidBy waits until a notification has settled p: nobody asks the platform.
func (r *rig) paidBy(p *pos.Payment) error {
	for late := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		now, err := r.till.Payment(r.Context(), p.OutTradeNo)
		switch {
		case err != nil || now.State == pos.Paid:
			return err
		case time.Now().After(late):
			return fmt.Errorf("payment %s is %s", p.OutTradeNo, now.State)
		}
	}
}

// inParallel does something n times, eight at once.
func inParallel(r *rig, n int, do func() error) {
	r.Helper()
	var work sync.WaitGroup
	errs, places := make(chan error, n), make(chan struct{}, 8)
	for range n {
		work.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			errs <- do()
		})
	}
	work.Wait()
	close(errs)
	for err := range errs {
		r.must(err)
	}
}

// spread demands that every message was heard, and that the two keys signed as many as the ramp says. A notification
// that a slow machine did not answer in time comes again, and a charge may ask twice: so there may be more.
func spread(r *rig, what string, by map[string]int, from, to string, n, perMille int) {
	r.Helper()
	all := by[from] + by[to]
	if len(by) > 2 || all < n || by[to] < n*perMille/1000 || by[from] < n-(n*perMille+999)/1000 {
		r.Errorf("%s: %v, of %d", what, by, n)
	}
}

func publicKey(t *testing.T, text string) *rsa.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PublicKey)
}
