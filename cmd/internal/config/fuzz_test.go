package config

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"saoma/pos"
	"saoma/pos/papers"
)

// written is a configuration as a saoma.toml that says everything.
func written(t *testing.T, c *Config) string {
	t.Helper()
	minutes := int(c.Shop.DayStartsAt / time.Minute)
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(map[string]map[string]any{
		"shop": {
			"name": c.Shop.Name, "counter": c.Shop.Counter, "timezone": c.Shop.TimeZone.String(),
			"day_starts_at": fmt.Sprintf("%02d:%02d", minutes/60, minutes%60),
			"max_charge":    c.Shop.MaxCharge.String(), "min_charge": c.Shop.MinCharge.String(),
			"cashier_refund_limit": c.Shop.CashierRefundLimit.String(),
		},
		"wechat": {
			"enabled": c.WeChat.Enabled, "mchid": c.WeChat.MchID, "appid": c.WeChat.AppID, "merchant_serial": c.WeChat.MerchantSerial,
			"merchant_key_file": c.WeChat.MerchantKeyFile, "apiv3_key_file": c.WeChat.APIv3KeyFile, "public_key_id": c.WeChat.PublicKeyID,
			"public_key_file": c.WeChat.PublicKeyFile, "platform_certificates": c.WeChat.PlatformCertificates, "base_url": c.WeChat.BaseURL,
			"merchant_certificate_file": c.WeChat.MerchantCertFile, "previous_merchant_serial": c.WeChat.Previous.MerchantSerial,
			"previous_merchant_key_file": c.WeChat.Previous.MerchantKeyFile, "previous_public_key_id": c.WeChat.Previous.PublicKeyID,
			"previous_public_key_file": c.WeChat.Previous.PublicKeyFile, "previous_until": lastDayOf(c.WeChat.Previous.Until),
		},
		"alipay": {
			"enabled": c.Alipay.Enabled, "app_id": c.Alipay.AppID, "seller_id": c.Alipay.SellerID, "app_key_file": c.Alipay.AppKeyFile,
			"alipay_public_key_file": c.Alipay.PublicKeyFile, "gateway_url": c.Alipay.GatewayURL,
			"app_cert_file": c.Alipay.AppCertFile, "alipay_cert_file": c.Alipay.AlipayCertFile, "alipay_root_cert_file": c.Alipay.RootCertFile,
			"previous_alipay_public_key_file": c.Alipay.PreviousPublicKeyFile, "previous_until": lastDayOf(c.Alipay.PreviousUntil),
		},
		"notify": {"listen": c.Notify.Listen, "public_url": c.Notify.PublicURL},
		"tunnel": {
			"kind": c.Tunnel.Kind, "host": c.Tunnel.Host, "user": c.Tunnel.User, "key_file": c.Tunnel.KeyFile,
			"known_hosts_file": c.Tunnel.KnownHostsFile, "remote": c.Tunnel.Remote,
			"token_file": c.Tunnel.TokenFile, "proxy_name": c.Tunnel.ProxyName, "custom_domain": c.Tunnel.CustomDomain,
		},
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// lastDayOf is a moment at which a day ends as that day.
func lastDayOf(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return end.AddDate(0, 0, -1).Format(time.DateOnly)
}

// same compares configurations; a time zone counts by its name.
func same(a, b *Config) bool {
	x, y := *a, *b
	zones := x.Shop.TimeZone.String() == y.Shop.TimeZone.String()
	x.Shop.TimeZone, y.Shop.TimeZone = nil, nil
	return zones && reflect.DeepEqual(x, y)
}

const example = `[shop]
name = "老街茶馆"
counter = "K1"
day_starts_at = 4
max_charge = "500.00"
[wechat]
enabled = true
mchid = "1900000001"
appid = "wx0123456789abcdef"
merchant_serial = "0a1b2c3d4e"
merchant_key_file = "keys/m.pem"
apiv3_key_file = 'keys\apiv3.key'
public_key_id = "PUB_KEY_ID_0119"
public_key_file = "/etc/p.pem"
[alipay]
enabled = true
app_id = "2021000000000001"
seller_id = "2088000000000001"
app_key_file = "a.pem"
alipay_public_key_file = "b.pem"
previous_alipay_public_key_file = "c.pem"
previous_until = "2026-12-31"
gateway_url = "http://127.0.0.1:8080/gateway.do"
[notify]
listen = "127.0.0.1:21080"
public_url = "https://pay.example.com/"
`

// addresses are the lines that MoveSandbox writes.
var addresses = regexp.MustCompile(`(?m)^\s*(base_url|gateway_url) = .*\n`)

// A saoma.toml that is accepted says one thing: written out in full it is accepted as the same, and moved to
// another sandbox it differs in the addresses only. One that is refused is refused in a sentence.
func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("\ufeff[shop]\r\nname = \"a\"\r\ncounter = \"1\"\r\n")
	f.Add("shop.name = \"a\"\nshop.counter = \"K\"\nwechat = { base_url = \"https://x\" }\n")
	f.Add("[shop]\nname = \"\"\"\\\n  [wechat]\"\"\"\ncounter = \"K\"\nday_starts_at = \"04:30\"\n")
	f.Add("[shop]\nname = \"a\"\ncounter = \"K\"\ntimezone = \"UTC\"\n[wechat]\n\"base_url\" = \"https://x\"\n[ alipay ] # x\n")
	f.Add("[shop]\nname = \"a\"\ncounter = \"K\"\n[alipay]\napp_cert_file = \"a.crt\"\nalipay_cert_file = \"b.crt\"\n" +
		"[wechat]\nprevious_merchant_serial = \"0a1b2c3d\"\nprevious_until = \"2026-02-28\"\n")
	f.Add("[[shop]]\nname = 1\n")
	f.Add("[shop]\nname = \"a\"\ncounter = \"K\"\nmax_charge = \"99999999999.99\"\n[tunnel]\nkind = \"ssh\"\nkey_file = \"../k\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("/shop", text)
		if err != nil {
			if code := pos.CodeOf(err); c != nil || code != pos.Invalid {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		again, err := Parse("/shop", written(t, c))
		if err != nil || !same(c, again) {
			t.Fatalf("%+v\nwritten out is %+v, %v", c, again, err)
		}
		const address = "http://127.0.0.1:45678"
		move := func(text string) (*Config, error) {
			sections := sectionsOf(text)
			edits := slices.DeleteFunc(moving(address), func(e Edit) bool { return !sections[e.section()] })
			for _, e := range edits {
				text = e.apply(text)
			}
			if err := took(text, edits); err != nil {
				return nil, err
			}
			return Parse("/shop", text)
		}
		want := *c
		want.WeChat.BaseURL, want.Alipay.GatewayURL = address, address+"/gateway.do"
		full := written(t, c)
		for _, text := range []string{full, addresses.ReplaceAllString(full, "")} {
			if moved, err := move(text); err != nil || !same(&want, moved) {
				t.Fatalf("%s\nmoved is %+v, %v", text, moved, err)
			}
		}
		moved, err := move(text)
		if err != nil {
			return // MoveSandbox then says so and writes nothing
		}
		if moved.WeChat.BaseURL != address { // it has no such section
			want.WeChat.BaseURL = c.WeChat.BaseURL
		}
		if moved.Alipay.GatewayURL != address+"/gateway.do" {
			want.Alipay.GatewayURL = c.Alipay.GatewayURL
		}
		if !same(&want, moved) {
			t.Fatalf("%+v\nmoved is %+v", c, moved)
		}
	})
}

// A new sandbox folder's saoma.toml says what was meant, whatever the shop is called.
func FuzzFresh(f *testing.F) {
	f.Add("老街茶馆", "K1", "http://127.0.0.1:8080", "127.0.0.1:21080")
	f.Add("\"\n[tunnel]\nkind = \"ssh", "K1", "https://example.com", "127.0.0.1:1")
	f.Add(`a\u0062`, "K1", "http://127.0.0.1:8080", "127.0.0.1:1")
	f.Add("a\u200b\U000e0001\\", "K1", "http://127.0.0.1:8080\"\nplatform_certificates = true #", "127.0.0.1:1")
	f.Fuzz(func(t *testing.T, shop, counter, sandbox, notify string) {
		text, err := Fresh{
			Shop: shop, Counter: counter, MchID: "1900000001", WeChatAppID: "wx0123456789abcdef", MerchantSerial: "0A1B2C3D",
			WeChatPublicKeyID: "PUB_KEY_ID_0119", AlipayAppID: "2021000000000001", SellerID: "2088000000000001", Sandbox: sandbox, Notify: notify,
		}.Text("/shop")
		if err != nil {
			return
		}
		c, err := Parse("/shop", text)
		if err != nil {
			t.Fatal(err)
		}
		if c.Shop.Name != strings.TrimSpace(shop) || c.Shop.Counter != strings.TrimSpace(counter) || c.Notify.Listen != strings.TrimSpace(notify) ||
			c.WeChat.BaseURL != strings.TrimRight(strings.TrimSpace(sandbox), "/") || c.WeChat.PlatformCertificates || c.Tunnel.Kind != "none" {
			t.Errorf("%q %q %q %q became %+v", shop, counter, sandbox, notify, c)
		}
	})
}

// A key file that is accepted holds a key that is long enough; one that is refused is refused in a sentence
// that shows nothing of it.
func FuzzKeyFile(f *testing.F) {
	name := filepath.Join(f.TempDir(), "key")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))))
	f.Add([]byte(lines(x509.MarshalPKCS1PublicKey(&key.PublicKey))))
	f.Add([]byte(strings.Repeat("k", 32)))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
	f.Add([]byte("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"))
	f.Add([]byte("\ufeff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		fresh := func() *keyReader { return &keyReader{read: os.ReadFile} }
		r := fresh()
		private := readAs(r, "private", name, papers.Private)
		refused(t, r.err, "private", name)
		if r.err == nil && (private.N.BitLen() < 2048 || private.Validate() != nil) {
			t.Error("a private key that is none")
		}
		r = fresh()
		public := readAs(r, "public", name, papers.Public)
		refused(t, r.err, "public", name)
		if r.err == nil && public.N.BitLen() < 2048 {
			t.Error("a public key that is none")
		}
		r = fresh()
		secret := readAs(r, "apiv3", name, papers.APIv3Key)
		refused(t, r.err, "apiv3", name)
		if r.err == nil && len(secret) != 32 {
			t.Errorf("an APIv3 key of %d bytes", len(secret))
		}
	})
}

// refused checks that an error names the key and the file, and nothing else but numbers.
func refused(t *testing.T, err error, names ...string) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := err.(*pos.Error)
	if !ok || e.Err != nil || e.Code != pos.Setup {
		t.Fatalf("refused with %v", err)
	}
	for _, a := range e.Args {
		switch a := a.(type) {
		case string:
			if !slices.Contains(names, a) {
				t.Errorf("the error tells %q", a)
			}
		case error:
			refused(t, a)
		}
	}
}
