package papers

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
)

// What is right is accepted: a check that refuses everything would pass the test above.
func TestRightPapers(t *testing.T) {
	for name, err := range map[string]error{
		"wechat":              wechat(func(*WeChat) {}),
		"wechat, serial only": wechat(func(w *WeChat) { w.Certificate = nil }),
		"wechat, platform certificates only": wechat(func(w *WeChat) {
			w.PublicKey, w.PublicKeyID, w.PlatformCertificates = nil, "", true
		}),
		"alipay, keys":         alipayKeys(func(*Alipay) {}),
		"alipay, certificates": alipayCerts(func(*Alipay) {}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		read     func(string) (string, error)
		text, is string
	}{
		{ReadMchID, " １９００００0109\r\n", mch},
		{ReadAppID, "wx0123456789abcdef\u200b", "wx0123456789abcdef"},
		{ReadSerial, "0a:bc:01:02:03:04:05:06", "0ABC010203040506"},
		{ReadPublicKeyID, "PUB_KEY_ID_0119000001092026\u3000", "PUB_KEY_ID_0119000001092026"},
		{ReadAlipayAppID, app + "\n", app},
		{ReadAlipayAppID, "9021000000000001", "9021000000000001"},
		{ReadSellerID, "2088 0000 0000 0001", seller},
		{func(s string) (string, error) { return APIv3Key([]byte(s)) }, "\ufeff" + strings.Repeat("kZ", 16) + "\r\n", strings.Repeat("kZ", 16)},
	} {
		if got, err := c.read(c.text); err != nil || got != c.is {
			t.Errorf("%q is read as %q, %v", c.text, got, err)
		}
	}
}

// The zip as the platform makes it, and as it comes out of other hands.
func TestZip(t *testing.T) {
	key, cert := string(EncodePrivate(merchantKey())), string(EncodeCertificates([]*x509.Certificate{issued(mch, merchantKey(), nil)}))
	gbkName := "\xd6\xa4\xca\xe9\xca\xb9\xd3\xc3\xcb\xb5\xc3\xf7.txt"
	for name, data := range map[string][]byte{
		"as it is":    zipOf("apiclient_cert.p12", "x", "apiclient_cert.pem", cert, "apiclient_key.pem", key, gbkName, "x"),
		"in a folder": zipOf("\xd6\xa4\xca\xe9/apiclient_cert.pem", cert, "\xd6\xa4\xca\xe9/apiclient_key.pem", key),
		"backslashes": zipOf(`cert\apiclient_cert.pem`, cert, `cert\apiclient_key.pem`, key),
		"from macOS":  zipOf("__MACOSX/._apiclient_key.pem", "rubbish", "apiclient_key.pem", key, "apiclient_cert.pem", cert),
		"upper case":  zipOf("APICLIENT_KEY.PEM", key, "APICLIENT_CERT.PEM", cert),
	} {
		m, err := Zip(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(m.Key) != key || string(m.Certificate) != cert {
			t.Errorf("%s: the wrong files", name)
		}
	}
}

// A serial number keeps its leading zero, and loses no byte that begins with one.
func TestSerial(t *testing.T) {
	for want, bytes := range map[string][]byte{
		"0ABC0102": {0x0a, 0xbc, 0x01, 0x02},
		"7FFF":     {0x7f, 0xff},
		"00FF"[2:]: {0xff},
	} {
		if got := Serial(&x509.Certificate{SerialNumber: new(big.Int).SetBytes(bytes)}); got != want {
			t.Errorf("%x is %s", bytes, got)
		}
	}
}

// A chain is read whole, and what cannot be read in it is left out.
func TestCertificates(t *testing.T) {
	a, b := issued("a", merchantKey(), nil), issued("b", otherKey(), nil)
	curve := issuedBy("c", &curveKey().PublicKey, nil, curveKey(), nil)
	text := EncodeCertificates([]*x509.Certificate{a, curve, b})
	strange := append(pemOf("CERTIFICATE", []byte{0x30, 0x03, 0x02, 0x01, 0x01}), text...)
	chain, err := Certificates(strange)
	if err != nil || len(chain) != 3 || !chain[0].Equal(a) || !chain[2].Equal(b) {
		t.Errorf("%d certificates, %v", len(chain), err)
	}
	if der, err := Certificate(a.Raw); err != nil || !der.Equal(a) {
		t.Errorf("DER: %v", err)
	}
	for name, data := range bent("CERTIFICATE", a.Raw) {
		if got, err := Certificate(data); err != nil || !got.Equal(a) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A key of SM2, which Alipay's tool offers too, is told from a damaged one although the library knows no such curve.
func TestSM2(t *testing.T) {
	p256, sm2 := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, []byte{0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d}
	for name, err := range map[string]error{
		"private":     private(bytes.Replace(pkcs8Of(curveKey()), p256, sm2, 1)),
		"public":      public(bytes.Replace(pkixOf(&curveKey().PublicKey), p256, sm2, 1)),
		"bare public": public([]byte(base64.StdEncoding.EncodeToString(bytes.Replace(pkixOf(&curveKey().PublicKey), p256, sm2, 1)))),
	} {
		if err == nil || !strings.Contains(err.Error(), "not an RSA key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
