package pos_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// crashPoints are where TestCrash kills a counter. Every shift meets a point at least span times in all;
// the seed chooses which meeting is the last.
var crashPoints = []struct {
	name string
	span int
	lost bool // no notification arrives, so that a poll finds the payment
}{
	{name: "number minted", span: 8},
	{name: "order inserted", span: 8},
	{name: "create sent", span: 8},
	{name: "create answer unsaved", span: 8},
	{name: "code shown", span: 8},
	{name: "notification verified", span: 8},
	{name: "mid-transaction", span: 80},
	{name: "before COMMIT", span: 30},
	{name: "after COMMIT, before the answer", span: 8},
	{name: "poll answer unsaved", span: 2, lost: true},
	{name: "close sent", span: 2},
	{name: "refund inserted", span: 3},
	{name: "refund sent", span: 3},
	{name: "refund answer unsaved", span: 3},
	{name: "exception resolved", span: 6},
}

// TestCrash kills a counter, a process of its own, at every point above with kill -9, opens its ledger
// again while customers go on paying, and finds every promise kept and every fen in its place.
func TestCrash(t *testing.T) {
	papers, err := papersOnce()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := papers.Write(dir); err != nil {
		t.Fatal(err)
	}
	seeds := dbtest.Rounds(5, 100)
	var ran atomic.Int64
	rounds := make(chan *crashRound)
	go func() {
		defer close(rounds)
		for seed := range seeds {
			for i, p := range crashPoints {
				r := &crashRound{point: p.name, lost: p.lost, papers: dir, seed: seed*len(crashPoints) + i}
				r.random = rand.New(rand.NewPCG(uint64(r.seed), 99))
				r.nth = 1 + r.random.IntN(p.span)
				rounds <- r
			}
		}
	}()
	var workers sync.WaitGroup
	for range 4 { // a round mostly waits: for a process, for a disk, for a poll
		workers.Go(func() {
			for r := range rounds {
				t.Run(fmt.Sprintf("%s/%d", r.point, r.seed), func(t *testing.T) {
					r.run(t)
					ran.Add(1)
				})
			}
		})
	}
	workers.Wait()
	if !t.Failed() {
		dbtest.Figures(t, "crash points of the counter: %d, kill -9: %d, 0 violations", len(crashPoints), ran.Load())
	}
}

// crashRound is one counter killed once.
type crashRound struct {
	point  string
	nth    int
	lost   bool
	seed   int
	papers string // folder of the papers
	random *rand.Rand

	*counter
	witness *witness
	said    [][2]string // what the child promised, and about which number
}

func (r *crashRound) run(t *testing.T) {
	// At this speed WeChat Pay tells again after 60 ms and Alipay after 1 s; a refund takes 50 ms.
	r.counter = newPlatform(t, sandbox.Options{Speed: 240, RefundDelay: 12 * time.Second})
	r.witness = &witness{told: map[string]*notification{}}
	r.between.server = r.witness.watch
	if r.lost {
		r.fault(sandbox.Fault{Kind: sandbox.FaultLost})
	}
	r.killed()
	r.platform.Faults().Clear()
	r.customersPay(3) // while nobody is there to hear of it

	accepted := r.witness.accepted()
	r.skew.Store(int64(5 * time.Second)) // so that everything is due at once
	r.open()
	t.Cleanup(r.close)
	r.promisesKept(accepted)
	if _, err := r.till.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.poll()
	r.customersPay(2)
	r.finish()
	r.decide()
	r.finish() // its refunds
	r.witness.awaitAccepted(t)
	r.audit()
	r.everyAttempt()
}

