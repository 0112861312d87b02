// Package wechat talks WeChat Pay v3 (Native): it signs what is asked, verifies what is answered or
// notified, and translates both. It decides nothing.
package wechat

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
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

	Previous Previous // what a rotation replaces

	BaseURL   string            // default ProductionURL; plain http only for a loopback address
	NotifyURL string            // https without a query; empty where the counter has no public address
	Title     string            // the description of a payment that has no title of its own
	Transport http.RoundTripper // default: one with pos.ConnectTimeout and TLS 1.2 or later
	Now       func() time.Time  // default time.Now

	// CertificatesFailed, if set, hears why a download of the platform certificates failed. It is
	// called from another goroutine.
	CertificatesFailed func(error)
}

// Previous are papers that are being replaced. Until their day the key verifies, too, and the certificate signs where
// the platform does not accept the new one yet. Each pair may be left out.
type Previous struct {
	MerchantSerial string
	MerchantKey    *rsa.PrivateKey
	PublicKeyID    string
	PublicKey      *rsa.PublicKey
	Until          time.Time // the end of that day; zero: until they are taken out
}

// Gateway is WeChat Pay for one merchant. It is safe for concurrent use.
type Gateway struct {
	cfg          Config
	client       *core.Client
	trust        *trust
	answers      *answers
	validator    *validators.WechatPayResponseValidator
	certificates *certificates // nil in public-key mode
	signing      *signing      // nil without a previous merchant certificate
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
	g := &Gateway{cfg: cfg, now: cfg.Now, signing: newSigning(&cfg)}
	httpClient := newHTTPClient(base, cfg.Transport, wire.MaxAnswer, &g.clock, g.signing)
	credential := option.WithMerchantCredential(cfg.MchID, cfg.MerchantSerial, cfg.MerchantKey)
	if cfg.PlatformCertificates {
		g.certificates = newCertificates(cfg.CertificatesFailed)
	}
	g.trust = newTrust(&cfg, g.certificates)
	g.answers = &answers{trust: g.trust}
	g.validator = validators.NewWechatPayResponseValidator(g.answers)
	g.client, err = core.NewClient(context.Background(), credential, option.WithVerifier(g.answers), option.WithHTTPClient(httpClient))
	if err != nil {
		return nil, fmt.Errorf("wechat: %w", err)
	}
	if cfg.PlatformCertificates {
		plain, err := core.NewClient(context.Background(), credential, option.WithoutValidator(), option.WithHTTPClient(httpClient))
		if err != nil {
			return nil, fmt.Errorf("wechat: %w", err)
		}
		g.certificates.start(func(ctx context.Context) ([]*x509.Certificate, error) {
			return fetchCertificates(ctx, plain, cfg.APIv3Key, g.vouchFor)
		})
	}
	return g, nil
}

// vouchFor refuses certificates under a signature that is missing or wrong. One by a key that is not here proves
// nothing either way: when the platform changes its own, only the AES-GCM under the APIv3 key vouches for the new one,
// as it does for the first.
func (g *Gateway) vouchFor(ctx context.Context, resp *http.Response) error {
	serial := resp.Header.Get(consts.WechatPaySerial)
	if serial != "" && !g.trust.knows(serial) || g.trust.current == nil && g.certificates.empty() {
		return nil
	}
	return validators.NewWechatPayResponseValidator(g.trust).Validate(ctx, resp)
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
	if err := c.checkPrevious(); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
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

// checkPrevious refuses halves of pairs, and what is not older than what replaces it.
func (c *Config) checkPrevious() error {
	p := &c.Previous
	switch {
	case (p.MerchantSerial == "") != (p.MerchantKey == nil):
		return errors.New("the previous merchant certificate's serial needs its key, and the key its serial")
	case (p.PublicKeyID == "") != (p.PublicKey == nil):
		return errors.New("the previous WeChat Pay public key needs its id, and the id its key")
	case p.PublicKeyID != "" && p.PublicKeyID == c.PublicKeyID:
		return errors.New("the previous WeChat Pay public key is the one in force")
	case p.MerchantKey == nil:
		return nil
	}
	var err error
	if p.MerchantSerial, err = normalSerial(p.MerchantSerial); err != nil {
		return fmt.Errorf("the previous merchant certificate's serial: %w", err)
	}
	if p.MerchantSerial == c.MerchantSerial {
		return errors.New("the previous merchant certificate is the one in force")
	}
	return nil
}
