package alipay

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"
)

// The columns that are read, by the names in the bill's head: the platform may add or move others.
const (
	colTrade   = "支付宝交易号"
	colOrder   = "商户订单号"
	colKind    = "业务类型"
	colTitle   = "商品名称"
	colAt      = "完成时间"
	colAmount  = "订单金额（元）"
	colIn      = "商家实收（元）"
	colRequest = "退款批次号/请求号"
	colFee     = "服务费（元）"
	colPayer   = "对方账户" // names the payer, is not read and not kept
)

// The lines around the rows.
const (
	detailsHead = "#支付宝业务明细查询"
	listEnd     = "业务明细列表结束"
)

var (
	accountLine = regexp.MustCompile(`^#账号：\[(\d+)\]`)
	periodLine  = regexp.MustCompile(`^#起始日期：\[([^\]]*)\]\s*终止日期：\[([^\]]*)\]`)
	paidLine    = regexp.MustCompile(`^#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元`)
	backLine    = regexp.MustCompile(`^#退款合计：(\d+)笔，商家实收退款共(-?[\d.]+)元`)
)

func isDetails(text string) bool { return strings.HasPrefix(text, detailsHead+"\r\n") }

// parseBill reads the details of a whole trade bill of one seller and day: a few lines behind #, a head, a
// line for each payment and refund, and behind # again the end of the list and the totals. A bill that is
// not as documented, or whose lines do not make up its totals, is refused as a whole.
func parseBill(text, sellerID string, day pos.Day) ([]pos.BillLine, error) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	begin := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, colTrade+",") })
	end := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, "#") && strings.Contains(s, listEnd) })
	if begin < 0 || end < begin {
		return nil, errors.New("its list has no head or no end")
	}
	if err := checkHead(lines[:begin], sellerID, day); err != nil {
		return nil, err
	}
	head := strings.Split(lines[begin], ",")
	for _, name := range []string{colTrade, colOrder, colKind, colTitle, colAt, colAmount, colIn, colRequest, colFee} {
		if !slices.Contains(head, name) {
			return nil, fmt.Errorf("the column %s is missing", name)
		}
	}
	var bill []pos.BillLine
	var sum totals
	for i, text := range lines[begin+1 : end] {
		line, err := readLine(head, text, &sum)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", begin+i+2, err)
		}
		bill = append(bill, line)
	}
	if err := sum.check(lines[end+1:]); err != nil {
		return nil, err
	}
	return bill, nil
}

// checkHead refuses a bill of another account or another day.
func checkHead(lines []string, sellerID string, day pos.Day) error {
	account, period := match(lines, accountLine), match(lines, periodLine)
	if account == nil || period == nil {
		return errors.New("it does not say whose it is, and of which day")
	}
	from, err := time.ParseInLocation(time.DateOnly, string(day), wire.Beijing)
	if err != nil {
		return err
	}
	const format = "2006年01月02日 15:04:05"
	switch {
	case !strings.HasPrefix(account[1], sellerID): // behind it stands the account's kind
		return errors.New("it is another seller's")
	case period[1] != from.Format(format) || period[2] != from.AddDate(0, 0, 1).Format(format):
		return errors.New("it is of another day")
	}
	return nil
}

func match(lines []string, pattern *regexp.Regexp) []string {
	for _, s := range lines {
		if m := pattern.FindStringSubmatch(s); m != nil {
			return m
		}
	}
	return nil
}

// readLine translates one payment or refund and adds it to the totals. Values may end in a tab, and a
// title in commas of its own.
func readLine(head []string, text string, sum *totals) (pos.BillLine, error) {
	cells := strings.Split(text, ",")
	if surplus := len(cells) - len(head); surplus > 0 {
		title := slices.Index(head, colTitle)
		cells = slices.Delete(cells, title+1, title+1+surplus)
	}
	if len(cells) != len(head) {
		return pos.BillLine{}, fmt.Errorf("%d values where %d belong", len(cells), len(head))
	}
	cell := func(name string) string { return strings.TrimSpace(cells[slices.Index(head, name)]) }
	l, kind := pos.BillLine{OutTradeNo: cell(colOrder), TransactionID: cell(colTrade)}, cell(colKind)
	if l.OutTradeNo == "" || l.TransactionID == "" {
		return l, errors.New("a payment without its numbers")
	}
	at, err1 := time.ParseInLocation(time.DateTime, cell(colAt), wire.Beijing)
	amount, err2 := signedYuan(cell(colAmount))
	in, err3 := signedYuan(cell(colIn))
	fee, err4 := signedYuan(cell(colFee))
	if err := errors.Join(err2, err3, err4); err1 != nil || err != nil {
		return l, errors.New("its time or one of its amounts is not one")
	}
	l.At, l.Amount, l.Fee = at, amount, -fee
	switch {
	case kind == "交易" && amount > 0:
		l.State = string(pos.TradePaid)
		return l, sum.paid.add(in)
	case kind == "退款" && amount < 0: // it is on the bill once it has gone through
		l.Amount, l.State = -amount, string(pos.RefundSucceeded)
		if l.OutRefundNo = cell(colRequest); l.OutRefundNo == "" {
			return l, errors.New("a refund without its number")
		}
		return l, sum.back.add(in)
	}
	return l, fmt.Errorf("the kind %q with the amount %s is not known", wire.Clean(kind), amount)
}

// withoutPayers is the text of details that were read, with the payers' accounts masked. The platform masks them, too,
// but leaves of a short name all but one character.
func withoutPayers(details string) []byte {
	masked := make([]byte, 0, len(details))
	var head []string
	for line := range strings.Lines(details) {
		cells := strings.Split(line, ",")
		payer := slices.Index(head, colPayer)
		switch {
		case strings.HasPrefix(line, "#"):
		case head == nil:
			head = strings.Split(strings.TrimRight(line, "\r\n"), ",")
		case payer >= 0 && len(cells) >= len(head):
			surplus := len(cells) - len(head) // commas in a title, which stands before the payer
			if title := slices.Index(head, colTitle); title > payer {
				surplus = 0
			}
			cells[payer+surplus] = wire.Masked
			line = strings.Join(cells, ",")
		}
		masked = append(masked, line...)
	}
	return masked
}

// totals is what the lines behind the list must say of what the merchant got and gave back.
type totals struct{ paid, back total }

type total struct {
	lines int64
	sum   pos.Fen
}

func (t *total) add(f pos.Fen) (err error) {
	t.lines++
	t.sum, err = t.sum.Add(f)
	return err
}

// check compares with the bill's own totals.
func (s totals) check(lines []string) error {
	for _, c := range []struct {
		got     total
		pattern *regexp.Regexp
	}{{s.paid, paidLine}, {s.back, backLine}} {
		m := match(lines, c.pattern)
		if m == nil {
			return errors.New("it has no totals")
		}
		sum, err := signedYuan(m[2])
		if err != nil || m[1] != strconv.FormatInt(c.got.lines, 10) || sum != c.got.sum {
			return errors.New("its lines do not make up its totals")
		}
	}
	return nil
}

// signedYuan reads an amount that a bill writes with a minus where money goes away.
func signedYuan(s string) (pos.Fen, error) {
	number, negative := strings.CutPrefix(s, "-")
	f, err := wire.Yuan(number)
	if negative {
		f = -f
	}
	return f, err
}
