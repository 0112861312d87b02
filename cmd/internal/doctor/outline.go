package doctor

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"saoma/cmd/internal/config"
)

// setting is one key of saoma.toml.
type setting struct {
	key  string
	show func(any) string
}

// settings are the keys of saoma.toml, and how a value of each may be shown. A key that is not here is only counted,
// and so is any value that does not look like one of its key: a secret may have been pasted anywhere.
var settings = []setting{
	{"shop.name", length},
	{"shop.counter", length},
	{"shop.timezone", zone},
	{"shop.day_starts_at", small},
	{"shop.lock_after", small},
	{"shop.max_charge", length},
	{"shop.min_charge", length},
	{"shop.cashier_refund_limit", length},
	{"wechat.enabled", flag},
	{"wechat.mchid", length},
	{"wechat.appid", length},
	{"wechat.merchant_serial", length},
	{"wechat.merchant_key_file", length},
	{"wechat.merchant_certificate_file", length},
	{"wechat.apiv3_key_file", length},
	{"wechat.public_key_id", length},
	{"wechat.public_key_file", length},
	{"wechat.platform_certificates", flag},
	{"wechat.base_url", address},
	{"wechat.previous_merchant_serial", length},
	{"wechat.previous_merchant_key_file", length},
	{"wechat.previous_public_key_id", length},
	{"wechat.previous_public_key_file", length},
	{"wechat.previous_until", date},
	{"alipay.enabled", flag},
	{"alipay.app_id", length},
	{"alipay.seller_id", length},
	{"alipay.app_key_file", length},
	{"alipay.alipay_public_key_file", length},
	{"alipay.gateway_url", address},
	{"alipay.app_cert_file", length},
	{"alipay.alipay_cert_file", length},
	{"alipay.alipay_root_cert_file", length},
	{"alipay.previous_alipay_public_key_file", length},
	{"alipay.previous_until", date},
	{"notify.listen", length},
	{"notify.public_url", address},
	{"tunnel.kind", kind},
	{"tunnel.host", length},
	{"tunnel.user", length},
	{"tunnel.key_file", length},
	{"tunnel.known_hosts_file", length},
	{"tunnel.remote", length},
	{"tunnel.token_file", length},
	{"tunnel.proxy_name", length},
	{"tunnel.custom_domain", length},
	{"vault.passphrase_file", length},
	{"backup.keep", small},
	{"export.folder", length},
}

// outline says which keys DIR/saoma.toml sets and what kind of value each has; comments are left out.
func outline(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, config.FileName))
	if err != nil {
		return "saoma.toml cannot be read\n"
	}
	var raw map[string]any
	if _, err := toml.Decode(strings.TrimPrefix(string(text), "\ufeff"), &raw); err != nil {
		return "saoma.toml is not TOML\n"
	}
	var b strings.Builder
	known := 0
	for _, s := range settings {
		section, name, _ := strings.Cut(s.key, ".")
		table, _ := raw[section].(map[string]any)
		if value, ok := table[name]; ok {
			known++
			fmt.Fprintf(&b, "%s = %s\n", s.key, s.show(value))
		}
	}
	fmt.Fprintf(&b, "and %d keys that saoma.toml has not\n", count(raw)-known)
	return b.String()
}

// count is how many values there are in raw and its tables.
func count(raw map[string]any) (n int) {
	for _, v := range raw {
		if table, ok := v.(map[string]any); ok {
			n += count(table)
		} else {
			n++
		}
	}
	return n
}

// length shows of a text only how long it is.
func length(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("(%d characters)", utf8.RuneCountInString(s))
	}
	return fmt.Sprintf("(a %T)", v)
}

func flag(v any) string {
	if b, ok := v.(bool); ok {
		return fmt.Sprint(b)
	}
	return length(v)
}

// small shows hours, minutes or how many backups are kept, which no PIN is.
func small(v any) string {
	if n, ok := v.(int64); ok && n >= 0 && n < 1000 {
		return fmt.Sprint(n)
	}
	return length(v)
}

func zone(v any) string {
	s, _ := v.(string)
	if _, err := time.LoadLocation(s); err == nil {
		return s
	}
	return length(v)
}

func date(v any) string {
	s, _ := v.(string)
	if _, err := time.Parse(time.DateOnly, s); err == nil {
		return s
	}
	return length(v)
}

func kind(v any) string {
	s, _ := v.(string)
	if slices.Contains([]string{"none", "ssh", "frp", "ngrok"}, s) {
		return s
	}
	return length(v)
}

// address shows the production addresses and whether another one is of this computer.
func address(v any) string {
	s, _ := v.(string)
	if s == config.WeChatProduction || s == config.AlipayProduction {
		return s
	}
	if u, err := url.Parse(s); err == nil && isLoopback(u.Hostname()) {
		return "(this computer) " + length(v)
	} else if err == nil && u.Scheme == "https" && u.Host != "" {
		return "(https) " + length(v)
	}
	return length(v)
}
