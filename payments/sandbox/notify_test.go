package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hit is one notification as it arrived.
type hit struct {
	at     time.Time
	header http.Header
	body   string
	form   url.Values // decoded, for Alipay
}

// hook is a merchant's server that writes down what arrives and answers what it is told.
type hook struct {
	mu     sync.Mutex
	hits   []hit
	status int
	answer string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hits = append(h.hits, hit{time.Now(), r.Header, string(body), form})
	if h.status != 0 {
		w.WriteHeader(h.status)
	}
	io.WriteString(w, h.answer)
}

func (h *hook) all() []hit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]hit(nil), h.hits...)
}

func (h *hook) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/notify"
}

// wechatGenuine verifies and decrypts a notification by itself.
func wechatGenuine(s *Sandbox, h hit) bool {
	return wxResult{header: h.header, body: h.body}.verified(s) == nil
}

func alipayGenuine(s *Sandbox, h hit) bool {
	var pairs []string
	for name, v := range h.form {
		if name != "sign" && name != "sign_type" && v[0] != "" {
			pairs = append(pairs, name+"="+v[0])
		}
	}
	sort.Strings(pairs)
	return rsaVerify(&s.papers.Alipay.PlatformKey.PublicKey, strings.Join(pairs, "&"), h.form.Get("sign")) == nil
}

func paidOrder(t *testing.T, s *Sandbox, wallet, notifyURL string) string {
	t.Helper()
	var no string
	if wallet == WeChat {
		no = wechatOrder(t, s, map[string]any{"notify_url": notifyURL})
	} else {
		p := aliCommon(s, "alipay.trade.precreate", map[string]any{"out_trade_no": "A" + digits(12), "total_amount": "12.50", "subject": "coffee"})
		p["notify_url"] = notifyURL
		r := aliPost(t, s, aliSigned(t, s, p))
		if no = r.json.OutTradeNo; r.json.Code != "10000" {
			t.Fatal(r.raw)
		}
	}
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	return no
}

// TestNotificationContent looks at each byte that matters.
func TestNotificationContent(t *testing.T) {
	s := start(t, Options{})
	h := &hook{answer: "success"}
	address := h.serve(t)
	w := paidOrder(t, s, WeChat, address)
	eventually(t, func() bool { return len(h.all()) == 1 })
	n := h.all()[0]
	var e struct {
		ID           string
		CreateTime   string `json:"create_time"`
		EventType    string `json:"event_type"`
		ResourceType string `json:"resource_type"`
		Summary      string
		Resource     sealed
	}
	if err := json.Unmarshal([]byte(n.body), &e); err != nil || !wechatGenuine(s, n) {
		t.Fatalf("%s: %v", n.body, err)
	}
	if e.EventType != "TRANSACTION.SUCCESS" || e.ResourceType != "encrypt-resource" || e.ID == "" || e.Resource.AssociatedData != "transaction" || e.Resource.OriginalType != "transaction" {
		t.Errorf("%s", n.body)
	}
	var x wxTransaction
	if err := json.Unmarshal(openSealed(t, s.papers.WeChat.APIv3Key, e.Resource), &x); err != nil {
		t.Fatal(err)
	}
	if x.OutTradeNo != w || x.TradeState != "SUCCESS" || x.Payer.OpenID == "" || x.Amount != (wxAmount{1250, 1250, "CNY", "CNY"}) ||
		x.MchID != s.papers.WeChat.MchID || x.AppID != s.papers.WeChat.AppID || x.TransactionID != s.Orders()[0].TransactionID {
		t.Errorf("%+v", x)
	}
	if at, err := time.Parse(time.RFC3339, x.SuccessTime); err != nil || time.Since(at) > time.Hour || !strings.HasSuffix(x.SuccessTime, "+08:00") {
		t.Errorf("success_time %s", x.SuccessTime)
	}

	a := paidOrder(t, s, Alipay, address)
	eventually(t, func() bool { return len(h.all()) == 2 })
	n = h.all()[1]
	if !alipayGenuine(s, n) || n.header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=utf-8" {
		t.Fatalf("%+v", n)
	}
	for name, want := range map[string]string{
		"notify_type": "trade_status_sync", "trade_status": "TRADE_SUCCESS", "out_trade_no": a, "total_amount": "12.50",
		"app_id": s.papers.Alipay.AppID, "seller_id": s.papers.Alipay.SellerID, "sign_type": "RSA2", "charset": "utf-8", "version": "1.0",
	} {
		if n.form.Get(name) != want {
			t.Errorf("%s %q, want %q", name, n.form.Get(name), want)
		}
	}
	for name, v := range n.form {
		if v[0] == "" {
			t.Errorf("%s is empty", name)
		}
	}
}

