package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"saoma/cmd/internal/config"
	"saoma/pos"
)

// endpoint is where w's platform is asked.
func endpoint(cfg *config.Config, w pos.Wallet) (address, host string) {
	address = cfg.WeChat.BaseURL
	if w == pos.Alipay {
		address = cfg.Alipay.GatewayURL
	}
	u, err := url.Parse(address)
	if err != nil {
		return address, ""
	}
	return address, u.Hostname()
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// proxyFor is the proxy that a request to address goes through; nil: none.
func proxyFor(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return httpproxy.FromEnvironment().ProxyFunc()(u)
}

// resolves looks the host of address up. addresses is empty where there is nothing to look up.
func (v *visit) resolves(ctx context.Context, address, host string) (addresses []string, r *result) {
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return nil, good(pos.Errorf(pos.Setup, "%s needs no DNS.", host))
	}
	if proxy, err := proxyFor(address); err == nil && proxy != nil {
		return nil, good(pos.Errorf(pos.Setup, "The name %s is left to the proxy %s.", host, proxy.Host))
	}
	begin := time.Now()
	addresses, err := v.o.Resolver.LookupHost(ctx, host)
	switch dns, _ := errors.AsType[*net.DNSError](err); {
	case err == nil && len(addresses) > 0:
		return addresses, good(pos.Errorf(pos.Setup, "%s is found in the DNS, in %d ms.", host, time.Since(begin).Milliseconds()))
	case dns != nil && dns.IsNotFound:
		return nil, bad(
			pos.Errorf(pos.Setup, "The name %s does not exist in the DNS.", host),
			pos.Errorf(pos.Setup, "Correct the address; if it is right, this network's DNS is not: use another one, such as 223.5.5.5."),
		)
	}
	return nil, bad(
		pos.Errorf(pos.Unavailable, "The DNS does not answer for %s.", host).Because(err),
		pos.Errorf(pos.Unavailable, "See that this computer is on the internet, and that its DNS server is right."),
	)
}

func lookDNS(w pos.Wallet) func(context.Context, *visit) *result {
	return func(ctx context.Context, v *visit) *result {
		address, host := endpoint(v.mustConfig(), w)
		_, r := v.resolves(ctx, address, host)
		return r
	}
}
