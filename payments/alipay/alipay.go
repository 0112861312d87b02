// Package alipay talks Alipay's open platform (当面付: precreate): it signs what is asked, verifies what
// is answered or notified, and translates both, yuan to fen included. It decides nothing.
//
// The application must be in public-key mode: certificate mode, in which Alipay signs under a certificate's
// serial, is not spoken here.
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
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// ProductionURL is the platform's own gateway.
const ProductionURL = "https://openapi.alipay.com/gateway.do"

// Config is an application's papers (public-key mode) and addresses.
type Config struct {
	AppID           string
	SellerID        string // 2088…: who is paid
	AppKey          *rsa.PrivateKey
	AlipayPublicKey *rsa.PublicKey

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
	clock  wire.Clock // the platform's
	now    func() time.Time
}

var (
	_ pos.Gateway       = (*Gateway)(nil)
	_ pos.Clock         = (*Gateway)(nil)
	_ pos.RefundLimiter = (*Gateway)(nil)
)

// New checks the papers and returns a gateway. It does not use the network.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("alipay: %w", err)
	}
	appKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(cfg.AppKey)})
	public, err := x509.MarshalPKIXPublicKey(cfg.AlipayPublicKey)
	if err != nil {
		return nil, fmt.Errorf("alipay: public key: %w", err)
	}
	// The SDK's production flag means two things only: which of the two gateway options counts (the other
	// is ignored without a word), and whether an unknown alipay_cert_sn, even a forged one, makes the
	// client download a certificate and trust it. We name the gateway ourselves and want no such
	// download, so the flag is always false.
	const production = false
	g := &Gateway{cfg: cfg, now: cfg.Now}
	if g.now == nil {
		g.now = time.Now
	}
	g.client, err = sdk.New(cfg.AppID, string(appKey), production,
		sdk.WithSandboxGateway(cfg.GatewayURL),
		sdk.WithTimeLocation(wire.Beijing),
		sdk.WithHTTPClient(newHTTPClient(cfg.Transport, &g.clock)))
	if err != nil {
		return nil, fmt.Errorf("alipay: %w", err)
	}
	if err := g.client.LoadAliPayPublicKey(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))); err != nil {
		return nil, fmt.Errorf("alipay: public key: %w", err)
	}
	return g, nil
}

// Wallet is pos.Alipay.
func (g *Gateway) Wallet() pos.Wallet { return pos.Alipay }

// Account is seller_id and app_id.
func (g *Gateway) Account() pos.Account {
	return pos.Account{MerchantID: g.cfg.SellerID, AppID: g.cfg.AppID}
}

// PlatformNow is Alipay's time, as the Date of its last answer tells it, whatever that answer was.
func (g *Gateway) PlatformNow() (now time.Time, known bool) { return g.clock.PlatformNow() }

// check refuses papers that cannot work and fills the defaults.
func (c *Config) check() error {
	switch {
	case c.AppID == "" || c.SellerID == "":
		return errors.New("app_id and seller_id are needed")
	case c.AppKey == nil:
		return errors.New("the application's private key is needed")
	case c.AlipayPublicKey == nil:
		return errors.New("the public key of Alipay is needed")
	case c.AppKey.PublicKey.Equal(c.AlipayPublicKey):
		return errors.New("the public key is the application's own; the one of Alipay is needed")
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
