package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// diagnosed reads what doctor --json prints.
func diagnosed(t *testing.T, r result) (list []diagnosis) {
	t.Helper()
	for line := range strings.Lines(r.out) {
		var d diagnosis
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if d.Check != "" {
			list = append(list, d)
		}
	}
	return list
}

// TestDoctor looks at a sandbox shop, closed and beside a counter that is open, and at one that is ill.
func TestDoctor(t *testing.T) {
	s := newShop(t)
	r := s.run("doctor", "--json", "--serve", "--order", "--only", "wechat,alipay,address,ledger")
	for tries := 1; !s.healthy(r); tries++ { // what a busy machine is late with is not green
		if tries == 5 {
			t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
		}
		r = s.run("doctor", "--json", "--serve", "--order", "--only", "wechat,alipay,address,ledger")
	}
	p := s.start("serve")
	if e := p.next(); e.Event != "listening" {
		t.Fatalf("serve: %+v", e)
	}
	r = s.run("doctor", "--lang", "zh", "--only", "folder_owner,wechat_answers,listen")
	if r.code != 0 || !strings.Contains(r.out, "收银台开着") || !strings.Contains(r.out, "验签也通过") || strings.Contains(r.out, "\x1b") {
		t.Errorf("beside an open counter: exit %d: %s%s", r.code, r.out, r.err)
	}
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("serve ended with %d", code)
	}
	if err := os.Remove(filepath.Join(s.data, "keys", "alipay_public_key.pem")); err != nil {
		t.Fatal(err)
	}
	r = s.run("doctor", "--only", "files,saoma_toml")
	if r.code != 1 || r.err != "" || !strings.Contains(r.out, "✗  files") || !strings.Contains(r.out, "→ Put the file there") {
		t.Errorf("ill: exit %d: %s%s", r.code, r.out, r.err)
	}
}

// healthy reports whether the doctor found all well that matters, in words.
func (s *shop) healthy(r result) bool {
	s.t.Helper()
	green := map[string]bool{}
	for _, d := range diagnosed(s.t, r) {
		green[d.Check] = d.Level == "green"
		if d.Says == "" || green[d.Check] != (d.Do == "") {
			s.t.Errorf("%+v", d)
		}
	}
	for _, check := range []string{"wechat_answers", "wechat_product", "alipay_answers", "alipay_product", "reach", "ledger_rules"} {
		if !green[check] {
			return false
		}
	}
	return r.code == 0
}

// TestDoctorBundle writes a support file once.
func TestDoctorBundle(t *testing.T) {
	s := newShop(t)
	path := filepath.Join(t.TempDir(), "support.zip")
	if r := s.run("doctor", "--only", "config", "--bundle", path); r.code != 0 || !strings.Contains(r.out, path) {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Size() == 0 {
		t.Fatal(err)
	}
	r := s.run("doctor", "--only", "config", "--bundle", path)
	if r.code != 2 || !strings.Contains(r.err, "already") || r.out != "" {
		t.Errorf("again: exit %d: %s%s", r.code, r.out, r.err)
	}
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("it was written again: %v", err)
	}
}

// TestDoctorInput refuses a check that there is none of.
func TestDoctorInput(t *testing.T) {
	s := newShop(t)
	if r := s.run("doctor", "--only", "wechat,horoscope"); r.code != 2 || !strings.Contains(r.err, "horoscope") || r.out != "" {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	s.data = filepath.Join(s.data, "nowhere")
	if r := s.run("doctor", "--json", "--only", "saoma_toml"); r.code != 1 || !strings.Contains(r.out, `"level":"red"`) {
		t.Errorf("no folder: exit %d: %s%s", r.code, r.out, r.err)
	}
}
