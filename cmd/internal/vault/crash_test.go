package vault

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"saoma/cmd/internal/vault/vaulttest"
	"saoma/db/dbtest"
)

// A crash test runs this test binary as a child that changes a vault and kills itself, as kill -9 does, at the nth
// point it passes. For n = 1, 2, … until the child lives, every point of the change is met. What is left must have every key.
const (
	childTask = "SAOMA_VAULT_TEST_CHILD"
	childDir  = "SAOMA_VAULT_TEST_DIR"
	childNth  = "SAOMA_VAULT_TEST_NTH"
)

const otherPhrase = "another phrase"

// changes are what is done to a vault while it is killed; before makes the folder that the change begins with.
var changes = []struct {
	name     string
	keychain bool // it needs one
	before   func(t *testing.T, dir string, files [2]string)
	change   func(dir string, files [2]string) error
}{
	{name: "create and seal", change: childSeals(Passphrase)},
	{name: "create and seal under the keychain", keychain: true, change: childSeals(Keychain)},
	{name: "write", before: seals(Passphrase), change: changing(func(v *Vault, files [2]string) error {
		return v.Write(files[0], []byte(content(0)))
	})},
	{name: "change the passphrase", before: seals(Passphrase), change: changing(func(v *Vault, _ [2]string) error {
		return v.Rewrap(Passphrase, otherPhrase)
	})},
	{name: "move to the keychain", keychain: true, before: seals(Passphrase), change: changing(func(v *Vault, _ [2]string) error {
		return v.Rewrap(Keychain, "")
	})},
	{name: "move from the keychain", keychain: true, before: seals(Keychain), change: changing(func(v *Vault, _ [2]string) error {
		return v.Rewrap(Passphrase, phrase)
	})},
	{name: "unseal", before: seals(Passphrase), change: changing(func(v *Vault, _ [2]string) error {
		if v.Kind() == Plain { // it was done before the child died
			return nil
		}
		return v.Unseal()
	})},
}

func childSeals(kind Kind) func(dir string, files [2]string) error {
	return func(dir string, files [2]string) error {
		var v *Vault
		now, err := Look(dir)
		switch {
		case err == nil && now == Plain:
			v, err = Create(dir, kind, phrase)
		case err == nil:
			v, err = openEither(dir)
		}
		if err != nil {
			return err
		}
		return v.Seal(files[:]...)
	}
}

func seals(kind Kind) func(t *testing.T, dir string, files [2]string) {
	return func(t *testing.T, dir string, files [2]string) {
		if err := childSeals(kind)(dir, files); err != nil {
			t.Fatal(err)
		}
	}
}

func changing(fn func(*Vault, [2]string) error) func(dir string, files [2]string) error {
	return func(dir string, files [2]string) error {
		v, err := openEither(dir)
		if err != nil {
			return err
		}
		return fn(v, files)
	}
}

// openEither opens a vault under one passphrase or the other, or by the keychain.
func openEither(dir string) (*Vault, error) {
	return Open(context.Background(), dir, Options{Ask: func(_ context.Context, again bool) (string, error) {
		if again {
			return otherPhrase, nil
		}
		return phrase, nil
	}})
}

func keyFiles(dir string) [2]string {
	return [2]string{filepath.Join(dir, folder, "apiv3.key"), filepath.Join(dir, folder, "merchant_key.pem")}
}

// childDies is the child.
func childDies() {
	left, err := strconv.Atoi(os.Getenv(childNth))
	if err != nil {
		panic(err)
	}
	reached = func(point string) {
		if left--; left == 0 {
			fmt.Println("killed at " + point)
			if p, err := os.FindProcess(os.Getpid()); err == nil {
				_ = p.Kill()
			}
			select {}
		}
	}
	dir := os.Getenv(childDir)
	for _, c := range changes {
		if c.name == os.Getenv(childTask) {
			if err := c.change(dir, keyFiles(dir)); err != nil {
				fmt.Println("failed: " + err.Error())
			}
			return
		}
	}
}

// TestCrashPoints kills every change of a vault at every point of it. Afterwards the keys are all there, the change
// can be made again and to its end, and after sealing nothing plain is left, the crash's own leavings included.
func TestCrashPoints(t *testing.T) {
	kills := 0
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			if c.keychain {
				t.Setenv(vaulttest.Start(t).Env())
			}
			for nth := 1; ; nth++ {
				dir, files := newFolder(t)
				if c.before != nil {
					c.before(t, dir, files)
				}
				point := crash(t, c.name, dir, nth)
				if point == "" {
					if nth < 5 {
						t.Errorf("only %d points", nth-1)
					}
					return
				}
				kills++
				readable(t, must[*Vault](t)(openEither(dir)), files)
				if err := c.change(dir, files); err != nil {
					t.Fatalf("once more after %q: %v", point, err)
				}
				v := must[*Vault](t)(openEither(dir))
				readable(t, v, files)
				if v.Kind() != Plain {
					hidden(t, dir, content(0), content(1))
				} else if left, err := sealedIn(dir); err != nil || len(left) > 0 {
					t.Errorf("still sealed: %q, %v", left, err)
				}
				if t.Failed() {
					t.Fatalf("after %q", point)
				}
			}
		})
	}
	dbtest.Figures(t, "vault: %d changes killed at each of their points, %d kills, no key lost", len(changes), kills)
}

// crash runs the child to its death at the nth point and returns the point; empty, if the child lived.
func crash(t *testing.T, change, dir string, nth int) (point string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childTask+"="+change, childDir+"="+dir, childNth+"="+strconv.Itoa(nth))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if at, ok := strings.CutPrefix(lines.Text(), "killed at "); ok {
			point = at
		} else if strings.HasPrefix(lines.Text(), "failed") {
			t.Errorf("the child %s", lines.Text())
		}
	}
	_ = c.Wait()
	if (point == "") != c.ProcessState.Success() {
		t.Fatalf("the child ended with %v at %q", c.ProcessState, point)
	}
	return point
}
