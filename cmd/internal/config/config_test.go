package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// fine is a file with nothing wrong; the tests change one line of it at a time.
func fine(t *testing.T) string {
	t.Helper()
	text, err := Fresh{
		Shop: "面馆", Counter: "K1", MchID: "1900000001", WeChatAppID: "wx0123456789abcdef", MerchantSerial: "5F0123456789ABCDEF",
		WeChatPublicKeyID: "PUB_KEY_ID_0123", AlipayAppID: "2021000000000001", SellerID: "2088000000000001",
		Sandbox: "http://127.0.0.1:21000", Notify: "127.0.0.1:21001",
	}.Text("/data")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(text, `public_url = "http://127.0.0.1:21001"`, `public_url = ""`, 1)
}

// with replaces the line that sets key in section, or adds it there.
func with(text, section, key, line string) string {
	_, after, _ := strings.Cut(text, "["+section+"]\n")
	for l := range strings.Lines(after) {
		if strings.HasPrefix(l, "[") {
			break
		}
		if strings.HasPrefix(l, key+" =") {
			return strings.Replace(text, l, line+"\n", 1)
		}
	}
	return strings.Replace(text, "["+section+"]\n", "["+section+"]\n"+line+"\n", 1)
}

func TestWrongFiles(t *testing.T) {
	good := fine(t)
	for _, c := range []struct{ section, key, line, says string }{
		{"shop", "name", `name = ""`, "shop.name must be"},
		{"shop", "name", `name = 5`, "shop.name must be text in quotes."},
		{"shop", "name", `name = "a\nb"`, "shop.name must be"},
		{"shop", "counter", `counter = "k 1"`, "shop.counter must be 1 to 12"},
		{"shop", "counter", `counter = "KKKKKKKKKKKKK"`, "shop.counter must be 1 to 12"},
		{"shop", "timezone", `timezone = "Shanghai"`, `shop.timezone "Shanghai" is not a time zone`},
		{"shop", "day_starts_at", `day_starts_at = 24`, "shop.day_starts_at must be an hour from 0 to 23"},
		{"shop", "day_starts_at", `day_starts_at = "4 am"`, "shop.day_starts_at must be an hour from 0 to 23"},
		{"shop", "day_starts_at", `day_starts_at = 4.5`, "shop.day_starts_at must be an hour from 0 to 23"},
		{"shop", "max_charge", `max_charge = 500`, "shop.max_charge must be text in quotes."},
		{"shop", "max_charge", `max_charge = "0.001"`, "shop.max_charge must be yuan"},
		{"shop", "min_charge", `min_charge = "0"`, "shop.min_charge must be yuan"},
		{"shop", "max_charge", "min_charge = \"5.00\"\nmax_charge = \"4.99\"", "not below shop.min_charge"},
		{"shop", "cashier_refund_limit", `cashier_refund_limit = "-1"`, "shop.cashier_refund_limit must be yuan"},
		{"shop", "cashier_refund_limit", `cashier_refund_limit = "1.005"`, "shop.cashier_refund_limit must be yuan"},
		{"shop", "colour", `colour = "red"`, "shop.colour is not a key of saoma.toml; allowed are cashier_refund_limit, counter, day_starts_at, lock_after, max_charge, min_charge, name, timezone."},
		{"wechat", "enabled", `enabled = "yes"`, "wechat.enabled must be true or false"},
		{"wechat", "mch_id", `mch_id = "1900000001"`, "wechat.mch_id is not a key"},
		{"wechat", "mchid", `mchid = 1900000001`, "wechat.mchid must be text in quotes."},
		{"wechat", "mchid", `mchid = "shop"`, "wechat.mchid must be the merchant number"},
		{"wechat", "appid", `appid = ""`, "wechat.appid must be"},
		{"wechat", "merchant_serial", `merchant_serial = "5F:01"`, "wechat.merchant_serial must be"},
		{"wechat", "merchant_key_file", `merchant_key_file = ""`, "wechat.merchant_key_file is missing"},
		{"wechat", "apiv3_key_file", `apiv3_key_file = ""`, "wechat.apiv3_key_file is missing"},
		{"wechat", "public_key_id", `public_key_id = "0123"`, "wechat.public_key_id must begin with PUB_KEY_ID_"},
		{"wechat", "public_key_id", `public_key_id = ""`, "wechat.public_key_id is missing"},
		{"wechat", "public_key_file", `public_key_file = ""`, "wechat.public_key_file is missing"},
		{"wechat", "platform_certificates", `platform_certificates = 1`, "wechat.platform_certificates must be true or false"},
		{"wechat", "base_url", `base_url = "http://192.168.1.5:80"`, "wechat.base_url must begin with https://; plain http is allowed for 127.0.0.1 only."},
		{"wechat", "base_url", `base_url = "api.mch.weixin.qq.com"`, "wechat.base_url must be an address"},
		{"wechat", "base_url", `base_url = "https://api.mch.weixin.qq.com/v3"`, "wechat.base_url must be scheme and host only"},
		{"alipay", "app_id", `app_id = ""`, "alipay.app_id must be"},
		{"alipay", "seller_id", `seller_id = "1088000000000001"`, "alipay.seller_id must be the 16 digits"},
		{"alipay", "app_key_file", `app_key_file = ""`, "alipay.app_key_file is missing"},
		{"alipay", "alipay_public_key_file", `alipay_public_key_file = ""`, "alipay.alipay_public_key_file is missing"},
		{"alipay", "gateway_url", `gateway_url = "ftp://127.0.0.1/gateway.do"`, "alipay.gateway_url must be an address"},
		{"alipay", "gateway_url", `gateway_url = "https://example.com/gateway.do?a=1"`, "alipay.gateway_url must have no query"},
		{"wechat", "x", `previous_merchant_serial = "5F"`, "wechat.previous_merchant_serial must be"},
		{"wechat", "x", `previous_merchant_serial = "5F01020304"`, "wechat.previous_merchant_serial and wechat.previous_merchant_key_file belong together"},
		{"wechat", "x", `previous_merchant_key_file = "keys/old.pem"`, "wechat.previous_merchant_serial and wechat.previous_merchant_key_file belong together"},
		{"wechat", "x", "previous_merchant_serial = \"5f0123456789abcdef\"\nprevious_merchant_key_file = \"keys/old.pem\"", "wechat.previous_merchant_serial is the certificate in use"},
		{"wechat", "x", "previous_public_key_id = \"0119\"\nprevious_public_key_file = \"keys/old.pem\"", "wechat.previous_public_key_id must begin"},
		{"wechat", "x", `previous_public_key_id = "PUB_KEY_ID_01"`, "wechat.previous_public_key_id and wechat.previous_public_key_file belong together"},
		{"wechat", "x", `previous_public_key_file = "keys/old.pem"`, "wechat.previous_public_key_id and wechat.previous_public_key_file belong together"},
		{"wechat", "x", "previous_public_key_id = \"PUB_KEY_ID_0123\"\nprevious_public_key_file = \"keys/old.pem\"", "wechat.previous_public_key_id is the public key in use"},
		{"wechat", "x", `previous_until = "next year"`, "wechat.previous_until must be the last day"},
		{"alipay", "x", `previous_until = "2026-02-30"`, "alipay.previous_until must be the last day"},
		{"alipay", "x", `app_cert_file = "keys/app.crt"`, "alipay.alipay_public_key_file and the certificates exclude each other"},
		{"alipay", "alipay_public_key_file", "app_cert_file = \"a.crt\"\nalipay_cert_file = \"b.crt\"", "Certificate mode needs"},
		{"alipay", "alipay_public_key_file", "app_cert_file = \"a.crt\"\nalipay_root_cert_file = \"b.crt\"", "Certificate mode needs"},
		{"alipay", "alipay_public_key_file", "alipay_cert_file = \"a.crt\"\nalipay_root_cert_file = \"b.crt\"", "Certificate mode needs"},
		{"alipay", "alipay_public_key_file", "app_cert_file = \"a\"\nalipay_cert_file = \"b\"\nalipay_root_cert_file = \"c\"\nprevious_alipay_public_key_file = \"d\"", "alipay.previous_alipay_public_key_file is for public-key mode"},
		{"notify", "listen", `listen = "127.0.0.1"`, "notify.listen must be an address and a port"},
		{"notify", "listen", `listen = "127.0.0.1:99999"`, "notify.listen must be an address and a port"},
		{"notify", "public_url", `public_url = "http://shop.example.com"`, "notify.public_url must begin with https://"},
		{"notify", "public_url", `public_url = "https://shop.example.com/?a=b"`, "notify.public_url must have no query"},
		{"notify", "listen", "listen = \"\"\npublic_url = \"https://a.example.com\"\n#", "notify.listen is missing"},
		{"tunnel", "kind", `kind = "vpn"`, "tunnel.kind must be none, ssh, frp or ngrok."},
		{"shop", "lock_after", `lock_after = -1`, "shop.lock_after must be after how many minutes the window signs out by itself, a number from 0 (never) to 720."},
		{"shop", "lock_after", `lock_after = 721`, "shop.lock_after must be"},
		{"shop", "lock_after", `lock_after = "10"`, "shop.lock_after must be"},
		{"shop", "lock_after", `lock_after = 0.5`, "shop.lock_after must be"},
		{"backup", "keep", `keep = 0`, "backup.keep must be how many daily backups are kept, a number from 1 to 3650."},
		{"backup", "keep", `keep = "30"`, "backup.keep must be"},
		{"backup", "keep", `keep = 7.5`, "backup.keep must be"},
		{"backup", "days", `days = 7`, "backup.days is not a key of saoma.toml; allowed are keep."},
	} {
		text := with(good, c.section, c.key, c.line)
		if c.key == "listen" && strings.Contains(c.line, "public_url") {
			text = strings.Replace(text, "public_url = \"\" #", "#", 1)
		}
		_, err := Parse("/data", text)
		if err == nil {
			t.Errorf("%s: accepted", c.line)
			continue
		}
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: says %q; want %q", c.line, err, c.says)
		}
		if code := pos.CodeOf(err); code != pos.Invalid {
			t.Errorf("%s: code %s", c.line, code)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", c.line, err)
		}
	}
}

