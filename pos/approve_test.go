package pos_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/pos"
)

// shopWithLimit is a counter with its staff, where a cashier refunds up to ¥50.00 of a payment alone.
func shopWithLimit(t *testing.T) *counter {
	t.Helper()
	c := newCounter(t)
	c.till.Shop.CashierRefundLimit = limit
	c.staff()
	return c
}

// giveBack asks for a refund as the cashier and demands the code, empty for success.
func (c *counter) giveBack(r pos.RefundRequest, want pos.Code) *pos.Refund {
	c.t.Helper()
	r.Actor = cashier
	refund, err := c.till.Refund(c.t.Context(), r)
	if (want == "") != (err == nil) || (err != nil && pos.CodeOf(err) != want) {
		c.t.Errorf("refund of %s: %v; want %s", r.Amount, err, want)
	}
	return refund
}

// A refund above the cashier's limit needs a supervisor's word on the spot, and both names are kept.
func TestApprovedRefund(t *testing.T) {
	c := shopWithLimit(t)
	p := c.sold(limit * 4)
	r := pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: limit + 1, Reason: "退货", Actor: cashier}
	c.giveBack(r, pos.NeedsApproval)
	approval, err := c.till.Approve(t.Context(), supervisor, supervisorPIN, r)
	if err != nil || approval.By() != supervisor {
		t.Fatal(approval, err)
	}
	r.Approval = approval
	refund := c.giveBack(r, "")
	if refund == nil || refund.RequestedBy != cashier || refund.ApprovedBy != supervisor {
		t.Fatalf("%+v", refund)
	}
	rows, err := c.ledger.AuditTrail(t.Context(), refund.OutRefundNo)
	if err != nil || rows[0].Actor != cashier || !strings.Contains(rows[0].Detail, "approved by "+supervisor) {
		t.Errorf("audit %+v, %v", rows, err)
	}
	rows, err = c.ledger.AuditTrail(t.Context(), p.OutTradeNo)
	if last := rows[len(rows)-1]; err != nil || last.Actor != supervisor || last.Action != "approve" || !strings.Contains(last.Detail, cashier) {
		t.Errorf("audit %+v, %v", rows, err)
	}
	kept, _, err := c.till.Refunds(t.Context(), p.OutTradeNo)
	if err != nil || len(kept) != 1 || kept[0].ApprovedBy != supervisor {
		t.Errorf("kept %+v, %v", kept, err)
	}
	c.settled()
	c.audit()
}

// The limit is for a payment: in parts as in one.
func TestLimitHoldsInParts(t *testing.T) {
	c := shopWithLimit(t)
	p := c.sold(limit * 2)
	part := pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: limit / 2, Reason: "退货"}
	c.giveBack(part, "")
	c.skew.Add(int64(2 * time.Minute)) // WeChat Pay takes one refund of a payment a minute
	c.giveBack(part, "")
	part.Amount = 1
	c.giveBack(part, pos.NeedsApproval)
	part.OutTradeNo = c.sold(limit * 2).OutTradeNo
	c.giveBack(part, "")
	c.settled()
	c.audit()
}

