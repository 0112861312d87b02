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
	Event  string `json:"event"`
	URL    string `json:"url,omitempty"`
	Phone  string `json:"phone,omitempty"`
	Notify string `json:"notify,omitempty"`
}

// The speeds the sandbox takes.
const slowest, fastest = 0.01, 100_000

// sandbox runs both simulated gateways until a signal.
func (a *app) sandbox(ctx context.Context, f *flags, args []string) error {
	listen, pace := f.text("listen", "127.0.0.1:PORT"), f.text("speed", "N")
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
	cfg, err := a.load()
	if err != nil {
		return err
	}
	addr, err := listenAt(cfg, *listen)
	if err != nil {
		return err
	}
	papers, err := sandbox.ReadPapers(filepath.Join(cfg.Dir, config.SandboxDir))
	if errors.Is(err, fs.ErrNotExist) {
		return pos.Errorf(pos.Setup, "--data %s is not a sandbox folder; make one with: saomactl --data DIR init --sandbox", cfg.Dir)
	}
	if err != nil {
		return pos.Errorf(pos.Setup, "The sandbox's papers in %s cannot be read.", filepath.Join(cfg.Dir, config.SandboxDir)).Because(err)
	}
	release, err := lockSandbox(filepath.Join(cfg.Dir, config.SandboxDir))
	if err != nil {
		return err
	}
	defer release()
	log, logFile, err := counter.OpenLog(filepath.Join(cfg.Dir, config.SandboxDir, "sandbox.log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	s := sandbox.New(papers, sandbox.Options{
		Shop: cfg.Shop.Name, Speed: speed, StateFile: filepath.Join(cfg.Dir, config.SandboxDir, "state.json"),
		Identity: sandbox.PublicKey, Log: log,
	})
	signals, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.Start(addr); err != nil {
		return errors.Join(pos.Errorf(pos.Unavailable, "The sandbox cannot listen on %s; choose another address with --listen.", addr).Because(err), s.Close())
	}
	if err := config.MoveSandbox(cfg.Dir, s.URL()); err != nil {
		return errors.Join(err, s.Close())
	}
	a.emit(listening{Event: "listening", URL: s.URL(), Phone: s.PhoneURL()},
		a.lang.T("The sandbox listens at %s. The customer's phone: %s", s.URL(), s.PhoneURL()))
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
