package sandbox

import (
	"crypto/ecdsa"
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ali "github.com/smartwalle/alipay/v3"
)

// certifiedPapers are of an application in certificate mode.
var certifiedPapers = sync.OnceValues(func() (*Papers, error) {
	p, err := testPapers()
	if err != nil {
		return nil, err
	}
	q := *p
	return &q, q.UseAlipayCertificates()
})

func startCertified(t *testing.T, o Options) *Sandbox {
	t.Helper()
	p, err := certifiedPapers()
	if err != nil {
		t.Fatal(err)
	}
	o.Speed = 100
	s := New(p, o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func certificatesIn(t *testing.T, text []byte) (all []*x509.Certificate) {
	t.Helper()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// snOf is the documents' rule, written out for names made of CN, O and C.
func snOf(c *x509.Certificate) string {
	n := c.Issuer
	name := fmt.Sprintf("CN=%s,O=%s,C=%s", n.CommonName, n.Organization[0], n.Country[0])
	return fmt.Sprintf("%x", md5.Sum([]byte(name+c.SerialNumber.String())))
}

// names are what a request of this application names.
func names(t *testing.T, s *Sandbox) (app, root string) {
	t.Helper()
	c := s.papers.Alipay.Certificates
	var roots []string
	for _, r := range certificatesIn(t, c.Root) {
		if _, isRSA := r.PublicKey.(*rsa.PublicKey); isRSA {
			roots = append(roots, snOf(r))
		}
	}
	return snOf(certificatesIn(t, c.App)[0]), strings.Join(roots, "_")
}

// TestAlipayChain: the files are shaped as the platform's.
func TestAlipayChain(t *testing.T) {
	p, err := certifiedPapers()
	if err != nil {
		t.Fatal(err)
	}
	a := p.Alipay
	app, chain, roots := certificatesIn(t, a.Certificates.App), certificatesIn(t, a.Certificates.Alipay), certificatesIn(t, a.Certificates.Root)
	if len(app) != 1 || !a.AppKey.PublicKey.Equal(app[0].PublicKey) || len(chain) != 2 || !a.PlatformKey.PublicKey.Equal(chain[0].PublicKey) {
		t.Fatalf("%d and %d certificates, or of other keys", len(app), len(chain))
	}
	curves, rsaRoots := 0, 0
	for _, r := range roots {
		if r.Subject.String() != r.Issuer.String() {
			t.Errorf("%s is no root", r.Subject)
		}
		switch r.PublicKey.(type) {
		case *ecdsa.PublicKey:
			curves++
		case *rsa.PublicKey:
			rsaRoots++
		}
	}
	if curves == 0 || rsaRoots < 2 {
		t.Errorf("%d roots of curves, %d of RSA", curves, rsaRoots)
	}
	signed := func(c, by *x509.Certificate) error {
		return by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	}
	if signed(app[0], chain[1]) != nil || signed(chain[0], chain[1]) != nil || !slices.ContainsFunc(roots, func(r *x509.Certificate) bool { return signed(chain[1], r) == nil }) {
		t.Error("the chain does not lead to a root")
	}
	if strings.Contains(string(a.Certificates.Root), "PRIVATE") {
		t.Error("a private key among the roots")
	}
}

// TestAlipayCertificateMode changes what a correct request names; then the shape of answers.
func TestAlipayCertificateMode(t *testing.T) {
	s := startCertified(t, Options{})
	app, root := names(t, s)
	for _, tt := range []struct{ app, root, subCode string }{
		{"", root, "isv.missing-app-cert-sn"},
		{app, "", "isv.missing-alipay-root-cert-sn"},
		{"", "", "isv.missing-app-cert-sn"},
		{root, root, "isv.app-cert-not-exist"},
		{strings.ToUpper(app), root, "isv.app-cert-not-exist"},
		{app, app, "isv.invalid-alipay-root-cert-sn"},
		{app, root[:32], "isv.invalid-alipay-root-cert-sn"},
		{app, root[33:] + "_" + root[:32], "isv.invalid-alipay-root-cert-sn"},
	} {
		p := aliCommon(s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
		p["app_cert_sn"], p["alipay_root_cert_sn"] = tt.app, tt.root
		if r := aliPost(t, s, aliSigned(t, s, p)); r.json.Code != "40002" || r.json.SubCode != tt.subCode || strings.Contains(r.raw, `"sign"`) {
			t.Errorf("%s %s: %s", tt.app, tt.root, r.raw)
		}
	}

	p := aliCommon(s, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	p["app_cert_sn"], p["alipay_root_cert_sn"] = app, root
	r := aliPost(t, s, aliSigned(t, s, p))
	sn := snOf(certificatesIn(t, s.papers.Alipay.Certificates.Alipay)[0])
	rest, named := strings.CutPrefix(r.raw, `{"alipay_trade_query_response":`+r.text+`,"alipay_cert_sn":"`+sn+`","sign":"`)
	if !named || rsaVerify(&s.papers.Alipay.PlatformKey.PublicKey, r.text, strings.TrimSuffix(rest, `"}`)) != nil {
		t.Errorf("the answer %s", r.raw)
	}

	plain := start(t, Options{})
	p = aliCommon(plain, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	p["app_cert_sn"], p["alipay_root_cert_sn"] = app, root
	if r := aliPost(t, plain, aliSigned(t, plain, p)); r.json.SubCode != "isv.app-cert-not-exist" {
		t.Errorf("certificates of an application in public-key mode: %s", r.raw)
	}
	late := startCertified(t, Options{Now: func() time.Time { return time.Now().AddDate(6, 0, 0) }})
	p = aliCommon(late, "alipay.trade.query", map[string]any{"out_trade_no": "X1"})
	p["app_cert_sn"], p["alipay_root_cert_sn"] = app, root
	if r := aliPost(t, late, aliSigned(t, late, p)); r.json.SubCode != "isv.app-cert-expired" {
		t.Errorf("after the certificate's end: %s", r.raw)
	}
}

// TestAlipayCertificateDownload: any certificate this application was given, with its chain; nothing else.
func TestAlipayCertificateDownload(t *testing.T) {
	s := startCertified(t, Options{})
	app, root := names(t, s)
	download := func(sn string) (answer struct {
		Response struct {
			Code    string
			SubCode string `json:"sub_code"`
			Content string `json:"alipay_cert_content"`
		} `json:"alipay_open_app_alipaycert_download_response"`
		Sign string
	},
	) {
		t.Helper()
		p := aliCommon(s, "alipay.open.app.alipaycert.download", map[string]any{"alipay_cert_sn": sn})
		p["app_cert_sn"], p["alipay_root_cert_sn"] = app, root
		if err := json.Unmarshal([]byte(aliPost(t, s, aliSigned(t, s, p)).raw), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	old := s.papers.Alipay.Certificates.Alipay
	fresh, err := s.Rotate(AlipayKey, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{string(old), fresh.Certificate} {
		a := download(snOf(certificatesIn(t, []byte(want))[0]))
		if got, err := base64.StdEncoding.DecodeString(a.Response.Content); a.Response.Code != "10000" || err != nil || string(got) != want || a.Sign != "" {
			t.Errorf("%+v, %v", a, err)
		}
	}
	for sn, code := range map[string]string{app: "isv.alipay-cert-not-exist", "": "ACQ.INVALID_PARAMETER"} {
		if a := download(sn); a.Response.SubCode != code || a.Response.Content != "" {
			t.Errorf("%q: %+v", sn, a)
		}
	}
}

// TestAlipayCertificateNotification is verified by the rule that leaves out sign and sign_type only, and by the SDK.
func TestAlipayCertificateNotification(t *testing.T) {
	s := startCertified(t, Options{})
	client := sdkCertified(t, s)
	h := &hook{answer: "success"}
	created, err := client.TradePreCreate(t.Context(), ali.TradePreCreate{Trade: ali.Trade{
		Subject: "coffee", OutTradeNo: "CERT1", TotalAmount: "12.50", NotifyURL: h.serve(t),
	}})
	if err != nil || !created.IsSuccess() {
		t.Fatal(created, err)
	}
	if err := s.Pay("CERT1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(h.all()) >= 1 })
	hit := h.all()[0]
	if !alipayGenuine(s, hit) {
		t.Errorf("not genuine: %v", hit.form)
	}
	if n, err := client.DecodeNotification(t.Context(), hit.form); err != nil || n.OutTradeNo != "CERT1" {
		t.Errorf("%+v, %v", n, err)
	}
}

// sdkCertified is smartwalle/alipay in certificate mode, as its documents show it: it fetches what it does not know.
func sdkCertified(t *testing.T, s *Sandbox) *ali.Client {
	t.Helper()
	a := s.papers.Alipay
	client, err := ali.New(a.AppID, string(privatePEM(a.AppKey)), true, ali.WithProductionGateway(s.AlipayURL()), ali.WithTimeLocation(time.FixedZone("", 8*3600)))
	if err != nil {
		t.Fatal(err)
	}
	for _, load := range []struct {
		into func(string) error
		text []byte
	}{
		{client.LoadAppCertPublicKey, a.Certificates.App},
		{client.LoadAliPayRootCert, a.Certificates.Root},
		{client.LoadAlipayCertPublicKey, a.Certificates.Alipay},
	} {
		if err := load.into(string(load.text)); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

// TestAlipayRotatesUnderTheSDK: the SDK follows Alipay's new certificate by downloading it.
func TestAlipayRotatesUnderTheSDK(t *testing.T) {
	s := startCertified(t, Options{})
	client := sdkCertified(t, s)
	for range 2 {
		r, err := client.TradeQuery(t.Context(), ali.TradeQuery{OutTradeNo: "NONE"})
		if err != nil || r.SubCode != "ACQ.TRADE_NOT_EXIST" {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.Rotate(AlipayKey, true); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCertifiedPapers: they come back from their file and from one that is older than them; a merchant gets no key
// that could sign for Alipay.
func TestCertifiedPapers(t *testing.T) {
	p, err := certifiedPapers()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	q, err := ReadPapers(dir)
	if err != nil || q.Alipay.Certificates == nil {
		t.Fatalf("%+v, %v", q, err)
	}
	a, b := p.Alipay.Certificates, q.Alipay.Certificates
	if string(a.App) != string(b.App) || string(a.Alipay) != string(b.Alipay) || string(a.Root) != string(b.Root) || !a.IssuerKey.Equal(b.IssuerKey) {
		t.Error("the certificates came back different")
	}
	if err := papers(t).Write(dir); err != nil { // as before certificate mode: none of its fields
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, papersFile))
	if err != nil || strings.Contains(string(text), `IssuerKey"`) {
		t.Errorf("public-key papers name an issuer: %v", err)
	}
	if q, err := ReadPapers(dir); err != nil || q.Alipay.Certificates != nil {
		t.Errorf("%+v, %v", q, err)
	}
	keys := filepath.Join(dir, "keys")
	if err := p.WriteMerchant(keys); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"alipay_app_cert.crt": a.App, "alipay_cert.crt": a.Alipay, "alipay_root_cert.crt": a.Root} {
		if got, err := os.ReadFile(filepath.Join(keys, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(keys, "alipay_public_key.pem")); !os.IsNotExist(err) {
		t.Errorf("a public key beside the certificates: %v", err)
	}
}
