package notify_test

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// counterWith is a counter's handler with an echo key, or without one.
func counterWith(key []byte) http.Handler {
	return notify.New(notify.Options{Till: stub{}, Echo: key})
}

func TestOnlyTheOwnCounterEchoes(t *testing.T) {
	key, other := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	fixed := func(status int, header, value string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(status)
			io.WriteString(w, "ok\n")
		})
	}
	for _, c := range []struct {
		name   string
		at     http.Handler
		says   string // in the sentence; empty: reached
		secure bool
	}{
		{"the counter", counterWith(key), "", false},
		{"the counter behind TLS", counterWith(key), "", true},
		{"another counter", counterWith(other), "Another counter answers", false},
		{"a counter without a key", counterWith(nil), "Something else than this counter", false},
		{"an echo of the nonce itself", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Saoma-Echo", r.Header.Get("Saoma-Nonce"))
		}), "Another counter answers", false},
		{"a sign-in page", fixed(http.StatusOK, "Content-Type", "text/html"), "perhaps a sign-in page", false},
		{"a redirect", fixed(http.StatusMovedPermanently, "Location", "/elsewhere"), "redirects to another address", false},
		{"a proxy with nothing behind", fixed(http.StatusBadGateway, "", ""), "does not reach this counter (HTTP 502)", false},
		{"a proxy that passes too little", fixed(http.StatusNotFound, "", ""), "does not pass /healthz on (HTTP 404)", false},
		{"a server that refuses", fixed(http.StatusForbidden, "", ""), "answers with HTTP 403", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.at)
			if c.secure {
				server.Close()
				server = httptest.NewTLSServer(c.at)
			}
			defer server.Close()
			roundTrip, err := notify.Probe(t.Context(), server.Client(), server.URL+"/", key)
			if c.says == "" {
				if err != nil || roundTrip <= 0 || roundTrip > time.Minute {
					t.Fatalf("not reached: %v after %s", err, roundTrip)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || pos.CodeOf(err) == pos.Internal {
				t.Errorf("says %v", err)
			}
		})
	}
}

func TestWhyNobodyAnswers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	untrusted := httptest.NewUnstartedServer(counterWith(nil))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := httptest.NewServer(counterWith(nil))
	defer plain.Close()
	breaks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer breaks.Close()
	for url, says := range map[string]string{
		untrusted.URL: "The certificate of 127.0.0.1",
		strings.Replace(plain.URL, "http:", "https:", 1): "does not answer with TLS",
		breaks.URL:                         "broke off before an answer",
		"http://127.0.0.1:1":               "Nobody answers at 127.0.0.1", // a port that was free a moment ago may be another test's
		"http://" + silent.Addr().String(): "No answer from 127.0.0.1",
		"https://%zz":                      "is not an address",
	} {
		ctx := t.Context()
		if strings.HasPrefix(says, "No answer") {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
		}
		if _, err := notify.Probe(ctx, nil, url, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: says %v, want %q", url, err, says)
		}
	}
}

func TestTheNameIsUnknown(t *testing.T) {
	nowhere := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "counter.invalid", IsNotFound: true}}
	}}}
	_, err := notify.Probe(t.Context(), nowhere, "https://counter.invalid", nil)
	if err == nil || !strings.Contains(err.Error(), "The name counter.invalid does not exist") {
		t.Errorf("says %v", err)
	}
}

// A nonce is a short text: what is not is answered as if there was none, and without a key nothing is echoed.
func TestHealthzAnswersAsBefore(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	for _, c := range []struct {
		key    []byte
		nonce  string
		echoes bool
	}{
		{key, "n", true},
		{key, strings.Repeat("n", 128), true},
		{key, strings.Repeat("n", 129), false},
		{key, "", false},
		{nil, "n", false},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Header.Set("Saoma-Nonce", c.nonce)
		counterWith(c.key).ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.String() != "ok\n" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
		if got := w.Header().Get("Saoma-Echo"); (got != "") != c.echoes || got != "" && len(got) != 64 {
			t.Errorf("a nonce of %d bytes, key %v: echo %q", len(c.nonce), c.key != nil, got)
		}
	}
}
