package sandbox

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	maxRequest = 1 << 20
	hangBound  = 2 * time.Minute // no client waits longer; a forgotten connection must not hang for ever
)

// call is one request to a gateway on its way through.
type call struct {
	r          *http.Request
	body       []byte
	wallet     string
	op         string
	outTradeNo string
	fault      Fault
}

// answer is what a gateway says, before faults have their way with it.
type answer struct {
	status      int
	contentType string
	body        []byte
	bare        bool // a file: never signed
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "body not readable", http.StatusBadRequest)
		return nil, false
	}
	return body, true
}

// interfere does the faults that strike before the operation; it says whether the request is over.
func (s *Sandbox) interfere(w http.ResponseWriter, c *call) bool {
	switch c.fault.Kind {
	case FaultRefuse:
		reset(w)
	case FaultDelay:
		if !s.sleep(c.r.Context(), c.fault.Delay) {
			panic(http.ErrAbortHandler)
		}
		s.date(w)
		return false
	case FaultTimeoutBefore:
		s.hang(c.r)
	case FaultHTTP500:
		page(w, http.StatusInternalServerError, "<html><body><h1>500 Internal Server Error</h1></body></html>")
	case FaultHTTP502:
		page(w, http.StatusBadGateway, "<html><body><h1>502 Bad Gateway</h1></body></html>")
	case FaultCaptivePortal:
		page(w, http.StatusOK, "<html><body><h1>Welcome to the free Wi-Fi</h1><form>Please log in</form></body></html>")
	case FaultRedirect:
		// To where the same request works: whoever follows it is found out by what then happened.
		http.Redirect(w, c.r, c.r.URL.RequestURI(), http.StatusTemporaryRedirect)
	default:
		return false
	}
	return true
}

func page(w http.ResponseWriter, status int, html string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, html)
}

// reset breaks the connection the way a dead host's firewall does.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// hang keeps the client waiting for an answer that never comes.
func (s *Sandbox) hang(r *http.Request) {
	s.sleep(r.Context(), hangBound)
	panic(http.ErrAbortHandler)
}

// deliver writes the answer, or what a fault leaves of it. The operation has had its effect.
func (s *Sandbox) deliver(w http.ResponseWriter, c *call, a answer) {
	h := w.Header()
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	switch c.fault.Kind {
	case FaultTimeoutAfter:
		s.hang(c.r)
	case FaultTruncated:
		if len(a.body) == 0 {
			panic(http.ErrAbortHandler) // nothing to cut: the connection breaks before the status
		}
		w.WriteHeader(a.status)
		w.Write(a.body[:len(a.body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case FaultSlow:
		s.trickle(w, c, a)
	default:
		w.WriteHeader(a.status)
		w.Write(a.body)
	}
}

// trickle writes one byte a second.
func (s *Sandbox) trickle(w http.ResponseWriter, c *call, a answer) {
	ctx, cancel := context.WithTimeout(c.r.Context(), hangBound)
	defer cancel()
	control := http.NewResponseController(w)
	if len(a.body) == 0 && !s.sleep(ctx, time.Second) {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	for i := range a.body {
		w.Write(a.body[i : i+1])
		if control.Flush() != nil || !s.sleep(ctx, time.Second) {
			panic(http.ErrAbortHandler)
		}
	}
}

// decoy is the order a wrong_order fault answers about: another one of the same amount, and paid, so that a client
// that does not compare numbers takes money it never got. A real other order is used when there is one.
func (s *Sandbox) decoy(c *call, t *trade) *trade {
	if c.fault.Kind != FaultWrongOrder {
		return t
	}
	other := *t
	other.OutTradeNo = reverse(t.OutTradeNo)
	for _, o := range s.list {
		if o.Wallet == t.Wallet && o.OutTradeNo != t.OutTradeNo {
			other.OutTradeNo = o.OutTradeNo
		}
	}
	now := s.now()
	if !other.paidOnce() {
		other.Paid = now
	}
	if t.Wallet == WeChat {
		other.State, other.TransactionID = wxSuccess, wechatTransactionID(now)
	} else {
		other.State, other.TransactionID = tradeSuccess, alipayTradeNo(now)
	}
	return &other
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	if string(b) == s {
		return fmt.Sprintf("%s0", s[:len(s)-1])
	}
	return string(b)
}
