package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"saoma/pos"
)

var (
	dayStart    = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):([0-5][0-9])$`)
	merchantID  = regexp.MustCompile(`^[0-9]{6,32}$`)
	appID       = regexp.MustCompile(`^[0-9A-Za-z]{6,32}$`)
	serial      = regexp.MustCompile(`^[0-9A-F]{8,64}$`)
	publicKeyID = regexp.MustCompile(`^PUB_KEY_ID_[0-9A-Za-z]+$`)
	alipayID    = regexp.MustCompile(`^[0-9]{10,32}$`)
	sellerID    = regexp.MustCompile(`^2088[0-9]{12}$`)
)

// maxName is the longest shop name, in bytes: it has to fit on a customer's window and a receipt.
const maxName = 96

func (c *Config) checkShop(raw rawKeys) (err error) {
	s := &c.Shop
	if s.Name == "" || len(s.Name) > maxName || !utf8.ValidString(s.Name) || pos.CheckTitle(s.Name) != nil {
		return pos.Errorf(pos.Invalid, "shop.name must be the shop's name on one line, 1 to %d bytes of text.", maxName)
	}
	if pos.CheckCounter(s.Counter) != nil {
		return pos.Errorf(pos.Invalid, "shop.counter must be 1 to %d of the characters 0-9 and A-Z, such as K1.", pos.MaxCounter)
	}
	if s.TimeZone, err = location(raw.timezone); err != nil {
		return err
	}
	if s.DayStartsAt, err = startOfDay(raw.dayStartsAt); err != nil {
		return err
	}
	if s.MinCharge, err = pos.ParseYuan(raw.minCharge); err != nil || s.MinCharge < 1 {
		return pos.Errorf(pos.Invalid, "shop.min_charge must be yuan as text, \"0.01\" or more.")
	}
	if s.MaxCharge, err = pos.ParseYuan(raw.maxCharge); err != nil || s.MaxCharge < s.MinCharge {
		return pos.Errorf(pos.Invalid, "shop.max_charge must be yuan as text, such as \"50000.00\", and not below shop.min_charge.")
	}
	if s.CashierRefundLimit, err = pos.ParseYuan(raw.cashierRefundLimit); err != nil || s.CashierRefundLimit < 0 {
		return pos.Errorf(pos.Invalid, "shop.cashier_refund_limit must be yuan as text: \"200.00\", or \"0.00\" where every refund needs a supervisor.")
	}
	return nil
}

// startOfDay reads the cut-off: an hour (4) or a time ("04:00").
func startOfDay(v any) (time.Duration, error) {
	switch v := v.(type) {
	case nil:
		return 0, nil
	case int64:
		if v >= 0 && v <= 23 {
			return time.Duration(v) * time.Hour, nil
		}
	case string:
		if m := dayStart.FindStringSubmatch(strings.TrimSpace(v)); m != nil {
			h, _ := strconv.Atoi(m[1])
			min, _ := strconv.Atoi(m[2])
			return time.Duration(h)*time.Hour + time.Duration(min)*time.Minute, nil
		}
	}
	return 0, pos.Errorf(pos.Invalid, "shop.day_starts_at must be an hour from 0 to 23, or a time such as \"04:00\".")
}

// lastDay reads the last day of what a rotation replaces, as the moment that day ends; zero where none is given.
func lastDay(key, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, pos.Errorf(pos.Invalid, "%s must be the last day of the old key, such as 2026-12-31.", key)
	}
	return day.AddDate(0, 0, 1), nil
}

// How many minutes the window waits before it signs out.
const defaultLockAfter, maxLockAfter = 10, 720

// lockAfter reads shop.lock_after.
func lockAfter(v any) (time.Duration, error) {
	n, ok := number(v, defaultLockAfter, 0, maxLockAfter)
	if !ok {
		return 0, pos.Errorf(pos.Invalid, "shop.lock_after must be after how many minutes the window signs out by itself, a number from 0 (never) to %d.", maxLockAfter)
	}
	return time.Duration(n) * time.Minute, nil
}

// How many daily backups are kept.
const defaultBackups, maxBackups = 30, 3650

// keptBackups reads backup.keep.
func keptBackups(v any) (int, error) {
	n, ok := number(v, defaultBackups, 1, maxBackups)
	if !ok {
		return 0, pos.Errorf(pos.Invalid, "backup.keep must be how many daily backups are kept, a number from 1 to %d.", maxBackups)
	}
	return n, nil
}

// number reads a whole number from least to most; without one it is the fallback.
func number(v any, fallback, least, most int) (n int, ok bool) {
	if v == nil {
		return fallback, true
	}
	i, ok := v.(int64)
	return int(i), ok && i >= int64(least) && i <= int64(most)
}

func (c *Config) check() error {
	if err := c.checkNotify(); err != nil {
		return err
	}
	if c.WeChat.Enabled {
		if err := c.WeChat.check(); err != nil {
			return err
		}
	}
	if c.Alipay.Enabled {
		return c.Alipay.check()
	}
	return nil
}

func (w *WeChat) check() error {
	if !merchantID.MatchString(w.MchID) {
		return pos.Errorf(pos.Invalid, "wechat.mchid must be the merchant number, digits in quotes.")
	}
	if !appID.MatchString(w.AppID) {
		return pos.Errorf(pos.Invalid, "wechat.appid must be the app id, such as wx0123456789abcdef.")
	}
	if !serial.MatchString(w.MerchantSerial) {
		return pos.Errorf(pos.Invalid, "wechat.merchant_serial must be the serial number of the merchant certificate, hexadecimal digits without colons.")
	}
	if w.MerchantKeyFile == "" {
		return pos.Errorf(pos.Invalid, "wechat.merchant_key_file is missing; name the merchant's private key (apiclient_key.pem).")
	}
	if w.APIv3KeyFile == "" {
		return pos.Errorf(pos.Invalid, "wechat.apiv3_key_file is missing; name the file that holds the 32-character APIv3 key.")
	}
	if w.PublicKeyID != "" && !publicKeyID.MatchString(w.PublicKeyID) {
		return pos.Errorf(pos.Invalid, "wechat.public_key_id must begin with PUB_KEY_ID_ and go on with digits or letters.")
	}
	if w.PublicKeyID == "" && w.PublicKeyFile != "" {
		return pos.Errorf(pos.Invalid, "wechat.public_key_id is missing; it belongs to wechat.public_key_file and begins with PUB_KEY_ID_.")
	}
	if w.PublicKeyID != "" && w.PublicKeyFile == "" {
		return pos.Errorf(pos.Invalid, "wechat.public_key_file is missing; it belongs to wechat.public_key_id (pub_key.pem).")
	}
	if w.PublicKeyID == "" && !w.PlatformCertificates {
		return pos.Errorf(pos.Invalid, "wechat.public_key_id is missing; write it with wechat.public_key_file, or set wechat.platform_certificates = true.")
	}
	if err := w.checkPrevious(); err != nil {
		return err
	}
	u, err := secureURL("wechat.base_url", w.BaseURL)
	if err != nil {
		return err
	}
	if u.Path != "" {
		return pos.Errorf(pos.Invalid, "wechat.base_url must be scheme and host only, such as %s.", WeChatProduction)
	}
	return nil
}

// checkPrevious refuses halves of what a rotation replaces, and what is not older than what replaces it.
func (w *WeChat) checkPrevious() error {
	p := &w.Previous
	switch {
	case p.MerchantSerial != "" && !serial.MatchString(p.MerchantSerial):
		return pos.Errorf(pos.Invalid, "wechat.previous_merchant_serial must be the serial number of the old merchant certificate, hexadecimal digits without colons.")
	case (p.MerchantSerial == "") != (p.MerchantKeyFile == ""):
		return pos.Errorf(pos.Invalid, "wechat.previous_merchant_serial and wechat.previous_merchant_key_file belong together; write both or neither.")
	case p.MerchantSerial != "" && p.MerchantSerial == w.MerchantSerial:
		return pos.Errorf(pos.Invalid, "wechat.previous_merchant_serial is the certificate in use; write the one before it, or take it out.")
	case p.PublicKeyID != "" && !publicKeyID.MatchString(p.PublicKeyID):
		return pos.Errorf(pos.Invalid, "wechat.previous_public_key_id must begin with PUB_KEY_ID_ and go on with digits or letters.")
	case (p.PublicKeyID == "") != (p.PublicKeyFile == ""):
		return pos.Errorf(pos.Invalid, "wechat.previous_public_key_id and wechat.previous_public_key_file belong together; write both or neither.")
	case p.PublicKeyID != "" && p.PublicKeyID == w.PublicKeyID:
		return pos.Errorf(pos.Invalid, "wechat.previous_public_key_id is the public key in use; write the one before it, or take it out.")
	}
	return nil
}

// CertificateMode reports whether the application is in certificate mode (公钥证书模式).
func (a *Alipay) CertificateMode() bool {
	return a.AppCertFile != "" || a.AlipayCertFile != "" || a.RootCertFile != ""
}

// checkMode demands the papers of exactly one mode.
func (a *Alipay) checkMode() error {
	switch {
	case a.CertificateMode() && a.PublicKeyFile != "":
		return pos.Errorf(pos.Invalid, "alipay.alipay_public_key_file and the certificates exclude each other; keep the one that fits the application's mode.")
	case a.CertificateMode() && a.PreviousPublicKeyFile != "":
		return pos.Errorf(pos.Invalid, "alipay.previous_alipay_public_key_file is for public-key mode; take it out in certificate mode.")
	case a.CertificateMode() && (a.AppCertFile == "" || a.AlipayCertFile == "" || a.RootCertFile == ""):
		return pos.Errorf(pos.Invalid, "Certificate mode needs alipay.app_cert_file, alipay.alipay_cert_file and alipay.alipay_root_cert_file; one is missing.")
	case !a.CertificateMode() && a.PublicKeyFile == "":
		return pos.Errorf(pos.Invalid, "alipay.alipay_public_key_file is missing; name Alipay's public key, not the application's own.")
	}
	return nil
}

func (a *Alipay) check() error {
	if !alipayID.MatchString(a.AppID) {
		return pos.Errorf(pos.Invalid, "alipay.app_id must be the application's number, digits in quotes.")
	}
	if !sellerID.MatchString(a.SellerID) {
		return pos.Errorf(pos.Invalid, "alipay.seller_id must be the 16 digits of the seller's account, beginning with 2088.")
	}
	if a.AppKeyFile == "" {
		return pos.Errorf(pos.Invalid, "alipay.app_key_file is missing; name the application's private key.")
	}
	if err := a.checkMode(); err != nil {
		return err
	}
	_, err := secureURL("alipay.gateway_url", a.GatewayURL)
	return err
}

func (c *Config) checkNotify() error {
	n := &c.Notify
	if n.Listen != "" && !hostPort(n.Listen) {
		return pos.Errorf(pos.Invalid, "notify.listen must be an address and a port from 1 to 65535, such as 127.0.0.1:21080.")
	}
	if n.PublicURL != "" {
		if _, err := secureURL("notify.public_url", n.PublicURL); err != nil {
			return err
		}
		if n.Listen == "" && c.Tunnel.Kind == "none" { // a tunnel serves without a port here
			return pos.Errorf(pos.Invalid, "notify.listen is missing; notify.public_url must lead to it, such as 127.0.0.1:21080.")
		}
	}
	return c.checkTunnel()
}

// NotifyURL is the address a wallet's platform is told to notify, and empty where none can reach
// this counter.
func (c *Config) NotifyURL(w pos.Wallet) string {
	base := c.NotifyBase()
	if base == "" {
		return ""
	}
	return base + "/notify/" + string(w)
}

// NotifyBase is what every NotifyURL begins with. A sandbox on the same machine reaches notify.listen itself.
func (c *Config) NotifyBase() string {
	if c.Notify.PublicURL == "" && c.Sandbox() && loopbackHost(c.Notify.Listen) {
		return "http://" + c.Notify.Listen
	}
	return c.Notify.PublicURL
}

// secureURL accepts https, and plain http to a loopback address.
func secureURL(key, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, pos.Errorf(pos.Invalid, "%s must be an address that begins with https://.", key)
	}
	if u.Scheme == "http" && !loopbackName(u.Hostname()) {
		return nil, pos.Errorf(pos.Invalid, "%s must begin with https://; plain http is allowed for 127.0.0.1 only.", key)
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, pos.Errorf(pos.Invalid, "%s must have no query and no fragment (nothing after ? or #).", key)
	}
	return u, nil
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || (host != "" && host != "localhost" && !isIP(host)) {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	return err == nil && loopbackName(host)
}

func loopbackName(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func loopbackURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && loopbackName(u.Hostname())
}
