package doctor

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/payments/tunnel"
	"saoma/pos"
	"saoma/pos/papers"
)

// illness is something that is wrong with a shop, and what one check must say of it.
type illness struct {
	check string
	level pos.Level
	says  string // part of it
	make  func(s *shop)
}

var illnesses = []illness{
	{"saoma_toml", pos.Red, "is not valid TOML", func(s *shop) { s.write(config.FileName, "[shop") }},
	{"saoma_toml", pos.Red, "https://", func(s *shop) { s.set("notify", "public_url", "http://pay.example.com") }},
	{"saoma_toml", pos.Red, "no query", func(s *shop) { s.set("notify", "public_url", "https://pay.example.com/?shop=1") }},
	{"wallets", pos.Red, "No wallet is on", func(s *shop) {
		s.set("wechat", "enabled", false)
		s.set("alipay", "enabled", false)
	}},
	{"wallets", pos.Yellow, "saoma.toml cannot be read", func(s *shop) { s.write(config.FileName, "[shop") }},
	{"real_money", pos.Yellow, "One wallet talks to a sandbox", func(s *shop) { s.set("alipay", "gateway_url", nil) }},
	{"files", pos.Red, "wechat.public_key_file names the file", func(s *shop) { s.must(os.Remove(s.path("keys/wechat_public_key.pem"))) }},
	{"folder_access", pos.Red, "can get into the data folder", func(s *shop) { s.must(os.Chmod(s.dir, 0o755)) }},
	{"folder_access", pos.Red, "There is no data folder", func(s *shop) { s.o.Dir = s.path("nowhere") }},
	{"config_access", pos.Red, "can change", func(s *shop) { s.must(os.Chmod(s.path(config.FileName), 0o622)) }},
	{"config_access", pos.Yellow, "can read", func(s *shop) { s.must(os.Chmod(s.path(db.FileName), 0o640)) }},
	{"key_access", pos.Red, "wechat_apiv3.key", func(s *shop) { s.must(os.Chmod(s.path("keys/wechat_apiv3.key"), 0o640)) }},
	{"key_storage", pos.Yellow, "alipay_app_key.pem", func(*shop) {}},
	{"key_storage", pos.Red, "nobody can be asked", (*shop).sealUnasked},
	{"wechat_key_pair", pos.Yellow, "the keys are sealed", (*shop).sealUnasked},
	{"wechat_answers", pos.Yellow, "the keys are sealed", (*shop).sealUnasked},
	{"wechat_apiv3_key", pos.Yellow, "the keys are sealed", (*shop).sealUnasked},
	{"alipay_key_pair", pos.Yellow, "the keys are sealed", (*shop).sealUnasked},
	{"alipay_answers", pos.Yellow, "the keys are sealed", (*shop).sealUnasked},
	{"key_storage", pos.Red, "", func(s *shop) {
		s.seal()
		s.write("keys/vault.json", "{")
	}},

	{"wechat_numbers", pos.Red, "Alipay account number", func(s *shop) { s.set("wechat", "mchid", "2088123412341234") }},
	{"wechat_key_pair", pos.Red, "does not belong to the merchant's certificate", func(s *shop) {
		k, _ := s.strangerKey()
		s.write("keys/wechat_merchant_key.pem", k)
	}},
	{"wechat_key_pair", pos.Red, "", func(s *shop) { s.write("keys/wechat_merchant_key.pem", "hello") }},
	{"wechat_key_pair", pos.Red, "", func(s *shop) { s.seal(); s.must(os.Remove(s.path("passphrase"))) }},
	{"wechat_key_pair", pos.Yellow, "certificate it belongs to is not here", func(s *shop) { s.set("wechat", "merchant_certificate_file", nil) }},
	{"wechat_serial", pos.Red, "is not the serial number", func(s *shop) { s.set("wechat", "merchant_serial", "ABCDEF0123456789ABCDEF0123456789ABCDEF01") }},
	{"wechat_certificate", pos.Red, "expired on", func(s *shop) {
		s.write("keys/wechat_merchant_cert.pem", s.certificate(s.papers.WeChat.MerchantKey, s.papers.WeChat.MchID, -400, -1))
	}},
	{"wechat_certificate", pos.Yellow, "expires on", func(s *shop) {
		s.write("keys/wechat_merchant_cert.pem", s.certificate(s.papers.WeChat.MerchantKey, s.papers.WeChat.MchID, -400, 29))
	}},
	{"wechat_certificate", pos.Red, "valid only from", func(s *shop) {
		s.write("keys/wechat_merchant_cert.pem", s.certificate(s.papers.WeChat.MerchantKey, s.papers.WeChat.MchID, 1, 400))
	}},
	{"wechat_public_key", pos.Red, "merchant's own public key", func(s *shop) {
		s.write("keys/wechat_public_key.pem", string(papers.EncodePublic(&s.papers.WeChat.MerchantKey.PublicKey)))
	}},
	{"wechat_public_key", pos.Red, "", func(s *shop) { s.write("keys/wechat_public_key.pem", "hello") }},
	{"wechat_rotation", pos.Yellow, "although its last day was 2020-02-03", func(s *shop) {
		previous(s)
		s.set("wechat", "previous_until", "2020-02-03")
	}},
	{"wechat_rotation", pos.Yellow, "without an end", previous},
	{"wechat_dns", pos.Red, "does not exist", func(s *shop) { s.set("wechat", "base_url", "https://pay.invalid"); s.o.Resolver = names{} }},
	{"wechat_dns", pos.Red, "does not answer", func(s *shop) {
		s.set("wechat", "base_url", "https://pay.invalid")
		s.o.Resolver = names{"pay.invalid": ""}
	}},
	{"wechat_connection", pos.Red, "cannot be reached", func(s *shop) { s.box.Close() }},
	{"wechat_connection", pos.Red, "is not the platform's", func(s *shop) { s.set("wechat", "base_url", tlsServer(s).URL) }},
	{"wechat_connection", pos.Yellow, "took", func(s *shop) { s.o.Machine.Slow = time.Nanosecond }},
	{"wechat_answers", pos.Red, "refuses this counter's signature", func(s *shop) { s.set("wechat", "merchant_serial", "ABCDEF0123456789ABCDEF0123456789ABCDEF01") }},
	{"wechat_answers", pos.Red, "not with anything its key has signed", func(s *shop) {
		_, k := s.strangerKey()
		s.write("keys/wechat_public_key.pem", k)
	}},
	{"wechat_answers", pos.Yellow, "less often", func(s *shop) { s.fault(sandbox.FaultRateLimit, "query") }},
	{"wechat_answers", pos.Red, "no clear answer", func(s *shop) { s.box.Close() }},
	{"wechat_answers", pos.Red, "does not know this shop's number", func(s *shop) {
		s.set("wechat", "base_url", s.answering(403, `{"code":"MCH_NOT_EXISTS","message":"商户号不存在"}`))
	}},
	{"wechat_answers", pos.Red, "", func(s *shop) { s.write("keys/wechat_apiv3.key", "short") }},
	{"wechat_clock", pos.Yellow, "ahead of WeChat Pay", func(s *shop) { s.o.Now = ahead(2 * time.Minute) }},
	{"wechat_clock", pos.Red, "behind WeChat Pay", func(s *shop) { s.o.Now = ahead(-5 * time.Minute) }},
	{"wechat_clock", pos.Yellow, "could not be compared", func(s *shop) { s.box.Close() }},
	{"wechat_apiv3_key", pos.Red, "not the one set at WeChat Pay", func(s *shop) { s.write("keys/wechat_apiv3.key", strings.Repeat("k", 32)) }},
	{"wechat_apiv3_key", pos.Red, "", func(s *shop) { s.write("keys/wechat_apiv3.key", "short") }},
	{"wechat_apiv3_key", pos.Yellow, "could not be tried", func(s *shop) { s.fault(sandbox.FaultHTTP500, "certificates") }},
	{"wechat_platform_certificates", pos.Red, "expired on", func(s *shop) { s.o.Now = ahead(6 * 366 * 24 * time.Hour) }},
	{"wechat_platform_certificates", pos.Yellow, "expires on", func(s *shop) { s.o.Now = ahead(5*365*24*time.Hour - 20*24*time.Hour) }},
	{"wechat_platform_certificates", pos.Yellow, "could not be fetched", func(s *shop) { s.fault(sandbox.FaultHTTP500, "certificates") }},
	{"wechat_platform_certificates", pos.Red, "could not be fetched", func(s *shop) {
		s.set("wechat", "platform_certificates", true)
		s.fault(sandbox.FaultHTTP500, "certificates")
	}},
	{"wechat_platform_certificates", pos.Red, "keeps no platform certificates", func(s *shop) {
		s.set("wechat", "platform_certificates", true)
		s.set("wechat", "base_url", s.answering(404, `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`))
	}},
	{"wechat_appid", pos.Red, "is not bound", func(s *shop) { s.set("wechat", "appid", "wx0123456789abcdef"); s.o.Order = true }},
	{"wechat_appid", pos.Yellow, "Not tried", func(*shop) {}},
	{"wechat_appid", pos.Yellow, "Not tried", func(s *shop) { s.sell(); s.set("wechat", "appid", "wx0123456789abcdef") }}, // sold by another one
	{"wechat_appid", pos.Yellow, "named neither appid nor product", func(s *shop) { s.fault(sandbox.FaultHTTP500, "create"); s.o.Order = true }},
	{"wechat_product", pos.Red, "does not allow this shop", func(s *shop) {
		s.set("wechat", "base_url", s.answering(403, `{"code":"NO_AUTH","message":"商户无权限"}`))
	}},
	{"wechat_product", pos.Yellow, "Not tried", func(*shop) {}},

	{"alipay_numbers", pos.Red, "PID", func(s *shop) { s.set("alipay", "app_id", "2088123412341234") }},
	{"alipay_key_pair", pos.Red, "", func(s *shop) { s.write("keys/alipay_app_key.pem", "hello") }},
	{"alipay_public_key", pos.Red, "application's own public key", func(s *shop) {
		s.write("keys/alipay_public_key.pem", string(papers.EncodePublic(&s.papers.Alipay.AppKey.PublicKey)))
	}},
	{"alipay_rotation", pos.Yellow, "although its last day was 2020-02-03", func(s *shop) {
		_, k := s.strangerKey()
		s.write("keys/old.pem", k)
		s.set("alipay", "previous_alipay_public_key_file", "keys/old.pem")
		s.set("alipay", "previous_until", "2020-02-03")
	}},
	{"alipay_dns", pos.Red, "does not exist", func(s *shop) {
		s.set("alipay", "gateway_url", "https://pay.invalid/gateway.do")
		s.o.Resolver = names{}
	}},
	{"alipay_connection", pos.Red, "cannot be reached", func(s *shop) { s.box.Close() }},
	{"alipay_answers", pos.Red, "refuses this counter's signature", func(s *shop) {
		k, _ := s.strangerKey()
		s.write("keys/alipay_app_key.pem", k)
	}},
	{"alipay_answers", pos.Red, "not with anything its key has signed", func(s *shop) { s.fault(sandbox.FaultBadSignature, "query") }},
	{"alipay_answers", pos.Red, "does not know this shop's number", func(s *shop) { s.set("alipay", "app_id", "2021000000000000") }},
	{"alipay_clock", pos.Red, "ahead of Alipay", func(s *shop) { s.o.Now = ahead(5 * time.Minute) }},
	{"alipay_product", pos.Red, "does not allow this shop", func(s *shop) {
		s.set("alipay", "gateway_url", s.answering(200, `{"error_response":{"code":"40006","msg":"Insufficient Permissions","sub_code":"isv.insufficient-isv-permissions","sub_msg":"应用未签约"}}`))
	}},
	{"alipay_product", pos.Yellow, "Not tried", func(*shop) {}},

	{"proxy", pos.Yellow, "through the proxy 127.0.0.1:9", func(s *shop) {
		s.set("wechat", "base_url", nil)
		s.t.Setenv("HTTPS_PROXY", "http://user:canary@127.0.0.1:9")
	}},
	{"public_address", pos.Yellow, "There is no public address", func(s *shop) { real(s, "") }},
	{"public_address", pos.Red, "inside this network", func(s *shop) { real(s, "https://192.168.1.20") }},
	{"public_address", pos.Red, "inside this network", func(s *shop) { real(s, "https://counter.local") }},
	{"public_address", pos.Red, "ends in /shop/notify", func(s *shop) { real(s, "https://pay.example.com/shop/notify") }},
	{"public_dns", pos.Red, "does not exist", func(s *shop) { real(s, "https://pay.example.com"); s.o.Resolver = names{} }},
	{"public_dns", pos.Red, "inside this network", func(s *shop) {
		real(s, "https://pay.example.com")
		s.o.Resolver = names{"pay.example.com": "10.1.2.3"}
	}},
	{"listen", pos.Yellow, "notify.listen is empty", func(s *shop) { s.set("notify", "listen", nil); s.set("notify", "public_url", nil) }},
	{"listen", pos.Red, "is taken", func(s *shop) { s.set("notify", "listen", s.occupied()) }},
	{"listen", pos.Yellow, "nobody takes notifications", (*shop).hold},
	{"tunnel", pos.Red, "", func(s *shop) { s.tunnelTo(config.FreeAddress()) }},
	{"tunnel", pos.Yellow, "no line", func(s *shop) {
		s.tunnelTo(config.FreeAddress())
		s.o.Tunnel = &tunnel.Status{State: tunnel.Down, Err: pos.Errorf(pos.Unavailable, "no line")}
	}},
	{"tunnel", pos.Yellow, "is being made", func(s *shop) {
		s.tunnelTo(config.FreeAddress())
		s.o.Tunnel = &tunnel.Status{State: tunnel.Connecting}
	}},
	{"host_key", pos.Yellow, "could not be seen", func(s *shop) { s.tunnelTo(config.FreeAddress()) }},
	{"host_key", pos.Yellow, "not confirmed yet", func(s *shop) { s.tunnelTo(s.sshServer()) }},
	{"host_key", pos.Red, "another key than the confirmed one", func(s *shop) {
		at := s.sshServer()
		s.tunnelTo(at)
		s.pin(at, newHostKey(s.t).PublicKey())
	}},
	{"reach", pos.Yellow, "the counter is closed", func(*shop) {}},
	{"reach", pos.Yellow, "has made no echo.key", (*shop).hold},
	{"reach", pos.Red, "", func(s *shop) { s.o.Serve = true; s.set("notify", "public_url", "http://"+config.FreeAddress()) }},
	{"reach", pos.Red, "Something else than this counter", func(s *shop) { s.o.Serve = true; s.set("notify", "public_url", s.answering(200, "ok")) }},
	{"reach", pos.Red, "Another counter", func(s *shop) {
		s.hold()
		s.write(counter.EchoKeyName, strings.Repeat("k", 32))
		other := newShop(s.t, publicMode)
		other.open()
		s.set("notify", "public_url", "http://"+listen(other))
	}},
	{"reach", pos.Yellow, "notify.listen is not free", func(s *shop) { s.o.Serve = true; s.set("notify", "listen", s.occupied()) }},

	{"folder_owner", pos.Red, "Another computer, elsewhere", func(s *shop) {
		s.hold()
		s.write("lock.owner", `{"pid":1,"program":"saoma","host":"elsewhere"}`)
	}},
	{"ledger_writable", pos.Red, "cannot be written", func(s *shop) { s.write(db.BackupFolder, "a file where the folder belongs") }},
	{"disk_space", pos.Red, "only 100 MB left; when", func(s *shop) { s.o.Machine.DiskFree = room(100 << 20) }},
	{"disk_space", pos.Yellow, "only 1024 MB left", func(s *shop) { s.o.Machine.DiskFree = room(1 << 30) }},
	{"disk_space", pos.Yellow, "cannot be told", func(s *shop) { s.o.Dir = s.path("nowhere") }},
	{"ledger_version", pos.Red, "newer version", func(s *shop) { s.run(`INSERT INTO migration (number, name, at) VALUES (999, '0999_future', 0)`) }},
	{"ledger_version", pos.Red, "no ledger", func(s *shop) { s.must(os.Remove(s.path(db.FileName))) }},
	{"ledger_integrity", pos.Red, "schema", func(s *shop) { s.run(`DROP TRIGGER audit_stays`) }},
	{"ledger_integrity", pos.Yellow, "ledger.db cannot be read", func(s *shop) { s.must(os.Remove(s.path(db.FileName))) }},
	{"ledger_rules", pos.Red, "orders", func(s *shop) {
		s.sell()
		s.run(`UPDATE orders SET status = 'paid'`)
	}},
	{"audit_chain", pos.Red, "audit", func(s *shop) {
		s.sell()
		s.run(`DROP TRIGGER audit_stays; DELETE FROM audit WHERE seq = 2`)
	}},
	{"backup", pos.Yellow, "no backup", func(*shop) {}},
	{"backup", pos.Yellow, "last backup", func(s *shop) { s.backUp(3 * 24 * time.Hour) }},
	{"backup", pos.Red, "last backup", func(s *shop) { s.backUp(8 * 24 * time.Hour) }},

	{"printer", pos.Yellow, "no printer", func(s *shop) {
		s.o.Machine.Printers = func(context.Context) ([]string, error) { return nil, errors.New("no lpstat") }
	}},
	{"second_monitor", pos.Yellow, "one monitor", func(s *shop) { s.o.Monitors = 1 }},
	{"second_monitor", pos.Yellow, "only the counter's window", func(s *shop) { s.o.Monitors = 0 }},
	{"version", pos.Yellow, "does not know", func(s *shop) {
		s.o.Machine.Build = func() (*debug.BuildInfo, bool) { return nil, false }
	}},
	{"version", pos.Yellow, "changes that are in no release", func(s *shop) {
		s.o.Machine.Build = func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}, true
		}
	}},
	{"sqlite", pos.Red, "3.51.2 can damage", func(s *shop) { s.o.Machine.SQLite = 3051002 }},
	{"time_zone", pos.Yellow, "Asia/Shanghai", func(s *shop) { s.o.Local = time.UTC }},
	{"log_size", pos.Yellow, "11 MB", func(s *shop) {
		s.write(config.LogName, "")
		s.must(os.Truncate(s.path(config.LogName), 11<<20))
	}},
	{"log_size", pos.Red, "cannot be written", func(s *shop) { s.must(os.Mkdir(s.path(config.LogName), 0o700)) }},
}

