package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// AuditWords are AuditCells in words.
func AuditWords(l Words, r pos.AuditRow, zone *time.Location) []string {
	cells := AuditCells(r, zone)
	return append(cells[:2], AuditActor(l, r.Actor), AuditAction(l, r.Action), AuditAbout(l, r.Subject), AuditState(l, &r, r.From), AuditState(l, &r, r.To), AuditDetail(l, &r))
}

// AuditActor is who did it: a person's name as it is, the program's parts and the platforms in words.
func AuditActor(l Words, actor string) string {
	switch actor {
	case "till", pos.AtWindow, pos.Unattended, "poller", "gateway":
		return l.T("the counter")
	case pos.OwnersKey:
		return l.T("the owner's key")
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

// AuditActions are the codes of what is done.
var AuditActions = []string{
	"charge", "show", "expire", "reject", "settle", "withdraw", "cancel", "refund", "approve", "raise", "resolve", "adopt", "shift_open",
	"shift_close", "sign_over", "day_close", "day_reopen", "settlement", "reconcile", "difference", "sign off", "restore", "sign_in", "lock",
	"user_add", "user_role", "user_pin", "user_disable", "user_enable",
}

// AuditAction is what was done, in words; the audit chain itself has codes.
func AuditAction(l Words, action string) string {
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
	return userAction(l, action)
}

// userAction is AuditAction for what was done about people; a code that nobody has worded stands for itself.
func userAction(l Words, action string) string {
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

// AuditAbout is what a row is about.
func AuditAbout(l Words, subject string) string {
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
		wallet, day, _ := strings.Cut(rest, " ")
		return l.T("Bill %s, %s", pos.Wallet(wallet), day)
	case string(pos.WeChat), string(pos.Alipay): // a payout through a day
		return l.T("%s, %s", pos.Wallet(kind), rest)
	}
	return subject
}

// AuditState is a state that r comes from or goes to, in words; the same code means another thing of a bill than of a
// payment.
func AuditState(l Words, r *pos.AuditRow, code string) string {
	switch {
	case code == "":
		return ""
	case r.Action == "raise":
		return ExceptionName(l, pos.ExceptionKind(code))
	case r.Action == "resolve":
		return ResolutionName(l, pos.Resolution(code))
	case strings.HasPrefix(r.Subject, "bill "):
		return BillName(l, pos.ReconciliationState(code))
	case strings.HasPrefix(r.Subject, "user "):
		role, disabled := strings.CutSuffix(code, " disabled")
		word := RoleName(l, pos.Role(role))
		if disabled {
			word += " · " + l.T("disabled")
		}
		return word
	case slices.Contains([]string{"shift_open", "shift_close", "day_close", "day_reopen", "settlement"}, r.Action):
		return bookName(l, code)
	case slices.Contains([]pos.PaymentState{pos.Created, pos.Waiting, pos.Paid, pos.Closing, pos.Closed, pos.Rejected}, pos.PaymentState(code)):
		return l.T(StateName(pos.PaymentState(code)))
	}
	return RefundName(l, pos.RefundState(code))
}

// AuditDetail is what more r says, in words where it has more than numbers and names.
func AuditDetail(l Words, r *pos.AuditRow) string {
	first, rest, _ := strings.Cut(r.Detail, " ")
	switch r.Action {
	case "charge", "adopt": // wechat 12.50
		return l.T("%s ¥%s", pos.Wallet(first), rest)
	case "refund": // NO 12.50, and who approved it
		amount, by, approved := strings.Cut(rest, " approved by ")
		if approved {
			return l.T("¥%s of %s, approved by %s", amount, first, by)
		}
		return l.T("¥%s of %s", amount, first)
	case "approve": // 12.50 for NAME
		return l.T("¥%s for %s", first, strings.TrimPrefix(rest, "for "))
	case "day_close", "shift_close":
		return "¥" + r.Detail
	case "settlement": // 12.50, fees 0.08 of 2
		amount, fees, _ := strings.Cut(r.Detail, beforeFees)
		return withFees(l, "¥"+amount, fees)
	case "difference": // N KIND NO: STATE, NOTE
		about, end, _ := strings.Cut(r.Detail, ": ")
		state, note, noted := strings.Cut(end, ", ")
		if f := strings.Fields(about); len(f) == 3 {
			words := l.T("%s: %s", f[2], differenceName(l, pos.DifferenceState(state)))
			if noted {
				words = l.T("%s: %s", words, note)
			}
			return words
		}
	case "lock":
		if d, err := time.ParseDuration(r.Detail); err == nil {
			return l.T("for %d min", int(d.Minutes()))
		}
	case "reconcile":
		var lines, agree, foreign, open int
		counts, fees, _ := strings.Cut(r.Detail, beforeFees)
		if _, err := fmt.Sscanf(counts, "lines %d, agree %d, of other counters %d, differences open %d", &lines, &agree, &foreign, &open); err == nil {
			return withFees(l, l.T("lines in the bill: %d, of which agree: %d; of other counters: %d; differences to settle: %d", lines, agree, foreign, open), fees)
		}
	}
	return r.Detail
}

const beforeFees = ", fees " // in a detail that tells them; those of older versions do not

// withFees adds the fees of a detail, 0.08 of 2, to what else it says.
func withFees(l Words, words, fees string) string {
	if sum, entries, told := strings.Cut(fees, " of "); told {
		return l.T("%s; fees ¥%s, of entries: %s", words, sum, entries)
	}
	return words
}
