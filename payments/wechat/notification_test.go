package wechat

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"saoma/pos"
)

// notification is a signed one, with its parts open to change.
type notification struct {
	event    string
	resource string
	nonce    string
	envelope map[string]any // instead of the one made of the above
	body     string         // instead of the envelope
	by       *rsa.PrivateKey
	serial   string
	at       time.Time
}

func (n notification) build() (http.Header, []byte) {
	if n.nonce == "" {
		n.nonce = "twelve-chars"
	}
	if n.event == "" {
		n.event = "TRANSACTION.SUCCESS"
	}
	if n.resource == "" {
		n.resource = trade(nil)
	}
	if n.envelope == nil {
		n.envelope = map[string]any{"id": "EV-1", "event_type": n.event, "resource_type": "encrypt-resource", "resource": seal(n.resource, n.nonce)}
	}
	if n.body == "" {
		n.body = words(n.envelope, nil)
	}
	if n.by == nil {
		n.by = keys().platform
	}
	if n.serial == "" {
		n.serial = testKeyID
	}
	if n.at.IsZero() {
		n.at = time.Now()
	}
	return signedHeader(n.by, n.serial, n.at, n.body), []byte(n.body)
}

func TestNotificationOfAPayment(t *testing.T) {
	header, body := notification{}.build()
	n, err := gateway(t, Config{}).Notification(t.Context(), header, body)
	if err != nil || n.Payment == nil || n.Refund != nil {
		t.Fatalf("%+v, %v", n, err)
	}
	e := *n.Payment
	if e.Source != pos.FromNotification || e.State != pos.TradePaid || e.Amount != 1250 || e.OutTradeNo != payment().OutTradeNo ||
		e.Account != payment().Account || e.Currency != pos.CNY || bytes.Contains(e.Raw, []byte(testOpenID)) {
		t.Errorf("%+v %s", e, e.Raw)
	}
}

