// Package alipay talks Alipay's open platform (当面付: precreate): it signs what is asked, verifies what
// is answered or notified, and translates both, yuan to fen included. It decides nothing.
//
// An application is in one of two modes: public-key mode, or certificate mode (公钥证书模式), in which either side
// names the certificate it signs under. What names another certificate than the one loaded is not verified, and
// nothing that comes from the network is ever loaded.
//
// There is no cancel here on purpose: alipay.trade.cancel refunds a trade that the customer has just
// paid, behind the ledger's back. Withdrawing a code is close and then query; money that came after all
// is credited and refunded by a person.
package alipay

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// ProductionURL is the platform's own gateway.
const ProductionURL = "https://openapi.alipay.com/gateway.do"

// Config is an application's papers and addresses. It holds AlipayPublicKey in public-key mode, and the three
// certificates in certificate mode.
type Config struct {
	AppID    string
	SellerID string // 2088…: who is paid
	AppKey   *rsa.PrivateKey

	AlipayPublicKey   *rsa.PublicKey
	PreviousPublicKey *rsa.PublicKey // what a rotation replaces: it verifies, too, until its day
	PreviousUntil     time.Time      // the end of that day; zero: until it is taken out

	AppCert    []byte // PEM: appCertPublicKey_….crt
	AlipayCert []byte // PEM: alipayCertPublicKey_RSA2.crt, with what stands between it and a root
	RootCert   []byte // PEM: alipayRootCert.crt

	GatewayURL string            // default ProductionURL; plain http only for a loopback address
	NotifyURL  string            // empty where the counter has no public address
	Title      string            // the subject of a payment that has no title of its own
	Transport  http.RoundTripper // default: one with pos.ConnectTimeout and TLS 1.2 or later
	Now        func() time.Time  // default time.Now
}

// Gateway is Alipay for one application. It is safe for concurrent use.
type Gateway struct {
	cfg    Config
	client *sdk.Client
	trust  trust
	certSN string      // the one alipay_cert_sn that is known; empty in public-key mode
	other  atomic.Bool // the last answer was under another certificate
	clock  wire.Clock  // the platform's
	now    func() time.Time
}

var (
	_ pos.Gateway       = (*Gateway)(nil)
	_ pos.Clock         = (*Gateway)(nil)
	_ pos.RefundLimiter = (*Gateway)(nil)
	_ pos.PaperWatcher  = (*Gateway)(nil)
)

// New checks the papers and returns a gateway. It does not use the network.
func New(cfg Config) (*Gateway, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("alipay: %w", err)
	}
	g := &Gateway{cfg: cfg, now: cfg.Now}
	var err error
	if cfg.certificateMode() {
		err = g.inCertificateMode()
	} else {
		g.trust = newTrust(cfg.AlipayPublicKey, cfg.PreviousPublicKey, cfg.PreviousUntil, cfg.Now)
		g.client, err = g.newClient(publicKeyName)
	}
	if err != nil {
		return nil, fmt.Errorf("alipay: %w", err)
	}
	return g, nil
}

// inCertificateMode loads the certificates that every request names, and the one by which answers are verified.
func (g *Gateway) inCertificateMode() error {
	certs, err := readCertificates(&g.cfg, g.now())
	if err != nil {
		return err
	}
	g.certSN, g.trust = certs.alipaySN, newTrust(certs.alipayKey, nil, time.Time{}, g.now)
	if g.client, err = g.newClient(g.certSN); err != nil {
		return err
	}
	if err := g.client.LoadAppCertPublicKey(certificatePEM(certs.app)); err != nil {
		return err
	}
	var roots strings.Builder
	for _, root := range certs.roots {
		roots.WriteString(certificatePEM(root))
	}
	return g.client.LoadAliPayRootCert(roots.String())
}

// newClient makes the SDK's client, which verifies by g.trust what names the certificate certSN, or none.
func (g *Gateway) newClient(certSN string) (*sdk.Client, error) {
	appKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(g.cfg.AppKey)})
	// The SDK's production flag means two things only: which of the two gateway options counts (the other
	// is ignored without a word), and whether an unknown alipay_cert_sn, even a forged one, makes the
	// client download a certificate and trust it. We name the gateway ourselves and want no such
	// download, so the flag is always false.
	const production = false
	return sdk.New(g.cfg.AppID, string(appKey), production,
		sdk.WithSandboxGateway(g.cfg.GatewayURL),
		sdk.WithTimeLocation(wire.Beijing),
		sdk.WithVerifier(certSN, g.trust),
		sdk.WithHTTPClient(newHTTPClient(g.cfg.Transport, &g.clock)))
}

// Wallet is pos.Alipay.
func (g *Gateway) Wallet() pos.Wallet { return pos.Alipay }

// Account is seller_id and app_id.
func (g *Gateway) Account() pos.Account {
	return pos.Account{MerchantID: g.cfg.SellerID, AppID: g.cfg.AppID}
}

// PlatformNow is Alipay's time, as the Date of its last answer tells it, whatever that answer was.
func (g *Gateway) PlatformNow() (now time.Time, known bool) { return g.clock.PlatformNow() }

// Papers says what the counter has noticed of its papers while it works. It asks nobody.
func (g *Gateway) Papers() []pos.Finding {
	if !g.other.Load() {
		return nil
	}
	return []pos.Finding{{Check: "alipay_certificate", Level: pos.Red, Says: replaced()}}
}

// check refuses papers that cannot work and fills the defaults.
func (c *Config) check() error {
	switch {
	case c.AppID == "" || c.SellerID == "":
		return errors.New("app_id and seller_id are needed")
	case c.AppKey == nil:
		return errors.New("the application's private key is needed")
	}
	if err := c.checkMode(); err != nil {
		return err
	}
	if c.GatewayURL == "" {
		c.GatewayURL = ProductionURL
	}
	if u, err := wire.CheckURL(c.GatewayURL); err != nil {
		return fmt.Errorf("gateway url: %w", err)
	} else if u.RawQuery != "" {
		return errors.New("gateway url: it must have no query string")
	}
	if c.NotifyURL != "" {
		if _, err := wire.CheckURL(c.NotifyURL); err != nil {
			return fmt.Errorf("notify url: %w", err)
		}
	}
	return nil
}

func (c *Config) certificateMode() bool {
	return len(c.AppCert) > 0 || len(c.AlipayCert) > 0 || len(c.RootCert) > 0
}

// checkMode demands the papers of exactly one mode.
func (c *Config) checkMode() error {
	own := func(key *rsa.PublicKey) bool { return key != nil && c.AppKey.PublicKey.Equal(key) }
	switch {
	case c.certificateMode() && (c.AlipayPublicKey != nil || c.PreviousPublicKey != nil):
		return errors.New("there are certificates and a public key of Alipay; an application is in one mode only")
	case c.certificateMode() && (len(c.AppCert) == 0 || len(c.AlipayCert) == 0 || len(c.RootCert) == 0):
		return errors.New("certificate mode needs three certificates: the application's, Alipay's and the root certificates")
	case c.certificateMode():
		return nil
	case c.AlipayPublicKey == nil:
		return errors.New("the public key of Alipay is needed")
	case own(c.AlipayPublicKey), own(c.PreviousPublicKey):
		return errors.New("the public key is the application's own; the one of Alipay is needed")
	}
	return nil
}
