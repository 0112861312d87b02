package report

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"time"

	"saoma/pos"
)

// auditPage is how many rows of the audit chain are read at a time.
const auditPage = 1000

// AuditRows are all rows of the audit chain that f selects, the newest first, read page by page; f.Limit is
// how many at most, 0 all. read is the Till's Audit, for who is signed in, or the ledger's AuditRows.
func AuditRows(ctx context.Context, read func(context.Context, pos.AuditFilter) ([]pos.AuditRow, error), f pos.AuditFilter) iter.Seq2[pos.AuditRow, error] {
	return func(yield func(pos.AuditRow, error) bool) {
		all, left := f.Limit == 0, f.Limit
		for all || left > 0 {
			f.Limit = auditPage
			if !all {
				f.Limit = min(left, auditPage)
			}
			page, err := read(ctx, f)
			if err != nil {
				yield(pos.AuditRow{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if len(page) < f.Limit {
				return
			}
			left -= len(page)
			f.Before = page[len(page)-1].Seq
		}
	}
}

// AuditHeader names the columns of the audit chain.
func AuditHeader(l Words) []string {
	return []string{l.T("No."), l.T("Time"), l.T("Actor"), l.T("Action"), l.T("About"), l.T("From"), l.T("To"), l.T("Detail")}
}

// AuditCells are the cells of one row, under AuditHeader, the time in zone.
func AuditCells(r pos.AuditRow, zone *time.Location) []string {
	return []string{
		strconv.FormatInt(r.Seq, 10), r.At.In(zone).Format("2006-01-02 15:04:05.000"),
		r.Actor, r.Action, r.Subject, r.From, r.To, r.Detail,
	}
}

// WriteAuditCSV writes rows as WriteCSV writes a report, each with its hash.
func WriteAuditCSV(w io.Writer, l Words, rows iter.Seq2[pos.AuditRow, error], zone *time.Location) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(append(AuditHeader(l), "SHA-256")); err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		cells := append(AuditCells(r, zone), r.Hash)
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// auditLine is a row of the audit chain as JSON.
type auditLine struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Detail  string    `json:"detail"`
	Hash    string    `json:"hash"`
}

// WriteAuditJSON writes rows as one JSON object a line.
func WriteAuditJSON(w io.Writer, rows iter.Seq2[pos.AuditRow, error], zone *time.Location) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := e.Encode(auditLine{r.Seq, r.At.In(zone), r.Actor, r.Action, r.Subject, r.From, r.To, r.Detail, r.Hash}); err != nil {
			return err
		}
	}
	return nil
}
