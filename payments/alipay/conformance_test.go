package alipay_test

import (
	"sync"
	"testing"
	"time"

	"saoma/payments/alipay"
	"saoma/payments/gatewaytest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

var papers = sync.OnceValues(sandbox.NewPapers)

func TestConformance(t *testing.T) {
	p, err := papers()
	if err != nil {
		t.Fatal(err)
	}
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Harness { return harness(t, p) })
}

func harness(t *testing.T, p *sandbox.Papers) gatewaytest.Harness {
	s := sandbox.New(p, sandbox.Options{Speed: 1000}) // the platform's first resend comes after 4 minutes
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	notices := gatewaytest.NewReceiver(t)
	a := p.Alipay
	g, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: s.AlipayURL(), NotifyURL: notices.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	return gatewaytest.Harness{
		Gateway: g, Pay: s.Pay, Scan: s.Scan, Decode: g.Notification, Notices: notices,
		Money: money(s), Fault: fault(t, s), BeforeScan: pos.TradeNone,
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
