package papers

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"saoma/pos"
)

// seeds are every paper in some of its forms, and some that are none.
func seeds(f *testing.F) {
	k := merchantKey()
	cert := issued(mch, k, nil)
	for _, data := range bent("PRIVATE KEY", pkcs8Of(k)) {
		f.Add(data)
	}
	f.Add(EncodePublic(&k.PublicKey))
	f.Add(x509.MarshalPKCS1PublicKey(&k.PublicKey))
	f.Add(EncodeCertificates([]*x509.Certificate{cert}))
	f.Add(cert.Raw)
	f.Add(pkcs12())
	f.Add(pemOf("ENCRYPTED PRIVATE KEY", []byte{0x30, 0x03, 1, 2, 3}))
	f.Add([]byte("-----END PUBLIC KEY-----BEGIN PRIVATE KEY"))
	f.Add([]byte("\xfe\xff\x00-\x00-"))
	f.Add([]byte{0x30, 0x83, 0xff, 0xff, 0xff})
}

// aSentence demands that a refusal is a plain sentence of pos without a cause.
func aSentence(t *testing.T, err error) {
	t.Helper()
	if e, ok := err.(*pos.Error); !ok || e.Err != nil || e.Code != pos.Setup {
		t.Fatalf("refused with %v", err)
	}
}

// A private key that is read is one: written out it is read as the same, and it fits itself.
func FuzzPrivate(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := Private(data)
		if err != nil {
			aSentence(t, err)
			return
		}
		again, err := Private(EncodePrivate(k))
		if err != nil || !again.Equal(k) || k.N.BitLen() < minBits || k.Validate() != nil {
			t.Fatalf("not a key: %v", err)
		}
	})
}

// So is a public key.
func FuzzPublic(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := Public(data)
		if err != nil {
			aSentence(t, err)
			return
		}
		again, err := Public(EncodePublic(k))
		if err != nil || !again.Equal(k) || k.N.BitLen() < minBits {
			t.Fatalf("not a key: %v", err)
		}
	})
}

// Certificates that are read are read again as the same.
func FuzzCertificates(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		chain, err := Certificates(data)
		if err != nil {
			aSentence(t, err)
			return
		}
		again, err := Certificates(EncodeCertificates(chain))
		if err != nil || len(again) != len(chain) || len(chain) == 0 {
			t.Fatalf("%d became %d, %v", len(chain), len(again), err)
		}
		for i := range chain {
			if !again[i].Equal(chain[i]) || strings.Trim(Serial(chain[i]), "0123456789ABCDEF") != "" {
				t.Errorf("certificate %d is another one, or has the serial %s", i, Serial(chain[i]))
			}
		}
		if _, err := Certificate(data); err != nil {
			aSentence(t, err)
		}
	})
}

// A zip gives two files within bounds, or a sentence.
func FuzzZip(f *testing.F) {
	f.Add(zipOf("apiclient_key.pem", "key", "apiclient_cert.pem", "cert"))
	f.Add(zipOf("a/apiclient_key.pem", strings.Repeat("0", 100<<10), "apiclient_cert.pem", "cert"))
	f.Add(passworded())
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Zip(data)
		if err != nil {
			aSentence(t, err)
			return
		}
		if len(m.Key) > MaxPaper || len(m.Certificate) > MaxPaper || m.Key == nil || m.Certificate == nil {
			t.Errorf("files of %d and %d bytes", len(m.Key), len(m.Certificate))
		}
	})
}

// A number that is read is read again as the same, and each text is at most one of the numbers that could be confused.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{mch, "wx0123456789abcdef", app, seller, "PUB_KEY_ID_0119000001092026", "0a:bc:01:02:03:04:05:06", strings.Repeat("k", 32), "１９００", "0x44F4864EA9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		read := map[string]func(string) (string, error){
			"mchid": ReadMchID, "appid": ReadAppID, "serial": ReadSerial, "id": ReadPublicKeyID, "app_id": ReadAlipayAppID, "seller_id": ReadSellerID,
			"apiv3": func(s string) (string, error) { return APIv3Key([]byte(s)) },
		}
		is := map[string]bool{}
		for name, parse := range read {
			got, err := parse(s)
			if err != nil {
				aSentence(t, err)
				continue
			}
			is[name] = true
			if again, err := parse(got); err != nil || again != got {
				t.Errorf("%s: %q is read as %q and then %q, %v", name, s, got, again, err)
			}
		}
		for _, pair := range [][2]string{{"mchid", "appid"}, {"mchid", "seller_id"}, {"mchid", "app_id"}, {"appid", "app_id"}, {"app_id", "seller_id"}, {"serial", "id"}} {
			if is[pair[0]] && is[pair[1]] {
				t.Errorf("%q is %s and %s", s, pair[0], pair[1])
			}
		}
	})
}

// What does not fit together is a Wrong that names one of the papers.
func TestWrongNamesAPaper(t *testing.T) {
	for _, c := range wrongPapers() {
		w, ok := errors.AsType[*Wrong](c.err)
		if ok && (w.Paper == "" || w.Unwrap() == nil || !strings.HasPrefix(w.Error(), string(w.Paper)+": ")) {
			t.Errorf("%s: %+v", c.name, w)
		}
	}
}
