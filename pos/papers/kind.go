package papers

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"

	"saoma/pos"
)

// kind is what a paper turned out to be.
type kind int

const (
	unknown kind = iota
	privateKey
	publicKey
	certificate
	password     // a private key under a password
	notRSAKey    // EC, SM2, Ed25519 or DSA
	notRSACert   // a certificate that cannot be read because of its key
	request      // a certificate request
	bundle       // .p12 or .pfx
	openSSH      // a key of ssh
	truncated    // a piece is missing at the end
	damaged      // characters that do not belong, or bits that do not fit
	hugeKey      // far beyond what any platform takes
	archive      // a zip, rar or 7z
	page         // HTML, JSON or a picture
	hexadecimal  // digits of a hash or serial number
	tooMuchOfKey // two different keys in one file
)

// paper is what was read.
type paper struct {
	kind    kind
	private *rsa.PrivateKey
	public  *rsa.PublicKey
	chain   []*x509.Certificate
}

// What is looked for first in a file that holds several things, as one that openssl made.
var (
	privateFirst     = []kind{privateKey, password, publicKey, certificate}
	publicFirst      = []kind{publicKey, certificate, privateKey}
	certificateFirst = []kind{certificate, privateKey, publicKey}
)

// read finds out what data is. Its only errors are about the size.
func read(data []byte, order []kind) (paper, error) {
	switch {
	case len(data) > MaxPaper:
		return paper{}, pos.Errorf(pos.Setup, "This file is too big for a key or a certificate; choose another one.")
	case len(bytes.TrimSpace(data)) == 0:
		return paper{}, pos.Errorf(pos.Setup, "This is empty; choose the file again, or copy the whole text.")
	}
	if k := foreign(data); k != unknown {
		return paper{kind: k}, nil
	}
	var found []paper
	var chain []*x509.Certificate
	for _, b := range split(data) {
		p := b.classify()
		chain = append(chain, p.chain...)
		found = append(found, p)
	}
	for _, k := range order {
		i := slices.IndexFunc(found, func(p paper) bool { return p.kind == k })
		if i < 0 {
			continue
		}
		p := found[i]
		p.chain = chain
		if k == privateKey && slices.ContainsFunc(found, func(o paper) bool { return o.kind == k && !o.private.Equal(p.private) }) {
			p.kind = tooMuchOfKey
		}
		return p, nil
	}
	for _, p := range found {
		if p.kind != unknown {
			return p, nil
		}
	}
	return found[0], nil
}

// foreign tells files that are no key at all by how they begin.
func foreign(data []byte) kind {
	text := strings.ToLower(string(bytes.TrimSpace(data[:min(len(data), 256)])))
	switch {
	case strings.HasPrefix(text, "pk\x03\x04"), strings.HasPrefix(text, "rar!"), strings.HasPrefix(text, "7z\xbc\xaf"):
		return archive
	case strings.HasPrefix(text, "<"), strings.HasPrefix(text, "{"), strings.HasPrefix(text, "\x89png"), strings.HasPrefix(text, "\xff\xd8\xff"), strings.HasPrefix(text, "%pdf"):
		return page
	case strings.HasPrefix(text, "ssh-rsa "), strings.HasPrefix(text, "putty-user-key"), strings.Contains(text, "begin openssh"), strings.Contains(text, "begin ssh2"):
		return openSSH
	}
	return unknown
}

// classify reads one block. Its label is not believed: tools write PKCS#8 under RSA PRIVATE KEY and the reverse.
func (b block) classify() paper {
	switch {
	case b.password || strings.HasPrefix(b.label, "ENCRYPTED") || isEncrypted(b.der):
		return paper{kind: password}
	case b.hex:
		return paper{kind: hexadecimal}
	case b.damaged:
		return paper{kind: damaged}
	case b.truncated:
		return paper{kind: truncated}
	}
	der := b.der
	if n := derLength(der); n > 0 && n < len(der) {
		der = der[:n] // something was pasted behind it
	}
	if len(der) > maxDER {
		return paper{kind: hugeKey}
	}
	if p := parsePrivate(der); p.kind != unknown {
		return p
	}
	if p := parsePublic(der); p.kind != unknown {
		return p
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		return paper{kind: certificate, chain: []*x509.Certificate{c}}
	}
	return paper{kind: b.otherwise(der)}
}

// otherwise names what could not be read.
func (b block) otherwise(der []byte) kind {
	_, err := x509.ParseCertificateRequest(der)
	switch {
	case err == nil || strings.HasSuffix(b.label, "CERTIFICATEREQUEST"):
		return request
	case isPKCS12(der):
		return bundle
	case b.label == "CERTIFICATE" && derLength(der) > 0:
		return notRSACert
	case b.label != "" || derLength(der) > 0:
		return damaged
	}
	return unknown
}

func parsePrivate(der []byte) paper {
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return paper{kind: privateKey, private: k}
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if rsaKey, ok := k.(*rsa.PrivateKey); ok {
		return paper{kind: privateKey, private: rsaKey}
	}
	if _, ec := x509.ParseECPrivateKey(der); err == nil || ec == nil || otherAlgorithm(der, &pkcs8{}) {
		return paper{kind: notRSAKey}
	}
	return paper{}
}

func parsePublic(der []byte) paper {
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return paper{kind: publicKey, public: k}
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if rsaKey, ok := k.(*rsa.PublicKey); ok {
		return paper{kind: publicKey, public: rsaKey}
	}
	if err == nil || otherAlgorithm(der, &spki{}) {
		return paper{kind: notRSAKey}
	}
	return paper{}
}

// The outer forms of keys and bundles, RFC 5208, 5280, 7292 and 8017, as far as is needed to name them.
type (
	algorithm struct {
		ID     asn1.ObjectIdentifier
		Params asn1.RawValue `asn1:"optional"`
	}
	pkcs8 struct {
		Version   int
		Algorithm algorithm
		Key       []byte
		Rest      []asn1.RawValue `asn1:"optional,tag:0,set"`
	}
	spki struct {
		Algorithm algorithm
		Key       asn1.BitString
	}
	encrypted struct {
		Algorithm algorithm
		Key       []byte
	}
)

var (
	oidRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPKCS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1}
)

// otherAlgorithm reports whether der is a key of that form for something else than RSA, SM2 for one.
func otherAlgorithm(der []byte, into any) bool {
	if _, err := asn1.Unmarshal(der, into); err != nil {
		return false
	}
	switch k := into.(type) {
	case *pkcs8:
		return !k.Algorithm.ID.Equal(oidRSA)
	case *spki:
		return !k.Algorithm.ID.Equal(oidRSA)
	}
	return false
}

// isEncrypted knows a PKCS#8 key under a password: its algorithm is one of PKCS#5 or PKCS#12.
func isEncrypted(der []byte) bool {
	var e encrypted
	_, err := asn1.Unmarshal(der, &e)
	id := e.Algorithm.ID
	return err == nil && len(id) > len(oidPKCS) && id[:len(oidPKCS)].Equal(oidPKCS) && (id[len(oidPKCS)] == 5 || id[len(oidPKCS)] == 12)
}

// isPKCS12 knows a .p12: version 3 and then a PKCS#7 content.
func isPKCS12(der []byte) bool {
	var p struct {
		Version int
		Content asn1.RawValue
		MAC     asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &p)
	return err == nil && p.Version == 3 && bytes.Contains(p.Content.FullBytes, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07})
}

// maxDER bounds the arithmetic that a key can ask for: an RSA key of 16384 bits has less than 10 KiB.
const maxDER = 12 << 10
