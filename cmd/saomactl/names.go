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
