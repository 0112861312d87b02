package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// keyBits is what both platforms issue and demand.
const keyBits = 2048

// Papers are the keys and numbers of both sides: what the merchant signs with and what the platforms sign with.
type Papers struct {
	WeChat WeChatPapers
	Alipay AlipayPapers
}

// WeChatPapers hold a WeChat Pay merchant's papers and both ways the platform can sign:
// with its public-key identity (PUB_KEY_ID_…) and with its platform certificate.
type WeChatPapers struct {
	MchID               string // 10 digits
	AppID               string // wx and 16 hexadecimal digits
	MerchantKey         *rsa.PrivateKey
	MerchantCertificate []byte // PEM
	MerchantSerial      string // 40 upper-case hexadecimal digits
	APIv3Key            string // 32 ASCII characters: the AES-256 key of notifications and certificates
	PublicKeyID         string
	PlatformKey         *rsa.PrivateKey // signs when PublicKeyID is the serial
	CertificateKey      *rsa.PrivateKey // signs when CertificateSerial is the serial
	PlatformCertificate []byte          // PEM
	CertificateSerial   string
}

// AlipayPapers hold an Alipay application: in public-key mode, or with Certificates in certificate mode.
type AlipayPapers struct {
	AppID       string // 16 digits
	SellerID    string // 2088 and 12 digits
	AppKey      *rsa.PrivateKey
	PlatformKey *rsa.PrivateKey

	Certificates *AlipayCertificates // nil in public-key mode
}

// NewPapers generates fresh keys, certificates and numbers. They belong to nobody and open nothing real.
func NewPapers() (*Papers, error) {
	p := &Papers{
		WeChat: WeChatPapers{
			MchID:       "19" + digits(8),
			AppID:       "wx" + hexDigits(16),
			APIv3Key:    letters(32),
			PublicKeyID: "PUB_KEY_ID_01" + digits(30),
		},
		Alipay: AlipayPapers{AppID: "2021" + digits(12), SellerID: "2088" + digits(12)},
	}
	w, a := &p.WeChat, &p.Alipay
	if err := generate(&w.MerchantKey, &w.PlatformKey, &w.CertificateKey, &a.AppKey, &a.PlatformKey); err != nil {
		return nil, err
	}

	platform := certificate("Tenpay.com sign")
	var err error
	if w.PlatformCertificate, err = issue(platform, platform, &w.CertificateKey.PublicKey, w.CertificateKey); err != nil {
		return nil, err
	}
	merchant := certificate(w.MchID)
	if w.MerchantCertificate, err = issue(merchant, platform, &w.MerchantKey.PublicKey, w.CertificateKey); err != nil {
		return nil, err
	}
	w.CertificateSerial = fmt.Sprintf("%X", platform.SerialNumber.Bytes())
	w.MerchantSerial = fmt.Sprintf("%X", merchant.SerialNumber.Bytes())
	return p, nil
}

