package pos_test

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// sim is one seed's world.
type sim struct {
	t        *testing.T
	seed     uint64
	root     string // holds a folder for each life of the ledger
	template []byte // a new ledger's file
	begin    time.Time
	trouble  int          // per mille of the calls that go wrong
	deaf     bool         // the counter has no public address: no notification reaches it
	skew     atomic.Int64 // nanoseconds the counter's clock is ahead of the platforms'
	healed   atomic.Bool  // nothing goes wrong any more
	platform simWorld
	work     sync.WaitGroup // what people and accidents still do

	mu         sync.Mutex
	counter    *simCounter // nil while it is down
	lives      int
	trace      []simStep
	violations []string
	rolled     map[string]uint64 // how often each thing was diced for
	names      map[string]string // of the numbers, for the trace
	seen       map[string]int    // the highest rank of the states seen through events
	shown      map[string][]string
	asked      map[string][]time.Duration // when each question was, in the last minute
	withdrawn  map[string]bool            // what the cashier was told to be closed
	acked      []simNotice
	counts     simCounts
}

// simWorld is both platforms as the simulation drives and judges them: modelled precisely (simPlatform), or the
// sandbox over the real adapters (simWire).
type simWorld interface {
	gateways() map[pos.Wallet]pos.Gateway // for one life of the counter
	decoders(map[pos.Wallet]pos.Gateway) map[pos.Wallet]notify.Decoder
	scan(no, code string) error // the customer's camera
	pay(no, code string) error  // the customer's thumb
	about(no string) *simTrade  // a copy of what the platform has, or nil
	numbers() []string          // of every trade, oldest first
	accidents(d *rand.Rand)     // plans what goes wrong at the platforms
	heal()                      // lets nothing go wrong any more
	quiet() bool                // whether nothing is under way
	close()
}

// simStep is one line of the trace.
type simStep struct {
	at   time.Duration
	text string
}

// overWire reports whether the seed goes through the real adapters to the sandbox: every fiftieth.
func overWire(seed uint64) bool { return seed%50 == 0 }

// simulate runs one seed to its end.
func simulate(t *testing.T, template []byte, seed uint64) *sim {
	if overWire(seed) { // the papers are made out here: their dates are the real time's
		if _, err := papersOnce(); err != nil {
			t.Fatal(err)
		}
	}
	s := &sim{
		seed: seed, root: simFolder(t), template: template, trouble: []int{0, 30, 120, 350}[seed%4],
		deaf: seed%8 == 4, rolled: map[string]uint64{}, names: map[string]string{}, seen: map[string]int{}, shown: map[string][]string{},
		asked: map[string][]time.Duration{}, withdrawn: map[string]bool{},
	}
	defer os.RemoveAll(s.root)
	t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
		cryptotest.SetGlobalRandom(t, seed) // the numbers that the till mints
		synctest.Test(t, func(t *testing.T) {
			s.t, s.begin = t, time.Now()
			s.platform = newSimPlatform(s)
			if overWire(seed) {
				s.platform = newSimWire(s)
				s.counts.Wire = 1
			}
			s.open(s.newFolder(nil))
			s.day()
			s.evening()
			s.stop()
			s.platform.close()
			time.Sleep(time.Minute) // what is still on its way arrives at nobody
			s.counts.Seeds = 1
		})
	})
	return s
}

// simFolder is on a memory disk where there is one that may be written: a simulated counter waits for no real disk.
func simFolder(t *testing.T) string {
	if dir, err := os.MkdirTemp("/dev/shm", "saoma-sim-"); err == nil {
		return dir
	}
	return t.TempDir()
}

// dice are the random numbers of the n-th time that something is diced for, whatever else happens meanwhile.
func (s *sim) dice(what string) *rand.Rand {
	s.mu.Lock()
	n := s.rolled[what]
	s.rolled[what]++
	s.mu.Unlock()
	return s.roll(fmt.Sprint(what, " ", n))
}

func (s *sim) roll(what string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// within is a time from a to b, to the nanosecond.
func within(d *rand.Rand, a, b time.Duration) time.Duration {
	return a + time.Duration(d.Int64N(int64(b-a)))
}

// chance is true in so many of a hundred cases.
func chance(d *rand.Rand, percent int) bool { return d.IntN(100) < percent }

// after has do done once d has passed.
func (s *sim) after(d time.Duration, do func()) {
	s.work.Go(func() {
		time.Sleep(d)
		do()
	})
}

// now is the counter's clock.
func (s *sim) now() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

func (s *sim) logf(format string, args ...any) {
	step := simStep{time.Since(s.begin), fmt.Sprintf(format, args...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace = append(s.trace, step)
}

// violated notes that a rule is broken.
func (s *sim) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.logf("VIOLATION: %s", text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, fmt.Sprintf("at %s: %s", time.Since(s.begin), text))
}

// steps is the trace. Lines of one instant are in the order of the alphabet: they have nothing to do with each
// other.
func (s *sim) steps() string {
	slices.SortStableFunc(s.trace, func(a, b simStep) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.text, b.text))
	})
	lines := make([]string, 0, len(s.trace))
	for _, l := range s.trace {
		lines = append(lines, fmt.Sprintf("%14s %s", l.at.Round(time.Microsecond), l.text))
	}
	return strings.Join(lines, "\n")
}

// name is what the trace calls a number: P1 for the first payment, R1 for the first refund.
func (s *sim) name(prefix, number string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, ok := s.names[number]
	if !ok {
		s.rolled["name "+prefix]++
		name = fmt.Sprint(prefix, s.rolled["name "+prefix])
		s.names[number] = name
	}
	return name
}

func (s *sim) count(what *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*what++
}
