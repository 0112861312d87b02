package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// proposes waits for a question that was answered before: the answer counts, and is not shown.
func (p *person) proposes(question, secret string) {
	p.t.Helper()
	p.reads(question)
	if asked := p.reads("\n> "); !strings.Contains(asked, "Enter: as you typed it") || strings.Contains(asked, secret) {
		p.t.Errorf("%s: %q", question, asked)
	}
}

// No question shows a secret that was typed at it before, and no refusal a piece of a key.
func TestSetupShowsNoSecret(t *testing.T) {
	const pin, word, token = ownersPIN, "correct horse", "a token of frps"
	o := newOwner(t)
	key, err := os.ReadFile(o.papers["app_key"]) // one line without BEGIN
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(".{1,64}").FindAllString(strings.TrimSpace(string(key)), -1)
	p := o.sits()
	p.types("\nName of the shop", "老街茶馆")
	for _, question := range []string{"\nCode of this counter", "\nTime zone", "\nA business day begins at"} {
		p.types(question, "")
	}
	p.types("\nName\r", "王芳")
	p.keysIn("\nPIN\r", pin+"\n")
	p.keysIn("\nPIN, once more\r", "back\n")
	p.proposes("\nPIN\r", pin)
	p.keys("\n")
	p.keysIn("\nPIN, once more\r", pin+"\n")
	p.types("\nThe keys are kept", "2")
	p.keysIn("\nPassphrase\r", word+"\n")
	p.keysIn("\nPassphrase, once more\r", word+"\n")
	p.types("\nFile with the passphrase", "back")
	p.proposes("\nPassphrase, once more\r", word)
	p.keys("back\n")
	p.proposes("\nPassphrase\r", word)
	p.keys("\n")
	p.keysIn("\nPassphrase, once more\r", "\n")
	p.types("\nFile with the passphrase", "")

	p.types("Do this step now?", "y")
	p.types("\nMerchant number (mchid)", o.papers["mchid"])
	p.types("\nAPPID", o.papers["appid"])
	p.types("\nZip of the merchant's certificate", "")
	p.types("\nMerchant's certificate", "")
	p.types("\nMerchant's private key", lines[0][:60])
	p.reads("There is no file of this name.")
	if told := p.reads("\nMerchant's private key"); strings.Contains(told, lines[0][:60]) {
		t.Errorf("a piece of a key is told: %q", told)
	}
	p.types("", strings.Join(lines, "\n"))
	p.types("\nSerial number of the certificate", "back")
	p.proposes("\nMerchant's private key", lines[1])
	p.write("\n")
	p.types("\nSerial number of the certificate", strings.Repeat("4F", 20))
	p.keysIn("\nAPIv3 key", o.papers["apiv3_key"]+"\n")
	p.types("\nWeChat Pay proves itself by", "back")
	p.proposes("\nAPIv3 key", o.papers["apiv3_key"])
	p.keys("later\n")

	p.types("Do this step now?", "later") // Alipay
	p.types("Do this step now?", "y")
	p.types("\nNotifications come", "frp")
	p.types("\nPublic address", "")
	p.types("\nAddress on this computer", "")
	p.types("\nServer", "frp.example.com")
	p.keysIn("\nToken of the frp server", token+"\n")
	p.types("\nName of the proxy", "back")
	p.proposes("\nToken of the frp server", token)
	p.keys("later\n")
	p.reads("Left for later")
	if code := p.end(); code != 0 {
		t.Errorf("exit %d: %q", code, p.text())
	}
	for _, secret := range []string{pin, word, o.papers["apiv3_key"], token} {
		if strings.Contains(p.text(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
}
