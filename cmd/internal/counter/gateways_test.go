package counter

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// asked makes the gateways of a data folder and asks each about a payment that does not exist: that it does not is
// an answer which verified, to a request which was accepted.
func asked(t *testing.T, dir string) map[pos.Wallet]error {
	t.Helper()
	cfg, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cfg.Keys(os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Gateways(cfg, keys, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	errs := map[pos.Wallet]error{}
	for w, g := range p.Gateways {
		now := time.Now()
		_, errs[w] = g.Query(t.Context(), &pos.Payment{
			OutTradeNo: "K1NOSUCHORDER", Wallet: w, Account: g.Account(), Amount: 100, CreatedAt: now, ExpiresAt: now.Add(time.Minute),
		})
	}
	return errs
}

// edit changes saoma.toml.
func edit(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	name := filepath.Join(dir, config.FileName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCertificateModeFromFiles: the three files of Alipay's certificate mode, named in saoma.toml.
func TestCertificateModeFromFiles(t *testing.T) {
	papers, err := sandbox.NewPapers()
	if err == nil {
		err = papers.UseAlipayCertificates()
	}
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := folderOf(t, papers)
	edit(t, dir, `alipay_public_key_file = "keys/alipay_public_key.pem"`,
		"app_cert_file = \"keys/alipay_app_cert.crt\"\nalipay_cert_file = \"keys/alipay_cert.crt\"\nalipay_root_cert_file = \"keys/alipay_root_cert.crt\"")
	if err := asked(t, dir)[pos.Alipay]; err != nil {
		t.Error(err)
	}
}

// TestRotationFromFiles: what saoma.toml names as previous is used until its last day.
func TestRotationFromFiles(t *testing.T) {
	dir, box := newFolder(t)
	fresh := map[sandbox.Paper]sandbox.Fresh{}
	for _, p := range []sandbox.Paper{sandbox.MerchantCertificate, sandbox.AlipayKey} {
		f, err := box.Rotate(p, p == sandbox.AlipayKey) // WeChat Pay does not know its new one yet
		if err != nil {
			t.Fatal(err)
		}
		fresh[p] = f
	}
	m := fresh[sandbox.MerchantCertificate]
	for name, text := range map[string]string{"new_merchant.pem": m.PrivateKey, "new_alipay.pem": fresh[sandbox.AlipayKey].PublicKey} {
		if err := os.WriteFile(filepath.Join(dir, config.KeysDir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	old := cfg.WeChat.MerchantSerial
	edit(t, dir,
		`merchant_serial = "`+old+`"`, `merchant_serial = "`+m.Serial+`"
previous_merchant_serial = "`+old+`"
previous_merchant_key_file = "keys/wechat_merchant_key.pem"
previous_until = "2999-12-31"`,
		`merchant_key_file = "keys/wechat_merchant_key.pem"`, `merchant_key_file = "keys/new_merchant.pem"`,
		// The other way round: what is in force is what Alipay signed with before.
		"[alipay]\n", "[alipay]\nprevious_alipay_public_key_file = \"keys/new_alipay.pem\"\nprevious_until = \"2999-12-31\"\n")
	for w, err := range asked(t, dir) {
		if err != nil {
			t.Errorf("before the last day: %s: %v", w, err)
		}
	}
	edit(t, dir, "2999-12-31", "2001-12-31")
	for w, err := range asked(t, dir) {
		if want := map[pos.Wallet]pos.Failure{pos.WeChat: pos.Misconfigured, pos.Alipay: pos.Unknown}[w]; err == nil || pos.FailureOf(err) != want {
			t.Errorf("after the last day: %s: %v", w, err)
		}
	}
}
