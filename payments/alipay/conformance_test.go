package alipay_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/alipay"
	"saoma/payments/gatewaytest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

var papers = sync.OnceValues(sandbox.NewPapers)

// TestConformance runs the suite and the table of faults.
func TestConformance(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Harness { return harness(t, p) })
	held, na := gatewaytest.Faults(t, harness(t, p))
	dbtest.Figures(t, "gateway faults, alipay: %d cells as the table says, %d not applicable", held, na)
}

func harness(t *testing.T, p *sandbox.Papers) gatewaytest.Harness {
	var ahead atomic.Int64
	s := sandbox.New(p, sandbox.Options{
		Speed: 1000, // the platform's first resend comes after 4 minutes
		Now:   func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	notices := gatewaytest.NewReceiver(t)
	a := p.Alipay
	at := func(t *testing.T, base string, transport http.RoundTripper) pos.Gateway {
		t.Helper()
		g, err := alipay.New(alipay.Config{
			AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
			GatewayURL: base + "/gateway.do", NotifyURL: notices.URL, Transport: transport,
		})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := at(t, s.URL(), nil).(*alipay.Gateway)
	return gatewaytest.Harness{
		Platform: gatewaytest.Platform{URL: s.URL()}, Gateway: g, At: at, Handler: s.Handler(),
		SetClock: func(d time.Duration) { ahead.Store(int64(d)) }, Decode: g.Notification, Notices: notices,
		BeforeScan: pos.TradeNone,
	}
}
