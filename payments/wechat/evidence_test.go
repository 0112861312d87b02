package wechat

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// A notification that says it is signed in another way is not verified as if it were signed in ours.
func TestSignatureTypeOfANotification(t *testing.T) {
	g := gateway(t, Config{})
	for name, c := range map[string]struct {
		kinds []string
		want  error
	}{
		"ours":      {[]string{"WECHATPAY2-SHA256-RSA2048"}, nil},
		"left out":  {nil, nil},
		"SM2":       {[]string{"WECHATPAY2-SM2-WITH-SM3"}, ErrSignature},
		"older":     {[]string{"WECHATPAY2-SHA1-RSA2048"}, ErrSignature},
		"in small":  {[]string{"wechatpay2-sha256-rsa2048"}, ErrSignature},
		"empty":     {[]string{""}, ErrSignature},
		"twice":     {[]string{"WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SHA256-RSA2048"}, ErrSignature},
		"both ways": {[]string{"WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SM2-WITH-SM3"}, ErrSignature},
	} {
		header, body := notification{}.build()
		header[http.CanonicalHeaderKey("Wechatpay-Signature-Type")] = c.kinds
		if n, err := g.Notification(t.Context(), header, body); !errors.Is(err, c.want) || (err == nil) != (n.Payment != nil) {
			t.Errorf("%s: %+v, %v; want %v", name, n, err, c.want)
		}
	}
}

// REFUND means paid where we ask. In a notification of success it is no news of a payment.
func TestSuccessThatIsNone(t *testing.T) {
	g := gateway(t, Config{})
	for _, state := range []string{"REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR", "ACCEPT", "success", ""} {
		header, body := notification{resource: trade(map[string]any{"trade_state": state})}.build()
		if n, err := g.Notification(t.Context(), header, body); !errors.Is(err, ErrMalformed) || n != (pos.Notice{}) {
			t.Errorf("%q: %+v, %v", state, n, err)
		}
	}
	e, err := always(t, signedReply(200, trade(map[string]any{"trade_state": "REFUND"}))).Query(t.Context(), payment())
	if err != nil || e.State != pos.TradePaid {
		t.Errorf("asked: %+v, %v", e, err)
	}
}

// What names no currency is not taken for yuan: the till raises it. Any currency is passed on as it is named.
func TestCurrencyIsNotAssumed(t *testing.T) {
	g := gateway(t, Config{})
	for currency, amount := range map[string]map[string]any{
		"":    {"total": 1250},
		"USD": {"total": 1250, "currency": "USD"},
		"cny": {"total": 1250, "currency": "cny"},
		"CNY": {"total": 1250, "currency": "CNY"},
	} {
		changes := map[string]any{"amount": amount}
		e, err := always(t, signedReply(200, trade(changes))).Query(t.Context(), payment())
		if err != nil || e.State != pos.TradePaid || e.Currency != currency {
			t.Errorf("asked, %q: %+v, %v", currency, e, err)
		}
		header, body := notification{resource: trade(changes)}.build()
		n, err := g.Notification(t.Context(), header, body)
		if err != nil || n.Payment.Currency != currency {
			t.Errorf("told, %q: %+v, %v", currency, n, err)
		}
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	spoilt := strings.Replace(trade(nil), "OTHERS", "OTHER\xff", 1)
	header, body := notification{resource: spoilt}.build()
	if n, err := gateway(t, Config{}).Notification(t.Context(), header, body); !errors.Is(err, ErrMalformed) || n != (pos.Notice{}) {
		t.Errorf("told: %+v, %v", n, err)
	}
	_, err := always(t, signedReply(200, spoilt)).Query(t.Context(), payment())
	wantFailure(t, err, pos.Unknown)
}

// An unpaid order of another amount is not the one that was asked about, so its end proves nothing of ours. Where no
// amount is named, which is allowed before a payment, the number has to do.
func TestUnpaidOrderOfAnotherAmount(t *testing.T) {
	for _, state := range []string{"NOTPAY", "CLOSED", "REVOKED"} {
		other := trade(map[string]any{"trade_state": state, "amount": map[string]any{"total": 1251, "currency": "CNY"}})
		_, err := always(t, signedReply(200, other)).Query(t.Context(), payment())
		wantFailure(t, err, pos.Unknown)

		none := trade(map[string]any{"trade_state": state, "amount": nil})
		e, err := always(t, signedReply(200, none)).Query(t.Context(), payment())
		if err != nil || e.Amount != payment().Amount || e.Currency != pos.CNY || e.State == pos.TradePaid {
			t.Errorf("%s without an amount: %+v, %v", state, e, err)
		}
	}
}

func TestRefundLimits(t *testing.T) {
	want := pos.RefundLimits{Within: 365 * 24 * time.Hour, Count: 50, Apart: time.Minute}
	if got := gateway(t, Config{}).RefundLimits(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
