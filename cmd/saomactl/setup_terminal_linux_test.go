package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/payments/sandbox"
)

// person sits at the terminal of a set-up and answers what is asked.
type person struct {
	*screen
	read int // how far the terminal has been read
}

func (o *owner) sits() *person { return &person{screen: o.onTerminal("setup")} }

// reads waits until the words are shown and returns what was shown up to them.
func (p *person) reads(words string) string {
	p.t.Helper()
	for end := time.Now().Add(slowly); ; time.Sleep(5 * time.Millisecond) {
		text := p.text()[p.read:]
		if before, _, found := strings.Cut(text, words); found {
			p.read += len(before) + len(words)
			return before
		}
		if time.Now().After(end) {
			p.t.Fatalf("%q is not shown: %q", words, text)
		}
	}
}

// types waits for the question, which ends in one of the prompts, and answers it. It returns what was shown until then.
func (p *person) types(question, answer string) string {
	p.t.Helper()
	prompt := "\n> "
	if strings.HasSuffix(question, "?") {
		prompt = "] "
	}
	shown := p.reads(question) + question + p.reads(prompt)
	p.write(answer + "\n")
	return shown
}

func (p *person) write(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.master, keys); err != nil {
		p.t.Fatal(err)
	}
}

// keysIn answers a question whose answer is not shown.
func (p *person) keysIn(question, keys string) {
	p.t.Helper()
	p.reads(question)
	p.keys(keys)
}

// keys types once nothing typed is shown.
func (p *person) keys(keys string) {
	p.t.Helper()
	for end := time.Now().Add(slowly); echoes(p.t, p.master); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("what is typed would be shown: %q", p.text()[p.read:])
		}
	}
	p.write(keys)
}

// refused gives a wrong answer: it is told in the words of the question, and not proposed when the same is asked again.
func (p *person) refused(question, answer, says string) {
	p.t.Helper()
	p.types(question, answer)
	told := p.reads(says)
	if label := strings.TrimSuffix(strings.TrimPrefix(question, "\n"), "\r"); !strings.Contains(told, "“"+label+"”") {
		p.t.Errorf("%q does not name the field %s: %q", says, label, told)
	}
	here := p.read
	p.reads(question)
	if again := p.reads("\n> "); answer != "" && strings.Contains(again, "Enter: "+answer) {
		p.t.Errorf("%s: what was refused is proposed: %q", question, again)
	}
	p.read = here
}

// otherMerchant has papers of its own.
func otherMerchant(t *testing.T) (*sandbox.HandedOut, error) {
	papers, err := sandbox.NewPapers()
	if err != nil {
		return nil, err
	}
	return papers.HandOut(t.TempDir(), "http://127.0.0.1")
}

