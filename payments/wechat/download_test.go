package wechat

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// TestDownloadCertificates asks the sandbox in public-key mode: its certificate opens under the APIv3 key only.
func TestDownloadCertificates(t *testing.T) {
	p, err := sandbox.NewPapers()
	if err != nil {
		t.Fatal(err)
	}
	s := sandbox.New(p, sandbox.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := p.WeChat
	cfg := Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: s.WeChatURL(),
	}
	list, err := DownloadCertificates(t.Context(), cfg)
	if err != nil || len(list) != 1 || list[0].SerialNumber.Text(16) != strings.ToLower(w.CertificateSerial) {
		t.Fatalf("%d certificates, %v", len(list), err)
	}
	cfg.APIv3Key = strings.Repeat("k", 32)
	if _, err := DownloadCertificates(t.Context(), cfg); !errors.Is(err, ErrSealed) {
		t.Errorf("another APIv3 key: %v", err)
	}
	cfg.MerchantKey = keys().stranger
	if _, err := DownloadCertificates(t.Context(), cfg); pos.FailureOf(err) != pos.Misconfigured {
		t.Errorf("another merchant key: %v", err)
	}
}

// TestDownloadCertificatesOdd: no answer makes it panic.
func TestDownloadCertificatesOdd(t *testing.T) {
	var status int
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	cfg := Config{
		MchID: testMchID, AppID: testAppID, MerchantSerial: "ABCDEF", MerchantKey: keys().merchant, APIv3Key: testAPIv3,
		PublicKeyID: testKeyID, PublicKey: &keys().platform.PublicKey, BaseURL: s.URL,
	}
	for _, c := range []struct {
		status int
		body   string
		is     error
	}{
		{404, `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`, ErrNoCertificates},
		{200, `{"data":[]}`, ErrNoCertificates},
		{200, `{"data":[{"serial_no":"AB"}]}`, nil},
		{200, `{"data":[{"encrypt_certificate":{"nonce":"short","ciphertext":"AAAA"}}]}`, nil},
		{200, `{"data":[{"encrypt_certificate":{"nonce":"123456789012","ciphertext":"AAAA"}}]}`, ErrSealed},
		{200, `<html>`, nil},
		{502, ``, nil},
	} {
		status, body = c.status, c.body
		list, err := DownloadCertificates(t.Context(), cfg)
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%d %s: %d certificates, %v", c.status, c.body, len(list), err)
		}
	}
}
