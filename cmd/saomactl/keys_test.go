package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault/vaulttest"
)

// newMerchant is a shop whose sandbox keeps its own side of the papers elsewhere, as the platforms do, and that has
// a tunnel's key and token.
func newMerchant(t *testing.T) *shop {
	t.Helper()
	box := newShop(t)
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data"), url: box.url}
	if err := os.CopyFS(filepath.Join(s.data, config.KeysDir), os.DirFS(filepath.Join(box.data, config.KeysDir))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(box.data, config.FileName))
	if err != nil {
		t.Fatal(err)
	}
	tunnel := "[tunnel]\ntoken_file = \"keys/frp.token\"\nkey_file = \"keys/tunnel_key\"\n"
	s.put(config.FileName, strings.Replace(string(text), "[tunnel]\n", tunnel, 1))
	s.put("keys/frp.token", rand.Text()+"\n")
	s.put("keys/tunnel_key", string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte(rand.Text() + rand.Text() + rand.Text())})))
	return s
}

// put writes a file of the data folder, or any other by its whole name.
func (s *shop) put(name, text string) string {
	s.t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.data, name)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// secrets are the texts that must not be found: of each key its lines, its bytes, and its bytes as any tool
// may write them.
func (s *shop) secrets(more ...string) (list [][]byte) {
	s.t.Helper()
	cfg, err := config.Load(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range cfg.SecretFiles() {
		text, err := os.ReadFile(f.Path)
		if err != nil {
			s.t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		if block == nil {
			more = append(more, string(bytes.TrimSpace(text)))
			continue
		}
		for line := range bytes.Lines(text) {
			if line = bytes.TrimSpace(line); !bytes.HasPrefix(line, []byte("-----")) && len(line) >= 16 {
				list = append(list, line)
			}
		}
		// What is the same in every key of a kind stands at its beginning.
		raw := block.Bytes[len(block.Bytes)/2:]
		list = append(list, raw)
		for shift := range 3 { // base64 reads three bytes at a time
			list = append(list, []byte(base64.StdEncoding.EncodeToString(raw[shift:])[:40]), []byte(base64.RawURLEncoding.EncodeToString(raw[shift:])[:40]))
		}
		list = append(list, []byte(hex.EncodeToString(raw)[:40]), []byte(strings.ToUpper(hex.EncodeToString(raw))[:40]))
	}
	for _, text := range more {
		list = append(list, []byte(text), []byte(base64.StdEncoding.EncodeToString([]byte(text))), []byte(hex.EncodeToString([]byte(text))))
	}
	return list
}

// shown counts the files of the data folder and lists those that show a secret.
func (s *shop) shown(secrets [][]byte) (files int, bad []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		if slices.ContainsFunc(secrets, func(secret []byte) bool { return bytes.Contains(data, secret) }) {
			bad = append(bad, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files, bad
}

// sale sells once, with a counter of its own.
func (s *shop) sale(wallet string) {
	s.t.Helper()
	p := s.start("charge", "12.50", "--wallet", wallet)
	s.pay(p.until("waiting").OutTradeNo)
	if p.until("paid"); p.wait() != 0 {
		s.t.Errorf("charge: %s", p.err.String())
	}
}

// works has counters sell through both wallets, back up, restore, verify, and go wrong, on the data folder.
func (s *shop) works() {
	s.t.Helper()
	s.sale("wechat")
	s.sale("alipay")
	s.must("backup")
	backups, err := filepath.Glob(filepath.Join(s.data, "backups", "*.db"))
	if err != nil || len(backups) == 0 {
		s.t.Fatal(backups, err)
	}
	s.must("restore", backups[0], "--force")
	s.must("orders")
	s.verified()
	s.fault("bad_signature", "create", 1)
	if r := s.run("charge", "1", "--wallet", "wechat", "--timeout", "1s"); r.code == 0 {
		s.t.Errorf("charged on a bad signature: %+v", r)
	}
}

// kept demands that keys tells that all files are kept so.
func (s *shop) kept(kind, state string, args ...string) {
	s.t.Helper()
	var states []string
	for _, e := range s.must(append([]string{"keys"}, args...)...) {
		if e.Event == "key_file" {
			states = append(states, e.State)
		} else if e.Kept != kind {
			s.t.Errorf("kept %q; want %q", e.Kept, kind)
		}
	}
	if want := slices.Repeat([]string{state}, 5); !slices.Equal(states, want) {
		s.t.Errorf("files are %v; want %v", states, want)
	}
}

// TestNoSecretInTheFolder seals a folder in both ways, works with it, and looks for every secret in every file. Then
// it goes from one way to the other and back to plain.
func TestNoSecretInTheFolder(t *testing.T) {
	t.Run("passphrase", func(t *testing.T) {
		s := newMerchant(t)
		elsewhere := t.TempDir()
		phrase := "tea " + rand.Text()
		file := s.put(filepath.Join(elsewhere, "phrase"), phrase+"\n")
		toml := filepath.Join(s.data, config.FileName)
		secrets := s.secrets(phrase)
		s.kept("plain", "plain")
		if _, bad := s.shown(secrets); len(bad) != 5 {
			t.Fatalf("before sealing the secrets are found in %q", bad)
		}
		s.kept("passphrase", "sealed", "seal", "--passphrase", "--passphrase-file", file)
		if r := s.run("serve"); r.code != 2 || !strings.Contains(r.err, "vault.passphrase_file") {
			t.Errorf("without the passphrase: %+v", r)
		}
		text, err := os.ReadFile(toml)
		if err != nil {
			t.Fatal(err)
		}
		s.put(config.FileName, string(text)+"\n[vault]\npassphrase_file = '"+file+"'\n")
		s.works()
		s.none(secrets)

		second := s.put(filepath.Join(elsewhere, "second"), "coffee "+rand.Text())
		if r := s.run("keys", "passphrase", "--passphrase-file", second); r.code != 0 || !strings.Contains(r.err, "still names a file with another passphrase") {
			t.Errorf("the old passphrase in the file: %+v", r)
		}
		if r := s.run("serve"); r.code != 2 || !strings.Contains(r.err, "phrase is wrong") {
			t.Errorf("with the old passphrase: %+v", r)
		}
		if err := os.Rename(second, file); err != nil {
			t.Fatal(err)
		}
		s.sale("alipay")
		copied := s.put("copy.txt", string(secrets[3])) // one line of a key is no key
		r := s.run("keys", "seal", "--passphrase")
		if r.code != 0 || strings.Contains(r.err, copied) {
			t.Errorf("sealed again: %+v", r)
		}
		if err := os.Remove(copied); err != nil {
			t.Fatal(err)
		}
		s.none(secrets)

		if r := s.run("keys", "unseal"); r.code != 0 || !strings.Contains(r.err, "can sign in the shop's name") {
			t.Errorf("unseal: %+v", r)
		}
		s.kept("plain", "plain")
		s.sale("wechat")
		whole, err := os.ReadFile(filepath.Join(s.data, "keys", "wechat_apiv3.key"))
		if err != nil {
			t.Fatal(err)
		}
		copied = s.put("copy.txt", "here it is: "+string(whole))
		r = s.run("keys", "seal", "--passphrase")
		if r.code != 0 || !strings.Contains(r.err, copied) {
			t.Errorf("the copy is not named: %+v", r)
		}
	})
	t.Run("keychain", func(t *testing.T) {
		k := vaulttest.Start(t)
		s := newMerchant(t)
		name, value := k.Env()
		s.env = []string{name + "=" + value}
		phrase := "tea " + rand.Text()
		secrets := s.secrets(phrase)
		s.kept("keychain", "sealed", "seal", "--keychain")
		s.works()
		s.none(secrets)

		k.Lock()
		if r := s.run("serve"); r.code != 1 || !strings.Contains(r.err, "keychain, which opens them, is locked") {
			t.Errorf("with the keychain locked: %+v", r)
		}
		k.Kill()
		k.Run()
		file := s.put(filepath.Join(t.TempDir(), "phrase"), phrase)
		s.kept("passphrase", "sealed", "seal", "--passphrase", "--passphrase-file", file)
		s.put("keys/inside", phrase)
		text, err := os.ReadFile(filepath.Join(s.data, config.FileName))
		if err != nil {
			t.Fatal(err)
		}
		s.put(config.FileName, string(text)+"\n[vault]\npassphrase_file = \"keys/inside\"\n")
		if r := s.run("keys", "seal", "--passphrase"); r.code != 0 || !strings.Contains(r.err, "The passphrase lies in the same folder") {
			t.Errorf("a passphrase beside the keys: %+v", r)
		}
		s.kept("keychain", "sealed", "seal", "--keychain")
		if err := os.Remove(filepath.Join(s.data, "keys", "inside")); err != nil {
			t.Fatal(err)
		}
		s.sale("wechat")
		s.none(secrets)
	})
}

// none fails the test for every file that shows a secret.
func (s *shop) none(secrets [][]byte) {
	s.t.Helper()
	files, bad := s.shown(secrets)
	if len(bad) > 0 || files < 10 {
		s.t.Errorf("%d of %d files show a secret: %q", len(bad), files, bad)
	}
}

// TestKeysOpenCounter: beside an open counter the keys are told, and not changed.
func TestKeysOpenCounter(t *testing.T) {
	s := newMerchant(t)
	p := s.start("serve")
	p.until("listening")
	s.kept("plain", "plain")
	for _, args := range [][]string{{"seal", "--keychain"}, {"passphrase"}, {"unseal"}} {
		if r := s.run(append([]string{"keys"}, args...)...); r.code != 1 || !strings.Contains(r.err, "while the counter is open") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	for line, says := range map[string]string{
		"keys unseal":     "are not sealed",
		"keys passphrase": "are not under a passphrase",
	} {
		if r := s.run(strings.Fields(line)...); r.code != 1 || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v", line, r)
		}
	}
}
