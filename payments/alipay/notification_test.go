package alipay

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// form is a paid trade's notification, with changes; an empty change takes the parameter away.
func form(changes map[string]string) url.Values {
	v := url.Values{}
	for k, s := range map[string]string{
		"app_id": testAppID, "seller_id": testSellerID, "out_trade_no": payment().OutTradeNo, "trade_no": "2026013122001",
		"trade_status": "TRADE_SUCCESS", "total_amount": "12.50", "buyer_pay_amount": "12.50", "buyer_id": testBuyerID,
		"buyer_logon_id": "zhang***@example.com", "gmt_payment": "2026-01-31 22:03:30", "subject": "拿铁 ×2 &=",
		"notify_type": "trade_status_sync", "charset": "utf-8", "version": "1.0", "sign_type": "RSA2",
	} {
		v.Set(k, s)
	}
	for k, s := range changes {
		if v.Set(k, s); s == "" {
			v.Del(k)
		}
	}
	return v
}

// signed signs a notification as the platform does: sorted, decoded, without sign and sign_type.
func signed(v url.Values, by *rsa.PrivateKey) []byte {
	var pairs []string
	for k, values := range v {
		if k == "sign" || k == "sign_type" || k == "alipay_cert_sn" {
			continue
		}
		for _, s := range values {
			pairs = append(pairs, k+"="+s)
		}
	}
	slices.Sort(pairs)
	v.Set("sign", sign(by, strings.Join(pairs, "&")))
	return []byte(v.Encode())
}

func formHeader() http.Header {
	return http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
}

func TestNotification(t *testing.T) {
	g := gateway(t, Config{})
	n, err := g.Notification(t.Context(), formHeader(), signed(form(nil), keys().platform))
	if err != nil || n.Payment == nil || n.Refund != nil {
		t.Fatalf("%+v, %v", n, err)
	}
	e := *n.Payment
	if e.Source != pos.FromNotification || e.State != pos.TradePaid || e.Amount != 1250 || e.OutTradeNo != payment().OutTradeNo || e.Currency != pos.CNY ||
		e.Account != g.Account() || e.TransactionID != "2026013122001" || !e.At.Equal(time.Date(2026, 1, 31, 14, 3, 30, 0, time.UTC)) {
		t.Errorf("%+v", e)
	}
	for _, secret := range []string{testBuyerID, "zhang", `"sign"`} {
		if bytes.Contains(e.Raw, []byte(secret)) {
			t.Errorf("raw has %s: %s", secret, e.Raw)
		}
	}
	for status, want := range map[string]pos.TradeState{"TRADE_FINISHED": pos.TradePaid, "WAIT_BUYER_PAY": pos.TradeUnpaid, "TRADE_CLOSED": pos.TradeClosed} {
		n, err := g.Notification(t.Context(), formHeader(), signed(form(map[string]string{"trade_status": status}), keys().platform))
		if err != nil || n.Payment.State != want {
			t.Errorf("%s: %+v, %v", status, n, err)
		}
	}
}

// Another seller's or application's payment is not ours to judge here: the till raises it.
func TestNotificationOfAnotherAccountIsPassedOn(t *testing.T) {
	body := signed(form(map[string]string{"seller_id": "2088000000000009", "app_id": "2021000000000009"}), keys().platform)
	n, err := gateway(t, Config{}).Notification(t.Context(), formHeader(), body)
	if err != nil || n.Payment.Account != (pos.Account{MerchantID: "2088000000000009", AppID: "2021000000000009"}) {
		t.Errorf("%+v, %v", n, err)
	}
}

// An unknown certificate serial must not make the client fetch a certificate and trust it.
func TestCertificateSerialIsIgnored(t *testing.T) {
	r := &recorder{}
	g := gateway(t, Config{Transport: r})
	if _, err := g.Notification(t.Context(), formHeader(), signed(form(map[string]string{"alipay_cert_sn": "0123456789abcdef"}), keys().platform)); err != nil {
		t.Error(err)
	}
	if _, err := g.Notification(t.Context(), formHeader(), signed(form(map[string]string{"alipay_cert_sn": "0123456789abcdef"}), keys().stranger)); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
	if r.url != "" {
		t.Errorf("asked %s", r.url)
	}
}

