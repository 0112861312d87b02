package wechat

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// bigDay is a sandbox whose platforms have made today's bill: two payments, one with a comma and a back-tick
// in its title, and a refund.
func bigDay(t *testing.T, clock func() time.Time) (*Gateway, *sandbox.Sandbox) {
	t.Helper()
	dbtest.OneDay(t)
	p, err := sandbox.NewPapers()
	if err != nil {
		t.Fatal(err)
	}
	s := sandbox.New(p, sandbox.Options{RefundDelay: time.Millisecond, StrictBillTime: true, BillNow: clock})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	w := p.WeChat
	g, err := New(Config{
		MchID: w.MchID, AppID: w.AppID, MerchantSerial: w.MerchantSerial, MerchantKey: w.MerchantKey, APIv3Key: w.APIv3Key,
		PublicKeyID: w.PublicKeyID, PublicKey: &w.PlatformKey.PublicKey, BaseURL: s.WeChatURL(), Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	for i, title := range []string{"茶,`绿", ""} {
		now := time.Now()
		pay := &pos.Payment{
			OutTradeNo: fmt.Sprintf("K1BILL%d", i), Wallet: pos.WeChat, Account: g.Account(), Amount: 1250, Title: title,
			CreatedAt: now, ExpiresAt: now.Add(5 * time.Minute),
		}
		if _, err := g.Create(t.Context(), pay); err != nil {
			t.Fatal(err)
		}
		if err := s.Pay(pay.OutTradeNo); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if _, err := g.Refund(t.Context(), pay, &pos.Refund{OutRefundNo: "RK1BILL", Amount: 333}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return g, s
}

func TestBill(t *testing.T) {
	var clock time.Time
	g, _ := bigDay(t, func() time.Time { return clock })
	today := pos.BillDay(time.Now())
	clock = pos.BillReadyAt(today).Add(-time.Second)
	_, err := g.DownloadBill(t.Context(), today)
	wantFailure(t, err, pos.NotReady)

	clock = pos.BillReadyAt(today)
	bill, err := g.DownloadBill(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	if bill.Wallet != pos.WeChat || bill.Day != today || !strings.HasSuffix(bill.FileName, "All"+string(today)+".csv") || !bytes.Contains(bill.Original, []byte("总交易单数")) || len(bill.Lines) != 3 {
		t.Fatalf("%+v", bill)
	}
	var paid, back, fee pos.Fen
	for _, l := range bill.Lines {
		if l.TransactionID == "" || time.Since(l.At).Abs() > time.Hour {
			t.Errorf("%+v", l)
		}
		fee += l.Fee
		if l.OutRefundNo == "" {
			paid += l.Amount
		} else if back += l.Amount; l.OutRefundNo != "RK1BILL" || l.OutTradeNo != "K1BILL0" || l.RefundID == "" {
			t.Errorf("%+v", l)
		}
	}
	if paid != 2500 || back != 333 || fee != 8+8-2 {
		t.Errorf("¥%s, ¥%s, fee ¥%s", paid, back, fee)
	}

	// A day without trade has no bill; before 10:00 of the next day that says nothing yet.
	quiet := pos.BillDay(time.Now().AddDate(0, 0, -2))
	if bill, err := g.DownloadBill(t.Context(), quiet); err != nil || len(bill.Lines) != 0 {
		t.Errorf("a quiet day: %+v, %v", bill, err)
	}
	_, err = g.DownloadBill(t.Context(), "1999-01-31")
	wantFailure(t, err, pos.Refused)
	badBills(t, string(bill.Original), g.cfg.MchID)
	keptBill(t, g, bill)
}

// keptBill demands that what may be kept of a bill reads as the bill did, and names no payer.
func keptBill(t *testing.T, g *Gateway, bill *pos.Bill) {
	t.Helper()
	again, err := g.ReadBill(bill.Day, bill.Text)
	if err != nil || !slices.Equal(again.Lines, bill.Lines) || again.FileName != bill.FileName {
		t.Errorf("read again: %+v, %v", again, err)
	}
	payer := regexp.MustCompile("`o[0-9A-Za-z_-]{27},")
	if !payer.Match(bill.Original) || payer.Match(bill.Text) || bytes.Count(bill.Text, []byte("`***,")) != len(bill.Lines) {
		t.Errorf("kept:\n%s", bill.Text)
	}
	if _, err := g.ReadBill(bill.Day, bill.Text[:len(bill.Text)/2]); pos.FailureOf(err) != pos.Unknown {
		t.Errorf("half of it: %v", err)
	}
	added := strings.Replace(string(bill.Original), "交易时间,", "新列,交易时间,", 1) // a column that nobody knows yet, and no mark before the head
	added = strings.ReplaceAll(strings.TrimPrefix(added, "\ufeff"), "\r\n`20", "\r\n`new,`20")
	lines, err := parseBill([]byte(added), g.cfg.MchID)
	if err != nil || !slices.Equal(lines, bill.Lines) || payer.Match(withoutPayers([]byte(added))) {
		t.Errorf("with a new column: %d lines, %v", len(lines), err)
	}
}

// TestRefundWords: the words of both versions of the bill are ours afterwards, and an unknown one is no reason to lose
// the bill.
func TestRefundWords(t *testing.T) {
	for word, want := range map[string]pos.RefundState{
		"SUCCESS": pos.RefundSucceeded, "PROCESSING": pos.RefundProcessing, "CHANGE": pos.RefundAbnormal, "ABNORMAL": pos.RefundAbnormal,
		"FAIL": pos.RefundFailed, "CLOSED": pos.RefundFailed, "REFUNDCLOSE": pos.RefundFailed, "NEW": "",
	} {
		if got := billRefundState(word); got != string(want) {
			t.Errorf("%s is %q, want %q", word, got, want)
		}
	}
}

// TestBillBomb: a file that unpacks to more than a bill may have is refused before it fills the memory.
func TestBillBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range maxBill>>20 + 1 {
		z.Write(zeros)
	}
	z.Close()
	if text, err := unpack(b.Bytes()); err == nil || text != nil {
		t.Errorf("%d bytes of %d", len(text), b.Len())
	}
}

// badBills changes a genuine bill in ways of which each must make it useless as a whole.
func badBills(t *testing.T, genuine, mchid string) {
	t.Helper()
	if lines, err := parseBill([]byte(genuine), mchid); err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	rows := strings.SplitAfter(genuine, "\r\n")
	for name, text := range map[string]string{
		"empty":             "",
		"not UTF-8":         "\xff" + genuine,
		"captive portal":    "<html>log in</html>\n\n\n",
		"without totals":    strings.Join(rows[:4], ""),
		"without last line": strings.Join(rows[:5], ""),
		"cut in a line":     genuine[:len(genuine)/2],
		"without a line":    rows[0] + strings.Join(rows[2:], ""),
		"a line twice":      rows[0] + rows[1] + strings.Join(rows[1:], ""),
		"without head":      strings.Join(rows[1:], ""),
		"a column renamed":  strings.Replace(genuine, "申请退款金额,费率备注", "申请退款,费率备注", 1),
		"a value too many":  strings.Replace(genuine, "`NATIVE", "`NATIVE,`X", 1),
		"no back-tick":      strings.Replace(genuine, "\r\n`", "\r\n", 1),
		"another order sum": strings.Replace(genuine, "0.60%,`12.50", "0.60%,`12.51", 1),
		"one decimal":       strings.Replace(genuine, "0.60%,`12.50", "0.60%,`12.5", 1),
		"three decimals":    strings.Replace(genuine, "0.60%,`12.50", "0.60%,`12.500", 1),
		"an exponent":       strings.Replace(genuine, "0.60%,`12.50", "0.60%,`1.25e1", 1),
		"a signed amount":   strings.Replace(genuine, "0.60%,`12.50", "0.60%,`+12.50", 1),
		"another fee":       strings.Replace(genuine, "0.08000", "0.08001", 1),
		"a short fee":       strings.Replace(genuine, "0.08000", "0.08", 1),
		"other merchant":    strings.Replace(genuine, mchid, "1"+mchid, 1),
		"other currency":    strings.Replace(genuine, "`CNY", "`USD", 1),
		"unknown state":     strings.Replace(genuine, "`SUCCESS", "`DONE", 1),
		"refund unnumbered": strings.Replace(genuine, "`RK1BILL", "`", 1),
		"order unnumbered":  strings.Replace(genuine, "`K1BILL1", "`", 1),
		"a time":            strings.Replace(genuine, "`20", "`x0", 1),
		"count of totals":   strings.Replace(genuine, "`3,`25.00", "`4,`25.00", 1),
		"text behind":       genuine + "more\r\n",
	} {
		lines, err := parseBill([]byte(text), mchid)
		if text == genuine || err == nil || lines != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %d lines, %v", name, len(lines), err)
		}
	}
}

// TestBillFile is a platform whose signed answer and whose file do not belong together, or that breaks off.
func TestBillFile(t *testing.T) {
	const text = "the bill"
	packed := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, s)
		z.Close()
		return b.String()
	}
	sum := sha1.Sum([]byte(text))
	hash := hex.EncodeToString(sum[:])
	answer := func(change map[string]any) string {
		return words(map[string]any{"hash_type": "SHA1", "hash_value": hash, "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=secret-token"}, change)
	}
	for name, c := range map[string]struct {
		answer, file string
		status       int
		says         string
	}{
		"genuine so far":  {answer(nil), packed(text), 200, "it has no totals"},
		"another file":    {answer(nil), packed(text + " "), 200, "another SHA-1"},
		"cut short":       {answer(nil), packed(text)[:20], 200, "cut short"},
		"not packed":      {answer(nil), text, 200, "not gzip"},
		"no hash":         {answer(map[string]any{"hash_value": nil}), packed(text), 200, "no SHA-1"},
		"half a hash":     {answer(map[string]any{"hash_value": hash[:20]}), packed(text), 200, "no SHA-1"},
		"another hash":    {answer(map[string]any{"hash_type": "MD5"}), packed(text), 200, "no SHA-1"},
		"no address":      {answer(map[string]any{"download_url": nil}), packed(text), 200, "no address"},
		"another address": {answer(map[string]any{"download_url": "https://api.mch.weixin.qq.com/sandbox"}), packed(text), 200, "no address"},
		"gone":            {answer(nil), "gone", 400, "HTTP 400"},
		"broken":          {answer(nil), "", 502, "HTTP 502"},
	} {
		g := gateway(t, Config{BaseURL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				t.Error("a request without Authorization")
			}
			if r.URL.Path == "/v3/billdownload/file" {
				w.WriteHeader(c.status)
				io.WriteString(w, c.file)
				return
			}
			signedReply(200, c.answer).write(w)
		})})
		_, err := g.DownloadBill(t.Context(), "2026-01-31")
		wantFailure(t, err, pos.Unknown)
		if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret-token")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := always(t, reply{status: 200, body: answer(nil)}) // unsigned
	_, err := g.DownloadBill(context.Background(), "2026-01-31")
	wantFailure(t, err, pos.Unknown)
	g = always(t, reply{status: 400, body: refusalBody("NO_STATEMENT_EXIST")}) // unsigned: no proof of a quiet day
	_, err = g.DownloadBill(context.Background(), "2026-01-31")
	wantFailure(t, err, pos.Unknown)
}

