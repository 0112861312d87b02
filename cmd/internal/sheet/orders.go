package sheet

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"saoma/pos"
	"saoma/pos/report"
)

// progressEvery is after how many payments somebody who waits is told, and whether he has given up is looked at.
const progressEvery = 1000

// orders writes every payment of the period.
func (e *Export) orders(ctx context.Context, w io.Writer) error {
	total, err := e.Source.CountPayments(ctx, e.Period.From, e.Period.To)
	if err != nil {
		return err
	}
	out, err := e.lines(w)
	if err != nil {
		return err
	}
	var done int64
	if err := e.Source.EachPayment(ctx, e.Period.From, e.Period.To, func(p *pos.PaymentRow) error {
		if done++; done%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			e.told(done, total)
		}
		return out.payment(p)
	}); err != nil {
		return err
	}
	e.told(done, total)
	return out.end()
}

func (e *Export) told(done, total int64) {
	if e.Progress != nil {
		e.Progress(done, total)
	}
}

// lines writes payments one after another.
type lines interface {
	payment(*pos.PaymentRow) error
	end() error
}

func (e *Export) lines(w io.Writer) (lines, error) {
	switch e.Format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return &jsonLines{encoder, e.Shop.TimeZone}, nil
	case "xlsx":
		return newBook(w, e)
	}
	csv, err := report.NewPaymentCSV(w, e.Words, e.Shop.TimeZone)
	return csvLines{csv}, err
}

type csvLines struct{ *report.PaymentCSV }

func (c csvLines) payment(p *pos.PaymentRow) error { return c.Write(p) }
func (c csvLines) end() error                      { return c.Flush() }

// jsonLines writes one object a line; amounts are fen.
type jsonLines struct {
	to   *json.Encoder
	zone *time.Location
}

func (j *jsonLines) payment(p *pos.PaymentRow) error {
	line := struct {
		OutTradeNo    string           `json:"out_trade_no"`
		Order         int64            `json:"order"`
		CreatedAt     time.Time        `json:"created_at"`
		Day           pos.Day          `json:"day"`
		Wallet        pos.Wallet       `json:"wallet"`
		State         pos.PaymentState `json:"state"`
		Amount        pos.Fen          `json:"amount"`
		Refunded      pos.Fen          `json:"refunded"`
		Title         string           `json:"title"`
		Counter       string           `json:"counter"`
		Cashier       string           `json:"cashier"`
		TransactionID string           `json:"transaction_id,omitempty"`
		PaidAt        time.Time        `json:"paid_at,omitzero"`
		Fee           pos.Fee          `json:"fee"` // null while it is not known
	}{
		p.OutTradeNo, p.OrderID, p.CreatedAt.In(j.zone), p.Day, p.Wallet, p.State, p.Amount, p.Refunded, p.Title, p.Counter, p.Cashier,
		p.TransactionID, p.PaidAt, p.Fee,
	}
	if !p.PaidAt.IsZero() {
		line.PaidAt = p.PaidAt.In(j.zone)
	}
	return j.to.Encode(line)
}

func (j *jsonLines) end() error { return nil }

// book writes a workbook row by row.
type book struct {
	e      *Export
	file   *excelize.File
	sheet  *excelize.StreamWriter
	styles styles
	to     io.Writer
	row    int
}

func newBook(w io.Writer, e *Export) (*book, error) {
	b := &book{e: e, file: excelize.NewFile(), to: w, row: 1}
	var err error
	if b.styles, err = newStyles(b.file); err != nil {
		return nil, err
	}
	name := e.Words.T("Payments one by one")
	if err := b.file.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return nil, err
	}
	header := report.PaymentHeader(e.Words)
	if err := b.sheet.SetColWidth(1, len(header), 16); err != nil {
		return nil, err
	}
	if err := b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = excelize.Cell{StyleID: b.styles.header, Value: h}
	}
	return b, b.sheet.SetRow("A1", cells)
}

func (b *book) payment(p *pos.PaymentRow) error {
	b.row++
	row := report.PaymentCells(p, b.e.Words, b.e.Shop.TimeZone)
	cells := make([]any, len(row))
	for i, c := range row {
		value, err := number(c)
		if err != nil {
			return err
		}
		cells[i] = excelize.Cell{StyleID: b.styles.plain[c.Kind], Value: value}
	}
	at, err := excelize.CoordinatesToCellName(1, b.row)
	if err != nil {
		return err
	}
	return b.sheet.SetRow(at, cells)
}

func (b *book) end() error {
	defer b.file.Close()
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	return b.file.Write(b.to)
}
