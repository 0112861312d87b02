package doctor

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/pos"
	"saoma/pos/papers"
)

// unpack reads the files of a support file.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

// canaries are secrets that a test plants; none may come out, nor any part of one that is long enough to matter.
const (
	canaryAPIv3      = "cAnArYapiv3KEYcAnArYapiv3KEY0123"
	canaryPassphrase = "the canary sings at dawn"
	canaryToken      = "canary-token-frp"
	canaryComment    = "canaryInAComment"
	canaryName       = "canaryAsAShopName"
	canaryLegend     = "kanarienvogel" // in a field of no use
	canaryPIN        = "482913057264"
	canaryPIN2       = "7731" // so short that ports and sizes may have it
	canaryPhone      = "13800138000"
	canaryOpenID     = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	canaryMail       = "payer@example.com"
	canaryBearer     = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9v/YmFyYmF6cXV4+Zm9vYmFy"
)

// TestBundleTellsNoSecret plants secrets wherever one may end up and looks for each in all that is written.
func TestBundleTellsNoSecret(t *testing.T) {
	s := newShop(t, publicMode)
	s.heal()
	key := string(papers.EncodePrivate(s.papers.WeChat.MerchantKey))
	s.write("keys/wechat_apiv3.key", canaryAPIv3)
	s.write("passphrase", canaryPassphrase)
	s.write("keys/frp.token", canaryToken)
	s.write("keys/strange-"+canaryLegend, canaryLegend)
	s.write(canaryLegend+".txt", "x")
	s.write(counter.EchoKeyName, "echo canary of thirty-two bytes!")
	s.set("shop", "name", canaryName)
	s.set("tunnel", "token_file", "keys/frp.token")
	s.set("wechat", "merchant_key_file", canaryBearer)                         // a key where its file's name belongs
	s.set("wechat", "apiv3_key_file", canaryAPIv3)                             // likewise
	s.set("alipay", "gateway_url", "https://"+canaryLegend+".example/gateway") // and in an address
	s.write(config.FileName, s.read(config.FileName)+"\n# "+canaryComment+"\n[vault2]\npin = \""+canaryPIN+"\"\n"+canaryLegend+" = 1\n")
	log := strings.Join([]string{
		`time=2026-11-21T10:00:00.000+08:00 level=ERROR msg="charge refused" error="wechat: refused SIGN_ERROR: HTTP 401"`,
		`time=2026-11-21T10:00:01.000+08:00 level=INFO msg=notified about=T7261121100000ABCDEFGH outcome=credited took=12ms`,
		`wrong PIN ` + canaryPIN + ` and pin=` + canaryPIN2 + ` of li`,
		`passphrase: "` + canaryPassphrase + `" token=` + canaryToken + ` password="` + canaryName + `"`,
		`heard ` + canaryPassphrase + ` of ` + canaryName + ` and ` + canaryToken + ` and ` + canaryLegend, // nothing here looks secret
		`read ` + strings.ReplaceAll(key, "\n", `\n`),
		key,
		`payer ` + canaryOpenID + ` phone ` + canaryPhone + ` mail ` + canaryMail + ` Authorization: Bearer ` + canaryBearer,
		`key ` + canaryAPIv3 + ` of ` + s.papers.WeChat.MchID + ` ` + s.papers.Alipay.SellerID + ` in ` + s.dir + `/keys`,
	}, "\n") + "\n"
	s.write(config.LogName+".1", log)
	s.write(config.LogName, log)

	findings := s.examine()
	findings = append(findings, pos.Finding{Check: "x", Level: pos.Red, Says: pos.Errorf(pos.Setup, "Merchant number %s and appid %s have the form that WeChat Pay gives out.", s.papers.WeChat.MchID, canaryPIN).Because(fmt.Errorf("open %s: %s", canaryAPIv3, key))})
	path := filepath.Join(t.TempDir(), "support.zip")
	s.must(WriteBundle(t.Context(), path, s.o, findings))
	files := unpack(t, path)
	secrets := []string{
		canaryAPIv3, canaryPassphrase, "sings", canaryToken, canaryComment, canaryName, canaryLegend, canaryPIN, canaryPhone,
		canaryOpenID, canaryMail, canaryBearer, "echo canary", s.papers.WeChat.MchID, s.papers.WeChat.AppID, s.papers.WeChat.MerchantSerial,
		s.papers.WeChat.PublicKeyID, s.papers.Alipay.SellerID, s.papers.Alipay.AppID, s.dir,
	}
	for line := range strings.Lines(key) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, line)
		}
	}
	for name, text := range files {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %q", name, secret)
			}
		}
	}
	_, line, told := strings.Cut(files["saoma.log"], "wrong PIN ")
	if line, _, _ = strings.Cut(line, "\n"); !told || strings.Contains(line, canaryPIN2) {
		t.Errorf("saoma.log tells %q", line)
	}
	for _, want := range []struct{ file, text string }{
		{"saoma.log", "time=2026-11-21T10:00:00.000+08:00 level=ERROR msg=\"charge refused\" error=\"wechat: refused SIGN_ERROR: HTTP 401\""},
		{"saoma.log", "about=T7261121100000ABCDEFGH outcome=credited"},
		{"saoma.log", "in DIR/keys"},
		{"saoma.toml.txt", "shop.timezone = Asia/Shanghai"},
		{"saoma.toml.txt", "wechat.enabled = true"},
		{"saoma.toml.txt", "wechat.mchid = (10 characters)"},
		{"saoma.toml.txt", "and 2 keys that saoma.toml has not"},
		{"system.txt", runtime.GOOS + "/" + runtime.GOARCH},
		{"system.txt", "saoma v1.2.3"},
		{"files.txt", "ledger.db"},
		{"findings.en.txt", "saoma_toml"},
	} {
		if !strings.Contains(files[want.file], want.text) {
			t.Errorf("%s does not tell %q:\n%s", want.file, want.text, files[want.file])
		}
	}
	if len(files) != 7 {
		t.Errorf("%d files", len(files))
	}
}

