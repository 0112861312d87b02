package tunneltest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// SSHD is an OpenSSH server that lets the user of the test in, with the README's settings for the counter's user.
type SSHD struct {
	server
	Addr string // host:port
	User string
	Dir  string // for sockets; short enough for them

	program, config, hostKey string
}

// SSHDOptions change what the README says. Empty: nothing.
type SSHDOptions struct {
	Keys     []Key  // that may log in
	Settings string // sshd_config in place of the README's
	HostKey  string // a kind for ssh-keygen; default ed25519
}

// NewSSHD starts an OpenSSH server that runs until the test's end. Without OpenSSH the test is skipped.
func NewSSHD(t testing.TB, o SSHDOptions) *SSHD {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("OpenSSH's server is tested on Linux only")
	}
	program := "/usr/sbin/sshd" // not on everybody's PATH
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("sshd"); err != nil {
			t.Skip("OpenSSH's server (sshd) is not installed")
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "sshd") // t.TempDir's names are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // sshd wants its empty folder, which the system makes when the service starts
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	addr := FreeAddress(t)
	s := &SSHD{
		server: server{t: t, addr: addr, log: filepath.Join(dir, "log")},
		Addr:   addr, User: me.Username, Dir: dir, program: program, config: filepath.Join(dir, "sshd_config"),
	}
	t.Cleanup(func() {
		s.Kill()
		os.RemoveAll(dir)
	})
	s.NewHostKey(o.HostKey)
	s.write("authorized_keys", authorized(t, o.Keys))
	s.write("sshd_config", s.settings(o.Settings))
	if err := exec.Command(program, "-t", "-f", s.config, "-o", "PerSourcePenalties=no").Run(); err == nil {
		s.write("sshd_config", "PerSourcePenalties no\n"+s.settings(o.Settings)) // newer ones lock out who fails often
	}
	s.Start()
	return s
}

// authorized is authorized_keys as the README has it, once for each key.
func authorized(t testing.TB, keys []Key) string {
	line := strings.TrimSpace(fromREADME(t, "restrict,"))
	options, _, ok := strings.Cut(line, " ssh-ed25519 ")
	if !ok {
		t.Fatalf("the README's line for authorized_keys names no key: %s", line)
	}
	var text strings.Builder
	for _, k := range keys {
		fmt.Fprintln(&text, options, k.Public)
	}
	return text.String()
}

func (s *SSHD) settings(own string) string {
	if own == "" {
		own = strings.Replace(fromREADME(s.t, "Match User "), "Match User saoma\n", "Match User "+s.User+"\n", 1)
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf(`ListenAddress 127.0.0.1
Port %s
HostKey %s
PidFile none
AuthorizedKeysFile %s
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
%s`, port, s.hostKey, filepath.Join(s.Dir, "authorized_keys"), own)
}

func (s *SSHD) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// NewHostKey gives the server another key, from its next start on. The default kind is ed25519.
func (s *SSHD) NewHostKey(kind string) {
	s.t.Helper()
	if kind == "" {
		kind = "ed25519"
	}
	s.hostKey = filepath.Join(s.Dir, "host_key")
	os.Remove(s.hostKey)
	if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", s.hostKey).CombinedOutput(); err != nil {
		s.t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
}

// Start starts the server again after Kill.
func (s *SSHD) Start() {
	s.t.Helper()
	s.start(s.program, "-D", "-e", "-f", s.config)
}