// certIllnesses are those of an application in certificate mode.
var certIllnesses = []illness{
	{"alipay_key_pair", pos.Red, "does not belong to the application's certificate", func(s *shop) {
		k, _ := s.strangerKey()
		s.write("keys/alipay_app_key.pem", k)
	}},
	{"alipay_certificates", pos.Red, "swapped", func(s *shop) {
		app, theirs := s.read("keys/app.crt"), s.read("keys/alipay.crt")
		s.write("keys/app.crt", theirs)
		s.write("keys/alipay.crt", app)
	}},
	{"alipay_certificates", pos.Red, "expired", func(s *shop) { s.o.Now = ahead(20 * 366 * 24 * time.Hour) }},
	{"alipay_certificates", pos.Yellow, "expires on", func(s *shop) {
		s.write("keys/app.crt", s.certificate(s.papers.Alipay.AppKey, "app", -300, 20))
	}},
	{"alipay_certificates", pos.Red, "", func(s *shop) { s.write("keys/root.crt", "hello") }},
}

// TestIll makes each illness in a shop that is sound otherwise, and has the one check look.
func TestIll(t *testing.T) {
	tried := map[string]bool{}
	for _, table := range []struct {
		list []illness
		make func() (*sandbox.Papers, error)
	}{{illnesses, publicMode}, {certIllnesses, certMode}} {
		for _, ill := range table.list {
			tried[ill.check] = true
			t.Run(ill.check, func(t *testing.T) {
				if runtime.GOOS == "windows" && strings.HasSuffix(ill.check, "_access") {
					t.Skip("Windows has no modes")
				}
				s := newShop(t, table.make)
				ill.make(s)
				f, made := s.look(ill.check)
				switch {
				case !made:
					t.Fatal("it was not made")
				case f.Check != ill.check || f.Level != ill.level || !strings.Contains(f.Says.Sentence(), ill.says):
					t.Errorf("%s %s: %s", f.Level, f.Check, f.Says.Error())
				case f.Do == nil || f.Do.Sentence() == "":
					t.Errorf("it does not say what to do: %s", f.Says.Sentence())
				case strings.Contains(f.Says.Error()+f.Do.Error(), "canary"):
					t.Error("it tells the proxy's password")
				}
			})
		}
	}
	for _, name := range Names() {
		if !tried[name] {
			t.Errorf("no test makes %s fail", name)
		}
	}
}
