package alipay

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/pos"
)

// authority is a chain as Alipay's, made anew: roots of which two count, an intermediate that does not say it may
// issue, and what it issues.
type authority struct {
	rootKey, issuerKey *rsa.PrivateKey
	curve              *ecdsa.PrivateKey // of a root that does not count
	sm2                *x509.Certificate
	root, issuer       *x509.Certificate
	rootFile           []byte
	rootSN             string
	intermediate       []byte
}

var chain = sync.OnceValue(func() *authority {
	a := &authority{}
	var otherKey *rsa.PrivateKey
	for _, into := range []**rsa.PrivateKey{&a.rootKey, &a.issuerKey, &otherKey} {
		var err error
		if *into, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	var err error
	if a.curve, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		panic(err)
	}
	a.root, a.issuer = template("Test Root R1", 11), template("Test Class 2 R1", 12)
	other := template("Test Root G3", 14)
	a.sm2 = template("Test Root E1", 13)
	unreadable := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("as SM2 is to this library")})
	a.rootFile = slices.Concat(
		unreadable, certify(a.root, a.root, a.rootKey.Public(), a.rootKey), []byte("\n"),
		certify(a.sm2, a.sm2, a.curve.Public(), a.curve), certify(other, other, otherKey.Public(), otherKey))
	a.rootSN = sn("CN=Test Root R1,O=Test,C=CN", "11") + "_" + sn("CN=Test Root G3,O=Test,C=CN", "14")
	a.intermediate = certify(a.issuer, a.root, a.issuerKey.Public(), a.rootKey)
	return a
})

