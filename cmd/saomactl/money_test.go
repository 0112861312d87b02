package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChargeAndRefund sells once with each wallet and gives the money back: with Alipay in two parts, with WeChat Pay
// one of them, because its next would have to wait a minute.
func TestChargeAndRefund(t *testing.T) {
	s := newShop(t)
	for _, wallet := range []string{"wechat", "alipay"} {
		p := s.start("charge", "12.50", "--wallet", wallet, "--title", "牛肉面")
		waiting := p.next()
		if waiting.Event != "waiting" || waiting.Amount != 1250 || waiting.Wallet != wallet || waiting.ExpiresAt.IsZero() ||
			!strings.HasPrefix(waiting.CodeURL, s.url) || !strings.HasPrefix(waiting.OutTradeNo, "T7") {
			t.Fatalf("waiting: %+v", waiting)
		}
		s.pay(waiting.OutTradeNo)
		paid := p.until("paid")
		if paid.OutTradeNo != waiting.OutTradeNo || paid.Amount != 1250 || paid.TransactionID == "" || paid.PaidAt.IsZero() {
			t.Errorf("paid: %+v", paid)
		}
		if paid.Source != "notified" && paid.Source != "polled" {
			t.Errorf("source %q", paid.Source)
		}
		if code := p.wait(); code != 0 {
			t.Errorf("charge: exit %d: %s", code, p.err.String())
		}
		s.giveBack(waiting.OutTradeNo, wallet == "wechat")
	}
	s.verified()
	if money := s.platform("money"); len(money) != 5 {
		t.Errorf("the platforms moved money %d times: %+v", len(money), money)
	}
}

// giveBack refunds 1.00 and the rest of a payment of 12.50, and fails to refund more. Where refunds must be apart, the
// rest is refused with a sentence, and nothing of it moves.
func (s *shop) giveBack(no string, apart bool) {
	t := s.t
	t.Helper()
	part := func(amount string, fen int64) {
		t.Helper()
		list := s.must("refund", no, amount, "--reason", "没有牛肉")
		if r := list[0]; r.Event != "refund" || r.State != "succeeded" || r.Amount != fen || r.OutTradeNo != no || r.OutRefundNo == "" {
			t.Errorf("refund: %+v", r)
		}
	}
	refused := func(amount, why string) {
		t.Helper()
		if r := s.run("refund", no, amount, "--reason", "more"); r.code != 1 || !strings.Contains(r.err, why) {
			t.Errorf("a refund of %s: %+v", amount, r)
		}
	}
	part("1.00", 100)
	refunds, refunded := 1, int64(100)
	if apart {
		refused("11.50", "one refund of a payment at a time")
	} else {
		part("11.50", 1150)
		refused("0.01", "¥0.00")
		refunds, refunded = 2, 1250
	}
	var d detail
	if err := json.Unmarshal([]byte(s.run("show", no, "--json").out), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Payments) != 1 || len(d.Refunds) != refunds || int64(d.Payments[0].Refunded) != refunded || d.Payments[0].State != "paid" || d.Order.Total != 1250 {
		t.Errorf("show: %+v", d)
	}
	if text := s.run("show", no).out; !strings.Contains(text, no) || !strings.Contains(text, "12.50") || !strings.Contains(text, "没有牛肉") {
		t.Errorf("show: %s", text)
	}
}

// TestUnpaid lets a code expire, cancels one and interrupts one: all end closed, exit 3.
func TestUnpaid(t *testing.T) {
	s := newShop(t)
	r := s.run("charge", "3", "--wallet", "wechat", "--timeout", "5s", "--json") // longer than making the code may take
	list := r.events(t)
	if r.code != 3 || len(list) != 2 || list[1].Event != "closed" || list[1].State != "closed" {
		t.Errorf("an expired code: %+v", r)
	}

	p := s.start("charge", "4", "--wallet", "wechat")
	no := p.until("waiting").OutTradeNo
	if code := p.end(os.Interrupt); code != 3 {
		t.Errorf("Ctrl-C: exit %d: %s", code, p.err.String())
	}
	if got := s.must("orders")[0]; got.OutTradeNo != no || got.State != "closed" || got.OrderStatus != "closed" {
		t.Errorf("after Ctrl-C: %+v", got)
	}

	p = s.start("charge", "5", "--wallet", "alipay")
	no = p.until("waiting").OutTradeNo
	if code := p.end(syscall.SIGTERM); code != 1 {
		t.Errorf("SIGTERM leaves the payment to the next counter: exit %d", code)
	}
	if got := s.must("check", no)[0]; got.Event != "check" || got.State != "waiting" {
		t.Errorf("check: %+v", got)
	}
	if got := s.must("cancel", no)[0]; got.Event != "cancel" || got.State != "closing" || got.Message == "" {
		t.Errorf("an Alipay code that nobody scanned cannot be proved closed: %+v", got)
	}
	s.pay(no) // the code stays scannable, and evidence of payment always wins
	if got := s.must("check", no)[0]; got.State != "paid" || got.Source != "checked" {
		t.Errorf("check: %+v", got)
	}
	if r := s.run("cancel", no); r.code != 1 || !strings.Contains(r.err, "refund") {
		t.Errorf("cancel of a paid payment: %+v", r)
	}
	s.verified()
}

// TestAlipayExpires charges through Alipay, whose unscanned code cannot be proved closed.
func TestAlipayExpires(t *testing.T) {
	s := newShop(t)
	begin := time.Now()
	r := s.run("charge", "3", "--wallet", "alipay", "--timeout", "1s", "--json")
	list := r.events(t)
	if last := list[len(list)-1]; r.code != 3 || last.Event != "closed" || last.State != "closing" || last.Message == "" {
		t.Errorf("an unscanned code: %+v", r)
	}
	if took := time.Since(begin); took > time.Minute { // sooner the proof cannot come
		t.Errorf("the proof was awaited for %s", took)
	}
}

