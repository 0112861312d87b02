package setup

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	flow "saoma/pos/setup"
)

// The platform's zip may be given for the certificate or the key that come out of it, and counts as a file with a secret.
func TestZipAnywhere(t *testing.T) {
	for _, given := range [][]string{{merchantCert}, {merchantKey}, {merchantCert, merchantKey}, {merchantCert, merchantKey, wechatZip}} {
		m := newMerchant(t, plainPapers())
		a := m.assistant()
		m.keep(a, flow.Shop, m.shop())
		v := m.wechat()
		delete(v, wechatZip)
		for _, key := range given {
			v[key] = m.paths.WeChatZip
		}
		m.keep(a, flow.WeChat, v)
		if got := a.Originals(); !slices.Equal(got, []string{m.paths.WeChatZip}) {
			t.Errorf("given for %v, offered for deletion: %v", given, got)
		}
		m.mustTry(a, flow.WeChat)
	}
}

// A wallet's papers are read as they come, and each answer is refused by itself: what is not there yet is no fault of it.
func TestCheck(t *testing.T) {
	m, other := newMerchant(t, plainPapers()), newMerchant(t, certPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	before := m.tree()
	answered := map[flow.StepID]flow.Values{}
	for _, c := range []struct {
		step  flow.StepID
		key   string
		wrong string
		says  string
		right string
	}{
		{flow.WeChat, "wechat.mchid", m.paths.AppID, "This is an appid", m.paths.MchID},
		{flow.WeChat, "wechat.appid", m.paths.MchID, "This is the merchant number", m.paths.AppID},
		{flow.WeChat, wechatZip, other.paths.WeChatZip, "belongs to merchant " + other.paths.MchID, m.paths.WeChatZip},
		{flow.WeChat, merchantKey, m.paths.AlipayAppKey, "does not belong to the merchant's certificate", ""},
		{flow.WeChat, "wechat.apiv3_key_file", m.paths.APIv3Key[1:], "this has 31", m.paths.APIv3Key},
		{flow.WeChat, "wechat.public_key_file", m.paths.AlipayAppKey, "This is a private key", m.paths.WeChatPublicKey},
		{flow.Alipay, "alipay.app_id", m.paths.SellerID, "This is the account number", m.paths.AlipayAppID},
		{flow.Alipay, "alipay.seller_id", m.paths.AlipayAppID, "This is the APPID", m.paths.SellerID},
		{flow.Alipay, "alipay.app_key_file", m.paths.AlipayPublicKey, "This is a public key", m.paths.AlipayAppKey},
		{flow.Alipay, "alipay.alipay_public_key_file", filepath.Join(filepath.Dir(m.paths.AlipayAppKey), "应用公钥RSA2048.txt"), "the application's own public key", m.paths.AlipayPublicKey},
		{flow.Shop, "shop.counter", "k-1", "", "K1"}, // not a wallet's
	} {
		v := answered[c.step]
		if v == nil {
			v = flow.Values{wechatProof: byPublicKey, alipayMode: byPublicKey}
			answered[c.step] = v
		}
		v[c.key] = c.wrong
		if _, err := a.Check(t.Context(), c.step, v, c.key); c.says != "" && (err == nil || flow.KeyOf(err) != c.key || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v; want %q", c.key, err, c.says)
		}
		v[c.key] = c.right
		if _, err := a.Check(t.Context(), c.step, v, c.key); err != nil {
			t.Errorf("%s: %v", c.key, err)
		}
	}
	alone := flow.Values{"wechat.mchid": m.paths.MchID, "wechat.appid": m.paths.AppID, merchantKey: m.paths.AlipayAppKey}
	if _, err := a.Check(t.Context(), flow.WeChat, alone, merchantSerial); flow.KeyOf(err) != merchantSerial || !strings.Contains(err.Error(), "or its serial number") {
		t.Errorf("neither certificate nor serial number: %v", err)
	}
	later := other.alipay()
	later["alipay.app_cert_file"] = other.paths.AlipayCert
	if _, err := a.Check(t.Context(), flow.Alipay, later, "alipay.app_key_file"); err != nil {
		t.Errorf("a key is refused for a certificate behind it: %v", err)
	}
	known, err := a.Check(t.Context(), flow.WeChat, flow.Values{wechatZip: m.paths.WeChatZip}, wechatZip)
	if err != nil || known["wechat.mchid"] != m.paths.MchID || known["wechat.merchant_serial"] == "" || known[merchantCert] == "" || known[merchantKey] == "" {
		t.Errorf("what follows from the zip: %v, %d values", err, len(known))
	}
	m.same(before, "checked")
	if len(a.Originals()) > 0 {
		t.Errorf("files that were only looked at are offered for deletion: %v", a.Originals())
	}
}
