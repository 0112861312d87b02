package vault

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"saoma/pos"
)

// A file opens to what was sealed under its name in its vault, or not at all: whatever else is in it, it is refused
// in a sentence. What can be read as a sealed file says one thing: written again, it is read as the same.
func FuzzSealedFile(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, folder, "apiv3.key")
	v := &Vault{dir: dir, header: header{ID: "00112233445566778899aabbccddeeff", Kind: Passphrase}, master: bytes.Repeat([]byte{7}, keySize)}
	const text = "what is sealed"
	seal := func(name, text string) []byte {
		return sealed{v.header.ID, name, aead(v.master).Seal(nil, nil, []byte(text), v.bound(name))}.text()
	}
	good := seal("keys/apiv3.key", text)
	f.Add(good)
	f.Add(seal("keys/other.key", text))
	f.Add(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")))
	f.Add(bytes.ReplaceAll(good, []byte("0011"), []byte("1100")))
	f.Add(good[:len(good)-10])
	f.Add(append(bytes.Clone(good), good...))
	f.Add([]byte("-----BEGIN SAOMA SEALED FILE-----\nFile: \"\\u0000\"\nVault: x\n\nAAAA\n-----END SAOMA SEALED FILE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, ok := parse(data); ok {
			again, ok := parse(s.text())
			if !ok || again.vault != s.vault || again.name != s.name || !bytes.Equal(again.data, s.data) {
				t.Errorf("%q\nwritten again is %q", s.text(), again.text())
			}
		}
		got, err := v.open(path, data)
		if err == nil && string(got) != text {
			t.Errorf("%q opens to %q", data, got)
		}
		if err != nil && pos.CodeOf(err) != pos.Setup {
			t.Errorf("refused with %v", err)
		}
	})
}

// A vault.json that is accepted can be worked with: its bounds hold, and written again it is the same.
func FuzzHeader(f *testing.F) {
	for _, kind := range []Kind{Keychain, Passphrase} {
		h, _, err := newHeader(kind, phrase)
		if err != nil {
			f.Fatal(err)
		}
		h.Sum = h.sum()
		text, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(bytes.Replace(text, []byte(`"version":1`), []byte(`"version":9`), 1))
		f.Add(bytes.Replace(text, []byte(`"kind":"`), []byte(`"kind":"x`), 1))
	}
	f.Add([]byte(`{"version":1,"argon2id":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHeader(text)
		if err != nil || h.Version > version {
			return
		}
		if h.Kind != Keychain && h.Kind != Passphrase || h.Kind == Passphrase && !h.KDF.sane() {
			t.Errorf("%q is accepted as %+v", text, h)
		}
		h.fits(make([]byte, keySize))
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseHeader(again); err != nil {
			t.Errorf("%q\nwritten again is %q: %v", text, again, err)
		}
	})
}

// What it costs to start under a passphrase.
func BenchmarkPassphrase(b *testing.B) {
	cost = shippedCost
	h, _, err := newHeader(Passphrase, phrase)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if h.unwrap(phrase) == nil {
			b.Fatal("not opened")
		}
	}
}
