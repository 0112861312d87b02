package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saoma/pos"
)

func TestChange(t *testing.T) {
	shop := "[shop]\nname = \"a\"\ncounter = \"K1\"\n"
	for _, c := range []struct {
		name, before string
		edit         Edit
		after        string
	}{
		{"a text", shop, Edit{"shop.name", `b "c" \ 店`}, "[shop]\nname = \"b \\\"c\\\" \\\\ 店\"\ncounter = \"K1\"\n"},
		{"its comment stays", "[shop]\nname = \"a#\"   # sign\ncounter = \"K1\"\n", Edit{"shop.name", "b"}, "[shop]\nname = \"b\" # sign\ncounter = \"K1\"\n"},
		{"its indent stays", "[shop]\n\tname = 'a'\ncounter = \"K1\"\n", Edit{"shop.name", "b"}, "[shop]\n\tname = \"b\"\ncounter = \"K1\"\n"},
		{"a bool", shop + "[wechat]\nenabled = false\nmchid = \"1\"\n", Edit{"wechat.platform_certificates", true}, shop + "[wechat]\nenabled = false\nmchid = \"1\"\nplatform_certificates = true\n"},
		{"a bool that was there", shop + "[wechat]\nplatform_certificates = true # both\nmchid = \"1\"\n", Edit{"wechat.platform_certificates", false}, shop + "[wechat]\nplatform_certificates = false # both\nmchid = \"1\"\n"},
		{"lines of Windows", "[shop]\r\nname = \"a\"\r\ncounter = \"K1\"\r\n[wechat]\r\nenabled = false\r\n", Edit{"shop.name", "b"}, "[shop]\r\nname = \"b\"\r\ncounter = \"K1\"\r\n[wechat]\r\nenabled = false\r\n"},
		{"a new section", shop, Edit{"alipay.enabled", false}, shop + "\n[alipay]\nenabled = false\n"},
		{"a new section behind a line without an end", strings.TrimSuffix(shop, "\n"), Edit{"alipay.enabled", false}, shop + "\n[alipay]\nenabled = false\n"},
		{"a new key before the comment of the next section", shop + "# the wallet\n[wechat]\nenabled = false\n", Edit{"shop.timezone", "UTC"}, shop + "timezone = \"UTC\"\n# the wallet\n[wechat]\nenabled = false\n"},
		{"a key in a comment is none", shop + "# timezone = \"UTC\"\n", Edit{"shop.timezone", "Asia/Urumqi"}, shop + "timezone = \"Asia/Urumqi\"\n# timezone = \"UTC\"\n"},
		{"the same key of another section", shop + "[wechat]\nbase_url = \"https://a\"\n[alipay]\nenabled = false\n", Edit{"alipay.enabled", false}, shop + "[wechat]\nbase_url = \"https://a\"\n[alipay]\nenabled = false\n"},
		{"taken out", shop + "[notify]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://a\"\n", Edit{"notify.public_url", nil}, shop + "[notify]\nlisten = \"127.0.0.1:1\"\n"},
		{"taken out where it never was", shop, Edit{"notify.public_url", nil}, shop},
		{"a control character", shop, Edit{"tunnel.user", "x"}, shop + "\n[tunnel]\nuser = \"x\"\n"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Change(dir, c.edit); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.after {
			t.Errorf("%s:\n%q\nwant\n%q, %v", c.name, after, c.after, err)
		}
	}
}

// What cannot be edited line by line, or would be wrong, leaves the file as it is.
func TestChangeRefuses(t *testing.T) {
	shop := "[shop]\nname = \"a\"\ncounter = \"K1\"\n"
	for _, c := range []struct {
		before string
		edit   Edit
		code   pos.Code
	}{
		{shop, Edit{"shop.counter", "k-1"}, pos.Invalid},
		{shop, Edit{"shop.nickname", "b"}, pos.Invalid},
		{"shop = { name = \"a\", counter = \"K1\" }\n", Edit{"shop.name", "b"}, pos.Invalid},
		{"[shop]\nname = \"\"\"a\"\"\"\ncounter = \"K1\"\n", Edit{"shop.name", "b"}, pos.Invalid},
		{"[shop]\ncounter = \"K1\"\n\"name\" = \"\"\"\\\n  name = 1\"\"\"\n", Edit{"shop.name", "b"}, pos.Invalid},
		{shop + "[tunnel]\nuser = \"\"\"\nremote = 1\n\"\"\"\n", Edit{"tunnel.remote", "y"}, pos.Setup},
		{"[shop]\n\"na\\u006de\" = \"a\"\ncounter = \"K1\"\n", Edit{"shop.name", "b"}, pos.Invalid},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Change(dir, c.edit); pos.CodeOf(err) != c.code {
			t.Errorf("%q: %v", c.before, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != c.before {
			t.Errorf("%q became %q, %v", c.before, after, err)
		}
	}
}

func TestChangeMakesTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := Change(dir, Edit{"shop.name", "a"}, Edit{"shop.counter", "K1"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if c, err := Load(dir); err != nil || c.Shop.Name != "a" {
		t.Errorf("%+v, %v", c, err)
	}
}

// Whatever a file and a value are, the value is read back as it was set, every other key says what it said, and the
// second edit finds the first; or the edit is refused.
func FuzzChange(f *testing.F) {
	f.Add(example, "面馆 \"x\" # \\")
	f.Add("[shop]\r\nname = \"a\" # b\r\ncounter = \"1\"\r\n", "c")
	f.Add("[shop]\nname='a'\ncounter = \"1\"\n[wechat]\n  enabled=false#x\n", "\u00a0")
	f.Add("[ shop ] # x\nname = \"\"\"a\"\"\"\ncounter=\"1\"", "'")
	f.Fuzz(func(t *testing.T, text, value string) {
		before, err := Parse("/shop", text)
		if err != nil {
			return
		}
		edits := []Edit{{"shop.name", value}, {"wechat.enabled", false}, {"alipay.enabled", false}, {"tunnel.remote", nil}}
		after := text
		for _, e := range edits {
			after = e.apply(after)
		}
		got, err := Parse("/shop", after)
		if err != nil || took(after, edits) != nil {
			return
		}
		want := *before
		want.Shop.Name, want.WeChat.Enabled, want.Alipay.Enabled, want.Tunnel.Remote = strings.TrimSpace(value), false, false, ""
		if !same(&want, got) {
			t.Fatalf("%q\nbecame %q:\n%+v\nwant %+v", text, after, got, want)
		}
		again := after
		for _, e := range edits {
			again = e.apply(again)
		}
		if again != after {
			t.Errorf("edited twice:\n%q\n%q", after, again)
		}
	})
}