// killed runs a child until it dies at the round's point.
func (r *crashRound) killed() {
	marker := filepath.Join(r.t.TempDir(), "died")
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(
		os.Environ(), crashPointEnv+"="+r.point, fmt.Sprintf("%s=%d", crashNthEnv, r.nth), fmt.Sprintf("%s=%d", crashSeedEnv, r.seed),
		crashDirEnv+"="+r.dir, crashPapersEnv+"="+r.papers, crashMarkerEnv+"="+marker, crashSiteEnv+"="+r.site, crashBackEnv+"="+r.callback,
	)
	var stderr strings.Builder
	child.Stderr = &stderr
	out, err := child.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		r.t.Fatal(err)
	}
	var rest []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) != 3 || words[0] != "child:":
			rest = append(rest, lines.Text())
		case words[1] == "listening":
			r.tunnel(words[2])
		default:
			r.said = append(r.said, [2]string{words[1], words[2]})
		}
	}
	err = child.Wait()
	r.handler.Store(nil)
	where, _ := os.ReadFile(marker)
	if killed, ok := errors.AsType[*exec.ExitError](err); !ok || killed.String() != "signal: killed" || string(where) != r.point {
		r.t.Fatalf("the child did not die at %q, meeting %d, but at %q: %v\n%s\n%s",
			r.point, r.nth, where, err, strings.Join(rest, "\n"), stderr.String())
	}
}

// tunnel leads notifications to the child.
func (r *crashRound) tunnel(to string) {
	u, err := url.Parse(to)
	if err != nil {
		r.t.Fatal(err)
	}
	handler := r.witness.watch(&httputil.ReverseProxy{
		Rewrite:      func(p *httputil.ProxyRequest) { p.SetURL(u) },
		ErrorHandler: badGateway,
	})
	r.handler.Store(&handler)
}

// customersPay lets one in n of the customers who still can pay do so.
func (r *crashRound) customersPay(n int) {
	for _, o := range r.platform.Orders() {
		if o.Paid.IsZero() && r.random.IntN(n) == 0 {
			if err := r.platform.Pay(o.OutTradeNo); err != nil && !errors.Is(err, sandbox.ErrNotPayable) {
				r.t.Error(err)
			}
		}
	}
}

// promisesKept finds in the ledger, before anybody has asked a platform again, what the child had told its
// cashiers and the platforms.
func (r *crashRound) promisesKept(accepted []*notification) {
	err := r.ledger.View(r.t.Context(), func(tx pos.Tx) error {
		for _, s := range r.said {
			if err := promised(tx, s[0], s[1]); err != nil {
				r.t.Errorf("the child said %s %s: %v", s[0], s[1], err)
			}
		}
		for _, n := range accepted {
			if err := acknowledged(r.t.Context(), tx, r.till, n); err != nil {
				r.t.Errorf("the child accepted a notification: %v", err)
			}
		}
		return nil
	})
	if err != nil {
		r.t.Error(err)
	}
}

func promised(tx pos.Tx, what, about string) error {
	if what == "refunded" {
		_, err := tx.Refund(about)
		return err
	}
	p, err := tx.Payment(about)
	if err == nil && what == "paid" && p.State != pos.Paid {
		err = fmt.Errorf("it is %s", p.State)
	}
	if err != nil || what != "resolved" {
		return err
	}
	open, err := tx.OpenExceptions()
	for _, x := range open {
		if x.OutTradeNo == about {
			return fmt.Errorf("it is open")
		}
	}
	return err
}

// decide lets the manager settle what waits for him.
func (r *crashRound) decide() {
	open, err := r.till.Exceptions(r.t.Context())
	if err != nil {
		r.t.Error(err)
	}
	for _, x := range open {
		if _, err := r.till.Resolve(r.t.Context(), x.ID, x.Choices()[0], "boss", "after the crash"); err != nil {
			r.t.Errorf("%s %s: %v", x.Kind, x.OutTradeNo, err)
		}
	}
}

// everyAttempt finds each order of the platforms in the ledger, and no exception left open.
func (r *crashRound) everyAttempt() {
	for _, o := range r.platform.Orders() {
		p, err := r.till.Payment(r.t.Context(), o.OutTradeNo)
		if err != nil {
			r.t.Errorf("%s is at the platform: %v", o.OutTradeNo, err)
		} else if !p.State.Final() || (p.State == pos.Paid) != !o.Paid.IsZero() {
			r.t.Errorf("%s is %s here and %q at the platform", o.OutTradeNo, p.State, o.State)
		}
	}
	if open, err := r.till.Exceptions(r.t.Context()); err != nil || len(open) > 0 {
		r.t.Errorf("exceptions left open: %+v, %v", open, err)
	}
}
