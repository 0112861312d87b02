// Package wechat talks WeChat Pay v3 (Native): it signs what is asked, verifies what is answered or
// notified, and translates both. It decides nothing.
package wechat

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
)

// ProductionURL is the platform's own address.
const ProductionURL = consts.WechatPayAPIServer

// noNotifyURL is sent where the counter has no public address: WeChat Pay demands one, and a name under
// .invalid (RFC 2606) reaches nobody. The poller confirms such payments.
const noNotifyURL = "https://notify.invalid/wechat"

// Config is a merchant's papers and addresses. At least one of the public key and the platform
// certificates is needed; with both, each answer is verified by whichever its serial names.
type Config struct {
	MchID          string
	AppID          string
	MerchantSerial string // of the merchant's certificate, in hexadecimal
	MerchantKey    *rsa.PrivateKey
	APIv3Key       string // exactly 32 bytes

	PublicKeyID          string // PUB_KEY_ID_…
	PublicKey            *rsa.PublicKey
	PlatformCertificates bool // download the platform certificates and keep them fresh

	BaseURL   string            // default ProductionURL; plain http only for a loopback address
	NotifyURL string            // https without a query; empty where the counter has no public address
	Title     string            // the description of a payment that has no title of its own
	Transport http.RoundTripper // default: one with pos.ConnectTimeout and TLS 1.2 or later
	Now       func() time.Time  // default time.Now

	// CertificatesFailed, if set, hears why a download of the platform certificates failed. It is
	// called from another goroutine.
	CertificatesFailed func(error)
}

// Gateway is WeChat Pay for one merchant. It is safe for concurrent use.
type Gateway struct {
	cfg          Config
	client       *core.Client
	verifier     auth.Verifier
	validator    *validators.WechatPayResponseValidator
	certificates *certificates // nil in public-key mode
	clock        wire.Clock    // the platform's
	now          func() time.Time
}

var (
	_ pos.Gateway       = (*Gateway)(nil)
	_ pos.Clock         = (*Gateway)(nil)
	_ pos.RefundLimiter = (*Gateway)(nil)
)

// New checks the papers and returns a gateway; it does not wait for the network. A gateway that
// downloads certificates must be stopped with Stop.
func New(cfg Config) (*Gateway, error) {
	base, err := cfg.check()
	if err != nil {
		return nil, fmt.Errorf("wechat: %w", err)
	}
	g := &Gateway{cfg: cfg, now: cfg.Now}
	if g.now == nil {
		g.now = time.Now
	}
	httpClient := newHTTPClient(base, cfg.Transport, &g.clock)
	credential := option.WithMerchantCredential(cfg.MchID, cfg.MerchantSerial, cfg.MerchantKey)

	if cfg.PlatformCertificates {
		// The first download cannot be verified by a certificate: the AES-GCM under the APIv3 key vouches for it.
		c, err := core.NewClient(context.Background(), credential, option.WithoutValidator(), option.WithHTTPClient(httpClient))
		if err != nil {
			return nil, fmt.Errorf("wechat: %w", err)
		}
		g.certificates = newCertificates(c, cfg.APIv3Key, cfg.CertificatesFailed)
	}
	g.verifier = g.newVerifier()
	g.validator = validators.NewWechatPayResponseValidator(g.verifier)
	g.client, err = core.NewClient(context.Background(), credential, option.WithVerifier(g.verifier), option.WithHTTPClient(httpClient))
	if err != nil {
		g.Stop()
		return nil, fmt.Errorf("wechat: %w", err)
	}
	return g, nil
}

// newVerifier takes the public key, the platform certificates, or both by serial: during a switch of a
// merchant from one to the other, WeChat Pay signs some answers with each.
func (g *Gateway) newVerifier() auth.Verifier {
	switch {
	case g.certificates == nil:
		return verifiers.NewSHA256WithRSAPubkeyVerifier(g.cfg.PublicKeyID, *g.cfg.PublicKey)
	case g.cfg.PublicKey == nil:
		return verifiers.NewSHA256WithRSAVerifier(g.certificates)
	}
	return verifiers.NewSHA256WithRSACombinedVerifier(g.certificates, g.cfg.PublicKeyID, *g.cfg.PublicKey)
}

// Stop ends the download of platform certificates. The gateway must not be used afterwards.
func (g *Gateway) Stop() {
	if g.certificates != nil {
		g.certificates.stop()
	}
}

// Wallet is pos.WeChat.
func (g *Gateway) Wallet() pos.Wallet { return pos.WeChat }

// Account is mchid and appid.
func (g *Gateway) Account() pos.Account {
	return pos.Account{MerchantID: g.cfg.MchID, AppID: g.cfg.AppID}
}

// PlatformNow is WeChat Pay's time, as the Date of its last answer tells it, whatever that answer was.
func (g *Gateway) PlatformNow() (now time.Time, known bool) { return g.clock.PlatformNow() }

// check refuses papers that cannot work, fills the defaults and returns the parsed base URL.
func (c *Config) check() (*url.URL, error) {
	switch {
	case c.MchID == "" || c.AppID == "":
		return nil, errors.New("mchid and appid are needed")
	case c.MerchantKey == nil:
		return nil, errors.New("the merchant's private key is needed")
	case len(c.APIv3Key) != 32:
		// The SDK would take 16 or 24 bytes silently, as another cipher.
		return nil, fmt.Errorf("the APIv3 key has %d bytes; it must have 32", len(c.APIv3Key))
	case (c.PublicKeyID == "") != (c.PublicKey == nil):
		return nil, errors.New("the WeChat Pay public key needs its id, and the id its key")
	case c.PublicKey == nil && !c.PlatformCertificates:
		return nil, errors.New("the WeChat Pay public key or the platform certificates are needed")
	}
	var err error
	if c.MerchantSerial, err = normalSerial(c.MerchantSerial); err != nil {
		return nil, fmt.Errorf("the merchant certificate's serial: %w", err)
	}
	if c.NotifyURL == "" {
		c.NotifyURL = noNotifyURL
	}
	if u, err := wire.CheckURL(c.NotifyURL); err != nil {
		return nil, fmt.Errorf("notify url: %w", err)
	} else if u.RawQuery != "" {
		return nil, errors.New("notify url: WeChat Pay allows no query string")
	}
	if c.BaseURL == "" {
		c.BaseURL = ProductionURL
	}
	base, err := wire.CheckURL(c.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("base url: %w", err)
	}
	if strings.Trim(base.Path, "/") != "" || base.RawQuery != "" {
		return nil, errors.New("base url: it must be a host without a path, because the path is signed")
	}
	return base, nil
}
