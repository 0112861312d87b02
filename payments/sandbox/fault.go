package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// FaultKind names one way a gateway or its notifications misbehave.
type FaultKind string

// The faults of requests.
const (
	FaultRefuse        FaultKind = "refuse"         // the connection is reset before an answer; no effect
	FaultDelay         FaultKind = "delay"          // everything works, Delay later
	FaultTimeoutBefore FaultKind = "timeout_before" // no effect, no answer
	FaultTimeoutAfter  FaultKind = "timeout_after"  // full effect, no answer
	FaultHTTP500       FaultKind = "http_500"       // unsigned, no effect
	FaultHTTP502       FaultKind = "http_502"       // unsigned, no effect
	FaultSystemError   FaultKind = "system_error"   // the platform's own SYSTEM_ERROR, signed; no effect
	FaultRateLimit     FaultKind = "rate_limit"     // 429 FREQUENCY_LIMITED or 40005; no effect
	FaultTruncated     FaultKind = "truncated"      // half the body, then the connection breaks; full effect
	FaultSlow          FaultKind = "slow"           // the body, one byte a second; full effect
	FaultBadSignature  FaultKind = "bad_signature"  // signed by a stranger's key; full effect
	FaultUnsigned      FaultKind = "unsigned"       // no signature at all; full effect
	FaultCaptivePortal FaultKind = "captive_portal" // 200 and a log-in page; no effect
	FaultRedirect      FaultKind = "redirect"       // 307 to the same address; no effect
	FaultWrongOrder    FaultKind = "wrong_order"    // validly signed, about another (paid) order
	FaultOrderPaid     FaultKind = "order_paid"     // close answers that the order is paid; no effect
	FaultNumberUsed    FaultKind = "number_used"    // create answers that the number is used for another order; no effect
	FaultStale         FaultKind = "stale"          // query says unpaid once more although it is paid
	// FaultAbnormal: the refund is accepted and then does not arrive. WeChat Pay turns it from PROCESSING to ABNORMAL;
	// Alipay says fund_change=N, and the same number asked for again arrives.
	FaultAbnormal FaultKind = "refund_abnormal"
)

// The faults of notifications. Each affects one attempt to deliver one.
const (
	FaultDuplicate FaultKind = "duplicate" // delivered twice at once
	FaultReordered FaultKind = "reordered" // delivered after the one that follows it
	FaultLate      FaultKind = "late"      // delivered Delay later (5 s unless said)
	FaultLost      FaultKind = "lost"      // not delivered; the schedule goes on
	FaultForged    FaultKind = "forged"    // an attacker's copy arrives before the real one
	FaultCorrupt   FaultKind = "corrupt"   // changed on the way: its signature no longer fits
	FaultProbe     FaultKind = "probe"     // WeChat Pay's own probe of the merchant's checks arrives before the real one
)

// Operations a Fault can be limited to.
const (
	opCreate       = "create"
	opQuery        = "query"
	opClose        = "close"
	opCancel       = "cancel"
	opRefund       = "refund"
	opQueryRefund  = "query_refund"
	opBill         = "bill"
	opCertificates = "certificates"
	opNotify       = "notify"
)

var operations = []string{
	opCreate, opQuery, opClose, opCancel, opRefund, opQueryRefund, opBill, opCertificates, opNotify,
}

var requestFaults = []FaultKind{
	FaultRefuse, FaultDelay, FaultTimeoutBefore, FaultTimeoutAfter, FaultHTTP500, FaultHTTP502, FaultSystemError,
	FaultRateLimit, FaultTruncated, FaultSlow, FaultBadSignature, FaultUnsigned, FaultCaptivePortal, FaultRedirect,
	FaultWrongOrder, FaultOrderPaid, FaultNumberUsed, FaultStale, FaultAbnormal,
}

var notifyFaults = []FaultKind{
	FaultDuplicate, FaultReordered, FaultLate, FaultLost, FaultForged, FaultCorrupt, FaultProbe,
	FaultDelay, FaultBadSignature, FaultUnsigned, // only when Op says notify: see fits
}

// Fault is one switched-on fault. Empty fields match anything.
type Fault struct {
	Kind       FaultKind
	Wallet     string        // "wechat", "alipay" or "" for both
	Op         string        // create, query, close, cancel, refund, query_refund, bill, certificates, notify or ""
	OutTradeNo string        // only this order
	Count      int           // how many times; 0 is until cleared
	Delay      time.Duration // for delay and late
}

