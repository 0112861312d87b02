package tunneltest

import (
	_ "embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

// frps is built in a module of its own: the project does not depend on it.
var (
	//go:embed testdata/frps.mod
	frpsMod []byte
	//go:embed testdata/frps.sum
	frpsSum []byte
)

const frpsPackage = "github.com/fatedier/frp/cmd/frps"

// FRPS is an frp server with an SSH gateway, set up as the README has it.
type FRPS struct {
	server
	Addr  string // host:port of the gateway
	HTTP  string // host:port where what comes for a domain is passed on
	Token string

	program, config string
}

// NewFRPS starts an frp server that runs until the test's end. change may change its frps.toml. The test is skipped
// where frps cannot be downloaded.
func NewFRPS(t testing.TB, change func(toml string) string) *FRPS {
	t.Helper()
	dir := t.TempDir()
	addr := FreeAddress(t)
	s := &FRPS{
		server: server{t: t, addr: addr, log: filepath.Join(dir, "log")},
		Addr:   addr, HTTP: FreeAddress(t), Token: "a-token-of-the-test", program: buildFRPS(t), config: filepath.Join(dir, "frps.toml"),
	}
	toml := strings.NewReplacer(
		"= 7000", "= "+port(t, FreeAddress(t)), "= 8080", "= "+port(t, s.HTTP), "= 2200", "= "+port(t, s.Addr),
		"a-long-random-token", s.Token, "/etc/frp/ssh_host_key", filepath.ToSlash(filepath.Join(dir, "ssh_host_key")),
	).Replace(fromREADME(t, "bindPort ="))
	toml = "bindAddr = \"127.0.0.1\"\n" + toml
	if change != nil {
		toml = change(toml)
	}
	if err := os.WriteFile(s.config, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	s.Start()
	return s
}

// Start starts the server again after Kill.
func (s *FRPS) Start() {
	s.t.Helper()
	s.start(s.program, "-c", s.config)
}

func port(t testing.TB, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// buildFRPS returns the program, which is kept in the user's cache: linking it takes seconds, compiling a minute.
func buildFRPS(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "saoma-frps")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock := flock.New(filepath.Join(dir, "lock")) // of several packages' tests one builds
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	for name, text := range map[string][]byte{"go.mod": frpsMod, "go.sum": frpsSum} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
		return cmd.CombinedOutput()
	}
	if out, err := run("list", "-deps", "-tags", "noweb", frpsPackage); err != nil {
		t.Skipf("frps cannot be downloaded: %v: %s", err, out)
	}
	program := filepath.Join(dir, "frps")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := run("build", "-trimpath", "-tags", "noweb", "-o", program, frpsPackage); err != nil {
		t.Fatalf("frps: %v: %s", err, out)
	}
	return program
}
