package wechat

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"saoma/payments/internal/wire"

	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
)

var errSerial = errors.New("no certificate and no public key of this serial is known")

// trust verifies by whichever key the serial names: the public key, the one before it until its day, or a platform
// certificate. While a merchant changes from one to another, WeChat Pay signs some messages with each. What is nil is
// not trusted.
type trust struct {
	current      *publicKey
	previous     *publicKey
	until        time.Time // of previous; zero: without an end
	certificates *certificates
	now          func() time.Time
}

var _ auth.Verifier = (*trust)(nil)

type publicKey struct {
	id       string
	verifier auth.Verifier
}

func newTrust(cfg *Config, certificates *certificates) *trust {
	t := &trust{until: cfg.Previous.Until, certificates: certificates, now: cfg.Now}
	if cfg.PublicKey != nil {
		t.current = &publicKey{cfg.PublicKeyID, verifiers.NewSHA256WithRSAPubkeyVerifier(cfg.PublicKeyID, *cfg.PublicKey)}
	}
	if p := &cfg.Previous; p.PublicKey != nil {
		t.previous = &publicKey{p.PublicKeyID, verifiers.NewSHA256WithRSAPubkeyVerifier(p.PublicKeyID, *p.PublicKey)}
	}
	return t
}

// Verify is errSerial, or an error that may quote the message, where the signature is not WeChat Pay's.
func (t *trust) Verify(ctx context.Context, serial, message, signature string) error {
	switch {
	case t.current != nil && serial == t.current.id:
		return t.current.verifier.Verify(ctx, serial, message, signature)
	case t.previous != nil && serial == t.previous.id && lasts(t.until, t.now()):
		return t.previous.verifier.Verify(ctx, serial, message, signature)
	case t.certificates == nil:
		return errSerial
	}
	if _, known := t.certificates.Get(ctx, serial); !known {
		return errSerial
	}
	return verifiers.NewSHA256WithRSAVerifier(t.certificates).Verify(ctx, serial, message, signature)
}

// knows reports whether there is a key of this serial. It asks for none.
func (t *trust) knows(serial string) bool {
	for _, key := range []*publicKey{t.current, t.previous} {
		if key != nil && key.id == serial {
			return true
		}
	}
	normal, err := normalSerial(serial)
	return err == nil && t.certificates != nil && t.certificates.lookUp(normal) != nil
}

// GetSerial is what requests ask answers to be signed with.
func (t *trust) GetSerial(ctx context.Context) (string, error) {
	switch {
	case t.current != nil:
		return t.current.id, nil
	case t.certificates != nil:
		return t.certificates.GetNewestSerial(ctx), nil
	}
	return t.previous.id, nil
}

// lasts reports whether what a rotation replaces is still used.
func lasts(until, now time.Time) bool { return until.IsZero() || now.Before(until) }

// answers is trust for answers. It remembers the serial of the last one that nothing here can verify: where that goes
// on, the shop lacks a key. Notifications are not remembered: anybody can send one.
type answers struct {
	*trust
	strange atomic.Pointer[string]
}

func (a *answers) Verify(ctx context.Context, serial, message, signature string) error {
	err := a.trust.Verify(ctx, serial, message, signature)
	switch {
	case err == nil:
		a.strange.Store(nil)
	case errors.Is(err, errSerial):
		serial = wire.Clean(serial)
		a.strange.Store(&serial)
	}
	return err
}
