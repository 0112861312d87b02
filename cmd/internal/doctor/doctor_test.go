package doctor

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// examine makes the checks, all or those of o.Only.
func (s *shop) examine() (list []pos.Finding) {
	s.t.Helper()
	Run(s.t.Context(), s.o, func(f pos.Finding) { list = append(list, f) })
	return list
}

// heal does what a careful owner does, so that every check is green.
func (s *shop) heal() {
	s.t.Helper()
	s.sell()
	s.backUp(time.Hour)
	s.seal()
	s.o.Machine.DiskFree = room(10 << 30) // whatever the tests' own disk has
}

// TestHealthy: every check is green in a shop where all is well, closed and open, in either mode of Alipay.
func TestHealthy(t *testing.T) {
	green := map[string]bool{}
	for name, make := range map[string]func() (*sandbox.Papers, error){"public keys": publicMode, "certificates": certMode} {
		for _, open := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newShop(t, make)
				s.heal()
				s.o.Serve = !open
				if open {
					s.open()
				}
				s.o.Order = open // else earlier orders tell
				for _, f := range s.examine() {
					if f.Level != pos.Green || f.Do != nil {
						t.Errorf("open %v: %s %s: %s", open, f.Level, f.Check, f.Says.Error())
					}
					green[f.Check] = true
				}
			})
		}
	}
	t.Run("tunnel", func(t *testing.T) {
		s := newShop(t, publicMode)
		at := s.sshServer()
		s.tunnelTo(at)
		s.pin(at, s.hostKey.PublicKey())
		s.o.Only = []string{"tunnel", "host_key"}
		for _, f := range s.examine() {
			if f.Level != pos.Green {
				t.Errorf("%s %s: %s", f.Level, f.Check, f.Says.Error())
			}
			green[f.Check] = true
		}
		s.o.Tunnel = &tunnel.Status{State: tunnel.Up, Since: time.Now()}
		if f, _ := s.look("tunnel"); f.Level != pos.Green || !strings.Contains(f.Says.Sentence(), "stands since") {
			t.Errorf("an open counter's tunnel: %s", f.Says.Error())
		}
	})
	for _, name := range Names() {
		if !green[name] {
			t.Errorf("%s was never green", name)
		}
	}
}

// TestGreenElsewhere: what is well in shops unlike the sandbox's.
func TestGreenElsewhere(t *testing.T) {
	for _, c := range []struct {
		check, says string
		make        func(*shop)
	}{
		{"wallets", "Alipay is on", func(s *shop) { s.set("wechat", "enabled", false) }},
		{"real_money", "real money", func(s *shop) { real(s, "") }},
		{"wechat_public_key", "can be read and is not the merchant's own", func(*shop) {}},
		{"wechat_rotation", "until 2099-12-31", func(s *shop) { previous(s); s.set("wechat", "previous_until", "2099-12-31") }},
		{"wechat_dns", "pay.invalid is found", func(s *shop) {
			s.set("wechat", "base_url", "https://pay.invalid")
			s.o.Resolver = names{"pay.invalid": "203.0.113.7"}
		}},
		{"wechat_dns", "left to the proxy", func(s *shop) {
			s.set("wechat", "base_url", "https://pay.invalid")
			s.t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
			s.o.Resolver = names{}
		}},
		{"wechat_connection", "answers in", func(s *shop) {
			server := tlsServer(s)
			s.set("wechat", "base_url", server.URL)
			s.o.Roots = x509.NewCertPool()
			s.o.Roots.AddCert(server.Certificate())
		}},
		{"wechat_apiv3_key", "only the first notification", func(s *shop) {
			s.set("wechat", "base_url", s.answering(404, `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`))
		}},
		{"wechat_platform_certificates", "public key only", func(s *shop) {
			s.set("wechat", "base_url", s.answering(404, `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`))
		}},
		{"wechat_appid", "the order of", (*shop).sell},
		{"wechat_product", "whose code nobody was shown", func(s *shop) { s.o.Order = true }},
		{"reach", "which only this computer reaches", func(s *shop) { s.o.Serve = true }},
		{"public_address", "https://pay.example.com/shop/notify/wechat", func(s *shop) { real(s, "https://pay.example.com/shop") }},
		{"public_dns", "is found", func(s *shop) {
			real(s, "https://pay.example.com")
			s.o.Resolver = names{"pay.example.com": "203.0.113.7"}
		}},
		{"folder_owner", "The counter is open", (*shop).hold},
	} {
		t.Run(c.check, func(t *testing.T) {
			s := newShop(t, publicMode)
			c.make(s)
			f, made := s.look(c.check)
			if !made || f.Level != pos.Green || !strings.Contains(f.Says.Sentence(), c.says) {
				t.Errorf("%s: %s", f.Level, f.Says.Error())
			}
		})
	}
}

