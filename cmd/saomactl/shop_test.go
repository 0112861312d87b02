package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"saoma/db/dbtest"
)

// binary is the saomactl that these tests drive as a script would.
var binary string

// slowly is how long a busy machine may take for anything.
const slowly = 2 * time.Minute

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "saomactl-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "saomactl")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build saomactl:", err)
		return 1
	}
	return m.Run()
}

// shop is one data folder and its sandbox.
type shop struct {
	t    *testing.T
	data string
	url  string // of the sandbox
	env  []string
}

// event is any line that saomactl prints with --json, and what the sandbox tells.
type event struct {
	Event         string    `json:"event"`
	URL           string    `json:"url"`
	Phone         string    `json:"phone"`
	Notify        string    `json:"notify"`
	Expected      string    `json:"expected"`
	OutTradeNo    string    `json:"out_trade_no"`
	OutRefundNo   string    `json:"out_refund_no"`
	Wallet        string    `json:"wallet"`
	Amount        int64     `json:"amount"`
	State         string    `json:"state"`
	OrderStatus   string    `json:"order_status"`
	Title         string    `json:"title"`
	CodeURL       string    `json:"code_url"`
	TransactionID string    `json:"transaction_id"`
	Source        string    `json:"source"`
	Message       string    `json:"message"`
	Refunded      int64     `json:"refunded"`
	PaidAt        time.Time `json:"paid_at"`
	ExpiresAt     time.Time `json:"expires_at"`
	Name          string    `json:"name"`
	Counted       int64     `json:"counted"`
	Broken        int64     `json:"broken"`
	OK            bool      `json:"ok"`
	File          string    `json:"file"`
	Kept          string    `json:"kept"`
	Day           string    `json:"day"`
	Lines         int64     `json:"lines"`
	Agreed        int64     `json:"agreed"`
	Foreign       int64     `json:"foreign"`
	Payments      int64     `json:"payments"`
	Refunds       int64     `json:"refunds"`
	ID            int64     `json:"id"`
	Kind          string    `json:"kind"`
	Story         string    `json:"story"`
	Choices       []string  `json:"choices"`
	Resolution    string    `json:"resolution"`
	Note          string    `json:"note"`
	Step          string    `json:"step"`
	Level         string    `json:"level"`

	raw    []byte // the line itself
	Actor  string `json:"actor"`
	Action string `json:"action"`
	Detail string `json:"detail"`
}

// newShop makes a sandbox folder and runs its sandbox on a port of its own.
func newShop(t *testing.T) *shop {
	t.Helper()
	t.Parallel()
	dbtest.OneDay(t)
	s := &shop{t: t, data: filepath.Join(t.TempDir(), "data")}
	if r := s.run("init", "--sandbox", "--shop", "面馆", "--counter", "T7"); r.code != 0 {
		t.Fatalf("init: %+v", r)
	}
	p := s.start("sandbox", "--listen", "127.0.0.1:0", "--speed", "10")
	first := p.next()
	if first.Event != "listening" || first.Phone != first.URL+"/phone" {
		t.Fatalf("the sandbox's first line: %+v", first)
	}
	s.url = first.URL
	t.Cleanup(func() {
		if code := p.end(os.Interrupt); code != 0 {
			t.Errorf("the sandbox ended with %d", code)
		}
	})
	return s
}

// result is how one command ended.
type result struct {
	code     int
	out, err string
}

// events reads the lines printed with --json.
func (r result) events(t *testing.T) (list []event) {
	t.Helper()
	for line := range strings.Lines(r.out) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e.raw = []byte(line)
		list = append(list, e)
	}
	return list
}

func (s *shop) command(args ...string) *exec.Cmd {
	c := exec.Command(binary, append([]string{"--data", s.data}, args...)...)
	c.Env = append(append(os.Environ(), "LC_ALL=C"), s.env...)
	return c
}

// run runs one command to its end.
func (s *shop) run(args ...string) result {
	s.t.Helper()
	c := s.command(args...)
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	_ = c.Run() // the exit code says it
	return result{c.ProcessState.ExitCode(), out.String(), err.String()}
}

// must runs one command with --json, which must succeed.
func (s *shop) must(args ...string) []event {
	s.t.Helper()
	r := s.run(append([]string{"--json"}, args...)...)
	if r.code != 0 {
		s.t.Fatalf("%v: %+v", args, r)
	}
	return r.events(s.t)
}

// process is a command that runs in the background with --json.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan event
	err   bytes.Buffer
}

func (s *shop) start(args ...string) *process {
	s.t.Helper()
	p := &process{t: s.t, cmd: s.command(append([]string{"--json"}, args...)...), lines: make(chan event, 1000)}
	p.cmd.Stderr = &p.err
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // ended already, unless the test failed
	go func() {
		defer close(p.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			var e event
			if err := json.Unmarshal(in.Bytes(), &e); err != nil {
				p.t.Errorf("%q: %v", in.Text(), err)
			}
			e.raw = bytes.Clone(in.Bytes())
			p.lines <- e
		}
	}()
	return p
}

// next is the process's next line.
func (p *process) next() event {
	p.t.Helper()
	select {
	case e, ok := <-p.lines:
		if !ok {
			p.t.Fatalf("%v ended: %s", p.cmd.Args, p.err.String())
		}
		return e
	case <-time.After(slowly):
		p.t.Fatalf("%v says nothing", p.cmd.Args)
	}
	return event{}
}

// until is the process's next line of the kind.
func (p *process) until(kind string) event {
	p.t.Helper()
	for {
		if e := p.next(); e.Event == kind {
			return e
		}
	}
}

// wait returns the exit code once the process has ended.
func (p *process) wait() int {
	p.t.Helper()
	for range p.lines { // Wait may only follow the last read
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// end sends a signal and returns the exit code.
func (p *process) end(sig os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Errorf("%v: %v", p.cmd.Args, err)
	}
	return p.wait()
}

// post tells the sandbox something.
func (s *shop) post(path string, body any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.Post(s.url+path, "application/json", bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("POST %s: %s: %s", path, resp.Status, why)
	}
}

// pay is the customer.
func (s *shop) pay(outTradeNo string) {
	s.t.Helper()
	s.post("/sandbox/pay", event{OutTradeNo: outTradeNo})
}

// fault makes the sandbox misbehave.
func (s *shop) fault(kind, op string, count int) {
	s.t.Helper()
	s.post("/sandbox/faults", struct {
		Kind  string `json:"kind"`
		Op    string `json:"op"`
		Count int    `json:"count"`
	}{kind, op, count})
}

// platform lists what the sandbox has: "orders" or "money".
func (s *shop) platform(what string) (list []event) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), slowly)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/sandbox/"+what, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// verified demands that the ledger holds every rule.
func (s *shop) verified() {
	s.t.Helper()
	list := s.must("verify")
	if last := list[len(list)-1]; last.Event != "verify" || !last.OK || len(list) < 5 {
		s.t.Errorf("verify: %+v", list)
	}
}
