package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	wechatBillPath = "/v3/billdownload/file"
	wechatBillLife = 5 * time.Minute
	billHour       = 10 // bills of a day are ready at 10:00 of the next one
)

// bill is a file waiting to be downloaded.
type bill struct {
	wallet string
	file   []byte
	dies   time.Time
}

// keepBill stores a file under a token nobody guesses.
func (s *Sandbox) keepBill(wallet string, file []byte, life time.Duration) (token string) {
	now := s.now()
	for token, b := range s.bills {
		if !now.Before(b.dies) {
			delete(s.bills, token)
		}
	}
	token = letters(43)
	s.bills[token] = bill{wallet, file, now.Add(life)}
	return token
}

func (s *Sandbox) takeBill(wallet, token string) ([]byte, bool) {
	b, ok := s.bills[token]
	return b.file, ok && b.wallet == wallet && s.now().Before(b.dies)
}

// wechatBill is GET /v3/bill/tradebill: where the file is and its SHA-1, of the text before compression.
func (s *Sandbox) wechatBill(c *call, _ string) (int, any, *wxError) {
	q := c.r.URL.Query()
	kind := q.Get("bill_type")
	if kind == "" {
		kind = "ALL"
	}
	day, err := time.ParseInLocation(time.DateOnly, q.Get("bill_date"), beijing)
	now := s.opt.BillNow()
	switch {
	case err != nil:
		return 0, nil, wxFail(400, "PARAM_ERROR", "输入源“/query/bill_date”应为 yyyy-MM-dd")
	case kind != "ALL" && kind != "SUCCESS" && kind != "REFUND":
		return 0, nil, wxFail(400, "PARAM_ERROR", "输入源“/query/bill_type”应为 ALL、SUCCESS 或 REFUND")
	case q.Get("tar_type") != "" && q.Get("tar_type") != "GZIP":
		return 0, nil, wxFail(400, "PARAM_ERROR", "输入源“/query/tar_type”应为 GZIP")
	case now.Before(day) || now.After(day.AddDate(0, 3, 1)):
		return 0, nil, wxFail(400, "INVALID_REQUEST", "bill_date 应在三个月以内")
	case s.opt.StrictBillTime && now.Before(day.Add((24+billHour)*time.Hour)), s.faults.takeKind(FaultBillLate, WeChat, opBill, ""):
		return 0, nil, wxFail(400, "STATEMENT_CREATING", "账单生成中，请于次日 10 点后下载")
	}
	rows := s.wechatRows(day, kind)
	if len(rows) == 0 {
		return 0, nil, wxFail(400, "NO_STATEMENT_EXIST", "账单文件不存在：该日没有交易")
	}
	text := s.papers.WeChat.billCSV(kind, rows)
	sum := sha1.Sum(text)
	if s.faults.takeKind(FaultBillHash, WeChat, opBill, "") {
		sum = sha1.Sum(text[1:])
	}
	file := text
	if q.Get("tar_type") == "GZIP" {
		file = gzipped(text)
	}
	file = s.cut(WeChat, file)
	return http.StatusOK, map[string]string{
		"hash_type":    "SHA1",
		"hash_value":   hex.EncodeToString(sum[:]),
		"download_url": s.url + wechatBillPath + "?token=" + s.keepBill(WeChat, file, wechatBillLife),
	}, nil
}

// wechatBillFile needs an Authorization like every request; the file itself is not signed.
func (s *Sandbox) wechatBillFile(c *call, _ string) (int, any, *wxError) {
	file, ok := s.takeBill(WeChat, c.r.URL.Query().Get("token"))
	if !ok {
		return 0, nil, wxFail(400, "PARAM_ERROR", "下载地址无效或已过期")
	}
	return http.StatusOK, file, nil
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text) // into memory
	z.Close()
	return b.Bytes()
}

