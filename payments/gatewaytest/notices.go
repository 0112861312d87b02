package gatewaytest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

// Receiver takes a platform's notifications, has them decoded and keeps what they say. It acknowledges
// what decodes and refuses the rest.
type Receiver struct {
	URL     string
	Good    chan pos.Notice
	refused atomic.Int64
	decode  atomic.Pointer[func(context.Context, http.Header, []byte) (pos.Notice, error)]
}

// NewReceiver listens until the test ends. Its address is needed before there is a gateway to decode.
func NewReceiver(t *testing.T) *Receiver {
	t.Helper()
	r := &Receiver{Good: make(chan pos.Notice, 100)}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.URL = s.URL + "/notify"
	return r
}

// Refused is how many notifications did not decode.
func (r *Receiver) Refused() int { return int(r.refused.Load()) }

func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var n pos.Notice
	if decode := r.decode.Load(); err == nil && decode != nil {
		n, err = (*decode)(q.Context(), q.Header, body)
	}
	if err != nil || n == (pos.Notice{}) {
		r.refused.Add(1)
		http.Error(w, "fail", http.StatusBadRequest)
		return
	}
	r.Good <- n
	io.WriteString(w, "success")
}

// next waits for a notification.
func (r *Receiver) next(t *testing.T) pos.Notice {
	t.Helper()
	select {
	case n := <-r.Good:
		return n
	case <-time.After(patience):
		t.Fatal("no notification came")
		return pos.Notice{}
	}
}

// notifications say the same as a query.
func notifications(s suite) {
	p := s.paid(1250)
	asked := s.state(p, pos.TradePaid)
	n := s.Notices.next(s.T)
	if n.Payment == nil || n.Refund != nil {
		s.Fatalf("%+v", n)
	}
	told := *n.Payment
	if !json.Valid(told.Raw) || told.Source != pos.FromNotification || !told.At.Equal(asked.At) {
		s.Errorf("told %+v", told)
	}
	told.Source, told.Raw, told.At, asked.Raw, asked.Source, asked.At = "", nil, time.Time{}, nil, "", time.Time{}
	a, _ := json.Marshal(asked)
	b, _ := json.Marshal(told)
	if string(a) != string(b) {
		s.Errorf("told %s, asked %s", b, a)
	}

	for n, f := range []Fault{"forged", "corrupt"} {
		s.do(s.fault(f, "notify", ""))
		p = s.paid(100)
		s.eventually("the "+string(f)+" notification is refused", func() (bool, error) { return s.Notices.Refused() > n, nil })
		if told := s.Notices.next(s.T); told.Payment == nil || told.Payment.OutTradeNo != p.OutTradeNo {
			s.Errorf("after the %s one: %+v", f, told)
		}
	}

	r := s.refund(p, 1, 40)
	_, err := s.Gateway.Refund(s.Context(), p, r)
	s.do(err)
	told2 := s.Notices.next(s.T)
	switch {
	case !s.RefundNotices: // the trade again, still paid
		if told2.Payment == nil || told2.Payment.State != pos.TradePaid || told2.Payment.Amount != p.Amount {
			s.Errorf("told of a refund: %+v", told2)
		}
	case told2.Refund == nil || told2.Refund.OutRefundNo != r.OutRefundNo || told2.Refund.Amount != 40 || told2.Refund.State != pos.RefundSucceeded:
		s.Errorf("told of a refund: %+v", told2)
	}
}
