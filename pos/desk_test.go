package pos_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"saoma/payments/alipay"
	"saoma/payments/sandbox"
	"saoma/payments/wechat"
	"saoma/pos"
)

// desk is a counter whose platforms tell again soon, with an ear for what rings.
type desk struct {
	*counter
	witness *witness

	mu       sync.Mutex
	raised   []pos.Exception
	resolved []pos.Exception
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{witness: &witness{told: map[string]*notification{}}}
	d.counter = newPlatform(t, sandbox.Options{Speed: 240, RefundDelay: 12 * time.Second, RefundGap: -1})
	d.between.server = d.witness.watch
	d.between.gateway = func(g pos.Gateway) pos.Gateway { return &moody{adapter: g.(adapter)} }
	d.open()
	t.Cleanup(d.close)
	d.till.Subscribe(func(e pos.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch e.Kind {
		case pos.ExceptionRaised:
			d.raised = append(d.raised, *e.Exception)
		case pos.ExceptionResolved:
			d.resolved = append(d.resolved, *e.Exception)
		}
	})
	return d
}

// moody is an adapter whose platform may refuse one refund, and carry it out later all the same.
type moody struct {
	adapter
	refuse bool
}

func (m *moody) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	if m.refuse {
		m.refuse = false
		return pos.RefundEvidence{}, &pos.GatewayError{Wallet: p.Wallet, Failure: pos.Refused, Code: "SAID_NO", Err: errors.New("not now")}
	}
	return m.adapter.Refund(ctx, p, r)
}

func (d *desk) gateway(w pos.Wallet) *moody { return d.till.Gateways[w].(*moody) }

// exception waits for the one exception there is.
func (d *desk) exception(kind pos.ExceptionKind, outTradeNo string) *pos.Exception {
	d.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		open, err := d.till.Exceptions(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		if len(open) == 1 && open[0].Kind == kind && open[0].OutTradeNo == outTradeNo {
			if s := open[0].Story(); s.Sentence() == "" {
				d.t.Error("it has no story")
			}
			return &open[0]
		}
		if time.Now().After(end) || len(open) > 1 {
			d.t.Fatalf("exceptions: %+v; want one %s for %s", open, kind, outTradeNo)
		}
	}
}

// settle has the manager decide, waits for what follows and looks at everything.
func (d *desk) settle(x *pos.Exception, r pos.Resolution) {
	d.t.Helper()
	d.refuses(x, r)
	done, err := d.till.Resolve(d.t.Context(), x.ID, r, "boss", "seen 已核对")
	if err != nil || done.Resolution != r || done.ResolvedBy != "boss" || done.ResolvedAt.IsZero() {
		d.t.Fatalf("%s %s: %+v, %v", r, x.Kind, done, err)
	}
	if _, err := d.till.Resolve(d.t.Context(), x.ID, r, "boss", "again"); pos.CodeOf(err) != pos.Conflict {
		d.t.Errorf("%s again: %v", r, err)
	}
	d.finish()
	d.audit()
	if open, err := d.till.Exceptions(d.t.Context()); err != nil || len(open) != 0 {
		d.t.Errorf("left open: %+v, %v", open, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.raised) != 1 || len(d.resolved) != 1 || d.resolved[0].ID != x.ID {
		d.t.Errorf("rang for %+v, told of %+v", d.raised, d.resolved)
	}
}

// refuses checks that nothing can be decided about x but its choices, and nothing is changed by trying.
func (d *desk) refuses(x *pos.Exception, decided pos.Resolution) {
	d.t.Helper()
	allowed := map[pos.Resolution]bool{}
	for _, r := range x.Choices() {
		allowed[r] = true
	}
	if !allowed[decided] {
		d.t.Fatalf("%s is no choice about %+v", decided, x)
	}
	for _, r := range []pos.Resolution{pos.Accept, pos.GiveBack, pos.NoteAndForget} {
		if allowed[r] {
			continue
		}
		if _, err := d.till.Resolve(d.t.Context(), x.ID, r, "boss", "seen"); pos.CodeOf(err) != pos.Conflict {
			d.t.Errorf("%s about %s: %v", r, x.Kind, err)
		}
	}
	if _, err := d.till.Resolve(d.t.Context(), x.ID, "burn", "boss", "seen"); pos.CodeOf(err) != pos.Invalid {
		d.t.Errorf("burn: %v", err)
	}
	if _, err := d.till.Resolve(d.t.Context(), x.ID, pos.NoteAndForget, "boss", ""); err == nil {
		d.t.Error("dismissed without a note")
	}
}

// net is what the platforms and, after the audit, the ledger hold of a trade.
func (d *desk) net(outTradeNo string) (sum pos.Fen) {
	for _, m := range d.platform.Money() {
		if m.OutTradeNo == outTradeNo {
			sum += pos.Fen(m.Amount)
		}
	}
	return sum
}

func (d *desk) wantNet(outTradeNo string, want pos.Fen) {
	d.t.Helper()
	if got := d.net(outTradeNo); got != want {
		d.t.Errorf("%s: ¥%s at the platform, want ¥%s", outTradeNo, got, want)
	}
}

// behind orders something at the platform behind the counter's back, under any number.
func (d *desk) behind(w pos.Wallet, outTradeNo string, amount pos.Fen) {
	d.t.Helper()
	order(d, d.gateway(w).adapter, outTradeNo, amount)
}

func order(d *desk, g pos.Gateway, outTradeNo string, amount pos.Fen) {
	d.t.Helper()
	now := time.Now()
	p := &pos.Payment{
		OutTradeNo: outTradeNo, Wallet: g.Wallet(), Account: g.Account(), Amount: amount, Title: "elsewhere",
		CreatedAt: now, ExpiresAt: now.Add(pos.DefaultTimeout),
	}
	if _, err := g.Create(d.t.Context(), p); err != nil {
		d.t.Fatal(err)
	}
}

// elsewhere is another merchant's platform that signs with the same keys and tells this counter.
func (d *desk) elsewhere() (*sandbox.Sandbox, map[pos.Wallet]pos.Gateway) {
	d.t.Helper()
	papers := *d.papers
	w, a := &papers.WeChat, &papers.Alipay
	w.MchID, w.AppID, a.AppID, a.SellerID = "1999999999", "wx9999999999999999", "2021999999999999", "2088999999999999"
	other := sandbox.New(&papers, sandbox.Options{Speed: 240})
	if err := other.Start("127.0.0.1:0"); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { other.Close() })
	wx, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey,
		APIv3Key: w.APIv3Key, PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey,
		BaseURL: other.WeChatURL(), NotifyURL: d.callback + "/notify/wechat",
	})
	if err != nil {
		d.t.Fatal(err)
	}
	ali, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: a.AppKey, AlipayPublicKey: &a.PlatformKey.PublicKey,
		GatewayURL: other.AlipayURL(), NotifyURL: d.callback + "/notify/alipay",
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return other, map[pos.Wallet]pos.Gateway{pos.WeChat: wx, pos.Alipay: ali}
}
