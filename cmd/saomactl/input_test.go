package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/xuri/excelize/v2"

	"saoma/pos"
)

// TestBadInput gives wrong lines: exit 2, one line on stderr that names what is wrong, nothing written.
func TestBadInput(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"--data", data, "init", "--sandbox"}, &out, &errs); code != 0 {
		t.Fatalf("init: %s", errs.String())
	}
	before, long := snapshot(t, dir), strings.Repeat("x", pos.MaxTitle+1)
	for line, says := range map[string]string{
		"charge":                                              "AMOUNT",
		"charge 1":                                            "--wallet is missing",
		"charge 1 2 --wallet wechat":                          `"2" is one argument too many`,
		"charge 0 --wallet wechat":                            "at least ¥0.01",
		"charge 50000.01 --wallet wechat":                     "at most ¥50000.00",
		"charge -5 --wallet wechat":                           `"-5"`,
		"charge １２ --wallet wechat":                           "full-width",
		"charge 12.505 --wallet wechat":                       "two decimals",
		"charge 1 --wallet paypal":                            "--wallet must be wechat or alipay",
		"charge 1 --wallet":                                   "--wallet needs a value",
		"charge 1 --wallet= --json":                           "--wallet needs a value",
		"charge 1 --wallet alipay --wallet wechat":            "--wallet is given twice",
		"charge 1 --wallet alipay --timeout 5":                "--timeout must be a duration",
		"charge 1 --wallet alipay --timeout 999ms":            "--timeout must be a duration",
		"charge 1 --wallet alipay --timeout 3h":               "--timeout must be a duration from 1s to 1h56m,",
		"charge 1 --wallet alipay --title a\tb":               "--title: The text has a control character",
		"charge 1 --tip 2 --wallet alipay":                    "--tip is not a flag of charge",
		"charge 1 --wallet alipay --json=yes":                 "--json takes no value",
		"orders --day 2026-02-30":                             "--day must be a date",
		"orders today":                                        `"today" is one argument too many`,
		"show":                                                "NO",
		"show a.b":                                            "NO",
		"refund K1261121122636ZWJ9E2ZZ":                       "AMOUNT",
		"refund K1261121122636ZWJ9E2ZZ 1":                     "--reason is missing",
		"refund K1261121122636ZWJ9E2ZZ 0 --reason r":          "at least ¥0.01",
		"refund K1261121122636ZWJ9E2ZZ 1,5 --reason r":        `"1,5"`,
		"report --format doc":                                 "--format must be csv, xlsx, pdf or json",
		"report --day x":                                      "--day must be a date",
		"report --per year":                                   `--per must be day, week or month, not "year"`,
		"report --from 2026-01-01":                            "--from and --to belong together",
		"report --from 2026-01-01 --to 2026-01-02 --per week": "--from and --to belong together",
		"report --from 2026-01-02 --to 2026-01-01":            "ends on 2026-01-01, before it begins",
		"report --from 2000-01-01 --to 2026-01-01":            "at most 3660 are allowed",
		"report --payments --format pdf":                      "a pdf has the sums",
		"search --wallet cash":                                "--wallet must be wechat|alipay",
		"search --state lost":                                 "--state must be created|waiting",
		"search --from yesterday":                             "--from: The day \"yesterday\" is not a date",
		"shift open":                                          "Write it like this: saomactl --data ",
		"shift close now":                                     "Write it like this: saomactl --data ",
		"shift end":                                           "Write it like this: saomactl --data ",
		"close-day today":                                     `"today" is one argument too many`,
		"close-day --day 31.1.":                               "--day must be a date",
		"close-day --note " + long:                            "--note: The text is 128 bytes long",
		"reopen-day":                                          "--reason is missing",
		"reopen-day --reason \t":                              "--reason is missing",
		"settlement --wallet cash --through 2026-01-31":       "--wallet must be wechat|alipay",
		"settlement --through 2026-01-31":                     "--wallet must be wechat|alipay",
		"settlement --wallet wechat":                          "--through",
		"settlement --list --wallet nosuch":                   "settlement [--list | --wallet wechat|alipay --through YYYY-MM-DD [--note TEXT]]",
		"settlement --list --through 2026-01-31":              "settlement [--list | --wallet wechat|alipay --through YYYY-MM-DD [--note TEXT]]",
		"settlement --list --note hello":                      "settlement [--list | --wallet wechat|alipay --through YYYY-MM-DD [--note TEXT]]",
		"settlement --note hello":                             "settlement [--list | --wallet wechat|alipay --through YYYY-MM-DD [--note TEXT]]",
		"exceptions now":                                      `"now" is one argument too many`,
		"resolve 1":                                           "accept|refund|dismiss",
		"resolve one accept":                                  `NO "one"`,
		"resolve 0 accept":                                    `NO "0"`,
		"resolve 1 keep":                                      `"keep" is not known; it must be accept, refund or dismiss`,
		"resolve 1 dismiss":                                   "--note is missing; say in a few words what was done and why.",
		"resolve 1 dismiss --note \t":                         "--note is missing",
		"refund K1261121122636ZWJ9E2ZZ 1 --reason \t":         "--reason is missing",
		"resolve 1 refund --note " + long:                     "--note: The text is 128 bytes long",
		"resolve 1 accept --note a\tb":                        "--note: The text has a control character",
		"keys open":                                           `"open" is not known; after keys may stand seal, passphrase or unseal`,
		"keys seal":                                           "needs one of --keychain and --passphrase",
		"keys seal --keychain --passphrase":                   "needs one of --keychain and --passphrase",
		"keys seal --passphrase --passphrase-file no":         "passphrase file no cannot be read",
		"keys --keychain":                                     "--keychain and --passphrase belong to keys seal",
		"keys unseal --passphrase-file x":                     "--passphrase-file to keys seal and keys passphrase",
		"backup a b":                                          `"b" is one argument too many`,
		"backup " + data + "/saoma.toml":                      "exists already",
		"backup " + dir + "/no/backup.db":                     "folder that does not exist",
		"restore":                                             "FILE",
		"restore " + dir + "/no.db":                           "FILE " + dir + "/no.db",
		"restore " + dir:                                      "FILE " + dir,
		"restore a --force=yes":                               "--force takes no value",
		"recover":                                             "--day is missing",
		"recover --day 2026-02-30":                            "--day must be a date",
		"recover --day 2999-01-01":                            "in the future",
		"reconcile":                                           "--day is missing",
		"reconcile --day x":                                   "--day must be a date",
		"reconcile --day 2999-01-01":                          "in the future",
		"reconcile --day 2026-01-31 --wallet cash":            "--wallet",
		"reconcile --day 2026-01-31 import":                   "one argument too many",
		"reconcile --day 2026-01-31 --fix 1":                  "An argument is missing",
		"reconcile --day 2026-01-31 --fix 1 import":           "--wallet is missing",
		"reconcile --day 2026-01-31 --fix 0 note":             "--fix",
		"reconcile --day 2026-01-31 --fix 1 mend":             "must be import, query or note",
		"reconcile --sign-off 2026-01-31 --note x":            "--wallet is missing",
		"reconcile --list --again --day 2026-01-31":           "only one can be given",
		"sandbox --listen 192.0.2.1:80":                       "--listen must be",
		"sandbox --speed fast":                                "--speed must be a number",
		"init --sandbox":                                      "already has saoma.toml",
		"init":                                                "--sandbox is missing",
		"pay 1":                                               "pay is not a command",
		"--lang fr orders":                                    "--lang must be zh|en",
		"--data " + dir + "/no --json orders":                 "--data",
	} {
		var out, errs bytes.Buffer
		args := strings.Split(line, " ")
		if args[0] != "--data" {
			args = append([]string{"--data", data}, args...)
		}
		code := run(context.Background(), args, &out, &errs)
		if code != 2 || !strings.Contains(errs.String(), says) || strings.Count(errs.String(), "\n") != 1 || out.Len() != 0 {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want %q", line, code, out.String(), errs.String(), says)
		}
	}
	if after := snapshot(t, dir); after != before {
		t.Errorf("something was written:\n%s\nbefore:\n%s", after, before)
	}
}

