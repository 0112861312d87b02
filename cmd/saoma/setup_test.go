package main

import (
	"os"
	"path/filepath"
	"testing"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/ui/kit"
)

// What the owner types.
const (
	shopName    = "老街茶馆"
	newName     = "新街茶馆"
	managerName = "王芳"
	managerPIN  = "258036"
	passphrase  = "a kettle of longjing"
)

// The steps on the assistant's rail.
const (
	stepLanguage = iota
	stepShop
	stepManager
	stepKeys
	stepWeChat
	stepAlipay
	stepAddress
	stepTrial
)

// TestSetUp leads an owner through the whole assistant, from an empty folder and the papers that the sandbox hands out
// to a payment of 0.01 and its refund, and then to the counter, which is started again, opened with the passphrase,
// signed in to, looked over and changed.
func TestSetUp(t *testing.T) {
	d := newScreen(t)
	if !haveXclip() {
		t.Skip("xclip is not installed; Chinese is typed through the clipboard")
	}
	d.data = filepath.Join(d.data, "saoma") // not there yet
	papers, err := d.papers.HandOut(filepath.Join(d.home, "papers"), d.sandbox.URL())
	if err != nil {
		t.Fatal(err)
	}
	d.run("开店设置")
	d.reach(stepLanguage)
	d.shot("setup-1-language")
	d.keys("Return")
	d.reach(stepShop)
	d.paste(shopName)
	d.shot("setup-2-shop")
	d.keys("Return")
	d.reach(stepManager)
	d.fields(managerName, managerPIN, managerPIN)
	d.shot("setup-3-manager")
	d.keys("Return")
	d.reach(stepKeys)
	d.keys("Tab") // the pick proposes a passphrase where there is no keychain
	d.fields(passphrase, passphrase)
	d.shot("setup-4-keys")
	d.keys("Return")
	d.setUpWallets(papers)
	d.setUpAddress()
	d.trial()
	d.again()
}

// setUpWallets fills in both wallets' papers and waits for what their check finds.
func (d *desk) setUpWallets(papers *sandbox.HandedOut) {
	d.t.Helper()
	d.reach(stepWeChat)
	d.fields(papers.MchID, papers.AppID, papers.WeChatZip, "", "", "", papers.APIv3Key, "", papers.PublicKeyID, papers.WeChatPublicKey, d.sandbox.URL())
	d.shot("setup-5-wechat")
	d.keys("Return")
	d.verdict(stepWeChat)
	d.shot("setup-5-wechat-checked")
	d.keys("Return")
	d.reach(stepAlipay)
	d.fields(papers.AlipayAppID, papers.SellerID, papers.AlipayAppKey, "", papers.AlipayPublicKey, d.sandbox.URL()+"/gateway.do")
	d.shot("setup-6-alipay")
	d.keys("Return")
	d.verdict(stepAlipay)
	d.shot("setup-6-alipay-checked")
	d.keys("Return")
}

// setUpAddress has the platforms call this computer itself.
func (d *desk) setUpAddress() {
	d.t.Helper()
	d.reach(stepAddress)
	listen := config.FreeAddress()
	d.keys("Tab")
	d.fields("http://" + listen)
	d.keys("Tab", "ctrl+a")
	d.digits(listen)
	d.shot("setup-7-address")
	d.keys("Return")
	d.verdict(stepAddress)
	d.shot("setup-7-address-checked")
	d.keys("Return")
}

// trial pays 0.01 and takes it back.
func (d *desk) trial() {
	d.t.Helper()
	d.reach(stepTrial)
	d.settles("the counter is open", func() bool { return d.inked(opaque(kit.WeChatGreen)) > 0 })
	tried := len(d.sandbox.Orders()) // by the checks
	d.shot("setup-8-trial")
	d.keys("F1")
	o := d.order(tried)
	d.until("the code", func() bool { return d.code("root") == d.sandbox.Orders()[tried].CodeURL })
	d.shot("setup-8-trial-code")
	if err := d.sandbox.Pay(o.OutTradeNo); err != nil {
		d.t.Fatal(err)
	}
	d.settles("the code is gone", func() bool { return d.code("root") == "" })
	d.shot("setup-8-trial-paid")
	d.keys("Return")
	d.until("the refund at the platform", func() bool {
		money := d.sandbox.Money()
		return len(money) == 2 && money[0].Amount == 1 && money[1].Amount == -1
	})
	d.settles("the mark of the step", func() bool { return d.rail(stepTrial, railDisc) == opaque(kit.Good) })
	d.shot("setup-8-trial-refunded")
	d.keys("Return")
	d.counterOpens(shopName)
	if _, err := os.Stat(filepath.Join(d.data, unfinishedName)); err == nil {
		d.t.Error("the set-up still counts as unfinished")
	}
}

// again starts the counter once more: passphrase, PIN, check-up and settings.
func (d *desk) again() {
	d.t.Helper()
	d.sale(len(d.sandbox.Orders()), "alipay", "F2", "12.50", false)
	d.close()
	d.run("收银台已加密锁定")
	d.until("the passphrase is asked for", func() bool { return d.at(0.5, 0.05) == opaque(kit.Card) })
	d.digits("wrong words")
	d.keys("Return")
	d.until("it is refused", func() bool { return d.inked(opaque(kit.Bad)) > 0 })
	d.keepWindow(d.front, "setup-9-locked")
	d.digits(passphrase)
	d.keys("Return")
	d.counterOpens(shopName)
	d.signIn("setup-9-sign-in")
	d.awaitTill()
	d.sale(len(d.sandbox.Orders()), "wechat", "F1", "6.60", false)
	d.keys("F9")
	d.until("the check-up is through", func() bool { return d.pixel(d.width-26, d.height-72-12-23) == opaque(kit.Busy) })
	d.shot("window-doctor")
	d.keys("F10")
	d.signIn("")
	d.settles("the settings", func() bool { return d.inked(opaque(kit.BusyBg)) > 5000 })
	d.keys("ctrl+a")
	d.paste(newName)
	d.shot("window-settings")
	d.keys("Return")
	d.settles("it is kept", func() bool { return d.inked(opaque(kit.Gold)) > 2000 })
	d.keys("F12")
	d.counterOpens(newName)
	d.signIn("")
	d.awaitTill()
	d.sale(len(d.sandbox.Orders()), "wechat", "F1", "7.70", false)
}

// counterOpens waits for the cashier's window of the shop.
func (d *desk) counterOpens(name string) {
	d.t.Helper()
	d.front = d.window(name)
	d.geometry(d.front)
	d.until("the counter's window", func() bool { return d.at(0.3, 0.03) == opaque(kit.Navy) })
}

// signIn keys in the manager's PIN where the window asks who is there.
func (d *desk) signIn(keep string) {
	d.t.Helper()
	d.awaitGate()
	if keep != "" {
		d.shot(keep)
	}
	d.digits(managerPIN)
	d.keys("Return")
}
