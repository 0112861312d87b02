package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/width"

	"saoma/pos"
)

// emit prints one thing: as a JSON object with --json, in words without.
func (a *app) emit(object any, words string) {
	if !a.json {
		a.say(words)
		return
	}
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(object); err != nil {
		fmt.Fprintln(a.err, err) // a closed pipe; the exit code still tells the outcome
	}
}

// say prints words.
func (a *app) say(words string) { fmt.Fprintln(a.out, a.pasteable(words)) }

// complain prints an error as one line of words.
func (a *app) complain(err error) {
	a.warn(strings.Join(strings.Fields(a.lang.Error(err)), " "))
}

// warn prints a sentence that is no failure.
func (a *app) warn(sentence string) { fmt.Fprintln(a.err, a.pasteable(sentence)) }

// pasteable names the data folder in every command that words suggest, where the person had to name it too: in full, for
// the next terminal may be elsewhere.
func (a *app) pasteable(words string) string {
	if a.data == "" {
		return words
	}
	dir, err := filepath.Abs(a.data)
	if err != nil {
		dir = a.data
	}
	for _, c := range commands() {
		words = strings.ReplaceAll(words, "saomactl "+c.name, "saomactl --data "+strconv.Quote(dir)+" "+c.name)
	}
	return words
}

// paymentView is a payment as scripts read it: amounts in fen, times RFC 3339.
type paymentView struct {
	OutTradeNo    string           `json:"out_trade_no"`
	Order         int64            `json:"order"`
	Wallet        pos.Wallet       `json:"wallet"`
	Amount        pos.Fen          `json:"amount"`
	State         pos.PaymentState `json:"state"`
	Title         string           `json:"title"`
	TransactionID string           `json:"transaction_id"`
	CodeURL       string           `json:"code_url"`
	CreatedAt     time.Time        `json:"created_at"`
	ExpiresAt     time.Time        `json:"expires_at"`
	PaidAt        time.Time        `json:"paid_at,omitzero"`
	Source        pos.Source       `json:"source"`
	Refunded      pos.Fen          `json:"refunded"`
	Counter       string           `json:"counter"`
	Cashier       string           `json:"cashier"`
	Day           pos.Day          `json:"day"`
}

func viewPayment(p *pos.Payment, zone *time.Location) paymentView {
	return paymentView{
		OutTradeNo: p.OutTradeNo, Order: p.OrderID, Wallet: p.Wallet, Amount: p.Amount, State: p.State, Title: p.Title,
		TransactionID: p.TransactionID, CodeURL: p.CodeURL, CreatedAt: at(p.CreatedAt, zone), ExpiresAt: at(p.ExpiresAt, zone),
		PaidAt: at(p.PaidAt, zone), Source: p.ConfirmedBy, Refunded: p.Refunded, Counter: p.Counter, Cashier: p.Cashier, Day: p.Day,
	}
}

// refundView is a refund as scripts read it.
type refundView struct {
	OutRefundNo string          `json:"out_refund_no"`
	OutTradeNo  string          `json:"out_trade_no"`
	Wallet      pos.Wallet      `json:"wallet"`
	Amount      pos.Fen         `json:"amount"`
	State       pos.RefundState `json:"state"`
	Reason      string          `json:"reason"`
	RefundID    string          `json:"refund_id"`
	RequestedBy string          `json:"requested_by"`
	ApprovedBy  string          `json:"approved_by,omitempty"`
	CreatedAt   time.Time       `json:"created_at"`
	SettledAt   time.Time       `json:"settled_at,omitzero"`
}

func viewRefund(r *pos.Refund, zone *time.Location) refundView {
	return refundView{
		OutRefundNo: r.OutRefundNo, OutTradeNo: r.OutTradeNo, Wallet: r.Wallet, Amount: r.Amount, State: r.State, Reason: r.Reason,
		RefundID: r.RefundID, RequestedBy: r.RequestedBy, ApprovedBy: r.ApprovedBy, CreatedAt: at(r.CreatedAt, zone), SettledAt: at(r.SettledAt, zone),
	}
}

// exceptionView is an exception as scripts read it.
type exceptionView struct {
	ID            int64             `json:"id"`
	Kind          pos.ExceptionKind `json:"kind"`
	Wallet        pos.Wallet        `json:"wallet"`
	OutTradeNo    string            `json:"out_trade_no"`
	OutRefundNo   string            `json:"out_refund_no,omitempty"`
	TransactionID string            `json:"transaction_id"`
	Amount        pos.Fen           `json:"amount"`
	CreatedAt     time.Time         `json:"created_at"`
	Resolved      bool              `json:"resolved"`
	Resolution    pos.Resolution    `json:"resolution,omitempty"`
	Note          string            `json:"note,omitempty"`
	ResolvedBy    string            `json:"resolved_by,omitempty"`
	ResolvedAt    time.Time         `json:"resolved_at,omitzero"`
}

func viewException(x *pos.Exception, zone *time.Location) exceptionView {
	return exceptionView{
		ID: x.ID, Kind: x.Kind, Wallet: x.Wallet, OutTradeNo: x.OutTradeNo, OutRefundNo: x.OutRefundNo, TransactionID: x.TransactionID,
		Amount: x.Amount, CreatedAt: at(x.CreatedAt, zone), Resolved: x.Resolution != "",
		Resolution: x.Resolution, Note: x.Note, ResolvedBy: x.ResolvedBy, ResolvedAt: at(x.ResolvedAt, zone),
	}
}

// at is a time in the shop's zone, and the zero time as it is.
func at(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// clock is a time as people read it in the terminal.
func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(zone).Format(time.DateTime)
}

// columns prints rows under each other in the terminal, wide characters counted as two. Columns
// whose names are in right are aligned right.
func columns(rows [][]string, right func(col int) bool) string {
	var widths []int
	for _, row := range rows {
		for i, s := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells(s))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, s := range row {
			pad := strings.Repeat(" ", widths[i]-cells(s))
			if right(i) {
				line.WriteString(pad + s)
			} else {
				line.WriteString(s + pad)
			}
			line.WriteString("  ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// cells is how many terminal cells s takes.
func cells(s string) (n int) {
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
