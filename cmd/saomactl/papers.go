package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// handedOut is what sandbox --papers prints once it listens.
type handedOut struct {
	Event string `json:"event"`
	Dir   string `json:"dir"`
	*sandbox.HandedOut
	BaseURL    string `json:"base_url"`
	GatewayURL string `json:"gateway_url"`
}

// Names in a folder of papers.
const (
	papersHome    = ".sandbox" // the sandbox's own side
	papersAddress = "address"  // where it listened: a counter that was set up with the papers finds it there again
)

// papersHome is a sandbox that hands a merchant's papers out into dir, as the platforms would to a shop that is not
// set up yet. Started again on the same folder it is the same one.
func (a *app) papersHome(dir, listen string, certificates bool) (sandboxHome, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return sandboxHome{}, err
	}
	home := sandboxHome{dir: filepath.Join(dir, papersHome), shop: a.lang.T("Saoma sandbox shop")}
	if home.addr, err = addressFor(home.dir, listen); err != nil {
		return sandboxHome{}, err
	}
	if err := makePapers(home.dir, certificates); err != nil {
		return sandboxHome{}, pos.Errorf(pos.Invalid, "--papers %s cannot be written; choose another folder.", dir).Because(err)
	}
	home.listening = func(s *sandbox.Sandbox) (any, error) {
		papers, err := sandbox.ReadPapers(home.dir)
		if err != nil {
			return nil, err
		}
		out, err := papers.HandOut(dir, s.URL())
		if err != nil {
			return nil, pos.Errorf(pos.Invalid, "--papers %s cannot be written; choose another folder.", dir).Because(err)
		}
		addr := strings.TrimPrefix(s.URL(), "http://")
		return handedOut{"papers", dir, out, s.URL(), s.AlipayURL()}, config.WriteAtomic(filepath.Join(home.dir, papersAddress), []byte(addr))
	}
	return home, nil
}

// addressFor is the address --listen names, the one of the last time, or a free one.
func addressFor(home, listen string) (string, error) {
	if listen != "" {
		_, _, err := splitListen(listen)
		return listen, err
	}
	if before, err := os.ReadFile(filepath.Join(home, papersAddress)); err == nil {
		if _, _, err := splitListen(string(before)); err == nil {
			return string(before), nil
		}
	}
	return freePort("")
}

// makePapers makes the papers of both sides, once.
func makePapers(home string, certificates bool) error {
	_, err := sandbox.ReadPapers(home)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p, err := sandbox.NewPapers()
	if err == nil && certificates {
		err = p.UseAlipayCertificates()
	}
	if err != nil {
		return err
	}
	return p.Write(home)
}
