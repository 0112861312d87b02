package ui

import (
	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// exceptionSentence tells the cashier of something that waits for a manager.
func exceptionSentence(l words.Language, x *pos.Exception) string {
	switch {
	case x.Kind == pos.LatePayment:
		return l.T("¥%s arrived after its payment was cancelled. Call the manager to keep or refund it.", x.Amount)
	case x.Kind == pos.DuplicatePayment:
		return l.T("One order was paid twice: ¥%s more. Call the manager to refund one payment.", x.Amount)
	case x.Kind == pos.RefundIsAbnormal:
		return l.T("A refund of ¥%s could not be paid out. Call the manager.", x.Amount)
	case x.OutRefundNo != "" || x.Kind == pos.StuckClosing:
		return l.Error(x.Story())
	}
	return l.T("A payment of ¥%s at %s does not match this counter and was not credited. Call the manager.", x.Amount, x.Wallet)
}

// kindWord names what kind of exception it is.
func kindWord(l words.Language, k pos.ExceptionKind) string {
	switch k {
	case pos.LatePayment:
		return l.T("Paid after it was closed")
	case pos.DuplicatePayment:
		return l.T("Paid twice")
	case pos.AmountMismatch:
		return l.T("Another amount")
	case pos.UnknownOrder:
		return l.T("Not made at this counter")
	case pos.ForeignMerchant:
		return l.T("Paid to somebody else")
	case pos.RefundIsAbnormal:
		return l.T("Refund not paid out")
	case pos.StuckRefund:
		return l.T("refund without an answer")
	case pos.LateRefund:
		return l.T("Refund paid out late")
	case pos.StuckClosing:
		return l.T("Closing not confirmed")
	}
	return string(k)
}

// decisionWord is the short word for how an exception stands, and its tone.
func decisionWord(l words.Language, r pos.Resolution) (string, kit.Tone) {
	if r == "" {
		return l.T("to decide"), kit.Alarmed
	}
	return report.ResolutionName(l, r), kit.Tone{Ink: kit.Muted, Ground: kit.Paper}
}

// choiceWord is what the button says that decides r.
func choiceWord(l words.Language, r pos.Resolution) string {
	switch r {
	case pos.Accept:
		return l.T("Accept")
	case pos.GiveBack:
		return l.T("Give back")
	}
	return l.T("Dismiss with a note")
}

// consequence says what deciding r about x will do.
func consequence(l words.Language, x *pos.Exception, r pos.Resolution) string {
	switch {
	case r == pos.NoteAndForget:
		return l.T("Nothing is entered in the ledger; your note is kept.")
	case r == pos.Accept && x.OutRefundNo != "":
		return l.T("The refund of ¥%s is entered in the ledger.", x.Amount)
	case r == pos.Accept && x.Credited:
		return l.T("The ¥%s stay in the ledger as they are.", x.Amount)
	case r == pos.Accept:
		return l.T("¥%s are entered in the ledger as received.", x.Amount)
	case x.Credited:
		return l.T("What is left of the ¥%s goes back to the customer through %s.", x.Amount, x.Wallet)
	}
	return l.T("¥%s are entered in the ledger and go back to the customer through %s.", x.Amount, x.Wallet)
}

// decided says what was done about x.
func decided(l words.Language, x *pos.Exception) string {
	word, _ := decisionWord(l, x.Resolution)
	return l.T("¥%s: %s.", x.Amount, word)
}