// snapshot lists every file below dir with its size and time.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		b.WriteString(path + " " + info.ModTime().String() + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFlagsAnywhere puts flags before, between and behind the arguments.
func TestFlagsAnywhere(t *testing.T) {
	for _, line := range []string{
		"NO 1.00 --reason r", "--reason r NO 1.00", "NO --reason r 1.00", "NO --reason=r 1.00 --json", "-reason r -- NO 1.00",
	} {
		a := &app{}
		f := a.flags("refund", "")
		reason := f.text("reason", "REASON")
		got, err := f.parse(strings.Split(line, " "), 2)
		if err != nil || strings.Join(got, " ") != "NO 1.00" || *reason != "r" {
			t.Errorf("%s: %v, reason %q, %v", line, got, *reason, err)
		}
	}
}

func TestInit(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	dir := filepath.Join(t.TempDir(), "数据 folder")
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"init", "--data", dir, "--sandbox", "--listen", "127.0.0.1:23456"}, &out, &errs); code != 0 {
		t.Fatalf("init: %s", errs.String())
	}
	for name, mode := range map[string]os.FileMode{
		"": 0o700, "keys": 0o700, "sandbox": 0o700, "saoma.toml": 0o600, "ledger.db": 0o600, "keys/alipay_app_key.pem": 0o600, "sandbox/papers.json": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != mode) {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "saoma.toml"))
	if err != nil || !strings.Contains(string(text), `gateway_url = "http://127.0.0.1:23456/gateway.do"`) {
		t.Errorf("--listen: %v\n%s", err, text)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if code := run(context.Background(), []string{"--data", filepath.Join(dir, "saoma.toml"), "init", "--sandbox"}, &out, &errs); code != 2 {
		t.Errorf("a file as data folder: exit %d", code)
	}
}

