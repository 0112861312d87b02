package wechat

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

// The columns that are read, by the names in the bill's head: the platform may add or move others.
const (
	colAt        = "交易时间"
	colMerchant  = "商户号"
	colTrade     = "微信订单号"
	colOrder     = "商户订单号"
	colState     = "交易状态"
	colCurrency  = "货币种类"
	colRefund    = "微信退款单号"
	colOutRefund = "商户退款单号"
	colBackState = "退款状态"
	colFee       = "手续费"
	colPaid      = "订单金额"
	colBack      = "申请退款金额"
	colPayer     = "用户标识" // openid: names the payer, is not read and not kept

	sumLines = "总交易单数"
	sumFee   = "手续费总金额"
	sumPaid  = "订单总金额"
	sumBack  = "申请退款总金额"
)

// row is one line of the bill by the names of its columns.
type row struct {
	head  []string
	cells []string
}

func (r row) cell(name string) string {
	if i := slices.Index(r.head, name); i >= 0 {
		return r.cells[i]
	}
	return ""
}

// parseBill reads a whole trade bill (type ALL) of merchant mchid: a head, a line for each payment and
// refund, and the totals in the last two lines. A bill that is not as documented, or whose lines do not
// make up its totals, is refused as a whole.
func parseBill(text []byte, mchid string) ([]pos.BillLine, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8 text")
	}
	lines := strings.Split(strings.TrimRight(strings.TrimPrefix(string(text), "\ufeff"), "\r\n"), "\n")
	if len(lines) < 3 {
		return nil, errors.New("it has no totals")
	}
	head, err := columns(lines[0], colAt, colMerchant, colTrade, colOrder, colState, colCurrency, colRefund, colOutRefund, colBackState, colFee, colPaid, colBack)
	if err != nil {
		return nil, err
	}
	rows, last := lines[1:len(lines)-2], lines[len(lines)-2:]
	var bill []pos.BillLine
	var sum totals
	for i, text := range rows {
		r, err := readRow(head, text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		line, err := r.line(mchid, &sum)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		bill = append(bill, line)
	}
	if err := sum.check(last); err != nil {
		return nil, err
	}
	return bill, nil
}

// columns reads a line of names, which must have all of wanted.
func columns(text string, wanted ...string) ([]string, error) {
	names := strings.Split(strings.TrimSuffix(text, "\r"), ",")
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("the column %s is missing", name)
		}
	}
	return names, nil
}

// readRow reads a line of values, each behind a back-tick; a title may hold a comma.
func readRow(head []string, text string) (row, error) {
	text, ok := strings.CutPrefix(strings.TrimSuffix(text, "\r"), "`")
	cells := strings.Split(text, ",`")
	if !ok || len(cells) != len(head) {
		return row{}, fmt.Errorf("%d values where %d belong, each behind a back-tick", len(cells), len(head))
	}
	return row{head, cells}, nil
}

// line translates one payment or refund and adds it to the totals.
func (r row) line(mchid string, sum *totals) (pos.BillLine, error) {
	l := pos.BillLine{OutTradeNo: r.cell(colOrder), TransactionID: r.cell(colTrade)}
	switch {
	case r.cell(colMerchant) != mchid:
		return l, errors.New("it is another merchant's")
	case r.cell(colCurrency) != pos.CNY:
		return l, fmt.Errorf("the currency %q is not known", wire.Clean(r.cell(colCurrency)))
	case l.OutTradeNo == "" || l.TransactionID == "":
		return l, errors.New("a payment without its numbers")
	}
	var err error
	if l.At, err = time.ParseInLocation(time.DateTime, r.cell(colAt), wire.Beijing); err != nil {
		return l, errors.New("the time is not one")
	}
	fee, err := mills(r.cell(colFee))
	if err != nil {
		return l, err
	}
	l.Fee = roundMills(fee)
	amount := colPaid
	switch state := r.cell(colState); state {
	case "SUCCESS":
		l.State = string(pos.TradePaid)
	case "REFUND", "REVOKED":
		l.OutRefundNo, l.RefundID, l.State = r.cell(colOutRefund), r.cell(colRefund), billRefundState(r.cell(colBackState))
		if l.OutRefundNo == "" || l.RefundID == "" {
			return l, errors.New("a refund without its numbers")
		}
		amount = colBack
	default:
		return l, fmt.Errorf("the state %q is not known", wire.Clean(state))
	}
	if l.Amount, err = wire.Yuan(r.cell(amount)); err != nil {
		return l, err
	}
	return l, sum.add(l, fee)
}

