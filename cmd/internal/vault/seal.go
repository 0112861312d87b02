package vault

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"saoma/pos"
)

// A sealed file is one PEM block of this type. Its headers name the vault and the file, and both are part of
// what the seal proves.
const (
	blockType   = "SAOMA SEALED FILE"
	vaultHeader = "Vault"
	fileHeader  = "File"
)

// Far above any key and far below anything that hurts to read, in bytes: what is sealed, and what is read.
const (
	maxKey  = 64 << 10
	maxFile = 2 * maxKey
)

// Sealed reports whether data is meant to be a sealed file; it may be a damaged one.
func Sealed(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN "+blockType+"-----"))
}

// sealed is a sealed file, read but not opened.
type sealed struct {
	vault string // id
	name  string
	data  []byte // nonce, what is sealed, tag
}

func (s sealed) text() []byte {
	return pem.EncodeToMemory(&pem.Block{
		Type: blockType, Bytes: s.data,
		Headers: map[string]string{vaultHeader: s.vault, fileHeader: strconv.Quote(s.name)},
	})
}

// parse reads a sealed file.
func parse(data []byte) (s sealed, ok bool) {
	if !Sealed(data) {
		return sealed{}, false
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != blockType || len(bytes.TrimSpace(rest)) > 0 || len(block.Headers) != 2 || len(block.Bytes) < overhead {
		return sealed{}, false
	}
	name, err := strconv.Unquote(block.Headers[fileHeader])
	return sealed{block.Headers[vaultHeader], name, block.Bytes}, err == nil
}

// Read reads a key file, sealed or plain. Where the system cannot read it, the error is the system's.
func (v *Vault) Read(path string) ([]byte, error) {
	data, err := readSmall(path, maxFile)
	if err != nil || !Sealed(data) {
		return data, err
	}
	return v.open(path, data)
}

// open opens the content of a sealed file.
func (v *Vault) open(path string, data []byte) ([]byte, error) {
	if v.Kind() == Plain {
		return nil, noHeader(path)
	}
	s, ok := parse(data)
	if ok && s.vault != v.header.ID {
		return nil, pos.Errorf(pos.Setup, "The key file %s was sealed for another data folder; import the key again.", path)
	}
	name, err := v.name(path)
	if err != nil {
		return nil, err
	}
	if ok && s.name != name {
		return nil, pos.Errorf(pos.Setup, "The key file %s was sealed as %s; give it back that name, or import the key again.", path, s.name)
	}
	if ok {
		data, err = aead(v.master).Open(nil, nil, s.data, v.bound(name))
	}
	if !ok || err != nil {
		return nil, pos.Errorf(pos.Setup, "The key file %s is damaged; put it back from a copy, or import the key again.", path)
	}
	return data, nil
}

func noHeader(path string) error {
	return pos.Errorf(pos.Setup, "The key file %s is sealed, but keys/vault.json, which tells how, is missing; put it back from a copy, or import the keys again.", path)
}

// Write puts data into a key file of the folder, sealed unless the vault is plain, in one step and for its
// owner only.
func (v *Vault) Write(path string, data []byte) error {
	name, err := v.name(path)
	if err != nil {
		return err
	}
	return v.change(func(header) error { return v.put(path, name, data) })
}

func (v *Vault) put(path, name string, data []byte) error {
	if len(data) > maxKey {
		return pos.Errorf(pos.Setup, "The file %s is too large for what it should be.", path)
	}
	if v.Kind() != Plain {
		data = sealed{v.header.ID, name, aead(v.master).Seal(nil, nil, data, v.bound(name))}.text()
	}
	return write(path, data)
}

// Seal seals those of the key files that are plain. No plain copy of theirs is left, half-written ones of a crash
// included. A file that is not there is passed over.
func (v *Vault) Seal(paths ...string) error {
	if v.Kind() == Plain {
		return pos.Errorf(pos.Conflict, "The keys in %s are not sealed.", v.dir)
	}
	return v.change(func(header) error {
		for _, path := range paths {
			if err := v.seal(path); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *Vault) seal(path string) error {
	name, err := v.name(path)
	if err != nil {
		return err
	}
	data, err := readSmall(path, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return unreadable(path, err)
	case !Sealed(data):
		return v.put(path, name, data)
	default: // see that it can be opened, before its owner trusts in that
		if _, err := v.open(path, data); err != nil {
			return err
		}
	}
	if err := clear(filepath.Split(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unreadable(path, err)
	}
	return nil
}

func unreadable(path string, err error) error {
	if _, ok := errors.AsType[*pos.Error](err); ok {
		return err
	}
	return pos.Errorf(pos.Setup, "The key file %s cannot be read; check its permissions.", path).Because(err)
}

// Unseal makes the folder's keys plain again: every sealed file in the data folder, and then the vault is gone.
// After a crash it can be called again.
func (v *Vault) Unseal() error {
	if v.Kind() == Plain {
		return pos.Errorf(pos.Conflict, "The keys in %s are not sealed.", v.dir)
	}
	return v.change(func(now header) error {
		paths, err := sealedIn(v.dir)
		if err != nil {
			return err
		}
		texts := make([][]byte, len(paths))
		for i, path := range paths { // all of them can be opened, or none is touched
			if texts[i], err = v.Read(path); err != nil {
				return unreadable(path, err)
			}
		}
		for i, path := range paths {
			if err := write(path, texts[i]); err != nil {
				return err
			}
		}
		if err := remove(filepath.Join(v.dir, folder, headerName)); err != nil {
			return err
		}
		v.header, v.master = header{Kind: Plain}, nil
		if now.Kind == Keychain {
			return dropFromKeychain(now.ID)
		}
		return nil
	})
}

// bound is the additional data that binds a sealed file to its vault and its name.
func (v *Vault) bound(name string) []byte { return append(v.header.bound("file"), "\n"+name...) }

// name is what a file is called in its seal: its path in the data folder, which may be moved as a whole, in small
// letters, because some systems do not tell them apart. A link or a file outside has none.
func (v *Vault) name(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(v.dir, path)
	info, missing := os.Lstat(path)
	if err != nil || !filepath.IsLocal(rel) || rel == "." || (missing == nil && !info.Mode().IsRegular()) {
		return "", pos.Errorf(pos.Setup, "The file %s lies outside the data folder, or is a link; only files inside can be sealed.", path)
	}
	return strings.ToLower(filepath.ToSlash(rel)), nil
}

// vacant is nil where dir has no vault, and else says that it has one, or had one whose vault.json is lost.
func vacant(dir string) error {
	if h, err := readHeader(dir); err != nil {
		return err
	} else if h.Kind != Plain {
		return pos.Errorf(pos.Conflict, "The keys in %s are sealed already.", dir)
	}
	paths, err := sealedIn(filepath.Join(dir, folder))
	if err == nil && len(paths) > 0 {
		err = noHeader(paths[0])
	}
	return err
}

// sealedIn lists the sealed files below dir. What a crash left half-written is none of them.
func sealedIn(dir string) (paths []string, err error) {
	err = eachSmall(dir, func(path string, data []byte) {
		own := strings.ToLower(filepath.Base(path))
		if s, ok := parse(data); Sealed(data) && (own[0] != '.' || (ok && strings.HasSuffix(s.name, own))) {
			paths = append(paths, path)
		}
	})
	return paths, err
}

// eachSmall calls fn with every file below dir that has the size of a key file.
func eachSmall(dir string, fn func(path string, data []byte)) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		var data []byte
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil && info.Size() > 0 && info.Size() <= maxFile {
				data, err = os.ReadFile(path)
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile, or never made
			return nil
		case err != nil:
			return unreadable(path, err)
		case data != nil:
			fn(path, data)
		}
		return nil
	})
}
