package sandbox

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// control posts to one of the simulator's own addresses.
func control(t *testing.T, s *Sandbox, path, body string, into any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res := exchange(r)
	if into != nil {
		if err := json.Unmarshal([]byte(res.body), into); err != nil {
			t.Fatalf("%s: %v", res.body, err)
		}
	}
	return res.status
}

func rotated(t *testing.T, s *Sandbox, paper Paper, pending bool) (f Fresh) {
	t.Helper()
	if status := control(t, s, "/sandbox/rotate", fmt.Sprintf(`{"paper":%q,"pending":%t}`, paper, pending), &f); status != 200 {
		t.Fatalf("rotate %s: %d", paper, status)
	}
	return f
}

func effective(t *testing.T, s *Sandbox, serial string, is bool) {
	t.Helper()
	if status := control(t, s, "/sandbox/effective", fmt.Sprintf(`{"serial":%q,"effective":%t}`, serial, is), nil); status != 200 {
		t.Fatalf("effective %s: %d", serial, status)
	}
}

// TestMerchantCertificateRotates: a certificate is accepted from when it is effective until it is revoked.
func TestMerchantCertificateRotates(t *testing.T) {
	s := start(t, Options{})
	old := s.papers.WeChat
	fresh := rotated(t, s, MerchantCertificate, true)
	block, _ := pem.Decode([]byte(fresh.PrivateKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if c := certificatesIn(t, []byte(fresh.Certificate))[0]; fmt.Sprintf("%X", c.SerialNumber) != fresh.Serial || !key.(*rsa.PrivateKey).PublicKey.Equal(c.PublicKey) {
		t.Fatal("serial, key and certificate do not fit together")
	}
	asks := func(serial string, key *rsa.PrivateKey) string {
		p := *s.papers
		p.WeChat.MerchantSerial, p.WeChat.MerchantKey = serial, key
		as := &Sandbox{papers: &p, opt: s.opt, url: s.url}
		r := wxRequest{method: "GET", path: "/v3/pay/transactions/out-trade-no/NONE123?mchid=" + p.WeChat.MchID}.send(t, as)
		if r.verified(s) != nil {
			t.Errorf("an answer that does not verify: %s", r.body)
		}
		return r.json.Code + r.json.Detail.Field
	}
	const known, unknown, wrong = "ORDER_NOT_EXIST", "SIGN_ERRORserial_no", "SIGN_ERRORsignature"
	for _, step := range []struct {
		do                    func()
		fresh, old, freshWith string
	}{
		{func() {}, unknown, known, wrong},
		{func() { effective(t, s, fresh.Serial, true) }, known, known, wrong},
		{func() { effective(t, s, old.MerchantSerial, false) }, known, unknown, unknown},
		{func() { effective(t, s, fresh.Serial, false) }, unknown, unknown, unknown},
	} {
		step.do()
		a, b, c := asks(fresh.Serial, key.(*rsa.PrivateKey)), asks(old.MerchantSerial, old.MerchantKey), asks(old.MerchantSerial, key.(*rsa.PrivateKey))
		if a != step.fresh || b != step.old || c != step.freshWith {
			t.Errorf("new %s, old %s, new key under the old serial %s; want %+v", a, b, c, step)
		}
	}
}

// TestPlatformKeysRotate: what is asked for signs while it is effective, and the newest otherwise; certificates are
// handed out while they are effective.
func TestPlatformKeysRotate(t *testing.T) {
	for _, usual := range []Identity{Certificate, PublicKey} {
		s := start(t, Options{Identity: usual})
		w := s.papers.WeChat
		certificate, key := rotated(t, s, PlatformCertificate, false), rotated(t, s, WeChatPublicKey, false)
		signs := func(asked string) string {
			return wxRequest{method: "GET", path: "/v3/certificates", serial: asked}.send(t, s).header.Get("Wechatpay-Serial")
		}
		byDefault := certificate.Serial
		if usual == PublicKey {
			byDefault = key.Serial
		}
		for asked, want := range map[string]string{
			"": byDefault, "nobody": byDefault, w.CertificateSerial: w.CertificateSerial, w.PublicKeyID: w.PublicKeyID,
			certificate.Serial: certificate.Serial, key.Serial: key.Serial,
		} {
			if got := signs(asked); got != want {
				t.Errorf("asked for %s, signed by %s; want %s", asked, got, want)
			}
		}
		effective(t, s, w.PublicKeyID, false)
		if got := signs(w.PublicKeyID); got != byDefault {
			t.Errorf("a revoked key signs: %s", got)
		}
		if n := listed(t, s); n != 2 {
			t.Errorf("%d certificates", n)
		}
		effective(t, s, w.CertificateSerial, false)
		if n := listed(t, s); n != 1 {
			t.Errorf("%d certificates after one was revoked", n)
		}
	}
}

func listed(t *testing.T, s *Sandbox) int {
	t.Helper()
	var list struct{ Data []json.RawMessage }
	r := wechatGet(t, s, "/v3/certificates")
	if err := json.Unmarshal([]byte(r.body), &list); err != nil {
		t.Fatal(err)
	}
	return len(list.Data)
}

// TestRamp: of a thousand answers, and of a thousand notifications, as many as asked for are signed by the new key.
func TestRamp(t *testing.T) {
	s := start(t, Options{})
	w := s.papers.WeChat
	for _, perMille := range []int{0, 1, 125, 500, 999, 1000} {
		if status := control(t, s, "/sandbox/ramp", fmt.Sprintf(`{"from":%q,"to":%q,"per_mille":%d}`, w.CertificateSerial, w.PublicKeyID, perMille), nil); status != 200 {
			t.Fatal(status)
		}
		var by [2]map[string]int
		for m := range by {
			by[m] = map[string]int{}
			for range 1000 {
				by[m][s.keys.signer(w.CertificateSerial, PlatformCertificate, message(m)).serial]++
			}
			if by[m][w.PublicKeyID] != perMille || by[m][w.CertificateSerial] != 1000-perMille {
				t.Errorf("at %d: %v", perMille, by[m])
			}
		}
	}
	if status := control(t, s, "/sandbox/ramp", `{}`, nil); status != 200 {
		t.Fatal(status)
	}
	if got := s.keys.signer(w.CertificateSerial, WeChatPublicKey, anAnswer).serial; got != w.CertificateSerial {
		t.Errorf("after the ramp %s signs", got)
	}
}

// TestAlipayPublicKeyRotates: the new key signs at once.
func TestAlipayPublicKeyRotates(t *testing.T) {
	s := start(t, Options{})
	before := alipayCall(t, s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	fresh := rotated(t, s, AlipayKey, false)
	after := alipayCall(t, s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	block, _ := pem.Decode([]byte(fresh.PublicKey))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if before.verified(s) != nil || after.verified(s) == nil || rsaVerify(key.(*rsa.PublicKey), after.text, after.sign) != nil || fresh.PrivateKey != "" {
		t.Error("the new key does not sign, or the old one does")
	}
}

func TestRotationsThatAreRefused(t *testing.T) {
	s := start(t, Options{})
	w := s.papers.WeChat
	for path, bodies := range map[string]map[string]int{
		"/sandbox/rotate":    {`{"paper":"passport"}`: 400, `{}`: 400, `[]`: 400, `{"paper":"alipay_key","pending":true}`: 400},
		"/sandbox/effective": {`{"serial":"AB","effective":true}`: 404, `{}`: 404, `{"serial":5}`: 400},
		"/sandbox/ramp": {
			`{"from":"AB","to":"` + w.PublicKeyID + `"}`: 404, `{"to":"` + w.PublicKeyID + `","per_mille":5}`: 404,
			`{"from":"` + w.CertificateSerial + `","to":"` + w.PublicKeyID + `","per_mille":1001}`: 400,
			`{"from":"` + w.MerchantSerial + `","to":"` + w.PublicKeyID + `","per_mille":5}`:       404,
		},
	} {
		for body, want := range bodies {
			var said struct{ Error string }
			if status := control(t, s, path, body, &said); status != want || said.Error == "" {
				t.Errorf("%s %s: %d %q, want %d", path, body, status, said.Error, want)
			}
		}
	}
}
