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
	"math/big"
	"strings"
	"sync"
	"time"
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

func private(data []byte) error   { _, err := Private(data); return err }
func public(data []byte) error    { _, err := Public(data); return err }
func certified(data []byte) error { _, err := Certificate(data); return err }
func unzipped(data []byte) error  { _, err := Zip(data); return err }
func text(read func(string) (string, error), s string) error {
	_, err := read(s)
	return err
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

// secrets are pieces of everything that must stay secret above.
func secrets() (list []string) {
	for _, k := range []*rsa.PrivateKey{merchantKey(), otherKey(), shortKey()} {
		list = append(list, base64.StdEncoding.EncodeToString(pkcs8Of(k))[40:56], hex.EncodeToString(k.D.Bytes())[:16], k.D.String()[:16])
	}
	return append(list, "kkk", "0a0a", "hello")
}
