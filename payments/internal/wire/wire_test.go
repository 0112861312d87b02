package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saoma/pos"
)

func TestClientLimits(t *testing.T) {
	c := NewClient(nil, MaxAnswer, &Clock{})
	transport := c.Transport.(*bounded).next.(*http.Transport)
	if c.Timeout != pos.CallTimeout || transport.TLSHandshakeTimeout != pos.ConnectTimeout || transport.DialContext == nil {
		t.Errorf("time-outs: call %s, handshake %s", c.Timeout, transport.TLSHandshakeTimeout)
	}
	if transport.TLSClientConfig.InsecureSkipVerify {
		t.Error("certificates are not verified")
	}
}

// An answer that never ends is given up after pos.CallTimeout, however steadily it comes.
func TestCallsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan struct{})
		defer func() { <-gone }()
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() { defer close(gone); drip(there) }()
			return here, nil
		}}
		begin := time.Now()
		resp, err := NewClient(transport, MaxAnswer, &Clock{}).Get("http://platform.example")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != pos.CallTimeout {
			t.Errorf("ended after %s with %v", time.Since(begin), err)
		}
	})
}

// drip answers a request with one byte a second until the client is gone.
func drip(c net.Conn) {
	defer c.Close()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		return
	}
	for text := "HTTP/1.1 200 OK\r\n\r\n"; ; text = "x" {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// A body one byte too long fails; it does not look like a shorter one.
func TestBodiesAreBounded(t *testing.T) {
	const limit = 1000
	for size, want := range map[int]error{limit: nil, limit + 1: ErrTooLarge} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Repeat("x", size))
		}))
		resp, err := NewClient(nil, limit, &Clock{}).Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.ReadAll(resp.Body); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", size, err, want)
		}
		resp.Body.Close()
		s.Close()
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	c := NewClient(nil, MaxAnswer, &Clock{})
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.URL)
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect || asked != 1 {
		t.Fatalf("%v, asked %d times", err, asked)
	}
	resp.Body.Close()
}

// The platform's time is heard from every answer, whatever its status, and runs on between them.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		if now, known := c.PlatformNow(); known || !now.IsZero() {
			t.Errorf("before any answer: %s, %v", now, known)
		}
		date, status := "", 500
		client := NewClient(answers(func() (string, int) { return date, status }), MaxAnswer, &c)
		ask := func() {
			resp, err := client.Get("http://platform.example")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		for _, date = range []string{"", "soon", "2026-01-31T14:03:22Z"} {
			if ask(); known(&c) {
				t.Errorf("the date %q was taken", date)
			}
		}
		for _, ahead := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
			date = time.Now().Add(ahead).UTC().Format(http.TimeFormat)
			ask()
			time.Sleep(90 * time.Second)
			if now, known := c.PlatformNow(); !known || !now.Equal(time.Now().Add(ahead).Truncate(time.Second)) {
				t.Errorf("%s ahead: %s, %v; here it is %s", ahead, now, known, time.Now())
			}
		}
		date = "soon" // says nothing, so the last answer counts still
		if ask(); !known(&c) {
			t.Error("an answer without a date made the clock forget")
		}
	})
}

func known(c *Clock) bool { _, known := c.PlatformNow(); return known }

// answers is a platform without a network: a date and a status.
type answers func() (date string, status int)

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	date, status := a()
	h := http.Header{}
	if date != "" {
		h.Set("Date", date)
	}
	return &http.Response{StatusCode: status, Header: h, Body: http.NoBody}, nil
}

func TestCheckURL(t *testing.T) {
	for s, fine := range map[string]bool{
		"https://openapi.example.com/gateway.do": true, "http://127.0.0.1:8080": true, "http://localhost:1/x": true, "http://[::1]:1": true,
		"http://openapi.example.com": false, "http://10.0.0.1": false, "http://127.0.0.1.example.com": false, "ftp://example.com": false,
		"https://user@example.com": false, "https://example.com/#x": false, "https://": false, "example.com": false, "": false, "http://%zz": false,
	} {
		if u, err := CheckURL(s); (err == nil) != fine || fine && u.String() != s {
			t.Errorf("%q: %v, %v", s, u, err)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"订单不存在":                    "订单不存在",
		"a\nb\x1b[31m\u2028\u202e": "a b [31m  ",
		"bad \xff utf-8":           "bad ? utf-8",
		strings.Repeat("长", 121):   strings.Repeat("长", 120) + "…",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
	for n, want := range map[int]string{0: "", 2: "", 3: "茶", 5: "茶", 6: "茶馆", 99: "茶馆"} {
		if got := Cut("茶馆", n); got != want {
			t.Errorf("Cut at %d is %q, want %q", n, got, want)
		}
	}
}

// After the machine slept, its monotonic clock is behind; the platform's time is then unknown until it is told again.
func TestClockAfterSleep(t *testing.T) {
	var c Clock
	c.hear(time.Now().UTC().Format(http.TimeFormat))
	if !known(&c) {
		t.Fatal("not known")
	}
	c.wall = c.wall.Add(-8 * time.Hour) // as if the wall clock had gone on for so long alone
	if known(&c) {
		t.Error("known after a sleep")
	}
	c.hear(time.Now().UTC().Format(http.TimeFormat))
	if !known(&c) {
		t.Error("not known although it was told again")
	}
}
