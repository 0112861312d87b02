package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// Why a notification is refused. None of these errors carries any of the request.
var (
	// ErrProbe is a deliberately wrong signature by which WeChat Pay tests that we check: refuse it, but
	// raise no alarm.
	ErrProbe error = probeError{}
	// ErrStale is a timestamp more than five minutes off: a replay, or a wrong clock.
	ErrStale = errors.New("the timestamp is more than five minutes off")
	// ErrSignature is a signature that is missing, doubled or wrong.
	ErrSignature = errors.New("the signature is not WeChat Pay's")
	// ErrMalformed is a notification that is signed but not as documented.
	ErrMalformed = errors.New("the notification is not as documented")
)

// probeError says of itself that it is no cause for alarm, to whoever does not know this package.
type probeError struct{}

func (probeError) Error() string { return "a signature probe of WeChat Pay" }

// Probe is true.
func (probeError) Probe() bool { return true }

const (
	signatureType = "Wechatpay-Signature-Type" // may be left out
	signedWith    = "WECHATPAY2-SHA256-RSA2048"

	probePrefix = "WECHATPAY/SIGNTEST/"
	maxSkew     = 5 * time.Minute
	algorithm   = "AEAD_AES_256_GCM"
	nonceSize   = 12 // bytes; AES-GCM panics on any other
)

// envelope is a notification's signed body. Its resource is encrypted under the APIv3 key.
type envelope struct {
	EventType string `json:"event_type"`
	Resource  *struct {
		Algorithm      string `json:"algorithm"`
		Ciphertext     string `json:"ciphertext"`
		AssociatedData string `json:"associated_data"`
		Nonce          string `json:"nonce"`
	} `json:"resource"`
}

// Notification verifies one notification and translates it. It does not use the SDK's handler, which
// panics on signed but odd bodies, knows no replay and puts the whole request into its errors. Evidence
// of another merchant is passed on: the till raises it as an exception.
func (g *Gateway) Notification(ctx context.Context, header http.Header, body []byte) (n pos.Notice, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = pos.Notice{}, fmt.Errorf("%w: panic", ErrMalformed)
		}
	}()
	if err := g.verify(ctx, header, body); err != nil {
		return pos.Notice{}, err
	}
	var e envelope
	if err := wire.Decode(body, &e); err != nil {
		return pos.Notice{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	resource, err := g.open(e)
	if err != nil {
		return pos.Notice{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if n, err = g.notice(e.EventType, resource); err != nil {
		return pos.Notice{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return n, nil
}

// verify checks time and signature before anything of the body is looked at.
func (g *Gateway) verify(ctx context.Context, header http.Header, body []byte) error {
	var timestamp, nonce, signature, serial string
	for key, value := range map[string]*string{
		consts.WechatPayTimestamp: &timestamp, consts.WechatPayNonce: &nonce,
		consts.WechatPaySignature: &signature, consts.WechatPaySerial: &serial,
	} {
		values := header.Values(key)
		if len(values) != 1 || values[0] == "" {
			return ErrSignature
		}
		*value = values[0]
	}
	if kinds := header.Values(signatureType); len(kinds) > 1 || len(kinds) == 1 && kinds[0] != signedWith {
		return ErrSignature // one we would verify as another than it says it is
	}
	if strings.HasPrefix(signature, probePrefix) {
		return ErrProbe
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp {
		return ErrSignature
	}
	if age := g.now().Sub(time.Unix(seconds, 0)); age > maxSkew || age < -maxSkew {
		return ErrStale
	}
	if err := g.trust.Verify(ctx, serial, timestamp+"\n"+nonce+"\n"+string(body)+"\n", signature); err != nil {
		return ErrSignature // the SDK's text quotes the request's serial
	}
	return nil
}

// open decrypts the resource.
func (g *Gateway) open(e envelope) ([]byte, error) {
	switch {
	case e.Resource == nil:
		return nil, errors.New("no resource")
	case e.Resource.Algorithm != algorithm:
		return nil, errors.New("another algorithm")
	case len(e.Resource.Nonce) != nonceSize:
		return nil, errors.New("the nonce has not 12 bytes")
	}
	text, err := utils.DecryptAES256GCM(g.cfg.APIv3Key, e.Resource.AssociatedData, e.Resource.Nonce, e.Resource.Ciphertext)
	if err != nil {
		return nil, errors.New("the resource is not encrypted under our APIv3 key")
	}
	return []byte(text), nil
}

// notice translates a decrypted resource by the event it is about.
func (g *Gateway) notice(event string, resource []byte) (pos.Notice, error) {
	switch event {
	case "TRANSACTION.SUCCESS":
		t, err := readTransaction(resource)
		if err != nil {
			return pos.Notice{}, err
		}
		if t.TradeState != success { // REFUND, too: what was refunded is no news of a payment
			return pos.Notice{}, errors.New("a success that is none")
		}
		e, err := g.evidence(t)
		if err != nil {
			return pos.Notice{}, err
		}
		e.Source = pos.FromNotification
		return pos.Notice{Payment: &e}, nil
	case "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED":
		e, err := g.refundEvidence(resource)
		if err != nil {
			return pos.Notice{}, err
		}
		e.Source = pos.FromNotification
		return pos.Notice{Refund: &e}, nil
	}
	return pos.Notice{}, errors.New("an event we did not ask for")
}
