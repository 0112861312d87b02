package wechat

import (
	"bytes"
	"crypto/rsa"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"saoma/payments/internal/wire"

	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/credentials"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/signers"
)

// rememberFor is how long the previous merchant certificate is tried first once only it was accepted.
const rememberFor = 10 * time.Minute

// signing signs requests anew where the platform does not accept the merchant's certificate: while a new one is not
// effective yet, the one before it is used, and the other way round where that has been revoked. The same request is
// sent again, so it must be one that can be: all of ours are, by their number.
type signing struct {
	serial            string // of current, for a person
	current, previous auth.Credential
	until             time.Time // of previous; zero: without an end
	now               func() time.Time
	preferOld         atomic.Int64 // until this time, in Unix ms, the previous one is tried first
}

// newSigning is nil where there is no previous certificate.
func newSigning(cfg *Config) *signing {
	p := &cfg.Previous
	if p.MerchantKey == nil {
		return nil
	}
	credential := func(serial string, key *rsa.PrivateKey) auth.Credential {
		return &credentials.WechatPayCredentials{Signer: &signers.SHA256WithRSASigner{
			MchID: cfg.MchID, CertificateSerialNo: serial, PrivateKey: key,
		}}
	}
	return &signing{
		serial: cfg.MerchantSerial, current: credential(cfg.MerchantSerial, cfg.MerchantKey),
		previous: credential(p.MerchantSerial, p.MerchantKey), until: p.Until, now: cfg.Now,
	}
}

// over lets next send what is signed, by either certificate. It may be called on nil.
func (s *signing) over(next http.RoundTripper) http.RoundTripper {
	if s == nil {
		return next
	}
	return &resigner{next, s}
}

// old reports whether the previous certificate is the one that works. It may be called on nil.
func (s *signing) old() bool {
	return s != nil && lasts(s.until, s.now()) && s.now().UnixMilli() < s.preferOld.Load()
}

type resigner struct {
	next http.RoundTripper
	*signing
}

func (t *resigner) RoundTrip(r *http.Request) (*http.Response, error) {
	if !lasts(t.until, t.now()) || r.Body != nil && r.GetBody == nil {
		return t.next.RoundTrip(r)
	}
	first, second := t.current, t.previous
	if t.old() {
		first, second = second, first
	}
	resp, err := t.send(r, first)
	if err != nil || !refusesSignature(resp) {
		return resp, err
	}
	again, err := t.send(r, second)
	if err != nil || refusesSignature(again) {
		if err == nil {
			again.Body.Close()
		}
		return resp, err // refused both ways, or the second may have had its effect
	}
	resp.Body.Close()
	if again.StatusCode < http.StatusInternalServerError {
		t.prefer(second)
	}
	return again, nil
}

func (t *resigner) prefer(c auth.Credential) {
	if c == t.previous {
		t.preferOld.Store(t.now().Add(rememberFor).UnixMilli())
	} else {
		t.preferOld.Store(0)
	}
}

// send sends a copy of r signed by c. The SDK has signed r already, by the current certificate.
func (t *resigner) send(r *http.Request, c auth.Credential) (*http.Response, error) {
	var body []byte
	out := r.Clone(r.Context())
	if r.GetBody != nil {
		reader, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(reader); err != nil {
			return nil, err
		}
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	header, err := c.GenerateAuthorizationHeader(r.Context(), r.Method, r.URL.RequestURI(), string(body))
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", header)
	return t.next.RoundTrip(out)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t *resigner) CloseIdleConnections() { (&http.Client{Transport: t.next}).CloseIdleConnections() }

// refusesSignature reports whether an answer is 401 SIGN_ERROR, which WeChat Pay says of a certificate that it does
// not know, too. It leaves the answer readable.
func refusesSignature(resp *http.Response) bool {
	if resp.StatusCode != http.StatusUnauthorized {
		return false
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	var e struct {
		Code string `json:"code"`
	}
	return err == nil && wire.Decode(body, &e) == nil && e.Code == "SIGN_ERROR"
}

// failing ends a body as it ended the first time.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
