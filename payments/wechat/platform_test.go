package wechat

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/pos"
)

const (
	testMchID  = "1900000001"
	testAppID  = "wx0123456789abcdef"
	testKeyID  = "PUB_KEY_ID_0119000000012024"
	testAPIv3  = "0123456789abcdefghijklmnopqrstuv"
	testOpenID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
)

// keys are generated once for the whole test binary: RSA keys take a while.
var keys = sync.OnceValue(func() (k struct{ merchant, platform, certificate, stranger *rsa.PrivateKey }) {
	for _, into := range []**rsa.PrivateKey{&k.merchant, &k.platform, &k.certificate, &k.stranger} {
		var err error
		if *into, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	return k
})

// reply is what the platform of a test answers.
type reply struct {
	status int
	body   string
	by     *rsa.PrivateKey // signs; nil: unsigned
	serial string          // default testKeyID
	at     time.Time       // default now
}

func signedReply(status int, body string) reply {
	return reply{status: status, body: body, by: keys().platform}
}

func (a reply) write(w http.ResponseWriter) {
	if a.by != nil {
		if a.at.IsZero() {
			a.at = time.Now()
		}
		if a.serial == "" {
			a.serial = testKeyID
		}
		for k, v := range signedHeader(a.by, a.serial, a.at, a.body) {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func signedHeader(key *rsa.PrivateKey, serial string, at time.Time, body string) http.Header {
	timestamp, nonce := strconv.FormatInt(at.Unix(), 10), "nonce-of-a-test"
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", timestamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", serial)
	h.Set("Wechatpay-Signature", sign(key, timestamp+"\n"+nonce+"\n"+body+"\n"))
	return h
}

func sign(key *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(s)
}

// seal encrypts a resource as the platform does. The nonce is the caller's, so that a test can break it.
func seal(plain, nonce string) map[string]any {
	block, err := aes.NewCipher([]byte(testAPIv3))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"algorithm": "AEAD_AES_256_GCM", "associated_data": "transaction", "nonce": nonce,
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), []byte(plain), []byte("transaction"))),
	}
}

// serve runs a platform and returns its address.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// always is a platform that answers everything with a.
func always(t *testing.T, a reply) *Gateway {
	t.Helper()
	return gateway(t, Config{BaseURL: serve(t, func(w http.ResponseWriter, _ *http.Request) { a.write(w) })})
}

// gateway fills what a test leaves out and stops the gateway at its end.
func gateway(t *testing.T, cfg Config) *Gateway {
	t.Helper()
	cfg = papers(cfg)
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g
}

// papers fills the fields of cfg that are empty. Without any way to verify it gets the public key.
func papers(cfg Config) Config {
	if !cfg.PlatformCertificates && cfg.PublicKey == nil {
		cfg.PublicKeyID, cfg.PublicKey = testKeyID, &keys().platform.PublicKey
	}
	cfg.MchID, cfg.AppID, cfg.APIv3Key = testMchID, testAppID, testAPIv3
	cfg.MerchantSerial, cfg.MerchantKey = "0A1B2C", keys().merchant
	return cfg
}

func payment() *pos.Payment {
	at := time.Date(2026, 1, 31, 14, 3, 22, 987e6, time.UTC)
	return &pos.Payment{
		OutTradeNo: "A0126013114032212345678", Wallet: pos.WeChat, Amount: 1250, Title: "拿铁 ×2",
		Account: pos.Account{MerchantID: testMchID, AppID: testAppID}, State: pos.Waiting, CreatedAt: at, ExpiresAt: at.Add(5 * time.Minute),
	}
}

func refundOf(p *pos.Payment) *pos.Refund {
	return &pos.Refund{OutRefundNo: "R" + p.OutTradeNo, OutTradeNo: p.OutTradeNo, Wallet: pos.WeChat, Amount: 250, Reason: "少一杯"}
}

// trade is a paid trade as the platform words it, with changes.
func trade(changes map[string]any) string {
	p := payment()
	return words(map[string]any{
		"mchid": testMchID, "appid": testAppID, "out_trade_no": p.OutTradeNo, "transaction_id": "4200001",
		"trade_type": "NATIVE", "trade_state": "SUCCESS", "bank_type": "OTHERS", "success_time": "2026-01-31T22:03:30+08:00",
		"payer":  map[string]any{"openid": testOpenID},
		"amount": map[string]any{"total": 1250, "payer_total": 1250, "currency": "CNY", "payer_currency": "CNY"},
	}, changes)
}

// refundWords is a refund as the platform words it, with changes.
func refundWords(changes map[string]any) string {
	p := payment()
	return words(map[string]any{
		"out_trade_no": p.OutTradeNo, "out_refund_no": refundOf(p).OutRefundNo, "refund_id": "5030001",
		"transaction_id": "4200001", "status": "PROCESSING", "user_received_account": "招商银行信用卡0403",
		"amount": map[string]any{"total": 1250, "refund": 250, "currency": "CNY"},
	}, changes)
}

// words marshals fields with changes; a nil change takes the field away.
func words(fields, changes map[string]any) string {
	for k, v := range changes {
		if fields[k] = v; v == nil {
			delete(fields, k)
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func refusalBody(code string) string { return fmt.Sprintf(`{"code":%q,"message":"不行"}`, code) }

// certificatePEM issues a platform certificate for key.
func certificatePEM(t *testing.T, key *rsa.PrivateKey, serial *big.Int) string {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Tenpay.com sign"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// wantFailure checks what err proves, and that it tells nothing it must not.
func wantFailure(t *testing.T, err error, want pos.Failure) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %s", want)
	}
	if got := pos.FailureOf(err); got != want {
		t.Errorf("failure %s, want %s: %v", got, want, err)
	}
	for _, secret := range []string{testAPIv3, testOpenID, "Signature"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}
