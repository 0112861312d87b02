package sandbox

import "net/url"

type aliRefunded struct {
	aliOK
	TradeNo      string    `json:"trade_no"`
	OutTradeNo   string    `json:"out_trade_no"`
	BuyerLogonID string    `json:"buyer_logon_id"`
	BuyerUserID  string    `json:"buyer_user_id"`
	FundChange   string    `json:"fund_change"`
	RefundFee    string    `json:"refund_fee"` // all refunds of the trade so far
	SendBackFee  string    `json:"send_back_fee"`
	Details      []aliFund `json:"refund_detail_item_list,omitempty"`
	GmtRefundPay string    `json:"gmt_refund_pay,omitempty"`
}

// alipayRefund gives money back at once. The same out_request_no again changes nothing and says so: fund_change N.
func (s *Sandbox) alipayRefund(c *call, _ url.Values, b *biz) (any, *aliError) {
	t, fail := s.alipayFind(b)
	if fail != nil {
		return nil, fail
	}
	now := s.now()
	r := &back{
		OutRefundNo: b.text("out_request_no", false, 64), Amount: b.fen("refund_amount"),
		Reason: b.text("refund_reason", false, 256), State: refundSuccess, Created: now, Done: now,
	}
	if b.fail != nil {
		return nil, b.fail
	}
	if r.OutRefundNo == "" { // then it is all or nothing
		if r.Amount != t.Amount {
			return nil, business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "撤销或退款金额与订单金额不一致")
		}
		r.OutRefundNo = t.OutTradeNo
	}
	known := t.refund(r.OutRefundNo)
	if known != nil && known.Amount != r.Amount {
		return nil, business("ACQ.DISCORDANT_REPEAT_REQUEST", "退款号 out_request_no 已用于另一笔金额")
	}
	if known == nil || known.State == refundAbnormal {
		if fail := mayAlipayRefund(t, r); fail != nil {
			return nil, fail
		}
		if known == nil {
			t.Refunds = append(t.Refunds, r)
			r.Abnormal = s.faults.takeKind(FaultAbnormal, Alipay, opRefund, t.OutTradeNo)
		} else {
			*known, r = *r, known // tried again, and this time it arrives
		}
		s.alipayMoveBack(t, r)
	}
	d := s.decoy(c, t)
	out := aliRefunded{
		aliOK: success, TradeNo: d.TransactionID, OutTradeNo: d.OutTradeNo, BuyerLogonID: buyerLogonID,
		BuyerUserID: t.Buyer, FundChange: "N", RefundFee: yuan(t.refunded()), SendBackFee: "0.00",
	}
	if done := t.refund(r.OutRefundNo); done == r && r.State == refundSuccess {
		out.FundChange, out.SendBackFee, out.GmtRefundPay = "Y", yuan(r.Amount), aliTimestamp(now)
		out.Details = []aliFund{{yuan(r.Amount), "ALIPAYACCOUNT"}}
	}
	return out, nil
}

func mayAlipayRefund(t *trade, r *back) *aliError {
	switch {
	case !t.paidOnce():
		return errTradeStatus
	case t.State == tradeClosed && t.refunded() < t.Amount:
		return errTradeStatus
	case t.refunded()+r.Amount > t.Amount:
		return business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超过可退金额")
	case r.Created.Sub(t.Paid).Hours() > refundDays*24:
		return business("ACQ.TRADE_NOT_ALLOW_REFUND", "当前交易不允许退款：已超过可退期限")
	}
	return nil
}

// alipayMoveBack lets the money move, unless a fault keeps it. The caller has put r among the trade's refunds.
func (s *Sandbox) alipayMoveBack(t *trade, r *back) {
	if r.Abnormal {
		r.State = refundAbnormal
	} else {
		if t.refunded() == t.Amount {
			t.State, t.Closed = tradeClosed, r.Done
		}
		s.notifyAlipayRefund(t, r)
	}
	s.save(t)
}

type aliRefundQueried struct {
	aliOK
	TradeNo      string `json:"trade_no,omitempty"`
	OutTradeNo   string `json:"out_trade_no,omitempty"`
	OutRequestNo string `json:"out_request_no,omitempty"`
	TotalAmount  string `json:"total_amount,omitempty"`
	RefundAmount string `json:"refund_amount,omitempty"`
	RefundStatus string `json:"refund_status,omitempty"`
	GmtRefundPay string `json:"gmt_refund_pay,omitempty"`
}

// alipayQueryRefund answers 10000 without refund_status when the refund is unknown or did not succeed.
func (s *Sandbox) alipayQueryRefund(c *call, _ url.Values, b *biz) (any, *aliError) {
	no := b.text("out_request_no", true, 64)
	t, fail := s.alipayFind(b)
	if fail != nil {
		return nil, fail
	}
	d := s.decoy(c, t)
	r := t.refund(no)
	if r == nil || r.State != refundSuccess {
		return aliRefundQueried{aliOK: success}, nil
	}
	out := aliRefundQueried{
		aliOK: success, TradeNo: d.TransactionID, OutTradeNo: d.OutTradeNo, OutRequestNo: no,
		TotalAmount: yuan(t.Amount), RefundAmount: yuan(r.Amount), RefundStatus: "REFUND_SUCCESS",
	}
	if b.asksFor("gmt_refund_pay") {
		out.GmtRefundPay = aliTimestamp(r.Done)
	}
	return out, nil
}