// An approval is for one refund, for a moment, and by somebody who may give it.
func TestApprovalOfSomethingElse(t *testing.T) {
	c := shopWithLimit(t)
	p, other := c.sold(limit*4), c.sold(limit*4)
	r := pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: limit + 1, Reason: "退货", Actor: cashier}
	approve := func(name, pin string, want pos.Code) *pos.Approval {
		t.Helper()
		a, err := c.till.Approve(t.Context(), name, pin, r)
		if (want == "") != (err == nil) || (err != nil && pos.CodeOf(err) != want) || (err != nil && a != nil) {
			t.Errorf("approval by %s: %v; want %s", name, err, want)
		}
		return a
	}
	approve(cashier, cashierPIN, pos.Forbidden)
	approve(supervisor, managerPIN, pos.Forbidden)
	approve("nobody", supervisorPIN, pos.Forbidden)
	approve(gone, managerPIN, pos.Forbidden)

	given := approve(supervisor, supervisorPIN, "")
	for name, change := range map[string]func(*pos.RefundRequest){
		"another amount":  func(r *pos.RefundRequest) { r.Amount++ },
		"another payment": func(r *pos.RefundRequest) { r.OutTradeNo = other.OutTradeNo },
		"none":            func(r *pos.RefundRequest) { r.Approval = nil },
		"an empty one":    func(r *pos.RefundRequest) { r.Approval = &pos.Approval{} },
	} {
		changed := r
		changed.Approval = given
		change(&changed)
		t.Run(name, func(t *testing.T) { c.giveBack(changed, pos.NeedsApproval) })
	}
	late := r
	late.Approval = given
	c.skew.Add(int64(3 * time.Minute))
	c.giveBack(late, pos.NeedsApproval)

	boss := &pos.User{Name: manager}
	late.Approval = approve(supervisor, supervisorPIN, "")
	if err := c.till.SetRole(t.Context(), boss, supervisor, pos.Cashier); err != nil {
		t.Fatal(err)
	}
	c.giveBack(late, pos.NeedsApproval)
	if err := c.till.DisableUser(t.Context(), boss, supervisor); err != nil {
		t.Fatal(err)
	}
	c.giveBack(late, pos.Forbidden)
	late.Approval = approve(manager, managerPIN, "")
	c.giveBack(late, "")
	c.giveBack(late, pos.NeedsApproval) // it was for one refund
	c.settled()
	c.audit()
}

// One approval lets one refund through, however many ask at the same moment; what was refused leaves it whole.
func TestApprovalIsTakenOnce(t *testing.T) {
	c := shopWithLimit(t)
	p := c.sold(limit * 40)
	r := pos.RefundRequest{OutTradeNo: p.OutTradeNo, Amount: limit + 1, Reason: "退货", Actor: cashier}
	c.till.Gateways[pos.WeChat] = unlimited{c.till.Gateways[pos.WeChat]}
	r.Approval = must(c.till.Approve(t.Context(), supervisor, supervisorPIN, r))
	boss := &pos.User{Name: manager}
	if err := c.till.SetRole(t.Context(), boss, supervisor, pos.Cashier); err != nil {
		t.Fatal(err)
	}
	c.giveBack(r, pos.NeedsApproval)
	if err := c.till.SetRole(t.Context(), boss, supervisor, pos.Supervisor); err != nil {
		t.Fatal(err)
	}
	var made atomic.Int64
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			switch _, err := c.till.Refund(t.Context(), r); {
			case err == nil:
				made.Add(1)
			case pos.CodeOf(err) != pos.NeedsApproval:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("%d refunds by one approval", n)
	}
	c.settled()
	c.audit()
}

// unlimited is a platform that takes any number of refunds.
type unlimited struct{ pos.Gateway }

// Wrong PINs for approvals count as wrong PINs at the door do.
func TestApprovalLocks(t *testing.T) {
	c := shopWithLimit(t)
	r := pos.RefundRequest{OutTradeNo: "T1", Amount: 1, Actor: cashier}
	for range pos.MaxTries {
		if _, err := c.till.Approve(t.Context(), supervisor, "0000", r); pos.CodeOf(err) != pos.Forbidden {
			t.Error(err)
		}
	}
	if _, err := c.till.Approve(t.Context(), supervisor, supervisorPIN, r); pos.CodeOf(err) != pos.Locked {
		t.Error(err)
	}
	if _, err := c.till.SignIn(t.Context(), supervisor, supervisorPIN); pos.CodeOf(err) != pos.Locked {
		t.Error(err)
	}
	if err := c.till.SetPIN(t.Context(), &pos.User{Name: manager}, supervisor, "5093"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.till.SignIn(t.Context(), supervisor, "5093"); err != nil {
		t.Errorf("with the manager's new PIN: %v", err)
	}
}
