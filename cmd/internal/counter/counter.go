// Package counter wires one counter from its data folder: configuration, ledger, gateways, till,
// poller and notification server. The window and the terminal both run it.
package counter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/db"
	"saoma/payments/notify"
	"saoma/payments/tunnel"
	"saoma/pos"
	"saoma/pos/reconcile"
)

// Options are what Open may be told.
type Options struct {
	Log *slog.Logger // nil: DIR/saoma.log
	// Ask asks a person for the passphrase under which the keys are sealed, where vault.passphrase_file does not
	// tell it; see vault.Options. nil: nobody can be asked.
	Ask   func(ctx context.Context, again bool) (string, error)
	Vault *vault.Vault // the folder's, if it is open already; nil: Open opens it
	// Upgrading is called before a ledger of an older version is brought up to date; see db.Options.
	Upgrading func()
}

// Counter is a counter that is open. It owns its data folder until Close.
type Counter struct {
	Till    *pos.Till
	Books   *reconcile.Books
	Shop    pos.Shop
	Config  *config.Config
	Ledger  *db.Ledger
	Sandbox bool // no real money moves
	Vault   *vault.Vault
	Log     *slog.Logger

	platforms *Platforms
	logFile   io.Closer
	pace      reachPace
	mu        sync.Mutex
	listener  net.Listener   // nil until Listen
	tunnel    *tunnel.Tunnel // nil until it is started
}

// Open opens the counter of a data folder. Configuration and keys are checked before anything is
// written. A folder that another process has open is a Conflict that says which.
func Open(ctx context.Context, dir string, o Options) (*Counter, error) {
	cfg, err := config.Load(dir)
	if err != nil {
		return nil, err
	}
	c := &Counter{Shop: cfg.Shop, Config: cfg, Sandbox: cfg.Sandbox(), Vault: o.Vault, pace: defaultReachPace}
	if c.Vault == nil {
		if err := Closed(ctx, cfg.Dir); err != nil { // before a passphrase is asked for in vain
			return nil, err
		}
		if c.Vault, err = vault.Open(ctx, cfg.Dir, vault.Options{PassphraseFile: cfg.Vault.PassphraseFile, Ask: o.Ask}); err != nil {
			return nil, err
		}
	}
	keys, err := cfg.Keys(c.Vault.Read)
	if err != nil {
		return nil, err
	}
	c.Ledger, err = db.Open(ctx, cfg.Dir, db.Options{Upgrading: o.Upgrading})
	if err == nil {
		err = c.openLog(o.Log)
	}
	if err == nil {
		c.platforms, err = Gateways(cfg, keys, c.Log)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	c.OnDamage(func(damage error) { c.Log.Error("the ledger is damaged", "error", damage) })
	c.Till = &pos.Till{Shop: cfg.Shop, Store: c.Ledger, Gateways: c.platforms.Gateways, Log: c.Log}
	c.Books = reconcile.New(c.Till, c.Ledger)
	return c, nil
}

// Closed is nil where no process has the data folder open, and else the sentence that says which.
func Closed(ctx context.Context, dir string) error {
	if _, open, err := db.FolderOwner(dir); err != nil || !open {
		return nil // what is wrong with the lock, opening the ledger tells
	}
	l, err := db.Open(ctx, dir, db.Options{})
	if err != nil {
		return err
	}
	return l.Close() // it has just ended
}

// Damage is nil, or the sentence why nothing is recorded any more: the ledger's file is damaged. Then
// nothing is charged, and no notification is answered with success; the past can still be read.
func (c *Counter) Damage() error { return c.Ledger.Damage() }

// OnDamage has fn called once with what Damage returns, as soon as there is some. fn must not block.
func (c *Counter) OnDamage(fn func(error)) { c.Ledger.OnDamage(fn) }

func (c *Counter) openLog(given *slog.Logger) error {
	if c.Log = given; given != nil {
		return nil
	}
	log, file, err := OpenLog(filepath.Join(c.Config.Dir, config.LogName))
	c.Log, c.logFile = log, file
	return err
}

// Listen takes the address of notify.listen, and returns where notifications are served; empty when
// none is configured. An error says so in a sentence: without notifications, polling still confirms.
func (c *Counter) Listen() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	addr := c.Config.Notify.Listen
	if addr == "" {
		return "", nil
	}
	if c.listener == nil {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return "", pos.Errorf(pos.Unavailable, "notify.listen %s is not free, so no notifications arrive here; payments are confirmed by polling.", addr).Because(err)
		}
		c.listener = l
	}
	return "http://" + c.listener.Addr().String(), nil
}

