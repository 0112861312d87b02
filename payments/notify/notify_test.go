package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"saoma/payments/notify"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// The whole way: the customer pays, the platform tells, the ledger has it once, and the platform stops.
func TestAPaymentIsNotifiedAndSettledOnce(t *testing.T) {
	r := newRig(t)
	for _, w := range pos.Wallets {
		r.must(r.sandbox.Faults().Add(sandbox.Fault{Kind: sandbox.FaultDuplicate, Wallet: string(w), Count: 1}))
		p := r.charge(w)
		r.must(r.sandbox.Pay(p.OutTradeNo))
		if p = r.until(p, pos.Paid); p.ConfirmedBy != pos.FromNotification {
			t.Errorf("%s confirmed by %s", w, p.ConfirmedBy)
		}
	}
	for late := time.Now().Add(time.Minute); strings.Count(r.log.String(), "outcome=replayed") < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the duplicates were not replays:\n%s", r.log)
		}
	}
	if got := r.paidInLedger(); got != 2500 {
		t.Errorf("the ledger has %s", got)
	}
	for _, err := range r.reports.list() {
		if err != nil && !tooSlow(err) { // what was too slow was told again
			t.Errorf("reported %v", err)
		}
	}
	r.verified()
	r.quiet("")
}

// Forged, corrupt, unsigned and lost notifications do not hinder the real one.
func TestFaultsOfNotifications(t *testing.T) {
	for _, kind := range []sandbox.FaultKind{
		sandbox.FaultForged, sandbox.FaultCorrupt, sandbox.FaultLost, sandbox.FaultUnsigned, sandbox.FaultBadSignature, sandbox.FaultReordered,
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t)
			for _, w := range pos.Wallets {
				r.must(r.sandbox.Faults().Add(sandbox.Fault{Kind: kind, Wallet: string(w), Op: "notify", Count: 1}))
				first, second := r.charge(w), r.charge(w) // a reordered one comes after another
				r.must(r.sandbox.Pay(first.OutTradeNo))
				r.must(r.sandbox.Pay(second.OutTradeNo))
				r.until(first, pos.Paid)
				r.until(second, pos.Paid)
			}
			if got := r.paidInLedger(); got != 5000 {
				t.Errorf("the ledger has %s", got)
			}
			r.verified()
			r.quiet("")
		})
	}
}

func TestOnlyTheExactPathsExist(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ method, path string }{
		{"GET", "/notify/wechat"},
		{"PUT", "/notify/wechat"},
		{"HEAD", "/notify/alipay"},
		{"OPTIONS", "/notify/alipay"},
		{"POST", "/"},
		{"POST", "/notify"},
		{"POST", "/notify/"},
		{"POST", "/notify/wechat/"},
		{"POST", "//notify/wechat"},
		{"POST", "/notify/../notify/wechat"},
		{"POST", "/notify%2Fwechat"},
		{"POST", "/NOTIFY/WECHAT"},
		{"POST", "/notify/paypal"},
		{"POST", "/healthz"},
		{"GET", "/healthz/"},
		{"GET", "/debug/pprof/"},
	} {
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader("x")))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s %s: %d", c.method, c.path, w.Code)
		}
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("healthz: %d %q", w.Code, w.Body)
	}
	// A wallet that is off has no path.
	h := notify.New(notify.Options{Till: r.till, Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: r.wechat}})
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/notify/alipay", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("a wallet that is off: %d", w.Code)
	}
}

// with is the handler with a decoder and a till of the test's making.
func with(d decoder, settle func(context.Context) (pos.Outcome, error), report func(pos.Wallet, error)) http.Handler {
	return notify.New(notify.Options{
		Till: stub{settle}, Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: d, pos.Alipay: d},
		Log: slog.New(slog.DiscardHandler), Report: report,
	})
}

// ask posts an empty notification to both paths and calls check with each answer.
func ask(t *testing.T, h http.Handler, check func(w pos.Wallet, status int, body string)) {
	t.Helper()
	for _, wallet := range pos.Wallets {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/notify/"+string(wallet), nil))
		check(wallet, w.Code, w.Body.String())
	}
}

func about(payment *pos.Evidence, refund *pos.RefundEvidence) decoder {
	return func() (pos.Notice, error) { return pos.Notice{Payment: payment, Refund: refund}, nil }
}

