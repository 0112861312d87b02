package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/payments/wechat"
	"saoma/pos"
)

// platform is what one run asks of a wallet's platform, each question at most once.
type platform struct {
	gateway once[pos.Gateway]
	asked   once[answer]
	ordered once[*result]
	sealed  once[[]*x509.Certificate] // WeChat Pay's platform certificates
	made    *counter.Platforms
}

func (p *platform) stop() { p.made.Stop() }

// answer is what a signed question about a number that does not exist came to.
type answer struct {
	err   error         // nil: it is said not to exist
	skew  time.Duration // how far this computer's clock is ahead
	known bool          // whether skew is
}

func (v *visit) of(w pos.Wallet) *platform {
	if w == pos.Alipay {
		return &v.platform[1]
	}
	return &v.platform[0]
}

// lookConnection connects anew, TLS included, as the gateways' clients do, and takes any answer for one.
func lookConnection(w pos.Wallet) func(context.Context, *visit) *result {
	return func(ctx context.Context, v *visit) *result {
		address, host := endpoint(v.mustConfig(), w)
		transport := &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			DialContext:     (&net.Dialer{Timeout: pos.ConnectTimeout}).DialContext,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: v.o.Roots},
		}
		client := &http.Client{
			Transport: transport, Timeout: pos.CallTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
		if err != nil {
			return bad(v.sentence(err), correctConfig())
		}
		begin := time.Now()
		resp, err := client.Do(req)
		took := time.Since(begin)
		if err != nil {
			return unconnected(w, host, err)
		}
		_ = resp.Body.Close() // only that it came counts
		if took > v.o.Machine.Slow {
			return warn(
				pos.Errorf(pos.Setup, "%s took %d ms to answer; customers wait that long for a code.", w, took.Milliseconds()),
				pos.Errorf(pos.Setup, "See what else uses this network, and prefer a cable to Wi-Fi."),
			)
		}
		return good(pos.Errorf(pos.Setup, "%s answers in %d ms.", w, took.Milliseconds()))
	}
}

// unconnected says why there was no connection.
func unconnected(w pos.Wallet, host string, err error) *result {
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return bad(
			pos.Errorf(pos.Setup, "Something stands between this counter and %s: the certificate shown for %s is not the platform's.", w, host).Because(cert),
			pos.Errorf(pos.Setup, "Sign in to the network if it has a sign-in page; else have the network's filter or virus scanner leave this address alone, and check this computer's date."),
		)
	}
	return bad(
		pos.Errorf(pos.Unavailable, "%s cannot be reached at %s.", w, host).Because(err),
		pos.Errorf(pos.Unavailable, "See that this computer is on the internet and that no firewall keeps it from the platform."),
	)
}

// open makes w's gateway.
func (v *visit) open(ctx context.Context, w pos.Wallet) (pos.Gateway, error) {
	p := v.of(w)
	return p.gateway.get(func() (pos.Gateway, error) {
		one := *v.mustConfig()
		one.WeChat.Enabled, one.Alipay.Enabled = w == pos.WeChat, w == pos.Alipay
		keys, err := one.Keys(func(path string) ([]byte, error) { return v.readKey(ctx, path) })
		if err != nil {
			return nil, err
		}
		if p.made, err = counter.Gateways(&one, keys, v.log); err != nil {
			return nil, err
		}
		return p.made.Gateways[w], nil
	})
}

// ask asks w's platform about a number that does not exist. The error says that it could not be asked.
func (v *visit) ask(ctx context.Context, w pos.Wallet) (answer, error) {
	g, err := v.open(ctx, w)
	if err != nil {
		return answer{}, err
	}
	return v.of(w).asked.get(func() (answer, error) { return askAt(ctx, g, v.o.Now), nil })
}

func askAt(ctx context.Context, g pos.Gateway, clock func() time.Time) (a answer) {
	_, a.err = g.Query(ctx, nobodys(g, clock()))
	if c, ok := g.(pos.Clock); ok {
		var now time.Time
		now, a.known = c.PlatformNow()
		a.skew = clock().Sub(now).Round(time.Second)
	}
	return a
}

// Accepted is nil where g's platform accepts the signature of a question, and else the sentence that says what it
// answers, or that it does not.
func Accepted(ctx context.Context, g pos.Gateway) error {
	if a := askAt(ctx, g, time.Now); a.err != nil {
		return refusal(g.Wallet(), a).Says
	}
	return nil
}

func lookAnswers(w pos.Wallet) func(context.Context, *visit) *result {
	return func(ctx context.Context, v *visit) *result {
		a, err := v.ask(ctx, w)
		if err != nil {
			return bad(v.sentence(err), pos.Errorf(pos.Setup, "Put the papers of %s right, then look again.", w))
		}
		if a.err == nil {
			return good(pos.Errorf(pos.Setup, "%s accepts this counter's signature, and its answer is signed rightly.", w))
		}
		return refusal(w, a)
	}
}