// TestNotificationAnswers: what ends a notification and what brings it again.
func TestNotificationAnswers(t *testing.T) {
	for _, tt := range []struct {
		wallet, name string
		hook         *hook
		ends         bool
	}{
		{WeChat, "200", &hook{}, true},
		{WeChat, "204", &hook{status: 204}, true},
		{WeChat, "202", &hook{status: 202}, false},
		{WeChat, "201", &hook{status: 201, answer: "success"}, false},
		{WeChat, "500", &hook{status: 500, answer: `{"code":"FAIL","message":"no"}`}, false},
		{WeChat, "redirect", &hook{status: 302}, false},
		{Alipay, "success", &hook{answer: "success"}, true},
		{Alipay, "nothing", &hook{}, false},
		{Alipay, "more", &hook{answer: "success\n"}, false},
		{Alipay, "failure", &hook{answer: "failure"}, false},
		{Alipay, "500", &hook{status: 500, answer: "success"}, false},
	} {
		t.Run(tt.wallet+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Speed: 4000}) // 4 min become 60 ms
			paidOrder(t, s, tt.wallet, tt.hook.serve(t))
			if !tt.ends {
				eventually(t, func() bool { return len(tt.hook.all()) >= 2 })
				return
			}
			eventually(t, func() bool { return len(tt.hook.all()) == 1 })
			time.Sleep(150 * time.Millisecond)
			if n := len(tt.hook.all()); n != 1 {
				t.Errorf("came %d times", n)
			}
		})
	}
}

// rounds counts attempts without a network.
type rounds struct {
	mu sync.Mutex
	at []time.Time
}

func (r *rounds) RoundTrip(*http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Now())
	return nil, errors.New("nobody listens")
}

// TestResendSchedule lets two days pass in a bubble of fake time: the attempts must come as the platforms publish.
func TestResendSchedule(t *testing.T) {
	p := papers(t)
	for _, tt := range []struct {
		wallet string
		speed  float64
		after  []string // since the attempt before
	}{
		{WeChat, 1, []string{"15s", "15s", "30s", "3m", "10m", "20m", "30m", "30m", "30m", "60m", "3h", "3h", "3h", "6h", "6h"}},
		{Alipay, 1, []string{"4m", "10m", "10m", "1h", "2h", "6h", "15h"}},
		{Alipay, 60, []string{"4s", "10s", "10s", "1m", "2m", "6m", "15m"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New(p, Options{Speed: tt.speed})
			seen := &rounds{}
			s.client = &http.Client{Transport: seen}
			s.mu.Lock()
			o := &trade{
				Wallet: tt.wallet, OutTradeNo: "ORDER1", Amount: 1, NotifyURL: "http://127.0.0.1/notify", State: wxNotPay,
				Code: "code", CodeDies: time.Now().Add(time.Hour),
			}
			if tt.wallet == Alipay {
				o.State = noTrade
			}
			s.add(o)
			s.mu.Unlock()
			began := time.Now()
			if err := s.Pay("ORDER1"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(48 * time.Hour)
			s.Close()
			if len(seen.at) != len(tt.after)+1 || !seen.at[0].Equal(began) {
				t.Fatalf("%d attempts, the first after %v", len(seen.at), seen.at[0].Sub(began))
			}
			for i, want := range tt.after {
				if got := seen.at[i+1].Sub(seen.at[i]); got.String() != duration(t, want).String() {
					t.Errorf("%s: resend %d after %v, want %s", tt.wallet, i+1, got, want)
				}
			}
		})
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
