// Package config reads saoma.toml and the key files it names. Every problem is one sentence that
// names the key and says what is allowed; key material is in no error and no log.
package config

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // a counter's machine may have no zone files

	"github.com/BurntSushi/toml"

	"saoma/pos"
)

// Names inside a data folder.
const (
	FileName   = "saoma.toml"
	KeysDir    = "keys"
	SandboxDir = "sandbox"
	LogName    = "saoma.log"
)

// The platforms' production addresses.
const (
	WeChatProduction = "https://api.mch.weixin.qq.com"
	AlipayProduction = "https://openapi.alipay.com/gateway.do"
)

// Config is saoma.toml, checked. File names in it are absolute.
type Config struct {
	Dir    string
	Shop   pos.Shop
	Window Window
	WeChat WeChat
	Alipay Alipay
	Notify Notify
	Tunnel Tunnel
	Backup Backup
	Export Export
	Vault  Vault
}

// Window is how the counter's window behaves.
type Window struct {
	LockAfter time.Duration // how long nobody touches it before it signs out; 0: never
}

// WeChat is how this shop talks to WeChat Pay v3.
type WeChat struct {
	Enabled              bool
	MchID                string
	AppID                string
	MerchantSerial       string
	MerchantKeyFile      string
	MerchantCertFile     string // may be empty: it only lets the doctor tell serial, owner and last day
	APIv3KeyFile         string
	PublicKeyID          string
	PublicKeyFile        string
	PlatformCertificates bool
	BaseURL              string // without a final slash
	Previous             WeChatPrevious
}

// WeChatPrevious is what a rotation replaces. It goes on being used, where the platform asks for it, until its day.
type WeChatPrevious struct {
	MerchantSerial  string
	MerchantKeyFile string
	PublicKeyID     string
	PublicKeyFile   string
	Until           time.Time // the end of that day in the shop's zone; zero: until it is taken out
}

// Alipay is how this shop talks to Alipay.
type Alipay struct {
	Enabled       bool
	AppID         string
	SellerID      string
	AppKeyFile    string
	PublicKeyFile string
	GatewayURL    string

	// Certificate mode: all three, and no PublicKeyFile.
	AppCertFile    string
	AlipayCertFile string
	RootCertFile   string

	PreviousPublicKeyFile string    // what a rotation replaces
	PreviousUntil         time.Time // the end of that day in the shop's zone; zero: until it is taken out
}

// Notify is where notifications arrive.
type Notify struct {
	Listen    string // host:port; empty: confirmation by polling only
	PublicURL string // what the platforms call, without a final slash; /notify/wechat and /notify/alipay are appended
}

// Tunnel is the way from a public address to Notify.Listen.
type Tunnel struct {
	Kind           string // none, ssh, frp or ngrok
	Host           string // host or host:port of the ssh server
	User           string
	KeyFile        string // empty: the keys of the running ssh agent
	KnownHostsFile string
	Remote         string // what is forwarded: a socket's path, or a port, on the server
	TokenFile      string // frp: the server's token
	ProxyName      string // frp
	CustomDomain   string // frp
}

// Backup is what the counter keeps of its daily backups.
type Backup struct {
	Keep int // of how many days, the newest ones
}

// Export is where the files of a closed day go.
type Export struct {
	Folder string // empty: none are written
}

// Vault is how the key files are kept.
type Vault struct {
	PassphraseFile string // of mode 0600; empty: a passphrase is asked for at the start, where one is needed
}

// Sandbox reports whether no real money can move: at least one wallet is on, and all that are talk to loopback.
func (c *Config) Sandbox() bool {
	if !c.WeChat.Enabled && !c.Alipay.Enabled {
		return false
	}
	return (!c.WeChat.Enabled || loopbackURL(c.WeChat.BaseURL)) && (!c.Alipay.Enabled || loopbackURL(c.Alipay.GatewayURL))
}

