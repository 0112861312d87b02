package config

import (
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"time"

	"saoma/pos"
	"saoma/pos/papers"
)

// Secret is key material that prints as nothing of itself.
type Secret []byte

func (Secret) String() string   { return "[hidden]" }
func (Secret) GoString() string { return "[hidden]" }

// Keys is what the key files hold. A wallet that is off leaves its keys nil.
type Keys struct {
	WeChatMerchant *rsa.PrivateKey
	WeChatAPIv3    Secret         // 32 bytes
	WeChatPublic   *rsa.PublicKey // nil in platform-certificate mode
	AlipayApp      *rsa.PrivateKey
	AlipayPublic   *rsa.PublicKey // nil in certificate mode

	// PEM, in certificate mode only.
	AlipayAppCert, AlipayCert, AlipayRootCert []byte

	// What a rotation replaces; nil where there is none, or its last day is over.
	WeChatPreviousMerchant *rsa.PrivateKey
	WeChatPreviousPublic   *rsa.PublicKey
	AlipayPreviousPublic   *rsa.PublicKey
}

// String and GoString keep the keys out of logs.
func (Keys) String() string   { return "[hidden]" }
func (Keys) GoString() string { return "[hidden]" }

// KeyFile is one key of saoma.toml that names a file with a secret.
type KeyFile struct {
	Key  string // such as wechat.merchant_key_file
	Path string
}

// SecretFiles lists the files that hold secrets, those of wallets that are off included: what is kept sealed.
func (c *Config) SecretFiles() (list []KeyFile) {
	for _, f := range []KeyFile{
		{"wechat.merchant_key_file", c.WeChat.MerchantKeyFile},
		{"wechat.previous_merchant_key_file", c.WeChat.Previous.MerchantKeyFile},
		{"wechat.apiv3_key_file", c.WeChat.APIv3KeyFile},
		{"alipay.app_key_file", c.Alipay.AppKeyFile},
		{"tunnel.key_file", c.Tunnel.KeyFile},
		{"tunnel.token_file", c.Tunnel.TokenFile},
	} {
		if f.Path != "" {
			list = append(list, f)
		}
	}
	return list
}

// Keys reads the key files of the wallets that are on. read is how a file is read, such as vault.Vault.Read; a
// sentence of its own (a pos.Error) is kept. Every error names the key of saoma.toml.
func (c *Config) Keys(read func(path string) ([]byte, error)) (Keys, error) {
	var k Keys
	r := keyReader{read: read}
	if c.WeChat.Enabled {
		r.weChat(&k, &c.WeChat)
	}
	if c.Alipay.Enabled {
		r.alipay(&k, &c.Alipay)
	}
	if r.err != nil {
		return Keys{}, r.err
	}
	return k, nil
}

// keyReader reads one file after another and keeps the first error.
type keyReader struct {
	read func(path string) ([]byte, error)
	err  error
}

func (r *keyReader) weChat(k *Keys, w *WeChat) {
	k.WeChatMerchant = readAs(r, "wechat.merchant_key_file", w.MerchantKeyFile, papers.Private)
	k.WeChatAPIv3 = Secret(readAs(r, "wechat.apiv3_key_file", w.APIv3KeyFile, papers.APIv3Key))
	k.WeChatPublic = readAs(r, "wechat.public_key_file", w.PublicKeyFile, papers.Public)
	if p := &w.Previous; !over(p.Until) {
		k.WeChatPreviousMerchant = readAs(r, "wechat.previous_merchant_key_file", p.MerchantKeyFile, papers.Private)
		k.WeChatPreviousPublic = readAs(r, "wechat.previous_public_key_file", p.PublicKeyFile, papers.Public)
	}
}

func (r *keyReader) alipay(k *Keys, a *Alipay) {
	k.AlipayApp = readAs(r, "alipay.app_key_file", a.AppKeyFile, papers.Private)
	k.AlipayPublic = readAs(r, "alipay.alipay_public_key_file", a.PublicKeyFile, papers.Public)
	k.AlipayAppCert = readAs(r, "alipay.app_cert_file", a.AppCertFile, certificates)
	k.AlipayCert = readAs(r, "alipay.alipay_cert_file", a.AlipayCertFile, certificates)
	k.AlipayRootCert = readAs(r, "alipay.alipay_root_cert_file", a.RootCertFile, certificates)
	if !over(a.PreviousUntil) {
		k.AlipayPreviousPublic = readAs(r, "alipay.previous_alipay_public_key_file", a.PreviousPublicKeyFile, papers.Public)
	}
	if r.err == nil && k.AlipayPublic != nil && k.AlipayApp.PublicKey.Equal(k.AlipayPublic) {
		r.err = pos.Errorf(pos.Setup, "alipay.alipay_public_key_file holds the application's own public key; download Alipay's public key from the open platform.")
	}
}

// certificates is a chain as PEM, whatever form its file has.
func certificates(data []byte) ([]byte, error) {
	chain, err := papers.Certificates(data)
	return papers.EncodeCertificates(chain), err
}

// over reports whether the last day of what a rotation replaces has ended.
func over(until time.Time) bool { return !until.IsZero() && time.Now().After(until) }

// readAs reads the file that key names, and nothing where it names none.
func readAs[T any](r *keyReader, key, path string, parse func([]byte) (T, error)) (v T) {
	if r.err != nil || path == "" {
		return v
	}
	var data []byte
	if data, r.err = r.file(key, path); r.err != nil {
		return v
	}
	var err error
	if v, err = parse(data); err != nil {
		r.err = about(key, err)
	}
	return v
}

// about puts the key before a sentence.
func about(key string, err error) error {
	return pos.Errorf(pos.CodeOf(err), "%s: %s", key, err).Because(errors.Unwrap(err))
}

func (r *keyReader) file(key, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > 2*papers.MaxPaper) { // a sealed one is longer
		return nil, pos.Errorf(pos.Setup, "%s names %s, which is not a key file.", key, path)
	}
	var data []byte
	if err == nil {
		data, err = r.read(path)
	}
	if _, said := errors.AsType[*pos.Error](err); said {
		return nil, about(key, err)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, pos.Errorf(pos.Setup, "%s names the file %s, which does not exist.", key, path)
	case err != nil:
		return nil, pos.Errorf(pos.Setup, "%s names the file %s, which cannot be read; check its permissions.", key, path).Because(err)
	}
	return data, nil
}
