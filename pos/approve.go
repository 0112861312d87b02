package pos

import (
	"context"
	"sync/atomic"
	"time"
)

// Approval is a second person's word for one refund, given with the own PIN on the spot. Only Approve makes one.
type Approval struct {
	by         string
	outTradeNo string
	amount     Fen
	until      time.Time
	used       atomic.Bool
}

// By is who gave it.
func (a *Approval) By() string { return a.by }

// approvalLasts is how long an approval may be used.
const approvalLasts = 2 * time.Minute

// Approve signs a user in for nothing but one refund: a supervisor at the cashier's counter. The approval
// holds for the payment and the amount of r, for two minutes. Its errors are SignIn's, and Forbidden where
// the user may not approve: that counts as a wrong PIN does.
func (t *Till) Approve(ctx context.Context, name, pin string, r RefundRequest) (*Approval, error) {
	u, err := t.prove(ctx, name, pin, func(u *User) (AuditEntry, error) {
		if !u.Role.May(RefundLarge) {
			return AuditEntry{}, Errorf(Forbidden, "Only a supervisor or a manager may do this.")
		}
		return AuditEntry{Actor: u.Name, Action: "approve", Subject: r.OutTradeNo, Detail: r.Amount.String() + " for " + r.Actor}, nil
	})
	if err != nil {
		return nil, err
	}
	return &Approval{by: u.Name, outTradeNo: r.OutTradeNo, amount: r.Amount, until: t.now().Add(approvalLasts)}, nil
}

// take uses a up, if it was given for r and still holds: of several who try it with one approval, one does.
func (a *Approval) take(r RefundRequest, now time.Time) bool {
	return a != nil && a.outTradeNo == r.OutTradeNo && a.amount == r.Amount && now.Before(a.until) && a.used.CompareAndSwap(false, true)
}

// allowRefund returns who approved r, empty where nobody had to, or why it may not be made. Where there is a name,
// with an error too, the approval is taken. The limit is for what goes back of one payment in all: it cannot be got
// round in parts.
func (t *Till) allowRefund(tx Tx, r RefundRequest) (approvedBy string, err error) {
	before, err := tx.RefundsOf(r.OutTradeNo)
	if err != nil {
		return "", err
	}
	left := t.Shop.CashierRefundLimit
	for _, other := range before {
		if other.State.Holds() {
			left -= other.Amount
		}
	}
	if r.Amount <= left {
		return "", allow(tx, r.Actor, RefundSmall)
	}
	err = allow(tx, r.Actor, RefundLarge)
	if CodeOf(err) != NeedsApproval || !r.Approval.take(r, t.now()) {
		return "", err
	}
	return r.Approval.by, allow(tx, r.Approval.by, RefundLarge)
}
