// Package notify receives what the platforms tell about payments: it lets a wallet's adapter verify each
// notification, has the till settle it, and only then gives the platform its exact answer.
package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"saoma/pos"
)

// Limits of one notification. The platforms wait 5 s for an answer; real bodies are below 4 KiB.
const (
	maxBody   = 64 << 10
	maxAnswer = 4 * time.Second // reading, verifying and settling together
)

// Decoder verifies and translates one wallet's notifications. Its errors carry nothing of the request,
// because they are logged. An error with a method Probe() bool that returns true is a platform testing
// whether signatures are checked: it is refused without an alarm.
type Decoder interface {
	Notification(ctx context.Context, header http.Header, body []byte) (pos.Notice, error)
}

// Settler is the till. When it returns without an error, what it did is on disk.
type Settler interface {
	Settle(ctx context.Context, e pos.Evidence) (pos.Outcome, error)
	SettleRefund(ctx context.Context, e pos.RefundEvidence) (pos.Outcome, error)
}

// Options wire the handler. Till is needed; a wallet without a decoder does not exist here.
type Options struct {
	Till     Settler
	Decoders map[pos.Wallet]Decoder
	Log      *slog.Logger // default slog.Default()
	Echo     []byte       // the key under which GET /healthz proves to Probe that it is this counter; nil: it does not
	// Report, if set, hears what became of each notification: nil where it was verified and settled,
	// else why not. Anyone can post a forgery, so a refusal says nothing of the platform's health.
	Report func(pos.Wallet, error)
}

// Why a notification was not acknowledged. What Report hears wraps one of these.
var (
	ErrRefused    = errors.New("the notification was refused")
	ErrNotSettled = errors.New("the notification was not settled")
)

// New returns the handler of POST /notify/wechat, POST /notify/alipay and GET /healthz. Everything else
// is not found.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &handler{o, newTally(o.Log)}
}

type handler struct {
	Options
	tally *tally
}

// ServeHTTP routes by the exact path: a mux would redirect what merely resembles one.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.EscapedPath(); {
	case path == "/healthz" && r.Method == http.MethodGet:
		h.echo(w, r)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	case path == "/notify/wechat" && r.Method == http.MethodPost && h.Decoders[pos.WeChat] != nil:
		h.serve(w, r, pos.WeChat, answerWeChat)
	case path == "/notify/alipay" && r.Method == http.MethodPost && h.Decoders[pos.Alipay] != nil:
		h.serve(w, r, pos.Alipay, answerAlipay)
	default:
		http.NotFound(w, r)
	}
}

// serve takes one notification and answers it. The platform goes on telling until the answer is success.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, wallet pos.Wallet, answer func(http.ResponseWriter, int)) {
	begin := time.Now()
	// The platform hanging up must not stop what it has verifiably said from being settled.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), maxAnswer)
	defer cancel()
	n, status, err := h.receive(ctx, w, r, wallet)
	if err != nil {
		h.refused(wallet, err)
		answer(w, status)
		return
	}
	outcome, err := h.settle(ctx, wallet, n)
	if err == nil && !settled(n, outcome) {
		err = fmt.Errorf("an exception waits for a manager: %s", outcome)
	}
	took := time.Since(begin).Round(time.Millisecond)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNotSettled, err)
		h.tally.add(kind{level: slog.LevelWarn, said: "notification not settled", wallet: wallet, about: about(n), why: err.Error()}, "took", took)
		h.report(wallet, err)
		answer(w, http.StatusInternalServerError)
		return
	}
	h.notified(wallet, n, outcome, took)
	h.report(wallet, nil)
	answer(w, http.StatusOK)
}

// notified logs what was settled. What changed nothing can be repeated at will by whoever has seen it once.
func (h *handler) notified(wallet pos.Wallet, n pos.Notice, outcome pos.Outcome, took time.Duration) {
	const said = "notified"
	if outcome == pos.Replayed || outcome == pos.Ignored {
		h.tally.add(kind{level: slog.LevelInfo, said: said, wallet: wallet, about: about(n), outcome: outcome}, "took", took)
		return
	}
	h.Log.Info(said, "wallet", wallet, "about", about(n), "outcome", outcome, "took", took)
}

