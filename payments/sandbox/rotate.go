package sandbox

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Fresh is a paper that rotation made, as the platform's site and the merchant's tool would hand it out.
type Fresh struct {
	Paper       Paper  `json:"paper"`
	Serial      string `json:"serial,omitempty"`      // or PUB_KEY_ID_…; of Alipay the certificate's SN
	PrivateKey  string `json:"private_key,omitempty"` // PEM; the merchant's only
	PublicKey   string `json:"public_key,omitempty"`  // PEM; a platform's that has no certificate
	Certificate string `json:"certificate,omitempty"` // PEM; of Alipay with the intermediate
}

// Rotate makes a new key, with its certificate where it has one, beside the old ones. One of WeChat Pay's that is
// not effective yet signs nothing, and is not accepted, until SetEffective says so; the old ones go on until they
// are made ineffective. Alipay signs with its new key at once.
func (s *Sandbox) Rotate(p Paper, effective bool) (Fresh, error) {
	if !slices.Contains(rotating, p) {
		return Fresh{}, fmt.Errorf("paper %q does not rotate", p)
	}
	if p == AlipayKey && !effective {
		return Fresh{}, errors.New("a new key of Alipay is effective at once")
	}
	i := &identity{paper: p, effective: effective}
	if err := generate(&i.key); err != nil {
		return Fresh{}, err
	}
	if err := s.name(i); err != nil {
		return Fresh{}, err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.list = append(s.keys.list, i)
	return i.fresh(), nil
}

// name gives a new key its serial and certificate.
func (s *Sandbox) name(i *identity) error {
	w, a := &s.papers.WeChat, &s.papers.Alipay
	issuedBy := func(name string, parentText []byte, key *rsa.PrivateKey) error {
		c := certificate(name)
		parent := c
		if parentText != nil {
			var err error
			if parent, err = parseCertificate(parentText); err != nil {
				return err
			}
		}
		var err error
		i.certificate, err = issue(c, parent, &i.key.PublicKey, key)
		i.serial = fmt.Sprintf("%X", c.SerialNumber.Bytes())
		return err
	}
	switch i.paper {
	case WeChatPublicKey:
		i.serial = "PUB_KEY_ID_01" + digits(30)
	case MerchantCertificate:
		return issuedBy(w.MchID, w.PlatformCertificate, w.CertificateKey)
	case PlatformCertificate:
		return issuedBy("Tenpay.com sign", nil, i.key)
	case AlipayKey:
		if a.Certificates == nil {
			return nil
		}
		var err error
		i.certificate, err = a.Certificates.issueAlipay(a.SellerID, a.Certificates.intermediate(), &i.key.PublicKey)
		i.serial = firstSN(i.certificate)
		return err
	}
	return nil
}

func (i *identity) fresh() Fresh {
	f := Fresh{Paper: i.paper, Serial: i.serial, Certificate: string(i.certificate)}
	if i.paper == MerchantCertificate {
		f.PrivateKey = string(privatePEM(i.key))
	} else if i.certificate == nil {
		f.PublicKey = string(publicPEM(&i.key.PublicKey))
	}
	return f
}

// SetEffective makes one of WeChat Pay's papers effective, or revokes it: a merchant's certificate is then not
// accepted, a platform's signs no more.
func (s *Sandbox) SetEffective(serial string, effective bool) error {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	i := s.keys.find(serial, MerchantCertificate, WeChatPublicKey, PlatformCertificate)
	if i == nil {
		return ErrUnknownSerial
	}
	i.effective = effective
	return nil
}

// rotateRoutes are the simulator's own: on the platforms' sites these are buttons.
func (s *Sandbox) rotateRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sandbox/rotate", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Paper   Paper `json:"paper"`
			Pending bool  `json:"pending"` // not effective yet
		}
		if !readJSON(w, r, &in) {
			return
		}
		fresh, err := s.Rotate(in.Paper, !in.Pending)
		answerControl(w, fresh, err)
	})
	mux.HandleFunc("POST /sandbox/effective", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Serial    string `json:"serial"`
			Effective bool   `json:"effective"`
		}
		if !readJSON(w, r, &in) {
			return
		}
		answerControl(w, in, s.SetEffective(in.Serial, in.Effective))
	})
	mux.HandleFunc("POST /sandbox/ramp", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			From     string `json:"from"`
			To       string `json:"to"`
			PerMille int    `json:"per_mille"`
		}
		if !readJSON(w, r, &in) {
			return
		}
		answerControl(w, in, s.Ramp(in.From, in.To, in.PerMille))
	})
}

func answerControl(w http.ResponseWriter, done any, err error) {
	switch {
	case errors.Is(err, ErrUnknownSerial):
		replyError(w, http.StatusNotFound, err)
	case err != nil:
		replyError(w, http.StatusBadRequest, err)
	default:
		reply(w, http.StatusOK, done)
	}
}
