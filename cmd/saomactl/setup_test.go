package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ownersPIN is long enough to stand in no port, number or folder's name by chance.
const ownersPIN = "835162749034"

// owner is a shop's owner with an empty folder and a merchant's papers as the sandbox hands them out.
type owner struct {
	*shop
	papers map[string]string // what sandbox --papers prints
	pin    string            // file
	word   string            // file with a passphrase
}

func newOwner(t *testing.T, flags ...string) *owner {
	t.Helper()
	t.Parallel()
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	p := s.start(append([]string{"sandbox", "--papers", filepath.Join(t.TempDir(), "papers"), "--listen", "127.0.0.1:0", "--speed", "10"}, flags...)...)
	s.url = p.next().URL
	o := &owner{shop: s, pin: filepath.Join(t.TempDir(), "pin"), word: filepath.Join(t.TempDir(), "word")}
	if err := json.Unmarshal(p.until("papers").raw, &o.papers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if code := p.end(os.Interrupt); code != 0 {
			t.Errorf("the sandbox ended with %d", code)
		}
	})
	for name, text := range map[string]string{o.pin: ownersPIN + "\n", o.word: "correct horse\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// setup runs saomactl setup as the manager.
func (o *owner) setup(args ...string) result {
	o.t.Helper()
	return o.run(append([]string{"--json", "--user", "王芳", "--pin-file", o.pin, "setup"}, args...)...)
}

func (o *owner) mustSetup(args ...string) []event {
	o.t.Helper()
	r := o.setup(args...)
	if r.code != 0 {
		o.t.Fatalf("setup %v: %+v", args, r)
	}
	return r.events(o.t)
}

// states are how far the steps are, in order.
func (o *owner) states() string {
	o.t.Helper()
	var list []string
	for _, e := range o.must("setup") {
		list = append(list, e.Step+" "+e.State)
	}
	return strings.Join(list, ", ")
}

func (o *owner) wechatFlags() []string {
	return []string{
		"--set", "wechat.mchid=" + o.papers["mchid"], "--set", "wechat.appid=" + o.papers["appid"], "--set", "wechat.zip=" + o.papers["wechat_zip"],
		"--set", "wechat.apiv3_key_file=" + o.papers["apiv3_key"], "--set", "wechat.public_key_id=" + o.papers["public_key_id"],
		"--set", "wechat.public_key_file=" + o.papers["wechat_public_key"], "--set", "wechat.base_url=" + o.papers["base_url"],
	}
}

func (o *owner) shopFlags() []string {
	return []string{
		"--set", "shop.name=老街茶馆", "--set", "manager.name=王芳", "--set", "manager.pin=@" + o.pin, "--set", "manager.pin_again=@" + o.pin,
		"--set", "keys.kind=passphrase", "--set", "keys.passphrase=@" + o.word, "--set", "keys.passphrase_again=@" + o.word, "--set", "vault.passphrase_file=" + o.word,
	}
}

// From an empty folder to ¥0.01 that was paid and paid back, asked nothing: certificate mode, every secret sealed.
func TestSetupByFlags(t *testing.T) {
	o := newOwner(t, "--certificates")
	if got := o.states(); got != "shop open, manager open, keys open, wechat open, alipay open, address open, trial open" {
		t.Fatalf("an empty folder: %s", got)
	}
	if r := o.run("setup", "--set", "wechat.mchid=1900000109"); r.code != exitError || !strings.Contains(r.err, "Fill in the shop first.") {
		t.Errorf("before the shop: %+v", r)
	}
	r := o.run(append([]string{"--json", "setup"}, append(o.shopFlags(), o.wechatFlags()...)...)...)
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	o.mustSetup(
		"--set", "alipay.app_id="+o.papers["app_id"], "--set", "alipay.seller_id="+o.papers["seller_id"], "--set", "alipay.app_key_file="+o.papers["app_key"],
		"--set", "alipay.mode=certificates", "--set", "alipay.app_cert_file="+o.papers["app_cert"], "--set", "alipay.alipay_cert_file="+o.papers["alipay_cert"],
		"--set", "alipay.alipay_root_cert_file="+o.papers["alipay_root_cert"], "--set", "alipay.gateway_url="+o.papers["gateway_url"],
		"--skip", "address", "--remove-originals",
	)
	if got := o.states(); got != "shop kept, manager kept, keys kept, wechat kept, alipay kept, address skipped, trial open" {
		t.Fatalf("all filled in: %s", got)
	}
	if _, err := os.Stat(o.papers["app_key"]); err == nil {
		t.Error("the original of Alipay's key is still there")
	}
	for _, step := range []string{"wechat", "alipay"} {
		for _, e := range o.mustSetup("--try", step) {
			if e.Level == "red" {
				t.Errorf("trying %s: %+v", step, e)
			}
		}
	}
	for _, wallet := range []string{"wechat", "alipay"} {
		o.trial(wallet)
	}
	o.verified()
	o.noSecrets(o.papers["apiv3_key"])
	if r := o.run("setup", "--set", "shop.name=x"); r.code != exitInput || !strings.Contains(r.err, "--user") {
		t.Errorf("changed by nobody: %+v", r)
	}
}

// trial makes the payment of the last step, the test being the customer.
func (o *owner) trial(wallet string) {
	o.t.Helper()
	p := o.start("--user", "王芳", "--pin-file", o.pin, "setup", "--step", "trial", "--wallet", wallet)
	waiting := p.until("waiting")
	if waiting.Amount != 1 || waiting.Wallet != wallet {
		o.t.Errorf("the trial asks for %+v", waiting)
	}
	o.pay(waiting.OutTradeNo)
	p.until("paid")
	if back := p.until("refund"); back.State != "succeeded" || back.Amount != 1 {
		o.t.Errorf("paid back: %+v", back)
	}
	if code := p.wait(); code != 0 {
		o.t.Errorf("the trial ended with %d: %s", code, p.err.String())
	}
}

// noSecrets looks for secrets as plain text in every file of the data folder.
func (o *owner) noSecrets(secrets ...string) {
	o.t.Helper()
	secrets = append(secrets, "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY", "correct horse", ownersPIN)
	err := filepath.WalkDir(o.data, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "ledger.db") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				o.t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		o.t.Error(err)
	}
}

