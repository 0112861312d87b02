package pos_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// What TestCrash tells its child by the environment.
const (
	crashPointEnv  = "SAOMA_CRASH_POINT"
	crashNthEnv    = "SAOMA_CRASH_NTH"
	crashSeedEnv   = "SAOMA_CRASH_SEED"
	crashDirEnv    = "SAOMA_CRASH_DIR"    // the data folder
	crashPapersEnv = "SAOMA_CRASH_PAPERS" // the folder of the papers
	crashMarkerEnv = "SAOMA_CRASH_MARKER"
	crashSiteEnv   = "SAOMA_CRASH_SITE"     // where the platforms are
	crashBackEnv   = "SAOMA_CRASH_CALLBACK" // where they find the counter, whoever runs it
)

// TestCrashChild is the process that TestCrash kills: a whole counter with its poller and its notify server,
// at which two cashiers work through a seeded shift.
func TestCrashChild(t *testing.T) {
	if os.Getenv(crashPointEnv) == "" {
		t.Skip("runs as a child of TestCrash")
	}
	number := func(key string) int {
		n, err := strconv.Atoi(os.Getenv(key))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	seed := number(crashSeedEnv)
	papers, err := sandbox.ReadPapers(os.Getenv(crashPapersEnv))
	if err != nil {
		t.Fatal(err)
	}
	plan := &crash{point: os.Getenv(crashPointEnv), nth: number(crashNthEnv), answer: seed%2 == 0, marker: os.Getenv(crashMarkerEnv)}
	c := &counter{
		t: t, dir: os.Getenv(crashDirEnv), papers: papers,
		site: os.Getenv(crashSiteEnv), callback: os.Getenv(crashBackEnv), between: plan.between(),
	}
	c.serve()
	c.open()
	defer c.close()
	c.till.Subscribe(func(e pos.Event) {
		if e.Kind == pos.PaymentChanged && e.Payment.State == pos.Waiting {
			plan.at("code shown")
		}
	})
	defer c.poll()()
	say("listening", c.notified.URL)

	var both sync.WaitGroup
	for lane, w := range pos.Wallets {
		both.Go(func() {
			s := shift{counter: c, wallet: w, other: pos.Wallets[1-lane], random: rand.New(rand.NewPCG(uint64(seed), uint64(lane)))}
			for range 2 {
				for _, i := range s.random.Perm(len(s.acts())) {
					s.acts()[i]()
				}
			}
		})
	}
	both.Wait()
}

// say promises something to the parent: it must be so after the crash.
func say(what, about string) { fmt.Println("child:", what, about) } // one write to the pipe

// shift is what one cashier does. Each act leads past many points.
type shift struct {
	*counter
	wallet, other pos.Wallet
	random        *rand.Rand
}

func (s *shift) acts() []func() {
	return []func(){func() { s.sell() }, s.sellAndRefund, s.cancel, s.leave, s.offerBoth, s.payTwice}
}

// open charges and returns what the customer can pay.
func (s *shift) charged() *pos.Payment {
	p := s.charge(s.wallet, pos.Fen(100+s.random.IntN(100_00)))
	say("made", p.OutTradeNo)
	return p
}

// customer does something with the code of the number at the platform: scan or pay. A code that is closed
// already is the customer's bad luck.
func (s *shift) customer(does, outTradeNo string) {
	res, err := http.Post(s.site+"/sandbox/"+does, "application/json", strings.NewReader(`{"out_trade_no":"`+outTradeNo+`"}`))
	if err != nil {
		s.t.Error(err)
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusConflict {
		s.t.Errorf("%s %s: %s", does, outTradeNo, res.Status)
	}
}

func (s *shift) paid(outTradeNo string) {
	s.customer("pay", outTradeNo)
	s.await(outTradeNo, pos.Paid, time.Minute)
	say("paid", outTradeNo)
}

func (s *shift) sell() *pos.Payment {
	p := s.charged()
	s.paid(p.OutTradeNo)
	return p
}

func (s *shift) sellAndRefund() {
	p := s.sell()
	r, err := s.till.Refund(s.t.Context(), pos.RefundRequest{
		OutTradeNo: p.OutTradeNo, Amount: 1 + pos.Fen(s.random.Int64N(int64(p.Amount))), Reason: "退货", Actor: "wang",
	})
	if err != nil {
		s.t.Error(err)
		return
	}
	say("refunded", r.OutRefundNo)
}

func (s *shift) cancel() {
	p := s.charged()
	if s.wallet == pos.WeChat || s.random.IntN(2) == 0 {
		s.customer("scan", p.OutTradeNo)
	}
	if _, err := s.till.Cancel(s.t.Context(), p.OutTradeNo, "li"); err != nil {
		s.t.Error(err)
	}
}

// leave is a customer who has not made up his mind when the counter dies.
func (s *shift) leave() { s.charged() }

// offerBoth offers one order through both wallets; the customer pays through one.
func (s *shift) offerBoth() {
	first := s.charged()
	second, err := s.till.Offer(s.t.Context(), first.OutTradeNo, s.other, "li")
	if err != nil {
		s.t.Error(err)
		return
	}
	say("made", second.OutTradeNo)
	both := []*pos.Payment{first, second}
	s.paid(both[s.random.IntN(2)].OutTradeNo)
}

// payTwice is a customer who pays an order through both wallets, and a manager who decides about it. It
// takes an Alipay code nobody has scanned: that one cannot be closed.
func (s *shift) payTwice() {
	first := s.charge(pos.Alipay, 1250)
	second, err := s.till.SwitchWallet(s.t.Context(), first.OutTradeNo, pos.WeChat, "li")
	if err != nil {
		s.t.Error(err)
		return
	}
	s.paid(second.OutTradeNo)
	s.paid(first.OutTradeNo)
	open, err := s.till.Exceptions(s.t.Context())
	if err != nil {
		s.t.Error(err)
	}
	for _, x := range open {
		if x.OutTradeNo != first.OutTradeNo {
			continue
		}
		decision := x.Choices()[s.random.IntN(len(x.Choices()))]
		if _, err := s.till.Resolve(s.t.Context(), x.ID, decision, "boss", "twice"); err != nil {
			s.t.Error(err)
		}
		say("resolved", first.OutTradeNo)
	}
}
