package setup

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/payments/sandbox"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// However the keys are kept, they are the same keys; sealed, no file has one in plain text.
func TestKeysChange(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	m.keep(a, flow.WeChat, m.wechat())
	word := func(w string) flow.Values {
		return flow.Values{keysKind: "passphrase", keysWord: w, keysAgain: w}
	}
	for _, c := range []struct {
		values flow.Values
		kind   vault.Kind
	}{
		{word("correct horse"), vault.Passphrase},
		{word("battery staple"), vault.Passphrase},
		{flow.Values{keysKind: "passphrase", keysWord: flow.Held, keysAgain: flow.Held}, vault.Passphrase},
		{flow.Values{keysKind: "plain"}, vault.Plain},
		{word("another one"), vault.Passphrase},
	} {
		m.keep(a, flow.Keys, c.values)
		if kind, err := vault.Look(m.dir); err != nil || kind != c.kind {
			t.Fatalf("kept as %s, %v", kind, err)
		}
		plain := false
		for _, text := range m.tree() {
			plain = plain || strings.Contains(text, m.paths.APIv3Key) || strings.Contains(text, "BEGIN PRIVATE KEY")
		}
		if plain != (c.kind == vault.Plain) {
			t.Errorf("as %s, plain text is there: %v", c.kind, plain)
		}
		if till, err := a.Till(t.Context()); err != nil || till.Gateways[pos.WeChat] == nil {
			t.Fatalf("as %s the counter does not open: %v", c.kind, err)
		}
	}
	asked := 0
	other, err := New(m.dir, Options{Ask: func(context.Context, bool) (string, error) { asked++; return "another one", nil }})
	if err != nil {
		t.Fatal(err)
	}
	v := other.Values(flow.WeChat)
	v["wechat.public_key_id"] = "PUB_KEY_ID_0119999999992026"
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Keep(t.Context(), flow.WeChat, v); err != nil || asked != 1 {
		t.Errorf("a sealed folder: asked %d times, %v", asked, err)
	}
}

// A new certificate and a new public key take the place of the old ones, which go on counting for 30 days; another
// merchant's papers leave nothing of the old ones.
func TestRotation(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	m.keep(a, flow.WeChat, m.wechat())
	m.keep(a, flow.Alipay, m.alipay())
	old, err := config.Load(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(p sandbox.Paper) sandbox.Fresh {
		f, err := m.box.Rotate(p, true)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	merchantPair, public, alipayKey := fresh(sandbox.MerchantCertificate), fresh(sandbox.WeChatPublicKey), fresh(sandbox.AlipayKey)
	v := a.Values(flow.WeChat)
	v["wechat.merchant_certificate_file"], v["wechat.merchant_key_file"] = merchantPair.Certificate, merchantPair.PrivateKey
	v["wechat.public_key_id"], v["wechat.public_key_file"] = public.Serial, public.PublicKey
	m.keep(a, flow.WeChat, v)
	l := a.Values(flow.Alipay)
	l["alipay.alipay_public_key_file"] = alipayKey.PublicKey
	m.keep(a, flow.Alipay, l)

	c, err := config.Load(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	p := c.WeChat.Previous
	if c.WeChat.MerchantSerial != merchantPair.Serial || c.WeChat.PublicKeyID != public.Serial {
		t.Errorf("in use: %+v", c.WeChat)
	}
	if p.MerchantSerial != old.WeChat.MerchantSerial || p.MerchantKeyFile != old.WeChat.MerchantKeyFile || p.PublicKeyID != old.WeChat.PublicKeyID || p.PublicKeyFile != old.WeChat.PublicKeyFile {
		t.Errorf("before: %+v; it was %+v", p, old.WeChat)
	}
	if days := time.Until(p.Until).Hours() / 24; days < 29 || days > 32 || !p.Until.Equal(c.Alipay.PreviousUntil) {
		t.Errorf("until %s and %s", p.Until, c.Alipay.PreviousUntil)
	}
	if c.Alipay.PreviousPublicKeyFile != old.Alipay.PublicKeyFile || c.Alipay.PublicKeyFile == old.Alipay.PublicKeyFile {
		t.Errorf("Alipay's: %+v", c.Alipay)
	}
	if till, err := a.Till(t.Context()); err != nil || len(till.Gateways) != 2 {
		t.Fatalf("the counter with both: %v", err)
	}
	m.anotherMerchant(a)
}

func (m *merchant) anotherMerchant(a *Assistant) {
	t := m.t
	t.Helper()
	other := newMerchant(t, certPapers())
	m.keep(a, flow.WeChat, other.wechat())
	m.keep(a, flow.Alipay, other.alipay())
	c, err := config.Load(m.dir)
	if err != nil || c.WeChat.Previous != (config.WeChatPrevious{}) || c.Alipay.PreviousPublicKeyFile != "" {
		t.Errorf("another merchant: %+v, %+v, %v", c.WeChat.Previous, c.Alipay, err)
	}
	var used []string
	for _, path := range a.references() {
		if path != "" {
			used = append(used, path)
		}
	}
	files, err := filepath.Glob(filepath.Join(m.dir, config.KeysDir, "*_*"))
	if err != nil || len(files) != len(used) {
		t.Errorf("%d files for %d references: %v, %v", len(files), len(used), files, err)
	}
}
