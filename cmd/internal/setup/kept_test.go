package setup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// tree is every file of the counter's folder but the ledger's, by name.
func (m *merchant) tree() map[string]string {
	m.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(m.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "ledger.db") || strings.HasPrefix(entry.Name(), "lock") || strings.HasSuffix(entry.Name(), ".lock") {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return files
}

func (m *merchant) same(before map[string]string, why string) {
	m.t.Helper()
	after := m.tree()
	for path, text := range after {
		if was, there := before[path]; !there || was != text {
			m.t.Errorf("%s: %s changed from\n%s\nto\n%s", why, path, was, text)
		}
	}
	if len(after) != len(before) {
		m.t.Errorf("%s: %d files became %d", why, len(before), len(after))
	}
}

// What is kept is there for the next assistant, secrets only as held; kept again as it is shown, nothing changes.
func TestTakenUpAgain(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	m.keep(a, flow.WeChat, m.wechat())
	m.keep(a, flow.Alipay, m.alipay())
	before := m.tree()
	again := m.assistant()
	for _, id := range []flow.StepID{flow.Shop, flow.WeChat, flow.Alipay} {
		v := again.Values(id)
		for key, value := range v {
			if strings.HasSuffix(key, "_file") && value != flow.Held && value != "" {
				t.Errorf("%s is shown", key)
			}
		}
		m.keep(again, id, v)
	}
	m.same(before, "kept again")
	if got := again.State(flow.Manager); got != flow.Open {
		t.Errorf("the manager is %s", got)
	}
}

// A saoma.toml that was written by hand keeps its comments, its order and what the assistant does not know.
func TestCommentsStay(t *testing.T) {
	m := newMerchant(t, plainPapers())
	const before = "# mine\n[backup]\nkeep = 7 # a week\n\n[shop]\n# the sign above the door\nname = \"Old\" # until May\ncounter = \"K9\"\nmax_charge = \"100.00\"\n"
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.dir, config.FileName), []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	a := m.assistant()
	v := a.Values(flow.Shop)
	if v["shop.name"] != "Old" || v["shop.counter"] != "K9" {
		t.Errorf("shown: %v", v)
	}
	v["shop.name"] = `New "shop" \ 店`
	m.keep(a, flow.Shop, v)
	m.keep(a, flow.WeChat, m.wechat())
	text := m.toml()
	for _, line := range []string{"# mine\n", "keep = 7 # a week\n", "# the sign above the door\n", `name = "New \"shop\" \\ 店" # until May` + "\n", "max_charge = \"100.00\"\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is gone:\n%s", line, text)
		}
	}
	if c, err := config.Load(m.dir); err != nil || c.Shop.Name != `New "shop" \ 店` || c.Backup.Keep != 7 || !c.WeChat.Enabled {
		t.Errorf("%+v, %v", c, err)
	}
}