func TestWrongTOML(t *testing.T) {
	good := fine(t)
	for text, says := range map[string]string{
		good + "\n[shop]\n":           "is not valid TOML",
		"a b\n":                       "Line 1 of saoma.toml",
		"secret-words = \x01":         "is not valid TOML",
		good + "\n[till]\na = 1\n":    "till is not a key of saoma.toml; allowed are [alipay], [backup], [export], [notify], [shop], [tunnel], [vault], [wechat].",
		"name = \"a\"\n" + good:       "name is not a key of saoma.toml",
		"shop = 3\n":                  "shop must be a section",
		"[wechat]\nenabled = false\n": "shop.name must be",
	} {
		_, err := Parse("/data", text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("says %v; want %q", err, says)
		}
		if err != nil && strings.Contains(err.Error(), "secret-words") {
			t.Errorf("the error shows the file's text: %v", err)
		}
	}
}

func TestDefaults(t *testing.T) {
	c, err := Parse("/data", "[shop]\nname = \"面馆\"\ncounter = \"K1\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Shop.TimeZone.String() != "Asia/Shanghai" || c.Shop.DayStartsAt != 0 {
		t.Errorf("zone %s, day starts at %s", c.Shop.TimeZone, c.Shop.DayStartsAt)
	}
	if c.Shop.MaxCharge != pos.DefaultMaxCharge || c.Shop.MinCharge != pos.DefaultMinCharge {
		t.Errorf("limits %s to %s", c.Shop.MinCharge, c.Shop.MaxCharge)
	}
	if c.Shop.CashierRefundLimit != pos.DefaultCashierRefundLimit {
		t.Errorf("a cashier refunds up to %s", c.Shop.CashierRefundLimit)
	}
	if c.WeChat.BaseURL != WeChatProduction || c.Alipay.GatewayURL != AlipayProduction {
		t.Errorf("addresses %s, %s", c.WeChat.BaseURL, c.Alipay.GatewayURL)
	}
	if c.Sandbox() || c.SandboxURL() != "" || c.NotifyURL(pos.WeChat) != "" {
		t.Error("an empty shop is no sandbox and has no notify address")
	}
}

