package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
)

// What the platform's codes mean. The lists hold v3's codes and the ones older material names, so that
// either answer is safe.
var (
	codesPaid       = []string{"ORDERPAID", "ORDER_PAID"}
	codesNoOrder    = []string{"ORDER_NOT_EXIST", "ORDERNOTEXIST"}
	codesNoRefund   = []string{"RESOURCE_NOT_EXISTS", "REFUNDNOTEXIST"}
	codesClosed     = []string{"ORDER_CLOSED", "ORDERCLOSED"}
	codesRate       = []string{"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "RULE_LIMIT"}
	codesPapers     = []string{"SIGN_ERROR", "NO_AUTH", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "MCHID_NOT_EXIST"}
	codesIndefinite = []string{
		"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "USER_PAYING", "USERPAYING",
		"OUT_TRADE_NO_USED", // an order of that number exists: nothing was refused for good
	}
)

// refusal is an answer outside 2xx. Its code proves something only if it is signed.
type refusal struct {
	status  int
	signed  bool
	code    string
	message string
}

// saysSigned reports whether err is a signed refusal with one of codes.
func saysSigned(err error, codes []string) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.signed && r.status/100 == 4 && slices.Contains(codes, r.code)
}

func (r *refusal) Error() string {
	if !r.signed {
		return fmt.Sprintf("HTTP %d, unsigned", r.status)
	}
	return fmt.Sprintf("HTTP %d %s", r.status, r.message)
}

// failure says what the answer proves.
func (r *refusal) failure() pos.Failure {
	switch {
	case r.status == http.StatusTooManyRequests, slices.Contains(codesRate, r.code):
		return pos.RateLimited
	case r.status >= http.StatusInternalServerError:
		return pos.Unknown
	case r.status == http.StatusUnauthorized, slices.Contains(codesPapers, r.code):
		return pos.Misconfigured
	case !r.signed, r.status < http.StatusBadRequest, r.code == "", slices.Contains(codesIndefinite, r.code):
		return pos.Unknown
	case slices.Contains(codesPaid, r.code):
		return pos.AlreadyPaid
	}
	return pos.Refused
}

// call asks the platform and returns the verified body of a 2xx answer. Its error is a *pos.GatewayError.
func (g *Gateway) call(ctx context.Context, method, path string, request any) ([]byte, error) {
	result, err := g.request(ctx, method, path, request)
	if apiErr, ok := errors.AsType[*core.APIError](err); ok {
		r := g.refused(ctx, apiErr)
		return nil, g.fail(r.failure(), r.code, r)
	}
	if err != nil {
		return nil, g.fail(pos.Unknown, "", err)
	}
	body, err := io.ReadAll(result.Response.Body) // the validator left it in memory
	if err != nil {
		return nil, g.fail(pos.Unknown, "", err)
	}
	return body, nil
}

// request sends one request through the SDK, which signs it and verifies a 2xx answer.
func (g *Gateway) request(ctx context.Context, method, path string, request any) (*core.APIResult, error) {
	if method == http.MethodGet {
		return g.client.Get(ctx, ProductionURL+path)
	}
	return g.client.Post(ctx, ProductionURL+path, request)
}

// refused verifies an answer outside 2xx: the SDK hands it over without having looked at its signature.
func (g *Gateway) refused(ctx context.Context, e *core.APIError) *refusal {
	r := &refusal{status: e.StatusCode}
	r.signed = g.validator.Validate(ctx, &http.Response{
		Header: e.Header, Body: io.NopCloser(bytes.NewReader([]byte(e.Body))),
	}) == nil
	var body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	if wire.Decode([]byte(e.Body), &body) == nil {
		r.code, r.message = wire.Clean(body.Code), wire.Clean(body.Message)
	}
	return r
}

func (g *Gateway) fail(f pos.Failure, code string, err error) error {
	return &pos.GatewayError{Wallet: pos.WeChat, Failure: f, Code: code, Err: err}
}

// ours refuses to ask about a payment of another merchant: the platform would truthfully, and
// misleadingly, know no such order.
func (g *Gateway) ours(p *pos.Payment) error {
	if p.Account.MerchantID != g.cfg.MchID {
		return g.fail(pos.Misconfigured, "", fmt.Errorf("payment %s belongs to mchid %s, not %s", p.OutTradeNo, p.Account.MerchantID, g.cfg.MchID))
	}
	return nil
}
