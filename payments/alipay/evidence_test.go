package alipay

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"saoma/pos"
)

// A trade of another amount is not the one that was asked about, so its end proves nothing of ours; money of another
// amount is for the till to judge.
func TestTradeOfAnotherAmount(t *testing.T) {
	for state, paid := range map[string]bool{"TRADE_CLOSED": false, "WAIT_BUYER_PAY": false, "TRADE_SUCCESS": true, "TRADE_FINISHED": true} {
		e, err := always(t, tradeWords(map[string]any{"trade_status": state, "total_amount": "12.51"})).Query(t.Context(), payment())
		switch {
		case !paid:
			wantFailure(t, err, pos.Unknown)
		case err != nil || e.State != pos.TradePaid || e.Amount != 1251:
			t.Errorf("%s: %+v, %v", state, e, err)
		}
	}
	closed := form(map[string]string{"trade_status": "TRADE_CLOSED", "total_amount": "12.51"})
	n, err := gateway(t, Config{}).Notification(t.Context(), formHeader(), signed(closed, keys().platform))
	if err != nil || n.Payment.State != pos.TradeClosed || n.Payment.Amount != 1251 {
		t.Errorf("told of a close: %+v, %v; the till needs its amount", n.Payment, err)
	}
}

// What the shop wrote may say anything, a secret's look included: it does not go to the log as the platform's words.
func TestShopsWordsAreNotLogged(t *testing.T) {
	const title = "app_auth_token=2021abcdef"
	fields := []string{"subject", "body", "passback_params", "goods_detail"}
	answer, told := map[string]any{}, map[string]string{}
	for _, f := range fields {
		answer[f], told[f] = title, title
	}
	e, err := always(t, tradeWords(answer)).Query(t.Context(), payment())
	if err != nil {
		t.Fatal(err)
	}
	n, err := gateway(t, Config{}).Notification(t.Context(), formHeader(), signed(form(told), keys().platform))
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"asked": e.Raw, "told": n.Payment.Raw} {
		if bytes.Contains(raw, []byte("auth_token")) || bytes.Contains(raw, []byte("subject")) {
			t.Errorf("%s: the log has the shop's words: %s", name, raw)
		}
		if !bytes.Contains(raw, []byte(`"total_amount":"12.50"`)) || !bytes.Contains(raw, []byte("2026013122001")) {
			t.Errorf("%s: the log lacks the platform's words: %s", name, raw)
		}
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	for _, changes := range []map[string]string{{"subject": "\xc4\xcc\xb2\xe8"}, {"\xff": "x"}} {
		n, err := gateway(t, Config{}).Notification(t.Context(), formHeader(), signed(form(changes), keys().platform))
		if !errors.Is(err, ErrMalformed) || n != (pos.Notice{}) {
			t.Errorf("told: %+v, %v", n, err)
		}
	}
	_, err := always(t, strings.Replace(tradeWords(nil), "ALIPAYACCOUNT", "ALIPAY\xff", 1)).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
}

// The word for a trade's end comes once, or it counts for nothing.
func TestAnswerWithAKeyTwice(t *testing.T) {
	for _, extra := range []string{`{"trade_status":"WAIT_BUYER_PAY",`, `{"Trade_Status":"TRADE_CLOSED",`} {
		_, err := always(t, extra+tradeWords(nil)[1:]).Query(t.Context(), payment())
		wantFailure(t, err, pos.Unknown)
	}
}

func TestRefundLimits(t *testing.T) {
	if got := gateway(t, Config{}).RefundLimits(); got != (pos.RefundLimits{}) {
		t.Errorf("%+v: the merchant's contract is not known here", got)
	}
}
