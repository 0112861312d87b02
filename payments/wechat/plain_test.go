package wechat

import (
	"testing"

	"saoma/pos"
)

// TestDescription: what the platform refuses is left out, and what is left is never empty.
func TestDescription(t *testing.T) {
	for _, c := range []struct{ title, shop, want string }{
		{"奶茶", "茶馆", "奶茶"},
		{"奶茶🧋", "茶馆", "奶茶"},
		{"🧋", "茶馆", "茶馆"},
		{"", "咖啡😀", "咖啡"},
		{"😀", "😀", "K1NUMBER"},
	} {
		g := &Gateway{cfg: Config{Title: c.shop}}
		if got := g.description(&pos.Payment{OutTradeNo: "K1NUMBER", Title: c.title}); got != c.want {
			t.Errorf("title %q, shop %q: %q, want %q", c.title, c.shop, got, c.want)
		}
	}
}
