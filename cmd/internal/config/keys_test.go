package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestKeyForms(t *testing.T) {
	k := newKey(t, 2048)
	for name, text := range map[string]string{
		"PKCS#1 PEM":  pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k)),
		"PKCS#8 PEM":  pemText("PRIVATE KEY", pkcs8(t, k)),
		"PKCS#1 bare": lines(x509.MarshalPKCS1PrivateKey(k)),
		"PKCS#8 bare": lines(pkcs8(t, k)),
	} {
		got, err := privateKey("alipay.app_key_file", writeKey(t, text))
		if err != nil || !got.Equal(k) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"PKIX PEM":    pemText("PUBLIC KEY", pkix(t, &k.PublicKey)),
		"PKCS#1 PEM":  pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&k.PublicKey)),
		"PKIX bare":   lines(pkix(t, &k.PublicKey)),
		"PKCS#1 bare": lines(x509.MarshalPKCS1PublicKey(&k.PublicKey)),
	} {
		got, err := publicKey("alipay.alipay_public_key_file", writeKey(t, text))
		if err != nil || !got.Equal(&k.PublicKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongKeys(t *testing.T) {
	k, short := newKey(t, 2048), newKey(t, 1024)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := func(name string) error { _, err := privateKey("wechat.merchant_key_file", name); return err }
	public := func(name string) error { _, err := publicKey("wechat.public_key_file", name); return err }
	apiv3 := func(name string) error { _, err := apiv3Key("wechat.apiv3_key_file", name); return err }
	for _, c := range []struct {
		read       func(string) error
		text, says string
	}{
		{private, pemText("PUBLIC KEY", pkix(t, &k.PublicKey)), "wechat.merchant_key_file holds a public key where the RSA private key belongs."},
		{private, lines(pkix(t, &k.PublicKey)), "holds a public key where"},
		{private, pemText("CERTIFICATE", []byte("x")), "holds a certificate where the RSA private key belongs."},
		{private, pemText("PRIVATE KEY", pkcs8(t, curve)), "must hold an RSA private key"},
		{private, pemText("PRIVATE KEY", pkcs8(t, short)), "RSA key of 1024 bits"},
		{private, pemText("ENCRYPTED PRIVATE KEY", []byte("x")), "holds a key with a password"},
		{private, "hello", "must hold an RSA private key"},
		{private, "", "must hold an RSA private key"},
		{public, pemText("PRIVATE KEY", pkcs8(t, k)), "wechat.public_key_file holds a private key where"},
		{public, pemText("CERTIFICATE", []byte("x")), "holds a certificate where the RSA public key belongs."},
		{public, pemText("PUBLIC KEY", pkix(t, &curve.PublicKey)), "must hold an RSA public key."},
		{apiv3, strings.Repeat("k", 16), "wechat.apiv3_key_file must hold exactly 32 bytes; it holds 16."},
		{apiv3, strings.Repeat("k", 33), "it holds 33."},
	} {
		name := writeKey(t, c.text)
		err := c.read(name)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("says %v; want %q", err, c.says)
		}
		if err != nil && len(c.text) > 10 && strings.Contains(err.Error(), c.text[:10]) {
			t.Errorf("the error shows key material: %v", err)
		}
	}
	if err := private(filepath.Join(t.TempDir(), "none.pem")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("missing file: %v", err)
	}
	if err := private(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a key file") {
		t.Errorf("folder: %v", err)
	}
}

func TestAPIv3KeyIsTrimmedAndHidden(t *testing.T) {
	want := strings.Repeat("k", 31) + "Z"
	got, err := apiv3Key("wechat.apiv3_key_file", writeKey(t, " "+want+"\r\n"))
	if err != nil || string(got) != want {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	k := Keys{WeChatAPIv3: got, AlipayApp: newKey(t, 2048)}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, k) + fmt.Sprintf(format, got); strings.Contains(s, "kkk") || len(s) > 40 {
			t.Errorf("%s prints %q", format, s)
		}
	}
}

func writeKey(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
