package papers

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

// The keys of these tests are made once: they are slow to make.
var (
	merchantKey = sync.OnceValue(newKey)
	otherKey    = sync.OnceValue(newKey)
)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func pemOf(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func pkcs8Of(k any) []byte { return must(x509.MarshalPKCS8PrivateKey(k)) }
func pkixOf(k any) []byte  { return must(x509.MarshalPKIXPublicKey(k)) }

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// bent are the ways in which a paper reaches us that was whole once.
func bent(label string, der []byte) map[string][]byte {
	text := string(pemOf(label, der))
	bare := base64.StdEncoding.EncodeToString(der)
	body := strings.Split(strings.TrimSpace(text), "\n")
	inner := strings.Join(body[1:len(body)-1], "\n")
	wide := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r - '!' + '！'
			}
			return r
		}, s)
	}
	utf16Text := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		utf16Text = binary.LittleEndian.AppendUint16(utf16Text, u)
	}
	return map[string][]byte{
		"PEM":                     []byte(text),
		"DER":                     der,
		"bare, one line":          []byte(bare),
		"bare, many lines":        []byte(inner),
		"bare, no padding":        []byte(strings.TrimRight(bare, "=")),
		"BOM":                     []byte("\ufeff" + text),
		"BOM, bare":               []byte("\ufeff" + bare + "\r\n"),
		"CRLF":                    []byte(strings.ReplaceAll(text, "\n", "\r\n")),
		"CR":                      []byte(strings.ReplaceAll(text, "\n", "\r")),
		"full-width":              []byte(wide(text)),
		"no-break spaces":         []byte(strings.ReplaceAll(text, "\n", "\u00a0\u3000\n\u00a0")),
		"zero-width":              []byte(strings.ReplaceAll(bare, "A", "A\u200b")),
		"one line":                []byte(strings.ReplaceAll(text, "\n", "")),
		"one line, blanks":        []byte(strings.ReplaceAll(text, "\n", " ")),
		"backslash n":             []byte(`"` + strings.ReplaceAll(text, "\n", `\n`) + `"`),
		"long dashes":             []byte(strings.ReplaceAll(text, "--", "—")),
		"no blank in BEGIN":       []byte("-----BEGIN" + strings.ReplaceAll(label, " ", "") + "-----" + bare + "-----END" + strings.ReplaceAll(label, " ", "") + "-----"),
		"no END line":             []byte(body[0] + "\n" + inner),
		"no BEGIN line":           []byte(inner + "\n" + body[len(body)-1]),
		"indented":                []byte("    " + strings.ReplaceAll(text, "\n", "\n    ")),
		"mail quoting":            []byte("See below:\n\n" + text + "\nRegards"),
		"UTF-16":                  utf16Text,
		"another tool's BEGIN":    pemOf(strings.TrimPrefix("RSA "+label, "RSA RSA "), der),
		"something pasted behind": append(bytes.Clone(der), "\r\n\r\n"...),
	}
}

func TestPrivateForms(t *testing.T) {
	k := merchantKey()
	for form, der := range map[string][]byte{"PKCS#8": pkcs8Of(k), "PKCS#1": x509.MarshalPKCS1PrivateKey(k)} {
		for name, data := range bent("PRIVATE KEY", der) {
			if got, err := Private(data); err != nil || !got.Equal(k) {
				t.Errorf("%s, %s: %v", form, name, err)
			}
		}
	}
	both := append(EncodePrivate(k), EncodePublic(&k.PublicKey)...)
	if got, err := Private(both); err != nil || !got.Equal(k) {
		t.Errorf("beside its public key: %v", err)
	}
	if got, err := Public(both); err != nil || !got.Equal(&k.PublicKey) {
		t.Errorf("the public key beside its private one: %v", err)
	}
}

func TestPublicForms(t *testing.T) {
	k := &merchantKey().PublicKey
	for form, der := range map[string][]byte{"PKIX": pkixOf(k), "PKCS#1": x509.MarshalPKCS1PublicKey(k)} {
		for name, data := range bent("PUBLIC KEY", der) {
			if got, err := Public(data); err != nil || !got.Equal(k) {
				t.Errorf("%s, %s: %v", form, name, err)
			}
		}
	}
}
