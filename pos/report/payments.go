package report

import (
	"encoding/csv"
	"io"
	"time"

	"saoma/pos"
)

// PaymentHeader names the columns of PaymentCells.
func PaymentHeader(l Words) []string {
	return []string{
		l.T("Time"), l.T("Day"), "out_trade_no", l.T("Wallet"), l.T("State"), l.T("Amount ¥"), l.T("Refunded ¥"), l.T("Title"),
		l.T("Counter"), l.T("Cashier"), l.T("Platform's number"), l.T("Paid at"), l.T("Fee ¥"),
	}
}

// PaymentCells is one payment as a row; times are the shop's.
func PaymentCells(p *pos.PaymentRow, l Words, zone *time.Location) []Cell {
	return []Cell{
		moment(p.CreatedAt, zone),
		{Kind: Date, Text: string(p.Day)},
		{Text: p.OutTradeNo},
		name(l, p.Wallet),
		{Text: l.T(StateName(p.State))},
		{Kind: Money, Number: int64(p.Amount)},
		{Kind: Money, Number: int64(p.Refunded)},
		{Text: p.Title},
		{Text: p.Counter},
		{Text: p.Cashier},
		{Text: p.TransactionID},
		moment(p.PaidAt, zone),
		feeCell(p.Fee),
	}
}

func moment(t time.Time, zone *time.Location) Cell {
	if t.IsZero() {
		return Cell{}
	}
	return Cell{Kind: Time, Text: t.In(zone).Format(time.DateTime)}
}

// StateName is what a payment's state is called: the key of its translation.
func StateName(s pos.PaymentState) string {
	switch s {
	case pos.Created:
		return "not answered yet"
	case pos.Waiting:
		return "waiting"
	case pos.Paid:
		return "paid"
	case pos.Closing:
		return "closing"
	case pos.Closed:
		return "closed"
	}
	return "refused"
}

// PaymentCSV writes payments one by one, as RFC 4180 with a byte order mark.
type PaymentCSV struct {
	to    *csv.Writer
	words Words
	zone  *time.Location
	row   []string
}

// NewPaymentCSV writes the header.
func NewPaymentCSV(w io.Writer, l Words, zone *time.Location) (*PaymentCSV, error) {
	to, err := newCSV(w)
	if err != nil {
		return nil, err
	}
	return &PaymentCSV{to: to, words: l, zone: zone}, to.Write(PaymentHeader(l))
}

// Write adds one payment.
func (c *PaymentCSV) Write(p *pos.PaymentRow) error {
	c.row = record(c.row[:0], PaymentCells(p, c.words, c.zone))
	return c.to.Write(c.row)
}

// Flush writes what is still held.
func (c *PaymentCSV) Flush() error {
	c.to.Flush()
	return c.to.Error()
}

// WriteEntriesCSV writes ledger entries as RFC 4180 with a byte order mark: each calls fn for one after another.
// Refunds are negative, so the column adds up to the days' net.
func WriteEntriesCSV(w io.Writer, l Words, zone *time.Location, each func(fn func(*pos.EntryRow) error) error) error {
	to, err := newCSV(w)
	if err != nil {
		return err
	}
	if err := to.Write([]string{
		l.T("Time"), l.T("Day"), l.T("Day of the sale"), "out_trade_no", "out_refund_no", l.T("Wallet"), l.T("Amount ¥"), l.T("Title"), l.T("Counter"),
		l.T("Cashier"), l.T("Platform's number"), l.T("Fee ¥"),
	}); err != nil {
		return err
	}
	var row []string
	if err := each(func(e *pos.EntryRow) error {
		row = record(row[:0], []Cell{
			moment(e.At, zone),
			{Kind: Date, Text: string(e.Day)},
			{Kind: Date, Text: string(e.Sold)},
			{Text: e.OutTradeNo},
			{Text: e.OutRefundNo},
			name(l, e.Wallet),
			{Kind: Money, Number: int64(e.Amount)},
			{Text: e.Title},
			{Text: e.Counter},
			{Text: e.Cashier},
			{Text: e.Number},
			feeCell(e.Fee),
		})
		return to.Write(row)
	}); err != nil {
		return err
	}
	to.Flush()
	return to.Error()
}