// A step that is refused leaves nothing behind, and says which field it is about.
func TestWholeOrNotAtAll(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	before := m.tree()
	damagedZip := filepath.Join(t.TempDir(), "cert.zip")
	if err := os.WriteFile(damagedZip, []byte("PK\x03\x04 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(v flow.Values, key, value string) flow.Values { v[key] = value; return v }
	without := func(v flow.Values, keys ...string) flow.Values {
		for _, k := range keys {
			delete(v, k)
		}
		return v
	}
	for _, c := range []struct {
		step   flow.StepID
		values flow.Values
		field  string
	}{
		{flow.Shop, with(m.shop(), "shop.name", ""), "shop.name"},
		{flow.Shop, with(m.shop(), "shop.counter", "k-1"), "shop.counter"},
		{flow.Shop, with(m.shop(), "shop.timezone", "Beijing"), "shop.timezone"},
		{flow.Shop, with(m.shop(), "shop.day_starts_at", "noon"), "shop.day_starts_at"},
		{flow.Manager, flow.Values{managerName: "", managerPIN: "8351", managerAgain: "8351"}, managerName},
		{flow.Manager, flow.Values{managerName: "A", managerPIN: "1111", managerAgain: "1111"}, managerPIN},
		{flow.Manager, flow.Values{managerName: "A", managerPIN: "8351", managerAgain: "8352"}, managerAgain},
		{flow.Keys, flow.Values{keysKind: "paper"}, keysKind},
		{flow.Keys, flow.Values{keysKind: "passphrase", keysWord: "short", keysAgain: "short"}, keysWord},
		{flow.Keys, flow.Values{keysKind: "passphrase", keysWord: "correct horse", keysAgain: "correct house"}, keysAgain},
		{flow.WeChat, with(m.wechat(), "wechat.mchid", m.paths.AppID), "wechat.mchid"},
		{flow.WeChat, with(m.wechat(), "wechat.mchid", "1900000109"), wechatZip},
		{flow.WeChat, with(without(m.wechat(), wechatZip, "wechat.mchid"), merchantKey, damagedZip), merchantKey},
		{flow.WeChat, with(m.wechat(), wechatProof, "faith"), wechatProof},
		{flow.WeChat, with(m.wechat(), "wechat.appid", ""), "wechat.appid"},
		{flow.WeChat, with(m.wechat(), wechatZip, m.paths.AlipayAppKey), wechatZip},
		{flow.WeChat, without(m.wechat(), wechatZip), "wechat.merchant_key_file"},
		{flow.WeChat, with(m.wechat(), "wechat.merchant_key_file", m.paths.AlipayAppKey), "wechat.merchant_key_file"},
		{flow.WeChat, with(m.wechat(), "wechat.apiv3_key_file", ""), "wechat.apiv3_key_file"},
		{flow.WeChat, with(m.wechat(), "wechat.public_key_file", m.paths.AlipayAppKey), "wechat.public_key_file"},
		{flow.WeChat, with(m.wechat(), "wechat.public_key_id", ""), "wechat.public_key_id"},
		{flow.WeChat, with(m.wechat(), "wechat.base_url", "http://192.168.1.2"), "wechat.base_url"},
		{flow.Alipay, with(m.alipay(), "alipay.app_id", m.paths.SellerID), "alipay.app_id"},
		{flow.Alipay, with(m.alipay(), "alipay.seller_id", m.paths.AlipayAppID), "alipay.seller_id"},
		{flow.Alipay, with(m.alipay(), "alipay.app_key_file", m.paths.AlipayPublicKey), "alipay.app_key_file"},
		{flow.Alipay, with(m.alipay(), "alipay.alipay_public_key_file", "/nowhere/at all.txt"), "alipay.alipay_public_key_file"},
		{flow.Alipay, with(m.alipay(), alipayMode, byCertificates), "alipay.app_cert_file"},
		{flow.Alipay, with(m.alipay(), "alipay.gateway_url", "ftp://x"), "alipay.gateway_url"},
		{flow.Address, flow.Values{"tunnel.kind": "none", "notify.public_url": "http://pay.example.com"}, "notify.public_url"},
		{flow.Address, flow.Values{"tunnel.kind": "ssh", "tunnel.host": "pay.example.com", "tunnel.user": "saoma"}, "notify.public_url"},
		{flow.Address, flow.Values{"tunnel.kind": "ssh", "notify.public_url": "https://pay.example.com", "tunnel.user": "saoma"}, "tunnel.host"},
		{flow.Address, flow.Values{"tunnel.kind": "ssh", "notify.public_url": "https://pay.example.com", "tunnel.host": "h", "tunnel.user": "u", "tunnel.key_file": m.paths.WeChatPublicKey}, "tunnel.key_file"},
	} {
		err := a.Keep(t.Context(), c.step, c.values)
		if err == nil || flow.KeyOf(err) != c.field || pos.CodeOf(err) == pos.Internal {
			t.Errorf("%s: %v is about %q; want %q", c.step, err, flow.KeyOf(err), c.field)
		}
	}
	m.same(before, "refused")
	if len(a.Originals()) > 0 {
		t.Errorf("files of refused steps are offered for deletion: %v", a.Originals())
	}
}

// While another process, or this one, has the counter open, nothing is changed.
func TestOpenElsewhere(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	ledger, err := db.Open(t.Context(), m.dir, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := m.tree()
	for _, err := range []error{a.Keep(t.Context(), flow.WeChat, m.wechat()), a.Pass(t.Context(), flow.Alipay)} {
		if pos.CodeOf(err) != pos.Conflict || !strings.Contains(err.Error(), "Close it first") {
			t.Errorf("%v", err)
		}
	}
	m.same(before, "open elsewhere")
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	m.keep(a, flow.WeChat, m.wechat())
}

// The files that secrets came from are offered for deletion; those without a secret, and those in the folder, are not.
func TestOriginals(t *testing.T) {
	m := newMerchant(t, plainPapers())
	a := m.assistant()
	m.keep(a, flow.Shop, m.shop())
	v := m.wechat()
	apiv3 := filepath.Join(t.TempDir(), "apiv3.txt")
	if err := os.WriteFile(apiv3, []byte("\ufeff"+m.paths.APIv3Key+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v["wechat.apiv3_key_file"] = apiv3
	m.keep(a, flow.WeChat, v)
	l := m.alipay()
	l["alipay.app_key_file"] = `"file://` + m.paths.AlipayAppKey + `"`
	m.keep(a, flow.Alipay, l)
	want := []string{m.paths.WeChatZip, apiv3, m.paths.AlipayAppKey}
	if got := a.Originals(); !slices.Equal(got, want) {
		t.Fatalf("offered: %v; want %v", got, want)
	}
	if err := a.RemoveOriginals(); err != nil || len(a.Originals()) > 0 {
		t.Errorf("%v, left %v", err, a.Originals())
	}
	for _, path := range want {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", path)
		}
	}
	if _, err := os.Stat(m.paths.WeChatPublicKey); err != nil {
		t.Error("a public key was deleted")
	}
	if till, err := a.Till(t.Context()); err != nil || len(till.Gateways) != 2 {
		t.Errorf("the counter without them: %v", err)
	}
}

// Every field is sound: its key once, its pick and the values it depends on are there, and what stands in saoma.toml is
// a key of it.
func TestFields(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range steps() {
		picks := map[string][]string{}
		for _, f := range s.Fields {
			if seen[f.Key] || f.Label == "" || f.Kind == "" {
				t.Errorf("%s: %+v", s.ID, f)
			}
			seen[f.Key] = true
			for _, c := range f.Choices {
				picks[f.Key] = append(picks[f.Key], c.Value)
			}
			if f.When != nil {
				for _, value := range f.When.Values {
					if !slices.Contains(picks[f.When.Key], value) {
						t.Errorf("%s depends on %s = %s, which is no choice before it", f.Key, f.When.Key, value)
					}
				}
			}
			if wallet := strings.HasPrefix(f.Key, "wechat.") || strings.HasPrefix(f.Key, "alipay."); wallet && f.Where == "" && f.Key != "alipay.alipay_cert_file" && f.Key != "alipay.alipay_root_cert_file" {
				t.Errorf("%s does not say where it is found", f.Key)
			}
		}
	}
}
