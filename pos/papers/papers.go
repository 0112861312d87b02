// Package papers reads what a merchant has of WeChat Pay and Alipay: keys, certificates, the numbers and the platform's
// zip, as files or pasted from anywhere, and says in one sentence what is wrong with one. It is pure: it reads no
// file, asks nobody and writes nothing. No sentence has anything of a secret in it.
//
// What the papers look like is told by the platforms' own documentation: WeChat Pay's merchant certificate comes as a zip
// of apiclient_key.pem (PKCS#8), apiclient_cert.pem and apiclient_cert.p12; Alipay's tool writes bare base64 without
// header lines, PKCS#8 for Java and PKCS#1 for others.
package papers

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"saoma/pos"
)

// Paper names one of a merchant's papers as the keys of saoma.toml do.
type Paper string

// The papers of WeChat Pay, of Alipay, and of both.
const (
	MchID               Paper = "mchid"
	AppID               Paper = "appid"
	MerchantSerial      Paper = "merchant_serial"
	MerchantKey         Paper = "merchant_key_file"
	MerchantCertificate Paper = "merchant_certificate_file"
	APIv3               Paper = "apiv3_key_file"
	PublicKeyID         Paper = "public_key_id"
	PlatformKey         Paper = "public_key_file"

	AlipayAppID      Paper = "app_id"
	SellerID         Paper = "seller_id"
	AppKey           Paper = "app_key_file"
	AlipayKey        Paper = "alipay_public_key_file"
	AppCertificate   Paper = "app_cert_file"
	AlipayCert       Paper = "alipay_cert_file"
	RootCertificates Paper = "alipay_root_cert_file"
)

// Wrong says which paper is wrong. Err is the sentence.
type Wrong struct {
	Paper Paper
	Err   *pos.Error
}

func (w *Wrong) Error() string { return string(w.Paper) + ": " + w.Err.Error() }
func (w *Wrong) Unwrap() error { return w.Err }

// The largest key or certificate file and the largest zip that is read, in bytes: far above any real one and far
// below anything that hurts.
const (
	MaxPaper = 64 << 10
	MaxZip   = 1 << 20
)

// minBits is what both platforms demand of an RSA key.
const minBits = 2048

// Private reads an RSA private key, PKCS#1 or PKCS#8, as PEM, DER or bare base64.
func Private(data []byte) (*rsa.PrivateKey, error) {
	p, err := read(data, privateFirst)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case privateKey:
		if bits := p.private.N.BitLen(); bits < minBits {
			return nil, pos.Errorf(pos.Setup, "This private key has %d bits; the platforms demand at least %d: make a new one.", bits, minBits)
		}
		return p.private, nil
	case publicKey:
		return nil, pos.Errorf(pos.Setup, "This is a public key, but the private key belongs here: choose the file that was kept secret when the pair was made.")
	case certificate:
		return nil, pos.Errorf(pos.Setup, "This is a certificate, but the private key belongs here: its file is named key, such as apiclient_key.pem.")
	}
	return nil, p.strange(aPrivateKey)
}

// Public reads an RSA public key, PKIX or PKCS#1, as PEM, DER or bare base64.
func Public(data []byte) (*rsa.PublicKey, error) {
	p, err := read(data, publicFirst)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case publicKey:
		if bits := p.public.N.BitLen(); bits < minBits {
			return nil, pos.Errorf(pos.Setup, "This public key has %d bits; the platforms' have at least %d: copy it again from the platform's site.", bits, minBits)
		}
		return p.public, nil
	case privateKey:
		return nil, pos.Errorf(pos.Setup, "This is a private key, but the platform's public key belongs here: copy that from the platform's site.")
	case certificate:
		return nil, pos.Errorf(pos.Setup, "This is a certificate, but the platform's public key belongs here: it begins with BEGIN PUBLIC KEY or has no such line at all.")
	}
	return nil, p.strange(aPublicKey)
}

// Certificate reads an X.509 certificate with an RSA key; of a chain, the first.
func Certificate(data []byte) (*x509.Certificate, error) {
	chain, err := Certificates(data)
	if err != nil {
		return nil, err
	}
	c := chain[0]
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, pos.Errorf(pos.Setup, "This certificate is not for an RSA key; apply for one with RSA, not SM2 or EC.")
	}
	if bits := key.N.BitLen(); bits < minBits {
		return nil, pos.Errorf(pos.Setup, "The key of this certificate has %d bits; the platforms demand at least %d: apply for a new one.", bits, minBits)
	}
	return c, nil
}

// Certificates reads all X.509 certificates of a chain in its order. Those that this program cannot read (Alipay's
// root file has some of SM2) are left out, as long as one is read.
func Certificates(data []byte) ([]*x509.Certificate, error) {
	p, err := read(data, certificateFirst)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case certificate:
		return p.chain, nil
	case privateKey:
		return nil, pos.Errorf(pos.Setup, "This is a private key, but a certificate belongs here: its file is named cert or ends in .crt.")
	case publicKey:
		return nil, pos.Errorf(pos.Setup, "This is a public key, but a certificate belongs here: it begins with BEGIN CERTIFICATE.")
	}
	return nil, p.strange(aCertificate)
}

// EncodePrivate is k as a PEM file of PKCS#8, the form this program keeps.
func EncodePrivate(k *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// EncodePublic is k as a PEM file of PKIX.
func EncodePublic(k *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// EncodeCertificates is a chain as a PEM file.
func EncodeCertificates(chain []*x509.Certificate) (text []byte) {
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}
