package wechat

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// Why DownloadCertificates has nothing to show for an answer. Its errors wrap one of these.
var (
	// ErrSealed: the APIv3 key does not open what the platform sealed under it.
	ErrSealed = errors.New("the APIv3 key does not open the platform certificates")
	// ErrNoCertificates: the platform keeps none for this merchant, who has a public key only. It answers 404
	// RESOURCE_NOT_EXISTS to merchants of November 2024 and later (github.com/binarywang/WxJava/issues/3412).
	ErrNoCertificates = errors.New("the platform has no certificates for this merchant")
)

// DownloadCertificates fetches the platform certificates once, in public-key mode as well: who opens them has the
// APIv3 key right. Opening them is their only proof, so nothing else is to be trusted by the answer. The error is a
// *pos.GatewayError.
func DownloadCertificates(ctx context.Context, cfg Config) ([]*x509.Certificate, error) {
	fail := func(f pos.Failure, code string, err error) error {
		return &pos.GatewayError{Wallet: pos.WeChat, Failure: f, Code: code, Err: err}
	}
	base, err := cfg.check()
	if err != nil {
		return nil, fail(pos.Misconfigured, "", err)
	}
	client, err := core.NewClient(ctx, option.WithMerchantCredential(cfg.MchID, cfg.MerchantSerial, cfg.MerchantKey),
		option.WithoutValidator(), option.WithHTTPClient(newHTTPClient(base, cfg.Transport, wire.MaxAnswer, &wire.Clock{}, newSigning(&cfg))))
	if err != nil {
		return nil, fail(pos.Misconfigured, "", err)
	}
	return fetchCertificates(ctx, client, cfg.APIv3Key, nil)
}

// fetchCertificates asks for the platform certificates through a client that verifies nothing. check, if set, sees
// the answer before it is opened. The error is a *pos.GatewayError.
func fetchCertificates(ctx context.Context, client *core.Client, apiV3Key string, check func(context.Context, *http.Response) error) ([]*x509.Certificate, error) {
	fail := func(f pos.Failure, code string, err error) error {
		return &pos.GatewayError{Wallet: pos.WeChat, Failure: f, Code: code, Err: err}
	}
	result, err := client.Get(ctx, ProductionURL+"/v3/certificates")
	if e, ok := errors.AsType[*core.APIError](err); ok { // its text dumps the headers
		r := &refusal{status: e.StatusCode, code: wire.Clean(e.Code), message: wire.Clean(e.Message)}
		if r.status == http.StatusNotFound {
			return nil, fail(pos.Refused, r.code, ErrNoCertificates)
		}
		return nil, fail(r.failure(), r.code, r)
	}
	if err != nil {
		return nil, fail(pos.Unknown, "", err)
	}
	defer result.Response.Body.Close()
	if check != nil {
		if err := check(ctx, result.Response); err != nil {
			return nil, fail(pos.Unknown, "", err)
		}
	}
	body, err := io.ReadAll(result.Response.Body)
	if err != nil {
		return nil, fail(pos.Unknown, "", err)
	}
	list, err := openCertificates(body, apiV3Key)
	if err != nil {
		return nil, fail(pos.Unknown, "", err)
	}
	return list, nil
}

// openCertificates decrypts the answer of /v3/certificates. The nonce is looked at here: the cipher panics on one
// that is not 12 bytes long.
func openCertificates(body []byte, apiV3Key string) (list []*x509.Certificate, err error) {
	var answer struct {
		Data []struct {
			Encrypted struct {
				AssociatedData string `json:"associated_data"`
				Nonce          string `json:"nonce"`
				Ciphertext     string `json:"ciphertext"`
			} `json:"encrypt_certificate"`
		} `json:"data"`
	}
	if err := wire.Decode(body, &answer); err != nil {
		return nil, err
	}
	for _, d := range answer.Data {
		c := d.Encrypted
		if len(c.Nonce) != 12 {
			return nil, fmt.Errorf("a nonce of %d bytes", len(c.Nonce))
		}
		text, err := utils.DecryptAES256GCM(apiV3Key, c.AssociatedData, c.Nonce, c.Ciphertext)
		if err != nil {
			return nil, ErrSealed
		}
		cert, err := utils.LoadCertificate(text)
		if err != nil {
			return nil, errors.New("what opened is no certificate")
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return nil, ErrNoCertificates
	}
	return list, nil
}
