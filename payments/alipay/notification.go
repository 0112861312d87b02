package alipay

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/smartwalle/nsign"
)

// Why a notification is refused. None of these errors carries any of the request.
var (
	// ErrSignature is a signature that is missing or wrong.
	ErrSignature = errors.New("the signature is not Alipay's")
	// ErrCertificate is a notification that names another certificate than the one loaded.
	ErrCertificate = errors.New("the notification names another certificate of Alipay than the counter has")
	// ErrMalformed is a notification that is not as documented.
	ErrMalformed = errors.New("the notification is not as documented")
)

// Notification verifies one notification, a posted form, and translates it. Parameters of the address
// never join the signed set, because only the body is read. Evidence of another seller or application is
// passed on: the till raises it as an exception.
func (g *Gateway) Notification(ctx context.Context, header http.Header, body []byte) (n pos.Notice, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = pos.Notice{}, fmt.Errorf("%w: panic", ErrMalformed)
		}
	}()
	form, err := readForm(header, body)
	if err != nil {
		return pos.Notice{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := g.verify(ctx, form); err != nil {
		return pos.Notice{}, err
	}
	e, err := g.evidence(trade{
		OutTradeNo: form.Get("out_trade_no"), TradeNo: form.Get("trade_no"), TradeStatus: form.Get("trade_status"),
		TotalAmount: form.Get("total_amount"), Currency: form.Get("trans_currency"), PaidAt: form.Get("gmt_payment"),
	})
	if err != nil {
		return pos.Notice{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if e.OutTradeNo == "" || form.Get("app_id") == "" || form.Get("seller_id") == "" {
		return pos.Notice{}, fmt.Errorf("%w: it names no order, application or seller", ErrMalformed)
	}
	e.Account = pos.Account{MerchantID: form.Get("seller_id"), AppID: form.Get("app_id")}
	e.Source, e.Raw = pos.FromNotification, maskForm(form)
	return pos.Notice{Payment: &e}, nil
}

// verify checks the signature by the one certificate, or key, that is loaded. Documents show no alipay_cert_sn in a
// notification; the SDK reads one, and leaves it out of what is signed. Where there is one it must be the one
// loaded, and it may be signed or not: either way the key is the same.
func (g *Gateway) verify(ctx context.Context, form url.Values) error {
	const certSN = "alipay_cert_sn"
	switch {
	case g.certSN == "":
		form.Del(certSN) // public-key mode: there is one key, and this would make the SDK look for another
	case form.Has(certSN) && form.Get(certSN) != g.certSN:
		return ErrCertificate
	}
	if _, err := g.client.DecodeNotification(ctx, form); err == nil {
		return nil
	}
	signature, err := base64.StdEncoding.DecodeString(form.Get("sign"))
	if err != nil || !form.Has(certSN) || g.trust.VerifyValues(form, signature, nsign.WithIgnore("sign", "sign_type")) != nil {
		return ErrSignature
	}
	return nil
}

// readForm parses the body and refuses what could be read in two ways.
func readForm(header http.Header, body []byte) (url.Values, error) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, errors.New("not a form")
	}
	if c := params["charset"]; c != "" && !strings.EqualFold(c, "utf-8") {
		return nil, errors.New("another charset")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errors.New("a broken form")
	}
	for name, values := range form {
		switch {
		case len(values) != 1:
			return nil, errors.New("a parameter comes twice")
		case !utf8.ValidString(name) || !utf8.ValidString(values[0]):
			return nil, errors.New("not UTF-8")
		}
	}
	switch {
	case form.Get("sign_type") != "RSA2":
		return nil, errors.New("another sign_type than RSA2")
	case !strings.EqualFold(form.Get("charset"), "utf-8"):
		return nil, errors.New("another charset than utf-8")
	case form.Get("sign") == "":
		return nil, errors.New("no signature")
	}
	return form, nil
}

// maskForm returns the notification for the payment log, without anything that names the buyer, the
// shop's own words and the signature.
func maskForm(form url.Values) []byte {
	fields := make(map[string]string, len(form))
	for k := range form {
		switch {
		case k == "sign", shopsWords(k):
		case namesBuyer(k):
			fields[k] = wire.Masked
		default:
			fields[k] = form.Get(k)
		}
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return out
}
