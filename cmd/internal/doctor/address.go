package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/payments/notify"
	"saoma/pos"
)

// lookProxy: the platforms' clients obey the proxy variables, as most programs do.
func lookProxy(_ context.Context, v *visit) *result {
	cfg := v.mustConfig()
	for _, w := range pos.Wallets {
		if w == pos.WeChat && !cfg.WeChat.Enabled || w == pos.Alipay && !cfg.Alipay.Enabled {
			continue
		}
		address, host := endpoint(cfg, w)
		if proxy, err := proxyFor(address); err == nil && proxy != nil {
			return warn(
				pos.Errorf(pos.Setup, "%s is reached through the proxy %s, as the variables of this computer (HTTPS_PROXY) have it.", w, proxy.Host),
				pos.Errorf(pos.Setup, "If that is not meant, write NO_PROXY=%s or take the variable away.", host),
			)
		}
	}
	return good(pos.Errorf(pos.Setup, "No proxy stands between this counter and the platforms."))
}

// lookPublicAddress judges the address as it is written. https and no query string are demanded by saoma.toml itself.
func lookPublicAddress(_ context.Context, v *visit) *result {
	cfg := v.mustConfig()
	u, err := url.Parse(cfg.Notify.PublicURL)
	if err != nil {
		return bad(v.sentence(err), correctConfig())
	}
	host, path := u.Hostname(), strings.TrimRight(u.Path, "/")
	switch {
	case cfg.Sandbox() && isLoopback(host), cfg.Sandbox() && host == "":
		return good(pos.Errorf(pos.Setup, "The sandbox on this computer reaches the counter without a public address."))
	case host == "":
		return warn(
			pos.Errorf(pos.Setup, "There is no public address: payments are confirmed by asking, about two seconds later."),
			pos.Errorf(pos.Setup, "Set a tunnel or an address of your own up, in the settings or as notify.public_url."),
		)
	case private(host):
		return bad(
			pos.Errorf(pos.Setup, "The platforms cannot reach notify.public_url: %s is an address inside this network.", host),
			pos.Errorf(pos.Setup, "Write a public https address that leads here, or set a tunnel up."),
		)
	case strings.HasSuffix(path, "/notify"), strings.HasSuffix(path, "/healthz"),
		strings.HasSuffix(path, "/notify/wechat"), strings.HasSuffix(path, "/notify/alipay"):
		return bad(
			pos.Errorf(pos.Setup, "notify.public_url ends in %s, but the counter adds that by itself.", path),
			pos.Errorf(pos.Setup, "Leave that end off: /notify/wechat and /notify/alipay are appended."),
		)
	}
	return good(pos.Errorf(pos.Setup, "The platforms are told to call %s and %s.", cfg.NotifyURL(pos.WeChat), cfg.NotifyURL(pos.Alipay)))
}

// private reports whether nobody outside this network reaches host.
func private(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost" || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".lan") || !strings.Contains(host, ".")
	}
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

func lookPublicDNS(ctx context.Context, v *visit) *result {
	cfg := v.mustConfig()
	u, err := url.Parse(cfg.Notify.PublicURL)
	if err != nil || u.Hostname() == "" {
		return nil // told by public_address
	}
	addresses, r := v.resolves(ctx, "", u.Hostname()) // the platforms do not use this computer's proxy
	for _, address := range addresses {
		if private(address) {
			return bad(
				pos.Errorf(pos.Setup, "%s leads to %s, which is inside this network: the platforms cannot reach it.", u.Hostname(), address),
				pos.Errorf(pos.Setup, "Correct the domain's record to the server's public address."),
			)
		}
	}
	return r
}

// lookListen looks whether the counter answers, or could, where the tunnel or the reverse proxy leads to.
func lookListen(ctx context.Context, v *visit) *result {
	addr := v.mustConfig().Notify.Listen
	if addr == "" {
		return warn(
			pos.Errorf(pos.Setup, "notify.listen is empty: no notifications are taken, and payments are confirmed by asking."),
			pos.Errorf(pos.Setup, "Write notify.listen, such as 127.0.0.1:21080, to have payments confirmed within a second."),
		)
	}
	_, open, err := db.FolderOwner(v.o.Dir)
	if err == nil && open {
		return answersAt(ctx, addr)
	}
	v.port.Lock()
	defer v.port.Unlock()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return bad(
			pos.Errorf(pos.Setup, "notify.listen %s is taken by another program, or not an address of this computer.", addr).Because(err),
			pos.Errorf(pos.Setup, "Choose another port, for the tunnel or the reverse proxy as well."),
		)
	}
	_ = l.Close() // nothing came
	return good(pos.Errorf(pos.Setup, "notify.listen %s is free for the counter.", addr))
}

// answersAt asks the open counter where it listens.
func answersAt(ctx context.Context, addr string) *result {
	ctx, cancel := context.WithTimeout(ctx, pos.ConnectTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+dialable(addr)+"/healthz", nil)
	if err == nil {
		var resp *http.Response
		if resp, err = (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req); err == nil {
			_ = resp.Body.Close() // only the status counts
			if resp.StatusCode == http.StatusOK {
				return good(pos.Errorf(pos.Setup, "The open counter answers at %s.", addr))
			}
		}
	}
	return warn(
		pos.Errorf(pos.Setup, "A program has the data folder open, but nobody takes notifications at %s.", addr).Because(err),
		pos.Errorf(pos.Setup, "If the counter is meant to be open, close it and open it again; if the port is taken, its log says so."),
	)
}

// dialable is where this computer reaches a listener on addr.
func dialable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip, bad := netip.ParseAddr(host); err == nil && (host == "" || bad == nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// lookReach sends a nonce the way a notification takes.
func lookReach(ctx context.Context, v *visit) *result {
	cfg := v.mustConfig()
	address := cfg.NotifyBase()
	if address == "" {
		return nil // told by public_address
	}
	key, err := os.ReadFile(filepath.Join(v.o.Dir, counter.EchoKeyName))
	_, open, locked := db.FolderOwner(v.o.Dir)
	switch {
	case locked != nil:
		return nil // told by folder_owner
	case !open && !v.o.Serve:
		return warn(
			pos.Errorf(pos.Setup, "Not tried, because the counter is closed: nobody could answer at %s.", address),
			pos.Errorf(pos.Setup, "Open the counter and look again, or let the doctor answer meanwhile: saomactl doctor --serve"),
		)
	case errors.Is(err, fs.ErrNotExist) && open:
		return warn(
			pos.Errorf(pos.Setup, "The open counter has made no %s, so it cannot prove at its public address that it is this one.", counter.EchoKeyName),
			pos.Errorf(pos.Setup, "Close the counter and open it again with this version."),
		)
	case err != nil && open:
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Make %s readable to the user who runs the counter.", counter.EchoKeyName))
	}
	if !open {
		stop, served, wrong := v.serve(ctx)
		if wrong != nil {
			return wrong
		}
		defer stop()
		key = served
	}
	took, err := notify.Probe(ctx, nil, address, key)
	if err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Sales go on, confirmed by asking. What stands in the way is in the lines above, from public_address on."))
	}
	if u, err := url.Parse(address); err == nil && isLoopback(u.Hostname()) {
		return good(pos.Errorf(pos.Setup, "The counter answers at %s, which only this computer reaches, in %d ms.", address, took.Round(time.Millisecond).Milliseconds()))
	}
	return good(pos.Errorf(pos.Setup, "A question through the public address came back to this counter in %d ms.", took.Round(time.Millisecond).Milliseconds()))
}
