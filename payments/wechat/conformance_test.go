package wechat_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/gatewaytest"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

var papers = sync.OnceValues(sandbox.NewPapers)

// TestConformance runs the suite and the table of faults in each way of verifying: by public key, by platform
// certificate, and with both at hand.
func TestConformance(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	w := p.WeChat
	publicKey := wechat.Config{PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey}
	both := publicKey
	both.PlatformCertificates = true
	for name, cfg := range map[string]wechat.Config{"public key": publicKey, "certificates": {PlatformCertificates: true}, "both": both} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gatewaytest.Run(t, func(t *testing.T) gatewaytest.Harness { return harness(t, p, cfg) })
			held, na := gatewaytest.Faults(t, harness(t, p, cfg))
			dbtest.Figures(t, "gateway faults, wechat by %s: %d cells as the table says, %d not applicable", name, held, na)
		})
	}
}

func harness(t *testing.T, p *sandbox.Papers, cfg wechat.Config) gatewaytest.Harness {
	var ahead atomic.Int64
	s := sandbox.New(p, sandbox.Options{
		Speed: 100, RefundDelay: time.Second, RefundGap: -1,
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	notices := gatewaytest.NewReceiver(t)
	w := p.WeChat
	cfg.MchID, cfg.AppID, cfg.APIv3Key = w.MchID, w.AppID, w.APIv3Key
	cfg.MerchantSerial, cfg.MerchantKey = w.MerchantSerial, w.MerchantKey
	cfg.NotifyURL = notices.URL
	at := func(t *testing.T, base string, transport http.RoundTripper) pos.Gateway {
		t.Helper()
		cfg := cfg
		cfg.BaseURL, cfg.Transport = base, transport
		g, err := wechat.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		return g
	}
	g := at(t, s.WeChatURL(), nil).(*wechat.Gateway)
	return gatewaytest.Harness{
		Platform: gatewaytest.Platform{URL: s.URL()}, Gateway: g, At: at, Handler: s.Handler(),
		SetClock: func(d time.Duration) { ahead.Store(int64(d)) }, Decode: g.Notification, Notices: notices,
		BeforeScan: pos.TradeUnpaid, RefundNotices: true,
	}
}