func lookClock(w pos.Wallet) func(context.Context, *visit) *result {
	return func(ctx context.Context, v *visit) *result {
		a, err := v.ask(ctx, w)
		if err != nil || !a.known {
			return warn(
				pos.Errorf(pos.Unavailable, "The clock could not be compared with that of %s.", w),
				pos.Errorf(pos.Unavailable, "Put the connection to %s right first.", w),
			)
		}
		h := pos.Health{Wallet: w, Clock: pos.ClockRight, Skew: a.skew}
		switch skew := a.skew.Abs(); {
		case skew > pos.SkewLimit:
			h.Clock = pos.ClockWrong
			return bad(v.sentence(h.ClockError()), setClock())
		case skew > pos.SkewWarning:
			h.Clock = pos.ClockSkewed
			return warn(v.sentence(h.ClockError()), setClock())
		}
		return good(pos.Errorf(pos.Setup, "This computer's clock agrees with that of %s.", w))
	}
}

func setClock() *pos.Error {
	return pos.Errorf(pos.Setup, "Have the system set its clock from the internet by itself.")
}

// seals fetches WeChat Pay's platform certificates.
func (v *visit) seals(ctx context.Context) ([]*x509.Certificate, error) {
	return v.of(pos.WeChat).sealed.get(func() ([]*x509.Certificate, error) {
		cfg := *v.mustConfig()
		cfg.Alipay.Enabled = false
		keys, err := cfg.Keys(func(path string) ([]byte, error) { return v.readKey(ctx, path) })
		if err != nil {
			return nil, err
		}
		w := &cfg.WeChat
		return wechat.DownloadCertificates(ctx, wechat.Config{
			MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: keys.WeChatMerchant,
			APIv3Key: string(keys.WeChatAPIv3), PlatformCertificates: true, BaseURL: w.BaseURL,
		})
	})
}

func lookAPIv3Key(ctx context.Context, v *visit) *result {
	_, err := v.seals(ctx)
	_, asked := errors.AsType[*pos.GatewayError](err)
	switch {
	case err == nil:
		return good(pos.Errorf(pos.Setup, "The APIv3 key opens what WeChat Pay has sealed under it."))
	case errors.Is(err, wechat.ErrSealed):
		return bad(
			pos.Errorf(pos.Setup, "The APIv3 key is not the one set at WeChat Pay: it does not open the platform certificates, so no notification could be read."),
			pos.Errorf(pos.Setup, "Set a new APIv3 key on WeChat Pay's site (account, API security) and enter the same one here."),
		)
	case errors.Is(err, wechat.ErrNoCertificates):
		return good(pos.Errorf(pos.Setup, "The APIv3 key has the right form. WeChat Pay keeps no platform certificates for this merchant, so only the first notification can prove it."))
	case !asked:
		return bad(v.sentence(err), chooseAgain("wechat.apiv3_key_file"))
	}
	return warn(
		pos.Errorf(pos.Unavailable, "The APIv3 key could not be tried, because WeChat Pay's platform certificates could not be fetched.").Because(err),
		pos.Errorf(pos.Unavailable, "See what wechat_answers says, then look again."),
	)
}

func lookPlatformCertificates(ctx context.Context, v *visit) *result {
	list, err := v.seals(ctx)
	needed := v.mustConfig().WeChat.PlatformCertificates
	switch {
	case err == nil:
		return v.validity(newest(list), pos.Errorf(pos.Setup, "The platform hands out a new one in time; if this stays, change to WeChat Pay's public key on its site."))
	case errors.Is(err, wechat.ErrNoCertificates) && !needed:
		return good(pos.Errorf(pos.Setup, "This merchant has WeChat Pay's public key only, so there are no platform certificates to expire."))
	case errors.Is(err, wechat.ErrNoCertificates):
		return bad(
			pos.Errorf(pos.Setup, "WeChat Pay keeps no platform certificates for this merchant, so its answers cannot be verified."),
			pos.Errorf(pos.Setup, "Apply for WeChat Pay's public key on its site (account, API security) and write wechat.public_key_id and wechat.public_key_file instead of wechat.platform_certificates."),
		)
	case needed:
		return bad(
			pos.Errorf(pos.Unavailable, "WeChat Pay's platform certificates could not be fetched, and its answers are verified by them.").Because(err),
			pos.Errorf(pos.Unavailable, "See what wechat_answers and wechat_apiv3_key say, then look again."),
		)
	}
	return warn(
		pos.Errorf(pos.Unavailable, "WeChat Pay's platform certificates could not be fetched; its answers are verified by its public key.").Because(err),
		pos.Errorf(pos.Unavailable, "See what wechat_answers and wechat_apiv3_key say, then look again."),
	)
}

// newest is the certificate that ends last: while the platform changes them it hands out both.
func newest(list []*x509.Certificate) []*x509.Certificate {
	last := list[0]
	for _, c := range list {
		if c.NotAfter.After(last.NotAfter) {
			last = c
		}
	}
	return []*x509.Certificate{last}
}