// TestReportFiles writes the report of an empty day in every format and reads it back.
func TestReportFiles(t *testing.T) {
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	call := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(context.Background(), append([]string{"--data", data}, args...), &out, &errs); code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, errs.String())
		}
		return out.String()
	}
	call("init", "--sandbox", "--shop", "面馆")
	file := func(format string) string {
		name := filepath.Join(dir, "report."+format)
		call("report", "--day", "2026-01-31", "--format", format, "-o", name)
		return name
	}
	if text, err := os.ReadFile(file("csv")); err != nil || !strings.HasPrefix(string(text), "\ufeff") || !strings.Contains(string(text), "\r\n") {
		t.Errorf("csv: %q, %v", text, err)
	}
	if text, err := os.ReadFile(file("json")); err != nil || !strings.Contains(string(text), `"day":"2026-01-31"`) {
		t.Errorf("json: %q, %v", text, err)
	}
	book, err := excelize.OpenFile(file("xlsx"))
	if err != nil || book.SheetCount != 5 {
		t.Errorf("xlsx: %v", err)
	}
	pdf := file("pdf")
	if text, err := os.ReadFile(pdf); err != nil || !bytes.HasPrefix(text, []byte("%PDF-")) {
		t.Errorf("pdf: %v", err)
	}
	if tool, err := exec.LookPath("pdftotext"); err == nil {
		text, err := exec.Command(tool, pdf, "-").Output()
		if err != nil || !strings.Contains(string(text), "面馆") || !strings.Contains(string(text), "2026-01-31") {
			t.Errorf("pdf: %s, %v", text, err)
		}
	}
	if text := call("report", "--day", "2026-01-31"); !strings.Contains(text, "面馆") || !strings.Contains(text, "0.00") {
		t.Errorf("table: %s", text)
	}
}

// TestQR reads the drawn half blocks back into modules.
func TestQR(t *testing.T) {
	const url = "http://127.0.0.1:21000/phone/6Q4LFpGU8NIeAv83RiJqGj"
	code, err := qrcode.New(url, qrcode.Low)
	if err != nil {
		t.Fatal(err)
	}
	want := code.Bitmap()
	var got [][]bool
	if strings.NewReplacer(colours, "", plain, "").Replace(qr(url, true)) != qr(url, false) {
		t.Error("colour changes the drawing")
	}
	for line := range strings.Lines(qr(url, false)) {
		line = strings.TrimSuffix(line, "\n")
		var upper, lower []bool
		for _, r := range line {
			upper = append(upper, r == ' ' || r == '▄') // dark above
			lower = append(lower, r == ' ' || r == '▀')
		}
		got = append(got, upper, lower)
	}
	if len(got) < len(want) {
		t.Fatalf("%d rows drawn of %d", len(got), len(want))
	}
	for y := range want {
		for x := range want[y] {
			if got[y][x] != want[y][x] {
				t.Fatalf("module %d,%d is drawn wrong", y, x)
			}
		}
	}
}

// TestHelpInBothLanguages demands words for every command.
func TestHelpInBothLanguages(t *testing.T) {
	for _, c := range commands() {
		var texts []string
		for _, lang := range []string{"en", "zh"} {
			var out, errs bytes.Buffer
			if code := run(context.Background(), []string{"--lang", lang, "help", c.name}, &out, &errs); code != 0 {
				t.Fatalf("help %s: %s", c.name, errs.String())
			}
			if !strings.Contains(out.String(), c.usage) {
				t.Errorf("help %s does not show how to write it", c.name)
			}
			texts = append(texts, out.String())
		}
		if texts[0] == texts[1] {
			t.Errorf("help %s is not translated", c.name)
		}
	}
}
