package wechat_test

import (
	"sync"
	"testing"
	"time"

	"saoma/payments/gatewaytest"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

var papers = sync.OnceValues(sandbox.NewPapers)

// TestConformance runs the suite in each way of verifying: by public key, by platform certificate, and
// with both at hand.
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
		})
	}
}

func harness(t *testing.T, p *sandbox.Papers, cfg wechat.Config) gatewaytest.Harness {
	s := sandbox.New(p, sandbox.Options{Speed: 100, RefundDelay: time.Second, RefundGap: -1})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	notices := gatewaytest.NewReceiver(t)
	w := p.WeChat
	cfg.MchID, cfg.AppID, cfg.APIv3Key = w.MchID, w.AppID, w.APIv3Key
	cfg.MerchantSerial, cfg.MerchantKey = w.MerchantSerial, w.MerchantKey
	cfg.BaseURL, cfg.NotifyURL = s.WeChatURL(), notices.URL
	cfg.CertificatesFailed = func(err error) { t.Error(err) }
	g, err := wechat.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return gatewaytest.Harness{
		Gateway: g, Pay: s.Pay, Scan: s.Scan, Decode: g.Notification, Notices: notices,
		Money: money(s), Fault: fault(t, s), BeforeScan: pos.TradeUnpaid, RefundNotices: true,
	}
}

// money sums what the platform has of an order.
func money(s *sandbox.Sandbox) func(string) pos.Fen {
	return func(outTradeNo string) (sum pos.Fen) {
		for _, m := range s.Money() {
			if m.OutTradeNo == outTradeNo {
				sum += pos.Fen(m.Amount)
			}
		}
		return sum
	}
}

// fault switches a fault on for one call.
func fault(t *testing.T, s *sandbox.Sandbox) func(gatewaytest.Fault, string, string) {
	return func(f gatewaytest.Fault, op, outTradeNo string) {
		t.Helper()
		err := s.Faults().Add(sandbox.Fault{
			Kind: sandbox.FaultKind(f), Op: op, OutTradeNo: outTradeNo, Count: 1, Delay: 20 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
