package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// flood is a handler whose decoder refuses with what next returns, and the log it writes.
func flood(next func() error) (send func(), log *logged) {
	log = &logged{}
	d := decoder(func() (pos.Notice, error) { return pos.Notice{}, next() })
	h := notify.New(notify.Options{
		Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: d},
		Log:      slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/notify/wechat", nil)) }, log
}

// The first of a kind is logged at once, the others as one line a minute that counts them; when a kind has
// stopped coming, so do the lines, and its next first is logged at once again.
func TestRefusalsAreCountedByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		send, log := flood(func() error { return fmt.Errorf("the signature is wrong") })
		lines := func(want int, last string) {
			t.Helper()
			synctest.Wait()
			all := strings.Split(strings.TrimSpace(log.String()), "\n")
			if len(all) != want || !strings.Contains(all[len(all)-1], last) {
				t.Fatalf("%d lines, want %d and %q in the last:\n%s", len(all), want, last, log)
			}
		}
		send()
		lines(1, "the signature is wrong")
		for range 8990 {
			time.Sleep(20 * time.Millisecond) // nearly three minutes of 50 a second
			send()
		}
		time.Sleep(time.Minute)
		lines(4, "more=")
		total := 1
		for _, l := range strings.Split(strings.TrimSpace(log.String()), "\n")[1:] {
			var n int
			if _, err := fmt.Sscanf(l[strings.Index(l, "more="):], "more=%d", &n); err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if total != 8991 {
			t.Errorf("the lines count %d, want 8991", total)
		}
		time.Sleep(time.Hour)
		lines(4, "more=")
		send()
		lines(5, "the signature is wrong")
		time.Sleep(time.Hour) // let the last timer end
	})
}

// Refusals that all differ do not fill the log either, nor does one that is a page long.
func TestTheSendersWordsDoNotFillTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		send, log := flood(func() error { n++; return fmt.Errorf("%d %s", n, strings.Repeat("词", 10_000)) })
		const minutes = 60
		for range minutes * 100 {
			send()
			time.Sleep(600 * time.Millisecond)
		}
		if size := len(log.String()); size > minutes*10_000 {
			t.Errorf("%d bytes of log in %d minutes", size, minutes)
		}
		if !strings.Contains(log.String(), "many more") || strings.Contains(log.String(), `\x`) {
			t.Errorf("the log is not as it should be:\n%s", log.String()[:2000])
		}
		time.Sleep(time.Hour)
	})
}

// probe is a refusal that raises no alarm.
type probe struct{}

func (probe) Error() string { return "a probe" }
func (probe) Probe() bool   { return true }

// Whatever can be sent at will is only counted: probes, panics, replays, and exceptions told again.
func TestNothingRepeatedFillsTheLog(t *testing.T) {
	paid := about(&pos.Evidence{State: pos.TradePaid, OutTradeNo: "K1"}, nil)
	for name, c := range map[string]struct {
		decode decoder
		settle func(context.Context) (pos.Outcome, error)
		lines  int
	}{
		"probe":         {func() (pos.Notice, error) { return pos.Notice{}, probe{} }, nil, 1},
		"panic":         {func() (pos.Notice, error) { panic("x") }, nil, 2},
		"replay":        {paid, func(context.Context) (pos.Outcome, error) { return pos.Replayed, nil }, 1},
		"exception":     {paid, func(context.Context) (pos.Outcome, error) { return pos.Excepted, nil }, 1},
		"panicked till": {paid, func(context.Context) (pos.Outcome, error) { panic("x") }, 2},
		"payment":       {paid, func(context.Context) (pos.Outcome, error) { return pos.Credited, nil }, 1000}, // each is money
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logged{}
				h := notify.New(notify.Options{
					Till: stub{c.settle}, Decoders: map[pos.Wallet]notify.Decoder{pos.Alipay: c.decode},
					Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				for range 1000 {
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/notify/alipay", nil))
				}
				if n := strings.Count(log.String(), "\n"); n != c.lines {
					t.Errorf("%d lines, want %d:\n%.3000s", n, c.lines, log)
				}
				time.Sleep(time.Hour)
			})
		})
	}
}
