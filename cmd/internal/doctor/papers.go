package doctor

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"time"

	"saoma/pos"
	"saoma/pos/papers"
)

// warnBefore is how long before its last day a certificate is warned of.
const warnBefore = 30 * 24 * time.Hour

// chooseAgain is what to do about a wrong paper.
func chooseAgain(key string) *pos.Error {
	return pos.Errorf(pos.Setup, "Choose the right paper for %s in the settings, or with saomactl setup.", key)
}

// number is one number of a merchant and how it is read.
type number struct {
	key, value string
	read       func(string) (string, error)
}

func lookNumbers(v *visit, list []number) *result {
	for _, n := range list {
		if n.value == "" {
			continue // one that may be missing
		}
		if _, err := n.read(n.value); err != nil {
			return bad(v.sentence(err), pos.Errorf(pos.Setup, "Correct %s in the settings or in saoma.toml.", n.key))
		}
	}
	return nil
}

func lookWeChatNumbers(_ context.Context, v *visit) *result {
	w := &v.mustConfig().WeChat
	if r := lookNumbers(v, []number{
		{"wechat.mchid", w.MchID, papers.ReadMchID},
		{"wechat.appid", w.AppID, papers.ReadAppID},
		{"wechat.merchant_serial", w.MerchantSerial, papers.ReadSerial},
		{"wechat.public_key_id", w.PublicKeyID, papers.ReadPublicKeyID},
	}); r != nil {
		return r
	}
	return good(pos.Errorf(pos.Setup, "Merchant number %s and appid %s have the form that WeChat Pay gives out.", w.MchID, w.AppID))
}

func lookAlipayNumbers(_ context.Context, v *visit) *result {
	a := &v.mustConfig().Alipay
	if r := lookNumbers(v, []number{
		{"alipay.app_id", a.AppID, papers.ReadAlipayAppID},
		{"alipay.seller_id", a.SellerID, papers.ReadSellerID},
	}); r != nil {
		return r
	}
	return good(pos.Errorf(pos.Setup, "APPID %s and account %s have the form that Alipay gives out.", a.AppID, a.SellerID))
}

func (v *visit) private(ctx context.Context, key, path string) (*rsa.PrivateKey, *result) {
	return readPaper(ctx, v, key, path, papers.Private)
}

func (v *visit) certificates(ctx context.Context, key, path string) ([]*x509.Certificate, *result) {
	return readPaper(ctx, v, key, path, papers.Certificates)
}

// readPaper reads a paper, or returns what is wrong with it.
func readPaper[T any](ctx context.Context, v *visit, key, path string, read func([]byte) (T, error)) (paper T, wrong *result) {
	data, err := v.readKey(ctx, path)
	if err == nil {
		paper, err = read(data)
	}
	if err != nil {
		return paper, bad(v.sentence(err), chooseAgain(key))
	}
	return paper, nil
}

// keyPair reads the private key and, where certFile names one, the certificate that belongs to it. wrong is what is the
// matter with either; stranger is what to say where they do not belong together.
func (v *visit) keyPair(ctx context.Context, keyName, keyFile, certName, certFile string, stranger *result) (wrong *result) {
	key, wrong := v.private(ctx, keyName, keyFile)
	if wrong != nil || certFile == "" {
		return wrong
	}
	chain, wrong := v.certificates(ctx, certName, certFile)
	if wrong == nil && !key.PublicKey.Equal(chain[0].PublicKey) {
		return stranger
	}
	return wrong
}

func lookWeChatKeyPair(ctx context.Context, v *visit) *result {
	w := &v.mustConfig().WeChat
	wrong := v.keyPair(ctx, "wechat.merchant_key_file", w.MerchantKeyFile, "wechat.merchant_certificate_file", w.MerchantCertFile, bad(
		pos.Errorf(pos.Setup, "The merchant's private key does not belong to the merchant's certificate."),
		pos.Errorf(pos.Setup, "Choose the two from the same zip of the platform: apiclient_key.pem and apiclient_cert.pem."),
	))
	switch {
	case wrong != nil:
		return wrong
	case w.MerchantCertFile == "":
		return warn(
			pos.Errorf(pos.Setup, "The merchant's private key can be read; the certificate it belongs to is not here."),
			pos.Errorf(pos.Setup, "Name apiclient_cert.pem as wechat.merchant_certificate_file, so that its last day is told in time."),
		)
	}
	return good(pos.Errorf(pos.Setup, "The merchant's key belongs to the merchant's certificate."))
}

