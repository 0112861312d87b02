package sandbox

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"mime"
	"net/http"
	"time"
)

// notifyPaid tells the merchant of a payment. The caller holds the lock; it saves the order.
func (s *Sandbox) notifyPaid(t *trade) {
	switch {
	case t.NotifyURL == "":
	case t.Wallet == Alipay:
		s.announce(t, s.alipayNotice(t, nil))
	default:
		s.announce(t, &notice{
			ID: uuid(), URL: t.NotifyURL, Event: "TRANSACTION.SUCCESS", Serial: t.Serial,
			Fact: string(compactJSON(s.transaction(t, wxSuccess))),
		})
	}
}

// wxRefundFact is the resource of a refund notification: not the same fields as the answer to a query.
type wxRefundFact struct {
	MchID         string `json:"mchid"`
	OutTradeNo    string `json:"out_trade_no"`
	TransactionID string `json:"transaction_id"`
	OutRefundNo   string `json:"out_refund_no"`
	RefundID      string `json:"refund_id"`
	RefundStatus  string `json:"refund_status"`
	SuccessTime   string `json:"success_time,omitempty"`
	Account       string `json:"user_received_account"`
	Amount        struct {
		Total       int64 `json:"total"`
		Refund      int64 `json:"refund"`
		PayerTotal  int64 `json:"payer_total"`
		PayerRefund int64 `json:"payer_refund"`
	} `json:"amount"`
}

// notifyRefunded tells the merchant how a refund ended, when its request asked for it.
func (s *Sandbox) notifyRefunded(t *trade, r *back) {
	if r.NotifyURL == "" {
		return
	}
	a := refundAnswer(t, r)
	fact := wxRefundFact{
		MchID: s.papers.WeChat.MchID, OutTradeNo: t.OutTradeNo, TransactionID: t.TransactionID, OutRefundNo: r.OutRefundNo,
		RefundID: r.RefundID, RefundStatus: r.State, SuccessTime: a.SuccessTime, Account: a.Account,
	}
	fact.Amount.Total, fact.Amount.Refund = t.Amount, r.Amount
	fact.Amount.PayerTotal, fact.Amount.PayerRefund = t.Amount, r.Amount
	s.announce(t, &notice{
		ID: uuid(), URL: r.NotifyURL, Event: "REFUND." + r.State, Serial: r.Serial, Fact: string(compactJSON(fact)),
	})
}

// wxEvent is the envelope of a notification.
type wxEvent struct {
	ID           string `json:"id"`
	CreateTime   string `json:"create_time"`
	ResourceType string `json:"resource_type"`
	EventType    string `json:"event_type"`
	Summary      string `json:"summary"`
	Resource     sealed `json:"resource"`
}

var wxSummary = map[string]string{
	"TRANSACTION.SUCCESS": "支付成功", "REFUND.SUCCESS": "退款成功", "REFUND.ABNORMAL": "退款异常",
}

func (s *Sandbox) wechatMessage(ctx context.Context, n *notice, fault FaultKind) (*http.Request, error) {
	associated := "transaction"
	if n.Event != "TRANSACTION.SUCCESS" {
		associated = "refund"
	}
	e := wxEvent{
		n.ID, rfc3339(n.Created), "encrypt-resource", n.Event, wxSummary[n.Event],
		seal(s.papers.WeChat.APIv3Key, associated, []byte(n.Fact)),
	}
	e.Resource.OriginalType = associated
	body := compactJSON(e)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	serial, key := s.identity(n.Serial, aNotification)
	if fault == FaultForged || fault == FaultBadSignature {
		key = stranger()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "Mozilla/4.0")
	req.Header.Set("Request-Id", requestID())
	if fault != FaultUnsigned {
		s.wechatSignature(req.Header, serial, key, body)
	}
	if fault == FaultProbe { // a signature that says it is wrong on purpose
		req.Header.Set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/"+req.Header.Get("Wechatpay-Signature"))
	}
	if fault == FaultCorrupt {
		spoil(req, bytes.Replace(body, []byte(n.ID[:8]), []byte("00000000"), 1))
	}
	return req, nil
}

// spoil changes the body after it was signed.
func spoil(req *http.Request, body []byte) {
	fresh, err := http.NewRequest(req.Method, req.URL.String(), bytes.NewReader(body))
	if err != nil {
		return // the address parsed a moment ago
	}
	req.Body, req.GetBody, req.ContentLength = fresh.Body, fresh.GetBody, fresh.ContentLength
}

// wechatAccepted: 200 or 204 end a notification, any other 2xx is a failure like the rest.
func wechatAccepted(status int, _ []byte) bool {
	return status == http.StatusOK || status == http.StatusNoContent
}

func uuid() string {
	h := hexDigits(32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && t == "application/json"
}

func validity(certificate []byte) (from, to time.Time) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return
	}
	return c.NotBefore, c.NotAfter
}
