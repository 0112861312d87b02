package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/pos"
)

// serve tells whether notifications arrive: in the sandbox they do, at an address where nobody is they do not.
func TestServeTellsWhetherItIsReached(t *testing.T) {
	s := newShop(t)
	for _, says := range []string{"", "Nobody answers at 127.0.0.1:1"} {
		want := "reached"
		if says != "" {
			want = "unreachable"
			if err := config.Change(s.data, config.Edit{Key: "notify.public_url", Value: "http://127.0.0.1:1"}); err != nil {
				t.Fatal(err)
			}
		}
		p := s.start("serve")
		if e := p.until("reach"); e.State != want || !strings.HasPrefix(e.Message, says) || (e.Message == "") != (says == "") {
			t.Errorf("serve says %+v", e)
		}
		if code := p.end(os.Interrupt); code != 0 {
			t.Errorf("exit %d: %s", code, p.err.String())
		}
	}
}

// TestServeWithoutAWay: nothing can go the way of this tunnel, and a section that is wrong ends serve before it begins.
func TestServeWithoutAWay(t *testing.T) {
	s := newShop(t)
	tunnel := []config.Edit{
		{Key: "tunnel.kind", Value: "ssh"},
		{Key: "tunnel.host", Value: "127.0.0.1:1"},
		{Key: "tunnel.user", Value: "saoma"},
		{Key: "notify.public_url", Value: "https://pay.example.com"},
	}
	if err := config.Change(s.data, tunnel...); err != nil {
		t.Fatal(err)
	}
	p := s.start("serve")
	if e := p.until("listening"); e.Expected != "https://pay.example.com" {
		t.Errorf("serve says %+v", e)
	}
	if e := p.until("reach"); e.State != "unreachable" || e.Message == "" {
		t.Errorf("serve says %+v", e)
	}
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("exit %d: %s", code, p.err.String())
	}
	path := filepath.Join(s.data, config.FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line, key := range map[string]string{`kind = "ssh"`: "tunnel.kind must be", `host = "127.0.0.1:1"`: "tunnel.host is missing", `user = "saoma"`: "tunnel.user is missing"} {
		wrong := strings.Replace(string(text), line, strings.NewReplacer("ssh", "tor", "127.0.0.1:1", "", "saoma", "").Replace(line), 1)
		if wrong == string(text) {
			t.Fatalf("%s is not in\n%s", line, text)
		}
		if err := os.WriteFile(path, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := s.run("serve"); r.code != exitInput || strings.Count(r.err, "\n") != 1 || !strings.HasPrefix(r.err, key) {
			t.Errorf("%s: %+v", key, r)
		}
	}
}

// What is no news is not told again.
func TestReachIsToldOnce(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, err: &out}
	down := func(why string) pos.Reach {
		return pos.Reach{State: pos.Unreachable, RoundTrip: time.Second, Err: pos.Errorf(pos.Unavailable, "No answer from %s in time.", why)}
	}
	told := ""
	for _, r := range []pos.Reach{
		{State: pos.ReachUnknown},
		{State: pos.Reached, RoundTrip: 12 * time.Millisecond},
		{State: pos.Reached, RoundTrip: 15 * time.Millisecond},
		down("a"), down("a"), down("b"),
		{State: pos.Reached, RoundTrip: 17 * time.Millisecond},
	} {
		told = a.tellReach(r, told)
	}
	want := `Notifications reach this counter, in 12 ms.
No notifications arrive; payments are confirmed by polling. No answer from a in time.
No notifications arrive; payments are confirmed by polling. No answer from b in time.
Notifications reach this counter, in 17 ms.
`
	if out.String() != want {
		t.Errorf("told\n%s", out.String())
	}
}

// A refund without an answer is told as one: nobody is to wait with goods for it.
func TestNoAnswerIsToldOfWhatWasAsked(t *testing.T) {
	p, r := &pos.Payment{Wallet: pos.WeChat, OutTradeNo: "K1A"}, &pos.Refund{OutTradeNo: "K1A", OutRefundNo: "RK1B"}
	unknown := &pos.GatewayError{Wallet: pos.WeChat, Failure: pos.Unknown}
	for _, c := range []struct {
		refund *pos.Refund
		err    error
		want   string
	}{
		{nil, unknown, "K1A: WeChat Pay has not given a clear answer yet; the counter goes on asking. Do not hand over the goods yet.\n"},
		{r, unknown, "K1A: WeChat Pay has not given a clear answer about the refund RK1B yet; the counter goes on asking.\n"},
		{r, &pos.GatewayError{Wallet: pos.WeChat, Failure: pos.Misconfigured}, "K1A: WeChat Pay does not accept this shop's papers; use the other wallet and call the manager.\n"},
	} {
		var out bytes.Buffer
		a := &app{out: &out, err: &out}
		a.noAnswer(pos.Event{Kind: pos.NoAnswer, Payment: p, Refund: c.refund, Err: c.err})
		if out.String() != c.want {
			t.Errorf("told %q, want %q", out.String(), c.want)
		}
	}
}
