package sandbox

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPapers(t *testing.T) {
	p, dir := papers(t), t.TempDir()
	for text, shape := range map[string]string{
		p.WeChat.MchID: `^\d{10}$`, p.WeChat.AppID: `^wx[0-9a-f]{16}$`, p.WeChat.APIv3Key: `^[0-9A-Za-z]{32}$`,
		p.WeChat.PublicKeyID: `^PUB_KEY_ID_\d+$`, p.WeChat.MerchantSerial: `^[0-9A-F]{40}$`, p.WeChat.CertificateSerial: `^[0-9A-F]{40}$`,
		p.Alipay.AppID: `^\d{16}$`, p.Alipay.SellerID: `^2088\d{12}$`,
	} {
		if !regexp.MustCompile(shape).MatchString(text) {
			t.Errorf("%q is not %s", text, shape)
		}
	}
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	q, err := ReadPapers(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !q.WeChat.MerchantKey.Equal(p.WeChat.MerchantKey) || !q.WeChat.PlatformKey.Equal(p.WeChat.PlatformKey) ||
		!q.WeChat.CertificateKey.Equal(p.WeChat.CertificateKey) || !q.Alipay.AppKey.Equal(p.Alipay.AppKey) || !q.Alipay.PlatformKey.Equal(p.Alipay.PlatformKey) {
		t.Error("a key came back different")
	}
	if q.WeChat.APIv3Key != p.WeChat.APIv3Key || q.WeChat.CertificateSerial != p.WeChat.CertificateSerial || q.Alipay.SellerID != p.Alipay.SellerID ||
		string(q.WeChat.MerchantCertificate) != string(p.WeChat.MerchantCertificate) || q.WeChat.PublicKeyID != p.WeChat.PublicKeyID {
		t.Error("a number came back different")
	}

	keys := filepath.Join(dir, "keys")
	if err := p.WriteMerchant(keys); err != nil {
		t.Fatal(err)
	}
	names := []string{"wechat_merchant_key.pem", "wechat_merchant_cert.pem", "wechat_apiv3.key", "wechat_public_key.pem", "alipay_app_key.pem", "alipay_public_key.pem"}
	files, err := os.ReadDir(keys)
	if err != nil || len(files) != len(names) {
		t.Fatalf("%v %v", files, err)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(keys, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
		text, _ := os.ReadFile(filepath.Join(keys, name))
		for _, platform := range [][]byte{privatePEM(p.WeChat.PlatformKey), privatePEM(p.WeChat.CertificateKey), privatePEM(p.Alipay.PlatformKey)} {
			if strings.Contains(string(text), string(platform)) {
				t.Errorf("%s holds a platform's private key", name)
			}
		}
	}
	parse := func(pemText []byte) *x509.Certificate {
		block, _ := pem.Decode(pemText)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	merchant, platform := parse(p.WeChat.MerchantCertificate), parse(p.WeChat.PlatformCertificate)
	if fmt.Sprintf("%X", merchant.SerialNumber) != p.WeChat.MerchantSerial || fmt.Sprintf("%X", platform.SerialNumber.Bytes()) != p.WeChat.CertificateSerial {
		t.Error("a serial does not match its certificate")
	}
	if _, err := ReadPapers(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no papers: %v", err)
	}
}

// TestRestart: with a state file everything is there again, and what was under way goes on.
func TestRestart(t *testing.T) {
	state := filepath.Join(t.TempDir(), "orders.json")
	h := &hook{status: 500}
	address := h.serve(t)
	o := Options{StateFile: state, Speed: 1000, RefundDelay: 1000 * time.Hour} // an hour: it does not end before the restart
	s := start(t, o)
	w := paidOrder(t, s, WeChat, address)
	a := paidOrder(t, s, Alipay, address)
	unpaid := alipayOrder(t, s, nil)
	if r := wechatPost(t, s, "/v3/refund/domestic/refunds", map[string]any{
		"out_trade_no": w, "out_refund_no": "R1", "amount": map[string]any{"refund": 100, "total": 1250, "currency": "CNY"},
	}); r.status != 200 {
		t.Fatal(r.body)
	}
	eventually(t, func() bool { return len(h.all()) >= 2 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, money := fmt.Sprint(statesOf(s)), len(s.Money())

	f, err := os.OpenFile(state, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"Wallet":"wechat","OutTradeNo":"CUT SHO`) // a crash in the middle of a line
	f.Close()

	h.mu.Lock()
	h.status, h.answer, h.hits = 0, "success", nil
	h.mu.Unlock()
	o.RefundDelay = time.Second
	s = start(t, o)
	if got := fmt.Sprint(statesOf(s)); got != before {
		t.Errorf("after the restart %s, before %s", got, before)
	}
	if r := wechatQuery(t, s, w); r.json.TradeState != "REFUND" {
		t.Errorf("%s", r.body)
	}
	eventually(t, func() bool { return wechatGet(t, s, "/v3/refund/domestic/refunds/R1").json.Status == "SUCCESS" })
	if got := len(s.Money()); got != money+1 {
		t.Errorf("%d movements, %d before the refund ended", got, money)
	}
	eventually(t, func() bool {
		seen := map[string]bool{}
		for _, n := range h.all() {
			seen[n.form.Get("out_trade_no")] = true
		}
		return seen[a] && len(h.all()) >= 2
	})
	if _, page := get(t, s.Orders()[2].CodeURL, "en"); !strings.Contains(page, ">Pay<") {
		t.Error("the code of " + unpaid + " died")
	}
	if err := s.Pay(unpaid); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(state, []byte("not json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(papers(t), o).Start("127.0.0.1:0"); err == nil {
		t.Error("started on a state file it cannot read")
	}
}

func statesOf(s *Sandbox) (out []string) {
	for _, o := range s.Orders() {
		out = append(out, o.OutTradeNo+" "+o.State+" "+o.TransactionID)
	}
	return out
}

// TestCloseRacesPay: 200 times the shop closes while the customer pays. Exactly one of them wins.
func TestCloseRacesPay(t *testing.T) {
	s := start(t, Options{})
	mch := map[string]any{"mchid": s.papers.WeChat.MchID}
	var paidCount, closedCount atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		var no string
		if i%2 == 0 {
			no = wechatOrder(t, s, nil)
		} else if no = alipayOrder(t, s, nil); s.Scan(no) != nil {
			t.Fatal("not scanned")
		}
		won := make(chan bool, 2)
		wg.Add(2)
		go func() { defer wg.Done(); won <- s.Pay(no) == nil }()
		go func() {
			defer wg.Done()
			if i%2 == 0 {
				won <- wechatPost(t, s, "/v3/pay/transactions/out-trade-no/"+no+"/close", mch).status == 204
			} else {
				won <- alipayCall(t, s, "alipay.trade.close", map[string]any{"out_trade_no": no}).json.Code == "10000"
			}
		}()
		wg.Wait()
		if a, b := <-won, <-won; a == b {
			t.Fatalf("order %d: both %v", i, a)
		}
		if moneyOf(s, no) > 0 {
			paidCount.Add(1)
		} else {
			closedCount.Add(1)
		}
	}
	t.Logf("paid %d, closed %d", paidCount.Load(), closedCount.Load())
	if int(paidCount.Load()) != len(s.Money()) {
		t.Errorf("%d movements", len(s.Money()))
	}
}

// TestConcurrentRefunds: many refunds at once never exceed the payment.
func TestConcurrentRefunds(t *testing.T) {
	s := start(t, Options{Speed: 1e6})
	no := alipayOrder(t, s, nil)
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			alipayCall(t, s, "alipay.trade.refund", map[string]any{"out_trade_no": no, "out_request_no": fmt.Sprint(i), "refund_amount": "2.00"})
		})
	}
	wg.Wait()
	if got := moneyOf(s, no); got != 50 {
		t.Errorf("%d fen stay of 1250, want 50", got)
	}
}

// TestAsHandler: without Start, addresses come from the request.
func TestAsHandler(t *testing.T) {
	s := New(papers(t), Options{})
	t.Cleanup(func() { s.Close() })
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	if status, _ := get(t, server.URL+"/phone", "en"); status != 200 || s.URL() != server.URL || s.AlipayURL() != server.URL+"/gateway.do" {
		t.Fatalf("%d %s", status, s.URL())
	}
	wechatOrder(t, s, nil)
	if !strings.HasPrefix(s.Orders()[0].CodeURL, server.URL+"/phone/") {
		t.Errorf("%s", s.Orders()[0].CodeURL)
	}
}

// TestPhoneURL: the code names where a phone finds the sandbox.
func TestPhoneURL(t *testing.T) {
	s := start(t, Options{PhoneURL: "http://192.168.7.9:8000"})
	wechatOrder(t, s, nil)
	if got := s.Orders()[0].CodeURL; !strings.HasPrefix(got, "http://192.168.7.9:8000/phone/") {
		t.Errorf("%s", got)
	}
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("%s", s.URL())
	}
}

// TestDate: every answer tells the platform's time, not this machine's.
func TestDate(t *testing.T) {
	now := newClock(time.Date(2030, 2, 3, 4, 5, 6, 0, time.UTC))
	s := start(t, Options{Now: now.now})
	fault(t, s, Fault{Kind: FaultHTTP502, Wallet: Alipay, Count: 1})
	for _, path := range []string{"/v3/pay/transactions/id/1", "/gateway.do", "/gateway.do", "/sandbox/orders", "/nowhere"} {
		res, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Date"); got != "Sun, 03 Feb 2030 04:05:06 GMT" {
			t.Errorf("%s: %q", path, got)
		}
	}
}
