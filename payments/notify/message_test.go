package notify_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"saoma/pos"
)

// Who paid, as both platforms would name them: in full it is in no log and no answer.
const (
	payer      = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	payerLogon = "zhang.wei.1988@example.com"
)

// stranger is an attacker's key.
var stranger = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func sign(key *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	s, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// request is what is posted.
type request struct {
	path   string
	header http.Header
	body   []byte
}

// wechatNotice is a notification of WeChat Pay while it is made; each step is open to change.
type wechatNotice struct {
	trade   map[string]any       // what is said of the payment
	text    func(string) string  // the same as text, before it is sealed
	key     string               // it is sealed under
	event   string               // it is about
	sealed  func(map[string]any) // the resource after it is sealed
	body    func([]byte) []byte  // the whole, before it is signed
	by      *rsa.PrivateKey      // signs it
	serial  string               // of what verifies it
	at      time.Time            // of the signature
	sent    func(q *request)     // after it is signed
	deliver func(*rig, request) (status int, answer string)
	about   *pos.Payment
}

// wechatNotice is what the platform says of a paid p at the rig's time.
func (r *rig) wechatNotice(p *pos.Payment) *wechatNotice {
	keys, _ := papers()
	return &wechatNotice{
		trade: map[string]any{
			"mchid": p.Account.MerchantID, "appid": p.Account.AppID, "out_trade_no": p.OutTradeNo, "transaction_id": "4200" + p.OutTradeNo,
			"trade_type": "NATIVE", "trade_state": "SUCCESS", "success_time": r.now.Format(time.RFC3339), "payer": map[string]any{"openid": payer},
			"amount": map[string]any{"total": int64(p.Amount), "payer_total": int64(p.Amount), "currency": "CNY"},
		},
		key: keys.WeChat.APIv3Key, event: "TRANSACTION.SUCCESS", by: keys.WeChat.PlatformKey, serial: keys.WeChat.PublicKeyID, at: r.now, about: p,
	}
}

// refund turns n into the notice of a succeeded refund that this counter never asked for.
func (n *wechatNotice) refund() {
	n.event = "REFUND.SUCCESS"
	n.trade = map[string]any{
		"mchid": n.about.Account.MerchantID, "out_trade_no": n.about.OutTradeNo, "out_refund_no": "R" + n.about.OutTradeNo, "refund_id": "5030001",
		"refund_status": "SUCCESS", "user_received_account": payer, "amount": map[string]any{"total": int64(n.about.Amount), "refund": 250},
	}
}

// amount is the amount that n says.
func (n *wechatNotice) amount() map[string]any { return n.trade["amount"].(map[string]any) }

func (n *wechatNotice) request() request {
	text := jsonText(n.trade)
	if n.text != nil {
		text = n.text(text)
	}
	resource := seal(n.key, text)
	if n.sealed != nil {
		n.sealed(resource)
	}
	body := []byte(jsonText(map[string]any{"id": "EV-1", "event_type": n.event, "resource": resource}))
	if n.body != nil {
		body = n.body(body)
	}
	timestamp := strconv.FormatInt(n.at.Unix(), 10)
	q := request{path: "/notify/wechat", body: body, header: http.Header{
		"Content-Type": {"application/json"}, "Wechatpay-Serial": {n.serial}, "Wechatpay-Timestamp": {timestamp},
		"Wechatpay-Nonce": {"a-nonce"}, "Wechatpay-Signature": {sign(n.by, timestamp+"\na-nonce\n"+string(body)+"\n")},
	}}
	if n.sent != nil {
		n.sent(&q)
	}
	return q
}

func (n *wechatNotice) send(r *rig, q request) (int, string) {
	if n.deliver != nil {
		return n.deliver(r, q)
	}
	return r.tell(q)
}

// seal encrypts a resource under an APIv3 key as the platform does.
func seal(key, text string) map[string]any {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	const nonce, associated = "twelve-chars", "transaction"
	return map[string]any{
		"algorithm": "AEAD_AES_256_GCM", "associated_data": associated, "nonce": nonce, "original_type": associated,
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), []byte(text), []byte(associated))),
	}
}

// alipayNotice is a notification of Alipay while it is made.
type alipayNotice struct {
	form     url.Values // what is said, without signature
	by       *rsa.PrivateKey
	signType string
	sent     func(q *request)
	deliver  func(*rig, request) (status int, answer string)
	about    *pos.Payment
}

// alipayNotice is what the platform says of a paid p at the rig's time.
func (r *rig) alipayNotice(p *pos.Payment) *alipayNotice {
	keys, _ := papers()
	at := r.now.In(time.FixedZone("CST", 8*60*60)).Format(time.DateTime)
	return &alipayNotice{by: keys.Alipay.PlatformKey, signType: "RSA2", about: p, form: url.Values{
		"notify_id": {"N" + p.OutTradeNo}, "notify_type": {"trade_status_sync"}, "notify_time": {at}, "charset": {"utf-8"}, "version": {"1.0"},
		"app_id": {p.Account.AppID}, "seller_id": {p.Account.MerchantID}, "out_trade_no": {p.OutTradeNo}, "trade_no": {"2026" + p.OutTradeNo},
		"trade_status": {"TRADE_SUCCESS"}, "total_amount": {p.Amount.String()}, "buyer_id": {payer}, "buyer_logon_id": {payerLogon},
		"gmt_payment": {at},
	}}
}

func (n *alipayNotice) request() request {
	var pairs []string
	for k, values := range n.form {
		for _, v := range values {
			pairs = append(pairs, k+"="+v)
		}
	}
	slices.Sort(pairs)
	n.form.Set("sign", sign(n.by, strings.Join(pairs, "&")))
	if n.signType != "" {
		n.form.Set("sign_type", n.signType)
	}
	q := request{
		path: "/notify/alipay", body: []byte(n.form.Encode()),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
	}
	if n.sent != nil {
		n.sent(&q)
	}
	return q
}

func (n *alipayNotice) send(r *rig, q request) (int, string) {
	if n.deliver != nil {
		return n.deliver(r, q)
	}
	return r.tell(q)
}
