package wechat

import (
	"errors"

	"saoma/pos"
)

var _ pos.PaperWatcher = (*Gateway)(nil)

// Papers says what the counter has noticed of its papers while it works. It asks nobody.
func (g *Gateway) Papers() (all []pos.Finding) {
	add := func(check string, level pos.Level, says, do *pos.Error) {
		all = append(all, pos.Finding{Check: check, Level: level, Says: says, Do: do})
	}
	if g.certificates != nil {
		since, err := g.certificates.failing()
		switch {
		case err == nil:
		case errors.Is(err, ErrNoCertificates) && g.cfg.PublicKey != nil:
			add("wechat_certificates", pos.Yellow, pos.Errorf(pos.Setup, "WeChat Pay has no platform certificates for this shop.").Because(err),
				pos.Errorf(pos.Setup, "Take platform_certificates out of saoma.toml: the public key is enough."))
		case g.certificates.empty() && g.cfg.PublicKey == nil:
			add("wechat_certificates", pos.Red, pos.Errorf(pos.Setup, "The certificates of WeChat Pay cannot be downloaded: no payment is confirmed.").Because(err),
				pos.Errorf(pos.Setup, "Check the network, the merchant certificate and the APIv3 key; the counter goes on trying."))
		default:
			add("wechat_certificates", pos.Yellow, pos.Errorf(pos.Setup, "The certificates of WeChat Pay have not been renewed since %s.", since.Format("2006-01-02 15:04")).Because(err),
				pos.Errorf(pos.Setup, "Check the network, the merchant certificate and the APIv3 key; the counter goes on trying."))
		}
	}
	if serial := g.answers.strange.Load(); serial != nil {
		add("wechat_answer_key", pos.Red, pos.Errorf(pos.Setup, "WeChat Pay signs with %s, which the counter does not have.", *serial),
			pos.Errorf(pos.Setup, "Download the WeChat Pay public key anew from the merchant platform."))
	}
	if g.signing.old() {
		add("wechat_merchant_certificate", pos.Yellow, pos.Errorf(pos.Setup, "WeChat Pay does not accept the merchant certificate %s yet; the one before it is used.", g.signing.serial),
			pos.Errorf(pos.Setup, "Check on the merchant platform that the new certificate is in force."))
	}
	return all
}
