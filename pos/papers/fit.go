package papers

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"regexp"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// WeChat are a merchant's papers of WeChat Pay, each read on its own; Check tells whether they fit together.
type WeChat struct {
	MchID                string
	AppID                string
	Key                  *rsa.PrivateKey
	Certificate          *x509.Certificate // nil: only its serial number is known
	Serial               string
	APIv3Key             string
	PublicKeyID          string
	PublicKey            *rsa.PublicKey // WeChat Pay's
	PlatformCertificates bool
}

// Check returns a *Wrong about the first thing that does not fit at the moment now.
func (w *WeChat) Check(now time.Time) error {
	if w.Key == nil {
		return &Wrong{MerchantKey, pos.Errorf(pos.Setup, "The merchant's private key is missing: apiclient_key.pem, or the whole zip.")}
	}
	if w.Certificate != nil {
		if err := w.checkCertificate(now); err != nil {
			return err
		}
	}
	switch {
	case w.Serial == "" && w.Certificate == nil:
		return &Wrong{MerchantCertificate, pos.Errorf(pos.Setup, "The merchant's certificate is missing: apiclient_cert.pem, or its serial number.")}
	case w.APIv3Key == "":
		return &Wrong{APIv3, pos.Errorf(pos.Setup, "The APIv3 key is missing; it is shown only while it is set: set a new one if nobody has it.")}
	case w.PublicKeyID != "" && w.PublicKey == nil:
		return &Wrong{PlatformKey, pos.Errorf(pos.Setup, "WeChat Pay's public key is missing; its id alone is not enough: choose pub_key.pem.")}
	case w.PublicKeyID == "" && w.PublicKey != nil:
		return &Wrong{PublicKeyID, pos.Errorf(pos.Setup, "The id of WeChat Pay's public key is missing; it is shown beside the key and begins with PUB_KEY_ID_.")}
	case w.PublicKey == nil && !w.PlatformCertificates:
		return &Wrong{PlatformKey, pos.Errorf(pos.Setup, "WeChat Pay's public key is missing; a merchant who was given none uses platform certificates instead.")}
	case w.PublicKey != nil && w.Key.PublicKey.Equal(w.PublicKey):
		return &Wrong{PlatformKey, pos.Errorf(pos.Setup, "This is the merchant's own public key; download WeChat Pay's: pub_key.pem.")}
	}
	return nil
}

var onlyDigits = regexp.MustCompile(`^[0-9]+$`)

// checkCertificate: the subject of a merchant's certificate is its mchid, that of the platform's Tenpay.com.
func (w *WeChat) checkCertificate(now time.Time) error {
	c, owner := w.Certificate, w.Certificate.Subject.CommonName
	switch {
	case strings.HasPrefix(strings.ToLower(owner), "tenpay.com"):
		return &Wrong{MerchantCertificate, pos.Errorf(pos.Setup, "This is a certificate of WeChat Pay's platform; the merchant's own belongs here: apiclient_cert.pem.")}
	case onlyDigits.MatchString(owner) && owner != w.MchID:
		return &Wrong{MerchantCertificate, pos.Errorf(pos.Setup, "This certificate belongs to merchant %s, not to %s; choose that merchant's, or correct the merchant number.", owner, w.MchID)}
	case !w.Key.PublicKey.Equal(c.PublicKey):
		return &Wrong{MerchantKey, pos.Errorf(pos.Setup, "This private key does not belong to the merchant's certificate; choose the two from the same zip.")}
	case w.Serial != "" && w.Serial != Serial(c):
		return &Wrong{MerchantSerial, pos.Errorf(pos.Setup, "This serial number is not that of the certificate, %s; leave the field empty.", Serial(c))}
	case now.After(c.NotAfter):
		return &Wrong{MerchantCertificate, pos.Errorf(pos.Setup, "This certificate expired on %s; apply for a new one on the platform's site.", date(c.NotAfter))}
	case now.Before(c.NotBefore):
		return &Wrong{MerchantCertificate, pos.Errorf(pos.Setup, "This certificate is valid only from %s; check this computer's date.", date(c.NotBefore))}
	}
	return nil
}

// date is a day in Beijing, where both platforms are.
func date(t time.Time) string { return t.In(time.FixedZone("", 8*3600)).Format(time.DateOnly) }

// Alipay are the papers of an application on Alipay's open platform: PublicKey in public-key mode, the three
// certificates in certificate mode.
type Alipay struct {
	AppID     string
	SellerID  string
	Key       *rsa.PrivateKey // the application's
	PublicKey *rsa.PublicKey  // Alipay's

	Certificates      bool // certificate mode, in which the next three are needed
	AppCertificate    *x509.Certificate
	AlipayCertificate []*x509.Certificate // with its issuers, as the file has them
	Roots             []*x509.Certificate
}

