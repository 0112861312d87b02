package alipay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"saoma/payments/internal/wire"
	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// What sub_code means. The lists hold what documents and answers show, so that either spelling is safe.
var (
	codesNone = []string{"ACQ.TRADE_NOT_EXIST"}
	codesPaid = []string{"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_FINISHED"}
	// A close of a trade that cannot be closed: closed already, or paid. The query after it tells which.
	codesNotOpen    = []string{"ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"}
	codesIndefinite = []string{
		"ACQ.SYSTEM_ERROR", "AOP.ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error",
		"ACQ.CONTEXT_INCONSISTENT", // a trade of that number exists: nothing was refused for good
	}
	// Papers the platform does not accept, however the code is signed.
	prefixesPapers = []string{
		"isv.invalid-signature", "isv.missing-signature", "isv.invalid-app-id", "isv.missing-app-id",
		"isv.insufficient-", "isv.invalid-auth-", "aop.invalid-auth-", "aop.invalid-app-auth-", "ACQ.ACCESS_FORBIDDEN",
		"isv.missing-app-cert-sn", "isv.missing-alipay-root-cert-sn", "isv.invalid-alipay-root-cert-sn", // certificate mode
		"isv.app-cert-", "app-cert-", "isv.unsupported-expired-app-key-sign",
	}
)

// answer is what every business answer begins with.
type answer struct {
	Code    string `json:"code"`
	Msg     string `json:"msg"`
	SubCode string `json:"sub_code"`
	SubMsg  string `json:"sub_msg"`
}

func (a answer) header() answer { return a }

// refusal is an answer whose code is not 10000.
type refusal struct {
	signed  bool
	code    string
	sub     string
	message string
}

func (r *refusal) Error() string {
	if !r.signed {
		return "the answer is unsigned: " + r.code + " " + r.sub
	}
	return strings.Join([]string{r.code, r.sub, r.message}, " ")
}

// failure says what the answer proves.
func (r *refusal) failure() pos.Failure {
	paper := func(prefix string) bool { return strings.HasPrefix(r.sub, prefix) }
	switch {
	case r.code == "40005", strings.Contains(r.sub, "call-limited"):
		return pos.RateLimited
	case r.code == "20001", r.code == "40006", slices.ContainsFunc(prefixesPapers, paper):
		return pos.Misconfigured
	case !r.signed, slices.Contains(codesIndefinite, r.sub):
		return pos.Unknown
	case slices.Contains(codesPaid, r.sub):
		return pos.AlreadyPaid
	case r.code == "40001", r.code == "40002", r.code == "40003", r.code == "40004" && r.sub != "":
		return pos.Refused
	}
	return pos.Unknown // 20000, 10003 where it makes no sense, and what is not documented
}

// saysSigned reports whether err is a signed refusal with one of codes.
func saysSigned(err error, codes []string) bool {
	r, ok := errors.AsType[*refusal](err)
	return ok && r.signed && r.code == "40004" && slices.Contains(codes, r.sub)
}

// call asks the platform and decodes the verified business answer into v; it returns its text, too. The
// SDK's own types are not used for answers: they fail on a paid trade over a field nobody needs. The
// error is a *pos.GatewayError.
func (g *Gateway) call(ctx context.Context, param sdk.Param, v interface{ header() answer }) ([]byte, error) {
	var text json.RawMessage
	if err := g.client.Request(ctx, param, &text); err != nil {
		return nil, g.failed(err)
	}
	g.other.Store(false)
	if err := wire.Decode(text, v); err != nil {
		return nil, g.fail(pos.Unknown, "", err)
	}
	if a := v.header(); a.Code != string(sdk.CodeSuccess) {
		r := &refusal{signed: true, code: wire.Clean(a.Code), sub: wire.Clean(a.SubCode), message: wire.Clean(a.SubMsg)}
		return nil, g.fail(r.failure(), r.sub, r)
	}
	return text, nil
}

// failed classifies what the SDK returns as an error. An *sdk.Error is an answer nobody signed: it may
// say 10000, and it may be a nil pointer whose methods panic.
func (g *Gateway) failed(err error) error {
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		if e == nil {
			return g.fail(pos.Unknown, "", errors.New("the answer is unsigned and empty"))
		}
		r := &refusal{code: wire.Clean(string(e.Code)), sub: wire.Clean(e.SubCode)}
		return g.fail(r.failure(), r.sub, r)
	}
	if s, ok := errors.AsType[statusError](err); ok {
		if s == http.StatusTooManyRequests {
			return g.fail(pos.RateLimited, "", s)
		}
		return g.fail(pos.Unknown, "", s)
	}
	if errors.Is(err, sdk.ErrAliPublicKeyNotFound) {
		return g.otherCertificate()
	}
	return g.fail(pos.Unknown, "", err)
}

// otherCertificate is an answer under a certificate that is not loaded. It proves nothing, for it is not verified;
// but where it goes on, Alipay has replaced its certificate, and the shop has to change its papers.
func (g *Gateway) otherCertificate() error {
	if g.certSN == "" {
		return g.fail(pos.Unknown, "", errors.New("the answer names a certificate, but the counter has a public key of Alipay"))
	}
	g.other.Store(true)
	return g.fail(pos.Misconfigured, "", replaced())
}

func replaced() *pos.Error {
	return pos.Errorf(pos.Setup, "Alipay signs with another certificate than the counter has; download alipayCertPublicKey_RSA2.crt anew from the open platform.")
}

func (g *Gateway) fail(f pos.Failure, code string, err error) error {
	return &pos.GatewayError{Wallet: pos.Alipay, Failure: f, Code: code, Err: err}
}

// ours refuses to ask about a payment of another account: the platform would truthfully, and
// misleadingly, know no such trade; and an answer's account is only known from who asked.
func (g *Gateway) ours(p *pos.Payment) error {
	if p.Account != g.Account() {
		return g.fail(pos.Misconfigured, "", fmt.Errorf("payment %s belongs to another account", p.OutTradeNo))
	}
	return nil
}