func (s *Sandbox) wechatRows(day time.Time, kind string) []billRow {
	var rows []billRow
	within := func(at time.Time) bool { return onDay(at, day) }
	for _, t := range s.list {
		if t.Wallet != WeChat {
			continue
		}
		if kind != "REFUND" && within(t.Paid) {
			rows = append(rows, billRow{t, nil, t.Paid})
		}
		for _, r := range t.Refunds {
			if kind != "SUCCESS" && within(r.Created) {
				rows = append(rows, billRow{t, r, r.Created})
			}
		}
	}
	rows = s.spoil(WeChat, rows, within)
	slices.SortStableFunc(rows, func(a, b billRow) int { return b.at.Compare(a.at) }) // newest first
	return rows
}

func onDay(at, day time.Time) bool {
	return !at.IsZero() && !at.Before(day) && at.Before(day.AddDate(0, 0, 1))
}

// The columns are the platform's, in its order. SUCCESS leaves the refund's out, REFUND adds the refund's times.
const (
	wxHead    = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
	wxTimes   = "退款申请时间,退款成功时间,"
	wxBack    = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
	wxGoods   = "商品名称,商户数据包,手续费,费率,订单金额,"
	wxAsked   = "申请退款金额,"
	wxRemark  = "费率备注"
	wxTotals  = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
	bom, crlf = "\ufeff", "\r\n"
)

// billCSV writes a back-tick before every value; the last two lines are the totals.
func (p *WeChatPapers) billCSV(kind string, rows []billRow) []byte {
	var b strings.Builder
	b.WriteString(bom + wxHead)
	switch kind {
	case "ALL":
		b.WriteString(wxBack + wxGoods + wxAsked)
	case "REFUND":
		b.WriteString(wxTimes + wxBack + wxGoods + wxAsked)
	default:
		b.WriteString(wxGoods)
	}
	b.WriteString(wxRemark + crlf)

	var in, out, fees int64
	for _, row := range rows {
		ticked(&b, p.billRow(kind, row))
		if row.r == nil {
			in += row.t.Amount
			fees += fee(row.t.Amount)
		} else {
			out += row.r.Amount
			fees -= fee(row.r.Amount)
		}
	}
	// SUCCESS, too: the platform's page names four totals for it, but its bills have had all seven, and SDKs count on them.
	b.WriteString(wxTotals + crlf)
	ticked(&b, []string{fmt.Sprint(len(rows)), yuan(in), yuan(out), "0.00", feeText(fees), yuan(in), yuan(out)})
	return []byte(b.String())
}

// billWords takes out of a value what would end it.
var billWords = strings.NewReplacer(",", " ", "\r", " ", "\n", " ", "`", " ")

func ticked(b *strings.Builder, values []string) {
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('`')
		billWords.WriteString(b, v)
	}
	b.WriteString(crlf)
}

func (p *WeChatPapers) billRow(kind string, row billRow) []string {
	t, r := row.t, row.r
	state, paidAmount, feeAmount := wxSuccess, yuan(t.Amount), fee(t.Amount)
	backs := []string{"0", "0", "0.00", "0.00", "", ""}
	asked := "0.00"
	if r != nil {
		state, paidAmount, feeAmount = wxRefund, "0.00", -fee(r.Amount)
		asked = yuan(r.Amount)
		backs = []string{r.RefundID, r.OutRefundNo, asked, "0.00", "ORIGINAL", r.State}
	}
	values := []string{
		aliTimestamp(row.at), p.AppID, p.MchID, "0", "", t.TransactionID, t.OutTradeNo, t.Buyer, "NATIVE", state,
		"OTHERS", "CNY", paidAmount, "0.00",
	}
	if kind == "REFUND" {
		values = append(values, aliTimestamp(r.Created), aliTimestamp(r.Done))
	}
	if kind != "SUCCESS" {
		values = append(values, backs...)
	}
	values = append(values, t.Description, t.Attach, feeText(feeAmount), "0.60%", paidAmount)
	if kind != "SUCCESS" {
		values = append(values, asked)
	}
	return append(values, "")
}

// fee is 0.60 % in fen, rounded to the fen as the platform rounds each line.
func fee(fen int64) int64 { return (fen*6 + 500) / 1000 }

// feeText has five decimals.
func feeText(fen int64) string { return yuan(fen) + "000" }
