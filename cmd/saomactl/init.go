package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// made is what init prints.
type made struct {
	Event   string `json:"event"`
	Data    string `json:"data"`
	Sandbox string `json:"sandbox"`
	Notify  string `json:"notify"`
}

// init makes a sandbox data folder.
func (a *app) init(ctx context.Context, f *flags, args []string) error {
	var wanted bool
	f.toggle("sandbox", &wanted)
	listen, shop, counter := f.text("listen", "127.0.0.1:PORT"), f.text("shop", "NAME"), f.text("counter", "CODE")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if !wanted {
		return pos.Errorf(pos.Invalid, "--sandbox is missing: init makes sandbox folders only; a real shop is set up with: saomactl setup")
	}
	dir, err := a.dir()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := vacant(dir); err != nil {
		return err
	}
	sandboxAt, err := a.sandboxAddress(*listen)
	if err != nil {
		return err
	}
	notifyAt, err := freePort(sandboxAt)
	if err != nil {
		return err
	}
	papers, err := sandbox.NewPapers()
	if err != nil {
		return err
	}
	fresh := config.Fresh{
		Shop: *shop, Counter: *counter,
		MchID: papers.WeChat.MchID, WeChatAppID: papers.WeChat.AppID,
		MerchantSerial: papers.WeChat.MerchantSerial, WeChatPublicKeyID: papers.WeChat.PublicKeyID,
		AlipayAppID: papers.Alipay.AppID, SellerID: papers.Alipay.SellerID,
		Sandbox: "http://" + sandboxAt, Notify: notifyAt,
	}
	if !f.given("shop") {
		fresh.Shop = a.lang.T("Saoma sandbox shop")
	}
	if !f.given("counter") {
		fresh.Counter = "K1"
	}
	text, err := fresh.Text(dir)
	if err != nil {
		return err
	}
	if err := settle(ctx, dir, text, papers); err != nil {
		return err
	}
	a.emit(made{"init", dir, fresh.Sandbox, "http://" + notifyAt},
		a.lang.T("The sandbox folder %s is ready. Next, in two terminals:", dir)+
			"\n  saomactl --data "+strconv.Quote(dir)+" sandbox\n  saomactl --data "+strconv.Quote(dir)+" charge 12.50 --wallet wechat")
	return nil
}

// vacant refuses a folder that holds a counter already, or parts of one.
func vacant(dir string) error {
	for _, name := range []string{config.FileName, db.FileName, config.KeysDir, config.SandboxDir} {
		_, err := os.Lstat(filepath.Join(dir, name))
		if err == nil {
			return pos.Errorf(pos.Invalid, "--data %s already has %s, and nothing is overwritten; choose another folder.", dir, name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return pos.Errorf(pos.Invalid, "--data %s cannot be used; choose another folder.", dir).Because(err)
		}
	}
	return nil
}

// settle fills the folder. saoma.toml comes last: a folder without it is not a counter's.
func settle(ctx context.Context, dir, text string, papers *sandbox.Papers) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return pos.Errorf(pos.Invalid, "--data %s cannot be made; choose another folder.", dir).Because(err)
	}
	stage, err := os.MkdirTemp(dir, ".init-*")
	if err != nil {
		return pos.Errorf(pos.Invalid, "--data %s cannot be written; choose another folder.", dir).Because(err)
	}
	defer os.RemoveAll(stage)
	if err := papers.WriteMerchant(filepath.Join(stage, config.KeysDir)); err != nil {
		return err
	}
	if err := papers.Write(filepath.Join(stage, config.SandboxDir)); err != nil {
		return err
	}
	ledger, err := db.Open(ctx, stage, db.Options{}) // so that reading commands work from the first minute
	if err != nil {
		return err
	}
	if err := ledger.Close(); err != nil {
		return err
	}
	if err := config.WriteAtomic(filepath.Join(stage, config.FileName), []byte(text)); err != nil {
		return err
	}
	for _, name := range []string{config.KeysDir, config.SandboxDir, db.FileName, config.FileName} {
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// sandboxAddress is the address --listen names, or a free one.
func (a *app) sandboxAddress(listen string) (string, error) {
	if listen == "" {
		return freePort("")
	}
	host, port, err := splitListen(listen)
	if err != nil {
		return "", err
	}
	if port == 0 {
		return freePort("")
	}
	return net.JoinHostPort(reachable(host), strconv.Itoa(port)), nil
}

// freePort finds a loopback address nobody listens on.
func freePort(except string) (string, error) {
	if address := config.FreeAddress(except); address != "" {
		return address, nil
	}
	return "", pos.Errorf(pos.Unavailable, "No free port was found on 127.0.0.1; name one with --listen 127.0.0.1:PORT.")
}

// splitListen reads host:port. The sandbox speaks plain http, which our side accepts on the loopback
// only, so it listens there or on every interface.
func splitListen(listen string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	ip := net.ParseIP(host)
	if err != nil || port < 0 || port > 65535 || (host != "" && host != "localhost" && !ip.IsLoopback() && !ip.IsUnspecified()) {
		return "", 0, pos.Errorf(pos.Invalid, "--listen must be 127.0.0.1:PORT, or 0.0.0.0:PORT to let a phone in the same network in, with a port from 0 to 65535 (0: any free one).")
	}
	return host, port, nil
}

// reachable is where this machine reaches a listener on host.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		return "127.0.0.1"
	}
	return host
}
