package alipay

import (
	"bytes"
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxChain is how many certificates may stand between Alipay's and a root. Real chains have one.
const maxChain = 4

// certificates are the three files of certificate mode, read and checked.
type certificates struct {
	app       *x509.Certificate
	alipay    *x509.Certificate
	alipaySN  string         // what answers name as alipay_cert_sn
	alipayKey *rsa.PublicKey // of alipay
	roots     []*x509.Certificate
}

// readCertificates reads the files and checks what can be checked without asking: that the application's certificate
// is of its key, that Alipay's leads to one of the roots, and that none has expired at the time now.
func readCertificates(c *Config, now time.Time) (*certificates, error) {
	app, err := parseCertificates("the application's certificate", c.AppCert)
	if err != nil {
		return nil, err
	}
	chain, err := parseCertificates("the certificate of Alipay", c.AlipayCert)
	if err != nil {
		return nil, err
	}
	r := &certificates{app: app[0], alipay: chain[0], alipaySN: certificateSN(chain[0])}
	var isRSA bool
	if r.alipayKey, isRSA = r.alipay.PublicKey.(*rsa.PublicKey); !isRSA {
		return nil, errors.New("the certificate of Alipay has no RSA key; download alipayCertPublicKey_RSA2.crt")
	}
	if r.roots, err = rsaRoots(c.RootCert); err != nil {
		return nil, err
	}
	switch {
	case r.app.Equal(r.alipay), c.AppKey.PublicKey.Equal(r.alipayKey):
		return nil, errors.New("the certificate of Alipay is the application's own; download alipayCertPublicKey_RSA2.crt")
	case !c.AppKey.PublicKey.Equal(r.app.PublicKey):
		return nil, errors.New("the application's certificate belongs to another private key than the application's")
	}
	if err := valid("the application's certificate", r.app, now); err != nil {
		return nil, err
	}
	return r, leadsToRoot(chain, r.roots, now)
}

// parseCertificates reads a file of one certificate or more, the first of which is what the file is about.
func parseCertificates(what string, text []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s: the file holds a %s", what, strings.ToLower(block.Type))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: the file is damaged", what)
		}
		all = append(all, cert)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the file holds no certificate (-----BEGIN CERTIFICATE-----)", what)
	}
	return all, nil
}

// rsaRoots picks the roots that count from alipayRootCert.crt. It holds others, too: of elliptic curves and of SM2,
// which this language's library cannot even read.
func rsaRoots(text []byte) ([]*x509.Certificate, error) {
	var roots []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			continue
		}
		switch cert.SignatureAlgorithm {
		case x509.SHA1WithRSA, x509.SHA256WithRSA: // what the SDK counts into alipay_root_cert_sn
			roots = append(roots, cert)
		case x509.SHA384WithRSA, x509.SHA512WithRSA: // what Alipay counts, and the SDK does not
			return nil, errors.New("the root certificates of Alipay: one is signed in a way this version does not know")
		}
	}
	if len(roots) == 0 {
		return nil, errors.New("the root certificates of Alipay: the file holds none; download alipayRootCert.crt")
	}
	return roots, nil
}

// leadsToRoot proves that the first certificate of chain was issued, through others of it, by one of the roots.
// x509.Certificate.Verify cannot be used: Alipay's intermediate certificates do not say that they may issue.
func leadsToRoot(chain, roots []*x509.Certificate, now time.Time) error {
	const what = "the certificate of Alipay"
	for at, n := chain[0], 0; n < maxChain; n++ {
		if err := valid(what, at, now); err != nil {
			return err
		}
		if root := issuerOf(at, roots); root != nil {
			return valid("the root certificate of Alipay", root, now)
		}
		if at = issuerOf(at, chain[1:]); at == nil {
			break
		}
	}
	return errors.New(what + " was not issued by any of the root certificates; download all three files anew")
}

// issuerOf finds the certificate that signed c.
func issuerOf(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, parent := range among {
		if bytes.Equal(parent.RawSubject, c.RawIssuer) && parent.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
			return parent
		}
	}
	return nil
}

// valid says on which day a certificate expired or becomes valid.
func valid(what string, c *x509.Certificate, now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("%s expired on %s; download the new one", what, c.NotAfter.Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%s is not valid before %s; is this computer's clock right?", what, c.NotBefore.Format(time.DateOnly))
	}
	return nil
}

// certificateSN is what Alipay calls a certificate's SN: the MD5 of its issuer's name and its serial number, which
// is unique only for one issuer. (Not a matter of security: it names, and proves nothing.)
func certificateSN(c *x509.Certificate) string {
	sum := md5.Sum([]byte(c.Issuer.String() + c.SerialNumber.String()))
	return hex.EncodeToString(sum[:])
}

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}
