package report

import "saoma/pos"

// RefundName says a refund's state in words.
func RefundName(l Words, s pos.RefundState) string {
	switch s {
	case pos.RefundRequested:
		return l.T("not answered yet")
	case pos.RefundProcessing:
		return l.T("processing")
	case pos.RefundSucceeded:
		return l.T("succeeded")
	case pos.RefundAbnormal:
		return l.T("abnormal")
	case pos.RefundFailed:
		return l.T("failed")
	}
	return string(s)
}

// ExceptionName says why something waits for a manager.
func ExceptionName(l Words, k pos.ExceptionKind) string {
	switch k {
	case pos.LatePayment:
		return l.T("paid after it was closed")
	case pos.DuplicatePayment:
		return l.T("paid twice")
	case pos.AmountMismatch:
		return l.T("another amount was paid")
	case pos.UnknownOrder:
		return l.T("unknown order")
	case pos.ForeignMerchant:
		return l.T("another merchant's payment")
	case pos.RefundIsAbnormal:
		return l.T("refund not paid out")
	case pos.StuckRefund:
		return l.T("refund without an answer")
	case pos.LateRefund:
		return l.T("refund paid out after it failed")
	case pos.StuckClosing:
		return l.T("closing not confirmed")
	}
	return string(k)
}

// RoleName says what somebody is at the counter.
func RoleName(l Words, r pos.Role) string {
	switch r {
	case pos.Cashier:
		return l.T("cashier")
	case pos.Supervisor:
		return l.T("supervisor")
	case pos.Manager:
		return l.T("manager")
	}
	return string(r)
}

// ResolutionName says how something that waited for a manager was decided.
func ResolutionName(l Words, r pos.Resolution) string {
	switch r {
	case pos.Accept:
		return l.T("accepted")
	case pos.GiveBack:
		return l.T("given back")
	case pos.NoteAndForget:
		return l.T("dismissed")
	}
	return string(r)
}

// BillName says how a day stands with its bill.
func BillName(l Words, s pos.ReconciliationState) string {
	switch s {
	case pos.BillAhead:
		return l.T("bill comes later")
	case pos.BillDue:
		return l.T("not compared")
	case pos.Differs:
		return l.T("differs")
	case pos.Agreed:
		return l.T("agrees")
	case pos.SignedOff:
		return l.T("signed off")
	}
	return string(s)
}

// bookName is the state of a shift, a day or a payout.
func bookName(l Words, code string) string {
	switch code {
	case "open":
		return l.T("is open")
	case "closed":
		return l.T("is closed")
	case "settled":
		return l.T("paid out")
	}
	return code
}

func differenceName(l Words, s pos.DifferenceState) string {
	switch s {
	case pos.DifferenceImported:
		return l.T("imported")
	case pos.DifferenceQueried:
		return l.T("asked again")
	case pos.DifferenceNoted:
		return l.T("noted")
	case pos.DifferenceCleared:
		return l.T("settled by itself")
	}
	return string(s)
}