// The same, asked field by field: what is typed comes through a pipe, a key is pasted, a step is left out.
func TestSetupAsked(t *testing.T) {
	o := newOwner(t)
	pasted, err := os.ReadFile(o.papers["wechat_public_key"])
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Join([]string{
		"老街茶馆", "", "", "",
		"王芳", ownersPIN, ownersPIN,
		"2", "correct horse", "correct horse", "",
		"y", o.papers["mchid"], o.papers["appid"], o.papers["wechat_zip"], "", "", "", o.papers["apiv3_key"], "1", o.papers["public_key_id"],
		strings.TrimSpace(string(pasted)), o.papers["base_url"],
		"n",
		"n",
		"y", "",
	}, "\n")
	c := o.command("setup")
	c.Stdin = strings.NewReader(answers)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	c.Stderr = &complaints
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(2*slowly, func() { _ = c.Process.Kill() })
	defer limit.Stop()
	for in := bufio.NewScanner(stdout); in.Scan(); { // the customer pays the code that is shown
		fmt.Fprintln(&out, in.Text())
		if no, ok := strings.CutPrefix(in.Text(), "out_trade_no  "); ok {
			o.pay(no)
		}
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), complaints.String())
	}
	for _, says := range []string{"Merchant number (mchid)", "WeChat Pay: kept.", "Alipay: left out.", "Paid ¥0.01", "The set-up is done."} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("%q was not said:\n%s", says, out.String())
		}
	}
	for _, secret := range []string{o.papers["apiv3_key"], ownersPIN, "correct horse"} {
		if strings.Contains(out.String()+complaints.String(), secret) {
			t.Error("a secret was printed")
		}
	}
	if got := o.states(); got != "shop kept, manager kept, keys kept, wechat kept, alipay skipped, address skipped, trial kept" {
		t.Errorf("afterwards: %s", got)
	}
	o.noSecrets(o.papers["apiv3_key"])
}

// What is wrong is said by the field's name, and nothing is kept.
func TestSetupRefuses(t *testing.T) {
	o := newOwner(t)
	o.must(append([]string{"setup"}, o.shopFlags()...)...)
	with := func(key, value string) []string { return append(o.wechatFlags(), "--set", key+"="+value) }
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{with("wechat.mchid", o.papers["appid"]), exitInput, "wechat.mchid: This is an appid"},
		{with("wechat.apiv3_key_file", "short"), exitInput, "wechat.apiv3_key_file: The APIv3 key must have exactly 32"},
		{with("wechat.merchant_key_file", o.papers["app_key"]), exitInput, "wechat.merchant_key_file: This private key does not belong"},
		{with("wechat.public_key_file", o.papers["app_key"]), exitInput, "wechat.public_key_file: This is a private key"},
		{with("wechat.zip", o.papers["app_key"]), exitInput, "wechat.zip: This is not a zip"},
		{with("wechat.zip", "/nowhere/x.zip"), exitInput, "wechat.zip: There is no file"},
		{with("wechat.base_url", "http://example.com"), exitInput, "wechat.base_url must begin with https://"},
		{[]string{"--set", "shop.counter=k 1"}, exitInput, "shop.counter must be"},
		{[]string{"--set", "shop.nickname=x"}, exitInput, "--set shop.nickname is not a field"},
		{[]string{"--step", "payment"}, exitInput, "payment is not a step"},
		{[]string{"--skip", "shop"}, exitInput, "This step cannot be left out."},
		{[]string{"--try", "wechat"}, exitError, "Fill this step in first."},
	} {
		r := o.setup(c.args...)
		if r.code != c.code || !strings.Contains(r.err, c.says) {
			t.Errorf("%v: %+v; want %d, %q", c.args[max(0, len(c.args)-2):], r, c.code, c.says)
		}
	}
	if got := o.states(); !strings.Contains(got, "wechat open") {
		t.Errorf("something was kept: %s", got)
	}
	if text, err := os.ReadFile(filepath.Join(o.data, "saoma.toml")); err != nil || strings.Contains(string(text), "wechat") {
		t.Errorf("saoma.toml: %v\n%s", err, text)
	}
	if files, err := filepath.Glob(filepath.Join(o.data, "keys", "wechat*")); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// What is piped in is refused by its key, as a script knows it.
func TestSetupPiped(t *testing.T) {
	t.Parallel()
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	c := s.command("setup")
	c.Stdin = strings.NewReader("老街茶馆\nk 1\n\n\n")
	var complaint bytes.Buffer
	c.Stderr = &complaint
	if err := c.Run(); c.ProcessState.ExitCode() != exitInput || !strings.HasPrefix(complaint.String(), "shop.counter must be") {
		t.Errorf("%v: %q", err, complaint.String())
	}
}
