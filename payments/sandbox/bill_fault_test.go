package sandbox

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBillFaults switches each fault on over HTTP for the payment BILL00002, and for the refund of BILL00001, and looks at
// what became of WeChat Pay's bill: the line, and the totals that follow.
func TestBillFaults(t *testing.T) {
	s, _ := billDay(t, Options{})
	const query = "bill_date=2026-03-14&bill_type=ALL"
	honest, _ := fetchBill(t, s, query)
	for _, c := range []struct {
		fault  string
		count  int // of lines
		has    string
		hasNot string
		totals string
	}{
		{`"kind":"bill_missing","out_trade_no":"BILL00002"`, 2, "`BILL00001", "`BILL00002", "`2,`12.50,`3.33"},
		{`"kind":"bill_missing","out_trade_no":"BACK1"`, 2, "`BILL00001", "`BACK1", "`2,`25.00,`0.00"},
		{`"kind":"bill_extra","out_trade_no":"BILL00002"`, 4, "`BILL00007", "", "`4,`37.50,`3.33"},
		{`"kind":"bill_doubled","out_trade_no":"BACK1"`, 4, "`BACK1", "", "`4,`25.00,`6.66"},
		{`"kind":"bill_amount","out_trade_no":"BILL00002"`, 3, "12.51", "", "`3,`25.01,`3.33"},
		{`"kind":"bill_amount","out_trade_no":"BACK1"`, 3, "3.34", "3.33,", "`3,`25.00,`3.34"},
		{`"kind":"bill_payment","out_trade_no":"BILL00002"`, 3, "`BILL00007", "`BILL00002", "`3,`25.00,`3.33"},
		{`"kind":"bill_state","out_trade_no":"BACK1"`, 3, "`FAIL", "", "`3,`25.00,`3.33"},
		{`"kind":"bill_state","out_trade_no":"BILL00003"`, 4, "`BILL00003", "", "`4,`37.50,`3.33"}, // which nobody paid
		{`"kind":"bill_missing"`, 0, "交易时间", "BILL", ""},
	} {
		faults(t, s, http.MethodPost, "{"+c.fault+`,"op":"bill","wallet":"wechat"}`, http.StatusOK)
		if c.totals == "" { // a bill without lines is none
			if r := wechatGet(t, s, "/v3/bill/tradebill?"+query); r.json.Code != "NO_STATEMENT_EXIST" {
				t.Errorf("%s: %s", c.fault, r.body)
			}
			faults(t, s, http.MethodDelete, "", http.StatusOK)
			continue
		}
		text, hash := fetchBill(t, s, query)
		sum := sha1.Sum([]byte(text))
		lines := strings.Split(strings.TrimSpace(text), "\r\n")
		if hex.EncodeToString(sum[:]) != hash || len(lines) != c.count+3 || !strings.Contains(text, c.has) || c.hasNot != "" && strings.Contains(text, c.hasNot) ||
			!strings.HasPrefix(lines[len(lines)-1], c.totals) {
			t.Errorf("%s:\n%s", c.fault, text)
		}
		faults(t, s, http.MethodDelete, "", http.StatusOK)
	}
	if again, _ := fetchBill(t, s, query); again != honest {
		t.Errorf("a fault has changed what happened:\n%s", again)
	}
	for _, bad := range []string{
		`{"kind":"bill_hash","op":"bill","wallet":"alipay"}`, `{"kind":"bill_late","op":"query"}`, `{"kind":"bill_later","op":"bill"}`,
	} {
		faults(t, s, http.MethodPost, bad, http.StatusBadRequest)
	}
}

// faults talks to the sandbox's own address of faults.
func faults(t *testing.T, s *Sandbox, method, body string, want int) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, s.URL()+"/sandbox/faults", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r := exchange(q); r.status != want {
		t.Errorf("%s %s: %d %s", method, body, r.status, r.body)
	}
}

// TestLateCutAndWrong: the faults of the file itself strike as often as they are told to.
func TestLateCutAndWrong(t *testing.T) {
	s, _ := billDay(t, Options{})
	add := func(f Fault) {
		f.Op = opBill
		if err := s.Faults().Add(f); err != nil {
			t.Fatal(err)
		}
	}
	const query = "bill_date=2026-03-14&bill_type=ALL&tar_type=GZIP"
	whole, hash := fetchBill(t, s, query)
	add(Fault{Kind: FaultBillLate, Count: 2})
	if r := wechatGet(t, s, "/v3/bill/tradebill?"+query); r.json.Code != "STATEMENT_CREATING" {
		t.Error(r.body)
	}
	if r := alipayCall(t, s, "alipay.data.dataservice.bill.downloadurl.query", map[string]any{"bill_type": "trade", "bill_date": "2026-03-14"}); r.json.SubCode != "isp.bill_not_exist" {
		t.Error(r.raw)
	}
	add(Fault{Kind: FaultBillCut, Wallet: WeChat, Count: 1})
	if cut, same := fetchBill(t, s, query); len(cut) != len(whole)/2 || !strings.HasPrefix(whole, cut) || same != hash {
		t.Errorf("%d of %d bytes", len(cut), len(whole))
	}
	add(Fault{Kind: FaultBillHash, Count: 1})
	if file, other := fetchBill(t, s, query); file != whole || other == hash {
		t.Error("the hash is right")
	}
	if file, same := fetchBill(t, s, query); file != whole || same != hash || len(s.Faults().List()) != 0 {
		t.Error("a fault strikes on")
	}
}

// TestRemember: what happened before is on the bill, can be asked about, and cannot contradict itself.
func TestRemember(t *testing.T) {
	at := time.Date(2026, 3, 13, 12, 0, 0, 0, beijing)
	s, _ := billDay(t, Options{})
	past := []Past{
		{WeChat, "PAST00001", "4201", "", "", 500, at},
		{WeChat, "PAST00001", "4201", "BACKPAST", "5001", 200, at.Add(time.Hour)},
		{Alipay, "PAST00002", "2026", "", "", 700, at},
	}
	if err := s.Remember(past); err != nil {
		t.Fatal(err)
	}
	text, _ := fetchBill(t, s, "bill_date=2026-03-13&bill_type=ALL")
	if lines := strings.Split(text, "\r\n"); len(lines) != 6 || !strings.Contains(lines[1], "`BACKPAST,`2.00") || !strings.HasPrefix(lines[4], "`2,`5.00,`2.00") {
		t.Errorf("%s", text)
	}
	if r := wechatGet(t, s, "/v3/pay/transactions/out-trade-no/PAST00001?mchid="+s.papers.WeChat.MchID); r.status != 200 || !strings.Contains(r.body, `"REFUND"`) || !strings.Contains(r.body, "4201") {
		t.Error(r.body)
	}
	for _, bad := range []Past{
		past[0], {WeChat, "PAST00001", "4201", "BACKMORE", "5002", 301, at}, {Alipay, "PAST00001", "", "BACKNONE", "", 1, at},
	} {
		if err := s.Remember([]Past{bad}); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	money := 0
	for _, m := range s.Money() {
		if strings.HasPrefix(m.OutTradeNo, "PAST") {
			money += int(m.Amount)
		}
	}
	if money != 500-200+700 {
		t.Errorf("%d fen", money)
	}
}
