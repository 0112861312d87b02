package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"saoma/pos"
)

// shippedCost is what the program uses; the tests, which open hundreds of vaults, make do with less.
var shippedCost = cost

func TestMain(m *testing.M) {
	cost = kdf{MemoryKiB: 64, Time: 1, Threads: 1}
	if os.Getenv(childTask) != "" {
		childDies()
		return
	}
	os.Exit(m.Run())
}

const phrase = "喝茶不如数钱 2026"

// asked answers every question with the next of the texts, and then with an error.
func asked(texts ...string) Options {
	n := 0
	return Options{Ask: func(_ context.Context, again bool) (string, error) {
		if again != (n > 0) {
			return "", fmt.Errorf("question %d is asked with again %v", n, again)
		}
		if n++; n > len(texts) {
			return "", errNobody
		}
		return texts[n-1], nil
	}}
}

var errNobody = errors.New("nobody answers")

// newFolder is a data folder with two plain key files.
func newFolder(t *testing.T) (dir string, files [2]string) {
	t.Helper()
	dir = t.TempDir()
	for i, name := range []string{"apiv3.key", "merchant_key.pem"} {
		files[i] = filepath.Join(dir, folder, name)
		put(t, files[i], content(i))
	}
	return dir, files
}

func content(i int) string { return fmt.Sprintf("the secret of file %d\n", i) }

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// sealedFolder is a folder whose two files are sealed under phrase.
func sealedFolder(t *testing.T) (dir string, files [2]string, v *Vault) {
	t.Helper()
	dir, files = newFolder(t)
	v = must[*Vault](t)(Create(dir, Passphrase, phrase))
	if err := v.Seal(files[:]...); err != nil {
		t.Fatal(err)
	}
	return dir, files, v
}

// readable fails the test unless v reads what the files held at first.
func readable(t *testing.T, v *Vault, files [2]string) {
	t.Helper()
	for i, path := range files {
		if data, err := v.Read(path); err != nil || string(data) != content(i) {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
}

// hidden fails the test for every file of the folder that shows one of the texts.
func hidden(t *testing.T, dir string, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data := get(t, path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s shows %q", path, text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlainFolder(t *testing.T) {
	dir, files := newFolder(t)
	v := must[*Vault](t)(Open(t.Context(), dir, Options{}))
	if v.Kind() != Plain {
		t.Errorf("kept %s", v.Kind())
	}
	readable(t, v, files)
	path := filepath.Join(dir, "keys", "new", "token")
	if err := v.Write(path, []byte("token")); err != nil {
		t.Fatal(err)
	}
	if string(get(t, path)) != "token" {
		t.Error("a plain vault does not write plainly")
	}
	if _, err := v.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := v.Seal(files[:]...); pos.CodeOf(err) != pos.Conflict {
		t.Errorf("sealing without a vault: %v", err)
	}
	if v := must[*Vault](t)(Create(t.TempDir(), Plain, "")); v.Kind() != Plain {
		t.Errorf("created %s", v.Kind())
	}
}

func TestPassphraseRoundTrip(t *testing.T) {
	dir, files, v := sealedFolder(t)
	readable(t, v, files)
	hidden(t, dir, content(0), content(1), phrase)
	for _, path := range append(files[:], filepath.Join(dir, folder, headerName)) {
		if info, err := os.Stat(path); err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o600) {
			t.Errorf("%s has mode %v (%v)", path, info.Mode(), err)
		}
	}
	if !Sealed(get(t, files[0])) || Sealed([]byte(content(0))) {
		t.Error("sealed files are not told from plain ones")
	}
	if kind, err := Look(dir); kind != Passphrase || err != nil {
		t.Errorf("looks like %s, %v", kind, err)
	}

	readable(t, must[*Vault](t)(Open(t.Context(), dir, asked("wrong", "喝茶", phrase))), files)
	if _, err := Open(t.Context(), dir, asked("wrong")); !errors.Is(err, errNobody) {
		t.Errorf("after a wrong answer and none: %v", err)
	}

	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	v = must[*Vault](t)(Open(t.Context(), moved, asked(phrase)))
	readable(t, v, [2]string{filepath.Join(moved, "keys", "apiv3.key"), filepath.Join(moved, "keys", "merchant_key.pem")})

	open := struct{ Vault *Vault }{v}
	if s := fmt.Sprintf("%v %+v %#v %v %+v", v, v, v, open, open); strings.Contains(s, fmt.Sprint(v.master)) || len(s) > 150 {
		t.Errorf("prints %s", s)
	}
}

// TestCost: nothing below what RFC 9106 recommends where memory is short.
func TestCost(t *testing.T) {
	if shippedCost.MemoryKiB < 64<<10 || shippedCost.Time < 3 || shippedCost.Threads != 4 {
		t.Errorf("%+v", shippedCost)
	}
}

// TestPassphraseForms: what an editor adds and how a keyboard composes an accent do not matter.
func TestPassphraseForms(t *testing.T) {
	dir, files := newFolder(t)
	if err := must[*Vault](t)(Create(dir, Passphrase, "caf\u00e9 au lait")).Seal(files[:]...); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "phrase")
	put(t, file, "\ufeffcafe\u0301 au lait\r\n")
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{PassphraseFile: file})), files)
	put(t, file, "wrong wrong") // then a person is asked
	o := Options{PassphraseFile: file, Ask: func(_ context.Context, again bool) (string, error) {
		if !again {
			t.Error("the file's passphrase was wrong, and the question does not say so")
		}
		return "caf\u00e9 au lait", nil
	}}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, o)), files)
}

