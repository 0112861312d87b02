package doctor

import (
	"strings"
	"testing"
	"time"

	"saoma/payments/sandbox"
	"saoma/pos"
)

// TestOrderIsClosed: whatever the answers to the doctor's order, either nothing of it can be paid or the finding says so.
func TestOrderIsClosed(t *testing.T) {
	for _, c := range []struct {
		name, says string
		faults     []sandbox.Fault
		open       bool
	}{
		{"create unverifiable", "named neither", []sandbox.Fault{{Kind: sandbox.FaultBadSignature, Op: "create"}}, false},
		{"create unanswered", "named neither", []sandbox.Fault{{Kind: sandbox.FaultTimeoutAfter, Op: "create"}}, false},
		{"close fails", "must not be paid", []sandbox.Fault{{Kind: sandbox.FaultHTTP502, Op: "close"}}, true},
		{"both", "must not be paid", []sandbox.Fault{{Kind: sandbox.FaultBadSignature, Op: "create"}, {Kind: sandbox.FaultHTTP502, Op: "close"}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, publicMode)
			s.o.Order = true
			for _, f := range c.faults {
				s.must(s.box.Faults().Add(f))
			}
			begin := time.Now()
			f, _ := s.look("wechat_appid")
			if f.Level != pos.Yellow || f.Do == nil || !strings.Contains(f.Says.Sentence(), c.says) {
				t.Errorf("%s: %s", f.Level, f.Says.Error())
			}
			list := s.box.Orders()
			if len(list) != 1 {
				t.Fatalf("%d orders", len(list))
			}
			number := list[0].OutTradeNo
			if open := list[0].State == "NOTPAY"; open != c.open && time.Since(begin) < orderLife {
				t.Errorf("the order is %s", list[0].State)
			}
			if c.open && !strings.Contains(f.Says.Sentence(), number) {
				t.Errorf("no number: %s", f.Says.Sentence())
			}
		})
	}
}

// TestOrderPaid: an order that somebody pays between create and close is told with its number.
func TestOrderPaid(t *testing.T) {
	s := newShop(t, publicMode)
	v := &visit{o: s.o}
	v.o.defaults()
	v.log = v.o.Log
	g, err := v.open(t.Context(), pos.WeChat)
	s.must(err)
	defer v.close()
	p := nobodys(g, v.o.Now())
	_, err = g.Create(t.Context(), p)
	s.must(err)
	s.must(s.box.Pay(p.OutTradeNo))
	if r := v.undo(t.Context(), g, p); r == nil || r.Level != pos.Yellow || !strings.Contains(r.Says.Sentence(), p.OutTradeNo) || !strings.Contains(r.Says.Sentence(), "was paid") {
		t.Errorf("%+v", r)
	}
}