func template(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Test"}, Country: []string{"CN"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

func certify(c, parent *x509.Certificate, public, by any) []byte {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, by)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// sn is the rule as Alipay's documents give it, worked by hand.
func sn(issuer, serial string) string {
	sum := md5.Sum([]byte(issuer + serial))
	return hex.EncodeToString(sum[:])
}

// issued is a certificate under the intermediate, for days.
func (a *authority) issued(name string, serial int64, public *rsa.PublicKey, days int) []byte {
	return a.issuedUntil(time.Now().AddDate(0, 0, days), name, serial, public)
}

func (a *authority) issuedUntil(end time.Time, name string, serial int64, public *rsa.PublicKey) []byte {
	c := template(name, serial)
	c.NotAfter = end
	return certify(c, a.issuer, public, a.issuerKey)
}

// certified are papers of certificate mode.
func certified() Config {
	a := chain()
	cfg := papers(Config{})
	cfg.AlipayPublicKey = nil
	cfg.AppCert = a.issued("app", 21, &keys().app.PublicKey, 30)
	cfg.AlipayCert = append(a.issued("alipay", 22, &keys().platform.PublicKey, 60), a.intermediate...)
	cfg.RootCert = a.rootFile
	return cfg
}

var (
	alipaySN = sn("CN=Test Class 2 R1,O=Test,C=CN", "22")
	appSN    = sn("CN=Test Class 2 R1,O=Test,C=CN", "21")
)

func certifiedGateway(t *testing.T, url string) *Gateway {
	t.Helper()
	cfg := certified()
	cfg.GatewayURL = url
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestNewRefusesCertificatesThatCannotWork(t *testing.T) {
	a := chain()
	strange, strangeKey := template("Strange Root", 31), keys().stranger
	strangeRoot := certify(strange, strange, strangeKey.Public(), strangeKey)
	namesake := template("Test Root R1", 11) // of the root's name, with another key
	end := time.Now().AddDate(0, 0, 30)      // one moment, for midnight may come before its test does
	later := func(days int) func() time.Time {
		return func() time.Time { return time.Now().AddDate(0, 0, days) }
	}
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"both modes":          {func(c *Config) { c.AlipayPublicKey = &keys().platform.PublicKey }, "one mode"},
		"previous key, too":   {func(c *Config) { c.PreviousPublicKey = &keys().platform.PublicKey }, "one mode"},
		"no app":              {func(c *Config) { c.AppCert = nil }, "three"},
		"no alipay":           {func(c *Config) { c.AlipayCert = nil }, "three"},
		"no root":             {func(c *Config) { c.RootCert = nil }, "three"},
		"app and alipay":      {func(c *Config) { c.AlipayCert = append(c.AppCert, a.intermediate...) }, "application's own"},
		"swapped":             {func(c *Config) { c.AppCert, c.AlipayCert = c.AlipayCert, append(c.AppCert, a.intermediate...) }, "application's own"},
		"another app's":       {func(c *Config) { c.AppCert = a.issued("app", 23, &keys().stranger.PublicKey, 30) }, "another private key"},
		"root as app":         {func(c *Config) { c.AppCert = c.RootCert }, "damaged"},
		"app as root":         {func(c *Config) { c.RootCert = c.AppCert }, "holds none"},
		"no chain":            {func(c *Config) { c.AlipayCert = a.issued("alipay", 22, &keys().platform.PublicKey, 60) }, "not issued"},
		"another root":        {func(c *Config) { c.RootCert = strangeRoot }, "not issued"},
		"a root of that name": {func(c *Config) { c.RootCert = certify(namesake, namesake, strangeKey.Public(), strangeKey) }, "not issued"},
		"self-made": {func(c *Config) {
			x := template("alipay", 22)
			c.AlipayCert = certify(x, x, keys().platform.Public(), keys().platform)
		}, "not issued"},
		"a root of a curve": {func(c *Config) {
			x := template("alipay", 22)
			c.AlipayCert = certify(x, a.sm2, keys().platform.Public(), a.curve)
		}, "not issued"},
		"text":    {func(c *Config) { c.AlipayCert = []byte("certificate") }, "no certificate"},
		"cut":     {func(c *Config) { c.AppCert = c.AppCert[:len(c.AppCert)/2] }, "no certificate"},
		"a key":   {func(c *Config) { c.AppCert = bytes.ReplaceAll(c.AppCert, []byte("CERTIFICATE"), []byte("PUBLIC KEY")) }, "public key"},
		"damaged": {func(c *Config) { c.AppCert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}) }, "damaged"},
		"app expired": {func(c *Config) {
			c.AppCert, c.Now = a.issuedUntil(end, "app", 21, &keys().app.PublicKey), later(40)
		}, "application's certificate expired on " + end.UTC().Format(time.DateOnly)},
		"alipay expired":       {func(c *Config) { c.AppCert = a.issued("app", 21, &keys().app.PublicKey, 300); c.Now = later(70) }, "certificate of Alipay expired on "},
		"intermediate expired": {func(c *Config) { long(c, a); c.Now = later(400) }, "certificate of Alipay expired on "},
		"not yet":              {func(c *Config) { c.Now = later(-10) }, "clock"},
		"root of SHA-512": {func(c *Config) {
			x := template("Test Root R1", 11)
			x.SignatureAlgorithm = x509.SHA512WithRSA
			c.RootCert = certify(x, x, a.rootKey.Public(), a.rootKey)
		}, "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := certified()
			c.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
	if _, err := New(certified()); err != nil {
		t.Errorf("papers that work: %v", err)
	}
}

// long gives both certificates more time than the intermediate has.
func long(c *Config, a *authority) {
	c.AppCert = a.issued("app", 21, &keys().app.PublicKey, 900)
	c.AlipayCert = append(a.issued("alipay", 22, &keys().platform.PublicKey, 900), a.intermediate...)
}

func TestRequestsNameTheCertificates(t *testing.T) {
	p := &platform{t: t, answer: map[string]string{"": tradeWords(nil)}, extra: `"alipay_cert_sn":"` + alipaySN + `",`}
	g := certifiedGateway(t, serve(t, p))
	if e, err := g.Query(t.Context(), payment()); err != nil || e.State != pos.TradePaid {
		t.Fatalf("%+v, %v", e, err)
	}
	form := p.asked[0].form
	if form.Get("app_cert_sn") != appSN || form.Get("alipay_root_cert_sn") != chain().rootSN {
		t.Errorf("named %q and %q, want %q and %q", form.Get("app_cert_sn"), form.Get("alipay_root_cert_sn"), appSN, chain().rootSN)
	}
}

// Whatever certificate an answer names, only the one loaded verifies, and nothing is fetched.
func TestAnswersUnderACertificate(t *testing.T) {
	k := keys()
	for name, c := range map[string]struct {
		by    *rsa.PrivateKey
		extra string
		want  pos.Failure // "": paid
		says  string
	}{
		"loaded":                 {k.platform, `"alipay_cert_sn":"` + alipaySN + `",`, "", ""},
		"none named":             {k.platform, "", "", ""},
		"another":                {k.stranger, `"alipay_cert_sn":"0123456789abcdef0123456789abcdef",`, pos.Misconfigured, "alipayCertPublicKey_RSA2.crt"},
		"another, the right key": {k.platform, `"alipay_cert_sn":"0123456789abcdef0123456789abcdef",`, pos.Misconfigured, "alipayCertPublicKey_RSA2.crt"},
		"the SDK's own name":     {k.stranger, `"alipay_cert_sn":"alipay-public-key",`, pos.Misconfigured, "alipayCertPublicKey_RSA2.crt"},
		"loaded, a stranger's":   {k.stranger, `"alipay_cert_sn":"` + alipaySN + `",`, pos.Unknown, ""},
		"application's":          {k.app, `"alipay_cert_sn":"` + alipaySN + `",`, pos.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &platform{t: t, answer: map[string]string{"": tradeWords(nil)}, by: c.by, extra: c.extra}
			e, err := certifiedGateway(t, serve(t, p)).Query(t.Context(), payment())
			if len(p.asked) != 1 {
				t.Errorf("asked %d times", len(p.asked))
			}
			if c.want == "" {
				if err != nil || e.State != pos.TradePaid {
					t.Errorf("%+v, %v", e, err)
				}
				return
			}
			wantFailure(t, err, c.want)
			if e.State != "" || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}

func TestNotificationsUnderACertificate(t *testing.T) {
	r := &recorder{}
	cfg := certified()
	cfg.Transport = r
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	k := keys()
	const other = "0123456789abcdef0123456789abcdef"
	named := func(sn string) url.Values { return form(map[string]string{"alipay_cert_sn": sn}) }
	for name, c := range map[string]struct {
		body []byte
		want error
	}{
		"none named":              {signed(form(nil), k.platform), nil},
		"loaded":                  {signed(named(alipaySN), k.platform), nil},
		"loaded, signed with it":  {signedWhole(named(alipaySN), k.platform), nil},
		"another":                 {signed(named(other), k.platform), ErrCertificate},
		"another, signed with it": {signedWhole(named(other), k.platform), ErrCertificate},
		"another, a stranger's":   {signed(named(other), k.stranger), ErrCertificate},
		"the SDK's own name":      {signed(named("alipay-public-key"), k.stranger), ErrCertificate},
		"none, a stranger's":      {signed(form(nil), k.stranger), ErrSignature},
		"loaded, a stranger's":    {signed(named(alipaySN), k.stranger), ErrSignature},
		"loaded, application's":   {signedWhole(named(alipaySN), k.app), ErrSignature},
		"loaded, not base64":      {append([]byte(named(alipaySN).Encode()), "&sign=%25%25"...), ErrSignature},
		"empty name":              {append(signed(form(nil), k.platform), "&alipay_cert_sn="...), ErrCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := g.Notification(t.Context(), formHeader(), c.body)
			if !errors.Is(err, c.want) || (c.want == nil) != (n.Payment != nil) {
				t.Errorf("%+v, %v; want %v", n, err, c.want)
			}
		})
	}
	if r.url != "" {
		t.Errorf("asked %s", r.url)
	}
}

// signedWhole signs a notification with the name of its certificate.
func signedWhole(v url.Values, by *rsa.PrivateKey) []byte {
	var pairs []string
	for name := range v {
		if name != "sign" && name != "sign_type" {
			pairs = append(pairs, name+"="+v.Get(name))
		}
	}
	slices.Sort(pairs)
	v.Set("sign", sign(by, strings.Join(pairs, "&")))
	return []byte(v.Encode())
}

// While Alipay's public key is being replaced both verify; after the old one's day it does not.
func TestPreviousPublicKey(t *testing.T) {
	k := keys()
	until := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		until time.Time
		now   time.Time
		by    *rsa.PrivateKey
		good  bool
	}{
		"new":                   {until, until.Add(-time.Minute), k.platform, true},
		"new, later":            {until, until.Add(time.Minute), k.platform, true},
		"old, before its day":   {until, until.Add(-time.Minute), k.stranger, true},
		"old, after its day":    {until, until, k.stranger, false},
		"old, without a day":    {time.Time{}, until.AddDate(1, 0, 0), k.stranger, true},
		"neither":               {until, until.Add(-time.Minute), k.app, false},
		"neither, without days": {time.Time{}, until, k.app, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &platform{t: t, answer: map[string]string{"": tradeWords(nil)}, by: c.by}
			cfg := papers(Config{GatewayURL: serve(t, p), Now: func() time.Time { return c.now }})
			cfg.PreviousPublicKey, cfg.PreviousUntil = &k.stranger.PublicKey, c.until
			g, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, asked := g.Query(t.Context(), payment())
			_, told := g.Notification(t.Context(), formHeader(), signed(form(nil), c.by))
			if (asked == nil) != c.good || (told == nil) != c.good {
				t.Errorf("answer: %v, notification: %v", asked, told)
			}
		})
	}
	cfg := papers(Config{PreviousPublicKey: &k.app.PublicKey})
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "application's own") {
		t.Errorf("the application's own key as the previous one: %v", err)
	}
}
