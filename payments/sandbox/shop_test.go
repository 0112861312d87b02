package sandbox

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	ali "github.com/smartwalle/alipay/v3"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// shop is a merchant's notification server that verifies with the SDKs.
type shop struct {
	url    string
	wx     chan *payments.Transaction
	alipay chan *ali.Notification
	bad    chan error
}

func newShop(t *testing.T, s *Sandbox) *shop {
	t.Helper()
	w := s.papers.WeChat
	cert, err := utils.LoadCertificate(string(w.PlatformCertificate))
	if err != nil {
		t.Fatal(err)
	}
	certs := core.NewCertificateMapWithList([]*x509.Certificate{cert})
	verifier := verifiers.NewSHA256WithRSACombinedVerifier(certs, w.PublicKeyID, w.PlatformKey.PublicKey)
	wechat, err := notify.NewRSANotifyHandler(w.APIv3Key, verifier)
	if err != nil {
		t.Fatal(err)
	}
	alipay := sdkAlipay(t, s)
	h := &shop{wx: make(chan *payments.Transaction, 100), alipay: make(chan *ali.Notification, 100), bad: make(chan error, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /notify/wechat", func(rw http.ResponseWriter, r *http.Request) {
		x := new(payments.Transaction)
		if _, err := wechat.ParseNotifyRequest(context.Background(), r, x); err != nil {
			h.bad <- err
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		h.wx <- x
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /notify/alipay", func(rw http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		n, err := alipay.DecodeNotification(r.Context(), r.PostForm)
		if err != nil {
			h.bad <- err
			rw.Write([]byte("failure"))
			return
		}
		h.alipay <- n
		rw.Write([]byte("success"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *shop) wechat(t *testing.T) *payments.Transaction {
	t.Helper()
	select {
	case x := <-h.wx:
		return x
	case err := <-h.bad:
		t.Fatalf("notification refused: %v", err)
	case <-time.After(patience):
		t.Fatal("no notification")
	}
	return nil
}

func (h *shop) ali(t *testing.T) *ali.Notification {
	t.Helper()
	select {
	case n := <-h.alipay:
		return n
	case err := <-h.bad:
		t.Fatalf("notification refused: %v", err)
	case <-time.After(patience):
		t.Fatal("no notification")
	}
	return nil
}

// patience is how long a test waits for something: only a machine in trouble reaches it.
const patience = time.Minute

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("it did not happen")
}
