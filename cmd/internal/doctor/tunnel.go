package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/payments/notify"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// hostKey connects to the tunnel's server only to see its key, once for the checks that want it.
func (v *visit) hostKey(ctx context.Context) (tunnel.HostKey, error) {
	return v.server.get(func() (tunnel.HostKey, error) {
		return tunnel.AskHostKey(ctx, tunnelTo(v.mustConfig()))
	})
}

// tunnelTo says where cfg's tunnel goes, without what logs in.
func tunnelTo(cfg *config.Config) tunnel.Options {
	t := &cfg.Tunnel
	return tunnel.Options{
		Kind: tunnel.Kind(t.Kind), Host: t.Host, User: t.User,
		KnownHosts: t.KnownHostsFile,
	}
}

// lookTunnel tells how the open counter's tunnel stands, where it is this program's; from beside it, only that the
// server is there: whether the counter's tunnel stands, reach shows.
func lookTunnel(ctx context.Context, v *visit) *result {
	if v.mustConfig().Tunnel.Kind == "none" {
		return good(pos.Errorf(pos.Setup, "There is no tunnel; none is needed where the public address leads here by itself."))
	}
	if s := v.o.Tunnel; s != nil {
		switch s.State {
		case tunnel.Up:
			return good(pos.Errorf(pos.Setup, "The tunnel stands since %s.", s.Since.In(v.mustConfig().Shop.TimeZone).Format("2006-01-02 15:04")))
		case tunnel.Down:
			return warn(v.sentence(s.Err), pos.Errorf(pos.Setup, "Sales go on, confirmed by asking; the counter tries the tunnel again by itself."))
		}
		return warn(
			pos.Errorf(pos.Unavailable, "The tunnel is being made."),
			pos.Errorf(pos.Unavailable, "Look again in a minute."),
		)
	}
	if _, err := v.hostKey(ctx); err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "See that the tunnel's server runs and lets this computer in."))
	}
	return good(pos.Errorf(pos.Setup, "The tunnel's server %s is there.", v.mustConfig().Tunnel.Host))
}

// lookHostKey: only a server whose key the owner has confirmed is given the way in.
func lookHostKey(ctx context.Context, v *visit) *result {
	if v.mustConfig().Tunnel.Kind == "none" {
		return nil
	}
	confirm := pos.Errorf(pos.Setup, "Compare it with what the server's owner sees (ssh-keygen -l), and confirm it in the settings or with saomactl setup.")
	switch k, err := v.hostKey(ctx); {
	case err != nil:
		return warn(
			pos.Errorf(pos.Unavailable, "The key of the tunnel's server could not be seen.").Because(err),
			pos.Errorf(pos.Unavailable, "See what tunnel says, then look again."),
		)
	case k.Changed:
		return bad(pos.Errorf(pos.Setup, "The tunnel's server shows another key than the confirmed one: %s.", k.Fingerprint), confirm)
	case !k.Pinned:
		return warn(pos.Errorf(pos.Setup, "The key of the tunnel's server is not confirmed yet: %s.", k.Fingerprint), confirm)
	default:
		return good(pos.Errorf(pos.Setup, "The tunnel's server shows the confirmed key."))
	}
}

// serve answers nonces in place of the closed counter: at notify.listen, and through the tunnel if there is one.
// Notifications that arrive meanwhile are not acknowledged, so the platforms send them again.
func (v *visit) serve(ctx context.Context) (stop func(), key []byte, wrong *result) {
	cfg := v.mustConfig()
	key = []byte(rand.Text())
	h := notify.New(notify.Options{Echo: key, Log: v.log})
	v.port.Lock()
	l, err := net.Listen("tcp", cfg.Notify.Listen)
	if err != nil {
		v.port.Unlock()
		return nil, nil, warn(
			pos.Errorf(pos.Setup, "Not tried, because notify.listen is not free.").Because(err),
			pos.Errorf(pos.Setup, "See what listen says, then look again."),
		)
	}
	server := notify.Server(cfg.Notify.Listen, h, v.log)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			v.log.Warn("the doctor's server ended", "error", err)
		}
	}()
	stop = func() {
		_ = server.Close()
		v.port.Unlock()
	}
	if cfg.Tunnel.Kind == "none" {
		return stop, key, nil
	}
	down, wrong := v.dig(ctx, h)
	if wrong != nil {
		stop()
		return nil, nil, wrong
	}
	return func() { down(); stop() }, key, nil
}

// dig starts the tunnel and waits until it stands.
func (v *visit) dig(ctx context.Context, h http.Handler) (stop func(), wrong *result) {
	repair := pos.Errorf(pos.Setup, "See what tunnel and host_key say, then look again.")
	o, err := counter.TunnelOptions(v.mustConfig(), func(path string) ([]byte, error) { return v.readKey(ctx, path) })
	if err != nil {
		return nil, bad(v.sentence(err), repair)
	}
	changes := make(chan tunnel.Status, 8)
	o.Handler, o.Log = h, v.log
	o.Changed = func(s tunnel.Status) {
		select {
		case changes <- s:
		default:
		}
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		tunnel.New(o).Run(running)
		close(ended)
	}()
	stop = func() { cancel(); <-ended }
	select {
	case s := <-changes:
		if s.State == tunnel.Up {
			return stop, nil
		}
		stop()
		return nil, bad(v.sentence(s.Err), repair)
	case <-ctx.Done():
		stop()
		return nil, bad(pos.Errorf(pos.Unavailable, "The tunnel did not come about in time."), repair)
	}
}
