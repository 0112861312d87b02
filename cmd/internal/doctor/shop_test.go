package doctor

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/vault"
	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/pos"
	"saoma/pos/papers"
)

// The papers are made once: RSA keys take a while.
var (
	publicMode = sync.OnceValues(sandbox.NewPapers)
	certMode   = sync.OnceValues(func() (*sandbox.Papers, error) {
		p, err := sandbox.NewPapers()
		if err == nil {
			err = p.UseAlipayCertificates()
		}
		return p, err
	})
	freshLedger = sync.OnceValues(func() ([]byte, error) { // SQLite is slow under the race detector
		dir, err := os.MkdirTemp("", "doctor-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		l, err := db.Open(context.Background(), dir, db.Options{})
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			return nil, err
		}
		return os.ReadFile(filepath.Join(dir, db.FileName))
	})
	stranger = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// shop is a healthy counter's folder, its sandbox, and what the doctor is told.
type shop struct {
	t      *testing.T
	dir    string
	papers *sandbox.Papers
	box    *sandbox.Sandbox
	o      Options

	hostKey ssh.Signer // of sshServer
}

// newShop makes a folder as init --sandbox does, and starts its sandbox.
func newShop(t *testing.T, make func() (*sandbox.Papers, error)) *shop {
	t.Helper()
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "")
	}
	s := &shop{t: t, dir: filepath.Join(t.TempDir(), "shop")}
	p, err := make()
	s.must(err)
	s.papers, s.box = p, sandbox.New(p, sandbox.Options{})
	s.must(s.box.Start("127.0.0.1:0"))
	t.Cleanup(func() { s.box.Close() })
	s.must(os.Mkdir(s.dir, 0o700))
	s.must(p.WriteMerchant(filepath.Join(s.dir, config.KeysDir)))
	text, err := config.Fresh{
		Shop: "面馆", Counter: "T7", MchID: p.WeChat.MchID, WeChatAppID: p.WeChat.AppID, MerchantSerial: p.WeChat.MerchantSerial,
		WeChatPublicKeyID: p.WeChat.PublicKeyID, AlipayAppID: p.Alipay.AppID, SellerID: p.Alipay.SellerID,
		Sandbox: s.box.URL(), Notify: config.FreeAddress(),
	}.Text(s.dir)
	s.must(err)
	s.write(config.FileName, text)
	if c := p.Alipay.Certificates; c != nil {
		s.write("keys/app.crt", string(c.App))
		s.write("keys/alipay.crt", string(c.Alipay))
		s.write("keys/root.crt", string(c.Root))
		s.set("alipay", "alipay_public_key_file", nil)
		s.set("alipay", "app_cert_file", "keys/app.crt")
		s.set("alipay", "alipay_cert_file", "keys/alipay.crt")
		s.set("alipay", "alipay_root_cert_file", "keys/root.crt")
	}
	ledger, err := freshLedger()
	s.must(err)
	s.write(db.FileName, string(ledger))
	beijing, err := time.LoadLocation("Asia/Shanghai")
	s.must(err)
	m := ThisMachine()
	m.Printers = func(context.Context) ([]string, error) { return []string{"Receipts"}, nil }
	m.Build = func() (*debug.BuildInfo, bool) {
		return &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, true
	}
	m.Slow, m.Patience, m.OneCheck = time.Minute, 4*time.Minute, 3*time.Minute // for a slow machine
	s.o = Options{Dir: s.dir, Monitors: 2, Local: beijing, Machine: m}
	return s
}

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *shop) write(name, text string) {
	s.t.Helper()
	s.must(os.WriteFile(s.path(name), []byte(text), 0o600))
}

func (s *shop) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	s.must(err)
	return string(text)
}