// FuzzBill looks for a text that makes the parser panic, or a bill that still counts with a line less.
func FuzzBill(f *testing.F) {
	const row = "`2026-01-31 12:00:00,`1900000001,`42,`K1,`SUCCESS,`CNY,`0,`0,`,`0.01000,`1.00,`0.00\r\n"
	head := strings.Join([]string{colAt, colMerchant, colTrade, colOrder, colState, colCurrency, colRefund, colOutRefund, colBackState, colFee, colPaid, colBack}, ",")
	sums := strings.Join([]string{sumLines, sumFee, sumPaid, sumBack}, ",")
	f.Add([]byte(head + "\r\n" + row + sums + "\r\n`1,`0.01000,`1.00,`0.00\r\n"))
	f.Add([]byte(head + "\n" + row + row + sums + "\n`2,`0.02000,`2.00,`0.00"))
	f.Add([]byte(head + "\n" + sums + "\n`0,`0.00000,`0.00,`0.00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := parseBill(text, "1900000001")
		if err != nil || len(lines) == 0 {
			return
		}
		for _, l := range lines {
			if l.Amount < 0 || l.OutTradeNo == "" {
				t.Errorf("%+v", l)
			}
		}
		rows := strings.SplitAfter(string(text), "\n")
		if lines, err := parseBill([]byte(rows[0]+strings.Join(rows[2:], "")), "1900000001"); err == nil {
			t.Errorf("%d lines without the first of %q", len(lines), text)
		}
	})
}
