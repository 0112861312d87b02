package ui

import (
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

func TestSay(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	at := time.Date(2026, 1, 31, 14, 3, 22, 0, zone)
	payment := func(s pos.PaymentState, change ...func(*pos.Payment)) *pos.Payment {
		p := &pos.Payment{
			Wallet: pos.WeChat, Amount: 1250, State: s, ExpiresAt: at.Add(time.Minute),
			PaidAt: at, SettledAt: at.Add(400 * time.Millisecond), ConfirmedBy: pos.FromNotification,
		}
		for _, f := range change {
			f(p)
		}
		return p
	}
	expired := func(p *pos.Payment) { p.ExpiresAt = at.Add(-time.Second) }
	exact := func(p *pos.Payment) { p.PaidAt = at.Add(100 * time.Millisecond) }
	late := func(p *pos.Payment) { p.SettledAt = at.Add(time.Hour) }
	by := func(s pos.Source) func(*pos.Payment) { return func(p *pos.Payment) { p.ConfirmedBy = s } }
	for _, c := range []struct {
		situation
		en, zh string
	}{
		{situation{}, "Key in an amount, then choose a wallet.", "请输入金额，再选择支付方式。"},
		{situation{charging: pos.Alipay}, "Asking Alipay for a code.", "正在向支付宝获取二维码。"},
		{situation{payment: payment(pos.Created)}, "Asking WeChat Pay for a code.", "正在向微信支付获取二维码。"},
		{situation{payment: payment(pos.Created), unanswered: true}, "Asking WeChat Pay again: no answer yet.", "正在再次查询微信支付：尚无答复。"},
		{situation{payment: payment(pos.Waiting)}, "Waiting for the customer.", "等待顾客付款。"},
		{situation{payment: payment(pos.Waiting), unanswered: true}, "Asking WeChat Pay again: no answer yet.", "正在再次查询微信支付：尚无答复。"},
		{situation{payment: payment(pos.Closing)}, "The code is withdrawn; WeChat Pay has yet to confirm. You can go on with the next sale.", "二维码已撤回，等待微信支付确认。可以继续下一笔收款。"},
		{situation{payment: payment(pos.Closing), unanswered: true}, "Cancelled here, but WeChat Pay gives no answer yet. Do not hand over the goods; the counter goes on asking.", "已在此取消，但微信支付尚无答复。请先不要交付商品，收银台会继续查询。"},
		{situation{payment: payment(pos.Closed)}, "Cancelled. Nothing was paid.", "已取消，没有收款。"},
		{situation{payment: payment(pos.Closed, expired)}, "The time ran out. Nothing was paid.", "已超时，没有收款。"},
		{situation{payment: payment(pos.Rejected)}, "WeChat Pay refused this payment; try the other wallet or ask the manager.", "微信支付拒绝了这笔收款，请换另一种支付方式或询问店长。"},
		{situation{payment: payment(pos.Paid)}, "Paid ¥12.50 at 14:03:22, notified within 1 s.", "已收款 ¥12.50，14:03:22，1 秒内收到通知。"},
		{situation{payment: payment(pos.Paid, exact)}, "Paid ¥12.50 at 14:03:22, notified 0.3 s.", "已收款 ¥12.50，14:03:22，0.3 秒收到通知。"},
		{situation{payment: payment(pos.Paid, late)}, "Paid ¥12.50 at 14:03:22, notified.", "已收款 ¥12.50，14:03:22，收到通知。"},
		{situation{payment: payment(pos.Paid, by(pos.FromPoll))}, "Paid ¥12.50 at 14:03:22, polled.", "已收款 ¥12.50，14:03:22，轮询确认。"},
		{situation{payment: payment(pos.Paid, by(pos.FromCheck))}, "Paid ¥12.50 at 14:03:22, checked.", "已收款 ¥12.50，14:03:22，查询确认。"},
		{situation{payment: payment(pos.Paid, by(pos.FromClose))}, "Paid ¥12.50 at 14:03:22, found when closing.", "已收款 ¥12.50，14:03:22，关闭时发现。"},
		{situation{payment: payment(pos.Paid, by(pos.FromBill))}, "Paid ¥12.50 at 14:03:22, found in the bill.", "已收款 ¥12.50，14:03:22，账单中发现。"},
	} {
		c.now, c.zone = at, zone
		if got := say(words.En, c.situation); got.text != c.en {
			t.Errorf("en: %q; want %q", got.text, c.en)
		}
		if got := say(words.Zh, c.situation); got.text != c.zh {
			t.Errorf("zh: %q; want %q", got.text, c.zh)
		}
	}
}

func TestEveryStateHasAWordAndATone(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range []pos.Payment{
		{State: pos.Waiting},
		{State: pos.Closing},
		{State: pos.Closed},
		{State: pos.Rejected},
		{State: pos.Paid, Amount: 5},
		{State: pos.Paid, Amount: 5, Refunded: 2},
		{State: pos.Paid, Amount: 5, Refunded: 5},
	} {
		word, tone := stateWord(words.Zh, &p)
		if word == "" || seen[word] || tone == (kit.Tone{}) {
			t.Errorf("%s, refunded %s: word %q, tone %v", p.State, p.Refunded, word, tone)
		}
		seen[word] = true
	}
	for _, s := range []pos.HealthState{pos.HealthUnknown, pos.Healthy, pos.Failing, pos.Rejecting} {
		colour, word := healthWord(words.En, pos.Health{State: s}, true)
		if seen[word] || word == "" || colour.A == 0 {
			t.Errorf("%s: word %q, colour %v", s, word, colour)
		}
		seen[word] = true
	}
}

func TestEveryExceptionSaysWhatToDo(t *testing.T) {
	for _, k := range []pos.ExceptionKind{
		pos.LatePayment, pos.DuplicatePayment, pos.AmountMismatch, pos.UnknownOrder, pos.ForeignMerchant, pos.RefundIsAbnormal,
	} {
		x := &pos.Exception{Kind: k, Wallet: pos.Alipay, Amount: 1250}
		for _, l := range words.All {
			if got := exceptionSentence(l, x); len(got) < 20 {
				t.Errorf("%s in %s: %q", k, l, got)
			}
		}
	}
}
