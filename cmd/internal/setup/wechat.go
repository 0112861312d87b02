package setup

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"saoma/cmd/internal/config"
	"saoma/pos/papers"
	flow "saoma/pos/setup"
)

func (a *Assistant) wechatValues() flow.Values {
	w := a.kept().WeChat
	v := flow.Values{
		"wechat.mchid": w.MchID, "wechat.appid": w.AppID, merchantSerial: w.MerchantSerial,
		merchantCert: held(w.MerchantCertFile), merchantKey: held(w.MerchantKeyFile),
		"wechat.apiv3_key_file": held(w.APIv3KeyFile), "wechat.public_key_id": w.PublicKeyID,
		"wechat.public_key_file": held(w.PublicKeyFile), "wechat.base_url": unless(w.BaseURL, config.WeChatProduction),
		wechatProof: byPublicKey,
	}
	switch {
	case w.PlatformCertificates && w.PublicKeyID != "":
		v[wechatProof] = byBoth
	case w.PlatformCertificates:
		v[wechatProof] = byCertificates
	}
	return v
}

func held(path string) string {
	if path == "" {
		return ""
	}
	return flow.Held
}

func unless(value, usual string) string {
	if value == usual {
		return ""
	}
	return value
}

// keepWeChat keeps the papers, all or none.
func (a *Assistant) keepWeChat(ctx context.Context, v flow.Values) error {
	b, err := a.batch(ctx, v)
	if err != nil {
		return err
	}
	old := a.kept().WeChat
	p, err := b.readWeChat(&old)
	if err == nil {
		err = b.writeWeChat(&old, p)
	}
	if err != nil {
		b.undo()
		return b.given(err)
	}
	return b.done()
}

// wrongField puts what papers says to the field it is about.
func wrongField(section string, err error) error {
	if w, ok := errors.AsType[*papers.Wrong](err); ok {
		return flow.At(section+"."+string(w.Paper), w.Err)
	}
	return err
}

// given puts what is wrong with a paper out of a zip to the field that the zip was given for.
func (b *batch) given(err error) error {
	if f, ok := errors.AsType[*flow.FieldError](err); ok && b.unpacked[f.Key] != "" {
		return flow.At(b.unpacked[f.Key], f.Err)
	}
	return err
}

// number reads a field that is no secret.
func number(b *batch, key string, read func(string) (string, error), into *string) func() error {
	return func() (err error) {
		*into, err = read(b.values[key])
		return flow.At(key, err)
	}
}

// unzip has the certificate and the key come out of the platform's zip, where they are not given by themselves. The
// zip is taken in the place of one of the two as well.
func (b *batch) unzip() error {
	for _, key := range []string{merchantCert, merchantKey, wechatZip} {
		if !b.fresh(key) || (key != wechatZip && !isZip(b.values[key])) {
			continue
		}
		data, err := b.paper(key, "", papers.MaxZip, true)
		if err != nil {
			return err
		}
		z, err := papers.Zip(data)
		if err != nil {
			return flow.At(key, err)
		}
		for into, text := range map[string][]byte{merchantCert: z.Certificate, merchantKey: z.Key} {
			if into == key || !b.fresh(into) || isZip(b.values[into]) {
				b.values[into], b.unpacked[into] = string(text), key
			}
		}
	}
	return nil
}

// isZip reports whether the field names a file that is a zip, whatever its name.
func isZip(value string) bool {
	if pasted(value) {
		return false
	}
	const mark = "PK\x03\x04"
	head, err := readFile(fileName(value), int64(len(mark))-1)
	return err == nil && string(head) == mark
}

