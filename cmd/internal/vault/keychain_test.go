package vault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"saoma/cmd/internal/vault/vaulttest"
	"saoma/pos"
)

// TestKeychain goes through everything with a real keychain, locked and gone included.
func TestKeychain(t *testing.T) {
	k := vaulttest.Start(t)
	t.Setenv(k.Env())
	if err := KeychainAvailable(); err != nil {
		t.Fatal(err)
	}
	dir, files := newFolder(t)
	v := must[*Vault](t)(Create(dir, Keychain, ""))
	if err := v.Seal(files[:]...); err != nil {
		t.Fatal(err)
	}
	hidden(t, dir, content(0), content(1))
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{})), files)

	if err := v.Rewrap(Passphrase, phrase); err != nil {
		t.Fatal(err)
	}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, asked(phrase))), files)
	if left, err := fromKeychain(v.header.ID); err != nil || left != nil {
		t.Errorf("the keychain still has the key (%v)", err)
	}
	if err := v.Rewrap(Keychain, ""); err != nil {
		t.Fatal(err)
	}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{})), files)

	k.Kill()
	says(t, dir, pos.Unavailable, "The keys are sealed, and this computer's keychain, which opens them, is locked or does not answer")
	if err := KeychainAvailable(); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("without a keychain: %v", err)
	}
	if _, err := Create(t.TempDir(), Keychain, ""); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("created without a keychain: %v", err)
	}
	k.Run()
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{})), files)
	k.Lock()
	says(t, dir, pos.Unavailable, "is locked or does not answer")
	k.Kill()
	k.Run() // unlocks

	id, master := v.header.ID, v.master
	if err := toKeychain(id, bytes.Repeat([]byte{7}, keySize)); err != nil {
		t.Fatal(err)
	}
	says(t, dir, pos.Setup, "This computer's keychain has no key that opens the files in "+dir)
	if err := dropFromKeychain(id); err != nil {
		t.Fatal(err)
	}
	says(t, dir, pos.Setup, "has no key that opens the files in "+dir)
	if err := toKeychain(id, master); err != nil {
		t.Fatal(err)
	}
	if err := v.Unseal(); err != nil {
		t.Fatal(err)
	}
	readable(t, must[*Vault](t)(Open(t.Context(), dir, Options{})), files)
	if left, err := fromKeychain(id); err != nil || left != nil {
		t.Errorf("the keychain still has the key (%v)", err)
	}
}

// says fails the test unless opening the folder fails so.
func says(t *testing.T, dir string, code pos.Code, sentence string) {
	t.Helper()
	if _, err := Open(t.Context(), dir, Options{}); pos.CodeOf(err) != code || !strings.Contains(err.Error(), sentence) {
		t.Errorf("says %v; want %q", err, sentence)
	}
}

// TestNoDesktop: without a session to ask there is no keychain, and nothing is started to find one.
func TestNoDesktop(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the keychain is always there")
	}
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err == nil {
		t.Skip("this user has a session")
	}
	tools := t.TempDir()
	started := filepath.Join(tools, "started")
	if err := os.WriteFile(filepath.Join(tools, "dbus-launch"), []byte("#!/bin/sh\n: > "+started+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", tools)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if err := KeychainAvailable(); pos.CodeOf(err) != pos.Unavailable {
		t.Errorf("says %v", err)
	}
	if _, err := os.Stat(started); err == nil {
		t.Error("a session was started")
	}
}
