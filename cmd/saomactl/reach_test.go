package main

import (
	"bytes"
	"os"
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