// billRefundState translates the bill's word, of which v2 and v3 have several; empty where it is not known.
func billRefundState(word string) string {
	switch word {
	case "SUCCESS":
		return string(pos.RefundSucceeded)
	case "PROCESSING":
		return string(pos.RefundProcessing)
	case "CHANGE", "ABNORMAL":
		return string(pos.RefundAbnormal)
	case "FAIL", "FAILED", "CLOSED", "REFUNDCLOSE":
		return string(pos.RefundFailed)
	}
	return ""
}

// withoutPayers is a bill that was read, with the payers' openids masked.
func withoutPayers(text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	head := strings.Split(strings.TrimRight(strings.TrimPrefix(string(lines[0]), "\ufeff"), "\r\n"), ",")
	payer := slices.Index(head, colPayer)
	if payer < 0 {
		return text
	}
	masked := make([]byte, 0, len(text))
	between := []byte(",`")
	for i, line := range lines {
		cells := bytes.Split(line, between)
		if i > 0 && len(cells) == len(head) {
			cells[payer] = []byte(wire.Masked)
			line = bytes.Join(cells, between)
		}
		masked = append(masked, line...)
	}
	return masked
}

// totals is what the last line of a bill must say.
type totals struct {
	lines      int64
	paid, back pos.Fen
	fee        int64 // in thousandths of a fen, as the bill writes it
}

func (s *totals) add(l pos.BillLine, fee int64) (err error) {
	s.lines++
	s.fee += fee // at most maxBill lines of at most 10^15: no overflow
	if l.OutRefundNo == "" {
		s.paid, err = s.paid.Add(l.Amount)
	} else {
		s.back, err = s.back.Add(l.Amount)
	}
	return err
}

// check compares with the bill's own totals: their names and their values.
func (s totals) check(last []string) error {
	head, err := columns(last[0], sumLines, sumFee, sumPaid, sumBack)
	if err != nil {
		return fmt.Errorf("the totals: %w", err)
	}
	r, err := readRow(head, last[1])
	if err != nil {
		return fmt.Errorf("the totals: %w", err)
	}
	paid, err1 := wire.Yuan(r.cell(sumPaid))
	back, err2 := wire.Yuan(r.cell(sumBack))
	fee, err3 := mills(r.cell(sumFee))
	if err := errors.Join(err1, err2, err3); err != nil {
		return errors.New("the totals are not amounts")
	}
	if r.cell(sumLines) != strconv.FormatInt(s.lines, 10) || paid != s.paid || back != s.back || fee != s.fee {
		return errors.New("its lines do not make up its totals")
	}
	return nil
}

// mills reads a fee, which a bill writes with five decimals and a sign where it is given back, in
// thousandths of a fen.
func mills(s string) (int64, error) {
	number, negative := strings.CutPrefix(s, "-")
	whole, decimals, _ := strings.Cut(number, ".")
	yuan, err := pos.ParseYuan(whole + ".00")
	thousandths, err2 := strconv.ParseUint(decimals, 10, 32)
	if len(decimals) != 5 || err != nil || err2 != nil {
		return 0, fmt.Errorf("the fee %q has not five decimals", wire.Clean(s))
	}
	m := int64(yuan)*1000 + int64(thousandths)
	if negative {
		m = -m
	}
	return m, nil
}

// roundMills rounds to the fen, halves away from zero.
func roundMills(m int64) pos.Fen {
	if m < 0 {
		return -pos.Fen((-m + 500) / 1000)
	}
	return pos.Fen((m + 500) / 1000)
}
