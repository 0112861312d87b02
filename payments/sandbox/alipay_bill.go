package sandbox

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	alipayBillPath = "/downloadBillFile.resource"
	alipayBillLife = 30 * time.Second
)

var errBillNotExist = business("isp.bill_not_exist", "账单不存在")

type aliBillAnswer struct {
	aliOK
	URL string `json:"bill_download_url"`
}

// alipayBill answers where the zipped bill of a day (yyyy-MM-dd) or a month (yyyy-MM) lies for 30 seconds.
func (s *Sandbox) alipayBill(_ *call, _ url.Values, b *biz) (any, *aliError) {
	kind, date := b.text("bill_type", true, 20), b.text("bill_date", true, 15)
	from, err := time.ParseInLocation(time.DateOnly, date, beijing)
	to := from.AddDate(0, 0, 1)
	if err != nil {
		from, err = time.ParseInLocation("2006-01", date, beijing)
		to = from.AddDate(0, 1, 0)
	}
	if err != nil {
		b.refuse("bill_date", "应为 yyyy-MM-dd 或 yyyy-MM")
	}
	now := s.opt.BillNow()
	switch {
	case b.fail != nil:
		return nil, b.fail
	case kind != "trade":
		return nil, business("isp.bill_type_unsupported", "沙箱只有 trade 账单")
	case from.After(now), s.opt.StrictBillTime && now.Before(to.Add(billHour*time.Hour)), s.faults.takeKind(FaultBillLate, Alipay, opBill, ""):
		return nil, errBillNotExist
	}
	rows := s.alipayRows(from, to)
	if len(rows) == 0 {
		return nil, errBillNotExist
	}
	file, err := s.papers.Alipay.billZip(rows, from, to, now)
	if err != nil {
		return nil, aliFail("20000", "isp.unknow-error", "系统繁忙") // the platform's own spelling
	}
	file = s.cut(Alipay, file)
	return aliBillAnswer{success, s.url + alipayBillPath + "?token=" + s.keepBill(Alipay, file, alipayBillLife)}, nil
}

// serveAlipayBill is the plain download; the address is the only secret.
func (s *Sandbox) serveAlipayBill(w http.ResponseWriter, r *http.Request) {
	c := &call{r: r, wallet: Alipay, op: opBill, fault: s.faults.take(Alipay, opBill, "")}
	if s.interfere(w, c) {
		return
	}
	s.mu.Lock()
	file, ok := s.takeBill(Alipay, r.URL.Query().Get("token"))
	s.mu.Unlock()
	if !ok {
		http.Error(w, "bill expired", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="bill.csv.zip"`)
	s.deliver(w, c, answer{status: http.StatusOK, contentType: "application/octet-stream", body: file})
}

func (s *Sandbox) alipayRows(from, to time.Time) []billRow {
	within := func(at time.Time) bool { return !at.IsZero() && !at.Before(from) && at.Before(to) }
	var rows []billRow
	for _, t := range s.list {
		if t.Wallet != Alipay {
			continue
		}
		if within(t.Paid) {
			rows = append(rows, billRow{t, nil, t.Paid})
		}
		for _, r := range t.Refunds {
			if r.State == refundSuccess && within(r.Done) {
				rows = append(rows, billRow{t, r, r.Done})
			}
		}
	}
	rows = s.spoil(Alipay, rows, within)
	slices.SortStableFunc(rows, func(a, b billRow) int { return a.at.Compare(b.at) })
	return rows
}

// The bill's columns are the platform's, in its order.
const (
	aliDetailHead = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）," +
		"支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
	aliSummaryHead = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
	dashes         = "-----------------------------------------"
)

// billZip holds the details and their summary, text and file names in GBK.
func (p *AlipayPapers) billZip(rows []billRow, from, to, now time.Time) ([]byte, error) {
	account := p.SellerID + "0156"
	head := func(title, list string) string {
		return fmt.Sprintf("#支付宝业务%s查询%s#账号：[%s]%s#起始日期：[%s]   终止日期：[%s]%s#%s%s%s%s",
			title, crlf, account, crlf, billTime(from), billTime(to), crlf, dashes, list, dashes[1:], crlf)
	}
	var details strings.Builder
	details.WriteString(head("明细", "业务明细列表") + aliDetailHead + crlf)
	var paid, back, pays, backs, fees int64
	for _, row := range rows {
		details.WriteString(strings.Join(alipayRow(row), ",") + crlf)
		if row.r == nil {
			pays, paid, fees = pays+1, paid+row.t.Amount, fees-fee(row.t.Amount)
		} else {
			backs, back, fees = backs+1, back+row.r.Amount, fees+fee(row.r.Amount)
		}
	}
	fmt.Fprintf(&details, "#%s业务明细列表结束%s%s", dashes, dashes[5:], crlf)
	fmt.Fprintf(&details, "#交易合计：%d笔，商家实收共%s元，商家优惠共0.00元%s", pays, yuan(paid), crlf)
	fmt.Fprintf(&details, "#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共0.00元%s", backs, yuan(-back), crlf)
	fmt.Fprintf(&details, "#导出时间：[%s]%s", billTime(now), crlf)

	summary := head("汇总", "业务汇总列表") + aliSummaryHead + crlf
	net := yuan(paid - back)
	summary += fmt.Sprintf("合计\t,\t,%d,%d,%s,%s,0.00,0.00,0.00,%s,0.00,%s%s", pays, backs, net, net, yuan(fees), yuan(paid-back+fees), crlf)
	summary += fmt.Sprintf("#%s业务汇总列表结束%s%s#导出时间：[%s]%s", dashes, dashes[5:], crlf, billTime(now), crlf)

	name := account + "_" + from.Format("20060102")
	return gbkZip(now, name+"_业务明细.csv", details.String(), name+"_业务明细(汇总).csv", summary)
}

func billTime(t time.Time) string { return t.In(beijing).Format("2006年01月02日 15:04:05") }

// alipayRow ends numbers that a spreadsheet would spoil with a tab, as the platform does.
func alipayRow(row billRow) []string {
	t, r := row.t, row.r
	kind, amount, request, service := "交易", t.Amount, "", -fee(t.Amount)
	if r != nil {
		kind, amount, request, service = "退款", -r.Amount, r.OutRefundNo, fee(r.Amount)
	}
	title := billWords.Replace(t.Description)
	return []string{
		t.TransactionID + "\t", t.OutTradeNo + "\t", kind + "\t", title, aliTimestamp(t.Scanned), aliTimestamp(row.at),
		"\t", "\t", "\t", "\t", "*客(" + buyerLogonID + ")\t", yuan(amount), yuan(amount), "0.00", "0.00", "0.00", "0.00", "0.00",
		"", "0.00\t", "0.00", request + "\t", yuan(service), "0.00", "",
	}
}

// gbkZip packs pairs of name and text.
func gbkZip(now time.Time, pairs ...string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	gbk := encoding.ReplaceUnsupported(simplifiedchinese.GBK.NewEncoder()) // a title may hold what GBK lacks
	for i := 0; i+1 < len(pairs); i += 2 {
		name, err := gbk.String(pairs[i])
		if err != nil {
			return nil, err
		}
		text, err := gbk.String(strings.ReplaceAll(pairs[i+1], "€", "?")) // or it is 0x80, which only Windows knows
		if err != nil {
			return nil, err
		}
		text = strings.ReplaceAll(text, "\x1a", "?") // what GBK lacks; no character of it holds this byte
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, NonUTF8: true, Method: zip.Deflate, Modified: now})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