// DefaultDir is the data folder used without --data: the user's configuration folder for saoma.
func DefaultDir() (string, error) {
	base, err := os.UserConfigDir()
	if err != nil {
		return "", pos.Errorf(pos.Setup, "This user has no configuration folder; name a data folder with --data.").Because(err)
	}
	return filepath.Join(base, "saoma"), nil
}

// Load reads and checks DIR/saoma.toml. It does not open the key files: Keys does.
func Load(dir string) (*Config, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The data folder %s cannot be found; choose one with --data.", dir).Because(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, pos.Errorf(pos.Setup, "There is no saoma.toml in %s; choose another folder with --data, or make one to try with: saomactl init --sandbox", dir)
	}
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The file saoma.toml in %s cannot be read; check its permissions.", dir).Because(err)
	}
	return Parse(dir, string(text))
}

// Parse checks the text of a saoma.toml that belongs to dir.
func Parse(dir, text string) (*Config, error) {
	t := &tables{read: map[string]bool{}}
	text = strings.TrimPrefix(text, "\ufeff") // Windows editors write it
	if _, err := toml.Decode(text, &t.raw); err != nil {
		return nil, syntaxError(err)
	}
	c := &Config{Dir: dir}
	raw := c.read(t)
	if err := t.unknown(); err != nil {
		return nil, err
	}
	if t.err != nil {
		return nil, t.err
	}
	err := c.checkShop(raw)
	if err != nil {
		return nil, err
	}
	if c.Window.LockAfter, err = lockAfter(raw.lockAfter); err != nil {
		return nil, err
	}
	if c.Backup.Keep, err = keptBackups(raw.keepBackups); err != nil {
		return nil, err
	}
	if c.WeChat.Previous.Until, err = lastDay("wechat.previous_until", raw.wechatUntil, c.Shop.TimeZone); err != nil {
		return nil, err
	}
	if c.Alipay.PreviousUntil, err = lastDay("alipay.previous_until", raw.alipayUntil, c.Shop.TimeZone); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// rawKeys holds the keys that are more than text.
type rawKeys struct {
	timezone, maxCharge, minCharge string
	cashierRefundLimit             string
	wechatUntil, alipayUntil       string
	dayStartsAt, lockAfter         any
	keepBackups                    any
}

// read takes every key out of t: together these lines are the list of known keys.
func (c *Config) read(t *tables) (raw rawKeys) {
	c.Shop.Name = t.text("shop.name", "")
	c.Shop.Counter = t.text("shop.counter", "")
	raw.timezone = t.text("shop.timezone", "Asia/Shanghai")
	raw.dayStartsAt, _ = t.value("shop.day_starts_at")
	raw.lockAfter, _ = t.value("shop.lock_after")
	raw.maxCharge = t.text("shop.max_charge", pos.DefaultMaxCharge.String())
	raw.minCharge = t.text("shop.min_charge", pos.DefaultMinCharge.String())
	raw.cashierRefundLimit = t.text("shop.cashier_refund_limit", pos.DefaultCashierRefundLimit.String())

	c.WeChat = WeChat{
		Enabled:              t.boolean("wechat.enabled"),
		MchID:                t.text("wechat.mchid", ""),
		AppID:                t.text("wechat.appid", ""),
		MerchantSerial:       strings.ToUpper(t.text("wechat.merchant_serial", "")),
		MerchantKeyFile:      c.path(t.text("wechat.merchant_key_file", "")),
		MerchantCertFile:     c.path(t.text("wechat.merchant_certificate_file", "")),
		APIv3KeyFile:         c.path(t.text("wechat.apiv3_key_file", "")),
		PublicKeyID:          t.text("wechat.public_key_id", ""),
		PublicKeyFile:        c.path(t.text("wechat.public_key_file", "")),
		PlatformCertificates: t.boolean("wechat.platform_certificates"),
		BaseURL:              strings.TrimRight(t.text("wechat.base_url", WeChatProduction), "/"),
		Previous: WeChatPrevious{
			MerchantSerial:  strings.ToUpper(t.text("wechat.previous_merchant_serial", "")),
			MerchantKeyFile: c.path(t.text("wechat.previous_merchant_key_file", "")),
			PublicKeyID:     t.text("wechat.previous_public_key_id", ""),
			PublicKeyFile:   c.path(t.text("wechat.previous_public_key_file", "")),
		},
	}
	c.Alipay = Alipay{
		Enabled:       t.boolean("alipay.enabled"),
		AppID:         t.text("alipay.app_id", ""),
		SellerID:      t.text("alipay.seller_id", ""),
		AppKeyFile:    c.path(t.text("alipay.app_key_file", "")),
		PublicKeyFile: c.path(t.text("alipay.alipay_public_key_file", "")),
		GatewayURL:    t.text("alipay.gateway_url", AlipayProduction),

		AppCertFile:    c.path(t.text("alipay.app_cert_file", "")),
		AlipayCertFile: c.path(t.text("alipay.alipay_cert_file", "")),
		RootCertFile:   c.path(t.text("alipay.alipay_root_cert_file", "")),

		PreviousPublicKeyFile: c.path(t.text("alipay.previous_alipay_public_key_file", "")),
	}
	raw.wechatUntil, raw.alipayUntil = t.text("wechat.previous_until", ""), t.text("alipay.previous_until", "")
	c.Notify = Notify{
		Listen:    t.text("notify.listen", ""),
		PublicURL: strings.TrimRight(t.text("notify.public_url", ""), "/"),
	}
	c.Tunnel = Tunnel{
		Kind:           t.text("tunnel.kind", "none"),
		Host:           t.text("tunnel.host", ""),
		User:           t.text("tunnel.user", ""),
		KeyFile:        c.path(t.text("tunnel.key_file", "")),
		KnownHostsFile: c.path(t.text("tunnel.known_hosts_file", "")),
		Remote:         t.text("tunnel.remote", ""),
		TokenFile:      c.path(t.text("tunnel.token_file", "")),
		ProxyName:      t.text("tunnel.proxy_name", ""),
		CustomDomain:   t.text("tunnel.custom_domain", ""),
	}
	c.Export = Export{Folder: c.path(t.text("export.folder", ""))}
	c.Vault = Vault{PassphraseFile: c.path(t.text("vault.passphrase_file", ""))}
	raw.keepBackups, _ = t.value("backup.keep")
	return raw
}

// path makes a file name of saoma.toml absolute: relative ones are relative to the data folder.
func (c *Config) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, filepath.FromSlash(name))
}