func lookWeChatSerial(ctx context.Context, v *visit) *result {
	w := &v.mustConfig().WeChat
	if w.MerchantCertFile == "" {
		return nil // told by wechat_key_pair
	}
	chain, wrong := v.certificates(ctx, "wechat.merchant_certificate_file", w.MerchantCertFile)
	if wrong != nil {
		return wrong
	}
	if serial := papers.Serial(chain[0]); serial != w.MerchantSerial {
		return bad(
			pos.Errorf(pos.Setup, "wechat.merchant_serial is not the serial number of the merchant's certificate."),
			pos.Errorf(pos.Setup, "Write wechat.merchant_serial = %q, or choose the certificate that has the other number.", serial),
		)
	}
	return good(pos.Errorf(pos.Setup, "wechat.merchant_serial is that of the merchant's certificate."))
}

func lookWeChatCertificate(ctx context.Context, v *visit) *result {
	w := &v.mustConfig().WeChat
	if w.MerchantCertFile == "" {
		return nil // told by wechat_key_pair
	}
	chain, wrong := v.certificates(ctx, "wechat.merchant_certificate_file", w.MerchantCertFile)
	if wrong != nil {
		return wrong
	}
	return v.validity(chain[:1], pos.Errorf(pos.Setup, "Apply for a new certificate on WeChat Pay's site (account, API security); the old one goes on being valid meanwhile."))
}

// validity looks at the first and last days of certificates and tells of the one that ends first.
func (v *visit) validity(list []*x509.Certificate, renew *pos.Error) *result {
	now := v.o.Now()
	first := list[0]
	for _, c := range list {
		if now.Before(c.NotBefore) {
			return bad(
				pos.Errorf(pos.Setup, "The certificate of %s is valid only from %s.", c.Subject.CommonName, v.day(c.NotBefore)),
				pos.Errorf(pos.Setup, "Check this computer's date."),
			)
		}
		if c.NotAfter.Before(first.NotAfter) {
			first = c
		}
	}
	owner, last := first.Subject.CommonName, v.day(first.NotAfter)
	switch {
	case now.After(first.NotAfter):
		return bad(pos.Errorf(pos.Setup, "The certificate of %s expired on %s.", owner, last), renew)
	case now.Add(warnBefore).After(first.NotAfter):
		return warn(pos.Errorf(pos.Setup, "The certificate of %s expires on %s.", owner, last), renew)
	}
	return good(pos.Errorf(pos.Setup, "The certificate of %s is valid until %s.", owner, last))
}

// day is a date in the shop's zone.
func (v *visit) day(t time.Time) string {
	if cfg, err := v.cfg(); err == nil {
		t = t.In(cfg.Shop.TimeZone)
	}
	return t.Format(time.DateOnly)
}

func lookWeChatPublicKey(ctx context.Context, v *visit) *result {
	w := &v.mustConfig().WeChat
	if w.PublicKeyFile == "" {
		return nil // platform certificates only
	}
	public, wrong := readPaper(ctx, v, "wechat.public_key_file", w.PublicKeyFile, papers.Public)
	if wrong != nil {
		return wrong
	}
	if key, wrong := v.private(ctx, "wechat.merchant_key_file", w.MerchantKeyFile); wrong == nil && key.PublicKey.Equal(public) {
		return bad(
			pos.Errorf(pos.Setup, "wechat.public_key_file holds the merchant's own public key, not WeChat Pay's."),
			pos.Errorf(pos.Setup, "Download WeChat Pay's public key from its site (account, API security): pub_key.pem."),
		)
	}
	return good(pos.Errorf(pos.Setup, "WeChat Pay's public key can be read and is not the merchant's own."))
}

