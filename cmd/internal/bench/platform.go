package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
)

// platform is the bench's sandbox, served by the bench itself so that it can see how long the gateway takes, and where its
// notifications arrive: at the bench, which passes them on or keeps them.
type platform struct {
	papers  *sandbox.Papers
	sandbox *sandbox.Sandbox
	gateway *http.Server // the sandbox
	notices *http.Server // what is to be told to the counter
	url     string       // of the gateway
	public  string       // what the counter says its public address is
	data    string       // the counter's data folder

	mu      sync.Mutex
	creates []span
}

// span is from when to when something was done.
type span struct{ from, to time.Time }

func (s span) took() time.Duration { return s.to.Sub(s.from) }

// newPlatform starts the sandbox and makes a data folder wired to it, as `saomactl init --sandbox` does. The counter
// listens at listen; notices serves what the sandbox sends it.
func newPlatform(data, listen string, notices http.Handler) (*platform, error) {
	papers, err := sandbox.NewPapers()
	if err != nil {
		return nil, err
	}
	p := &platform{papers: papers, sandbox: sandbox.New(papers, sandbox.Options{}), data: data}
	if p.gateway, p.url, err = serve(p.timed(p.sandbox.Handler())); err == nil {
		p.notices, p.public, err = serve(notices)
	}
	if err == nil {
		err = p.makeFolder(listen)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// serve serves h at a free port of the loopback.
func serve(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return server, "http://" + l.Addr().String(), nil
}

func (p *platform) makeFolder(listen string) error {
	w, a := p.papers.WeChat, p.papers.Alipay
	text, err := config.Fresh{
		Shop: "Bench", Counter: "B1", MchID: w.MchID, WeChatAppID: w.AppID, MerchantSerial: w.MerchantSerial,
		WeChatPublicKeyID: w.PublicKeyID, AlipayAppID: a.AppID, SellerID: a.SellerID, Sandbox: p.url, Notify: listen,
	}.Text(p.data)
	if err != nil {
		return err
	}
	text = strings.Replace(text, `public_url = "http://`+listen+`"`, `public_url = "`+p.public+`"`, 1)
	if err := p.papers.WriteMerchant(filepath.Join(p.data, config.KeysDir)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.data, config.FileName), []byte(text), 0o600)
}

// timed notes how long the gateway takes for every create.
func (p *platform) timed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := time.Now()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "not readable", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
		if r.URL.Path == "/v3/pay/transactions/native" || bytes.Contains(body, []byte("alipay.trade.precreate")) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.creates = append(p.creates, span{from, time.Now()})
		}
	})
}

// created returns the creates seen since it was last called.
func (p *platform) created() []span {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.creates
	p.creates = nil
	return seen
}

func (p *platform) close() error {
	err := p.sandbox.Close()
	for _, server := range []*http.Server{p.gateway, p.notices} {
		if server != nil {
			err = errors.Join(err, server.Close())
		}
	}
	return err
}