// Another merchant's payment is not ours to judge here: the till raises it.
func TestNotificationOfAnotherMerchantIsPassedOn(t *testing.T) {
	header, body := notification{resource: trade(map[string]any{"mchid": "1900000002"})}.build()
	n, err := gateway(t, Config{}).Notification(t.Context(), header, body)
	if err != nil || n.Payment.Account.MerchantID != "1900000002" {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestNotificationOfARefund(t *testing.T) {
	g := gateway(t, Config{})
	for event, want := range map[string]pos.RefundState{
		"REFUND.SUCCESS": pos.RefundSucceeded, "REFUND.ABNORMAL": pos.RefundAbnormal, "REFUND.CLOSED": pos.RefundFailed,
	} {
		words := refundWords(map[string]any{
			"mchid": testMchID, "status": nil, "refund_status": strings.TrimPrefix(event, "REFUND."), "success_time": "2026-01-31T22:05:00+08:00",
		})
		header, body := notification{event: event, resource: words}.build()
		n, err := g.Notification(t.Context(), header, body)
		if err != nil || n.Refund == nil || n.Payment != nil || n.Refund.State != want || n.Refund.Source != pos.FromNotification {
			t.Errorf("%s: %+v, %v", event, n, err)
		}
	}
}

func TestNotificationsByPlatformCertificate(t *testing.T) {
	k := keys()
	api := &certificatesAPI{pem: certificatePEM(t, k.certificate, leadingZero), serial: "0A1B2C3D4E", key: k.certificate}
	g := gateway(t, Config{BaseURL: serve(t, api.ServeHTTP), PlatformCertificates: true})
	header, body := notification{by: k.certificate, serial: "0A1B2C3D4E"}.build()
	if _, err := g.Notification(t.Context(), header, body); err != nil {
		t.Error(err)
	}
	header, body = notification{}.build()
	if _, err := g.Notification(t.Context(), header, body); !errors.Is(err, ErrSignature) {
		t.Errorf("public key in certificate mode: %v", err)
	}
}

// Signed, but odd: refused without a panic. The SDK's own handler panics on some of these.
func TestSignedButOddNotifications(t *testing.T) {
	sealed := func(change func(map[string]any)) map[string]any {
		r := seal(trade(nil), "twelve-chars")
		change(r)
		return map[string]any{"event_type": "TRANSACTION.SUCCESS", "resource": r}
	}
	g := gateway(t, Config{})
	for name, n := range map[string]notification{
		"null":               {body: "null"},
		"nothing":            {body: " "},
		"array":              {body: "[]"},
		"text":               {body: `"TRANSACTION.SUCCESS"`},
		"half":               {body: `{"event_type":`},
		"two objects":        {body: `{"event_type":"TRANSACTION.SUCCESS"}{}`},
		"empty object":       {body: "{}"},
		"no resource":        {envelope: map[string]any{"event_type": "TRANSACTION.SUCCESS"}},
		"null resource":      {envelope: map[string]any{"event_type": "TRANSACTION.SUCCESS", "resource": nil}},
		"text resource":      {envelope: map[string]any{"event_type": "TRANSACTION.SUCCESS", "resource": "x"}},
		"event a number":     {envelope: map[string]any{"event_type": 1}},
		"no nonce":           {envelope: sealed(func(r map[string]any) { delete(r, "nonce") })},
		"null nonce":         {envelope: sealed(func(r map[string]any) { r["nonce"] = nil })},
		"short nonce":        {nonce: "short"},
		"long nonce":         {nonce: "sixteen-chars-ab"},
		"other algorithm":    {envelope: sealed(func(r map[string]any) { r["algorithm"] = "AEAD_SM4_GCM" })},
		"no algorithm":       {envelope: sealed(func(r map[string]any) { delete(r, "algorithm") })},
		"no ciphertext":      {envelope: sealed(func(r map[string]any) { r["ciphertext"] = "" })},
		"ciphertext not b64": {envelope: sealed(func(r map[string]any) { r["ciphertext"] = "%%%" })},
		"other data":         {envelope: sealed(func(r map[string]any) { r["associated_data"] = "refund" })},
		"changed ciphertext": {envelope: sealed(func(r map[string]any) { r["ciphertext"] = "A" + r["ciphertext"].(string)[1:] + "AAAA" })},
		"key twice":          {resource: `{"mchid":"1900000002",` + trade(nil)[1:]},
		"key in caps":        {resource: `{"MchID":"1900000002",` + trade(nil)[1:]},
		"envelope key twice": {body: `{"event_type":"TRANSACTION.SUCCESS","event_type":"REFUND.SUCCESS","resource":{}}`},
		"null inside":        {resource: "null"},
		"other event":        {event: "COUPON.USE"},
		"no event":           {envelope: map[string]any{"resource": seal(trade(nil), "twelve-chars")}},
		"success not paid":   {resource: trade(map[string]any{"trade_state": "NOTPAY"})},
		"no state":           {resource: trade(map[string]any{"trade_state": nil})},
		"no amount":          {resource: trade(map[string]any{"amount": nil})},
		"amount overflows":   {resource: strings.Replace(trade(nil), `"total":1250`, `"total":99999999999999999999`, 1)},
		"refund as payment":  {resource: refundWords(nil)},
		"payment as refund":  {event: "REFUND.SUCCESS"},
		"foreign refund":     {event: "REFUND.SUCCESS", resource: refundWords(map[string]any{"mchid": "1900000002"})},
		"deep":               {body: `{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			header, body := n.build()
			got, err := g.Notification(t.Context(), header, body)
			if !errors.Is(err, ErrMalformed) || got != (pos.Notice{}) {
				t.Errorf("%+v, %v", got, err)
			}
			quiet(t, err, header, body)
		})
	}
}

// Not WeChat Pay's, or not now: refused before the body is looked at.
func TestForgedNotifications(t *testing.T) {
	now := time.Now()
	g := gateway(t, Config{Now: func() time.Time { return now }}) // it stands still, however long it takes to come to a case
	set := func(key, value string) func(http.Header, []byte) []byte {
		return func(h http.Header, b []byte) []byte { h.Set(key, value); return b }
	}
	for name, c := range map[string]struct {
		n      notification
		change func(http.Header, []byte) []byte
		want   error
	}{
		"stranger":       {notification{by: keys().stranger}, nil, ErrSignature},
		"merchant's own": {notification{by: keys().merchant}, nil, ErrSignature},
		"other serial":   {notification{serial: "PUB_KEY_ID_0"}, nil, ErrSignature},
		"probe":          {notification{}, set("Wechatpay-Signature", "WECHATPAY/SIGNTEST/abc"), ErrProbe},
		"old":            {notification{at: now.Add(-5*time.Minute - 2*time.Second)}, nil, ErrStale},
		"of the future":  {notification{at: now.Add(5*time.Minute + 2*time.Second)}, nil, ErrStale},
		"new time":       {notification{at: now.Add(-time.Hour)}, set("Wechatpay-Timestamp", strconv.FormatInt(now.Unix(), 10)), ErrSignature},
		"time with a plus": {notification{}, func(h http.Header, b []byte) []byte {
			h.Set("Wechatpay-Timestamp", "+"+h.Get("Wechatpay-Timestamp"))
			return b
		}, ErrSignature},
		"no time":           {notification{}, set("Wechatpay-Timestamp", ""), ErrSignature},
		"huge time":         {notification{}, set("Wechatpay-Timestamp", "99999999999999999999"), ErrSignature},
		"last time":         {notification{}, set("Wechatpay-Timestamp", "9223372036854775807"), ErrStale},
		"no signature":      {notification{}, set("Wechatpay-Signature", ""), ErrSignature},
		"signature not b64": {notification{}, set("Wechatpay-Signature", "%%%"), ErrSignature},
		"no nonce":          {notification{}, set("Wechatpay-Nonce", ""), ErrSignature},
		"other nonce":       {notification{}, set("Wechatpay-Nonce", "another"), ErrSignature},
		"no serial":         {notification{}, set("Wechatpay-Serial", ""), ErrSignature},
		"nonce twice":       {notification{}, func(h http.Header, b []byte) []byte { h.Add("Wechatpay-Nonce", "x"); return b }, ErrSignature},
		"no header":         {notification{}, func(h http.Header, b []byte) []byte { clear(h); return b }, ErrSignature},
		"body longer":       {notification{}, func(_ http.Header, b []byte) []byte { return append(b, ' ') }, ErrSignature},
		"body gone":         {notification{}, func(http.Header, []byte) []byte { return nil }, ErrSignature},
		"body changed":      {notification{}, func(_ http.Header, b []byte) []byte { return bytes.Replace(b, []byte("EV-1"), []byte("EV-2"), 1) }, ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			header, body := c.n.build()
			if c.change != nil {
				body = c.change(header, body)
			}
			n, err := g.Notification(t.Context(), header, body)
			if !errors.Is(err, c.want) || n != (pos.Notice{}) {
				t.Errorf("%+v, %v; want %v", n, err, c.want)
			}
			quiet(t, err, header, body)
		})
	}
}

// The clock that counts is the gateway's.
func TestNotificationUsesTheGatewaysClock(t *testing.T) {
	now := time.Date(2026, 1, 31, 14, 0, 0, 0, time.UTC)
	g := gateway(t, Config{Now: func() time.Time { return now }})
	header, body := notification{at: now.Add(-5 * time.Minute)}.build()
	if _, err := g.Notification(t.Context(), header, body); err != nil {
		t.Errorf("exactly five minutes: %v", err)
	}
	header, body = notification{}.build()
	if _, err := g.Notification(t.Context(), header, body); !errors.Is(err, ErrStale) {
		t.Errorf("the machine's time: %v", err)
	}
}

// quiet checks that an error quotes nothing of the request, and that no panic had to be caught.
func quiet(t *testing.T, err error, header http.Header, body []byte) {
	t.Helper()
	if err == nil {
		return
	}
	said := []string{"panic", testAPIv3, testOpenID, payment().OutTradeNo, header.Get("Wechatpay-Signature"), header.Get("Wechatpay-Nonce")}
	if len(body) > 20 {
		said = append(said, string(body))
	}
	for _, s := range said {
		if s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("the error quotes %q: %v", s, err)
		}
	}
}