func TestDayStartsAt(t *testing.T) {
	good := fine(t)
	for line, want := range map[string]time.Duration{
		`day_starts_at = 4`:       4 * time.Hour,
		`day_starts_at = "04:00"`: 4 * time.Hour,
		`day_starts_at = "4:30"`:  4*time.Hour + 30*time.Minute,
		`day_starts_at = 0`:       0,
	} {
		c, err := Parse("/data", with(good, "shop", "day_starts_at", line))
		if err != nil || c.Shop.DayStartsAt != want {
			t.Errorf("%s: %v, %v", line, c, err)
		}
	}
}

func TestKeptBackups(t *testing.T) {
	good := fine(t)
	without, _, _ := strings.Cut(good, "[backup]")
	for text, want := range map[string]int{good: 30, with(good, "backup", "keep", `keep = 7`): 7, without: 30} {
		if c, err := Parse("/data", text); err != nil || c.Backup.Keep != want {
			t.Errorf("%v, %v; want %d", c, err, want)
		}
	}
}

func TestLockAfter(t *testing.T) {
	good := fine(t)
	for text, want := range map[string]time.Duration{
		good: 10 * time.Minute, with(good, "shop", "lock_after", `lock_after = 0`): 0, with(good, "shop", "lock_after", `lock_after = 90`): 90 * time.Minute,
	} {
		if c, err := Parse("/data", text); err != nil || c.Window.LockAfter != want {
			t.Errorf("%v, %v; want %s", c, err, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	good := fine(t)
	c, err := Parse("/data", good)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Sandbox() || c.SandboxURL() != "http://127.0.0.1:21000" {
		t.Errorf("sandbox %v at %q", c.Sandbox(), c.SandboxURL())
	}
	if got := c.NotifyURL(pos.WeChat); got != "http://127.0.0.1:21001/notify/wechat" {
		t.Errorf("notify url %q", got)
	}
	if c.WeChat.MerchantKeyFile != filepath.Join("/data", "keys", "wechat_merchant_key.pem") {
		t.Errorf("key file %q is not relative to the data folder", c.WeChat.MerchantKeyFile)
	}
	c, err = Parse("/data", strings.Replace(good, `public_url = ""`, `public_url = "https://a.example.com/shop/"`, 1))
	if err != nil || c.NotifyURL(pos.Alipay) != "https://a.example.com/shop/notify/alipay" {
		t.Errorf("notify url of %+v, %v", c, err)
	}
	c, err = Parse("/data", strings.Replace(good, `base_url = "http://127.0.0.1:21000"`, `base_url = "https://api.example.com"`, 1))
	if err != nil || c.Sandbox() || c.NotifyURL(pos.Alipay) != "" {
		t.Errorf("one real wallet makes a real counter, whose loopback nobody reaches: %v, %v", c.Sandbox(), err)
	}
}

func TestMoveSandbox(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, []byte(fine(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MoveSandbox(dir, "http://127.0.0.1:25555"); err != nil {
		t.Fatal(err)
	}
	c, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.WeChat.BaseURL != "http://127.0.0.1:25555" || c.Alipay.GatewayURL != "http://127.0.0.1:25555/gateway.do" {
		t.Errorf("moved to %s and %s", c.WeChat.BaseURL, c.Alipay.GatewayURL)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(fine(t), ":21000", ":25555"); string(text) != want {
		t.Errorf("other lines changed:\n%s", text)
	}
	if _, err := Load(filepath.Join(dir, "nowhere")); pos.CodeOf(err) != pos.Setup || !strings.Contains(err.Error(), "--data") {
		t.Errorf("no folder: %v", err)
	}
}