// generate fills every key, one goroutine each: five RSA keys one after the other are a noticeable wait.
func generate(keys ...**rsa.PrivateKey) error {
	var wg sync.WaitGroup
	errs := make([]error, len(keys))
	for i, k := range keys {
		wg.Go(func() { *k, errs[i] = rsa.GenerateKey(rand.Reader, keyBits) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func certificate(name string) *x509.Certificate {
	serial := make([]byte, 20)
	rand.Read(serial)
	serial[0] = serial[0]&0x3f | 0x40 // no leading zero and no sign bit: every way of printing it agrees
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Saoma sandbox"}, Country: []string{"CN"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(5, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func issue(c, parent *x509.Certificate, pub *rsa.PublicKey, signer *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub, signer)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// papersFile is the sandbox's own copy: both sides' private keys in one file.
const papersFile = "papers.json"

// papersJSON is Papers with keys as PEM text.
type papersJSON struct {
	MchID, AppID, MerchantKey, MerchantCertificate, MerchantSerial, APIv3Key string
	PublicKeyID, PlatformKey                                                 string
	CertificateKey, PlatformCertificate, CertificateSerial                   string
	AlipayAppID, AlipaySellerID, AlipayAppKey, AlipayPlatformKey             string

	// Certificate mode; older folders have none of them.
	AlipayAppCertificate  string `json:",omitempty"`
	AlipayCertificate     string `json:",omitempty"`
	AlipayRootCertificate string `json:",omitempty"`
	AlipayIssuerKey       string `json:",omitempty"`
}

// Write saves the papers under dir for ReadPapers, readable by the owner only.
func (p *Papers) Write(dir string) error {
	w, a := p.WeChat, p.Alipay
	j := papersJSON{
		MchID: w.MchID, AppID: w.AppID, MerchantKey: string(privatePEM(w.MerchantKey)),
		MerchantCertificate: string(w.MerchantCertificate), MerchantSerial: w.MerchantSerial, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PlatformKey: string(privatePEM(w.PlatformKey)),
		CertificateKey: string(privatePEM(w.CertificateKey)), PlatformCertificate: string(w.PlatformCertificate),
		CertificateSerial: w.CertificateSerial,
		AlipayAppID:       a.AppID, AlipaySellerID: a.SellerID,
		AlipayAppKey: string(privatePEM(a.AppKey)), AlipayPlatformKey: string(privatePEM(a.PlatformKey)),
	}
	if c := a.Certificates; c != nil {
		j.AlipayAppCertificate, j.AlipayCertificate = string(c.App), string(c.Alipay)
		j.AlipayRootCertificate, j.AlipayIssuerKey = string(c.Root), string(privatePEM(c.IssuerKey))
	}
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	return writeFiles(dir, file{papersFile, text})
}

// ReadPapers reads what Write saved.
func ReadPapers(dir string) (*Papers, error) {
	text, err := os.ReadFile(filepath.Join(dir, papersFile))
	if err != nil {
		return nil, err
	}
	var j papersJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, fmt.Errorf("%s: %w", papersFile, err)
	}
	p := &Papers{
		WeChat: WeChatPapers{
			MchID: j.MchID, AppID: j.AppID, MerchantCertificate: []byte(j.MerchantCertificate),
			MerchantSerial: j.MerchantSerial, APIv3Key: j.APIv3Key, PublicKeyID: j.PublicKeyID,
			PlatformCertificate: []byte(j.PlatformCertificate), CertificateSerial: j.CertificateSerial,
		},
		Alipay: AlipayPapers{AppID: j.AlipayAppID, SellerID: j.AlipaySellerID},
	}
	type private struct {
		into **rsa.PrivateKey
		pem  string
	}
	keys := []private{
		{&p.WeChat.MerchantKey, j.MerchantKey},
		{&p.WeChat.PlatformKey, j.PlatformKey},
		{&p.WeChat.CertificateKey, j.CertificateKey},
		{&p.Alipay.AppKey, j.AlipayAppKey},
		{&p.Alipay.PlatformKey, j.AlipayPlatformKey},
	}
	if j.AlipayIssuerKey != "" {
		c := &AlipayCertificates{
			App: []byte(j.AlipayAppCertificate), Alipay: []byte(j.AlipayCertificate), Root: []byte(j.AlipayRootCertificate),
		}
		p.Alipay.Certificates = c
		keys = append(keys, private{&c.IssuerKey, j.AlipayIssuerKey})
	}
	for _, k := range keys {
		if *k.into, err = parsePrivate(k.pem); err != nil {
			return nil, fmt.Errorf("%s: %w", papersFile, err)
		}
	}
	return p, nil
}

// WriteMerchant writes what a merchant would hold into keysDir: its own private keys, the APIv3 key and the
// platforms' public keys. Nothing there can sign for a platform.
func (p *Papers) WriteMerchant(keysDir string) error {
	w, a := p.WeChat, p.Alipay
	files := []file{
		{"wechat_merchant_key.pem", privatePEM(w.MerchantKey)},
		{"wechat_merchant_cert.pem", w.MerchantCertificate},
		{"wechat_apiv3.key", []byte(w.APIv3Key)},
		{"wechat_public_key.pem", publicPEM(&w.PlatformKey.PublicKey)},
		{"alipay_app_key.pem", privatePEM(a.AppKey)},
	}
	if c := a.Certificates; c != nil {
		files = append(files, file{"alipay_app_cert.crt", c.App}, file{"alipay_cert.crt", c.Alipay}, file{"alipay_root_cert.crt", c.Root})
	} else {
		files = append(files, file{"alipay_public_key.pem", publicPEM(&a.PlatformKey.PublicKey)})
	}
	return writeFiles(keysDir, files...)
}

type file struct {
	name string
	text []byte
}

// writeFiles writes each file beside its old version and renames it over it.
func writeFiles(dir string, files ...file) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeAtomic(filepath.Join(dir, f.name), f.text); err != nil {
			return err
		}
	}
	return nil
}

func writeAtomic(path string, text []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // fails after the rename, as it should
	_, err = t.Write(text)
	err = errors.Join(err, t.Sync(), t.Close())
	if err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}

func privatePEM(k *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func publicPEM(k *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func parsePrivate(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("a private key is not PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("a private key is not RSA")
	}
	return key, nil
}
