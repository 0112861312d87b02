package main

import (
	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
)

// stateName says a payment's state in words.
func stateName(l words.Language, s pos.PaymentState) string {
	return l.T(report.StateName(s))
}

// refundStateName says a refund's state in words.
func refundStateName(l words.Language, s pos.RefundState) string {
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

// sourceName says which evidence came first.
func sourceName(l words.Language, s pos.Source) string {
	switch s {
	case pos.FromNotification:
		return l.T("notified")
	case pos.FromPoll:
		return l.T("polled")
	case pos.FromCheck:
		return l.T("checked")
	case pos.FromClose:
		return l.T("found when closing")
	case pos.FromBill:
		return l.T("found in the bill")
	case pos.FromManager:
		return l.T("accepted by the manager")
	}
	return string(s)
}

// orderStatusName says an order's status in words.
func orderStatusName(l words.Language, s pos.OrderStatus) string {
	switch s {
	case pos.OrderOpen:
		return l.T("open")
	case pos.OrderPaid:
		return l.T("paid")
	case pos.OrderClosed:
		return l.T("closed")
	}
	return string(s)
}

// exceptionName says why something waits for a manager.
func exceptionName(l words.Language, k pos.ExceptionKind) string {
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

// healthName says how a wallet's platform answers.
func healthName(l words.Language, s pos.HealthState) string {
	switch s {
	case pos.HealthUnknown:
		return l.T("not asked yet")
	case pos.Healthy:
		return l.T("answering")
	case pos.Failing:
		return l.T("not answering")
	case pos.Rejecting:
		return l.T("refusing this shop's papers")
	}
	return string(s)
}
