package counter

import (
	"log/slog"

	"saoma/cmd/internal/config"
	"saoma/payments/alipay"
	"saoma/payments/notify"
	"saoma/payments/wechat"
	"saoma/pos"
)

// Platforms are the wallets that are on, each ready to be asked and to read notifications.
type Platforms struct {
	Gateways map[pos.Wallet]pos.Gateway
	Decoders map[pos.Wallet]notify.Decoder
	stop     []func()
}

// Gateways makes a gateway for every wallet that is on. It needs no ledger and no lock, so the platforms can be asked
// beside an open counter. It does not wait for the network; Stop ends what works behind it. An error is a Setup
// error, and then there is nothing to stop.
func Gateways(cfg *config.Config, keys config.Keys, log *slog.Logger) (*Platforms, error) {
	p := &Platforms{Gateways: map[pos.Wallet]pos.Gateway{}, Decoders: map[pos.Wallet]notify.Decoder{}}
	if cfg.WeChat.Enabled {
		if err := p.addWeChat(cfg, keys, log); err != nil {
			return nil, pos.Errorf(pos.Setup, "The section [wechat] of saoma.toml cannot work: %s.", err.Error())
		}
	}
	if cfg.Alipay.Enabled {
		if err := p.addAlipay(cfg, keys); err != nil {
			p.Stop()
			return nil, pos.Errorf(pos.Setup, "The section [alipay] of saoma.toml cannot work: %s.", err.Error())
		}
	}
	return p, nil
}

func (p *Platforms) addWeChat(cfg *config.Config, keys config.Keys, log *slog.Logger) error {
	w := &cfg.WeChat
	previous := wechat.Previous{MerchantKey: keys.WeChatPreviousMerchant, PublicKey: keys.WeChatPreviousPublic, Until: w.Previous.Until}
	if previous.MerchantKey != nil {
		previous.MerchantSerial = w.Previous.MerchantSerial
	}
	if previous.PublicKey != nil {
		previous.PublicKeyID = w.Previous.PublicKeyID
	}
	g, err := wechat.New(wechat.Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: keys.WeChatMerchant,
		APIv3Key: string(keys.WeChatAPIv3), PublicKeyID: w.PublicKeyID, PublicKey: keys.WeChatPublic,
		PlatformCertificates: w.PlatformCertificates, Previous: previous, BaseURL: w.BaseURL,
		NotifyURL: cfg.NotifyURL(pos.WeChat), Title: cfg.Shop.Name,
		CertificatesFailed: func(err error) {
			log.Warn("WeChat Pay's platform certificates could not be downloaded", "error", err)
		},
	})
	if err != nil {
		return err
	}
	p.Gateways[pos.WeChat], p.Decoders[pos.WeChat] = g, g
	p.stop = append(p.stop, g.Stop)
	return nil
}

func (p *Platforms) addAlipay(cfg *config.Config, keys config.Keys) error {
	a := &cfg.Alipay
	g, err := alipay.New(alipay.Config{
		AppID: a.AppID, SellerID: a.SellerID, AppKey: keys.AlipayApp, AlipayPublicKey: keys.AlipayPublic,
		PreviousPublicKey: keys.AlipayPreviousPublic, PreviousUntil: a.PreviousUntil,
		AppCert: keys.AlipayAppCert, AlipayCert: keys.AlipayCert, RootCert: keys.AlipayRootCert,
		GatewayURL: a.GatewayURL, NotifyURL: cfg.NotifyURL(pos.Alipay), Title: cfg.Shop.Name,
	})
	if err != nil {
		return err
	}
	p.Gateways[pos.Alipay], p.Decoders[pos.Alipay] = g, g
	return nil
}

// Stop ends the refreshing of platform certificates. It may be called on a nil Platforms, and again.
func (p *Platforms) Stop() {
	if p == nil {
		return
	}
	for _, stop := range p.stop {
		stop()
	}
	p.stop = nil
}
