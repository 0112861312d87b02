package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"saoma/db"
)

// onSmallDisk moves the shop's folder to a file system of its own that holds so much.
func (s *shop) onSmallDisk(size string) {
	s.t.Helper()
	disk := s.t.TempDir()
	if said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", disk).CombinedOutput(); err != nil {
		s.t.Skipf("a small disk cannot be mounted here: %v %s", err, said)
	}
	s.t.Cleanup(func() {
		if said, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			s.t.Errorf("umount: %v %s", err, said)
		}
	})
	if err := os.CopyFS(disk, os.DirFS(s.data)); err != nil {
		s.t.Fatal(err)
	}
	s.data = disk
}

// refuses wants a command to fail with one line that has these words, and nothing new at the platforms.
func (s *shop) refuses(words string, args ...string) {
	s.t.Helper()
	before := len(s.platform("orders"))
	r := s.run(args...)
	if r.code == 0 || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, words) {
		s.t.Errorf("%q: %+v; want one line with %q", args, r, words)
	}
	if after := len(s.platform("orders")); after != before {
		s.t.Errorf("%q: %d orders at the platforms, %d before", args, after, before)
	}
}

// TestDiskThatTakesNothing finds the folder's disk full, and then read-only.
func TestDiskThatTakesNothing(t *testing.T) {
	s := newShop(t)
	s.onSmallDisk("4m")
	s.sell("12.50", "wechat")
	ballast, err := os.Create(filepath.Join(s.data, "ballast"))
	for block := make([]byte, 4096); err == nil; {
		_, err = ballast.Write(block)
	}
	ballast.Close()
	s.refuses("neither full nor read-only", "charge", "1.00", "--wallet", "alipay")
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	s.sell("12.50", "alipay")
	s.verified()

	if said, err := exec.Command("mount", "-o", "remount,ro", s.data).CombinedOutput(); err != nil {
		t.Skipf("the small disk cannot be remounted: %v %s", err, said)
	}
	s.refuses("neither full nor read-only", "charge", "1.00", "--wallet", "alipay")
	s.refuses("neither full nor read-only", "serve")
	if list := s.must("orders"); len(list) != 2 {
		t.Errorf("orders of a read-only folder: %+v", list)
	}
	s.verified()
}

// ledger is the path of the shop's ledger.
func (s *shop) ledger() string { return filepath.Join(s.data, db.FileName) }

