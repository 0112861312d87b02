package pos_test

import (
	"time"

	"saoma/pos"
)

// simRefusal is a refund that was refused for want of money.
type simRefusal struct {
	t      *simTrade
	no     string
	amount pos.Fen
}

// refund is asked for by the counter: abnormal keeps it from arriving by itself. An empty account is told before
// anything else is looked at, so a refund that is under way can be refused too.
func (m *simPlatform) refund(p *pos.Payment, r *pos.Refund, abnormal bool) (pos.RefundEvidence, error) {
	now, t := time.Now(), m.trades[p.OutTradeNo]
	if t == nil || t.paidAt.IsZero() {
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.Refused, "not paid")
	}
	known := t.refund(r.OutRefundNo)
	switch {
	case now.Before(m.poor[p.Wallet]):
		if known == nil {
			m.refused = append(m.refused, simRefusal{t, r.OutRefundNo, r.Amount})
		}
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.Refused, "NOT_ENOUGH")
	case known != nil && known.state == pos.RefundAbnormal && t.wallet == pos.Alipay:
		m.moveBack(t, known) // tried again, and this time it arrives
	case known != nil && chance(m.s.roll("repetition of "+known.id), 40):
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.Refused, "it was asked for already")
	case known != nil:
	case t.given()+r.Amount > t.amount:
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.Refused, "more than is left")
	case t.wallet == pos.WeChat && len(t.refunds) > 0 && now.Sub(t.refunds[len(t.refunds)-1].created) < time.Minute:
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.RateLimited, "a minute apart")
	default:
		known = m.begin(t, r.OutRefundNo, r.Amount, abnormal)
	}
	if t.wallet == pos.Alipay && known.state != pos.RefundSucceeded {
		return pos.RefundEvidence{}, simFailure(p.Wallet, pos.Unknown, "it has not come to anything yet")
	}
	return t.refundEvidence(known), nil
}

// begin sets a new refund going: WeChat Pay takes its time, Alipay none.
func (m *simPlatform) begin(t *simTrade, no string, amount pos.Fen, abnormal bool) *simRefund {
	r := &simRefund{no: no, id: m.mint("rid-"), amount: amount, state: pos.RefundProcessing, created: time.Now(), abnormal: abnormal}
	t.refunds = append(t.refunds, r)
	if t.wallet == pos.Alipay {
		if r.state = pos.RefundAbnormal; !r.abnormal {
			m.moveBack(t, r)
		}
		return r
	}
	wait := within(m.s.roll("refund "+r.id), time.Second, 3*time.Minute)
	time.AfterFunc(wait, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !r.abnormal {
			m.moveBack(t, r)
			return
		}
		r.state = pos.RefundAbnormal
		m.tell(t, r)
	})
	return r
}

// moveBack gives the customer the money.
func (m *simPlatform) moveBack(t *simTrade, r *simRefund) {
	r.state = pos.RefundSucceeded
	m.s.logf("%s: %s back to the customer of %s", t.wallet, r.amount, m.s.name("P", t.no))
	m.tell(t, r)
}

// tell notifies the merchant of a refund: WeChat Pay about the refund, Alipay about the trade.
func (m *simPlatform) tell(t *simTrade, r *simRefund) {
	if t.wallet == pos.WeChat {
		e := t.refundEvidence(r)
		e.Source = pos.FromNotification
		m.announce(t, pos.Notice{Refund: &e})
		return
	}
	e := t.evidence()
	e.Source = pos.FromNotification
	m.announce(t, pos.Notice{Payment: &e})
}

func (t *simTrade) refundEvidence(r *simRefund) pos.RefundEvidence {
	return pos.RefundEvidence{
		Wallet: t.wallet, OutTradeNo: t.no, OutRefundNo: r.no, RefundID: r.id, Amount: r.amount, State: r.state, At: time.Now(), Raw: []byte(`{}`),
	}
}

func (m *simPlatform) queryRefund(p *pos.Payment, r *pos.Refund) pos.RefundEvidence {
	t := m.trades[p.OutTradeNo]
	none := pos.RefundEvidence{Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, OutRefundNo: r.OutRefundNo, Amount: r.Amount}
	if t == nil {
		return none
	}
	known := t.refund(r.OutRefundNo)
	if known == nil || t.wallet == pos.Alipay && known.state != pos.RefundSucceeded {
		return none
	}
	return t.refundEvidence(known)
}
