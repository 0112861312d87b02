package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

func newKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pkcs8(t *testing.T, k any) []byte {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pkix(t *testing.T, k any) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// lines is bare base64 as Alipay's tool writes it, broken into lines as mail programs do.
func lines(der []byte) string {
	s := base64.StdEncoding.EncodeToString(der)
	return s[:64] + "\n" + s[64:] + "\r\n"
}

// merchant is a shop whose key files all hold what they should; put changes one of them.
func merchant(t *testing.T) (c *Config, put func(path, text string) string) {
	t.Helper()
	put = func(name, text string) string {
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.Dir, name)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	c = &Config{Dir: t.TempDir()}
	own, theirs := newKey(t, 2048), newKey(t, 2048)
	private, public := pemText("PRIVATE KEY", pkcs8(t, own)), pemText("PUBLIC KEY", pkix(t, &theirs.PublicKey))
	c.WeChat = WeChat{
		Enabled: true, MerchantKeyFile: put("m.pem", private), APIv3KeyFile: put("v3.key", strings.Repeat("k", 32)), PublicKeyFile: put("w.pem", public),
		Previous: WeChatPrevious{MerchantKeyFile: put("m0.pem", private), PublicKeyFile: put("w0.pem", public)},
	}
	c.Alipay = Alipay{
		Enabled: true, AppKeyFile: put("app.pem", private), PublicKeyFile: put("a.pem", public), PreviousPublicKeyFile: put("a0.pem", public),
		AppCertFile: put("c1.crt", certText(t, own)), AlipayCertFile: put("c2.crt", certText(t, theirs)), RootCertFile: put("c3.crt", certText(t, theirs)),
	}
	return c, put
}

func certText(t *testing.T, k *rsa.PrivateKey) string {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	return pemText("CERTIFICATE", raw)
}

func TestEveryKeyIsRead(t *testing.T) {
	c, put := merchant(t)
	k, err := c.Keys(os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if k.WeChatMerchant == nil || string(k.WeChatAPIv3) != strings.Repeat("k", 32) || k.WeChatPublic == nil || k.WeChatPreviousMerchant == nil ||
		k.WeChatPreviousPublic == nil || k.AlipayApp == nil || k.AlipayPublic == nil || k.AlipayPreviousPublic == nil ||
		k.AlipayAppCert == nil || k.AlipayCert == nil || k.AlipayRootCert == nil {
		t.Errorf("something is missing: %#v %v %v", k.WeChatMerchant, k.WeChatPreviousPublic, k.AlipayRootCert)
	}
	certificate, err := os.ReadFile(c.Alipay.AlipayCertFile)
	if err != nil || string(k.AlipayCert) != string(certificate) || string(k.AlipayAppCert) == string(certificate) {
		t.Errorf("the certificates are not those of the files (%v)", err)
	}
	for i, f := range c.SecretFiles() {
		if want := []string{c.WeChat.MerchantKeyFile, c.WeChat.Previous.MerchantKeyFile, c.WeChat.APIv3KeyFile, c.Alipay.AppKeyFile}; f.Path != want[i] {
			t.Errorf("%s is %s", f.Key, f.Path)
		}
	}

	c.WeChat.Previous.Until, c.Alipay.PreviousUntil = time.Now().Add(-time.Second), time.Now().Add(-time.Second) // its day is over: it may be gone
	c.WeChat.Previous.MerchantKeyFile, c.Alipay.PreviousPublicKeyFile = "gone.pem", "gone.pem"
	if k, err = c.Keys(os.ReadFile); err != nil || k.WeChatPreviousMerchant != nil || k.WeChatPreviousPublic != nil || k.AlipayPreviousPublic != nil || k.WeChatPublic == nil {
		t.Errorf("after the last day: %v", err)
	}

	put(c.Alipay.PublicKeyFile, pemText("PUBLIC KEY", pkix(t, &k.AlipayApp.PublicKey)))
	if _, err = c.Keys(os.ReadFile); err == nil || !strings.Contains(err.Error(), "alipay.alipay_public_key_file holds the application's own public key") {
		t.Errorf("swapped: %v", err)
	}
	c.WeChat.Enabled, c.Alipay.Enabled = false, false
	if k, err = c.Keys(os.ReadFile); err != nil || k.WeChatMerchant != nil || k.AlipayApp != nil {
		t.Errorf("with both wallets off: %v", err)
	}
}

func TestKeyForms(t *testing.T) {
	c, put := merchant(t)
	k := newKey(t, 2048)
	for name, text := range map[string]string{
		"PKCS#1 PEM":  pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k)),
		"PKCS#8 PEM":  pemText("PRIVATE KEY", pkcs8(t, k)),
		"PKCS#1 bare": lines(x509.MarshalPKCS1PrivateKey(k)),
		"PKCS#8 bare": lines(pkcs8(t, k)),
	} {
		put(c.Alipay.AppKeyFile, text)
		got, err := c.Keys(os.ReadFile)
		if err != nil || !got.AlipayApp.Equal(k) {
			t.Errorf("%s: %v", name, err)
		}
	}
	k = newKey(t, 2048)
	for name, text := range map[string]string{
		"PKIX PEM":    pemText("PUBLIC KEY", pkix(t, &k.PublicKey)),
		"PKCS#1 PEM":  pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.PublicKey)),
		"PKIX bare":   lines(pkix(t, &k.PublicKey)),
		"PKCS#1 bare": lines(x509.MarshalPKCS1PublicKey(&k.PublicKey)),
	} {
		put(c.Alipay.PublicKeyFile, text)
		got, err := c.Keys(os.ReadFile)
		if err != nil || !got.AlipayPublic.Equal(&k.PublicKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrongKeys gives wrong files: the sentence names the key of saoma.toml first and shows nothing of the file.
func TestWrongKeys(t *testing.T) {
	k, short := newKey(t, 2048), newKey(t, 1024)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private := pemText("PUBLIC KEY", pkix(t, &k.PublicKey)), pemText("PRIVATE KEY", pkcs8(t, k))
	for _, c := range []struct {
		key        string
		path       func(*Config) string
		text, says string
	}{
		{"wechat.merchant_key_file", func(c *Config) string { return c.WeChat.MerchantKeyFile }, public, "a public key, but the private key belongs here"},
		{"wechat.merchant_key_file", func(c *Config) string { return c.WeChat.MerchantKeyFile }, lines(pkix(t, &k.PublicKey)), "a public key, but"},
		{"wechat.merchant_key_file", func(c *Config) string { return c.WeChat.MerchantKeyFile }, certText(t, k), "a certificate, but the private key belongs here"},
		{"wechat.merchant_key_file", func(c *Config) string { return c.WeChat.MerchantKeyFile }, pemText("PRIVATE KEY", pkcs8(t, curve)), "not an RSA key"},
		{"alipay.app_key_file", func(c *Config) string { return c.Alipay.AppKeyFile }, pemText("PRIVATE KEY", pkcs8(t, short)), "has 1024 bits"},
		{"alipay.app_key_file", func(c *Config) string { return c.Alipay.AppKeyFile }, "hello there", "no private key"},
		{"alipay.app_key_file", func(c *Config) string { return c.Alipay.AppKeyFile }, "", "empty"},
		{"wechat.previous_merchant_key_file", func(c *Config) string { return c.WeChat.Previous.MerchantKeyFile }, public, "a public key, but"},
		{"wechat.public_key_file", func(c *Config) string { return c.WeChat.PublicKeyFile }, private, "a private key, but"},
		{"wechat.previous_public_key_file", func(c *Config) string { return c.WeChat.Previous.PublicKeyFile }, private, "a private key, but"},
		{"alipay.alipay_public_key_file", func(c *Config) string { return c.Alipay.PublicKeyFile }, pemText("PUBLIC KEY", pkix(t, &curve.PublicKey)), "not an RSA key"},
		{"alipay.previous_alipay_public_key_file", func(c *Config) string { return c.Alipay.PreviousPublicKeyFile }, private, "a private key, but"},
		{"alipay.app_cert_file", func(c *Config) string { return c.Alipay.AppCertFile }, private, "a private key, but a certificate"},
		{"alipay.alipay_cert_file", func(c *Config) string { return c.Alipay.AlipayCertFile }, public, "a public key, but a certificate"},
		{"alipay.alipay_root_cert_file", func(c *Config) string { return c.Alipay.RootCertFile }, public, "a public key, but a certificate"},
		{"wechat.apiv3_key_file", func(c *Config) string { return c.WeChat.APIv3KeyFile }, strings.Repeat("k", 16), "this has 16"},
		{"wechat.apiv3_key_file", func(c *Config) string { return c.WeChat.APIv3KeyFile }, strings.Repeat("k", 33), "this has 33"},
	} {
		shop, put := merchant(t)
		put(c.path(shop), c.text)
		_, err := shop.Keys(os.ReadFile)
		if err == nil || !strings.HasPrefix(err.Error(), c.key+": ") || !strings.Contains(err.Error(), c.says) || pos.CodeOf(err) != pos.Setup {
			t.Errorf("says %v; want %s and %q", err, c.key, c.says)
		}
		if err != nil && len(c.text) > 10 && strings.Contains(err.Error(), c.text[:10]) {
			t.Errorf("the error shows key material: %v", err)
		}
	}
}

func TestUnreadableKeys(t *testing.T) {
	c, _ := merchant(t)
	for path, says := range map[string]string{
		filepath.Join(c.Dir, "none.pem"): "wechat.merchant_key_file names the file " + filepath.Join(c.Dir, "none.pem") + ", which does not exist.",
		c.Dir:                            "wechat.merchant_key_file names " + c.Dir + ", which is not a key file.",
	} {
		c.WeChat.MerchantKeyFile = path
		if _, err := c.Keys(os.ReadFile); err == nil || err.Error() != says {
			t.Errorf("%s: %v", path, err)
		}
	}
	c, _ = merchant(t)
	for _, f := range []struct {
		err  error
		says string
	}{
		{errors.New("EIO"), "wechat.merchant_key_file names the file " + c.WeChat.MerchantKeyFile + ", which cannot be read; check its permissions. (EIO)"},
		{pos.Errorf(pos.Unavailable, "It is locked."), "wechat.merchant_key_file: It is locked."},
	} {
		_, err := c.Keys(func(string) ([]byte, error) { return nil, f.err })
		if err == nil || err.Error() != f.says {
			t.Errorf("%v: %v", f.err, err)
		}
	}
}

func TestAPIv3KeyIsTrimmedAndHidden(t *testing.T) {
	c, put := merchant(t)
	want := strings.Repeat("k", 31) + "Z"
	put(c.WeChat.APIv3KeyFile, " "+want+"\r\n")
	k, err := c.Keys(os.ReadFile)
	if err != nil || string(k.WeChatAPIv3) != want {
		t.Fatalf("read %d bytes, %v", len(k.WeChatAPIv3), err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, k) + fmt.Sprintf(format, k.WeChatAPIv3); strings.Contains(s, "kkk") || len(s) > 40 {
			t.Errorf("%s prints %q", format, s)
		}
	}
}
