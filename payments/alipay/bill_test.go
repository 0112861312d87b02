package alipay

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"saoma/db/dbtest"
	"saoma/payments/internal/wire"
	"saoma/payments/sandbox"
	"saoma/pos"
)

// bigDay is a sandbox whose platform has made today's bill: two payments, one with a comma in its title,
// and two refunds.
func bigDay(t *testing.T, clock func() time.Time) *Gateway {
	t.Helper()
	dbtest.OneDay(t)
	p, err := sandbox.NewPapers()
	if err != nil {
		t.Fatal(err)
	}
	s := sandbox.New(p, sandbox.Options{StrictBillTime: true, BillNow: clock})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	g, err := New(Config{
		AppID: p.Alipay.AppID, SellerID: p.Alipay.SellerID, AppKey: p.Alipay.AppKey, AlipayPublicKey: &p.Alipay.PlatformKey.PublicKey,
		GatewayURL: s.AlipayURL(), Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, title := range []string{"茶,绿", "奶茶"} {
		now := time.Now()
		pay := &pos.Payment{
			OutTradeNo: fmt.Sprintf("K1BILL%d", i), Wallet: pos.Alipay, Account: g.Account(), Amount: 1250, Title: title,
			CreatedAt: now, ExpiresAt: now.Add(5 * time.Minute),
		}
		if _, err := g.Create(t.Context(), pay); err != nil {
			t.Fatal(err)
		}
		if err := s.Pay(pay.OutTradeNo); err != nil {
			t.Fatal(err)
		}
		for n, part := range []pos.Fen{333, 100} {
			if i == 0 {
				if _, err := g.Refund(t.Context(), pay, &pos.Refund{OutRefundNo: fmt.Sprintf("RK1BILL%d", n), Amount: part}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return g
}

func TestBill(t *testing.T) {
	var clock time.Time
	g := bigDay(t, func() time.Time { return clock })
	today := pos.BillDay(time.Now())
	clock = pos.BillReadyAt(today).Add(-time.Second)
	_, err := g.DownloadBill(t.Context(), today)
	wantFailure(t, err, pos.NotReady)

	clock = pos.BillReadyAt(today)
	bill, err := g.DownloadBill(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	if bill.Wallet != pos.Alipay || bill.Day != today || !strings.HasSuffix(bill.FileName, ".zip") || len(bill.Lines) != 4 {
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
		} else if back += l.Amount; !strings.HasPrefix(l.OutRefundNo, "RK1BILL") || l.OutTradeNo != "K1BILL0" {
			t.Errorf("%+v", l)
		}
	}
	if paid != 2500 || back != 433 || fee != 8+8-2-1 {
		t.Errorf("¥%s, ¥%s, fee ¥%s", paid, back, fee)
	}
	quiet := pos.BillDay(time.Now().AddDate(0, 0, -2))
	if bill, err := g.DownloadBill(t.Context(), quiet); err != nil || len(bill.Lines) != 0 {
		t.Errorf("a quiet day: %+v, %v", bill, err)
	}
	badBills(t, bill.Original, g.cfg.SellerID, today)
	keptBill(t, g, bill)
}

// keptBill demands that what may be kept of a bill reads as the bill did, and names no payer.
func keptBill(t *testing.T, g *Gateway, bill *pos.Bill) {
	t.Helper()
	again, err := g.ReadBill(bill.Day, bill.Text)
	if err != nil || !slices.Equal(again.Lines, bill.Lines) || again.FileName != bill.FileName {
		t.Errorf("read again: %+v, %v", again, err)
	}
	original := detailsOf(t, bill.Original)
	if !strings.Contains(original, "*客(") || bytes.Contains(bill.Text, []byte("客")) || bytes.Count(bill.Text, []byte(",***,")) != len(bill.Lines) {
		t.Errorf("kept:\n%s", bill.Text)
	}
	comma := withoutPayers(strings.Replace(original, "奶茶", "奶茶,大杯,冰", 1))
	if bytes.Contains(comma, []byte("客")) || !bytes.Contains(comma, []byte("大杯")) {
		t.Errorf("with commas in a title:\n%s", comma)
	}
	if _, err := g.ReadBill(bill.Day, bill.Text[:len(bill.Text)/2]); pos.FailureOf(err) != pos.Unknown {
		t.Errorf("half of it: %v", err)
	}
	added := strings.Replace(original, "备注", "备注,新列", 1) // a column that nobody knows yet
	added = strings.ReplaceAll(added, "0.00,\r\n", "0.00,,new\r\n")
	if lines, err := parseBill(added, g.cfg.SellerID, bill.Day); err != nil || !slices.Equal(lines, bill.Lines) {
		t.Errorf("with a new column: %d lines, %v", len(lines), err)
	}
	if text, err := detailsIn(zipOf(t, []byte("\ufeff"+original))); err != nil || text != original {
		t.Errorf("in UTF-8 with its mark: %d bytes, %v", len(text), err)
	}
}

// zipOf packs files as they are.
func zipOf(t *testing.T, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, file := range files {
		w, err := z.Create(fmt.Sprint(i))
		if err == nil {
			_, err = w.Write(file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBillBomb: a zip that unpacks to more than a bill may have, or has a hundred files, is refused.
func TestBillBomb(t *testing.T) {
	if text, err := detailsIn(zipOf(t, make([]byte, maxBill+1))); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("%d bytes", len(text))
	}
	if text, err := detailsIn(zipOf(t, make([][]byte, 100)...)); err == nil {
		t.Errorf("a hundred files: %d bytes", len(text))
	}
}

// badBills changes a genuine bill in ways of which each must make it useless as a whole.
func badBills(t *testing.T, packed []byte, seller string, day pos.Day) {
	t.Helper()
	genuine := detailsOf(t, packed)
	if lines, err := parseBill(genuine, seller, day); err != nil || len(lines) != 4 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	comma := strings.Replace(genuine, "奶茶", "奶茶,大杯,冰", 1)
	if lines, err := parseBill(comma, seller, day); comma == genuine || err != nil || len(lines) != 4 {
		t.Errorf("commas in a title: %d lines, %v", len(lines), err)
	}
	if _, err := parseBill(genuine, seller, pos.BillDay(time.Now().AddDate(0, 0, 1))); err == nil {
		t.Error("another day's bill")
	}
	rows := strings.SplitAfter(genuine, "\r\n")
	for name, text := range map[string]string{
		"empty":             "",
		"without end":       strings.Join(rows[:9], ""),
		"without totals":    strings.Join(rows[:10], ""),
		"one total":         strings.Join(rows[:11], ""),
		"cut in a line":     genuine[:len(genuine)/2],
		"without a line":    strings.Join(rows[:5], "") + strings.Join(rows[6:], ""),
		"a line twice":      strings.Join(rows[:6], "") + strings.Join(rows[5:], ""),
		"without head":      strings.Join(rows[:4], "") + strings.Join(rows[5:], ""),
		"a column renamed":  strings.Replace(genuine, "退款批次号/请求号", "退款号", 1),
		"a value too few":   strings.Replace(genuine, "奶茶,", "奶茶", 1),
		"another amount":    strings.Replace(genuine, "12.50,12.50", "12.50,12.51", 1),
		"one decimal":       strings.Replace(genuine, "12.50,12.50", "12.5,12.50", 1),
		"an exponent":       strings.Replace(genuine, "12.50,12.50", "1.25e1,12.50", 1),
		"a negative price":  strings.Replace(genuine, "12.50,12.50", "-12.50,12.50", 1),
		"a fee":             strings.Replace(genuine, "-0.08", "none", 1),
		"unknown kind":      strings.Replace(genuine, ",交易\t", ",转账\t", 1),
		"another kind":      strings.Replace(genuine, ",交易\t", ",退款\t", 1),
		"refund unnumbered": strings.Replace(genuine, "RK1BILL1", "", 1),
		"order unnumbered":  strings.Replace(genuine, "K1BILL1\t,交易", "\t,交易", 1),
		"other seller":      strings.Replace(genuine, "["+seller, "[1"+seller, 1),
		"no account":        strings.Replace(genuine, "#账号", "#", 1),
		"another count":     strings.Replace(genuine, "交易合计：2笔", "交易合计：3笔", 1),
		"another refund":    strings.Replace(genuine, "退款共-4.33元", "退款共-4.34元", 1),
	} {
		lines, err := parseBill(text, seller, day)
		if text == genuine || err == nil || lines != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %d lines, %v", name, len(lines), err)
		}
	}
	twice := gbkZip(t, genuine, genuine)
	for name, file := range map[string][]byte{
		"cut short": packed[:len(packed)-30], "no zip": []byte(genuine), "empty": nil, "two details": twice, "no details": gbkZip(t, "#支付宝业务汇总查询\r\n"),
		"damaged": bytes.Replace(twice, []byte{0xd6, 0xa7}, []byte{0xd6, 0xa8}, 1),
	} {
		if text, err := detailsIn(file); err == nil {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
}

// detailsOf unpacks the details with nothing of the code under test.
func detailsOf(t *testing.T, packed []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(simplifiedchinese.GBK.NewDecoder().Reader(f))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gbkZip stores texts unpacked.
func gbkZip(t *testing.T, texts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, text := range texts {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i), Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := simplifiedchinese.GBK.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBillAddress is a platform whose signed answer leads to a file that is not to be had.
func TestBillAddress(t *testing.T) {
	file := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusForbidden)
		case "/moved":
			http.Redirect(w, r, "/bill", http.StatusFound)
		default:
			io.WriteString(w, "no zip")
		}
	}))
	t.Cleanup(file.Close)
	for address, says := range map[string]string{
		file.URL + "/bill?token=secret-token":          "not a zip",
		file.URL + "/gone?token=secret-token":          "HTTP 403",
		file.URL + "/moved?token=secret-token":         "HTTP 302",
		"http://127.0.0.1:1/?token=secret-token":       "refused",
		"https://user@127.0.0.1:1/?token=secret-token": "plain URL",
		"ftp://":   "plain URL",
		"%":        "not one",
		"":         "plain URL",
		"http://x": "", // is asked by https
	} {
		g := always(t, words(map[string]any{"code": "10000", "msg": "Success", "bill_download_url": address}, nil))
		var schemes schemes
		if address == "http://x" {
			g.cfg.Transport = &schemes
		}
		_, err := g.DownloadBill(t.Context(), "2026-01-31")
		if address == "http://x" && !slices.Equal(schemes, []string{"https"}) {
			t.Errorf("asked by %v", schemes)
		}
		wantFailure(t, err, pos.Unknown)
		if err != nil && (!strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret-token")) {
			t.Errorf("%s: %v", address, err)
		}
	}
	_, err := always(t, refusalWords("40004", "isp.bill_not_exist")).DownloadBill(t.Context(), pos.BillDay(time.Now()))
	wantFailure(t, err, pos.NotReady)
	_, err = always(t, refusalWords("40004", "isp.bill_type_unsupported")).DownloadBill(t.Context(), "2026-01-31")
	wantFailure(t, err, pos.Refused)
}

// schemes answers nothing and remembers how it was asked.
type schemes []string

func (s *schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	*s = append(*s, r.URL.Scheme)
	return nil, io.ErrUnexpectedEOF
}

// FuzzBill looks for a text that makes the parser panic, or a bill that still counts with a line less.
func FuzzBill(f *testing.F) {
	const top = detailsHead + "\r\n#账号：[20880000000000010156]\r\n#起始日期：[2026年01月31日 00:00:00]   终止日期：[2026年02月01日 00:00:00]\r\n#---业务明细列表---\r\n"
	head := strings.Join([]string{colTrade, colOrder, colKind, colTitle, colAt, colAmount, colIn, colRequest, colFee}, ",") + "\r\n"
	const row, back = "42\t,K1\t,交易\t,茶,2026-01-31 12:00:00,1.00,1.00,\t,-0.01\r\n", "42\t,K1\t,退款\t,茶,2026-01-31 12:00:00,-1.00,-1.00,R1\t,0.01\r\n"
	const bottom = "#---业务明细列表结束---\r\n#交易合计：1笔，商家实收共1.00元，商家优惠共0.00元\r\n"
	f.Add(top + head + row + bottom + "#退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元\r\n")
	f.Add(top + head + row + back + bottom + "#退款合计：1笔，商家实收退款共-1.00元，商家优惠退款共0.00元\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseBill(text, testSellerID, "2026-01-31")
		if err != nil || len(lines) == 0 {
			return
		}
		for _, l := range lines {
			if l.Amount <= 0 || l.OutTradeNo == "" {
				t.Errorf("%+v", l)
			}
		}
		before, rest, _ := strings.Cut(text, "\n"+colTrade+",")
		names, rest, _ := strings.Cut(rest, "\n")
		_, rest, _ = strings.Cut(rest, "\n")
		if lines, err := parseBill(before+"\n"+colTrade+","+names+"\n"+rest, testSellerID, "2026-01-31"); err == nil {
			t.Errorf("%d lines without the first of %q", len(lines), text)
		}
	})
}