func TestForgedAndOddNotifications(t *testing.T) {
	g := gateway(t, Config{})
	platform := keys().platform
	with := func(k, s string) []byte { return signed(form(map[string]string{k: s}), platform) }
	twice := form(nil)
	twice.Add("total_amount", "92.50")
	swapped := form(nil)
	signed(swapped, platform)
	swapped.Set("total_amount", "92.50")
	for name, c := range map[string]struct {
		body   []byte
		header http.Header
		want   error
	}{
		"stranger":         {signed(form(nil), keys().stranger), nil, ErrSignature},
		"application's":    {signed(form(nil), keys().app), nil, ErrSignature},
		"changed":          {[]byte(swapped.Encode()), nil, ErrSignature},
		"added":            {append(signed(form(nil), platform), "&passback_params=x"...), nil, ErrSignature},
		"added empty":      {append(signed(form(nil), platform), "&passback_params="...), nil, ErrSignature},
		"unsigned":         {[]byte(form(nil).Encode()), nil, ErrMalformed},
		"not base64":       {append([]byte(form(nil).Encode()), "&sign=%25%25"...), nil, ErrSignature},
		"empty":            {nil, nil, ErrMalformed},
		"null":             {[]byte("null"), nil, ErrMalformed},
		"json":             {[]byte(`{"app_id":"1"}`), http.Header{"Content-Type": {"application/json"}}, ErrMalformed},
		"no type":          {signed(form(nil), platform), http.Header{}, ErrMalformed},
		"multipart":        {signed(form(nil), platform), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, ErrMalformed},
		"gbk header":       {signed(form(nil), platform), http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=GBK"}}, ErrMalformed},
		"gbk":              {with("charset", "GBK"), nil, ErrMalformed},
		"no charset":       {with("charset", ""), nil, ErrMalformed},
		"RSA":              {with("sign_type", "RSA"), nil, ErrMalformed},
		"no sign_type":     {with("sign_type", ""), nil, ErrMalformed},
		"twice":            {signed(twice, platform), nil, ErrMalformed},
		"semicolons":       {[]byte(strings.ReplaceAll(string(signed(form(nil), platform)), "&", ";")), nil, ErrMalformed},
		"broken escape":    {append(signed(form(nil), platform), "&x=%zz"...), nil, ErrMalformed},
		"no order":         {with("out_trade_no", ""), nil, ErrMalformed},
		"no trade":         {with("trade_no", ""), nil, ErrMalformed},
		"no app":           {with("app_id", ""), nil, ErrMalformed},
		"no seller":        {with("seller_id", ""), nil, ErrMalformed},
		"no state":         {with("trade_status", ""), nil, ErrMalformed},
		"new state":        {with("trade_status", "TRADE_NEW"), nil, ErrMalformed},
		"no amount":        {with("total_amount", ""), nil, ErrMalformed},
		"zero":             {with("total_amount", "0.00"), nil, ErrMalformed},
		"one decimal":      {with("total_amount", "12.5"), nil, ErrMalformed},
		"exponent":         {with("total_amount", "1e1.00"), nil, ErrMalformed},
		"padded amount":    {with("total_amount", " 12.50"), nil, ErrMalformed},
		"negative":         {with("total_amount", "-12.50"), nil, ErrMalformed},
		"full width":       {with("total_amount", "１２.50"), nil, ErrMalformed},
		"enormous":         {with("total_amount", "99999999999999999999.00"), nil, ErrMalformed},
		"time with a zone": {with("gmt_payment", "2026-01-31T22:03:30+08:00"), nil, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			header := c.header
			if header == nil {
				header = formHeader()
			}
			n, err := g.Notification(t.Context(), header, c.body)
			if !errors.Is(err, c.want) || n != (pos.Notice{}) {
				t.Fatalf("%+v, %v; want %v", n, err, c.want)
			}
			for _, s := range []string{testBuyerID, payment().OutTradeNo, "zhang"} {
				if strings.Contains(err.Error(), s) {
					t.Errorf("the error quotes %q: %v", s, err)
				}
			}
		})
	}
}
