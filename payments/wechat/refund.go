package wechat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
)

const refundPath = "/v3/refund/domestic/refunds"

// maxReason is how many bytes of a reason WeChat Pay takes.
const maxReason = 80

// RefundLimits are those of WeChat Pay's refund API: within 365 days, 50 for one payment, a minute apart.
func (g *Gateway) RefundLimits() pos.RefundLimits {
	return pos.RefundLimits{Within: 365 * 24 * time.Hour, Count: 50, Apart: time.Minute}
}

// Refund asks for a refund. WeChat Pay only answers that it is accepted; repeating the same number is safe.
func (g *Gateway) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	if err := g.ours(p); err != nil {
		return pos.RefundEvidence{}, err
	}
	request := refunddomestic.CreateRequest{
		OutTradeNo:  core.String(p.OutTradeNo),
		OutRefundNo: core.String(r.OutRefundNo),
		Amount: &refunddomestic.AmountReq{
			Refund: core.Int64(int64(r.Amount)), Total: core.Int64(int64(p.Amount)), Currency: core.String(pos.CNY),
		},
	}
	if g.cfg.NotifyURL != noNotifyURL {
		request.NotifyUrl = core.String(g.cfg.NotifyURL)
	}
	if reason := wire.Cut(plain(r.Reason), maxReason); reason != "" {
		request.Reason = core.String(reason)
	}
	body, err := g.call(ctx, http.MethodPost, refundPath, request)
	if err != nil {
		return pos.RefundEvidence{}, err
	}
	return g.refundAnswer(body, p, r)
}

// QueryRefund asks for a refund by our number.
func (g *Gateway) QueryRefund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	if err := g.ours(p); err != nil {
		return pos.RefundEvidence{}, err
	}
	body, err := g.call(ctx, http.MethodGet, refundPath+"/"+url.PathEscape(r.OutRefundNo), nil)
	if saysSigned(err, codesNoRefund) {
		return pos.RefundEvidence{
			Wallet: pos.WeChat, OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount,
		}, nil
	}
	if err != nil {
		return pos.RefundEvidence{}, err
	}
	return g.refundAnswer(body, p, r)
}

// refundAnswer translates a verified answer and refuses one about another refund.
func (g *Gateway) refundAnswer(body []byte, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	e, err := g.refundEvidence(body)
	if err == nil && (e.OutTradeNo != p.OutTradeNo || e.OutRefundNo != r.OutRefundNo) {
		err = errors.New("the answer is about another refund")
	}
	if err != nil {
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", err)
	}
	return e, nil
}

// refund is what is needed of a refund. Answers say status, notifications refund_status and mchid.
type refund struct {
	MchID        string `json:"mchid"`
	OutTradeNo   string `json:"out_trade_no"`
	OutRefundNo  string `json:"out_refund_no"`
	RefundID     string `json:"refund_id"`
	Status       string `json:"status"`
	RefundStatus string `json:"refund_status"`
	SuccessTime  string `json:"success_time"`
	Amount       *struct {
		Refund   *int64 `json:"refund"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

// refundEvidence translates a verified refund, from an answer or a notification.
func (g *Gateway) refundEvidence(body []byte) (pos.RefundEvidence, error) {
	var r refund
	if err := wire.Decode(body, &r); err != nil {
		return pos.RefundEvidence{}, err
	}
	switch {
	case r.Status != "" && r.RefundStatus != "":
		return pos.RefundEvidence{}, errors.New("a refund with two states")
	case r.MchID != "" && r.MchID != g.cfg.MchID:
		return pos.RefundEvidence{}, errors.New("a refund of another merchant")
	case r.OutTradeNo == "" || r.OutRefundNo == "" || r.RefundID == "":
		return pos.RefundEvidence{}, errors.New("a refund without its numbers")
	case r.Amount == nil || r.Amount.Refund == nil || *r.Amount.Refund <= 0:
		return pos.RefundEvidence{}, errors.New("a refund without its amount")
	case r.Amount.Currency != "" && r.Amount.Currency != pos.CNY:
		return pos.RefundEvidence{}, errors.New("a refund in another currency")
	}
	e := pos.RefundEvidence{
		Wallet: pos.WeChat, OutTradeNo: r.OutTradeNo, OutRefundNo: r.OutRefundNo, RefundID: r.RefundID,
		Amount: pos.Fen(*r.Amount.Refund), Raw: mask(body),
	}
	var err error
	if e.State, err = refundState(r.Status + r.RefundStatus); err != nil || e.State != pos.RefundSucceeded {
		return e, err
	}
	e.At, err = g.time(r.SuccessTime)
	return e, err
}

func refundState(s string) (pos.RefundState, error) {
	switch s {
	case "SUCCESS":
		return pos.RefundSucceeded, nil
	case "PROCESSING":
		return pos.RefundProcessing, nil
	case "ABNORMAL":
		return pos.RefundAbnormal, nil
	case "CLOSED":
		return pos.RefundFailed, nil
	}
	return "", fmt.Errorf("the refund state %q is not known", wire.Clean(s))
}