// From an empty folder to the paid and refunded ¥0.01 with an owner's mistakes on the way: none is a dead end, Ctrl-C
// costs no step that was kept, and the zip with the key is offered for deletion once, at the end.
func TestSetupByPerson(t *testing.T) {
	o := newOwner(t)
	other, err := otherMerchant(t)
	if err != nil {
		t.Fatal(err)
	}
	p := o.sits()
	p.types("\nName of the shop", "老街茶馆")
	p.types("\nCode of this counter", "back")
	p.types("\nName of the shop", "")
	p.types("\nCode of this counter", "收银1")
	p.types("\nTime zone", "")
	p.types("\nA business day begins at", "")
	p.reads("“Code of this counter” must be")
	if asked := p.types("\nCode of this counter", "K2"); !strings.Contains(asked, "Enter: K1 ") {
		t.Errorf("the last good answer is not proposed: %q", asked)
	}
	p.types("\nTime zone", "")
	p.types("\nA business day begins at", "")
	p.types("\nName\r", "later")
	p.refused("\nThe keys are kept", "4", "Type 1/2/3, ")
	p.types("\nThe keys are kept", "plain files")
	p.types("Do this step now?", "perhaps")
	p.reads("Type y for yes")
	p.types("Do this step now?", "y")
	p.refused("\nMerchant number (mchid)", o.papers["appid"], "This is an appid")
	p.types("\nMerchant number (mchid)", o.papers["mchid"])
	p.refused("\nAPPID", o.papers["app_id"], "This is Alipay's APPID")
	p.types("\nAPPID", o.papers["appid"])
	p.refused("\nZip of the merchant's certificate", "/nowhere/x.zip", "There is no file")
	p.refused("\nZip of the merchant's certificate", other.WeChatZip, "belongs to merchant "+other.MchID)
	p.types("\nZip of the merchant's certificate", "")
	p.types("\nMerchant's certificate", "")
	p.refused("\nMerchant's private key", "", "is missing")
	p.types("\nMerchant's private key", o.papers["app_key"]) // whose it is shows once there is a certificate
	p.types("\nSerial number of the certificate", "back")
	p.types("\nMerchant's private key", "back")
	p.types("\nMerchant's certificate", o.papers["wechat_zip"])
	p.types("\nMerchant's private key", "")
	p.reads("does not belong to the merchant's certificate")
	if asked := p.types("\nMerchant's private key", o.papers["wechat_zip"]); strings.Contains(asked, "Enter: "+o.papers["app_key"]) {
		t.Errorf("the refused key is proposed: %q", asked)
	}
	p.keysIn("\nAPIv3 key", o.papers["apiv3_key"][1:]+"\n") // the certificate's serial number is not asked for: the zip has it
	p.reads("this has 31")
	p.keysIn("\nAPIv3 key", "\x03") // Ctrl-C
	if code := p.end(); code != exitInput {
		t.Errorf("after Ctrl-C: %d, %q", code, p.text())
	}
	p.reads("to go on: saomactl --data")
	if strings.Contains(p.text(), "Delete") {
		t.Errorf("deleting was offered: %q", p.text())
	}
	if got := o.states(); got != "shop kept, manager open, keys kept, wechat open, alipay open, address open, trial open" {
		t.Errorf("after Ctrl-C: %s", got)
	}

	p = o.sits()
	p.types("\nName\r", "later")
	p.wechat(o)
	p.types("Do this step now?", "")
	p.alipay(o)
	p.types("Do this step now?", "later")
	p.types("Do this step now?", "")
	p.reads("out_trade_no  ")
	if strings.Contains(p.text(), "Delete") {
		t.Errorf("deleting is offered before the trial: %q", p.text())
	}
	o.pay(strings.TrimSpace(p.reads("\n")))
	p.reads("succeeded")
	if list := p.types("Delete these copies?", "y"); !strings.Contains(list, o.papers["wechat_zip"]) || !strings.Contains(list, o.papers["app_key"]) {
		t.Errorf("not all files are named: %q", list)
	}
	p.reads("Left for later: The manager, The way for notifications.")
	if code := p.end(); code != 0 {
		t.Errorf("exit %d: %q", code, p.text())
	}
	for _, name := range []string{"wechat_zip", "app_key"} {
		if _, err := os.Stat(o.papers[name]); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, key := range []string{"wechat.", "alipay.", "shop.", "wechat_"} {
		if strings.Contains(strings.ReplaceAll(p.text(), o.papers["wechat_zip"], ""), " "+key) {
			t.Errorf("an internal name is shown, %s: %q", key, p.text())
		}
	}
	o.verified()
}

// wechat fills the step in; another party's public key shows when it is tried.
func (p *person) wechat(o *owner) {
	p.t.Helper()
	p.types("Do this step now?", "")
	p.types("\nMerchant number (mchid)", o.papers["mchid"])
	p.types("\nAPPID", o.papers["appid"])
	p.types("\nZip of the merchant's certificate", o.papers["wechat_zip"])
	p.keysIn("\nAPIv3 key", o.papers["apiv3_key"]+"\n")
	p.types("\nWeChat Pay proves itself by", "public key")
	p.types("\nId of WeChat Pay's public key", o.papers["public_key_id"])
	p.types("\nWeChat Pay's public key\r", o.papers["wechat_public_key"])
	p.types("\nAddress of WeChat Pay", "http://example.com")
	p.reads("“Address of WeChat Pay” must begin with https://")
	p.types("\nAddress of WeChat Pay", o.papers["base_url"])
	p.reads("WeChat Pay: kept.")
}

// alipay fills the step in, with the two public keys swapped at first.
func (p *person) alipay(o *owner) {
	p.t.Helper()
	p.types("\nAPPID of the application", o.papers["app_id"])
	p.types("\nAccount number (PID)", o.papers["seller_id"])
	p.refused("\nApplication's private key", o.papers["alipay_public_key"], "This is a public key")
	p.types("\nApplication's private key", o.papers["app_key"])
	p.refused("\nInterface signing uses", "3", "Type 1/2, ")
	p.types("\nInterface signing uses", "")
	p.refused("\nAlipay's public key", filepath.Join(filepath.Dir(o.papers["app_key"]), "应用公钥RSA2048.txt"), "the application's own public key")
	p.types("\nAlipay's public key", o.papers["alipay_public_key"])
	p.types("\nAddress of Alipay", o.papers["gateway_url"])
	p.reads("Alipay: kept.")
}
