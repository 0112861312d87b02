package counter

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// newFolder makes a data folder with a sandbox that runs until the test's end.
func newFolder(t *testing.T) (dir string, box *sandbox.Sandbox) {
	t.Helper()
	papers, err := sandbox.NewPapers()
	if err != nil {
		t.Fatal(err)
	}
	return folderOf(t, papers)
}

func folderOf(t *testing.T, papers *sandbox.Papers) (dir string, box *sandbox.Sandbox) {
	t.Helper()
	dbtest.OneDay(t)
	dir = t.TempDir()
	if err := papers.WriteMerchant(filepath.Join(dir, config.KeysDir)); err != nil {
		t.Fatal(err)
	}
	box = sandbox.New(papers, sandbox.Options{Speed: 10})
	if err := box.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	text, err := config.Fresh{
		Shop: "面馆", Counter: "K1", MchID: papers.WeChat.MchID, WeChatAppID: papers.WeChat.AppID,
		MerchantSerial: papers.WeChat.MerchantSerial, WeChatPublicKeyID: papers.WeChat.PublicKeyID,
		AlipayAppID: papers.Alipay.AppID, SellerID: papers.Alipay.SellerID,
		Sandbox: box.URL(), Notify: config.FreeAddress(),
	}.Text(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, box
}

func open(t *testing.T, dir string) *Counter {
	t.Helper()
	c, err := Open(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestNotifiedAndPolled sells twice: once with the notification server's address free, once with it taken.
func TestNotifiedAndPolled(t *testing.T) {
	for _, taken := range []bool{false, true} {
		dir, box := newFolder(t)
		c := open(t, dir)
		want := pos.FromNotification
		if taken {
			l, err := net.Listen("tcp", c.Config.Notify.Listen)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			want = pos.FromPoll
		} else if err := box.Faults().Add(sandbox.Fault{Kind: sandbox.FaultHTTP500, Op: "query"}); err != nil { // or asking may be faster
			t.Fatal(err)
		}
		paid := make(chan *pos.Payment, 1)
		c.Till.Subscribe(func(e pos.Event) {
			if e.Kind == pos.PaymentChanged && e.Payment.State == pos.Paid {
				paid <- e.Payment
			}
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()

		p, err := c.Till.Charge(ctx, pos.ChargeRequest{Amount: 1250, Wallet: pos.WeChat, Cashier: "test"})
		if err != nil || p.State != pos.Waiting {
			t.Fatalf("charge: %+v, %v", p, err)
		}
		if !taken {
			await(t, c.Config.Notify.Listen)
		}
		if err := c.PayAsCustomer(ctx, p.OutTradeNo); err != nil {
			t.Fatal(err)
		}
		select {
		case p := <-paid:
			if p.ConfirmedBy != want || p.Amount != 1250 {
				t.Errorf("address taken %v: %+v", taken, p)
			}
		case <-time.After(slowly):
			t.Fatal("not paid")
		}
		if err := c.PayAsCustomer(ctx, p.OutTradeNo); pos.CodeOf(err) != pos.Conflict {
			t.Errorf("paying twice: %v", err)
		}
		cancel()
		if err := errors.Join(<-ended, c.Close()); err != nil {
			t.Error(err)
		}
	}
}

// await waits until somebody listens.
func await(t *testing.T, addr string) {
	t.Helper()
	for end := time.Now().Add(slowly); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
	}
	t.Fatalf("nobody listens on %s", addr)
}

func TestOpen(t *testing.T) {
	dir, box := newFolder(t)
	c := open(t, dir)
	if !c.Sandbox || c.SandboxURL() != box.URL() || c.Shop.Name != "面馆" {
		t.Errorf("sandbox %v at %q, shop %q", c.Sandbox, c.SandboxURL(), c.Shop.Name)
	}
	for waited, tries := time.Hour, 0; waited > time.Second; tries++ { // a busy machine may take its time
		begin := time.Now()
		_, err := Open(context.Background(), dir, Options{})
		if waited = time.Since(begin); pos.CodeOf(err) != pos.Conflict || tries == 20 {
			t.Fatalf("a second counter hears %v after %s", err, waited)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	c = open(t, dir) // the folder is free again
	defer c.Close()
	for wallet, want := range map[pos.Wallet]string{pos.WeChat: "/notify/wechat", pos.Alipay: "/notify/alipay"} {
		if got := c.Config.NotifyURL(wallet); !strings.HasSuffix(got, want) || !strings.HasPrefix(got, "http://127.0.0.1:") {
			t.Errorf("notify url of %s: %q", wallet, got)
		}
	}
}

// TestWrongKeyWritesNothing opens a counter whose key file is another's.
func TestWrongKeyWritesNothing(t *testing.T) {
	dir, _ := newFolder(t)
	keys := filepath.Join(dir, config.KeysDir)
	if err := os.Rename(filepath.Join(keys, "wechat_public_key.pem"), filepath.Join(keys, "wechat_merchant_key.pem")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), dir, Options{})
	if pos.CodeOf(err) != pos.Setup || !strings.Contains(err.Error(), "wechat.merchant_key_file: This is a public key") {
		t.Errorf("says %v", err)
	}
	for _, name := range []string{"ledger.db", "lock", config.LogName} {
		if _, err := os.Stat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s was written", name)
		}
	}
}

func TestLogTurnsOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saoma.log")
	f, err := openRotating(path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(f, nil))
	for i := range 100 {
		log.Info("line", "n", i)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	now, err1 := os.ReadFile(path)
	before, err2 := os.ReadFile(path + ".1")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if len(now) > 1000 || len(before) > 1000 || len(before) < 900 {
		t.Errorf("%d bytes, and %d before", len(now), len(before))
	}
	if !strings.HasSuffix(string(now), "n=99\n") {
		t.Errorf("the last line is not the last: %q", now)
	}
}
