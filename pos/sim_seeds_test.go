package pos_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"saoma/db/dbtest"
)

// The simulation runs a whole counter (the real till, poller, notification handler and ledger) against
// simulated platforms, customers, a cashier and a manager, in virtual time. Everything that is random comes
// from the seed: how long each call, commit and person takes to the nanosecond, so that no two things happen
// at the same instant unless they have nothing to do with each other, and what goes wrong on the way. A seed
// therefore replays step by step:
//
//	SAOMA_SEED=17 go test ./pos -run 'TestSimulation$' -v
//
// The seeds are shared out to one process for each core.
func TestSimulation(t *testing.T) {
	if seed, given := simNumber(t, "SAOMA_SEED"); given {
		simSeeds(t, seed, seed+1, 1)
		return
	}
	total := uint64(dbtest.Rounds(300, 10_000))
	if first, given := simNumber(t, "SAOMA_SIMULATION"); given { // one of the processes below
		out, err := json.Marshal(simSeeds(t, first, total+1, simProcesses()))
		t.Logf("simulated %s (%v)", out, err)
		return
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sum := simProcess(t, binary)
	if !t.Failed() {
		dbtest.Figures(t, "simulation: %d seeds, %s, 0 violations", sum.Seeds, sum)
	}
	if sum.Seeds != total && !t.Failed() {
		t.Errorf("%d seeds ran, not %d", sum.Seeds, total)
	}
}

func simProcesses() uint64 { return uint64(runtime.NumCPU()) }

// simProcess runs every seed, in as many processes as there are cores, and adds up what they did.
func simProcess(t *testing.T, binary string) (sum simCounts) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for first := range simProcesses() {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^TestSimulation$", "-test.v", "-test.timeout", "12h")
			cmd.Env = append(os.Environ(), fmt.Sprint("SAOMA_SIMULATION=", first+1), "GOMAXPROCS=1")
			out, err := cmd.CombinedOutput()
			var counts simCounts
			if _, line, ok := strings.Cut(string(out), "simulated "); err == nil && ok {
				err = json.NewDecoder(strings.NewReader(line)).Decode(&counts)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v\n%s", err, simRunLine.ReplaceAllString(string(out), ""))
			}
			sum.add(counts)
		})
	}
	all.Wait()
	return sum
}

var simRunLine = regexp.MustCompile(`(?m)^(=== RUN|=== NAME| +--- PASS).*\n`)

// simNumber reads a number from the environment.
func simNumber(t *testing.T, name string) (n uint64, given bool) {
	text := os.Getenv(name)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, text)
	}
	return n, true
}

// simSeeds runs the seeds from first to before end in steps, and tells of those that fail how it came to that.
func simSeeds(t *testing.T, first, end, step uint64) (sum simCounts) {
	template := simTemplate(t)
	failed := 0
	for seed := first; seed < end && failed < 3; seed += step {
		s := simulate(t, template, seed)
		sum.add(s.counts)
		switch {
		case len(s.violations) > 0:
			failed++
			t.Errorf("seed %d: %d violations:\n%s\n\nwhat led there:\n%s\n\nreplay: SAOMA_SEED=%d go test ./pos -run 'TestSimulation$' -v",
				seed, len(s.violations), strings.Join(s.violations, "\n"), s.story(), seed)
		case os.Getenv("SAOMA_SEED") != "":
			t.Logf("seed %d: %s\n%s", seed, s.counts, s.steps())
		}
	}
	return sum
}

// story is what the trace has of the things that the violations name, and of what befell the whole counter.
func (s *sim) story() string {
	var names, lines []string
	for _, v := range s.violations {
		names = append(names, simName.FindAllString(v, -1)...)
	}
	for l := range strings.SplitSeq(s.steps(), "\n") {
		about := slices.ContainsFunc(names, func(n string) bool { return slices.Contains(simName.FindAllString(l, -1), n) })
		if about || strings.Contains(l, "counter") || strings.Contains(l, "clock jumps") {
			lines = append(lines, l)
		}
	}
	if len(lines) > 100 {
		lines = slices.Concat(lines[:60], []string{"…"}, lines[len(lines)-40:])
	}
	return strings.Join(lines, "\n")
}

// simName is what the trace calls a payment or a refund.
var simName = regexp.MustCompile(`\b[PR]\d+\b`)

// simCounts is what a run did.
type simCounts struct {
	Seeds                                               uint64
	Orders, Paid, Closed, Refunds, Faults, Crashes      int
	Restarts, Jumps, Notices, Exceptions, Resolved, Odd int
	Wire                                                int // seeds over the wire
}

func (c *simCounts) add(o simCounts) {
	c.Seeds += o.Seeds
	for i, into := range c.fields() {
		*into += *o.fields()[i]
	}
}

func (c *simCounts) fields() []*int {
	return []*int{
		&c.Orders, &c.Paid, &c.Closed, &c.Refunds, &c.Faults, &c.Crashes,
		&c.Restarts, &c.Jumps, &c.Notices, &c.Exceptions, &c.Resolved, &c.Odd, &c.Wire,
	}
}

func (c simCounts) String() string {
	return fmt.Sprintf("%d of them over the wire, %d orders, %d payments, %d refunds, %d faults, %d kills, %d restarts, %d clock jumps, %d notifications, %d oddities, %d exceptions",
		c.Wire, c.Orders, c.Paid, c.Refunds, c.Faults, c.Crashes, c.Restarts, c.Jumps, c.Notices, c.Odd, c.Exceptions)
}
