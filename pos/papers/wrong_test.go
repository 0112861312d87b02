package papers

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shortKey is one that a platform refuses.
var shortKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return k
})

var curveKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
})

// issued makes a certificate of name for key, valid around now unless change says otherwise; signed by key itself.
func issued(name string, key *rsa.PrivateKey, change func(*x509.Certificate)) *x509.Certificate {
	return issuedBy(name, &key.PublicKey, nil, key, change)
}

func issuedBy(name string, key any, parent *x509.Certificate, signer any, change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte{0x0a, 0xbc, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}),
		Subject:      pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(4, 0, 0),
	}
	if change != nil {
		change(c)
	}
	if parent == nil {
		parent = c
	}
	der := must(x509.CreateCertificate(rand.Reader, c, parent, key, signer))
	made, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return made
}

func zipOf(files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const (
	mch    = "1900000109"
	app    = "2021000000000001"
	seller = "2088000000000001"
)

// wechat are papers that fit; alipayKeys and alipayCerts are, too.
func wechat(change func(*WeChat)) error {
	w := &WeChat{
		MchID: mch, AppID: "wx0123456789abcdef", Key: merchantKey(), Certificate: issued(mch, merchantKey(), nil),
		APIv3Key: strings.Repeat("k", 32), PublicKeyID: "PUB_KEY_ID_0119000001092026", PublicKey: &otherKey().PublicKey,
	}
	w.Serial = Serial(w.Certificate)
	change(w)
	return w.Check(now)
}

func alipayKeys(change func(*Alipay)) error {
	a := &Alipay{AppID: app, SellerID: seller, Key: merchantKey(), PublicKey: &otherKey().PublicKey}
	change(a)
	return a.Check(now)
}

func alipayCerts(change func(*Alipay)) error {
	root := issued("Ant Root R1", shortRootKey(), func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
	between := issuedBy("Ant Class 2 R1", &issuerKey().PublicKey, root, shortRootKey(), nil)
	a := &Alipay{
		AppID: app, SellerID: seller, Key: merchantKey(), Certificates: true, Roots: []*x509.Certificate{root},
		AppCertificate:    issuedBy(seller+"-"+app, &merchantKey().PublicKey, between, issuerKey(), nil),
		AlipayCertificate: []*x509.Certificate{issuedBy("Alipay", &otherKey().PublicKey, between, issuerKey(), nil), between},
	}
	change(a)
	return a.Check(now)
}

var (
	shortRootKey = sync.OnceValue(newKey)
	issuerKey    = sync.OnceValue(newKey)
)

func private(data []byte) error   { _, err := Private(data); return err }
func public(data []byte) error    { _, err := Public(data); return err }
func certified(data []byte) error { _, err := Certificate(data); return err }
func unzipped(data []byte) error  { _, err := Zip(data); return err }
func text(read func(string) (string, error), s string) error {
	_, err := read(s)
	return err
}

// wrongPapers is what owners really bring, each with what is wrong with it.
func wrongPapers() []struct {
	name string
	err  error
} {
	k, pub := merchantKey(), &merchantKey().PublicKey
	privatePEM, publicPEM := EncodePrivate(k), EncodePublic(pub)
	cert := issued(mch, k, nil)
	certPEM := EncodeCertificates([]*x509.Certificate{cert})
	bare := []byte(base64.StdEncoding.EncodeToString(pkcs8Of(k)))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "x"}}, k))
	locked := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n" + string(bare[:64]) + "\n-----END RSA PRIVATE KEY-----\n"
	apiv3 := func(s string) error { _, err := APIv3Key([]byte(s)); return err }
	flip := bytes.Clone(bare)
	flip[200], flip[201] = '*', '#'
	curveCert := issuedBy(mch, &curveKey().PublicKey, nil, curveKey(), nil)
	return []struct {
		name string
		err  error
	}{
		{"a public key for the private one", private(publicPEM)},
		{"a certificate for the private key", private(certPEM)},
		{"a private key of 1024 bits", private(EncodePrivate(shortKey()))},
		{"a private key under a password", private([]byte(locked))},
		{"an EC key", private(pemOf("PRIVATE KEY", pkcs8Of(curveKey())))},
		{"a key cut off", private(bare[:len(bare)/2])},
		{"a key with foreign characters", private(flip)},
		{"nothing", private([]byte(" \r\n"))},
		{"something else for the private key", private([]byte("hello, here is my key"))},
		{"a file of 100 KiB", private(bytes.Repeat([]byte("A"), 100<<10))},
		{"a key of 20 KiB", private(append([]byte{0x30, 0x82, 0x50, 0x00}, make([]byte, 0x5000)...))},
		{"a certificate request", private(pemOf("CERTIFICATE REQUEST", request))},
		{"apiclient_cert.p12", certified(pkcs12())},
		{"a key of ssh", private([]byte("ssh-rsa AAAAB3NzaC1yc2E owner@pc"))},
		{"the zip where the key belongs", private(zipOf("a", "b"))},
		{"a web page", public([]byte("<!doctype html><title>Sign in</title>"))},
		{"a serial number for the key", private([]byte("444F4864EA9B34415A1B2C3D4E5F60718293A4B5"))},
		{"two private keys", private(append(EncodePrivate(otherKey()), privatePEM...))},
		{"a private key for the public one", public(privatePEM)},
		{"a certificate for the public key", public(certPEM)},
		{"a public key of 1024 bits", public(EncodePublic(&shortKey().PublicKey))},
		{"something else for the public key", public([]byte("hello, here is my key"))},
		{"a private key for the certificate", certified(privatePEM)},
		{"a public key for the certificate", certified(publicPEM)},
		{"something else for the certificate", certified([]byte("hello, here is my key"))},
		{"a certificate of an EC key", certified(EncodeCertificates([]*x509.Certificate{curveCert}))},
		{"a certificate of 1024 bits", certified(EncodeCertificates([]*x509.Certificate{issued(mch, shortKey(), nil)}))},
		{"a damaged certificate", certified(pemOf("CERTIFICATE", append(bytes.Clone(cert.Raw[:200]), make([]byte, len(cert.Raw)-200)...)))},

		{"the appid for the mchid", text(ReadMchID, "wx0123456789abcdef")},
		{"the PID for the mchid", text(ReadMchID, seller)},
		{"a name for the mchid", text(ReadMchID, "老街茶馆")},
		{"the mchid for the appid", text(ReadAppID, mch)},
		{"Alipay's APPID for the appid", text(ReadAppID, app)},
		{"gh_ for the appid", text(ReadAppID, "gh_0123456789ab")},
		{"half an appid", text(ReadAppID, "wx01234567")},
		{"PUB_KEY_ID for the serial", text(ReadSerial, "PUB_KEY_ID_0119000001092026")},
		{"a serial in decimal", text(ReadSerial, "389820939821093820938209382093820938209382093820")},
		{"half a serial", text(ReadSerial, "44F4")},
		{"PUB_KEY_ID cut off", text(ReadPublicKeyID, "PUB_KEY_ID_01")},
		{"a serial for PUB_KEY_ID", text(ReadPublicKeyID, "444F4864EA9B34415A1B2C3D4E5F60718293A4B5")},
		{"PUB_KEY_ID without its beginning", text(ReadPublicKeyID, "0119000001092026")},
		{"the seller_id for the app_id", text(ReadAlipayAppID, seller)},
		{"WeChat's appid for the app_id", text(ReadAlipayAppID, "wx0123456789abcdef")},
		{"half an app_id", text(ReadAlipayAppID, "2021000")},
		{"the app_id for the seller_id", text(ReadSellerID, app)},
		{"a login for the seller_id", text(ReadSellerID, "shop@example.com")},
		{"half a seller_id", text(ReadSellerID, "2088000")},

		{"no APIv3 key", apiv3("")},
		{"an APIv3 key of 31", apiv3(strings.Repeat("k", 31))},
		{"an APIv3 key with a blank", apiv3(strings.Repeat("k", 16) + " " + strings.Repeat("k", 15))},
		{"a hash for the APIv3 key", apiv3(strings.Repeat("0a", 32))},
		{"the serial for the APIv3 key", apiv3(strings.Repeat("0A", 20))},
		{"PUB_KEY_ID for the APIv3 key", apiv3("PUB_KEY_ID_0119000001092026")},
		{"a key file for the APIv3 key", apiv3(string(privatePEM))},
		{"a big file for the APIv3 key", apiv3(strings.Repeat("k", MaxPaper+1))},

		{"a zip of 2 MiB", unzipped(append([]byte("PK\x03\x04"), make([]byte, 2<<20)...))},
		{"a key for the zip", unzipped(privatePEM)},
		{"half a zip", unzipped(zipOf("apiclient_key.pem", string(privatePEM), "apiclient_cert.pem", string(certPEM))[:900])},
		{"another zip", unzipped(zipOf("cat.jpg", "meow"))},
		{"a zip without the key", unzipped(zipOf("cert/apiclient_cert.pem", string(certPEM)))},
		{"a zip without the certificate", unzipped(zipOf("cert/apiclient_key.pem", string(privatePEM)))},
		{"a zip bomb", unzipped(zipOf("apiclient_key.pem", strings.Repeat("0", 8<<20)))},
		{"a zip with a password", unzipped(passworded())},

		{"no private key", wechat(func(w *WeChat) { w.Key = nil })},
		{"neither certificate nor serial", wechat(func(w *WeChat) { w.Certificate, w.Serial = nil, "" })},
		{"a key of another certificate", wechat(func(w *WeChat) { w.Key = issuerKey() })},
		{"another merchant's certificate", wechat(func(w *WeChat) { w.MchID = "1900000110" })},
		{"the platform's certificate", wechat(func(w *WeChat) { w.Certificate = issued("Tenpay.com sign", k, nil) })},
		{"another certificate's serial", wechat(func(w *WeChat) { w.Serial = "0B" + w.Serial[2:] })},
		{"an expired certificate", wechat(func(w *WeChat) {
			w.Certificate = issued(mch, k, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
		})},
		{"a certificate of tomorrow", wechat(func(w *WeChat) {
			w.Certificate = issued(mch, k, func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) })
		})},
		{"PUB_KEY_ID without its key", wechat(func(w *WeChat) { w.PublicKey = nil })},
		{"the public key without its id", wechat(func(w *WeChat) { w.PublicKeyID = "" })},
		{"neither public key nor platform certificates", wechat(func(w *WeChat) { w.PublicKey, w.PublicKeyID = nil, "" })},
		{"the merchant's own public key", wechat(func(w *WeChat) { w.PublicKey = pub })},

		{"no application key", alipayKeys(func(a *Alipay) { a.Key = nil })},
		{"no public key of Alipay", alipayKeys(func(a *Alipay) { a.PublicKey = nil })},
		{"the application's own public key", alipayKeys(func(a *Alipay) { a.PublicKey = pub })},
		{"both modes", alipayCerts(func(a *Alipay) { a.PublicKey = &otherKey().PublicKey })},
		{"no certificate of the application", alipayCerts(func(a *Alipay) { a.AppCertificate = nil })},
		{"no certificate of Alipay", alipayCerts(func(a *Alipay) { a.AlipayCertificate = nil })},
		{"no root certificate", alipayCerts(func(a *Alipay) { a.Roots = nil })},
		{"another application's certificate", alipayCerts(func(a *Alipay) { a.AppID = "2021000000000002" })},
		{"swapped certificates", alipayCerts(func(a *Alipay) {
			own := a.AppCertificate
			a.AppCertificate, a.AlipayCertificate = a.AlipayCertificate[0], []*x509.Certificate{own}
		})},
		{"the application's certificate twice", alipayCerts(func(a *Alipay) { a.AlipayCertificate[0] = a.AppCertificate })},
		{"a key of another application", alipayCerts(func(a *Alipay) { a.Key = shortRootKey() })},
		{"the root for Alipay's certificate", alipayCerts(func(a *Alipay) { a.AlipayCertificate = a.Roots })},
		{"Alipay's certificate for the root", alipayCerts(func(a *Alipay) { a.Roots = a.AlipayCertificate[:1] })},
		{"another root", alipayCerts(func(a *Alipay) { a.Roots = []*x509.Certificate{issued("Ant Root R1", k, nil)} })},
		{"an expired certificate of the application", alipayCerts(func(a *Alipay) { a.AppCertificate.NotAfter = now.AddDate(0, 0, -1) })},
		{"an expired certificate of Alipay", alipayCerts(func(a *Alipay) { a.AlipayCertificate[0].NotAfter = now.AddDate(0, 0, -1) })},
		{"a certificate of Alipay of tomorrow", alipayCerts(func(a *Alipay) { a.AlipayCertificate[0].NotBefore = now.AddDate(0, 0, 1) })},
	}
}

