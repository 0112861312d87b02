package wechat

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

func TestNewRefusesPapersThatCannotWork(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no mchid":            {func(c *Config) { c.MchID = "" }, "mchid"},
		"no key":              {func(c *Config) { c.MerchantKey = nil }, "private key"},
		"AES-128":             {func(c *Config) { c.APIv3Key = c.APIv3Key[:16] }, "16 bytes"},
		"33 bytes":            {func(c *Config) { c.APIv3Key += "\n" }, "33 bytes"},
		"id without key":      {func(c *Config) { c.PublicKey = nil }, "its key"},
		"key without id":      {func(c *Config) { c.PublicKeyID = "" }, "its id"},
		"nothing to verify":   {func(c *Config) { c.PublicKey, c.PublicKeyID = nil, "" }, "platform certificates"},
		"serial of words":     {func(c *Config) { c.MerchantSerial = "serial" }, "hexadecimal"},
		"no serial":           {func(c *Config) { c.MerchantSerial = "" }, "hexadecimal"},
		"http far away":       {func(c *Config) { c.BaseURL = "http://pay.example" }, "https"},
		"loopback in name":    {func(c *Config) { c.BaseURL = "http://127.0.0.1.example" }, "https"},
		"a password":          {func(c *Config) { c.BaseURL = "https://a:b@pay.example" }, "plain URL"},
		"a path":              {func(c *Config) { c.BaseURL = "https://pay.example/proxy" }, "path"},
		"notify over http":    {func(c *Config) { c.NotifyURL = "http://shop.example/notify" }, "https"},
		"notify with a query": {func(c *Config) { c.NotifyURL = "https://shop.example/notify?shop=1" }, "query"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := papers(Config{})
			c.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
	g := gateway(t, Config{})
	if g.cfg.BaseURL != "https://api.mch.weixin.qq.com" || !strings.HasPrefix(g.cfg.NotifyURL, "https://") {
		t.Errorf("defaults %s and %s", g.cfg.BaseURL, g.cfg.NotifyURL)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.StartTLS()
	defer s.Close()
	_, err := gateway(t, Config{BaseURL: s.URL}).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	if !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1 fails with %v", err)
	}
}

// certificatesAPI is a platform that serves one certificate and answers a query under any serial.
type certificatesAPI struct {
	pem, serial string
	key         *rsa.PrivateKey
	status      int
	body        string // instead of the certificates
	answer      func() reply
}

func (c *certificatesAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v3/certificates" {
		c.answer().write(w)
		return
	}
	body := c.body
	if body == "" {
		body = words(map[string]any{"data": []any{map[string]any{
			"serial_no": c.serial, "effective_time": "2026-01-01T00:00:00+08:00", "expire_time": "2031-01-01T00:00:00+08:00",
			"encrypt_certificate": seal(c.pem, "twelve-chars"),
		}}}, nil)
	}
	reply{status: max(c.status, 200), body: body, by: c.key, serial: c.serial}.write(w)
}

// leadingZero is a certificate serial whose first digit a printed big integer loses.
var leadingZero = big.NewInt(0x0A1B2C3D4E)

