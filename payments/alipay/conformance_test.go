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

// TestConformance runs the suite and the table of faults in each of the modes an application can be in.
func TestConformance(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	certified := *p
	if err := certified.UseAlipayCertificates(); err != nil {
		t.Fatal(err)
	}
	for mode, p := range map[string]*sandbox.Papers{"public key": p, "certificates": &certified} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			gatewaytest.Run(t, func(t *testing.T) gatewaytest.Harness { return harness(t, p) })
			held, na := gatewaytest.Faults(t, harness(t, p))
			dbtest.Figures(t, "gateway faults, alipay by %s: %d cells as the table says, %d not applicable", mode, held, na)
		})
	}
}

// config are the papers as a gateway wants them.
func config(p *sandbox.Papers) alipay.Config {
	a := p.Alipay
	cfg := alipay.Config{AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey}
	if c := a.Certificates; c != nil {
		cfg.AppCert, cfg.AlipayCert, cfg.RootCert = c.App, c.Alipay, c.Root
	} else {
		cfg.AlipayPublicKey = &a.PlatformKey.PublicKey
	}
	return cfg
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
	at := func(t *testing.T, base string, transport http.RoundTripper) pos.Gateway {
		t.Helper()
		cfg := config(p)
		cfg.GatewayURL, cfg.NotifyURL, cfg.Transport = base+"/gateway.do", notices.URL, transport
		g, err := alipay.New(cfg)
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
