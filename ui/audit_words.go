package ui

import (
	"slices"
	"strings"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// auditActions are what the button of actions turns through: what a manager looks for. Empty: all.
var auditActions = []string{
	"", "refund", "approve", "cancel", "resolve", "day_close", "day_reopen", "sign_in", "lock", "user_add", "user_role", "user_pin", "user_disable",
}

// firstLetter is what a disc shows of a name, which may begin with an article.
func firstLetter(name string) string {
	for _, article := range []string{"the ", "a "} {
		name = strings.TrimPrefix(name, article)
	}
	return strings.ToUpper(string([]rune(name)[:1]))
}

// auditMark is an actor's first character; people stand out from the program.
func auditMark(l words.Language, actor string, people []string) kit.WalletMark {
	colour := kit.Muted
	if actor != "" && slices.Contains(people, actor) {
		colour = kit.Navy
	}
	return kit.WalletMark{Character: firstLetter(actorWord(l, actor)), Color: colour}
}

// actorWord is who did it: a person's name as it is, the program's parts and the platforms in words.
func actorWord(l words.Language, actor string) string {
	switch actor {
	case "till", pos.AtWindow, pos.Unattended, "poller", "gateway":
		return l.T("the counter")
	case string(pos.FromNotification):
		return l.T("a notification")
	case string(pos.FromPoll), string(pos.FromCheck), string(pos.FromClose):
		return l.T("the platform's answer")
	case string(pos.FromBill):
		return l.T("the platform's bill")
	case "":
		return l.T("nobody named")
	}
	return actor
}

// auditWord is what was done, in words; the audit chain itself has codes.
func auditWord(l words.Language, action string) string {
	switch action {
	case "charge":
		return l.T("Charged")
	case "show":
		return l.T("Showed the code")
	case "expire":
		return l.T("Let the code run out")
	case "reject":
		return l.T("Refused by the platform")
	case "settle":
		return l.T("Confirmed by the platform")
	case "withdraw":
		return l.T("Withdrew the other code")
	case "cancel":
		return l.T("Cancelled")
	case "refund":
		return l.T("Refunded")
	case "approve":
		return l.T("Approved a refund")
	case "raise":
		return l.T("Raised an exception")
	case "resolve":
		return l.T("Decided an exception")
	case "adopt":
		return l.T("Took a payment into the books")
	case "shift_open":
		return l.T("Opened a shift")
	case "shift_close":
		return l.T("Closed a shift")
	case "sign_over":
		return l.T("Signed over")
	case "day_close":
		return l.T("Closed the day")
	case "day_reopen":
		return l.T("Opened the day again")
	case "settlement":
		return l.T("Booked a payout")
	case "reconcile":
		return l.T("Compared a bill")
	case "difference":
		return l.T("Decided a difference")
	case "sign off":
		return l.T("Signed off a day's bill")
	case "restore":
		return l.T("Restored a backup")
	}
	return userActionWord(l, action)
}

// userActionWord is auditWord for what was done about people; a code that nobody has worded stands for itself.
func userActionWord(l words.Language, action string) string {
	switch action {
	case "sign_in":
		return l.T("Signed in")
	case "lock":
		return l.T("Locked after wrong PINs")
	case "user_add":
		return l.T("Added a user")
	case "user_role":
		return l.T("Changed a role")
	case "user_pin":
		return l.T("Changed a PIN")
	case "user_disable":
		return l.T("Disabled a user")
	case "user_enable":
		return l.T("Enabled a user")
	}
	return action
}

// aboutWord is what a row is about.
func aboutWord(l words.Language, subject string) string {
	kind, rest, two := strings.Cut(subject, " ")
	if !two {
		return subject
	}
	switch kind {
	case "user":
		return rest
	case "refund":
		return l.T("Refund %s", rest)
	case "exception":
		return l.T("Exception %s", rest)
	case "shift":
		return l.T("Shift %s", rest)
	case "bill":
		return l.T("Bill %s", rest)
	}
	return subject
}

// auditState is a state as r has it, in words; the same code means another thing of a bill than of a payment.
func auditState(l words.Language, r *pos.AuditRow, code string) (word string) {
	switch {
	case code == "":
	case r.Action == "raise":
		word = kindWord(l, pos.ExceptionKind(code))
	case r.Action == "resolve":
		word, _ = decisionWord(l, pos.Resolution(code))
	case r.Action == "reconcile", r.Action == "sign off":
		word, _ = reconciliationWord(l, pos.ReconciliationState(code))
	case strings.HasPrefix(r.Subject, "user "):
		role, disabled := strings.CutSuffix(code, " disabled")
		if word = roleWord(l, pos.Role(role)); disabled {
			word += " · " + l.T("disabled")
		}
	case slices.Contains([]pos.RefundState{pos.RefundRequested, pos.RefundProcessing, pos.RefundSucceeded, pos.RefundAbnormal, pos.RefundFailed}, pos.RefundState(code)):
		word, _ = refundWord(l, pos.RefundState(code))
	case rank(pos.PaymentState(code)) >= 0 && !slices.Contains([]string{"shift_close", "day_close", "day_reopen"}, r.Action):
		word, _ = stateWord(l, &pos.Payment{State: pos.PaymentState(code), Amount: 1})
	default:
		word = bookState(l, code)
	}
	return word
}

// bookState is the state of a shift, a day, a payout or a difference.
func bookState(l words.Language, code string) string {
	switch code {
	case "open":
		return l.T("is open")
	case "closed":
		return l.T("is closed")
	case "settled":
		return l.T("paid out")
	case string(pos.DifferenceImported):
		return l.T("imported")
	case string(pos.DifferenceQueried):
		return l.T("asked again")
	case string(pos.DifferenceNoted):
		return l.T("noted")
	case string(pos.DifferenceCleared):
		return l.T("settled by itself")
	}
	return code
}
