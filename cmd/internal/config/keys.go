package config

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"

	"saoma/pos"
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
	AlipayPublic   *rsa.PublicKey
}

// String and GoString keep the keys out of logs.
func (Keys) String() string   { return "[hidden]" }
func (Keys) GoString() string { return "[hidden]" }

// Keys reads the key files of the wallets that are on.
func (c *Config) Keys() (k Keys, err error) {
	if w := &c.WeChat; w.Enabled {
		if k.WeChatMerchant, err = privateKey("wechat.merchant_key_file", w.MerchantKeyFile); err != nil {
			return Keys{}, err
		}
		if k.WeChatAPIv3, err = apiv3Key("wechat.apiv3_key_file", w.APIv3KeyFile); err != nil {
			return Keys{}, err
		}
		if w.PublicKeyFile != "" {
			if k.WeChatPublic, err = publicKey("wechat.public_key_file", w.PublicKeyFile); err != nil {
				return Keys{}, err
			}
		}
	}
	if a := &c.Alipay; a.Enabled {
		if k.AlipayApp, err = privateKey("alipay.app_key_file", a.AppKeyFile); err != nil {
			return Keys{}, err
		}
		if k.AlipayPublic, err = publicKey("alipay.alipay_public_key_file", a.PublicKeyFile); err != nil {
			return Keys{}, err
		}
		if k.AlipayApp.PublicKey.Equal(k.AlipayPublic) {
			return Keys{}, pos.Errorf(pos.Setup, "alipay.alipay_public_key_file holds the application's own public key; download Alipay's public key from the open platform.")
		}
	}
	return k, nil
}

// maxKeyFile is far above any key and far below anything that hurts to read.
const maxKeyFile = 64 << 10

func readKeyFile(key, name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, pos.Errorf(pos.Setup, "%s names the file %s, which does not exist.", key, name)
	case err != nil:
		return nil, pos.Errorf(pos.Setup, "%s names the file %s, which cannot be read; check its permissions.", key, name).Because(err)
	case !info.Mode().IsRegular() || info.Size() > maxKeyFile:
		return nil, pos.Errorf(pos.Setup, "%s names %s, which is not a key file.", key, name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "%s names the file %s, which cannot be read; check its permissions.", key, name).Because(err)
	}
	return data, nil
}

// der returns the key's DER and its PEM type; Alipay's tool hands out keys as bare base64 without
// header lines, whose type is empty.
func der(data []byte) (raw []byte, kind string) {
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes, block.Type
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
	if err != nil {
		return nil, ""
	}
	return raw, ""
}

func privateKey(key, name string) (*rsa.PrivateKey, error) {
	data, err := readKeyFile(key, name)
	if err != nil {
		return nil, err
	}
	raw, kind := der(data)
	if strings.Contains(kind, "ENCRYPTED") || bytes.Contains(data, []byte("Proc-Type: 4,ENCRYPTED")) {
		return nil, pos.Errorf(pos.Setup, "%s holds a key with a password; store it without one, readable by this user only.", key)
	}
	if k := parsePrivate(raw); k != nil {
		return k, checkSize(key, k.N.BitLen())
	}
	if kind == "CERTIFICATE" {
		return nil, pos.Errorf(pos.Setup, "%s holds a certificate where the RSA private key belongs.", key)
	}
	if parsePublic(raw) != nil {
		return nil, pos.Errorf(pos.Setup, "%s holds a public key where the RSA private key belongs.", key)
	}
	return nil, pos.Errorf(pos.Setup, "%s must hold an RSA private key (PKCS#1 or PKCS#8).", key)
}

func publicKey(key, name string) (*rsa.PublicKey, error) {
	data, err := readKeyFile(key, name)
	if err != nil {
		return nil, err
	}
	raw, kind := der(data)
	if k := parsePublic(raw); k != nil {
		return k, checkSize(key, k.N.BitLen())
	}
	if kind == "CERTIFICATE" {
		return nil, pos.Errorf(pos.Setup, "%s holds a certificate where the RSA public key belongs.", key)
	}
	if parsePrivate(raw) != nil {
		return nil, pos.Errorf(pos.Setup, "%s holds a private key where the platform's RSA public key belongs.", key)
	}
	return nil, pos.Errorf(pos.Setup, "%s must hold an RSA public key.", key)
}

func parsePrivate(raw []byte) *rsa.PrivateKey {
	if k, err := x509.ParsePKCS1PrivateKey(raw); err == nil {
		return k
	}
	k, _ := x509.ParsePKCS8PrivateKey(raw)
	private, _ := k.(*rsa.PrivateKey)
	return private
}

func parsePublic(raw []byte) *rsa.PublicKey {
	if k, err := x509.ParsePKCS1PublicKey(raw); err == nil {
		return k
	}
	k, _ := x509.ParsePKIXPublicKey(raw)
	public, _ := k.(*rsa.PublicKey)
	return public
}

// checkSize refuses keys both platforms would refuse: RSA2 and v3 demand 2048 bits.
func checkSize(key string, bits int) error {
	if bits < 2048 {
		return pos.Errorf(pos.Setup, "%s holds an RSA key of %d bits; at least 2048 are needed.", key, bits)
	}
	return nil
}

func apiv3Key(key, name string) (Secret, error) {
	data, err := readKeyFile(key, name)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	if len(data) != 32 {
		return nil, pos.Errorf(pos.Setup, "%s must hold exactly 32 bytes; it holds %d.", key, len(data))
	}
	return Secret(data), nil
}
