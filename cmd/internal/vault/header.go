package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"saoma/pos"
)

// Names in a data folder.
const (
	folder     = "keys"
	headerName = "vault.json"
)

// header is keys/vault.json: how the master key is kept. Nothing in it is secret without the passphrase.
type header struct {
	Version int    `json:"version"`
	ID      string `json:"id"` // 16 random bytes in hexadecimal digits; the keychain's entry has this name
	Kind    Kind   `json:"kind"`
	Check   []byte `json:"check"`              // nothing, sealed under the master key: tells whether a key is the one
	KDF     *kdf   `json:"argon2id,omitempty"` // of a passphrase, as the next
	Wrapped []byte `json:"master,omitempty"`   // the master key, sealed under the passphrase
	Sum     []byte `json:"sum"`                // SHA-256 of the rest: a damaged file is not taken for a wrong passphrase
}

// kdf is how argon2id makes a key of the passphrase.
type kdf struct {
	MemoryKiB uint32 `json:"memory_kib"`
	Time      uint32 `json:"time"`
	Threads   uint8  `json:"threads"`
	Salt      []byte `json:"salt"`
}

// cost is the second recommended option of RFC 9106, section 4, for machines with little memory: 64 MiB, three
// passes, four lanes. A file that asks for less was tampered with, as was one that asks for far more than any
// version of this program writes.
var cost = kdf{MemoryKiB: 64 << 10, Time: 3, Threads: 4}

const (
	version       = 1
	keySize       = 32
	saltSize      = 16
	overhead      = 12 + 16 // the nonce before and the tag behind what AES-GCM seals
	maxMemoryKiB  = 1 << 20
	maxTime       = 64
	maxHeaderSize = 16 << 10
)

// newHeader makes a vault's master key and the header that goes with it.
func newHeader(kind Kind, passphrase string) (header, []byte, error) {
	id, master := make([]byte, 16), make([]byte, keySize)
	rand.Read(id)
	rand.Read(master)
	h := header{Version: version, ID: hex.EncodeToString(id)}
	h.Check = aead(master).Seal(nil, nil, nil, h.bound("check"))
	h, err := h.wrap(kind, passphrase, master)
	return h, master, err
}

// wrap is h with the master key kept in another way.
func (h header) wrap(kind Kind, passphrase string, master []byte) (header, error) {
	h.Kind, h.KDF, h.Wrapped = kind, nil, nil
	switch kind {
	case Keychain:
		return h, nil
	case Passphrase:
	default:
		return header{}, fmt.Errorf("a vault cannot be of the kind %q", kind)
	}
	if err := CheckPassphrase(passphrase); err != nil {
		return header{}, err
	}
	k := cost
	k.Salt = make([]byte, saltSize)
	rand.Read(k.Salt)
	h.KDF, h.Wrapped = &k, aead(k.key(passphrase)).Seal(nil, nil, master, h.bound("master"))
	return h, nil
}

// unwrap is the master key, and nil where the passphrase is wrong.
func (h header) unwrap(passphrase string) []byte {
	master, err := aead(h.KDF.key(passphrase)).Open(nil, nil, h.Wrapped, h.bound("master"))
	if err != nil || !h.fits(master) {
		return nil
	}
	return master
}

// fits reports whether master is the key of this vault.
func (h header) fits(master []byte) bool {
	if len(master) != keySize {
		return false
	}
	_, err := aead(master).Open(nil, nil, h.Check, h.bound("check"))
	return err == nil
}

// bound is the additional data that binds what is sealed to this vault and to what it is.
func (h header) bound(what string) []byte { return []byte("saoma " + what + "\n" + h.ID) }

func (k *kdf) key(passphrase string) []byte {
	return argon2.IDKey([]byte(tidy(passphrase)), k.Salt, k.Time, k.MemoryKiB, k.Threads, keySize)
}

// aead seals with AES-256-GCM and puts a random nonce in front.
func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // every key here has keySize bytes
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size it wants
	}
	return a
}

// readHeader reads keys/vault.json; where there is none, it is a header of kind Plain.
func readHeader(dir string) (header, error) {
	text, err := readSmall(filepath.Join(dir, folder, headerName), maxHeaderSize)
	if errors.Is(err, fs.ErrNotExist) {
		return header{Kind: Plain}, nil
	}
	if err != nil {
		return header{}, pos.Errorf(pos.Setup, "The file keys/vault.json in %s cannot be read; check its permissions.", dir).Because(err)
	}
	h, err := parseHeader(text)
	if err != nil {
		return header{}, pos.Errorf(pos.Setup, "The file keys/vault.json in %s is damaged; put it back from a copy, or remove it and import the keys again.", dir).Because(err)
	}
	if h.Version > version {
		return header{}, pos.Errorf(pos.Setup, "The file keys/vault.json in %s was made by a newer version of this program; use that one.", dir)
	}
	return h, nil
}

var errHeader = errors.New("vault.json makes no sense")

// parseHeader reads the text of a vault.json. Of a newer one only the version counts.
func parseHeader(text []byte) (h header, err error) {
	var newer struct{ Version int }
	if err := json.Unmarshal(text, &newer); err == nil && newer.Version > version {
		return header{Version: newer.Version}, nil
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return header{}, err
	}
	id, err := hex.DecodeString(h.ID)
	ok := err == nil && len(id) == 16 && hex.EncodeToString(id) == h.ID && h.Version == version && len(h.Check) == overhead
	switch h.Kind {
	case Keychain:
		ok = ok && h.KDF == nil && h.Wrapped == nil
	case Passphrase:
		ok = ok && h.KDF.sane() && len(h.Wrapped) == keySize+overhead
	default:
		ok = false
	}
	if !ok || !bytes.Equal(h.Sum, h.sum()) {
		return header{}, errHeader
	}
	return h, nil
}

// sum is what Sum must be.
func (h header) sum() []byte {
	h.Sum = nil
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it has nothing that JSON cannot say
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

func (k *kdf) sane() bool {
	return k != nil && k.MemoryKiB >= cost.MemoryKiB && k.MemoryKiB <= maxMemoryKiB &&
		k.Time >= cost.Time && k.Time <= maxTime && k.Threads > 0 && len(k.Salt) == saltSize
}

// write makes h durable in its place.
func (h header) write(dir string) error {
	h.Sum = h.sum()
	text, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	return write(filepath.Join(dir, folder, headerName), append(text, '\n'))
}
