package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The counter looks at its own public address too; only notifications are timed.
func TestRelayTimesNotificationsOnly(t *testing.T) {
	counter := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer counter.Close()
	r := &relay{to: counter.URL, told: make(chan span, 16)}
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if n := len(r.told); n != 0 {
		t.Errorf("a look at /healthz was timed %d times", n)
	}
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/notify/wechat", strings.NewReader("{}")))
	if n := len(r.told); n != 1 {
		t.Errorf("a notification was timed %d times", n)
	}
}
