package sandbox

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// billDay is a sandbox whose day holds two payments, a refund and an unpaid order of each wallet.
func billDay(t *testing.T, o Options) (*Sandbox, *clock) {
	t.Helper()
	now := newClock(time.Date(2026, 3, 14, 23, 59, 58, 0, time.FixedZone("", 8*3600)))
	o.Now, o.Speed = now.now, 1e6
	s := start(t, o)
	for _, no := range []string{"BILL00001", "BILL00002", "BILL00003"} {
		wechatOrder(t, s, map[string]any{"out_trade_no": no, "description": "茶, 绿", "attach": "x,y"})
		alipayOrder(t, s, map[string]any{"out_trade_no": no + "A", "subject": "茶, 绿😀€"})
	}
	for _, no := range []string{"BILL00001", "BILL00001A", "BILL00002", "BILL00002A"} {
		if err := s.Pay(no); err != nil {
			t.Fatal(err)
		}
	}
	if r := wechatPost(t, s, "/v3/refund/domestic/refunds", map[string]any{
		"out_trade_no": "BILL00001", "out_refund_no": "BACK1", "amount": map[string]any{"refund": 333, "total": 1250, "currency": "CNY"},
	}); r.status != 200 {
		t.Fatal(r.body)
	}
	if r := alipayCall(t, s, "alipay.trade.refund", map[string]any{"out_trade_no": "BILL00001A", "out_request_no": "BACK1", "refund_amount": "3.33"}); r.json.FundChange != "Y" {
		t.Fatal(r.raw)
	}
	eventually(t, func() bool { return len(s.Money()) == 6 })
	now.add(3 * time.Second) // the next day
	wechatOrder(t, s, map[string]any{"out_trade_no": "BILL00004"})
	if err := s.Pay("BILL00004"); err != nil {
		t.Fatal(err)
	}
	return s, now
}

func fetchBill(t *testing.T, s *Sandbox, query string) (text, hash string) {
	t.Helper()
	r := wechatGet(t, s, "/v3/bill/tradebill?"+query)
	var where struct {
		Type string `json:"hash_type"`
		Hash string `json:"hash_value"`
		URL  string `json:"download_url"`
	}
	if err := json.Unmarshal([]byte(r.body), &where); err != nil || where.Type != "SHA1" || r.verified(s) != nil {
		t.Fatalf("%d %s", r.status, r.body)
	}
	u, err := url.Parse(where.URL)
	if err != nil {
		t.Fatal(err)
	}
	file := wechatGet(t, s, u.RequestURI())
	if file.status != 200 || file.header.Get("Wechatpay-Signature") != "" {
		t.Fatalf("file: %d, %v", file.status, file.header)
	}
	unsigned := wxRequest{method: "GET", path: u.RequestURI(), change: func(r *http.Request) { r.Header.Del("Authorization") }}
	if r := unsigned.send(t, s); r.status != 401 {
		t.Errorf("download without Authorization: %d", r.status)
	}
	return file.body, where.Hash
}

func TestWeChatBill(t *testing.T) {
	s, _ := billDay(t, Options{})
	text, hash := fetchBill(t, s, "bill_date=2026-03-14&bill_type=ALL")
	if sum := sha1.Sum([]byte(text)); hex.EncodeToString(sum[:]) != hash {
		t.Error("the hash is of something else")
	}
	lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	if len(lines) != 6 {
		t.Fatalf("%q", text)
	}
	head := strings.Split(lines[0], ",")
	if len(head) != 27 || head[0] != "\ufeff交易时间" || head[26] != "费率备注" {
		t.Errorf("head %q", head)
	}
	column := map[string]int{}
	for i, name := range head {
		column[name] = i
	}
	refunds := 0
	for _, line := range lines[1:4] {
		v := strings.Split(line, ",")
		if len(v) != 27 {
			t.Fatalf("%d columns: %s", len(v), line)
		}
		for _, value := range v {
			if !strings.HasPrefix(value, "`") {
				t.Errorf("no back-tick: %s", line)
			}
		}
		cell := func(name string) string { return v[column[name]][1:] }
		if v[0] != "`2026-03-14 23:59:58" || cell("商户号") != s.papers.WeChat.MchID {
			t.Errorf("%s", line)
		}
		if cell("交易状态") == "REFUND" {
			refunds++
			if cell("商户退款单号") != "BACK1" || cell("退款金额") != "3.33" || cell("退款状态") != "SUCCESS" || cell("订单金额") != "0.00" || cell("手续费") != "-0.02000" || cell("申请退款金额") != "3.33" {
				t.Errorf("%s", line)
			}
		} else if cell("应结订单金额") != "12.50" || cell("订单金额") != "12.50" || cell("手续费") != "0.08000" || cell("费率") != "0.60%" {
			t.Errorf("%s", line)
		}
	}
	if refunds != 1 {
		t.Errorf("%d refunds", refunds)
	}
	if want := "`3,`25.00,`3.33,`0.00,`0.14000,`25.00,`3.33"; lines[5] != want || !strings.HasPrefix(lines[4], "总交易单数,") {
		t.Errorf("totals\n%s\n%s", lines[4], lines[5])
	}

	packed, again := fetchBill(t, s, "bill_date=2026-03-14&bill_type=ALL&tar_type=GZIP")
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(z); err != nil || string(plain) != text || again != hash {
		t.Errorf("gzip: %v", err)
	}
	for kind, want := range map[string]struct {
		rows, columns int
		totals        string
	}{
		"SUCCESS": {2, 20, "`2,`25.00,`0.00,`0.00,`0.16000,`25.00,`0.00"},
		"REFUND":  {1, 29, "`1,`0.00,`3.33,`0.00,`-0.02000,`0.00,`3.33"},
	} {
		text, _ := fetchBill(t, s, "bill_date=2026-03-14&bill_type="+kind)
		lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
		if len(lines) != want.rows+3 {
			t.Fatalf("%s: %q", kind, lines)
		}
		for _, line := range lines[:want.rows+1] {
			if n := strings.Count(line, ",") + 1; n != want.columns {
				t.Errorf("%s: %d columns: %s", kind, n, line)
			}
		}
		if heads, totals := lines[want.rows+1], lines[want.rows+2]; heads != wxTotals || totals != want.totals {
			t.Errorf("%s: totals\n%s\n%s", kind, heads, totals)
		}
	}
	for query, code := range map[string]string{
		"bill_date=2026-03-13":                  "NO_STATEMENT_EXIST",
		"bill_date=14.3.2026":                   "PARAM_ERROR",
		"":                                      "PARAM_ERROR",
		"bill_date=2026-03-14&bill_type=X":      "PARAM_ERROR",
		"bill_date=2026-03-14&tar_type=ZIP":     "PARAM_ERROR",
		"bill_date=2027-03-14":                  "INVALID_REQUEST",
		"bill_date=2025-03-14&bill_type=REFUND": "INVALID_REQUEST",
	} {
		if r := wechatGet(t, s, "/v3/bill/tradebill?"+query); r.json.Code != code {
			t.Errorf("%s: %d %s", query, r.status, r.body)
		}
	}
}

