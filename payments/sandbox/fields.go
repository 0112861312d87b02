package sandbox

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// fields reads a WeChat Pay request body strictly: names in their exact case, values of their exact type, and the
// first mistake becomes PARAM_ERROR naming the field by its JSON path.
type fields struct {
	path string
	raw  map[string]json.RawMessage
	fail **wxError // shared with the objects inside
}

func parseFields(body []byte) *fields {
	var fail *wxError
	f := &fields{path: "/body", fail: &fail}
	if !utf8.Valid(body) || json.Unmarshal(body, &f.raw) != nil || f.raw == nil {
		fail = wxFail(400, "PARAM_ERROR", "请求体不是合法的 UTF-8 JSON 对象")
	}
	return f
}

// err is the first mistake found.
func (f *fields) err() *wxError { return *f.fail }

func (f *fields) refuse(name, issue string) {
	if *f.fail != nil {
		return
	}
	path := f.path + "/" + name
	*f.fail = &wxError{400, "PARAM_ERROR", fmt.Sprintf("输入源“%s”%s", path, issue), &wxDetail{
		Field: strings.TrimPrefix(path, "/body"), Issue: issue, Location: "body",
	}}
}

func (f *fields) has(name string) bool {
	raw, ok := f.raw[name]
	return ok && string(raw) != "null"
}

// text reads a string of at most max bytes; min 0 makes it optional.
func (f *fields) text(name string, min, max int) string {
	if !f.has(name) {
		if min > 0 {
			f.refuse(name, "必填性规则校验失败，此字段为必填项")
		}
		return ""
	}
	var v string
	switch {
	case json.Unmarshal(f.raw[name], &v) != nil:
		f.refuse(name, "类型错误，应为字符串")
	case strings.ContainsFunc(v, func(r rune) bool { return r > 0xffff }): // API v3 takes 1 to 3 bytes a character
		f.refuse(name, "字符集错误，不支持四字节的 UTF-8 字符")
	case len(v) < min:
		f.refuse(name, fmt.Sprintf("字符串规则校验失败，字节数 %d，小于最小值 %d", len(v), min))
	case len(v) > max:
		f.refuse(name, fmt.Sprintf("字符串规则校验失败，字节数 %d，大于最大值 %d", len(v), max))
	}
	return v
}

// match reads a string that must consist of an alphabet.
func (f *fields) match(name string, min, max int, alphabet *regexp.Regexp) string {
	v := f.text(name, min, max)
	if v != "" && !alphabet.MatchString(v) {
		f.refuse(name, "字符串规则校验失败，含有不允许的字符")
	}
	return v
}

// fen reads an amount: a JSON integer of at least min.
func (f *fields) fen(name string, min int64) int64 {
	if !f.has(name) {
		f.refuse(name, "必填性规则校验失败，此字段为必填项")
		return 0
	}
	var v int64
	switch {
	case json.Unmarshal(f.raw[name], &v) != nil:
		f.refuse(name, "类型错误，应为整数（单位：分）")
	case v < min:
		f.refuse(name, fmt.Sprintf("数字规则校验失败，小于最小值 %d", min))
	case v > 100_000_000_00:
		f.refuse(name, "数字规则校验失败，超过最大值")
	}
	return v
}

// currency reads the optional currency: only CNY.
func (f *fields) currency(required bool) string {
	if !f.has("currency") && !required {
		return "CNY"
	}
	v := f.text("currency", 1, 16)
	if v != "" && v != "CNY" {
		f.refuse("currency", "枚举规则校验失败，仅支持 CNY")
	}
	return v
}

func (f *fields) object(name string) *fields {
	in := &fields{path: f.path + "/" + name, fail: f.fail}
	if !f.has(name) {
		f.refuse(name, "必填性规则校验失败，此字段为必填项")
	} else if json.Unmarshal(f.raw[name], &in.raw) != nil {
		f.refuse(name, "类型错误，应为对象")
	}
	return in
}

// notifyURL reads an address the platform can call: https without a query; plain http to the loopback only.
func (f *fields) notifyURL(required bool) string {
	min := 0
	if required {
		min = 1
	}
	v := f.text("notify_url", min, 255)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		f.refuse("notify_url", "不是合法的 https 地址")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		f.refuse("notify_url", "不能携带参数")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		f.refuse("notify_url", "必须为 https 地址（http 仅限本机回环地址）")
	}
	return v
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// expiry reads the optional RFC 3339 time_expire: at least a minute ahead of now.
func (f *fields) expiry(now time.Time) time.Time {
	v := f.text("time_expire", 0, 64)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	switch {
	case err != nil:
		f.refuse("time_expire", "不是 RFC 3339 格式的时间")
	case t.Before(now.Add(time.Minute - time.Second)): // whole seconds: the client rounds down
		f.refuse("time_expire", "须晚于下单时间 1 分钟以上")
	}
	return t
}

// fingerprint is the request in one canonical text: the same parameters give the same text whatever their order.
func (f *fields) fingerprint(except string) string {
	same := map[string]any{}
	for name, raw := range f.raw {
		var v any
		if name != except && json.Unmarshal(raw, &v) == nil && v != nil {
			same[name] = v
		}
	}
	return string(compactJSON(same)) // map keys are sorted
}
