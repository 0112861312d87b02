package sandbox

import (
	"fmt"
	"time"
)

// Past is money that moved before the sandbox was started: a payment, or a refund of one where OutRefundNo is not empty.
type Past struct {
	Wallet        string
	OutTradeNo    string
	TransactionID string
	OutRefundNo   string
	RefundID      string
	Amount        int64 // fen; positive
	At            time.Time
}

// Remember takes up what happened before, in its order: a refund after its payment. Nobody is notified of it.
func (s *Sandbox) Remember(past []Past) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range past {
		t := s.trades[p.Wallet+" "+p.OutTradeNo]
		switch {
		case p.OutRefundNo == "" && t != nil:
			return fmt.Errorf("%s is here already", p.OutTradeNo)
		case p.OutRefundNo == "":
			t = &trade{
				Wallet: p.Wallet, OutTradeNo: p.OutTradeNo, TransactionID: p.TransactionID, Amount: p.Amount,
				State: wxSuccess, Buyer: pastBuyer, Created: p.At, Scanned: p.At, Paid: p.At,
			}
			if p.Wallet == Alipay {
				t.State = tradeSuccess
			}
			s.add(t)
		case t == nil || !t.paidOnce() || t.refunded()+p.Amount > t.Amount:
			return fmt.Errorf("%s cannot be a refund of %s", p.OutRefundNo, p.OutTradeNo)
		default:
			t.Refunds = append(t.Refunds, &back{
				OutRefundNo: p.OutRefundNo, RefundID: p.RefundID, Amount: p.Amount, State: refundSuccess, Created: p.At, Done: p.At,
			})
			switch {
			case p.Wallet == WeChat:
				t.State = wxRefund
			case t.refunded() == t.Amount:
				t.State = tradeClosed
			}
			s.index(t)
		}
		s.save(t)
	}
	return nil
}

// pastBuyer is everybody's openid then.
const pastBuyer = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
