package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saoma/cmd/internal/config"
)

// TestOwnerRescuesTheManager: who has the merchant's key gives the only manager another PIN; nobody else does, and it shows.
func TestOwnerRescuesTheManager(t *testing.T) {
	s := newShop(t)
	cfg, err := config.Load(s.data)
	if err != nil {
		t.Fatal(err)
	}
	boss, pin := s.pin("770219355012"), s.pin("604817")
	s.must("users", "add", "Wang", "--role", "manager", "--new-pin-file", boss)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger := filepath.Join(filepath.Dir(s.data), "other.pem")
	if err := os.WriteFile(stranger, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(other)}), 0o600); err != nil {
		t.Fatal(err)
	}
	copied := func(file string) string { // as an owner keeps one
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "copy.pem")
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return to
	}
	mine := copied(cfg.WeChat.MerchantKeyFile)
	rescue := func(key string) []string {
		return []string{"users", "rescue", "Wang", "--owner-key", key, "--new-pin-file", pin}
	}
	s.fails(2, "Write it like this", "users", "rescue", "Wang", "--new-pin-file", pin)
	s.fails(2, "Write it like this", "users", "pin", "Wang", "--owner-key", stranger, "--new-pin-file", pin)
	s.fails(2, "cannot be read", rescue(stranger+"x")...)
	s.fails(2, "--owner-key", rescue(boss)...)
	s.fails(1, "is not the private key", rescue(stranger)...)
	p := s.start("serve")
	p.until("listening")
	s.refuses("open", rescue(mine)...)
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	s.must("--user", "Wang", "--pin-file", boss, "users", "enable", "Wang")
	s.stolen(cfg, rescue, stranger, copied(stranger), mine)
	s.must("--user", "Wang", "--pin-file", boss, "users", "enable", "Wang")
	s.must(rescue(mine)...)
	s.fails(1, "PIN is wrong", "--user", "Wang", "--pin-file", boss, "users", "enable", "Wang")
	as := []string{"--user", "Wang", "--pin-file", pin}
	if r := s.run(append(as, "users", "enable", "Wang")...); r.code != 0 || !strings.Contains(r.err, "with the owner's key") {
		t.Errorf("signed in: %+v", r)
	}
	if list := s.must("audit", "--user", "owner's key"); len(list) < 1 || list[0].Action != "user_pin" || list[0].Actor != "owner's key" {
		t.Errorf("audit: %+v", list)
	}
	s.must(rescue(copied(cfg.Alipay.AppKeyFile))...)
	s.must(append(as, "users", "pin", "Wang", "--new-pin-file", boss)...)
	if r := s.run("--user", "Wang", "--pin-file", boss, "users", "enable", "Wang"); r.code != 0 || r.err != "" {
		t.Errorf("with a PIN of his own: %+v", r)
	}
	s.verified()
}

// stolen is tried by whoever has the data folder alone: with its own key, and with one that is made up.
func (s *shop) stolen(cfg *config.Config, rescue func(string) []string, made, madeCopy, mine string) {
	s.t.Helper()
	link := filepath.Join(s.t.TempDir(), "link.pem")
	if err := os.Symlink(cfg.WeChat.MerchantKeyFile, link); err != nil {
		s.t.Skip(err)
	}
	change := func(key string, value any) config.Edit { return config.Edit{Key: key, Value: value} }
	own, wechat := "is the counter's own file", "WeChat Pay refuses this counter's signature"
	for _, try := range []struct {
		says, key string
		edits     []config.Edit
	}{
		{own, cfg.WeChat.MerchantKeyFile, nil},
		{own, cfg.WeChat.MerchantKeyFile, []config.Edit{change("wechat.merchant_key_file", mine)}},
		{own, link, []config.Edit{change("wechat.merchant_key_file", mine)}},
		{"WeChat Pay gives no clear answer", mine, []config.Edit{change("wechat.base_url", "http://127.0.0.1:1")}},
		{"Alipay refuses this counter's signature", madeCopy, []config.Edit{change("alipay.app_key_file", made)}},
		{wechat, madeCopy, []config.Edit{change("wechat.merchant_key_file", made)}},
		{own, made, []config.Edit{change("wechat.merchant_key_file", made)}},
		{wechat, madeCopy, []config.Edit{ // the shop's own key, in the place of the previous one, does not sign for it
			change("wechat.merchant_key_file", made), change("wechat.merchant_serial", strings.Repeat("4F", 20)),
			change("wechat.previous_merchant_key_file", cfg.WeChat.MerchantKeyFile), change("wechat.previous_merchant_serial", cfg.WeChat.MerchantSerial),
		}},
	} {
		before, err := os.ReadFile(filepath.Join(s.data, config.FileName))
		if err == nil {
			err = config.Change(s.data, try.edits...)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.fails(1, try.says, rescue(try.key)...)
		if err := os.WriteFile(filepath.Join(s.data, config.FileName), before, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	log, err := os.ReadFile(filepath.Join(s.data, config.LogName))
	if tried := strings.Count(string(log), "--owner-key"); err != nil || tried < 8 {
		s.t.Errorf("of the attempts, the log has %d: %s, %v", tried, log, err)
	}
}
