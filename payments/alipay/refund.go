package alipay

import (
	"context"
	"errors"

	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// RefundLimits are none: until when a payment may be refunded is in each merchant's own contract, and no
// figure is published for the rest.
func (g *Gateway) RefundLimits() pos.RefundLimits { return pos.RefundLimits{} }

// Refund asks for a refund under r's own out_request_no. Repeating it is safe: the platform then says
// that no money moved (fund_change=N), and the query tells what the refund came to. Where it came to
// nothing yet, the outcome is unknown, and the repetition is what tries again.
func (g *Gateway) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	if err := g.ours(p); err != nil {
		return pos.RefundEvidence{}, err
	}
	var a struct {
		answer
		OutTradeNo string `json:"out_trade_no"`
		FundChange string `json:"fund_change"`
	}
	text, err := g.call(ctx, sdk.TradeRefund{
		OutTradeNo: p.OutTradeNo, RefundAmount: r.Amount.String(), RefundReason: r.Reason, OutRequestNo: r.OutRefundNo,
	}, &a)
	if err != nil {
		return pos.RefundEvidence{}, err
	}
	if a.OutTradeNo != p.OutTradeNo {
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", errors.New("the answer is about another order"))
	}
	if a.FundChange == "Y" {
		// refund_fee is the sum of the trade's refunds, so it says nothing of this one; fund_change does.
		return pos.RefundEvidence{
			Wallet: pos.Alipay, OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount,
			State: pos.RefundSucceeded, At: g.now(), Raw: maskJSON(text),
		}, nil
	}
	e, err := g.QueryRefund(ctx, p, r)
	if err != nil {
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", err)
	}
	if e.State == "" {
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", errors.New("the refund was taken but has not come to anything yet"))
	}
	return e, nil
}

// QueryRefund asks for a refund by our number. The platform leaves the state out while it knows no such
// refund, or none that succeeded: repeating Refund under the same number is then right.
func (g *Gateway) QueryRefund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	if err := g.ours(p); err != nil {
		return pos.RefundEvidence{}, err
	}
	var a struct {
		answer
		OutTradeNo   string `json:"out_trade_no"`
		OutRequestNo string `json:"out_request_no"`
		RefundAmount string `json:"refund_amount"`
		RefundStatus string `json:"refund_status"`
		RefundedAt   string `json:"gmt_refund_pay"`
	}
	none := pos.RefundEvidence{Wallet: pos.Alipay, OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount}
	text, err := g.call(ctx, sdk.TradeFastPayRefundQuery{
		OutTradeNo: p.OutTradeNo, OutRequestNo: r.OutRefundNo, QueryOptions: []string{"gmt_refund_pay"},
	}, &a)
	switch {
	case saysSigned(err, codesNone):
		return none, nil
	case err != nil:
		return pos.RefundEvidence{}, err
	case a.OutTradeNo != "" && a.OutTradeNo != p.OutTradeNo, a.OutRequestNo != "" && a.OutRequestNo != r.OutRefundNo:
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", errors.New("the answer is about another refund"))
	case a.RefundStatus == "":
		return none, nil
	case a.RefundStatus != "REFUND_SUCCESS", a.OutTradeNo == "" || a.OutRequestNo == "":
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", errors.New("a refund that is not as documented"))
	}
	e := none
	e.State, e.Raw = pos.RefundSucceeded, maskJSON(text)
	if e.Amount, err = yuan(a.RefundAmount); err == nil {
		e.At, err = g.time(a.RefundedAt)
	}
	if err != nil {
		return pos.RefundEvidence{}, g.fail(pos.Unknown, "", err)
	}
	return e, nil
}