func TestWriteReplacesAndSeals(t *testing.T) {
	dir, files, v := sealedFolder(t)
	put(t, filepath.Join(dir, folder, ".apiv3.key-123"), content(0)) // as a crash of an earlier import leaves it
	if err := v.Write(files[0], []byte("another")); err != nil {
		t.Fatal(err)
	}
	hidden(t, dir, content(0), content(1), "another")
	if data, err := v.Read(files[0]); err != nil || string(data) != "another" {
		t.Errorf("%q, %v", data, err)
	}
	put(t, files[1], content(1)) // its owner puts a plain key in its place: it is read, and sealed the next time
	if data, err := v.Read(files[1]); err != nil || string(data) != content(1) {
		t.Errorf("%q, %v", data, err)
	}
	if err := v.Seal(files[:]...); err != nil {
		t.Fatal(err)
	}
	hidden(t, dir, content(1))
}

func TestSealLeavesNoCopy(t *testing.T) {
	dir, files := newFolder(t)
	put(t, filepath.Join(dir, folder, ".apiv3.key-998"), content(0))
	put(t, filepath.Join(dir, folder, ".gone.key-7"), content(1))
	v := must[*Vault](t)(Create(dir, Passphrase, phrase))
	gone := filepath.Join(dir, folder, "gone.key")
	if err := v.Seal(files[0], files[1], gone, filepath.Join(dir, "nowhere", "x")); err != nil {
		t.Fatal(err)
	}
	hidden(t, dir, content(0), content(1))
	put(t, filepath.Join(dir, folder, ".apiv3.key-999"), content(0)) // and once more, when it is sealed already
	if err := v.Seal(files[:]...); err != nil {
		t.Fatal(err)
	}
	hidden(t, dir, content(0), content(1))

	if copies, err := v.Copies(); err != nil || len(copies) > 0 {
		t.Errorf("copies: %q, %v", copies, err)
	}
	backup, log := filepath.Join(dir, "old", "copy.txt"), filepath.Join(dir, "saoma.log")
	put(t, backup, "-----BEGIN KEY-----\r\nthe secret\r\nof file 1\r\n-----END KEY-----")
	put(t, log, "nothing of it")
	if copies, err := v.Copies(); err != nil || len(copies) != 1 || copies[0] != backup {
		t.Errorf("copies: %q, %v", copies, err)
	}
}

func TestUnseal(t *testing.T) {
	dir, files, v := sealedFolder(t)
	put(t, filepath.Join(dir, folder, ".apiv3.key-1"), "half a sealed file") // as a crash leaves it
	dotted := filepath.Join(dir, folder, ".token")
	if err := v.Write(dotted, []byte("dot")); err != nil {
		t.Fatal(err)
	}
	if err := v.Unseal(); err != nil {
		t.Fatal(err)
	}
	for i, path := range files {
		if string(get(t, path)) != content(i) {
			t.Errorf("%s is not plain", path)
		}
	}
	if string(get(t, dotted)) != "dot" || v.Kind() != Plain {
		t.Errorf("%q, kept %s", get(t, dotted), v.Kind())
	}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{})), files)
}

// TestUnsealAllOrNothing: with one damaged file, none is made plain and the vault stays.
func TestUnsealAllOrNothing(t *testing.T) {
	dir, files, v := sealedFolder(t)
	text := get(t, files[1])
	put(t, files[1], string(text[:len(text)-50]))
	if err := v.Unseal(); pos.CodeOf(err) != pos.Setup {
		t.Errorf("says %v", err)
	}
	hidden(t, dir, content(0))
	put(t, files[1], string(text))
	readable(t, must[*Vault](t)(Open(t.Context(), dir, asked(phrase))), files)
}

func TestChangePassphrase(t *testing.T) {
	dir, files, v := sealedFolder(t)
	if err := v.Rewrap(Passphrase, "short"); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("a short one: %v", err)
	}
	before := get(t, files[0])
	if err := v.Rewrap(Passphrase, "another one"); err != nil {
		t.Fatal(err)
	}
	readable(t, v, files)
	if !bytes.Equal(before, get(t, files[0])) {
		t.Error("the files were touched")
	}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, asked("another one"))), files)
	if _, err := Open(t.Context(), dir, asked(phrase)); !errors.Is(err, errNobody) {
		t.Errorf("the old passphrase: %v", err)
	}
}
