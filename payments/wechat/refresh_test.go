package wechat

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saoma/pos"
)

// inside is a platform without a network, so that time can be a test's. It counts the downloads of certificates.
type inside struct {
	mu        sync.Mutex // guards api
	api       *certificatesAPI
	downloads atomic.Int64
}

// becomes changes the platform.
func (p *inside) becomes(change func(*certificatesAPI)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.api)
}

func (p *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v3/certificates" {
		p.downloads.Add(1)
	}
	w := httptest.NewRecorder()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.api.ServeHTTP(w, r)
	return w.Result(), nil
}

// notified is a genuine notification of a payment.
func notified(g *Gateway, c *certificatesAPI) error {
	body := words(map[string]any{
		"id": "1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "resource": seal(trade(nil), "twelve-chars"),
	}, nil)
	_, err := g.Notification(context.Background(), signedHeader(c.key, c.serial, time.Now(), body), []byte(body))
	return err
}

// forged is one notification under a serial that nobody has.
func forged(t *testing.T, g *Gateway) {
	t.Helper()
	serial := make([]byte, 20)
	rand.Read(serial)
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	h.Set("Wechatpay-Nonce", "nonce")
	h.Set("Wechatpay-Serial", fmt.Sprintf("%X", serial))
	h.Set("Wechatpay-Signature", "AAAA")
	if _, err := g.Notification(t.Context(), h, []byte("{}")); !errors.Is(err, ErrSignature) {
		t.Fatalf("a forged notification: %v", err)
	}
}

// An unknown serial makes the counter fetch certificates, but a flood of forged ones no more than once a minute.
func TestUnknownSerialsRefreshOnceAMinute(t *testing.T) {
	k := keys()
	old := &certificatesAPI{pem: certificatePEM(t, k.certificate, leadingZero), serial: "0A1B2C3D4E", key: k.certificate}
	fresh := &certificatesAPI{pem: certificatePEM(t, k.platform, big.NewInt(0x7F01020304)), serial: "7F01020304", key: k.platform}
	synctest.Test(t, func(t *testing.T) {
		now := *old
		p := &inside{api: &now}
		g := gatewayOver(t, p)
		defer g.Stop()
		synctest.Wait()
		if err := notified(g, old); err != nil || p.downloads.Load() != 1 {
			t.Fatalf("at the start: %v, %d downloads", err, p.downloads.Load())
		}
		const minutes = 30
		for range minutes * 60 {
			for range 20 {
				forged(t, g)
			}
			time.Sleep(time.Second)
		}
		if n := p.downloads.Load(); n > 1+minutes || n < minutes/2 {
			t.Errorf("%d downloads in %d minutes of %d forged notifications", n, minutes, minutes*60*20)
		}

		// The platform changes its certificate; nobody has told the counter.
		time.Sleep(5 * time.Minute)
		before := p.downloads.Load()
		p.becomes(func(a *certificatesAPI) { *a = *fresh })
		if err := notified(g, fresh); !errors.Is(err, ErrSignature) {
			t.Errorf("the new certificate is known before it was fetched: %v", err)
		}
		synctest.Wait()
		if err := notified(g, fresh); err != nil || p.downloads.Load() != before+1 {
			t.Errorf("a minute after the last download: %v, %d downloads", err, p.downloads.Load()-before)
		}
		if err := notified(g, old); !errors.Is(err, ErrSignature) {
			t.Errorf("the platform's old certificate still verifies: %v", err)
		}
	})
}

// Certificates are fetched twice a day; a failure is told, shown, and tried again, and what is there stays in use.
func TestRefreshOnSchedule(t *testing.T) {
	k := keys()
	api := &certificatesAPI{pem: certificatePEM(t, k.certificate, leadingZero), serial: "0A1B2C3D4E", key: k.certificate}
	synctest.Test(t, func(t *testing.T) {
		p := &inside{api: api}
		var told atomic.Int64
		cfg := papers(Config{Transport: p, PlatformCertificates: true, CertificatesFailed: func(error) { told.Add(1) }})
		g, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Stop()
		time.Sleep(25 * time.Hour)
		if n := p.downloads.Load(); n != 3 || told.Load() != 0 || len(g.Papers()) != 0 {
			t.Errorf("%d downloads in 25 hours, %d failures, %v", n, told.Load(), g.Papers())
		}
		p.becomes(func(a *certificatesAPI) { a.status, a.body = http.StatusInternalServerError, "{}" })
		time.Sleep(12 * time.Hour)
		if n := p.downloads.Load() - 3; n < 10 || n > 30 || told.Load() != n { // the third was due after 36 hours
			t.Errorf("%d downloads in an hour of failures, %d told", n, told.Load())
		}
		wantFinding(t, g, "wechat_certificates", pos.Yellow)
		if err := notified(g, api); err != nil {
			t.Errorf("what was there before is not used: %v", err)
		}
		p.becomes(func(a *certificatesAPI) { a.status, a.body = 0, "" })
		time.Sleep(retryMost)
		wantFinding(t, g, "", "")
		if err := notified(g, api); err != nil {
			t.Error(err)
		}
	})
}

