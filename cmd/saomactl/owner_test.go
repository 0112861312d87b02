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
	s.refuses("open", rescue(cfg.Alipay.AppKeyFile)...)
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	s.must("--user", "Wang", "--pin-file", boss, "users", "enable", "Wang")
	s.must(rescue(cfg.WeChat.MerchantKeyFile)...)
	s.fails(1, "PIN is wrong", "--user", "Wang", "--pin-file", boss, "users", "enable", "Wang")
	as := []string{"--user", "Wang", "--pin-file", pin}
	if r := s.run(append(as, "users", "enable", "Wang")...); r.code != 0 || !strings.Contains(r.err, "with the owner's key") {
		t.Errorf("signed in: %+v", r)
	}
	if list := s.must("audit", "--user", "owner's key"); len(list) < 1 || list[0].Action != "user_pin" || list[0].Actor != "owner's key" {
		t.Errorf("audit: %+v", list)
	}
	s.must(append(as, "users", "pin", "Wang", "--new-pin-file", boss)...)
	if r := s.run("--user", "Wang", "--pin-file", boss, "users", "enable", "Wang"); r.code != 0 || r.err != "" {
		t.Errorf("with a PIN of his own: %+v", r)
	}
	s.verified()
}