// spoil changes the ledger's bytes.
func (s *shop) spoil(change func(content []byte)) {
	s.t.Helper()
	content, err := os.ReadFile(s.ledger())
	if err != nil {
		s.t.Fatal(err)
	}
	change(content)
	if err := os.WriteFile(s.ledger(), content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// TestDamage changes bytes of the ledger: within a value, of a page, and of the header.
func TestDamage(t *testing.T) {
	s := newShop(t)
	s.sell("12.50", "wechat")
	no := s.sell("7.00", "alipay")
	sound, err := os.ReadFile(s.ledger())
	if err != nil {
		t.Fatal(err)
	}
	restore := func() { s.spoil(func(content []byte) { copy(content, sound) }) }

	s.spoil(func(content []byte) {
		at := bytes.Index(content, []byte("alipay 7.00")) // in the audit chain
		content[at+len("alipay ")] = '9'
	})
	if r := s.run("verify"); r.code != 1 || !strings.Contains(r.out, "BAD  audit chain") {
		t.Errorf("verify: %+v", r)
	}
	p := s.start("serve")
	if e := p.until("damaged"); !strings.Contains(e.Message, "only reads") || !strings.Contains(e.Message, "audit chain") {
		t.Errorf("serve says %q", e.Message)
	}
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve: exit %d: %s", code, p.err.String())
	}

	restore()
	page := s.indexPage("exception_open") // which no charge would meet
	s.spoil(func(content []byte) {
		for i := range content[page : page+4096] {
			content[page+i] = 0xee
		}
	})
	s.refuses("The ledger is damaged; the counter only reads it", "charge", "1.00", "--wallet", "wechat", "--timeout", "5s")
	s.refuses("The ledger is damaged; the counter only reads it", "refund", no, "1.00", "--reason", "x")
	if r := s.run("--json", "show", no); r.code != 0 || !strings.Contains(r.out, `"state":"paid"`) {
		t.Errorf("the past: %+v", r)
	}
	if r := s.run("verify"); r.code != 1 || !strings.Contains(r.out, "BAD  integrity") {
		t.Errorf("verify: %+v", r)
	}

	restore()
	s.spoil(func(content []byte) { content[0] ^= 1 })
	for _, args := range [][]string{{"charge", "1.00", "--wallet", "wechat"}, {"serve"}, {"orders"}, {"verify"}} {
		s.refuses("is damaged and cannot be read", args...)
		s.refuses("saomactl --data "+strconv.Quote(s.data)+" restore FILE", args...)
	}

	restore()
	s.sell("12.50", "wechat")
	s.verified()
}

// indexPage returns where the first page of an index begins in the ledger's file.
func (s *shop) indexPage(name string) (offset int) {
	s.t.Helper()
	d, err := sql.Open("sqlite", s.ledger()+"?mode=ro")
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	if err := d.QueryRow(`SELECT (rootpage - 1) * 4096 FROM sqlite_schema WHERE name = ?`, name).Scan(&offset); err != nil {
		s.t.Fatal(err)
	}
	return offset
}

// TestMachineInAnotherZone sells and reads at machines whose clocks are set to other zones than the
// shop's: one of them always has another date.
func TestMachineInAnotherZone(t *testing.T) {
	s := newShop(t)
	in := func(zone string, args ...string) string {
		t.Helper()
		c := s.command(args...)
		c.Env = append(c.Env, "TZ="+zone)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%q in %s: %v", args, zone, err)
		}
		return string(out)
	}
	zones := []string{"Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "UTC"}
	var no string
	days := map[string]bool{}
	for _, zone := range zones {
		no = s.sellIn(zone, "12.50", "wechat")
		var shown struct {
			Order struct {
				Day       string `json:"day"`
				CreatedAt string `json:"created_at"` // by the shop's clock
			} `json:"order"`
		}
		if err := json.Unmarshal([]byte(in(zone, "--json", "show", no)), &shown); err != nil {
			t.Fatal(err)
		}
		if o := shown.Order; !strings.HasPrefix(o.CreatedAt, o.Day+"T") || !strings.HasSuffix(o.CreatedAt, "+08:00") {
			t.Errorf("sold in %s at %s, which is not of %s", zone, o.CreatedAt, o.Day)
		}
		days[shown.Order.Day] = true
	}
	for day := range days {
		for _, args := range [][]string{
			{"--json", "orders", "--day", day},
			{"orders", "--day", day},
			{"--json", "show", no},
			{"show", no},
			{"report", "--day", day, "--format", "csv"},
			{"--json", "verify"},
		} {
			want := in(zones[0], args...)
			for _, zone := range zones[1:] {
				if got := in(zone, args...); got != want {
					t.Errorf("%q in %s says\n%s\nand in %s\n%s", args, zone, got, zones[0], want)
				}
			}
		}
	}
	s.verified()
}

// sellIn is sell at a machine whose clock is set to another zone.
func (s *shop) sellIn(zone, amount, wallet string) (outTradeNo string) {
	s.t.Helper()
	was := s.env
	s.env = []string{fmt.Sprint("TZ=", zone)}
	defer func() { s.env = was }()
	return s.sell(amount, wallet)
}

// TestSecondInstance finds the folder in use, and free after its owner was killed.
func TestSecondInstance(t *testing.T) {
	s := newShop(t)
	p := s.start("serve")
	p.until("listening")
	s.refuses("while the counter is open", "charge", "1.00", "--wallet", "wechat")
	s.refuses("while the counter is open", "serve")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait()
	if _, err := os.Stat(filepath.Join(s.data, "lock.owner")); err != nil {
		t.Errorf("the killed owner's name: %v", err)
	}
	s.sell("12.50", "wechat")
	s.verified()
}