// TestBundleTells what helps: the findings in both languages and what the ledger holds.
func TestBundleTells(t *testing.T) {
	s := newShop(t, publicMode)
	s.heal()
	path := filepath.Join(t.TempDir(), "support.zip")
	s.must(WriteBundle(t.Context(), path, s.o, s.examine()))
	files := unpack(t, path)
	for _, name := range []string{"findings.en.txt", "findings.zh.txt"} {
		for _, check := range []string{"saoma_toml", "wechat_platform_certificates", "log_size"} {
			if !strings.Contains(files[name], check) {
				t.Errorf("%s leaves %s out", name, check)
			}
		}
	}
	if !strings.Contains(files["findings.zh.txt"], "已启用微信支付和支付宝") || !strings.Contains(files["findings.en.txt"], "WeChat Pay and Alipay are on.") {
		t.Errorf("the findings:\n%s", files["findings.zh.txt"])
	}
	var counts []db.Count
	if err := json.Unmarshal([]byte(files["ledger.json"]), &counts); err != nil || !slices.Contains(counts, db.Count{Of: "payment", State: "wechat waiting", N: 1}) {
		t.Errorf("%v: %s", err, files["ledger.json"])
	}
	info, err := os.Stat(path)
	s.must(err)
	if others(info) != 0 {
		t.Errorf("the support file is of mode %s", info.Mode())
	}
}

// TestBundleOfARuin: a folder without anything still gives a support file that says so.
func TestBundleOfARuin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "support.zip")
	if err := WriteBundle(t.Context(), path, Options{Dir: filepath.Join(t.TempDir(), "nowhere")}, nil); err != nil {
		t.Fatal(err)
	}
	if files := unpack(t, path); !strings.Contains(files["saoma.toml.txt"], "cannot be read") || !strings.Contains(files["ledger.json"], "no ledger") {
		t.Errorf("%q", files)
	}
}