// receive reads and verifies one notification. The status goes with the error.
func (h *handler) receive(ctx context.Context, w http.ResponseWriter, r *http.Request, wallet pos.Wallet) (n pos.Notice, status int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, status, err = pos.Notice{}, http.StatusBadRequest, h.panicked(wallet, p)
		}
	}()
	if r.URL.RawQuery != "" || r.URL.ForceQuery { // nothing of it would be signed
		return pos.Notice{}, http.StatusBadRequest, errors.New("it has a query string")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return pos.Notice{}, http.StatusRequestEntityTooLarge, errors.New("it is too large")
	}
	if err != nil {
		return pos.Notice{}, http.StatusBadRequest, errors.New("it broke off")
	}
	n, err = h.Decoders[wallet].Notification(ctx, r.Header, body)
	if err == nil && (n.Payment == nil) == (n.Refund == nil) {
		err = errors.New("it is about neither a payment nor a refund, or about both")
	}
	return n, http.StatusBadRequest, err
}

// settle has the till settle n. It answers by ctx's end even if the till does not: what is committed
// after that is a replay when the platform tells again.
func (h *handler) settle(ctx context.Context, wallet pos.Wallet, n pos.Notice) (pos.Outcome, error) {
	type result struct {
		outcome pos.Outcome
		err     error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{err: h.panicked(wallet, p)}
			}
			done <- r
		}()
		if n.Payment != nil {
			r.outcome, r.err = h.Till.Settle(ctx, *n.Payment)
		} else {
			r.outcome, r.err = h.Till.SettleRefund(ctx, *n.Refund)
		}
	}()
	select {
	case r := <-done:
		return r.outcome, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// settled reports whether the platform may stop telling: the money is in the ledger, or nothing moved
// that should be there.
func settled(n pos.Notice, o pos.Outcome) bool {
	money := n.Payment != nil && n.Payment.State == pos.TradePaid || n.Refund != nil && n.Refund.State == pos.RefundSucceeded
	switch o {
	case pos.Credited, pos.Replayed:
		return true
	case pos.Recorded, pos.Ignored:
		return !money
	}
	return false
}

// panicked logs where a panic came from. Its value is left out: it may quote the request.
func (h *handler) panicked(wallet pos.Wallet, p any) error {
	h.tally.add(kind{level: slog.LevelError, said: "panic in a notification", wallet: wallet, why: fmt.Sprintf("%T", p)}, "stack", string(debug.Stack()))
	return errors.New("panic")
}

// refused logs and reports a notification that was not the platform's. A probe is neither.
func (h *handler) refused(wallet pos.Wallet, err error) {
	if p, ok := errors.AsType[interface {
		error
		Probe() bool
	}](err); ok && p.Probe() {
		h.tally.add(kind{level: slog.LevelDebug, said: "signature probe refused", wallet: wallet})
		return
	}
	h.tally.add(kind{level: slog.LevelWarn, said: "notification refused", wallet: wallet, why: err.Error()})
	h.report(wallet, fmt.Errorf("%w: %w", ErrRefused, err))
}

func (h *handler) report(wallet pos.Wallet, err error) {
	if h.Report != nil {
		h.Report(wallet, err)
	}
}

// about is our number, for the log.
func about(n pos.Notice) string {
	if n.Payment != nil {
		return n.Payment.OutTradeNo
	}
	return n.Refund.OutRefundNo
}

// answerWeChat is success with 200 and failure with 4xx or 5xx; WeChat Pay takes any other 2xx as failure.
func answerWeChat(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	switch {
	case status == http.StatusOK:
		io.WriteString(w, `{"code":"SUCCESS","message":"成功"}`)
	case status >= http.StatusInternalServerError:
		io.WriteString(w, `{"code":"FAIL","message":"请重发"}`)
	default:
		io.WriteString(w, `{"code":"FAIL","message":"拒绝"}`)
	}
}

// answerAlipay is exactly success; anything else makes Alipay tell again.
func answerAlipay(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	if status == http.StatusOK {
		io.WriteString(w, "success")
		return
	}
	io.WriteString(w, "fail")
}