// readWeChat reads what is filled in, and sees that it fits together.
func (b *batch) readWeChat(old *config.WeChat) (*papers.WeChat, error) {
	p := &papers.WeChat{}
	if err := b.unzip(); err != nil {
		return nil, err
	}
	certificate := func() (err error) {
		p.Certificate, err = read(b, merchantCert, old.MerchantCertFile, papers.Certificate)
		if err == nil && p.Certificate != nil && b.fresh(merchantCert) && b.values[merchantSerial] == old.MerchantSerial {
			b.values[merchantSerial] = "" // it is the old certificate's
		}
		if b.values[merchantSerial] == "" && p.Certificate != nil {
			b.values[merchantSerial] = papers.Serial(p.Certificate)
		}
		if owner := p.Certificate; b.values["wechat.mchid"] == "" && owner != nil {
			b.values["wechat.mchid"] = owner.Subject.CommonName
		}
		return err
	}
	for _, step := range []func() error{
		certificate,
		number(b, "wechat.mchid", papers.ReadMchID, &p.MchID),
		number(b, "wechat.appid", papers.ReadAppID, &p.AppID),
		func() (err error) {
			p.Key, err = readSecret(b, merchantKey, old.MerchantKeyFile, papers.Private)
			return err
		},
		func() (err error) {
			if b.values[merchantSerial] != "" {
				err = number(b, merchantSerial, papers.ReadSerial, &p.Serial)()
			}
			return err
		},
		func() (err error) {
			p.APIv3Key, err = b.apiv3Key(old.APIv3KeyFile)
			return err
		},
		func() error { return b.readProof(old, p) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, wrongField("wechat", p.Check(b.a.o.Now()))
}

// apiv3Key is typed in, as a rule; a file's name counts, too.
func (b *batch) apiv3Key(old string) (string, error) {
	const key = "wechat.apiv3_key_file"
	typed := b.values[key]
	if b.fresh(key) {
		text, err := papers.APIv3Key([]byte(typed))
		if err == nil {
			return text, nil
		}
		if _, missing := readFile(fileName(typed), 0); missing != nil {
			return "", flow.At(key, err)
		}
	}
	return readSecret(b, key, old, papers.APIv3Key)
}

// readProof reads how WeChat Pay proves itself.
func (b *batch) readProof(old *config.WeChat, p *papers.WeChat) (err error) {
	p.PlatformCertificates = b.values[wechatProof] != byPublicKey
	if b.values[wechatProof] == byCertificates {
		return nil
	}
	if b.values["wechat.public_key_id"] != "" {
		if err := number(b, "wechat.public_key_id", papers.ReadPublicKeyID, &p.PublicKeyID)(); err != nil {
			return err
		}
	}
	p.PublicKey, err = read(b, "wechat.public_key_file", old.PublicKeyFile, papers.Public)
	return err
}

// writeWeChat writes the files and says what changes in saoma.toml. What the same merchant had before stays beside
// the new for a while: the platform goes on naming it in what is under way.
func (b *batch) writeWeChat(old *config.WeChat, p *papers.WeChat) error {
	b.set("wechat.enabled", true)
	b.set("wechat.mchid", p.MchID)
	b.set("wechat.appid", p.AppID)
	b.set(merchantSerial, p.Serial)
	b.set("wechat.public_key_id", p.PublicKeyID)
	b.set("wechat.platform_certificates", p.PlatformCertificates)
	b.set("wechat.base_url", b.values["wechat.base_url"])
	b.rotateWeChat(old, p)
	for _, f := range []struct {
		key, held, name string
		data            []byte
		secret          bool
	}{
		{merchantKey, old.MerchantKeyFile, "wechat_merchant_key.pem", privateText(p.Key), true},
		{merchantCert, old.MerchantCertFile, "wechat_merchant_cert.pem", certificateText(p.Certificate), false},
		{"wechat.apiv3_key_file", old.APIv3KeyFile, "wechat_apiv3.key", []byte(p.APIv3Key), true},
		{"wechat.public_key_file", old.PublicKeyFile, "wechat_public_key.pem", publicText(p.PublicKey), false},
	} {
		if err := b.keep(f.key, f.held, f.name, f.data, f.secret); err != nil {
			return flow.At(f.key, err)
		}
	}
	return nil
}

func (b *batch) rotateWeChat(old *config.WeChat, p *papers.WeChat) {
	if old.MchID != "" && old.MchID != p.MchID { // another merchant: nothing of the old one is of use
		for _, key := range []string{"merchant_serial", "merchant_key_file", "public_key_id", "public_key_file", "until"} {
			b.set("wechat.previous_"+key, "")
		}
		return
	}
	if old.MerchantSerial != "" && old.MerchantKeyFile != "" && old.MerchantSerial != p.Serial {
		b.set("wechat.previous_merchant_serial", old.MerchantSerial)
		b.set("wechat.previous_merchant_key_file", b.a.relative(old.MerchantKeyFile))
		b.set("wechat.previous_until", b.a.day(rotationDays))
	}
	if old.PublicKeyID != "" && old.PublicKeyFile != "" && p.PublicKeyID != "" && old.PublicKeyID != p.PublicKeyID {
		b.set("wechat.previous_public_key_id", old.PublicKeyID)
		b.set("wechat.previous_public_key_file", b.a.relative(old.PublicKeyFile))
		b.set("wechat.previous_until", b.a.day(rotationDays))
	}
}

func privateText(k *rsa.PrivateKey) []byte {
	if k == nil {
		return nil
	}
	return papers.EncodePrivate(k)
}

func publicText(k *rsa.PublicKey) []byte {
	if k == nil {
		return nil
	}
	return papers.EncodePublic(k)
}

func certificateText(chain ...*x509.Certificate) []byte {
	if len(chain) == 0 || chain[0] == nil {
		return nil
	}
	return papers.EncodeCertificates(chain)
}