func TestAlipayBill(t *testing.T) {
	s, now := billDay(t, Options{})
	ask := func(date string) aliResult {
		t.Helper()
		return alipayCall(t, s, "alipay.data.dataservice.bill.downloadurl.query", map[string]any{"bill_type": "trade", "bill_date": date})
	}
	r := ask("2026-03-14")
	if r.json.Code != "10000" || r.verified(s) != nil {
		t.Fatal(r.raw)
	}
	fetch := func() wxResult {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), "GET", r.json.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		return exchange(q)
	}
	file := fetch()
	z, err := zip.NewReader(bytes.NewReader([]byte(file.body)), int64(len(file.body)))
	if err != nil || len(z.File) != 2 {
		t.Fatal(file.status, err)
	}
	texts := map[string]string{}
	for _, f := range z.File {
		name, err := simplifiedchinese.GBK.NewDecoder().String(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if texts[name], err = simplifiedchinese.GBK.NewDecoder().String(string(raw)); err != nil {
			t.Fatal(err)
		}
	}
	account := s.papers.Alipay.SellerID + "0156"
	text, ok := texts[account+"_20260314_业务明细.csv"]
	if !ok || texts[account+"_20260314_业务明细(汇总).csv"] == "" {
		t.Fatalf("%v", texts)
	}
	lines := strings.Split(text, "\r\n")
	if lines[0] != "#支付宝业务明细查询" || lines[1] != "#账号：["+account+"]" || lines[2] != "#起始日期：[2026年03月14日 00:00:00]   终止日期：[2026年03月15日 00:00:00]" {
		t.Errorf("%q", lines[:3])
	}
	if n := strings.Count(lines[4], ",") + 1; n != 25 || !strings.HasPrefix(lines[4], "支付宝交易号,商户订单号,业务类型,") {
		t.Errorf("%d columns: %s", n, lines[4])
	}
	var amounts []string
	for _, line := range lines[5:8] {
		v := strings.Split(line, ",")
		if len(v) != 25 || !strings.HasSuffix(v[0], "\t") {
			t.Fatalf("%q", line)
		}
		if v[3] != "茶  绿??" { // every reader of GBK knows these
			t.Errorf("title %q", v[3])
		}
		amounts = append(amounts, strings.TrimSpace(v[2])+" "+v[11]+" "+v[12]+" "+strings.TrimSpace(v[21]))
	}
	if got, want := strings.Join(amounts, "; "), "交易 12.50 12.50 ; 退款 -3.33 -3.33 BACK1; 交易 12.50 12.50 "; got != want {
		t.Errorf("%s", got)
	}
	if !strings.Contains(text, "#交易合计：2笔，商家实收共25.00元") || !strings.Contains(text, "#退款合计：1笔，商家实收退款共-3.33元") {
		t.Errorf("%s", text)
	}
	if r := ask("2026-03"); r.json.Code != "10000" {
		t.Errorf("the month: %s", r.raw)
	}
	if r := ask("2026-03-13"); r.json.SubCode != "isp.bill_not_exist" {
		t.Errorf("an empty day: %s", r.raw)
	}
	now.add(31 * time.Second)
	if file := fetch(); file.status == 200 {
		t.Error("the address lives longer than 30 s")
	}
}

// TestStrictBillTime: as on the platforms, the bill of a day is ready at 10:00 of the next.
func TestStrictBillTime(t *testing.T) {
	s, now := billDay(t, Options{StrictBillTime: true})
	wechat := func() string { return wechatGet(t, s, "/v3/bill/tradebill?bill_date=2026-03-14").json.Code }
	alipay := func() string {
		return alipayCall(t, s, "alipay.data.dataservice.bill.downloadurl.query", map[string]any{"bill_type": "trade", "bill_date": "2026-03-14"}).json.SubCode
	}
	if wechat() != "STATEMENT_CREATING" || alipay() != "isp.bill_not_exist" {
		t.Errorf("at midnight: %s, %s", wechat(), alipay())
	}
	now.add(10 * time.Hour)
	if wechat() != "" || alipay() != "" {
		t.Errorf("after 10:00: %s, %s", wechat(), alipay())
	}
}