// TestLeavesNothing: the doctor changes nothing in the folder, closed or open.
func TestLeavesNothing(t *testing.T) {
	s := newShop(t, publicMode)
	s.heal()
	s.o.Order, s.o.Serve = true, true
	before := s.tree()
	s.examine()
	if after := s.tree(); !slices.Equal(before, after) {
		t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// tree lists the files of the folder with the hashes of their contents.
func (s *shop) tree() (list []string) {
	s.t.Helper()
	for _, dir := range []string{".", config.KeysDir, "backups"} {
		entries, err := os.ReadDir(s.path(dir))
		s.must(err)
		for _, e := range entries {
			if !e.IsDir() && !strings.HasSuffix(e.Name(), "-shm") && !strings.HasSuffix(e.Name(), "-wal") {
				list = append(list, fmt.Sprintf("%s/%s %x", dir, e.Name(), sha256.Sum256([]byte(s.read(dir+"/"+e.Name())))))
			}
		}
	}
	return list
}

// TestOrder: findings come in the order of Names, each once, of the groups that are asked for.
func TestOrder(t *testing.T) {
	s := newShop(t, publicMode)
	s.o.Only = []string{"wechat", "time_zone", "address"}
	var got []string
	for _, f := range s.examine() {
		got = append(got, f.Check)
	}
	var want []string
	for _, name := range Names() {
		g := Group(name)
		if (g == "wechat" || g == "address" || name == "time_zone") && name != "host_key" { // there is no tunnel
			want = append(want, name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if !slices.Equal(Groups(), []string{"config", "wechat", "alipay", "address", "ledger", "machine"}) || Group("nothing") != "" {
		t.Errorf("groups %v", Groups())
	}
}

// TestNames: names are unique, and none is a group's, so that Only means one thing.
func TestNames(t *testing.T) {
	all := append(Names(), Groups()...)
	slices.Sort(all)
	if len(slices.Compact(all)) != len(Names())+len(Groups()) {
		t.Errorf("a name comes twice in %v", all)
	}
	if len(Names()) < 50 {
		t.Errorf("only %d checks", len(Names()))
	}
}

// TestHangs: platforms that take connections and say nothing, and a disk that never answers, keep no other finding from
// being told, and every check about them says something.
func TestHangs(t *testing.T) {
	s := newShop(t, publicMode)
	l, err := net.Listen("tcp", "127.0.0.1:0") // the system takes connections; nobody reads them
	s.must(err)
	defer l.Close()
	s.set("wechat", "base_url", "http://"+l.Addr().String())
	s.set("alipay", "gateway_url", "http://"+l.Addr().String()+"/gateway.do")
	s.set("notify", "public_url", "http://"+l.Addr().String())
	s.o.Serve, s.o.Order = true, true
	s.o.Machine.Patience, s.o.Machine.OneCheck = patience, oneCheck
	stuck := make(chan bool)
	defer close(stuck)
	s.o.Machine.DiskFree = func(string) (uint64, error) { <-stuck; return 0, nil }
	begin := time.Now()
	told := map[string]pos.Level{}
	for _, f := range s.examine() {
		told[f.Check] = f.Level
	}
	if took := time.Since(begin); took > 4*Limit { // generous for a slow machine; Limit is what is promised
		t.Errorf("it took %s", took)
	}
	for _, name := range []string{"wechat_connection", "wechat_answers", "alipay_connection", "alipay_answers", "reach"} {
		if told[name] != pos.Red && told[name] != pos.Yellow { // given up, on a slow machine
			t.Errorf("%s is %q", name, told[name])
		}
	}
	if told["disk_space"] != pos.Yellow {
		t.Errorf("the disk that does not answer is %q", told["disk_space"])
	}
	if len(told) < 45 || told["log_size"] != pos.Green { // what is slow here may be yellow
		t.Errorf("what does not hang: %v", told)
	}
}

// TestGivenUp: nothing is told any more once the caller has gone.
func TestGivenUp(t *testing.T) {
	s := newShop(t, publicMode)
	s.o.defaults()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	Run(ctx, s.o, func(pos.Finding) { n++; cancel() })
	if n != 1 {
		t.Errorf("%d findings", n)
	}
}

// TestTooLarge: a ledger that cannot be verified in time is not called broken.
func TestTooLarge(t *testing.T) {
	s := newShop(t, publicMode)
	s.o.defaults()
	v := &visit{o: s.o, log: s.o.Log}
	defer v.close()
	_, err := v.book(t.Context())
	s.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := lookIntegrity(ctx, v); r.Level != pos.Yellow || !strings.Contains(r.Says.Sentence(), "too large") {
		t.Errorf("%s: %s", r.Level, r.Says.Error())
	}
}

// TestDefect: a check that panics is a finding of its own.
func TestDefect(t *testing.T) {
	s := newShop(t, publicMode)
	s.o.Machine.Printers = func(context.Context) ([]string, error) { panic("no printer") }
	if f, _ := s.look("printer"); f.Level != pos.Red || !strings.Contains(f.Says.Sentence(), "defect") {
		t.Errorf("%s: %s", f.Level, f.Says.Error())
	}
}

// TestDiskFree asks about a folder that is there.
func TestDiskFree(t *testing.T) {
	if free, err := diskFree(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d, %v", free, err)
	}
}

// TestPrinters runs an lpstat as CUPS has it, and none.
func TestPrinters(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no lpstat")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if names, err := printers(t.Context()); err == nil || len(names) > 0 {
		t.Errorf("without lpstat: %v, %v", names, err)
	}
	if err := os.WriteFile(dir+"/lpstat", []byte("#!/bin/sh\n[ \"$1\" = -e ] && echo Kitchen && echo 'Receipts_80mm'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if names, err := printers(t.Context()); err != nil || !slices.Equal(names, []string{"Kitchen", "Receipts_80mm"}) {
		t.Errorf("%v, %v", names, err)
	}
}

// TestSaid: every finding is said in Chinese, too.
func TestSaid(t *testing.T) {
	s := newShop(t, publicMode)
	for _, f := range s.examine() {
		for _, e := range []*pos.Error{f.Says, f.Do} {
			if e != nil && words.Zh.Error(e) == words.En.Error(e) {
				t.Errorf("%s: %s", f.Check, words.Zh.Error(e))
			}
		}
	}
}
