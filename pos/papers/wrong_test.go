package papers

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"saoma/assets/words"
	"saoma/pos"
)

const (
	mch    = "1900000109"
	app    = "2021000000000001"
	seller = "2088000000000001"
)

var (
	shortRootKey = sync.OnceValue(newKey)
	issuerKey    = sync.OnceValue(newKey)
)

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
		{"no mchid", text(ReadMchID, " ")},
		{"no appid", text(ReadAppID, "")},
		{"no app_id", text(ReadAlipayAppID, "")},
		{"no seller_id", text(ReadSellerID, "")},
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
		{"the root for the application's certificate", func() error {
			root := issuedBy("Ant Root E1", &curveKey().PublicKey, nil, curveKey(), func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true })
			_, err := Application(EncodeCertificates([]*x509.Certificate{root}))
			return err
		}()},
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
