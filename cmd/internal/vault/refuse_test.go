package vault

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"saoma/assets/words"
	"saoma/pos"
)

// TestSentences does to a sealed folder what can happen to one, and hears what is wrong, in both languages.
func TestSentences(t *testing.T) {
	read := func(t *testing.T, dir, path string) error {
		v, err := Open(t.Context(), dir, asked(phrase))
		if err == nil {
			_, err = v.Read(path)
		}
		return err
	}
	vaultJSON := func(t *testing.T, dir string, change func(*header)) {
		h, err := readHeader(dir)
		if err != nil {
			t.Fatal(err)
		}
		change(&h)
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, folder, headerName), string(text))
	}
	phraseFile := func(t *testing.T, text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "phrase")
		put(t, path, text)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, dir string, files [2]string) error
		code pos.Code
		says string
	}{
		"nobody to ask": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Open(t.Context(), dir, Options{})
			return err
		}, pos.Setup, "The keys are sealed under a passphrase and nobody can be asked for it here; name a file of mode 0600 that holds it as vault.passphrase_file in saoma.toml."},
		"wrong passphrase in the file": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Open(t.Context(), dir, Options{PassphraseFile: phraseFile(t, "wrong", 0o600)})
			return err
		}, pos.Setup, "phrase is wrong; write the right one into it."},
		"empty passphrase file": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Open(t.Context(), dir, Options{PassphraseFile: phraseFile(t, "\r\n", 0o600)})
			return err
		}, pos.Setup, "phrase is empty."},
		"no passphrase file": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Open(t.Context(), dir, Options{PassphraseFile: filepath.Join(dir, "none")})
			return err
		}, pos.Setup, "none cannot be read; check its name and that this user may read it."},
		"a folder for a passphrase file": {func(t *testing.T, dir string, files [2]string) error {
			_, err := ReadPassphrase(t.TempDir() + string(filepath.Separator) + ".")
			if runtime.GOOS == "windows" || err == nil {
				return err
			}
			path := filepath.Join(dir, "closed")
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			_, err = ReadPassphrase(path)
			return err
		}, pos.Setup, "cannot be read; check its name"},
		"a film for a passphrase file": {func(t *testing.T, dir string, files [2]string) error {
			_, err := ReadPassphrase(phraseFile(t, strings.Repeat("film", maxPassphraseFile), 0o600))
			return err
		}, pos.Setup, "cannot be read; check its name"},
		"vault.json cut off": {func(t *testing.T, dir string, files [2]string) error {
			put(t, filepath.Join(dir, folder, headerName), string(get(t, filepath.Join(dir, folder, headerName))[:100]))
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged; put it back from a copy, or remove it and import the keys again."},
		"vault.json with a flipped bit": {func(t *testing.T, dir string, files [2]string) error {
			vaultJSON(t, dir, func(h *header) { h.Wrapped[20] ^= 1 })
			return read(t, dir, files[0])
		}, pos.Setup, "The file keys/vault.json in "},
		"vault.json of a weak passphrase": {func(t *testing.T, dir string, files [2]string) error {
			vaultJSON(t, dir, func(h *header) { h.KDF.MemoryKiB = cost.MemoryKiB - 1; h.Sum = h.sum() })
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged"},
		"vault.json that wants all the memory": {func(t *testing.T, dir string, files [2]string) error {
			vaultJSON(t, dir, func(h *header) { h.KDF.MemoryKiB = 1 << 30; h.Sum = h.sum() })
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged"},
		"vault.json from the future": {func(t *testing.T, dir string, files [2]string) error {
			put(t, filepath.Join(dir, folder, headerName), `{"version":2,"kind":"hsm","id":7}`)
			return read(t, dir, files[0])
		}, pos.Setup, "was made by a newer version of this program; use that one."},
		"vault.json that cannot be read": {func(t *testing.T, dir string, files [2]string) error {
			path := filepath.Join(dir, folder, headerName)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			return read(t, dir, files[0])
		}, pos.Setup, "cannot be read; check its permissions."},
		"vault.json lost": {func(t *testing.T, dir string, files [2]string) error {
			if err := os.Remove(filepath.Join(dir, folder, headerName)); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), dir, Options{}) // or new keys would be written plain beside the sealed ones
			return err
		}, pos.Setup, "is sealed, but keys/vault.json, which tells how, is missing; put it back from a copy, or import the keys again."},
		"a new vault where vault.json is lost": {func(t *testing.T, dir string, files [2]string) error {
			if err := os.Remove(filepath.Join(dir, folder, headerName)); err != nil {
				t.Fatal(err)
			}
			_, err := Create(dir, Passphrase, phrase)
			return err
		}, pos.Setup, "is sealed, but keys/vault.json, which tells how, is missing"},
		"a sealed file in a plain folder": {func(t *testing.T, dir string, files [2]string) error {
			plain := must[*Vault](t)(Open(t.Context(), t.TempDir(), Options{}))
			_, err := plain.Read(files[0])
			return err
		}, pos.Setup, "is sealed, but keys/vault.json"},
		"a second vault": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Create(dir, Passphrase, phrase)
			return err
		}, pos.Conflict, "are sealed already."},
		"a file with a flipped bit": {func(t *testing.T, dir string, files [2]string) error {
			s, _ := parse(get(t, files[0]))
			s.data[15] ^= 1
			put(t, files[0], string(s.text()))
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged; put it back from a copy, or import the key again."},
		"a file cut off": {func(t *testing.T, dir string, files [2]string) error {
			text := get(t, files[0])
			put(t, files[0], string(text[:len(text)/2]))
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged;"},
		"a damaged file when it is sealed again": {func(t *testing.T, dir string, files [2]string) error {
			text := get(t, files[0])
			put(t, files[0], string(text[:len(text)/2]))
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Seal(files[:]...)
		}, pos.Setup, "is damaged;"},
		"swapped files": {func(t *testing.T, dir string, files [2]string) error {
			put(t, files[0], string(get(t, files[1])))
			return read(t, dir, files[0])
		}, pos.Setup, "apiv3.key was sealed as keys/merchant_key.pem; give it back that name, or import the key again."},
		"swapped files with the name forged": {func(t *testing.T, dir string, files [2]string) error {
			s, _ := parse(get(t, files[1]))
			s.name = "keys/apiv3.key"
			put(t, files[0], string(s.text()))
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged;"},
		"a file of another folder": {func(t *testing.T, dir string, files [2]string) error {
			_, other, _ := sealedFolder(t)
			put(t, files[0], string(get(t, other[0])))
			return read(t, dir, files[0])
		}, pos.Setup, "was sealed for another data folder; import the key again."},
		"a file of another folder with the vault forged": {func(t *testing.T, dir string, files [2]string) error {
			_, other, _ := sealedFolder(t)
			mine, _ := parse(get(t, files[0]))
			s, _ := parse(get(t, other[0]))
			s.vault = mine.vault
			put(t, files[0], string(s.text()))
			return read(t, dir, files[0])
		}, pos.Setup, "is damaged;"},
		"a file outside": {func(t *testing.T, dir string, files [2]string) error {
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Write(filepath.Join(dir, "..", "key"), nil)
		}, pos.Setup, "lies outside the data folder, or is a link; only files inside can be sealed."},
		"a link": {func(t *testing.T, dir string, files [2]string) error {
			outside := filepath.Join(t.TempDir(), "key")
			put(t, outside, "key")
			if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
				t.Skip(err)
			}
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Seal(filepath.Join(dir, "link"))
		}, pos.Setup, "lies outside the data folder, or is a link"},
		"a film for a key": {func(t *testing.T, dir string, files [2]string) error {
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Write(files[0], make([]byte, maxKey+1))
		}, pos.Setup, "is too large for what it should be."},
		"a plain film for a key": {func(t *testing.T, dir string, files [2]string) error {
			put(t, files[0], strings.Repeat("f", maxFile+1))
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Seal(files[0])
		}, pos.Setup, "is too large for what it should be."},
		"no folder can be made": {func(t *testing.T, dir string, files [2]string) error {
			put(t, filepath.Join(dir, "file"), "")
			return must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Write(filepath.Join(dir, "file", "key"), nil)
		}, pos.Unavailable, "cannot be written; see that the disk is neither full nor read-only."},
		"another vault meanwhile": {func(t *testing.T, dir string, files [2]string) error {
			v := must[*Vault](t)(Open(t.Context(), dir, asked(phrase)))
			if err := must[*Vault](t)(Open(t.Context(), dir, asked(phrase))).Unseal(); err != nil {
				t.Fatal(err)
			}
			err := v.Write(files[0], []byte("new"))
			if string(get(t, files[0])) != content(0) {
				t.Error("it was written all the same")
			}
			return err
		}, pos.Conflict, "Another program has changed how the keys in "},
		"unsealing a plain folder": {func(t *testing.T, dir string, files [2]string) error {
			return must[*Vault](t)(Create(t.TempDir(), Plain, "")).Unseal()
		}, pos.Conflict, "are not sealed."},
		"wrapping a plain folder": {func(t *testing.T, dir string, files [2]string) error {
			return must[*Vault](t)(Create(t.TempDir(), Plain, "")).Rewrap(Passphrase, phrase)
		}, pos.Conflict, "are not sealed."},
		"a short passphrase": {func(t *testing.T, dir string, files [2]string) error {
			_, err := Create(t.TempDir(), Passphrase, "喝茶不如数钱\n\n")
			return err
		}, pos.Invalid, "The passphrase must have at least 8 characters."},
	} {
		t.Run(name, func(t *testing.T) {
			dir, files, _ := sealedFolder(t)
			told(t, c.do(t, dir, files), c.code, c.says)
		})
	}
}

// told fails the test unless err is the sentence, in both languages, and shows no secret.
func told(t *testing.T, err error, code pos.Code, says string) {
	t.Helper()
	if err == nil || pos.CodeOf(err) != code || !strings.Contains(words.En.Error(err), says) {
		t.Fatalf("says %v (%s); want %q (%s)", err, pos.CodeOf(err), says, code)
	}
	if zh := words.Zh.Error(err); zh == words.En.Error(err) {
		t.Errorf("%q is not translated", zh)
	}
	for _, secret := range []string{phrase, content(0), content(1)} {
		if strings.Contains(err.Error(), strings.TrimSpace(secret)) {
			t.Errorf("%v shows a secret", err)
		}
	}
}

// TestOthersCanRead: a passphrase file that others can read is refused.
func TestOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the mode does not tell there")
	}
	path := filepath.Join(t.TempDir(), "phrase")
	put(t, path, phrase)
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true, 0o666: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		text, err := ReadPassphrase(path)
		if !refused && (err != nil || text != phrase) {
			t.Errorf("%o: %q, %v", mode, text, err)
		}
		if refused {
			told(t, err, pos.Setup, "Other users can read the passphrase file "+path+"; make it readable by its owner only (mode 0600).")
		}
	}
}
