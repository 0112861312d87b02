package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"

	"saoma/pos"
)

// service is the name under which the keychain shows the entries; each is named by its vault's id.
const service = "saoma"

// keychainPatience is how long the keychain may take: a locked one asks its owner for a password first.
var keychainPatience = time.Minute

var errSilent = errors.New("the keychain does not answer")

// KeychainAvailable is nil where the system's keychain can hold a key, and else the sentence that says so. It
// keeps an entry there for a moment to see.
func KeychainAvailable() error {
	trial := "trial " + rand.Text()
	err := patiently(func() error {
		if err := keyring.Set(service, trial, trial); err != nil {
			return err
		}
		if got, err := keyring.Get(service, trial); err != nil || got != trial {
			return fmt.Errorf("an entry of the keychain cannot be read again: %w", err)
		}
		return keyring.Delete(service, trial)
	})
	if err != nil {
		return noKeychain(err)
	}
	return nil
}

func noKeychain(err error) error {
	return pos.Errorf(pos.Unavailable, "This computer's keychain is locked, or there is none; unlock it, or keep the keys under a passphrase.").Because(err)
}

// toKeychain keeps the master key and sees that it is there.
func toKeychain(id string, master []byte) error {
	err := patiently(func() error { return keyring.Set(service, id, base64.StdEncoding.EncodeToString(master)) })
	if err != nil {
		return noKeychain(err)
	}
	reached("in the keychain")
	kept, err := fromKeychain(id)
	if err == nil && string(kept) != string(master) {
		err = noKeychain(errors.New("the keychain gives back something else"))
	}
	return err
}

// fromKeychain is the master key; whether it fits is the caller's to see.
func fromKeychain(id string) ([]byte, error) {
	var text string
	err := patiently(func() (err error) {
		text, err = keyring.Get(service, id)
		return err
	})
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil // which fits no vault
	}
	if err != nil {
		return nil, pos.Errorf(pos.Unavailable, "The keys are sealed, and this computer's keychain, which opens them, is locked or does not answer; unlock it and start again.").Because(err)
	}
	master, _ := base64.StdEncoding.DecodeString(text)
	return master, nil
}

// noneFits says that the keychain has no key, or not the one.
func noneFits(dir string) error {
	return pos.Errorf(pos.Setup, "This computer's keychain has no key that opens the files in %s; use the user and the computer that sealed them, or remove keys/vault.json and import the keys again.", dir)
}

// dropFromKeychain removes the entry.
func dropFromKeychain(id string) error {
	err := patiently(func() error { return keyring.Delete(service, id) })
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return pos.Errorf(pos.Unavailable, "The entry %s could not be removed from this computer's keychain; remove it there by hand.", service+" "+id).Because(err)
	}
	return nil
}

// patiently runs fn for as long as keychainPatience. A call that hangs for ever is left behind: its process ends
// soon after the sentence that says so.
func patiently(fn func() error) error {
	if err := session(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-time.After(keychainPatience):
		return errSilent
	}
}

// session is an error where the keychain would be asked over a D-Bus session that is not there: asking
// would start one that nobody uses or ends.
func session() error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	_, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid()))
	return err
}
