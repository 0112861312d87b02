package ui

import (
	"fmt"
	"time"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// line is a sentence for the state line.
type line struct {
	text string
	tone kit.Tone
}

// situation is what the state line must be true about.
type situation struct {
	payment    *pos.Payment // on the screen; nil: none
	charging   pos.Wallet   // being asked for a first code; empty: none
	unanswered bool         // the platform gave no clear answer to the last question
	now        time.Time
	zone       *time.Location
}

// say tells the situation in one sentence.
func say(l words.Language, s situation) line {
	p := s.payment
	switch {
	case p == nil && s.charging != "":
		return line{l.T("Asking %s for a code.", s.charging), kit.Working}
	case p == nil:
		return line{l.T("Key in an amount, then choose a wallet."), kit.Calm}
	case p.State == pos.Paid:
		return line{l.T("Paid ¥%s at %s, %s.", p.Amount, p.PaidAt.In(s.zone).Format(time.TimeOnly), confirmed(l, p)), kit.Glad}
	case p.State == pos.Closed && s.now.Before(p.ExpiresAt):
		return line{l.T("Cancelled. Nothing was paid."), kit.Calm}
	case p.State == pos.Closed:
		return line{l.T("The time ran out. Nothing was paid."), kit.Calm}
	case p.State == pos.Rejected:
		return line{l.T("%s refused this payment; try the other wallet or ask the manager.", p.Wallet), kit.Alarmed}
	case p.State == pos.Closing && s.unanswered:
		return line{l.T("Cancelled here, but %s gives no answer yet. Do not hand over the goods; the counter goes on asking.", p.Wallet), kit.Doubtful}
	case p.State == pos.Closing:
		return line{l.T("The code is withdrawn; %s has yet to confirm. You can go on with the next sale.", p.Wallet), kit.Calm}
	case s.unanswered:
		return line{l.T("Asking %s again: no answer yet.", p.Wallet), kit.Doubtful}
	case p.State == pos.Created:
		return line{l.T("Asking %s for a code.", p.Wallet), kit.Working}
	}
	return line{l.T("Waiting for the customer."), kit.Working}
}

// confirmed says which evidence came first and, for a notification, how soon after the customer paid.
func confirmed(l words.Language, p *pos.Payment) string {
	switch p.ConfirmedBy {
	case pos.FromNotification:
		return notified(l, p.SettledAt.Sub(p.PaidAt), p.PaidAt.Nanosecond() != 0)
	case pos.FromPoll:
		return l.T("polled")
	case pos.FromCheck:
		return l.T("checked")
	case pos.FromClose:
		return l.T("found when closing")
	case pos.FromManager:
		return l.T("accepted by the manager")
	}
	return l.T("found in the bill")
}

// notified says how long the notification took. Most platforms tell the time of payment in whole
// seconds, so that only an upper bound is known.
func notified(l words.Language, took time.Duration, exact bool) string {
	switch {
	case took < 0 || took > time.Minute: // clocks differ, or it came late
		return l.T("notified")
	case exact:
		return l.T("notified %s s", fmt.Sprintf("%.1f", took.Seconds()))
	}
	return l.T("notified within %d s", int((took+time.Second-1)/time.Second))
}

// stateWord is the short word for a payment's state in the list, and its tone.
func stateWord(l words.Language, p *pos.Payment) (string, kit.Tone) {
	switch {
	case p.State == pos.Paid && p.Refunded >= p.Amount:
		return l.T("refunded"), kit.Doubtful
	case p.State == pos.Paid && p.Refunded > 0:
		return l.T("part refunded"), kit.Doubtful
	case p.State == pos.Paid:
		return l.T("paid"), kit.Glad
	case p.State == pos.Created, p.State == pos.Waiting:
		return l.T("waiting"), kit.Working
	case p.State == pos.Closing:
		return l.T("cancelling"), kit.Doubtful
	case p.State == pos.Rejected:
		return l.T("refused"), kit.Alarmed
	}
	return l.T("cancelled"), kit.Tone{Ink: kit.Muted, Ground: kit.Paper}
}

// healthWord is the word under a wallet's light, and the light's colour.
func healthWord(l words.Language, h pos.Health, setUp bool) (kit.Colour, string) {
	switch s := h.State; {
	case !setUp:
		return lightOff, l.T("not set up")
	case h.Clock == pos.ClockWrong:
		return lightRed, l.T("clock wrong")
	case s == pos.Healthy:
		return lightGreen, l.T("connected")
	case s == pos.Failing:
		return kit.Gold, l.T("no answer")
	case s == pos.Rejecting:
		return lightRed, l.T("shop not accepted")
	}
	return lightOff, l.T("not asked yet")
}

// The colours of lights on the dark bar; gold is the fourth.
var (
	lightOff   = kit.Colour{R: 0x7C, G: 0x88, B: 0x99, A: 0xFF}
	lightRed   = kit.Colour{R: 0xFF, G: 0x5A, B: 0x5F, A: 0xFF}
	lightGreen = kit.Colour{R: 0x2F, G: 0xD6, B: 0x7B, A: 0xFF}
)

// reachWord is the word under the light of notifications, and its colour. Sales do not depend on them, so that it is
// never red.
func reachWord(l words.Language, r pos.Reach) (kit.Colour, string) {
	switch r.State {
	case pos.Reached:
		return lightGreen, l.T("arrive, %d ms", max(r.RoundTrip.Milliseconds(), 1))
	case pos.Unreachable:
		return kit.Gold, l.T("cut off: polling")
	case pos.ReachUnknown:
		return lightOff, l.T("not tried yet")
	}
	return lightOff, l.T("polling only")
}

// refundWord is the short word for a refund's state, and its tone.
func refundWord(l words.Language, s pos.RefundState) (string, kit.Tone) {
	switch s {
	case pos.RefundSucceeded:
		return l.T("refunded"), kit.Glad
	case pos.RefundProcessing:
		return l.T("under way"), kit.Working
	case pos.RefundAbnormal:
		return l.T("not paid out"), kit.Alarmed
	case pos.RefundFailed:
		return l.T("refused"), kit.Alarmed
	}
	return l.T("being asked for"), kit.Doubtful
}

// refundSentence says how a refund stands.
func refundSentence(l words.Language, r *pos.Refund) line {
	switch r.State {
	case pos.RefundSucceeded:
		return line{l.T("¥%s have gone back to the customer.", r.Amount), kit.Glad}
	case pos.RefundProcessing:
		return line{l.T("%s is paying ¥%s back; this can take a while, and the counter goes on asking.", r.Wallet, r.Amount), kit.Working}
	case pos.RefundAbnormal:
		return line{l.T("A refund of ¥%s could not be paid out. Call the manager.", r.Amount), kit.Alarmed}
	case pos.RefundFailed:
		return line{l.T("%s refused the refund; no money went back.", r.Wallet), kit.Alarmed}
	}
	return line{l.T("%s gives no clear answer about the refund of ¥%s yet; the counter goes on asking for the same one.", r.Wallet, r.Amount), kit.Doubtful}
}

// markOf is how a wallet looks.
func markOf(w pos.Wallet) kit.WalletMark {
	if w == pos.Alipay {
		return kit.WalletMark{Character: "宝", Color: kit.AlipayBlue}
	}
	return kit.WalletMark{Character: "微", Color: kit.WeChatGreen}
}