// syntaxError says where the file is not TOML. The line itself is not shown: it may hold a secret
// that was pasted into the wrong file.
func syntaxError(err error) error {
	if p, ok := errors.AsType[toml.ParseError](err); ok {
		return pos.Errorf(pos.Invalid, "Line %d of saoma.toml is not valid TOML; write one key = \"value\" a line, each key once.", p.Position.Line)
	}
	return pos.Errorf(pos.Invalid, "The file saoma.toml is not valid TOML; write one key = \"value\" a line, each key once.")
}

// location reads a time zone by its IANA name.
func location(name string) (*time.Location, error) {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, pos.Errorf(pos.Invalid, "shop.timezone %q is not a time zone; write its IANA name, such as Asia/Shanghai.", name)
	}
	return loc, nil
}

// SandboxURL is scheme and host of the sandbox, http://127.0.0.1:PORT, and empty at a real counter.
func (c *Config) SandboxURL() string {
	if !c.Sandbox() {
		return ""
	}
	address := c.WeChat.BaseURL
	if !c.WeChat.Enabled {
		address = c.Alipay.GatewayURL
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// MerchantID is whom w pays: WeChat Pay's mchid or Alipay's seller_id; empty where w is not set up.
func (c *Config) MerchantID(w pos.Wallet) string {
	if w == pos.Alipay {
		return c.Alipay.SellerID
	}
	return c.WeChat.MchID
}
