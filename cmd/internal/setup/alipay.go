package setup

import (
	"context"

	"saoma/cmd/internal/config"
	"saoma/pos/papers"
	flow "saoma/pos/setup"
)

func (a *Assistant) alipayValues() flow.Values {
	l := a.kept().Alipay
	v := flow.Values{
		"alipay.app_id": l.AppID, "alipay.seller_id": l.SellerID, "alipay.app_key_file": held(l.AppKeyFile),
		"alipay.alipay_public_key_file": held(l.PublicKeyFile), "alipay.app_cert_file": held(l.AppCertFile),
		"alipay.alipay_cert_file": held(l.AlipayCertFile), "alipay.alipay_root_cert_file": held(l.RootCertFile),
		"alipay.gateway_url": unless(l.GatewayURL, config.AlipayProduction), alipayMode: byPublicKey,
	}
	if l.AppCertFile != "" {
		v[alipayMode] = byCertificates
	}
	return v
}

// keepAlipay keeps the papers, all or none.
func (a *Assistant) keepAlipay(ctx context.Context, v flow.Values) error {
	b, err := a.batch(ctx, v)
	if err != nil {
		return err
	}
	old := a.kept().Alipay
	p, err := b.readAlipay(&old)
	if err == nil {
		err = b.writeAlipay(&old, p)
	}
	if err != nil {
		b.undo()
		return err
	}
	return b.done()
}

// readAlipay reads what is filled in, and sees that it fits together.
func (b *batch) readAlipay(old *config.Alipay) (*papers.Alipay, error) {
	p := &papers.Alipay{Certificates: b.values[alipayMode] == byCertificates}
	steps := []func() error{
		number(b, "alipay.app_id", papers.ReadAlipayAppID, &p.AppID),
		number(b, "alipay.seller_id", papers.ReadSellerID, &p.SellerID),
		func() (err error) {
			p.Key, err = readSecret(b, "alipay.app_key_file", old.AppKeyFile, papers.Private)
			return err
		},
	}
	if p.Certificates {
		steps = append(steps, func() (err error) {
			p.AppCertificate, err = read(b, "alipay.app_cert_file", old.AppCertFile, papers.Application)
			return err
		}, func() (err error) {
			p.AlipayCertificate, err = read(b, "alipay.alipay_cert_file", old.AlipayCertFile, papers.Certificates)
			return err
		}, func() (err error) {
			p.Roots, err = read(b, "alipay.alipay_root_cert_file", old.RootCertFile, papers.Certificates)
			return err
		})
	} else {
		steps = append(steps, func() (err error) {
			p.PublicKey, err = read(b, "alipay.alipay_public_key_file", old.PublicKeyFile, papers.Public)
			return err
		})
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, wrongField("alipay", p.Check(b.a.o.Now()))
}

func (b *batch) writeAlipay(old *config.Alipay, p *papers.Alipay) error {
	b.set("alipay.enabled", true)
	b.set("alipay.app_id", p.AppID)
	b.set("alipay.seller_id", p.SellerID)
	b.set("alipay.gateway_url", b.values["alipay.gateway_url"])
	b.rotateAlipay(old, p)
	for _, f := range []struct {
		key, held, name string
		data            []byte
		secret          bool
	}{
		{"alipay.app_key_file", old.AppKeyFile, "alipay_app_key.pem", privateText(p.Key), true},
		{"alipay.alipay_public_key_file", old.PublicKeyFile, "alipay_public_key.pem", publicText(p.PublicKey), false},
		{"alipay.app_cert_file", old.AppCertFile, "alipay_app_cert.crt", certificateText(p.AppCertificate), false},
		{"alipay.alipay_cert_file", old.AlipayCertFile, "alipay_cert.crt", certificateText(p.AlipayCertificate...), false},
		{"alipay.alipay_root_cert_file", old.RootCertFile, "alipay_root_cert.crt", certificateText(p.Roots...), false},
	} {
		if err := b.keep(f.key, f.held, f.name, f.data, f.secret); err != nil {
			return flow.At(f.key, err)
		}
	}
	return nil
}

// rotateAlipay keeps Alipay's old public key beside a new one of the same application for a while.
func (b *batch) rotateAlipay(old *config.Alipay, p *papers.Alipay) {
	switch {
	case old.AppID != "" && old.AppID != p.AppID, p.PublicKey == nil:
		b.set("alipay.previous_alipay_public_key_file", "")
		b.set("alipay.previous_until", "")
	case old.PublicKeyFile != "" && b.fresh("alipay.alipay_public_key_file"):
		data, err := b.v.Read(old.PublicKeyFile)
		if err != nil {
			return // the old one is lost
		}
		if before, err := papers.Public(data); err == nil && !before.Equal(p.PublicKey) {
			b.set("alipay.previous_alipay_public_key_file", b.a.relative(old.PublicKeyFile))
			b.set("alipay.previous_until", b.a.day(rotationDays))
		}
	}
}