func lookAlipayKeyPair(ctx context.Context, v *visit) *result {
	a := &v.mustConfig().Alipay
	wrong := v.keyPair(ctx, "alipay.app_key_file", a.AppKeyFile, "alipay.app_cert_file", a.AppCertFile, bad(
		pos.Errorf(pos.Setup, "The application's private key does not belong to the application's certificate."),
		pos.Errorf(pos.Setup, "Choose the key with which the certificate was applied for, or apply for a new one."),
	))
	switch {
	case wrong != nil:
		return wrong
	case a.AppCertFile == "":
		return good(pos.Errorf(pos.Setup, "The application's private key can be read."))
	}
	return good(pos.Errorf(pos.Setup, "The application's key belongs to the application's certificate."))
}

func lookAlipayCertificates(ctx context.Context, v *visit) *result {
	a := &v.mustConfig().Alipay
	if a.AppCertFile == "" {
		return nil // public-key mode
	}
	p := papers.Alipay{AppID: a.AppID, SellerID: a.SellerID}
	var wrong *result
	if p.Key, wrong = v.private(ctx, "alipay.app_key_file", a.AppKeyFile); wrong != nil {
		return wrong
	}
	app, wrong := v.certificates(ctx, "alipay.app_cert_file", a.AppCertFile)
	if wrong != nil {
		return wrong
	}
	if p.AlipayCertificate, wrong = v.certificates(ctx, "alipay.alipay_cert_file", a.AlipayCertFile); wrong != nil {
		return wrong
	}
	if p.Roots, wrong = v.certificates(ctx, "alipay.alipay_root_cert_file", a.RootCertFile); wrong != nil {
		return wrong
	}
	p.AppCertificate = app[0]
	if err := p.Check(v.o.Now()); err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Download the three certificates together from the open platform and choose them again."))
	}
	return v.validity([]*x509.Certificate{app[0], p.AlipayCertificate[0]},
		pos.Errorf(pos.Setup, "Renew it on the open platform, in the application's settings for signing, and choose the new files."))
}

func lookAlipayPublicKey(ctx context.Context, v *visit) *result {
	a := &v.mustConfig().Alipay
	if a.PublicKeyFile == "" {
		return nil // certificate mode
	}
	public, wrong := readPaper(ctx, v, "alipay.alipay_public_key_file", a.PublicKeyFile, papers.Public)
	if wrong != nil {
		return wrong
	}
	if key, wrong := v.private(ctx, "alipay.app_key_file", a.AppKeyFile); wrong == nil && key.PublicKey.Equal(public) {
		return bad(
			pos.Errorf(pos.Setup, "alipay.alipay_public_key_file holds the application's own public key, not Alipay's."),
			pos.Errorf(pos.Setup, "Copy Alipay's public key, which the open platform shows beside the application's own."),
		)
	}
	return good(pos.Errorf(pos.Setup, "Alipay's public key can be read and is not the application's own."))
}

func lookWeChatRotation(_ context.Context, v *visit) *result {
	p := &v.mustConfig().WeChat.Previous
	return v.rotation(p.MerchantKeyFile != "" || p.PublicKeyFile != "", p.Until, "[wechat]")
}

func lookAlipayRotation(_ context.Context, v *visit) *result {
	a := &v.mustConfig().Alipay
	return v.rotation(a.PreviousPublicKeyFile != "", a.PreviousUntil, "[alipay]")
}

// rotation looks at what a rotation has left behind. until is the end of its last day.
func (v *visit) rotation(previous bool, until time.Time, section string) *result {
	take := pos.Errorf(pos.Setup, "Take the keys that begin with previous_ out of %s in saoma.toml, and delete the old files.", section)
	switch {
	case !previous:
		return good(pos.Errorf(pos.Setup, "No old key is kept beside the present one."))
	case until.IsZero():
		return warn(pos.Errorf(pos.Setup, "An old key is kept beside the present one without an end."), take)
	case v.o.Now().After(until):
		return warn(pos.Errorf(pos.Setup, "An old key is still kept, although its last day was %s.", v.day(until.Add(-time.Second))), take)
	}
	return good(pos.Errorf(pos.Setup, "An old key is kept beside the present one until %s.", v.day(until.Add(-time.Second))))
}