// pkcs12 is the outside of apiclient_cert.p12, in which nothing can be read without its password.
func pkcs12() []byte {
	data := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01} // PKCS#7 data
	content := tlv(0x30, append(tlv(0x06, data), tlv(0x04, make([]byte, 300))...))
	return tlv(0x30, append(tlv(0x02, []byte{3}), append(content, tlv(0x30, nil)...)...))
}

// tlv is one value of DER.
func tlv(tag byte, content []byte) []byte {
	head := []byte{tag, byte(len(content))}
	if len(content) > 127 {
		head = []byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}
	}
	return append(head, content...)
}

// passworded is a zip whose entries say that they are encrypted.
func passworded() []byte {
	data := zipOf("apiclient_key.pem", "x", "apiclient_cert.pem", "y")
	for i := 0; i+10 < len(data); i++ {
		switch {
		case bytes.HasPrefix(data[i:], []byte("PK\x01\x02")):
			data[i+8] |= 1
		case bytes.HasPrefix(data[i:], []byte("PK\x03\x04")):
			data[i+6] |= 1
		}
	}
	return data
}

// Each wrong paper has its own sentence in both languages, one sentence that shows nothing of a secret.
func TestWrongPapers(t *testing.T) {
	english, chinese := map[string]string{}, map[string]string{}
	for _, c := range wrongPapers() {
		e, ok := errors.AsType[*pos.Error](c.err)
		if !ok {
			t.Errorf("%s: %v", c.name, c.err)
			continue
		}
		if e.Code != pos.Setup || e.Err != nil {
			t.Errorf("%s: %s, because of %v", c.name, e.Code, e.Err)
		}
		en, zh := words.En.Error(e), words.Zh.Error(e)
		if before, twice := english[en]; twice {
			t.Errorf("%s and %s are both %q", c.name, before, en)
		}
		if before, twice := chinese[zh]; twice {
			t.Errorf("%s and %s are both %q", c.name, before, zh)
		}
		english[en], chinese[zh] = c.name, c.name
		if en == zh || !strings.HasSuffix(en, ".") || strings.Contains(strings.TrimSuffix(en, "."), ". ") || !strings.HasSuffix(zh, "。") || strings.Count(zh, "。") != 1 {
			t.Errorf("%s: not one sentence in each language:\n%s\n%s", c.name, en, zh)
		}
		for _, secret := range secrets() {
			if strings.Contains(en+zh, secret) {
				t.Errorf("%s: the sentence shows a secret: %s", c.name, en)
			}
		}
	}
	if len(english) < 90 {
		t.Errorf("only %d wrong papers have a sentence of their own", len(english))
	}
	t.Logf("figures: %d wrong papers, each with its own sentence in both languages", len(english))
}

// secrets are pieces of everything that must stay secret above.
func secrets() (list []string) {
	for _, k := range []*rsa.PrivateKey{merchantKey(), otherKey(), shortKey()} {
		list = append(list, base64.StdEncoding.EncodeToString(pkcs8Of(k))[40:56], hex.EncodeToString(k.D.Bytes())[:16], k.D.String()[:16])
	}
	return append(list, "kkk", "0a0a", "hello")
}

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