// set changes one key of saoma.toml; nil takes it out. Nothing is checked: it may be wrong on purpose.
func (s *shop) set(section, key string, value any) {
	s.t.Helper()
	var lines []string
	for line := range strings.SplitSeq(s.read(config.FileName), "\n") {
		in := len(lines) > 0 && current(lines) == section
		if in && strings.HasPrefix(line, key+" = ") {
			continue
		}
		lines = append(lines, line)
		if line == "["+section+"]" {
			switch v := value.(type) {
			case string:
				lines = append(lines, key+` = "`+v+`"`)
			case bool:
				lines = append(lines, key+" = "+map[bool]string{true: "true", false: "false"}[v])
			}
		}
	}
	s.write(config.FileName, strings.Join(lines, "\n"))
}

// current is the section that the last of lines is in.
func current(lines []string) (name string) {
	for _, line := range lines {
		if strings.HasPrefix(line, "[") {
			name = strings.Trim(line, "[]")
		}
	}
	return name
}

// look makes one check.
func (s *shop) look(check string) (f pos.Finding, made bool) {
	s.t.Helper()
	s.o.Only = []string{check}
	Run(s.t.Context(), s.o, func(found pos.Finding) { f, made = found, true })
	return f, made
}

// open opens the counter and runs it until the test ends.
func (s *shop) open() {
	s.t.Helper()
	c, err := counter.Open(s.t.Context(), s.dir, counter.Options{})
	s.must(err)
	_, err = c.Listen()
	s.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		<-ended
		if err := c.Close(); err != nil {
			s.t.Error(err)
		}
	})
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(s.path(counter.EchoKeyName)); err == nil && info.Size() > 0 {
			return // what connects from now on is answered
		}
		if time.Now().After(end) {
			s.t.Fatal("the counter makes no echo key")
		}
	}
}

// hold has the data folder open without a counter.
func (s *shop) hold() {
	s.t.Helper()
	l, err := db.Open(s.t.Context(), s.dir, db.Options{})
	s.must(err)
	s.t.Cleanup(func() { l.Close() })
}

// sell makes an order in each wallet, as a counter would.
func (s *shop) sell() {
	s.t.Helper()
	c, err := counter.Open(s.t.Context(), s.dir, counter.Options{})
	s.must(err)
	defer c.Close()
	for _, w := range pos.Wallets {
		_, err := c.Till.Charge(s.t.Context(), pos.ChargeRequest{Amount: 100, Wallet: w, Cashier: "test"})
		s.must(err)
	}
}

// backUp makes a backup, and says when it was made.
func (s *shop) backUp(ago time.Duration) {
	s.t.Helper()
	l, err := db.Open(s.t.Context(), s.dir, db.Options{})
	s.must(err)
	defer l.Close()
	at := time.Now().Add(-ago)
	path, err := l.BackupDaily(s.t.Context(), s.path(db.BackupFolder), at, 9, false)
	s.must(err)
	s.must(os.Chtimes(path, at, at))
}

// seal seals the keys under a passphrase that a file has.
func (s *shop) seal() {
	s.t.Helper()
	v, err := vault.Create(s.dir, vault.Passphrase, "correct horse battery staple")
	s.must(err)
	s.must(v.Seal(s.path("keys/wechat_merchant_key.pem"), s.path("keys/wechat_apiv3.key"), s.path("keys/alipay_app_key.pem")))
	s.write("passphrase", "correct horse battery staple\n")
	s.write(config.FileName, s.read(config.FileName)+"\n[vault]\npassphrase_file = \"passphrase\"\n")
}

// run runs SQL in the ledger behind the program's back.
func (s *shop) run(script string) {
	s.t.Helper()
	file, err := sql.Open("sqlite", s.path(db.FileName))
	s.must(err)
	defer file.Close()
	_, err = file.Exec(script)
	s.must(err)
}

// certificate is one for key, valid between two days from now.
func (s *shop) certificate(key *rsa.PrivateKey, name string, from, to int) string {
	s.t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(0x5aa5_5aa5_5aa5), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().AddDate(0, 0, from), NotAfter: time.Now().AddDate(0, 0, to),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	s.must(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// strangerKey is a key of nobody's, as PEM.
func (s *shop) strangerKey() (private, public string) {
	s.t.Helper()
	k, err := stranger()
	s.must(err)
	return string(papers.EncodePrivate(k)), string(papers.EncodePublic(&k.PublicKey))
}