// TestBundleOverwritesNothing, also where the file appears at the last moment.
func TestBundleOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "support.zip")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"asked": CheckBundle(path), "written": WriteBundle(t.Context(), path, Options{Dir: dir}, nil), "published": publish(path, []byte("other")),
	} {
		if pos.CodeOf(err) != pos.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
	if err := WriteBundle(t.Context(), filepath.Join(dir, "no", "support.zip"), Options{Dir: dir}, nil); pos.CodeOf(err) != pos.Invalid {
		t.Errorf("no folder: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".support*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLogTail: of a long log its end, from a whole line on.
func TestLogTail(t *testing.T) {
	s := newShop(t, publicMode)
	line := "level=INFO msg=notified outcome=credited\n"
	s.write(config.LogName+".1", strings.Repeat(line, 2*logTail/len(line)))
	s.write(config.LogName, "level=INFO msg=last\n")
	c := &scrubber{dir: s.dir}
	text, err := c.log(s.dir)
	s.must(err)
	if len(text) > logTail || len(text) < logTail-2*len(line) || !strings.HasPrefix(text, line) || !strings.HasSuffix(text, "\nlevel=INFO msg=last\n") {
		t.Errorf("%d bytes, from %.60q", len(text), text)
	}
}

// TestOutlineKnowsEveryKey: a key that saoma.toml gets some day must be told how it may be shown.
func TestOutlineKnowsEveryKey(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "config", "config.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`t\.(?:text|boolean|value)\("([a-z]+\.[a-z0-9_]+)"`).FindAllStringSubmatch(string(src), -1)
	if len(found) < 40 {
		t.Fatalf("found only %d keys in config.go", len(found))
	}
	for _, m := range found {
		if !slices.ContainsFunc(settings, func(s setting) bool { return s.key == m[1] }) {
			t.Errorf("the support file does not know %s", m[1])
		}
	}
}

// TestShow: a value is shown only where it looks as it should.
func TestShow(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{length("secret"), "(6 characters)"},
		{length(int64(482913)), "(a int64)"},
		{flag(true), "true"},
		{flag("secret"), "(6 characters)"},
		{small(int64(30)), "30"},
		{small(int64(4829)), "(a int64)"},
		{zone("Asia/Shanghai"), "Asia/Shanghai"},
		{zone("secret"), "(6 characters)"},
		{date("2026-12-31"), "2026-12-31"},
		{date("2026-13-31"), "(10 characters)"},
		{kind("frp"), "frp"},
		{kind("secret"), "(6 characters)"},
		{address(config.WeChatProduction), config.WeChatProduction},
		{address("http://127.0.0.1:8080"), "(this computer) (21 characters)"},
		{address("https://secret"), "(https) (14 characters)"},
		{address("secret"), "(6 characters)"},
	} {
		if c.got != c.want {
			t.Errorf("%s; want %s", c.got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, text := range []string{"pin=482913", "time=2026-11-21T10:00:00Z", "-----BEGIN PRIVATE KEY-----\nAAAA", "T7261121100000ABCDEFGH", canaryBearer} {
		f.Add(text)
	}
	digits := regexp.MustCompile(`\d{4,}`)
	kept := regexp.MustCompile(keepDate + "|" + keepNumber + "|" + keepLocal)
	f.Fuzz(func(t *testing.T, text string) {
		s := &scrubber{dir: "/data/shop", known: []string{"canary song"}}
		clean := s.clean(text)
		if strings.Contains(clean, "canary song") {
			t.Errorf("%q becomes %q", text, clean)
		}
		if left := digits.FindString(kept.ReplaceAllString(clean, "")); left != "" && !kept.MatchString(clean) {
			t.Errorf("%q becomes %q, which has %q", text, clean, left)
		}
	})
}