// faultJSON is Fault on the wire: the delay in milliseconds.
type faultJSON struct {
	Kind       FaultKind `json:"kind"`
	Wallet     string    `json:"wallet,omitempty"`
	Op         string    `json:"op,omitempty"`
	OutTradeNo string    `json:"out_trade_no,omitempty"`
	Count      int       `json:"count,omitempty"`
	DelayMS    int64     `json:"delay_ms,omitempty"`
}

// MarshalJSON writes the delay as delay_ms.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{f.Kind, f.Wallet, f.Op, f.OutTradeNo, f.Count, f.Delay.Milliseconds()})
}

// UnmarshalJSON reads the delay from delay_ms.
func (f *Fault) UnmarshalJSON(text []byte) error {
	var j faultJSON
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a misspelt field would otherwise mean "any"
	if err := d.Decode(&j); err != nil {
		return err
	}
	*f = Fault{j.Kind, j.Wallet, j.Op, j.OutTradeNo, j.Count, time.Duration(j.DelayMS) * time.Millisecond}
	return nil
}

func (f Fault) check() error {
	switch {
	case !slices.Contains(requestFaults, f.Kind) && !slices.Contains(notifyFaults, f.Kind) && !slices.Contains(billFaults, f.Kind):
		return fmt.Errorf("fault kind %q is not known", f.Kind)
	case f.Wallet != "" && f.Wallet != WeChat && f.Wallet != Alipay:
		return fmt.Errorf("fault wallet %q is neither %q nor %q", f.Wallet, WeChat, Alipay)
	case f.Op != "" && !slices.Contains(operations, f.Op):
		return fmt.Errorf("fault op %q is not known", f.Op)
	case f.Op != "" && !f.fits(f.Op):
		return fmt.Errorf("fault kind %q cannot strike op %q", f.Kind, f.Op)
	case f.Count < 0 || f.Delay < 0:
		return fmt.Errorf("fault count and delay are not negative")
	}
	return nil
}

// fits says whether the fault can show itself in op at all.
func (f Fault) fits(op string) bool {
	if op == opNotify {
		return slices.Contains(notifyFaults, f.Kind) && (f.Op == opNotify || !slices.Contains(requestFaults, f.Kind))
	}
	if slices.Contains(billFaults, f.Kind) {
		return op == opBill && (f.Kind != FaultBillHash || f.Wallet != Alipay)
	}
	switch f.Kind {
	case FaultOrderPaid:
		return op == opClose
	case FaultNumberUsed:
		return op == opCreate
	case FaultStale:
		return op == opQuery
	case FaultAbnormal:
		return op == opRefund
	case FaultWrongOrder:
		return op != opBill && op != opCertificates
	}
	return slices.Contains(requestFaults, f.Kind)
}

// Faults are the faults switched on now. The zero value has none; it is safe for concurrent use.
type Faults struct {
	mu   sync.Mutex
	list []Fault
}

// Add switches a fault on. It refuses a fault whose kind, wallet or operation does not exist.
func (s *Faults) Add(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, f)
	return nil
}

// Clear switches every fault off.
func (s *Faults) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

// List returns the faults still on; Count is what is left of it.
func (s *Faults) List() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// inBody are the faults that depend on the order's state: the operation itself takes them, as it does those of bills.
var inBody = []FaultKind{FaultStale, FaultAbnormal}

// take uses up one count of the oldest fault that hits this operation.
func (s *Faults) take(wallet, op, outTradeNo string) Fault {
	return s.first(wallet, op, outTradeNo, func(k FaultKind) bool { return !slices.Contains(inBody, k) && !slices.Contains(billFaults, k) })
}

// takeKind uses up one count of a fault of exactly this kind.
func (s *Faults) takeKind(kind FaultKind, wallet, op, outTradeNo string) bool {
	return s.first(wallet, op, outTradeNo, func(k FaultKind) bool { return k == kind }).Kind != ""
}

func (s *Faults) first(wallet, op, outTradeNo string, want func(FaultKind) bool) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.list {
		if !want(f.Kind) || !f.fits(op) || f.Wallet != "" && f.Wallet != wallet || f.Op != "" && f.Op != op ||
			f.OutTradeNo != "" && f.OutTradeNo != outTradeNo {
			continue
		}
		switch f.Count {
		case 0:
		case 1:
			s.list = slices.Delete(s.list, i, i+1)
		default:
			s.list[i].Count--
		}
		return f
	}
	return Fault{}
}
