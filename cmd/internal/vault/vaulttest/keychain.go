// Package vaulttest runs a real keychain for tests: gnome-keyring on a D-Bus of its own.
package vaulttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// The programs that a Keychain is made of.
const busProgram, keychainProgram = "dbus-daemon", "gnome-keyring-daemon"

// secretService is the name under which a keychain answers.
const secretService = "org.freedesktop.secrets"

// busConfig names no folder of services: only what the test starts ever answers.
const busConfig = `<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Keychain is a Secret Service that belongs to one test.
type Keychain struct {
	t       testing.TB
	dir     string
	address string
	process *exec.Cmd
}

// Start starts a keychain, unlocked and empty, that ends with the test. Where its programs are missing, the test is
// skipped. Processes with Env in their environment find it.
func Start(t testing.TB) *Keychain {
	t.Helper()
	for _, program := range []string{busProgram, keychainProgram} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed, so there is no keychain to test with", program)
		}
	}
	dir, err := os.MkdirTemp("", "keychain-*") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "bus"), filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, []byte(strings.Replace(busConfig, "SOCKET", socket, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &Keychain{t: t, dir: dir, address: "unix:path=" + socket}
	k.start(exec.Command(busProgram, "--nofork", "--config-file="+config))
	k.await("org.freedesktop.DBus")
	k.Run()
	return k
}

// Env is the variable by which a process finds the keychain.
func (k *Keychain) Env() (name, value string) { return "DBUS_SESSION_BUS_ADDRESS", k.address }

// Run starts the keychain's process after Kill: what it has is kept in files and unlocked.
func (k *Keychain) Run() {
	k.t.Helper()
	k.process = exec.Command(keychainProgram, "--foreground", "--components=secrets", "--unlock", "--control-directory="+k.dir)
	k.process.Stdin = strings.NewReader("test")
	k.start(k.process)
	k.await(secretService)
}

// Kill ends the keychain's process: nothing on the bus has keys any more.
func (k *Keychain) Kill() {
	_ = k.process.Process.Kill()
	_ = k.process.Wait()
}

// Lock locks the keychain; nobody is there to type its password.
func (k *Keychain) Lock() {
	k.t.Helper()
	bus, err := dbus.Connect(k.address)
	if err != nil {
		k.t.Fatal(err)
	}
	defer bus.Close()
	login := []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}
	if err := bus.Object(secretService, "/org/freedesktop/secrets").Call("org.freedesktop.Secret.Service.Lock", 0, login).Err; err != nil {
		k.t.Fatal(err)
	}
}

func (k *Keychain) start(c *exec.Cmd) {
	k.t.Helper()
	c.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS="+k.address, "XDG_RUNTIME_DIR="+k.dir, "XDG_DATA_HOME="+k.dir, "HOME="+k.dir)
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
}

// await waits until name answers on the bus.
func (k *Keychain) await(name string) {
	k.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		bus, err := dbus.Connect(k.address)
		if err != nil {
			continue
		}
		var there bool
		err = bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
		bus.Close()
		if err == nil && there {
			return
		}
	}
	k.t.Fatalf("%s does not answer", name)
}
