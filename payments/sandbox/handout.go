package sandbox

import (
	"archive/zip"
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
)

// HandedOut names the files that HandOut wrote, and the numbers that a merchant reads off the platforms' sites.
type HandedOut struct {
	WeChatZip       string `json:"wechat_zip"`
	WeChatPublicKey string `json:"wechat_public_key"`
	MchID           string `json:"mchid"`
	AppID           string `json:"appid"`
	APIv3Key        string `json:"apiv3_key"`
	PublicKeyID     string `json:"public_key_id"`

	AlipayAppID     string `json:"app_id"`
	SellerID        string `json:"seller_id"`
	AlipayAppKey    string `json:"app_key"`
	AlipayPublicKey string `json:"alipay_public_key,omitempty"` // in public-key mode
	AppCert         string `json:"app_cert,omitempty"`          // and these three in certificate mode
	AlipayCert      string `json:"alipay_cert,omitempty"`
	AlipayRootCert  string `json:"alipay_root_cert,omitempty"`
}

// HandOut writes a merchant's papers into dir as the platforms' sites and tools give them: WeChat Pay's zip of the
// merchant's certificate and pub_key.pem; the bare base64 of Alipay's key tool and Alipay's public key or the three
// certificates. What is text on the sites is in one text file for each platform, which ends with its address at url.
func (p *Papers) HandOut(dir, url string) (*HandedOut, error) {
	w, a := &p.WeChat, &p.Alipay
	h := &HandedOut{
		MchID: w.MchID, AppID: w.AppID, APIv3Key: w.APIv3Key, PublicKeyID: w.PublicKeyID, AlipayAppID: a.AppID, SellerID: a.SellerID,
	}
	packed, err := p.merchantZip()
	if err != nil {
		return nil, err
	}
	wechat, alipay := filepath.Join(dir, "wechat"), filepath.Join(dir, "alipay")
	for _, f := range []struct {
		into      *string
		dir, name string
		text      []byte
	}{
		{&h.WeChatZip, wechat, w.MchID + "_cert.zip", packed},
		{&h.WeChatPublicKey, wechat, "pub_key.pem", publicPEM(&w.PlatformKey.PublicKey)},
		{nil, wechat, "商户资料.txt", lines(
			"商户号 mchid", w.MchID, "APPID", w.AppID, "APIv3密钥", w.APIv3Key, "微信支付公钥ID", w.PublicKeyID,
			"商户API证书序列号", w.MerchantSerial, "接口地址 base_url", url)},
		{&h.AlipayAppKey, alipay, "应用私钥RSA2048-敏感数据，请妥善保管.txt", bare(a.AppKey)},
		{nil, alipay, "应用公钥RSA2048.txt", barePublic(&a.AppKey.PublicKey)},
		{nil, alipay, "应用资料.txt", lines("APPID", a.AppID, "账号PID", a.SellerID, "网关地址 gateway_url", url+"/gateway.do")},
	} {
		if err := writeFiles(f.dir, file{f.name, f.text}); err != nil {
			return nil, err
		}
		if f.into != nil {
			*f.into = filepath.Join(f.dir, f.name)
		}
	}
	return h, p.handOutAlipay(h, alipay)
}

// handOutAlipay writes what proves Alipay, in the application's mode.
func (p *Papers) handOutAlipay(h *HandedOut, dir string) error {
	c := p.Alipay.Certificates
	if c == nil {
		h.AlipayPublicKey = filepath.Join(dir, "alipayPublicKey_RSA2.txt")
		return writeFiles(dir, file{filepath.Base(h.AlipayPublicKey), barePublic(&p.Alipay.PlatformKey.PublicKey)})
	}
	own := "appCertPublicKey_" + p.Alipay.AppID + ".crt"
	h.AppCert, h.AlipayCert, h.AlipayRootCert = filepath.Join(dir, own), filepath.Join(dir, "alipayCertPublicKey_RSA2.crt"), filepath.Join(dir, "alipayRootCert.crt")
	return writeFiles(dir, file{own, c.App}, file{"alipayCertPublicKey_RSA2.crt", c.Alipay}, file{"alipayRootCert.crt", c.Root})
}

// merchantZip is the zip that WeChat Pay's certificate tool makes. The tool also puts a .p12 in, which nobody needs.
func (p *Papers) merchantZip() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []file{
		{"apiclient_cert.pem", p.WeChat.MerchantCertificate},
		{"apiclient_key.pem", privatePEM(p.WeChat.MerchantKey)},
		{"证书使用说明.txt", []byte("apiclient_cert.pem：商户证书\r\napiclient_key.pem：商户私钥，请妥善保管\r\n")},
	} {
		w, err := z.Create(f.name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	err := z.Close() // writes, too
	return b.Bytes(), err
}

// bare is a key as Alipay's tool writes it: PKCS#8 in base64 on one line.
func bare(k *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return []byte(base64.StdEncoding.EncodeToString(der))
}

func barePublic(k *rsa.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err) // an RSA key always marshals
	}
	return []byte(base64.StdEncoding.EncodeToString(der))
}

// lines are names and values under each other.
func lines(pairs ...string) []byte {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", pairs[i], pairs[i+1])
	}
	return []byte(b.String())
}
