package main

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/gofrs/flock"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// listening is the first line of sandbox and serve.
type listening struct {
	Event    string `json:"event"`
	URL      string `json:"url,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Notify   string `json:"notify,omitempty"`   // where serve listens
	Expected string `json:"expected,omitempty"` // where the platforms are to call; reach tells whether that works
}

// The speeds the sandbox takes.
const slowest, fastest = 0.01, 100_000

// sandbox runs both simulated gateways until a signal.
func (a *app) sandbox(ctx context.Context, f *flags, args []string) error {
	listen, pace, papers := f.text("listen", "127.0.0.1:PORT"), f.text("speed", "N"), f.text("papers", "DIR")
	var certificates bool
	f.toggle("certificates", &certificates)
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	speed := 1.0
	if f.given("speed") {
		var err error
		if speed, err = strconv.ParseFloat(*pace, 64); err != nil || !(speed >= slowest && speed <= fastest) {
			return pos.Errorf(pos.Invalid, "--speed must be a number from 0.01 to 100000, such as 10.")
		}
	}
	if *papers != "" {
		home, err := a.papersHome(*papers, *listen, certificates)
		if err != nil {
			return err
		}
		return a.runSandbox(ctx, home, speed)
	}
	if certificates {
		return pos.Errorf(pos.Invalid, "--certificates needs --papers: it says which papers are handed out.")
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	addr, err := listenAt(cfg, *listen)
	if err != nil {
		return err
	}
	return a.runSandbox(ctx, sandboxHome{
		dir: filepath.Join(cfg.Dir, config.SandboxDir), addr: addr, shop: cfg.Shop.Name,
		listening: func(s *sandbox.Sandbox) (any, error) {
			return nil, config.MoveSandbox(cfg.Dir, s.URL())
		},
	}, speed)
}

// sandboxHome is where a sandbox keeps itself and what is done when it listens.
type sandboxHome struct {
	dir       string // of papers.json and state.json
	addr      string
	shop      string
	listening func(*sandbox.Sandbox) (says any, err error)
}

// runSandbox runs a sandbox until a signal.
func (a *app) runSandbox(ctx context.Context, home sandboxHome, speed float64) error {
	papers, err := sandbox.ReadPapers(home.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return pos.Errorf(pos.Setup, "--data %s is not a sandbox folder; make one with: saomactl --data DIR init --sandbox", filepath.Dir(home.dir))
	}
	if err != nil {
		return pos.Errorf(pos.Setup, "The sandbox's papers in %s cannot be read.", home.dir).Because(err)
	}
	release, err := lockSandbox(home.dir)
	if err != nil {
		return err
	}
	defer release()
	log, logFile, err := counter.OpenLog(filepath.Join(home.dir, "sandbox.log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	s := sandbox.New(papers, sandbox.Options{
		Shop: home.shop, Speed: speed, StateFile: filepath.Join(home.dir, "state.json"), Identity: sandbox.PublicKey, Log: log,
	})
	signals, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.Start(home.addr); err != nil {
		return errors.Join(pos.Errorf(pos.Unavailable, "The sandbox cannot listen on %s; choose another address with --listen.", home.addr).Because(err), s.Close())
	}
	says, err := home.listening(s)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	a.emit(listening{Event: "listening", URL: s.URL(), Phone: s.PhoneURL()},
		a.lang.T("The sandbox listens at %s. The customer's phone: %s", s.URL(), s.PhoneURL()))
	if h, ok := says.(handedOut); ok {
		a.emit(h, a.lang.T("The merchant's papers are in %s. Next, in another terminal: %s", h.Dir, "saomactl setup"))
	}
	<-signals.Done()
	return s.Close()
}

// listenAt is the address --listen names, or the one saoma.toml leads to. A folder that talks to the
// real platforms is never turned into a sandbox.
func listenAt(cfg *config.Config, listen string) (string, error) {
	u, err := url.Parse(cfg.SandboxURL())
	if err != nil || u.Port() == "" {
		return "", pos.Errorf(pos.Setup, "wechat.base_url and alipay.gateway_url do not lead to this machine, so %s is not a sandbox folder; make one with: saomactl --data DIR init --sandbox", cfg.Dir)
	}
	if listen == "" {
		return u.Host, nil
	}
	_, _, err = splitListen(listen)
	return listen, err
}

// lockSandbox keeps a second sandbox from writing the same state file.
func lockSandbox(dir string) (release func(), err error) {
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The data folder %s cannot be locked.", dir).Because(err)
	}
	if !locked {
		return nil, pos.Errorf(pos.Conflict, "The sandbox of %s is running already.", dir)
	}
	return func() { _ = lock.Unlock() }, nil // the end of the process unlocks too
}
