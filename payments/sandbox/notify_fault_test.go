package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// TestNotificationFaults switches each fault on once and looks at what arrives.
func TestNotificationFaults(t *testing.T) {
	for _, wallet := range []string{WeChat, Alipay} {
		genuine := wechatGenuine
		if wallet == Alipay {
			genuine = alipayGenuine
		}
		for _, tt := range []struct {
			kind FaultKind
			hits int // until it is quiet
			bad  int // of those, how many are not genuine; the first ones
		}{
			{FaultDuplicate, 2, 0},
			{FaultLost, 1, 0},
			{FaultForged, 2, 1},
			{FaultProbe, 2, 1},
			{FaultCorrupt, 2, 1},
			{FaultBadSignature, 2, 1},
			{FaultUnsigned, 2, 1},
			{FaultLate, 1, 0},
		} {
			t.Run(wallet+" "+string(tt.kind), func(t *testing.T) {
				t.Parallel()
				s := start(t, Options{Speed: 4000})
				h := &judge{genuine: func(h hit) bool { return genuine(s, h) }}
				server := httptest.NewServer(h)
				defer server.Close()
				fault(t, s, Fault{Kind: tt.kind, Op: "notify", Count: 1, Delay: 200 * time.Millisecond})
				began := time.Now()
				paidOrder(t, s, wallet, server.URL)
				eventually(t, func() bool { return len(h.seen()) == tt.hits })
				if tt.kind == FaultLate && time.Since(began) < 200*time.Millisecond {
					t.Error("not late")
				}
				time.Sleep(100 * time.Millisecond)
				got := h.seen()
				if len(got) != tt.hits {
					t.Fatalf("%d arrived", len(got))
				}
				for i, ok := range got {
					if ok != (i >= tt.bad) {
						t.Errorf("arrival %d genuine: %v", i+1, ok)
					}
				}
			})
		}
	}
}

// judge accepts genuine notifications only, as a merchant should.
type judge struct {
	mu      sync.Mutex
	genuine func(hit) bool
	result  []bool
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	ok := j.genuine(hit{header: r.Header, body: string(body), form: form})
	j.mu.Lock()
	j.result = append(j.result, ok)
	j.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	io.WriteString(w, "success")
}

func (j *judge) seen() []bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]bool(nil), j.result...)
}

// TestReordered: the held notification arrives after the next one.
func TestReordered(t *testing.T) {
	s := start(t, Options{})
	h := &hook{answer: "success"}
	address := h.serve(t)
	fault(t, s, Fault{Kind: FaultReordered, Count: 1})
	first := paidOrder(t, s, Alipay, address)
	eventually(t, func() bool { return len(s.Faults().List()) == 0 }) // now it is held
	second := paidOrder(t, s, Alipay, address)
	eventually(t, func() bool { return len(h.all()) == 2 })
	got := h.all()
	if got[0].form.Get("out_trade_no") != second || got[1].form.Get("out_trade_no") != first {
		t.Errorf("%s then %s", got[0].form.Get("out_trade_no"), got[1].form.Get("out_trade_no"))
	}
}

// TestRefundNotification: sent only when the request asked for it.
func TestRefundNotification(t *testing.T) {
	s := start(t, Options{Speed: 1e4, RefundGap: -1})
	h := &hook{}
	address := h.serve(t)
	no := wechatOrder(t, s, nil)
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	for id, with := range map[string]string{"R1": "", "R2": address} {
		body := map[string]any{"out_trade_no": no, "out_refund_no": id, "amount": map[string]any{"refund": 100, "total": 1250, "currency": "CNY"}}
		if with != "" {
			body["notify_url"] = with
		}
		if r := wechatPost(t, s, "/v3/refund/domestic/refunds", body); r.status != 200 {
			t.Fatal(r.body)
		}
	}
	eventually(t, func() bool { return len(h.all()) == 1 && len(s.Money()) == 3 })
	n := h.all()[0]
	var e wxEvent
	if err := json.Unmarshal([]byte(n.body), &e); err != nil || e.EventType != "REFUND.SUCCESS" || e.Resource.AssociatedData != "refund" || !wechatGenuine(s, n) {
		t.Fatalf("%s %v", n.body, err)
	}
	var fact wxRefundFact
	if err := json.Unmarshal(openSealed(t, s.papers.WeChat.APIv3Key, e.Resource), &fact); err != nil {
		t.Fatal(err)
	}
	if fact.OutRefundNo != "R2" || fact.RefundStatus != "SUCCESS" || fact.Amount.Refund != 100 || fact.OutTradeNo != no {
		t.Errorf("%+v", fact)
	}
}
