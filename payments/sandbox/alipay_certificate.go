package sandbox

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// AlipayCertificates are an application's files of certificate mode (公钥证书模式), and the key that issues what
// replaces them.
type AlipayCertificates struct {
	App       []byte // PEM: appCertPublicKey_….crt
	Alipay    []byte // PEM: alipayCertPublicKey_RSA2.crt: Alipay's own, then the intermediate that issued it
	Root      []byte // PEM: alipayRootCert.crt: roots of elliptic curves and of RSA, of which the last count
	IssuerKey *rsa.PrivateKey
}

// UseAlipayCertificates puts the Alipay application into certificate mode: an application is in one mode only.
func (p *Papers) UseAlipayCertificates() error {
	a := &p.Alipay
	var rootKey, otherKey, issuerKey *rsa.PrivateKey
	if err := generate(&rootKey, &otherKey, &issuerKey); err != nil {
		return err
	}
	root := authority("Saoma Sandbox Certification Authority R1")
	// Like Alipay's, the intermediate does not say that it may issue: who demands that trusts no real chain.
	issuer := certificate("Saoma Sandbox Certification Authority Class 2 R1")
	c := &AlipayCertificates{IssuerKey: issuerKey}
	var err error
	if c.Root, err = alipayRoots(root, rootKey, otherKey); err != nil {
		return err
	}
	intermediate, err := issue(issuer, root, &issuerKey.PublicKey, rootKey)
	if err != nil {
		return err
	}
	app := certificate(a.SellerID + "-" + a.AppID)
	if c.App, err = issue(app, issuer, &a.AppKey.PublicKey, issuerKey); err != nil {
		return err
	}
	if c.Alipay, err = c.issueAlipay(a.SellerID, intermediate, &a.PlatformKey.PublicKey); err != nil {
		return err
	}
	a.Certificates = c
	return nil
}

// alipayRoots writes roots as alipayRootCert.crt holds them: not only of RSA, and those not first.
func alipayRoots(root *x509.Certificate, rootKey, otherKey *rsa.PrivateKey) ([]byte, error) {
	var file bytes.Buffer
	other := authority("Saoma Sandbox Class 2 Root CA - G3")
	for _, c := range []struct {
		name string
		cert *x509.Certificate
		key  *rsa.PrivateKey
	}{
		{name: "Saoma Sandbox ROOTCA"},
		{cert: root, key: rootKey},
		{name: "Saoma Sandbox Certification Authority E1"},
		{cert: other, key: otherKey},
	} {
		var text []byte
		var err error
		if c.key != nil {
			text, err = issue(c.cert, c.cert, &c.key.PublicKey, c.key)
		} else {
			text, err = curveRoot(c.name)
		}
		if err != nil {
			return nil, err
		}
		file.Write(text)
	}
	return file.Bytes(), nil
}

func curveRoot(name string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c := authority(name)
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func authority(name string) *x509.Certificate {
	c := certificate(name)
	c.IsCA, c.BasicConstraintsValid = true, true
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return c
}

// issueAlipay issues a certificate of Alipay, followed by the intermediate that signs it.
func (c *AlipayCertificates) issueAlipay(sellerID string, intermediate []byte, key *rsa.PublicKey) ([]byte, error) {
	issuer, err := parseCertificate(intermediate)
	if err != nil {
		return nil, err
	}
	text, err := issue(certificate("支付宝(中国)网络技术有限公司-"+sellerID), issuer, key, c.IssuerKey)
	return append(text, intermediate...), err
}

// intermediate is the second certificate of Alipay's file.
func (c *AlipayCertificates) intermediate() []byte {
	_, rest := pem.Decode(c.Alipay)
	return rest
}

// parseCertificate reads the first certificate of a PEM text.
func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("a certificate is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// certSN is Alipay's SN of a certificate: MD5 over its issuer's name (RFC 2253) and its serial number in decimal
// (opendocs.alipay.com, 证书签名; AlipaySignature.getCertSN).
func certSN(c *x509.Certificate) string {
	sum := md5.Sum([]byte(c.Issuer.String() + c.SerialNumber.String()))
	return hex.EncodeToString(sum[:])
}

// firstSN is the SN of a file's first certificate.
func firstSN(text []byte) string {
	c, err := parseCertificate(text)
	if err != nil {
		return ""
	}
	return certSN(c)
}

// rootSN joins the SNs of the roots signed with RSA (OIDs below 1.2.840.113549.1.1).
func rootSN(text []byte) string {
	var all []string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err == nil && c.PublicKeyAlgorithm == x509.RSA {
			all = append(all, certSN(c))
		}
	}
	return strings.Join(all, "_")
}

// aliCertificates checks what a request names in certificate mode. Alipay answers every one of these with 40002.
func (s *Sandbox) aliCertificates(p url.Values) *aliError {
	c := s.papers.Alipay.Certificates
	app, root := p.Get("app_cert_sn"), p.Get("alipay_root_cert_sn")
	switch {
	case c == nil && app == "":
		return nil
	case c == nil:
		return aliFail("40002", "isv.app-cert-not-exist", "应用公钥证书不存在：该应用使用的是普通公钥模式")
	case app == "":
		return aliFail("40002", "isv.missing-app-cert-sn", "缺少应用公钥证书序列号")
	case root == "":
		return aliFail("40002", "isv.missing-alipay-root-cert-sn", "缺少支付宝根证书序列号")
	case app != firstSN(c.App):
		return aliFail("40002", "isv.app-cert-not-exist", "应用公钥证书不存在，请检查 app_cert_sn")
	case root != rootSN(c.Root):
		return aliFail("40002", "isv.invalid-alipay-root-cert-sn", "无效的支付宝根证书序列号")
	}
	if _, to := validity(c.App); s.now().After(to) {
		return aliFail("40002", "isv.app-cert-expired", "应用公钥证书已过期")
	}
	return nil
}

// certDownload is the one method whose answers are not signed.
const certDownload = "alipay.open.app.alipaycert.download"

// alipayCertDownload serves alipay.open.app.alipaycert.download: any certificate of Alipay that this application was
// ever given, with its chain. The answer is not signed: the chain vouches for it.
func (s *Sandbox) alipayCertDownload(_ *call, _ url.Values, b *biz) (any, *aliError) {
	sn := b.text("alipay_cert_sn", true, 128)
	if b.fail != nil {
		return nil, b.fail
	}
	chain := s.keys.alipayChain(sn)
	if chain == nil {
		return nil, aliFail("40002", "isv.alipay-cert-not-exist", "支付宝公钥证书不存在")
	}
	return struct {
		aliOK
		Content string `json:"alipay_cert_content"`
	}{success, base64.StdEncoding.EncodeToString(chain)}, nil
}