func TestVerifiesByWhicheverTheSerialNames(t *testing.T) {
	k := keys()
	api := &certificatesAPI{pem: certificatePEM(t, k.certificate, leadingZero), serial: "0A1B2C3D4E", key: k.certificate}
	url := serve(t, api.ServeHTTP)
	byKey := reply{status: 200, body: trade(nil), by: k.platform, serial: testKeyID}
	byCertificate := reply{status: 200, body: trade(nil), by: k.certificate, serial: "0A1B2C3D4E"}
	lostZero := reply{status: 200, body: trade(nil), by: k.certificate, serial: "a1b2c3d4e"}
	swapped := reply{status: 200, body: trade(nil), by: k.certificate, serial: testKeyID}
	unknown := reply{status: 200, body: trade(nil), by: k.certificate, serial: "0B"}

	publicKey := Config{BaseURL: url, PublicKeyID: testKeyID, PublicKey: &k.platform.PublicKey}
	both := publicKey
	both.PlatformCertificates = true
	for name, c := range map[string]struct {
		cfg     Config
		accepts []reply
		refuses []reply
	}{
		"public key":   {publicKey, []reply{byKey}, []reply{byCertificate, lostZero, swapped, unknown}},
		"certificates": {Config{BaseURL: url, PlatformCertificates: true}, []reply{byCertificate, lostZero}, []reply{byKey, swapped, unknown}},
		"both":         {both, []reply{byKey, byCertificate, lostZero}, []reply{swapped, unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			g := gateway(t, c.cfg)
			for _, a := range c.accepts {
				api.answer = func() reply { return a }
				if e, err := g.Query(t.Context(), payment()); err != nil || e.State != pos.TradePaid {
					t.Errorf("serial %s: %s, %v", a.serial, e.State, err)
				}
			}
			for _, a := range c.refuses {
				api.answer = func() reply { return a }
				_, err := g.Query(t.Context(), payment())
				wantFailure(t, err, pos.Unknown)
			}
		})
	}
}

// A failed download is told, does not end the counter, and leaves answers unverified.
func TestCertificateDownloadFailuresAreTold(t *testing.T) {
	k := keys()
	good := certificatePEM(t, k.certificate, leadingZero)
	wrongNonce := seal(good, "twelve-chars")
	wrongNonce["nonce"] = "short"
	for name, api := range map[string]*certificatesAPI{
		"refused":       {status: 401, body: refusalBody("SIGN_ERROR")},
		"html":          {body: "<html>"},
		"no data":       {body: "{}"},
		"null":          {body: "null"},
		"empty entry":   {body: `{"data":[{}]}`},   // the SDK panics
		"null entry":    {body: `{"data":[null]}`}, // the SDK panics
		"wrong nonce":   {body: words(map[string]any{"data": []any{map[string]any{"serial_no": "0A", "encrypt_certificate": wrongNonce}}}, nil)},
		"no public key": {pem: "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 1)
			api.answer = func() reply { return reply{status: 200, body: trade(nil), by: k.certificate, serial: "0A1B2C3D4E"} }
			g := gateway(t, Config{
				BaseURL: serve(t, api.ServeHTTP), PlatformCertificates: true,
				CertificatesFailed: func(err error) {
					select {
					case told <- err:
					default: // the attempts go on while the test is slow, and Stop waits for this to return
					}
				},
			})
			select {
			case err := <-told:
				if strings.Contains(err.Error(), testAPIv3) || strings.Contains(err.Error(), "Header") {
					t.Errorf("the error tells too much: %v", err)
				}
			case <-time.After(time.Minute):
				t.Fatal("the failure was not told")
			}
			_, err := g.Query(t.Context(), payment())
			wantFailure(t, err, pos.Unknown)
		})
	}
}

// silence is a platform that never answers. It hands out, for each request, the channel on which it tells how it ended.
type silence chan (chan error)

func (s silence) RoundTrip(r *http.Request) (*http.Response, error) {
	ended := make(chan error, 1)
	s <- ended
	<-r.Context().Done()
	ended <- r.Context().Err()
	return nil, r.Context().Err()
}

func TestStopEndsTheDownload(t *testing.T) {
	asked := make(silence)
	cfg := papers(Config{Transport: asked, PlatformCertificates: true, CertificatesFailed: func(err error) { t.Errorf("told %v", err) }})
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := <-asked
	g.Stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the download ended with %v", err)
	}
}

func TestNormalSerial(t *testing.T) {
	for in, want := range map[string]string{"a1b2c": "0A1B2C", " 0A:1B:2C ": "0A1B2C", "7F": "7F"} {
		if got, err := normalSerial(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
