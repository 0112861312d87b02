package sandbox

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Paper is one of the papers that rotate.
type Paper string

// The papers that rotate.
const (
	MerchantCertificate Paper = "wechat_merchant_certificate"
	WeChatPublicKey     Paper = "wechat_public_key"
	PlatformCertificate Paper = "wechat_platform_certificate"
	AlipayKey           Paper = "alipay_key" // in certificate mode with its certificate
)

var rotating = []Paper{MerchantCertificate, WeChatPublicKey, PlatformCertificate, AlipayKey}

// ErrUnknownSerial says that nothing has this serial.
var ErrUnknownSerial = errors.New("there is no certificate and no public key of this serial")

// identity is a key under the name that messages give it.
type identity struct {
	paper       Paper
	serial      string // WeChat Pay: serial or PUB_KEY_ID_…; Alipay: the certificate's SN, empty in public-key mode
	key         *rsa.PrivateKey
	certificate []byte // PEM; nil of a bare key
	effective   bool
}

// identities are the keys in force: the papers' to begin with, then what rotation adds and takes away. They live as
// long as the sandbox; a new one begins with its papers again.
type identities struct {
	mu   sync.Mutex
	list []*identity // oldest first
	ramp ramp
}

// message is what is signed.
type message int

const (
	anAnswer message = iota
	aNotification
)

// ramp mixes two of WeChat Pay's identities, as a grey switch does: of a thousand messages, the first so many more
// are signed by to, spread evenly; the rest by from.
type ramp struct {
	from, to string
	perMille int
	sums     [2]int // of answers and of notifications, so that either are mixed by themselves
}

func newIdentities(p *Papers) *identities {
	w, a := &p.WeChat, &p.Alipay
	alipay := &identity{paper: AlipayKey, key: a.PlatformKey, effective: true}
	if a.Certificates != nil {
		alipay.certificate = a.Certificates.Alipay
		alipay.serial = firstSN(alipay.certificate)
	}
	return &identities{list: []*identity{
		{MerchantCertificate, w.MerchantSerial, w.MerchantKey, w.MerchantCertificate, true},
		{WeChatPublicKey, w.PublicKeyID, w.PlatformKey, nil, true},
		{PlatformCertificate, w.CertificateSerial, w.CertificateKey, w.PlatformCertificate, true},
		alipay,
	}}
}

// newest is the last effective one; nil where all are revoked.
func (k *identities) newest(p Paper) *identity {
	for _, i := range slices.Backward(k.list) {
		if i.paper == p && i.effective {
			return i
		}
	}
	return nil
}

func (k *identities) find(serial string, papers ...Paper) *identity {
	for _, i := range k.list {
		if serial != "" && i.serial == serial && slices.Contains(papers, i.paper) {
			return i
		}
	}
	return nil
}

// merchant is the key of a merchant's certificate; nil where no effective one has the serial.
func (k *identities) merchant(serial string) *rsa.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := k.find(serial, MerchantCertificate); i != nil && i.effective {
		return &i.key.PublicKey
	}
	return nil
}

// signer is what signs a message of WeChat Pay: what the ramp says, else what was asked for, else the newest one of
// the way that is usual.
func (k *identities) signer(asked string, usual Paper, m message) *identity {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ramp.to != "" {
		asked = k.ramp.next(m)
	}
	if i := k.find(asked, WeChatPublicKey, PlatformCertificate); i != nil && i.effective {
		return i
	}
	for _, p := range []Paper{usual, PlatformCertificate, WeChatPublicKey} {
		if i := k.newest(p); i != nil {
			return i
		}
	}
	return k.list[1] // everything is revoked: nobody knows better
}

func (r *ramp) next(m message) string {
	sum := &r.sums[m]
	if *sum += r.perMille; *sum >= 1000 {
		*sum -= 1000
		return r.to
	}
	return r.from
}

// platformCertificates are what /v3/certificates hands out.
func (k *identities) platformCertificates() []identity {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []identity
	for _, i := range k.list {
		if i.paper == PlatformCertificate && i.effective {
			all = append(all, *i)
		}
	}
	return all
}

// alipay is the key Alipay signs with, and the SN of its certificate, if it has one.
func (k *identities) alipay() (key *rsa.PrivateKey, sn string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := k.newest(AlipayKey)
	return i.key, i.serial
}

// alipayChain is a certificate of Alipay and what issued it, by its SN.
func (k *identities) alipayChain(sn string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := k.find(sn, AlipayKey); i != nil {
		return i.certificate
	}
	return nil
}

// Ramp signs perMille of a thousand messages of WeChat Pay, answers and notifications alike, by the identity to, and
// the rest by from, whatever the requests ask for: so it is while a merchant changes from platform certificates to
// the public key (pay.weixin.qq.com, 微信支付公钥: 灰度切换). Both are serials or PUB_KEY_ID_…; empty ones end it.
func (s *Sandbox) Ramp(from, to string, perMille int) error {
	k := s.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	if from == "" && to == "" {
		k.ramp = ramp{}
		return nil
	}
	for _, serial := range []string{from, to} {
		if i := k.find(serial, WeChatPublicKey, PlatformCertificate); i == nil || !i.effective {
			return fmt.Errorf("%w: %q", ErrUnknownSerial, serial)
		}
	}
	if perMille < 0 || perMille > 1000 {
		return errors.New("per_mille is 0 to 1000")
	}
	k.ramp = ramp{from: from, to: to, perMille: perMille}
	return nil
}
