package counter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// answers stands between the platforms and a counter and counts what the counter tells them.
type answers struct {
	mu                sync.Mutex
	success, failures map[pos.Wallet]int
}

func (a *answers) count(r *http.Response) error {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	wallet := pos.Wallet(strings.TrimPrefix(r.Request.URL.Path, "/notify/"))
	ok := r.StatusCode < 300 && (wallet != pos.Alipay || string(body) == "success")
	a.mu.Lock()
	defer a.mu.Unlock()
	if ok {
		a.success[wallet]++
	} else {
		a.failures[wallet]++
	}
	return err
}

func (a *answers) of(w pos.Wallet) (success, failures int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.success[w], a.failures[w]
}

// overheard makes the platforms reach the counter of the folder through what counts its answers.
func overheard(t *testing.T, dir string) *answers {
	t.Helper()
	path := filepath.Join(dir, config.FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(dir, string(text))
	if err != nil {
		t.Fatal(err)
	}
	a := &answers{success: map[pos.Wallet]int{}, failures: map[pos.Wallet]int{}}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: cfg.Notify.Listen})
	proxy.ModifyResponse = a.count
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	changed := strings.Replace(string(text), `public_url = "http://`+cfg.Notify.Listen+`"`, `public_url = "`+server.URL+`"`, 1)
	if changed == string(text) {
		t.Fatal("public_url was not found")
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// run runs a counter to the test's end.
func run(t *testing.T, c *Counter) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, c.Close()); err != nil {
			t.Error(err)
		}
	})
	await(t, c.Config.Notify.Listen)
}

// slowly is how long a busy machine may take for anything.
const slowly = 2 * time.Minute

// eventually waits until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(slowly); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not so: %s", what)
		}
	}
}

// chargeBoth charges one payment with each wallet.
func chargeBoth(t *testing.T, c *Counter) []*pos.Payment {
	t.Helper()
	var list []*pos.Payment
	for _, w := range pos.Wallets {
		p, err := c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 1250, Wallet: w, Cashier: "li"})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the code is there", func() bool { return state(t, c, p) == pos.Waiting })
		list = append(list, p)
	}
	return list
}

func state(t *testing.T, c *Counter, p *pos.Payment) pos.PaymentState {
	t.Helper()
	now, err := c.Till.Payment(t.Context(), p.OutTradeNo)
	if err != nil {
		t.Fatal(err)
	}
	return now.State
}

// payRefused has the customer pay each and waits until the platform was told of a failure for each.
func payRefused(t *testing.T, c *Counter, a *answers, list []*pos.Payment) {
	t.Helper()
	for _, p := range list {
		if err := c.PayAsCustomer(t.Context(), p.OutTradeNo); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a notification was refused", func() bool { _, failures := a.of(p.Wallet); return failures > 0 })
		if success, _ := a.of(p.Wallet); success > 0 || state(t, c, p) != pos.Waiting {
			t.Errorf("%s was told of success %d times; the payment is %s", p.Wallet, success, state(t, c, p))
		}
	}
}

// onSmallDisk moves a data folder to a file system of its own that holds so much.
func onSmallDisk(t *testing.T, dir, size string) string {
	t.Helper()
	disk := t.TempDir()
	if said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v %s", err, said)
	}
	t.Cleanup(func() {
		if said, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, said)
		}
	})
	if err := os.CopyFS(disk, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return disk
}

// TestDiskIsFull fills the disk between two customers' payment and the platforms' word of it.
func TestDiskIsFull(t *testing.T) {
	folder, box := newFolder(t)
	a := overheard(t, folder)
	dir := onSmallDisk(t, folder, "2m")
	c := open(t, dir)
	run(t, c)
	list := chargeBoth(t, c)

	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	for block := make([]byte, 4096); err == nil; {
		_, err = ballast.Write(block)
	}
	ballast.Close()
	_, err = c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 1, Wallet: pos.WeChat, Cashier: "li"})
	if e, ok := errors.AsType[*pos.Error](err); !ok || e.Code != pos.Unavailable || !strings.HasPrefix(e.Sentence(), "The disk is full") {
		t.Errorf("a charge on a full disk: %v", err)
	}
	payRefused(t, c, a, list)
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	for _, p := range list { // the same counter goes on
		eventually(t, "paid once there is room", func() bool { return state(t, c, p) == pos.Paid })
	}
	agree(t, c, box, 2)
	if err := c.Damage(); err != nil {
		t.Error(err)
	}
}

// agree compares the platforms' records with the ledger.
func agree(t *testing.T, c *Counter, box *sandbox.Sandbox, payments int64) {
	t.Helper()
	dbtest.Sound(t, c.Ledger)
	resp, err := http.Get(box.URL() + "/sandbox/money")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	money, err := io.ReadAll(resp.Body)
	if err != nil || int64(bytes.Count(money, []byte(`"transaction_id"`))) != payments {
		t.Errorf("the platforms have %s (%v), want %d payments", money, err, payments)
	}
	totals, err := c.Ledger.Totals(t.Context(), "0000-01-01", "9999-12-31")
	var n int64
	for _, d := range totals {
		n += d.PaidCount
	}
	if err != nil || n != payments {
		t.Errorf("%d payments in the ledger (%v), want %d", n, err, payments)
	}
}

// TestDamagedLedger changes one byte of a value in the ledger of a closed counter. The next one finds
// it, says so, charges nothing, acknowledges nothing, and still shows the past.
func TestDamagedLedger(t *testing.T) {
	dir, _ := newFolder(t)
	a := overheard(t, dir)
	c := open(t, dir)
	list := chargeBoth(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, db.FileName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte("alipay 12.50")) // as the audit chain has it
	if at < 0 {
		t.Fatal("the audit row was not found")
	}
	content[at+len("alipay ")] = '9'
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}

	c = open(t, dir)
	told := make(chan error, 2)
	c.OnDamage(func(err error) { told <- err })
	run(t, c)
	select {
	case err := <-told:
		if pos.CodeOf(err) != pos.Damaged || !strings.Contains(err.Error(), "audit chain") || err != c.Damage() {
			t.Errorf("told %v", err)
		}
	case <-time.After(slowly):
		t.Fatal("nobody found the damage")
	}
	_, err = c.Till.Charge(t.Context(), pos.ChargeRequest{Amount: 1, Wallet: pos.WeChat, Cashier: "li"})
	if pos.CodeOf(err) != pos.Damaged {
		t.Errorf("a charge: %v", err)
	}
	payRefused(t, c, a, list)
	if recent, err := c.Till.Recent(t.Context(), 10); err != nil || len(recent) != 2 {
		t.Errorf("the past: %+v (%v)", recent, err)
	}
	log, err := os.ReadFile(filepath.Join(dir, config.LogName))
	if err != nil || !bytes.Contains(log, []byte("the ledger is damaged")) {
		t.Errorf("the log does not say so (%v)", err)
	}
}