// Run serves notifications and polls until ctx ends. Attempts that were not final when the last counter
// ended are taken up again first. It listens if Listen was not called; a failure to is a warning.
func (c *Counter) Run(ctx context.Context) error {
	if _, err := c.Till.Resume(ctx); err != nil && c.Damage() == nil {
		return err
	}
	if _, err := c.Listen(); err != nil {
		c.Log.Warn("no notifications", "error", err)
	}
	key, err := echoKey(c.Config.Dir)
	if err != nil {
		c.Log.Warn("the echo key could not be kept", "error", err)
	}
	notices := notify.New(notify.Options{Till: c.Till, Decoders: c.platforms.Decoders, Log: c.Log, Echo: key})
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { c.reachable(ctx, notices, key) })
	work.Go(func() {
		c.check(ctx)
		c.backUpDaily(ctx)
	})
	work.Go(func() { c.reconcileDaily(ctx) })
	if c.listener != nil {
		server := notify.Server(c.Config.Notify.Listen, notices, c.Log)
		work.Go(func() {
			if err := server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
				c.Log.Error("the notification server ended", "error", err)
			}
		})
		defer c.shutDown(server)
	}
	(&pos.Poller{Till: c.Till}).Run(ctx)
	return nil
}

// checkAfter is when the whole ledger is verified: once the counter is at work, so that its start and
// the first sale do not wait for it.
const checkAfter = 5 * time.Second

// check verifies the whole ledger once. What it finds, OnDamage tells.
func (c *Counter) check(ctx context.Context) {
	select {
	case <-time.After(checkAfter):
	case <-ctx.Done():
		return
	}
	if err := c.Ledger.Check(ctx); err != nil && ctx.Err() == nil && c.Damage() == nil {
		c.Log.Error("the ledger could not be verified", "error", err)
	}
}

// shutDown lets the notifications under way be answered.
func (c *Counter) shutDown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // the platform sends again what was not answered
	}
}

// Close ends the counter: gateways, ledger, log. Run must have returned.
func (c *Counter) Close() error {
	c.platforms.Stop()
	var errs []error
	c.mu.Lock()
	if c.listener != nil {
		if err := c.listener.Close(); !errors.Is(err, net.ErrClosed) { // Run closed it
			errs = append(errs, err)
		}
	}
	c.mu.Unlock()
	if c.Ledger != nil {
		errs = append(errs, c.Ledger.Close())
	}
	if c.logFile != nil {
		errs = append(errs, c.logFile.Close())
	}
	return errors.Join(errs...)
}

// SandboxURL is the sandbox's own address, and empty at a real counter.
func (c *Counter) SandboxURL() string {
	if !c.Sandbox {
		return ""
	}
	return c.Config.SandboxURL()
}

// PayAsCustomer does what the customer does: scan the code and pay. Only a sandbox allows it.
func (c *Counter) PayAsCustomer(ctx context.Context, outTradeNo string) error {
	base := c.SandboxURL()
	if base == "" {
		return pos.Errorf(pos.Conflict, "Only a sandbox has a simulated customer.")
	}
	ctx, cancel := context.WithTimeout(ctx, pos.CallTimeout)
	defer cancel()
	body, err := json.Marshal(struct {
		OutTradeNo string `json:"out_trade_no"`
	}{outTradeNo})
	if err != nil {
		return err
	}
	address, err := url.JoinPath(base, "/sandbox/pay")
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return pos.Errorf(pos.Unavailable, "The sandbox at %s does not answer; start it with: saomactl sandbox", base).Because(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // only for the log
		return pos.Errorf(pos.Conflict, "The sandbox's customer cannot pay this code any more.").Because(fmt.Errorf("%s: %s", resp.Status, why))
	}
	return nil
}