// Success is said only when the money is in the ledger, or when no money moved.
func TestTheAnswerFollowsTheOutcome(t *testing.T) {
	paid, closed := about(&pos.Evidence{State: pos.TradePaid}, nil), about(&pos.Evidence{State: pos.TradeClosed}, nil)
	back, stuck := about(nil, &pos.RefundEvidence{State: pos.RefundSucceeded}), about(nil, &pos.RefundEvidence{State: pos.RefundAbnormal})
	for _, c := range []struct {
		name    string
		decode  decoder
		outcome pos.Outcome
		err     error
		success bool
	}{
		{"paid, credited", paid, pos.Credited, nil, true},
		{"paid, replayed", paid, pos.Replayed, nil, true},
		{"paid, excepted", paid, pos.Excepted, nil, false},
		{"paid, ignored", paid, pos.Ignored, nil, false},
		{"paid, recorded", paid, pos.Recorded, nil, false},
		{"paid, nothing", paid, "", nil, false},
		{"paid, failed", paid, "", errors.New("disk full"), false},
		{"paid, failed after all", paid, pos.Credited, errors.New("disk full"), false},
		{"closed, recorded", closed, pos.Recorded, nil, true},
		{"closed, ignored", closed, pos.Ignored, nil, true},
		{"closed, excepted", closed, pos.Excepted, nil, false},
		{"refunded, credited", back, pos.Credited, nil, true},
		{"refunded, excepted", back, pos.Excepted, nil, false},
		{"refunded, ignored", back, pos.Ignored, nil, false},
		{"refund abnormal, recorded", stuck, pos.Recorded, nil, true},
		{"about nothing", about(nil, nil), pos.Credited, nil, false},
		{"about both", about(&pos.Evidence{}, &pos.RefundEvidence{}), pos.Credited, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reported error
			h := with(c.decode, func(context.Context) (pos.Outcome, error) { return c.outcome, c.err }, func(_ pos.Wallet, err error) { reported = err })
			ask(t, h, func(w pos.Wallet, status int, body string) {
				want := map[pos.Wallet]string{pos.WeChat: wechatOK, pos.Alipay: "success"}[w]
				if c.success && (status != 200 || body != want) {
					t.Errorf("%s: %d %q", w, status, body)
				}
				if !c.success {
					if err := failed(w, status, body); err != nil {
						t.Errorf("%s: %v", w, err)
					}
				}
				if (reported == nil) != c.success {
					t.Errorf("%s: reported %v", w, reported)
				}
			})
		})
	}
}

// A till that hangs, whether it minds its context or not, is answered for in time.
func TestAnswersInTime(t *testing.T) {
	for name, settle := range map[string]func(context.Context) (pos.Outcome, error){
		"minds its context": func(ctx context.Context) (pos.Outcome, error) { <-ctx.Done(); return "", ctx.Err() },
		"does not":          func(context.Context) (pos.Outcome, error) { time.Sleep(time.Minute); return pos.Credited, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				h := with(about(&pos.Evidence{State: pos.TradePaid}, nil), settle, nil)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("POST", "/notify/wechat", nil))
				if err := failed(pos.WeChat, w.Code, w.Body.String()); err != nil || time.Since(begin) >= 5*time.Second {
					t.Errorf("after %s: %v", time.Since(begin), err)
				}
				time.Sleep(time.Minute) // let the till's goroutine end
			})
		})
	}
}

// The platform hanging up does not undo what it has said.
func TestSettlesWhatWasSaidBeforeHangingUp(t *testing.T) {
	ctx, hangUp := context.WithCancel(t.Context())
	h := with(func() (pos.Notice, error) {
		hangUp()
		return pos.Notice{Payment: &pos.Evidence{State: pos.TradePaid}}, nil
	}, func(ctx context.Context) (pos.Outcome, error) { return pos.Credited, ctx.Err() }, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/notify/alipay", nil))
	if w.Body.String() != "success" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestPanicsAreAnsweredAndNotQuoted(t *testing.T) {
	log := &logged{}
	for name, o := range map[string]notify.Options{
		"decoder": {Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: decoder(func() (pos.Notice, error) { panic("openid " + payer) })}},
		"till": {
			Decoders: map[pos.Wallet]notify.Decoder{pos.WeChat: about(&pos.Evidence{State: pos.TradePaid}, nil)},
			Till:     stub{func(context.Context) (pos.Outcome, error) { panic("openid " + payer) }},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o.Log = slog.New(slog.NewTextHandler(log, nil))
			w := httptest.NewRecorder()
			notify.New(o).ServeHTTP(w, httptest.NewRequest("POST", "/notify/wechat", nil))
			if err := failed(pos.WeChat, w.Code, w.Body.String()); err != nil {
				t.Error(err)
			}
			if !strings.Contains(log.String(), "panic") || strings.Contains(log.String(), payer) {
				t.Errorf("log %s", log)
			}
		})
	}
}
