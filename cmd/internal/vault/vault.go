// Package vault keeps the key files of a data folder: as they are, or sealed with AES-256-GCM under a random
// master key that the system's keychain holds, or that is itself sealed under a passphrase. What it protects
// against is a copy of the folder: a backup, a stolen disk, a folder sent to somebody for help.
package vault

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"saoma/pos"
)

// Kind is how the key files of a folder are kept.
type Kind string

const (
	Plain      Kind = "plain"      // as they are
	Keychain   Kind = "keychain"   // sealed; the system's keychain holds the master key
	Passphrase Kind = "passphrase" // sealed; a passphrase opens the master key
)

// Options say where a passphrase comes from, if one is needed.
type Options struct {
	PassphraseFile string // tried first; readable by its owner only
	// Ask asks a person. It is called until the answer is right, with again true after a wrong one, and its error
	// ends that. nil: nobody can be asked.
	Ask func(ctx context.Context, again bool) (string, error)
}

// Vault reads and writes the key files of one data folder. Any number of goroutines may read and write; Seal,
// Rewrap and Unseal want it for themselves.
type Vault struct {
	dir    string
	header header // of no id: plain
	master []byte
}

// String and GoString keep the master key out of logs.
func (v *Vault) String() string   { return "[" + string(v.Kind()) + " vault]" }
func (v *Vault) GoString() string { return v.String() }

// Kind is how the files are kept.
func (v *Vault) Kind() Kind { return v.header.Kind }

// Look says how the keys of the data folder dir are kept, without opening anything.
func Look(dir string) (Kind, error) {
	h, err := readHeader(dir)
	return h.Kind, err
}

// Open opens the vault of the data folder dir. It writes nothing. A folder without keys/vault.json keeps its keys
// plain, unless sealed files in keys/ show that the file was lost.
func Open(ctx context.Context, dir string, o Options) (*Vault, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(dir)
	if err != nil {
		return nil, err
	}
	v := &Vault{dir: dir, header: h}
	switch h.Kind {
	case Keychain:
		v.master, err = fromKeychain(h.ID)
		if err == nil && !h.fits(v.master) {
			err = noneFits(dir)
		}
	case Passphrase:
		v.master, err = v.ask(ctx, o)
	default:
		err = vacant(dir)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Create makes a vault for a folder that has none. The passphrase counts for that kind only. Files that are there
// already stay as they are: Seal seals them.
func Create(dir string, kind Kind, passphrase string) (*Vault, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := vacant(dir); err != nil {
		return nil, err
	}
	v := &Vault{dir: dir, header: header{Kind: Plain}}
	if kind == Plain {
		return v, nil
	}
	h, master, err := newHeader(kind, passphrase)
	if err != nil {
		return nil, err
	}
	if kind == Keychain {
		if err := toKeychain(h.ID, master); err != nil {
			return nil, err
		}
	}
	if err := v.change(func(header) error { return h.write(dir) }); err != nil {
		if kind == Keychain {
			err = errors.Join(err, dropFromKeychain(h.ID))
		}
		return nil, err
	}
	v.header, v.master = h, master
	return v, nil
}

// Rewrap keeps the same master key in another way: under another passphrase, or in the keychain instead. The
// key files stay as they are. Who has both the old passphrase and the old keys/vault.json can still open them.
func (v *Vault) Rewrap(kind Kind, passphrase string) error {
	if v.Kind() == Plain || kind == Plain {
		return pos.Errorf(pos.Conflict, "The keys in %s are not sealed.", v.dir)
	}
	h, err := v.header.wrap(kind, passphrase, v.master)
	if err != nil {
		return err
	}
	if kind == Keychain {
		if err := toKeychain(h.ID, v.master); err != nil {
			return err
		}
	}
	return v.change(func(now header) error {
		if err := h.write(v.dir); err != nil {
			return err
		}
		v.header = h
		if now.Kind == Keychain && kind != Keychain {
			return dropFromKeychain(h.ID)
		}
		return nil
	})
}

// change runs fn while no other process changes the vault, once it is seen that none has put another in its place.
func (v *Vault) change(fn func(now header) error) error {
	release, err := lock(v.dir)
	if err != nil {
		return err
	}
	defer release()
	now, err := readHeader(v.dir)
	if err != nil {
		return err
	}
	if now.ID != v.header.ID {
		return pos.Errorf(pos.Conflict, "Another program has changed how the keys in %s are kept; start again.", v.dir)
	}
	return fn(now)
}

// ErrNobody is in the error of Open where the keys need a passphrase that no file has and nobody can be asked for.
var ErrNobody = errors.New("nobody to ask for the passphrase")

// ask finds the passphrase that opens the master key.
func (v *Vault) ask(ctx context.Context, o Options) ([]byte, error) {
	if o.PassphraseFile != "" {
		text, err := ReadPassphrase(o.PassphraseFile)
		if err != nil {
			return nil, err
		}
		if master := v.header.unwrap(text); master != nil {
			return master, nil
		}
		if o.Ask == nil {
			return nil, pos.Errorf(pos.Setup, "The passphrase in %s is wrong; write the right one into it.", o.PassphraseFile)
		}
	}
	if o.Ask == nil {
		return nil, pos.Errorf(pos.Setup, "The keys are sealed under a passphrase and nobody can be asked for it here; name a file of mode 0600 that holds it as vault.passphrase_file in saoma.toml.").Because(ErrNobody)
	}
	for again := o.PassphraseFile != ""; ; again = true {
		text, err := o.Ask(ctx, again)
		if err != nil {
			return nil, err
		}
		if master := v.header.unwrap(text); master != nil {
			return master, nil
		}
	}
}

// Bounds of a passphrase: what a person chooses, in characters, and what a file may hold, in bytes.
const (
	MinPassphrase     = 8
	maxPassphraseFile = 4 << 10
)

// CheckPassphrase refuses a passphrase that is too short to be one.
func CheckPassphrase(text string) error {
	if utf8.RuneCountInString(tidy(text)) < MinPassphrase {
		return pos.Errorf(pos.Invalid, "The passphrase must have at least %d characters.", MinPassphrase)
	}
	return nil
}

// ReadPassphrase reads a passphrase file. One that others can read is refused, except on Windows, where the mode
// does not tell.
func ReadPassphrase(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return "", pos.Errorf(pos.Setup, "Other users can read the passphrase file %s; make it readable by its owner only (mode 0600).", path)
	}
	var text []byte
	if err == nil {
		text, err = readSmall(path, maxPassphraseFile)
	}
	if err != nil {
		return "", pos.Errorf(pos.Setup, "The passphrase file %s cannot be read; check its name and that this user may read it.", path).Because(err)
	}
	if tidy(string(text)) == "" {
		return "", pos.Errorf(pos.Setup, "The passphrase file %s is empty.", path)
	}
	return string(text), nil
}

// tidy is a passphrase without what an editor adds, in the one form that every keyboard's accents come to.
func tidy(text string) string {
	return norm.NFC.String(strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), "\r\n"))
}

// readSmall reads a regular file of at most so many bytes.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")})
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = pos.Errorf(pos.Setup, "The file %s is too large for what it should be.", path)
	}
	return data, err
}
