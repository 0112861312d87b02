package setup

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// merchant is a shop's owner with papers of a sandbox that runs.
type merchant struct {
	t      *testing.T
	papers *sandbox.Papers
	paths  *sandbox.HandedOut
	box    *sandbox.Sandbox
	dir    string // the counter's, empty
}

// The papers are made once: keys are slow to make. Nothing in a test changes them.
var (
	plainPapers = sync.OnceValue(func() *sandbox.Papers { return newPapers(false) })
	certPapers  = sync.OnceValue(func() *sandbox.Papers { return newPapers(true) })
)

func newPapers(certificates bool) *sandbox.Papers {
	p, err := sandbox.NewPapers()
	if err == nil && certificates {
		err = p.UseAlipayCertificates()
	}
	if err != nil {
		panic(err)
	}
	return p
}

func newMerchant(t *testing.T, p *sandbox.Papers) *merchant {
	t.Helper()
	box := sandbox.New(p, sandbox.Options{Speed: 10, Identity: sandbox.PublicKey})
	if err := box.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	m := &merchant{t: t, papers: p, box: box, dir: filepath.Join(t.TempDir(), "data")}
	var err error
	if m.paths, err = p.HandOut(filepath.Join(t.TempDir(), "papers"), box.URL()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *merchant) assistant() *Assistant {
	m.t.Helper()
	a, err := New(m.dir, Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		if err := a.Close(); err != nil {
			m.t.Error(err)
		}
	})
	return a
}

func (m *merchant) shop() flow.Values {
	return flow.Values{"shop.name": "老街茶馆", "shop.counter": "k1", "shop.timezone": "Asia/Shanghai", "shop.day_starts_at": "4"}
}

func (m *merchant) wechat() flow.Values {
	return flow.Values{
		"wechat.mchid": m.paths.MchID, "wechat.appid": m.paths.AppID, wechatZip: m.paths.WeChatZip, "wechat.apiv3_key_file": m.paths.APIv3Key,
		wechatProof: byPublicKey, "wechat.public_key_id": m.paths.PublicKeyID, "wechat.public_key_file": m.paths.WeChatPublicKey, "wechat.base_url": m.box.URL(),
	}
}

func (m *merchant) alipay() flow.Values {
	v := flow.Values{
		"alipay.app_id": m.paths.AlipayAppID, "alipay.seller_id": m.paths.SellerID, "alipay.app_key_file": m.paths.AlipayAppKey,
		alipayMode: byPublicKey, "alipay.alipay_public_key_file": m.paths.AlipayPublicKey, "alipay.gateway_url": m.box.URL() + "/gateway.do",
	}
	if m.paths.AppCert != "" {
		v[alipayMode] = byCertificates
		v["alipay.app_cert_file"], v["alipay.alipay_cert_file"], v["alipay.alipay_root_cert_file"] = m.paths.AppCert, m.paths.AlipayCert, m.paths.AlipayRootCert
	}
	return v
}

func (m *merchant) keep(a *Assistant, id flow.StepID, v flow.Values) {
	m.t.Helper()
	if err := a.Keep(m.t.Context(), id, v); err != nil {
		m.t.Fatalf("%s: %v", id, err)
	}
	if got := a.State(id); got != flow.Kept {
		m.t.Fatalf("%s is %s", id, got)
	}
}

// The whole assistant, from an empty folder to a payment that was paid back, in both modes of Alipay.
func TestWholeAssistant(t *testing.T) {
	for name, papers := range map[string]*sandbox.Papers{"public key": plainPapers(), "certificates": certPapers()} {
		t.Run(name, func(t *testing.T) {
			m := newMerchant(t, papers)
			a := m.assistant()
			for _, s := range a.Steps() {
				if got := a.State(s.ID); got != flow.Open {
					t.Errorf("%s is %s in an empty folder", s.ID, got)
				}
			}
			m.keep(a, flow.Shop, m.shop())
			m.keep(a, flow.Manager, flow.Values{managerName: "王芳", managerPIN: "8351", managerAgain: "8351"})
			m.keep(a, flow.Keys, flow.Values{keysKind: "passphrase", keysWord: "correct horse", keysAgain: "correct horse"})
			m.keep(a, flow.WeChat, m.wechat())
			m.keep(a, flow.Alipay, m.alipay())
			if err := a.Pass(t.Context(), flow.Address); err != nil || a.State(flow.Address) != flow.Skipped {
				t.Fatalf("passing the address over: %v, %s", err, a.State(flow.Address))
			}
			for _, id := range []flow.StepID{flow.WeChat, flow.Alipay} {
				m.mustTry(a, id)
			}
			till, err := a.Till(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []pos.Wallet{pos.WeChat, pos.Alipay} {
				m.payAndRefund(till, w)
			}
			if got := a.State(flow.Trial); got != flow.Kept {
				t.Errorf("after a sale the trial is %s", got)
			}
			c, err := config.Load(m.dir)
			if err != nil || c.Shop.Counter != "K1" || c.Shop.DayStartsAt != 4*time.Hour {
				t.Errorf("the shop: %+v, %v", c.Shop, err)
			}
		})
	}
}

// mustTry tries a step; every finding must be green, or say only that this is a sandbox.
func (m *merchant) mustTry(a *Assistant, id flow.StepID) {
	m.t.Helper()
	count := 0
	err := a.Try(m.t.Context(), id, func(f pos.Finding) {
		count++
		if f.Level == pos.Red {
			m.t.Errorf("%s: %v", f.Check, f.Says)
		}
	})
	if err != nil || count < 2 {
		m.t.Errorf("trying %s: %d findings, %v", id, count, err)
	}
}

func (m *merchant) payAndRefund(till *pos.Till, w pos.Wallet) {
	t := m.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	p, err := till.Charge(ctx, pos.ChargeRequest{Wallet: w, Amount: 1, Cashier: "王芳"})
	if err != nil {
		t.Fatal(err)
	}
	m.until(ctx, "the code", func() bool {
		p, err = till.Payment(ctx, p.OutTradeNo)
		return err == nil && p.State == pos.Waiting
	})
	if err := m.box.Pay(p.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	m.until(ctx, "the payment", func() bool {
		p, err = till.Payment(ctx, p.OutTradeNo)
		return err == nil && p.State == pos.Paid
	})
	r, err := till.Refund(ctx, pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: 1, Reason: "trial", Actor: "王芳"})
	if err != nil {
		t.Fatal(err)
	}
	m.until(ctx, "the refund", func() bool {
		r, err = till.CheckRefund(ctx, r.OutRefundNo)
		return err == nil && r.State == pos.RefundSucceeded
	})
}

func (m *merchant) until(ctx context.Context, what string, is func() bool) {
	m.t.Helper()
	for !is() {
		select {
		case <-ctx.Done():
			m.t.Fatalf("%s never came", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (m *merchant) toml() string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, config.FileName))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}
