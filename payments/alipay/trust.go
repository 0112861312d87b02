package alipay

import (
	"crypto"
	"crypto/rsa"
	"net/url"
	"time"

	sdk "github.com/smartwalle/alipay/v3"
	"github.com/smartwalle/nsign"
)

// publicKeyName is under which the SDK looks for a key where nothing names a certificate.
const publicKeyName = "alipay-public-key"

// trust verifies by the key in force and, until its day, by the one before it: while Alipay's key is being replaced,
// some messages are still signed by the old one.
type trust struct {
	current, previous sdk.Verifier // previous may be nil
	until             time.Time    // of previous; zero: without an end
	now               func() time.Time
}

var _ sdk.Verifier = trust{}

func newTrust(current, previous *rsa.PublicKey, until time.Time, now func() time.Time) trust {
	t := trust{current: verifierOf(current), until: until, now: now}
	if previous != nil {
		t.previous = verifierOf(previous)
	}
	return t
}

func verifierOf(key *rsa.PublicKey) sdk.Verifier {
	return nsign.New(nsign.WithMethod(nsign.NewRSAMethod(crypto.SHA256, nil, key)), nsign.WithEncoder(sdk.Encoder{}))
}

// VerifyValues verifies a form.
func (t trust) VerifyValues(values url.Values, signature []byte, opts ...nsign.SignOption) error {
	return t.either(func(v sdk.Verifier) error { return v.VerifyValues(values, signature, opts...) })
}

// VerifyBytes verifies a text.
func (t trust) VerifyBytes(data, signature []byte, opts ...nsign.SignOption) error {
	return t.either(func(v sdk.Verifier) error { return v.VerifyBytes(data, signature, opts...) })
}

func (t trust) either(verify func(sdk.Verifier) error) error {
	err := verify(t.current)
	if err != nil && t.previous != nil && (t.until.IsZero() || t.now().Before(t.until)) {
		return verify(t.previous)
	}
	return err
}
