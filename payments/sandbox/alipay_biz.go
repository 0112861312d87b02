package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// biz reads biz_content; the first mistake becomes ACQ.INVALID_PARAMETER naming the field.
type biz struct {
	raw  map[string]json.RawMessage
	fail *aliError
}

var (
	aliNumber = regexp.MustCompile(`^[0-9A-Za-z_]+$`)
	aliYuan   = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`)
	aliSpan   = regexp.MustCompile(`^([1-9][0-9]{0,5})([mhdc])$`)
)

func (b *biz) refuse(name, issue string) {
	if b.fail == nil {
		b.fail = business("ACQ.INVALID_PARAMETER", fmt.Sprintf("参数无效：%s %s", name, issue))
	}
}

// text reads a string of at most max characters.
func (b *biz) text(name string, required bool, max int) string {
	raw, ok := b.raw[name]
	if !ok || string(raw) == "null" || string(raw) == `""` {
		if required {
			b.refuse(name, "不能为空")
		}
		return ""
	}
	var v string
	if json.Unmarshal(raw, &v) != nil {
		b.refuse(name, "应为字符串")
	} else if utf8.RuneCountInString(v) > max {
		b.refuse(name, fmt.Sprintf("超过最大长度 %d", max))
	}
	return v
}

// order reads an order's number: letters, digits, underscore.
func (b *biz) order(name string, required bool) string {
	v := b.text(name, required, 64)
	if v != "" && !aliNumber.MatchString(v) {
		b.refuse(name, "仅支持字母、数字、下划线")
	}
	return v
}

// fen reads yuan with at most two decimals, as text or as a JSON number: Alipay takes 12, 12.5 and 12.50.
func (b *biz) fen(name string) int64 {
	v := string(b.raw[name])
	if v == "" || v == "null" || v[0] == '"' {
		v = b.text(name, true, 16)
	}
	if b.fail != nil {
		return 0
	}
	if !aliYuan.MatchString(v) {
		b.refuse(name, "金额应为元，精确到小数点后两位")
		return 0
	}
	fen := parseFen(v)
	if fen < 1 || fen > 100_000_000_00 {
		b.refuse(name, "金额应在 0.01 到 100000000.00 之间")
	}
	return fen
}

// parseFen reads digits that aliYuan has matched.
func parseFen(v string) int64 {
	var whole, part int64
	var tail string
	for i := range v {
		if v[i] == '.' {
			v, tail = v[:i], (v[i+1:] + "0")[:2]
			break
		}
	}
	whole, _ = strconv.ParseInt(v, 10, 64) // at most nine digits
	if tail != "" {
		part, _ = strconv.ParseInt(tail, 10, 64)
	}
	return whole*100 + part
}

// span reads 1m to 15d, or 1c for the end of the day; 0 when absent.
func (b *biz) span(name string, now time.Time) time.Duration {
	v := b.text(name, false, 6)
	if v == "" {
		return 0
	}
	m := aliSpan.FindStringSubmatch(v)
	if m == nil || m[2] == "c" && m[1] != "1" {
		b.refuse(name, "应为 1m 到 15d")
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // at most six digits
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	d := time.Duration(n) * unit
	if m[2] == "c" {
		y, month, day := now.In(beijing).Date()
		d = time.Date(y, month, day+1, 0, 0, 0, 0, beijing).Sub(now)
	} else if d > 15*24*time.Hour || n > math.MaxInt32 {
		b.refuse(name, "应为 1m 到 15d")
	}
	return d
}

// expiry reads the absolute time_expire, +08:00.
func (b *biz) expiry(now time.Time) time.Time {
	v := b.text("time_expire", false, 32)
	if v == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(alipayTime, v, beijing)
	switch {
	case err != nil:
		b.refuse("time_expire", "应为 yyyy-MM-dd HH:mm:ss")
	case !t.After(now):
		b.refuse("time_expire", "早于当前时间")
	case t.After(now.Add(15 * 24 * time.Hour)):
		b.refuse("time_expire", "晚于 15 天")
	}
	return t
}

// asksFor says whether query_options name a field that answers leave out unless asked.
func (b *biz) asksFor(field string) bool {
	var options []string
	return json.Unmarshal(b.raw["query_options"], &options) == nil && slices.Contains(options, field)
}

func aliTimestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(beijing).Format(alipayTime)
}
