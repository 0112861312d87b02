package alipay

import (
	"testing"

	"saoma/pos"
)

const (
	refundMethod = "alipay.trade.refund"
	queryMethod  = "alipay.trade.fastpay.refund.query"
)

func refundAnswer(fundChange string) string {
	return words(map[string]any{
		"code": "10000", "out_trade_no": payment().OutTradeNo, "trade_no": "1", "fund_change": fundChange,
		"refund_fee": "9.99", "buyer_user_id": testBuyerID, // refund_fee sums the trade's refunds
	}, nil)
}

func queryAnswer(changes map[string]any) string {
	p := payment()
	return words(map[string]any{
		"code": "10000", "out_trade_no": p.OutTradeNo, "out_request_no": refundOf(p).OutRefundNo, "refund_amount": "2.50",
		"refund_status": "REFUND_SUCCESS", "gmt_refund_pay": "2026-01-31 22:05:00", "total_amount": "12.50",
	}, changes)
}

func TestRefund(t *testing.T) {
	p := payment()
	for name, c := range map[string]struct {
		answer map[string]string
		asks   int
		want   pos.RefundState
	}{
		"money moved": {map[string]string{refundMethod: refundAnswer("Y")}, 1, pos.RefundSucceeded},
		"repeated":    {map[string]string{refundMethod: refundAnswer("N"), queryMethod: queryAnswer(nil)}, 2, pos.RefundSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			api := &platform{answer: c.answer}
			e, err := api.gateway(t).Refund(t.Context(), p, refundOf(p))
			if err != nil || e.State != c.want || e.Amount != 250 || e.OutRefundNo != refundOf(p).OutRefundNo || len(api.asked) != c.asks {
				t.Errorf("%+v, %v after %d requests", e, err, len(api.asked))
			}
			if biz := api.asked[0].biz; biz["out_request_no"] != refundOf(p).OutRefundNo || biz["refund_amount"] != "2.50" || biz["out_trade_no"] != p.OutTradeNo {
				t.Errorf("asked %v", biz)
			}
		})
	}
}

// Where no money moved and no refund is known, only a repetition helps: it must not look accepted.
func TestRefundThatCameToNothingIsUnknown(t *testing.T) {
	p := payment()
	for _, query := range []string{`{"code":"10000"}`, refusalWords("20000", "ACQ.SYSTEM_ERROR"), refusalWords("40004", "ACQ.INVALID_PARAMETER")} {
		api := &platform{answer: map[string]string{refundMethod: refundAnswer("N"), queryMethod: query}}
		_, err := api.gateway(t).Refund(t.Context(), p, refundOf(p))
		wantFailure(t, err, pos.Unknown)
	}
}

func TestRefundRefused(t *testing.T) {
	p := payment()
	for text, want := range map[string]pos.Failure{
		refusalWords("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH"):                   pos.Refused,
		refusalWords("40004", "ACQ.TRADE_NOT_EXIST"):                             pos.Refused,
		refusalWords("40004", "ACQ.SYSTEM_ERROR"):                                pos.Unknown,
		`{"code":"10000","out_trade_no":"A1","fund_change":"Y"}`:                 pos.Unknown,
		`{"code":"10000","fund_change":"Y"}`:                                     pos.Unknown,
		`{"code":10000,"out_trade_no":"` + p.OutTradeNo + `","fund_change":"Y"}`: pos.Unknown,
	} {
		_, err := always(t, text).Refund(t.Context(), p, refundOf(p))
		wantFailure(t, err, want)
	}
}

func TestQueryRefund(t *testing.T) {
	p := payment()
	e, err := always(t, queryAnswer(nil)).QueryRefund(t.Context(), p, refundOf(p))
	if err != nil || e.State != pos.RefundSucceeded || e.Amount != 250 || e.At.UTC().Hour() != 14 {
		t.Errorf("%+v, %v", e, err)
	}
	for _, text := range []string{
		queryAnswer(map[string]any{"refund_status": nil}), queryAnswer(map[string]any{"refund_status": ""}), `{"code":"10000"}`,
		refusalWords("40004", "ACQ.TRADE_NOT_EXIST"),
	} {
		e, err := always(t, text).QueryRefund(t.Context(), p, refundOf(p))
		if err != nil || e.State != "" || e.OutRefundNo != refundOf(p).OutRefundNo || e.OutTradeNo != p.OutTradeNo || e.Wallet != pos.Alipay {
			t.Errorf("%s: %+v, %v", text, e, err)
		}
	}
	for name, changes := range map[string]map[string]any{
		"other refund":   {"out_request_no": "R1"},
		"other order":    {"out_trade_no": "A1"},
		"no refund":      {"out_request_no": nil},
		"no order":       {"out_trade_no": nil},
		"other state":    {"refund_status": "REFUND_MAYBE"},
		"one decimal":    {"refund_amount": "2.5"},
		"no amount":      {"refund_amount": nil},
		"time with zone": {"gmt_refund_pay": "2026-01-31T22:05:00+08:00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := always(t, queryAnswer(changes)).QueryRefund(t.Context(), p, refundOf(p))
			wantFailure(t, err, pos.Unknown)
		})
	}
}