// A counter that has nothing to verify by says so.
func TestNothingToVerifyBy(t *testing.T) {
	api := &certificatesAPI{status: http.StatusInternalServerError, body: "{}"}
	synctest.Test(t, func(t *testing.T) {
		g := gatewayOver(t, &inside{api: api})
		defer g.Stop()
		synctest.Wait()
		wantFinding(t, g, "wechat_certificates", pos.Red)
	})
	none := &certificatesAPI{status: http.StatusNotFound, body: refusalBody("RESOURCE_NOT_EXISTS")}
	synctest.Test(t, func(t *testing.T) {
		cfg := papers(Config{PublicKeyID: testKeyID, PublicKey: &keys().platform.PublicKey, Transport: &inside{api: none}, PlatformCertificates: true})
		g, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Stop()
		synctest.Wait()
		wantFinding(t, g, "wechat_certificates", pos.Yellow)
		if says := g.Papers()[0].Says.Sentence(); !strings.Contains(says, "no platform certificates for this shop") {
			t.Error(says)
		}
	})
}

// Whoever signs the certificates themselves must be right where his key is known; new ones are vouched for by what
// they are sealed with.
func TestWhoVouchesForCertificates(t *testing.T) {
	k := keys()
	text := certificatePEM(t, k.certificate, leadingZero)
	for name, c := range map[string]struct {
		change func(*certificatesAPI)
		good   bool
	}{
		"the same":                    {func(*certificatesAPI) {}, true},
		"by the public key":           {func(a *certificatesAPI) { a.key, a.serial = k.platform, testKeyID }, true},
		"by a new one":                {func(a *certificatesAPI) { a.key, a.serial = k.stranger, "7F00" }, true},
		"by an unknown public key":    {func(a *certificatesAPI) { a.key, a.serial = k.stranger, "PUB_KEY_ID_9" }, true},
		"by a stranger, as the same":  {func(a *certificatesAPI) { a.key = k.stranger }, false},
		"by a stranger, as the key's": {func(a *certificatesAPI) { a.key, a.serial = k.stranger, testKeyID }, false},
		"by nobody":                   {func(a *certificatesAPI) { a.key = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &certificatesAPI{pem: text, serial: "0A1B2C3D4E", key: k.certificate}
				p := &inside{api: api}
				cfg := papers(Config{PublicKeyID: testKeyID, PublicKey: &k.platform.PublicKey, Transport: p, PlatformCertificates: true})
				g, err := New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer g.Stop()
				synctest.Wait()
				p.becomes(c.change)
				time.Sleep(refreshEvery + time.Second)
				synctest.Wait()
				if got := len(g.Papers()) == 0; got != c.good {
					t.Errorf("taken: %t; %v", got, g.Papers())
				}
			})
		})
	}
}

// A key that the counter lacks is named once it signs answers, until one verifies again. Notifications say nothing:
// anybody can send one.
func TestAnUnknownKeyIsNamed(t *testing.T) {
	a := signedReply(200, trade(nil))
	g := gateway(t, Config{BaseURL: serve(t, func(w http.ResponseWriter, _ *http.Request) { a.write(w) })})
	forged(t, g)
	wantFinding(t, g, "", "")
	a.serial = "PUB_KEY_ID_NEW"
	_, err := g.Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
	wantFinding(t, g, "wechat_answer_key", pos.Red)
	if says := g.Papers()[0].Says.Sentence(); !strings.Contains(says, "PUB_KEY_ID_NEW") {
		t.Error(says)
	}
	a.serial = ""
	if _, err := g.Query(t.Context(), payment()); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, g, "", "")
}

// gatewayOver is a gateway in certificate mode over p. The caller stops it.
func gatewayOver(t *testing.T, p *inside) *Gateway {
	t.Helper()
	g, err := New(papers(Config{Transport: p, PlatformCertificates: true}))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wantFinding demands one finding, or none where check is empty.
func wantFinding(t *testing.T, g *Gateway, check string, level pos.Level) {
	t.Helper()
	switch all := g.Papers(); {
	case check == "" && len(all) == 0:
	case len(all) == 1 && all[0].Check == check && all[0].Level == level && all[0].Says != nil:
	default:
		t.Errorf("findings %+v; want %q %s", all, check, level)
	}
}
