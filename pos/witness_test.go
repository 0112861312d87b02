package pos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// witness stands between the platforms and the notify server and remembers what each was told.
type witness struct {
	mu   sync.Mutex
	told map[string]*notification // by the platform's id, the same each time it tells again
}

// notification is one fact that a platform tells until it is accepted.
type notification struct {
	path     string
	header   http.Header
	body     []byte
	accepted bool // answered with success, as far as this side knows
}

func (n *notification) wallet() pos.Wallet { return pos.Wallet(strings.TrimPrefix(n.path, "/notify/")) }

// id is the platform's own number of the notification; neither encrypts it.
func (n *notification) id() string {
	if n.wallet() == pos.Alipay {
		form, _ := url.ParseQuery(string(n.body)) // the real decoder judges it
		return form.Get("notify_id")
	}
	var envelope struct{ ID string }
	_ = json.Unmarshal(n.body, &envelope)
	return envelope.ID
}

func (w *witness) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			badGateway(rw, r, err)
			return
		}
		n := &notification{path: r.URL.Path, header: r.Header.Clone(), body: body}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w.see(n, false)
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if answer.Code == http.StatusOK {
			w.see(n, true)
		}
		maps.Copy(rw.Header(), answer.Header())
		rw.WriteHeader(answer.Code)
		rw.Write(answer.Body.Bytes())
	})
}

// see remembers n; what was accepted once stays so.
func (w *witness) see(n *notification, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before := w.told[n.id()]; before == nil || accepted {
		n.accepted = accepted
		w.told[n.id()] = n
	}
}

func (w *witness) accepted() (all []*notification) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.told {
		if n.accepted {
			all = append(all, n)
		}
	}
	return all
}

// awaitAccepted waits until everything that was ever told was answered with success.
func (w *witness) awaitAccepted(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		accepted := len(w.accepted())
		w.mu.Lock()
		told := len(w.told)
		w.mu.Unlock()
		if accepted == told {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("only %d of %d notifications were accepted", accepted, told)
		}
	}
}

// acknowledged reports whether the ledger has what the notification says, which it must if the
// notification was answered with success.
func acknowledged(ctx context.Context, tx pos.Tx, till *pos.Till, n *notification) error {
	notice, err := till.Gateways[n.wallet()].(notify.Decoder).Notification(ctx, n.header, n.body)
	switch {
	case err != nil:
		return err
	case notice.Refund != nil:
		r, err := tx.Refund(notice.Refund.OutRefundNo)
		if err == nil && r.State != notice.Refund.State {
			err = fmt.Errorf("refund %s is %s, not %s", r.OutRefundNo, r.State, notice.Refund.State)
		}
		return err
	}
	p, err := tx.Payment(notice.Payment.OutTradeNo)
	if err == nil && notice.Payment.State == pos.TradePaid && p.State != pos.Paid {
		err = fmt.Errorf("payment %s is %s", p.OutTradeNo, p.State)
	}
	return err
}

// badGateway is what a tunnel answers when nobody is at its other end.
func badGateway(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusBadGateway)
}