// Check returns a *Wrong about the first thing that does not fit at the moment now.
func (a *Alipay) Check(now time.Time) error {
	byCertificate := a.Certificates || a.AppCertificate != nil || len(a.AlipayCertificate) > 0 || len(a.Roots) > 0
	switch {
	case a.Key == nil:
		return &Wrong{AppKey, pos.Errorf(pos.Setup, "The application's private key is missing; Alipay's key tool keeps it where it made it.")}
	case byCertificate && a.PublicKey != nil:
		return &Wrong{AlipayKey, pos.Errorf(pos.Setup, "An application uses either Alipay's public key or certificates; the site shows which it is set to: leave the other out.")}
	case byCertificate:
		return a.checkCertificates(now)
	case a.PublicKey == nil:
		return &Wrong{AlipayKey, pos.Errorf(pos.Setup, "Alipay's public key is missing; the site shows it once the application's own has been handed in.")}
	case a.Key.PublicKey.Equal(a.PublicKey):
		return &Wrong{AlipayKey, pos.Errorf(pos.Setup, "This is the application's own public key; copy Alipay's, which the site shows beside it.")}
	}
	return nil
}

func (a *Alipay) checkCertificates(now time.Time) error {
	switch {
	case a.AppCertificate == nil:
		return &Wrong{AppCertificate, pos.Errorf(pos.Setup, "The application's certificate is missing: appCertPublicKey_….crt.")}
	case len(a.AlipayCertificate) == 0:
		return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "Alipay's certificate is missing: alipayCertPublicKey_RSA2.crt.")}
	case len(a.Roots) == 0:
		return &Wrong{RootCertificates, pos.Errorf(pos.Setup, "Alipay's root certificate is missing: alipayRootCert.crt.")}
	}
	theirs := a.AlipayCertificate[0]
	own := &a.Key.PublicKey
	switch app := appOf(a.AppCertificate); {
	case app != "" && app != a.AppID:
		return &Wrong{AppCertificate, pos.Errorf(pos.Setup, "This certificate belongs to application %s, not to %s; choose that application's, or correct the APPID.", app, a.AppID)}
	case own.Equal(theirs.PublicKey) && !own.Equal(a.AppCertificate.PublicKey):
		return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "The certificates of Alipay and of the application are swapped; exchange the two files.")}
	case own.Equal(theirs.PublicKey):
		return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "This is the application's own certificate; choose Alipay's: alipayCertPublicKey_RSA2.crt.")}
	case !own.Equal(a.AppCertificate.PublicKey):
		return &Wrong{AppKey, pos.Errorf(pos.Setup, "This private key does not belong to the application's certificate; choose the one with which it was applied for.")}
	case !slices.ContainsFunc(a.Roots, selfSigned):
		return &Wrong{RootCertificates, pos.Errorf(pos.Setup, "This is not Alipay's root certificate; choose alipayRootCert.crt.")}
	case selfSigned(theirs):
		return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "This is a root certificate; choose Alipay's own: alipayCertPublicKey_RSA2.crt.")}
	case now.After(a.AppCertificate.NotAfter):
		return &Wrong{AppCertificate, pos.Errorf(pos.Setup, "The application's certificate expired on %s; apply for a new one on the open platform.", date(a.AppCertificate.NotAfter))}
	case now.After(theirs.NotAfter):
		return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "Alipay's certificate expired on %s; download the new one from the open platform.", date(theirs.NotAfter))}
	case now.Before(a.AppCertificate.NotBefore) || now.Before(theirs.NotBefore):
		return &Wrong{AppCertificate, pos.Errorf(pos.Setup, "A certificate is valid only from %s; check this computer's date.", date(later(a.AppCertificate.NotBefore, theirs.NotBefore)))}
	}
	return a.checkChain(now)
}

// Application reads the certificate of an application; Alipay's roots, some of which are not RSA, are told from it first.
func Application(data []byte) (*x509.Certificate, error) {
	chain, err := Certificates(data)
	if err == nil && chain[0].IsCA && bytes.Equal(chain[0].RawSubject, chain[0].RawIssuer) {
		return nil, pos.Errorf(pos.Setup, "This is Alipay's root certificate; choose appCertPublicKey_….crt.")
	}
	return Certificate(data)
}

// application is the subject of an application's certificate: the account and the application.
var application = regexp.MustCompile(`^2088[0-9]{12}-([0-9]{16})$`)

// appOf is the application that a certificate is of; empty where it does not say so.
func appOf(c *x509.Certificate) string {
	if m := application.FindStringSubmatch(c.Subject.CommonName); m != nil {
		return m[1]
	}
	return ""
}

// maxChain is how many certificates may stand between Alipay's and a root; there is one.
const maxChain = 4

// checkChain: Alipay's certificate is vouched for by the root, as Alipay's own SDKs demand. Its intermediate does not
// say that it may issue others, so only names, signatures and dates count.
func (a *Alipay) checkChain(now time.Time) error {
	c := a.AlipayCertificate[0]
	for range maxChain {
		if issuer := issuerOf(c, a.Roots); issuer != nil && selfSigned(issuer) {
			return nil
		}
		if c = issuerOf(c, a.AlipayCertificate[1:]); c == nil || now.After(c.NotAfter) {
			break
		}
	}
	return &Wrong{AlipayCert, pos.Errorf(pos.Setup, "Alipay's certificate is not vouched for by this root certificate; download both again from the open platform.")}
}

// issuerOf finds who has signed c; nil where nobody in the list has.
func issuerOf(c *x509.Certificate, list []*x509.Certificate) *x509.Certificate {
	for _, by := range list {
		if bytes.Equal(by.RawSubject, c.RawIssuer) && by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
			return by
		}
	}
	return nil
}

// selfSigned reports whether c is a root.
func selfSigned(c *x509.Certificate) bool { return issuerOf(c, []*x509.Certificate{c}) != nil }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
