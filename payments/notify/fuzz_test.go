package notify_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/wechat"
	"saoma/pos"
)

// Whatever comes over the wire from one who has no platform's key, nothing reaches the till, the answer is one
// of the few there are, and nothing panics.
func FuzzRequest(f *testing.F) {
	keys, err := papers()
	if err != nil {
		f.Fatal(err)
	}
	w, a := keys.WeChat, keys.Alipay
	now := time.Unix(1769868202, 0)
	wx, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: "PUB_KEY_ID_0119", PublicKey: &w.PlatformKey.PublicKey, Now: func() time.Time { return now },
	})
	if err != nil {
		f.Fatal(err)
	}
	ali, err := alipay.New(alipay.Config{AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey})
	if err != nil {
		f.Fatal(err)
	}
	settled := false
	log := &logged{}
	h := notify.New(notify.Options{
		Till:     stub{func(context.Context) (pos.Outcome, error) { settled = true; return "", errors.New("reached") }},
		Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: wx, pos.Alipay: ali}, Log: slog.New(slog.NewTextHandler(log, nil)),
	})

	r := &rig{now: now}
	p := &pos.Payment{OutTradeNo: "K1", Amount: price, Account: wx.Account()}
	wxNotice, aliNotice := r.wechatNotice(p), r.alipayNotice(p)
	wxNotice.by, wxNotice.serial, aliNotice.by = stranger(), "PUB_KEY_ID_0119", stranger()
	for _, q := range []request{wxNotice.request(), aliNotice.request()} {
		var b bytes.Buffer
		h, _ := http.NewRequest(http.MethodPost, "http://127.0.0.1"+q.path, bytes.NewReader(q.body))
		h.Header = q.header
		h.Write(&b)
		f.Add(b.Bytes())
	}
	f.Add([]byte("GET /healthz HTTP/1.0\r\n\r\n"))
	f.Add([]byte("POST /notify/wechat? HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"))
	f.Add([]byte("POST /notify/alipay HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"))
	f.Add([]byte("POST http://x/notify%2Falipay HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		q, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return // net/http answers 400 itself
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, q)
		switch body := answer.Body.String(); {
		case settled:
			settled = false
			t.Fatal("it reached the till")
		case answer.Code == http.StatusOK && (q.Method != http.MethodGet || body != "ok\n"):
			t.Fatalf("answered %d %q", answer.Code, body)
		case answer.Code != http.StatusOK && body != "fail" && body != `{"code":"FAIL","message":"拒绝"}` && body != "404 page not found\n":
			t.Fatalf("answered %d %q", answer.Code, body)
		}
		if s := log.String(); strings.Contains(s, "panic") {
			t.Fatal(s)
		}
	})
}