// TestRefusedPapers charges with a merchant number that the platform does not know: an error, not a closed sale.
func TestRefusedPapers(t *testing.T) {
	s := newShop(t)
	file := filepath.Join(s.data, "saoma.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, regexp.MustCompile(`(?m)^mchid = .*$`).ReplaceAll(text, []byte(`mchid = "1900000001"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := s.run("charge", "3", "--wallet", "wechat", "--timeout", "1s", "--json")
	list := r.events(t)
	if last := list[len(list)-1]; r.code != 1 || last.Event != "left" || last.State != "closing" || !strings.Contains(r.err, "does not accept this shop's papers") {
		t.Errorf("refused papers: %+v", r)
	}
}

// TestLostAnswer lets create take effect without an answer and ends the process; the next one finds the
// same order, and its payment enters the ledger once.
func TestLostAnswer(t *testing.T) {
	s := newShop(t)
	s.fault("timeout_after", "create", 1)
	p := s.start("charge", "7.77", "--wallet", "wechat")
	created := p.until("created")
	if created.Message == "" || created.OutTradeNo == "" {
		t.Errorf("created: %+v", created)
	}
	if code := p.end(os.Kill); code == 0 {
		t.Error("a killed process ended well")
	}
	orders := s.platform("orders")
	if len(orders) != 1 || orders[0].OutTradeNo != created.OutTradeNo {
		t.Fatalf("the platform has %+v", orders)
	}

	counter := s.start("serve")
	counter.until("listening")
	if e := counter.until("waiting"); e.OutTradeNo != created.OutTradeNo || e.CodeURL == "" {
		t.Errorf("after the restart: %+v", e)
	}
	s.pay(created.OutTradeNo)
	if e := counter.until("paid"); e.OutTradeNo != created.OutTradeNo {
		t.Errorf("paid: %+v", e)
	}
	s.paidOnce(created.OutTradeNo, 777) // beside the running counter
	if code := counter.end(syscall.SIGTERM); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	s.verified()
}

// paidOnce demands one order, one payment, and its amount once in the day's totals.
func (s *shop) paidOnce(no string, fen int64) {
	s.t.Helper()
	list := s.must("orders")
	if len(list) != 1 || list[0].OutTradeNo != no || list[0].State != "paid" {
		s.t.Errorf("orders: %+v", list)
	}
	var day struct {
		Total struct {
			Paid      int64 `json:"paid"`
			PaidCount int64 `json:"paid_count"`
		} `json:"total"`
	}
	if err := json.Unmarshal([]byte(s.run("report", "--format", "json").out), &day); err != nil {
		s.t.Fatal(err)
	}
	if day.Total.Paid != fen || day.Total.PaidCount != 1 {
		s.t.Errorf("the day's totals: %+v", day)
	}
	if money := s.platform("money"); len(money) != 1 || money[0].Amount != fen {
		s.t.Errorf("the platform's money: %+v", money)
	}
}

// TestKilledServe kills a counter that watches a code; the customer pays while none runs.
func TestKilledServe(t *testing.T) {
	s := newShop(t)
	p := s.start("charge", "8.88", "--wallet", "alipay")
	no := p.until("waiting").OutTradeNo
	p.end(os.Kill)
	counter := s.start("serve")
	counter.until("waiting")
	counter.end(os.Kill)
	s.pay(no)
	counter = s.start("serve")
	if e := counter.until("paid"); e.OutTradeNo != no || e.Amount != 888 {
		t.Errorf("paid: %+v", e)
	}
	if code := counter.end(syscall.SIGTERM); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	s.paidOnce(no, 888)
	s.verified()
}

// TestBesideServe runs commands beside an open counter: acting ones say where it is, reading ones work.
func TestBesideServe(t *testing.T) {
	s := newShop(t)
	p := s.start("charge", "9.99", "--wallet", "wechat", "--title", "茶")
	no := p.until("waiting").OutTradeNo
	s.pay(no)
	p.wait()

	counter := s.start("serve")
	if e := counter.until("listening"); e.Notify == "" {
		t.Errorf("listening: %+v", e)
	}
	quickest := slowly
	for _, args := range [][]string{
		{"charge", "1", "--wallet", "wechat"},
		{"check", no},
		{"cancel", no},
		{"refund", no, "1", "--reason", "r"},
		{"serve"},
	} {
		begin := time.Now()
		r := s.run(args...)
		quickest = min(quickest, time.Since(begin))
		if r.code != 1 || !strings.Contains(r.err, "open") || !strings.Contains(r.err, "saomactl") || r.out != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for tries := 0; quickest > 2*time.Second; tries++ { // a busy machine may take its time
		if tries == 20 {
			t.Fatalf("said so after %s at best", quickest)
		}
		begin := time.Now()
		s.fails(1, "open", "serve")
		quickest = min(quickest, time.Since(begin))
	}
	if r := s.run("sandbox", "--listen", "127.0.0.1:0"); r.code != 1 || !strings.Contains(r.err, "running already") {
		t.Errorf("a second sandbox: %+v", r)
	}
	for _, args := range [][]string{{"orders"}, {"show", no}, {"report"}, {"verify"}} {
		if r := s.run(args...); r.code != 0 || r.out == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if code := counter.end(syscall.SIGTERM); code != 0 {
		t.Errorf("serve: exit %d", code)
	}
	log, err := os.ReadFile(filepath.Join(s.data, "saoma.log"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(s.data, "keys", "wechat_apiv3.key"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), string(key)) || strings.Contains(string(log), "PRIVATE KEY") {
		t.Error("the log holds a key")
	}
}
