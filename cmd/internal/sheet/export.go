package sheet

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"saoma/cmd/internal/config"
	"saoma/pos"
	"saoma/pos/report"
)

// Source is the ledger that files are made of.
type Source interface {
	report.Reader
	// EachPayment calls fn for every attempt of the orders of from..to, oldest first.
	EachPayment(ctx context.Context, from, to pos.Day, fn func(*pos.PaymentRow) error) error
	// CountPayments is how many that are.
	CountPayments(ctx context.Context, from, to pos.Day) (int64, error)
	// EachEntry calls fn for every ledger entry of from..to, in the order they were booked.
	EachEntry(ctx context.Context, from, to pos.Day, fn func(*pos.EntryRow) error) error
	// DayCloses are the closes of the days from..to, in order.
	DayCloses(ctx context.Context, from, to pos.Day) ([]pos.Batch, error)
	// AuditHead is the hash of the audit chain's last row, in hexadecimal.
	AuditHead(ctx context.Context) (string, error)
}

// Formats are the kinds of files, by their names' endings, in the order shown to people.
var Formats = []string{"xlsx", "csv", "pdf", "json"}

// Export is one file: the summary of a period, or its payments or ledger entries one by one. Payments are listed with
// the day they were begun on, entries with the day they count to.
type Export struct {
	Source   Source
	Shop     pos.Shop
	Period   report.Period
	Words    report.Words
	Format   string // one of Formats
	Orders   bool   // every payment rather than the sums; not as pdf
	Entries  bool   // every ledger entry, which together are the sums; as csv only
	Now      time.Time
	Progress func(done, total int64) // of the payments; nil: nobody looks
}

// Check refuses a format that there is not.
func (e *Export) Check() error {
	switch {
	case !slices.Contains(Formats, e.Format):
		return pos.Errorf(pos.Invalid, "The format %q is not known; it must be csv, xlsx, pdf or json.", e.Format)
	case e.Orders && e.Format == "pdf":
		return pos.Errorf(pos.Invalid, "Payments one by one are written as csv, xlsx or json; a pdf has the sums.")
	case e.Entries && e.Format != "csv":
		return pos.Errorf(pos.Invalid, "Ledger entries are written as csv.")
	}
	return nil
}

// name is the file's name: shop, counter and days, so that no two files of a shop's counters are called the same, and
// from the second of a name on its number.
func (e *Export) name(n int) string {
	parts := []string{e.Shop.Name, e.Shop.Counter, string(e.Period.From)}
	if e.Period.To != e.Period.From {
		parts = append(parts, string(e.Period.To))
	}
	if e.Orders {
		parts = append(parts, e.Words.T("Payments one by one"))
	}
	if e.Entries {
		parts = append(parts, e.Words.T("Ledger entries"))
	}
	if n > 1 {
		parts = append(parts, strconv.Itoa(n))
	}
	return strings.Map(plain, strings.Join(parts, "-")) + "." + e.Format
}

// plain replaces what some system allows in no file's name.
func plain(r rune) rune {
	if r < 0x20 || strings.ContainsRune(`<>:"/\|?*`, r) {
		return '_'
	}
	return r
}

// File writes the file into folder, whole or not at all, and returns its path. What was written before stays: the next
// one is called …-2, as that of a day that was closed again.
func (e *Export) File(ctx context.Context, folder string) (string, error) {
	if err := e.Check(); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		path := filepath.Join(folder, e.name(n))
		if err := e.put(ctx, path, config.CreateFile); !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

// WriteTo writes the file at path, whole or not at all. A file that is there is replaced.
func (e *Export) WriteTo(ctx context.Context, path string) error {
	return e.put(ctx, path, config.WriteFile)
}

func (e *Export) put(ctx context.Context, path string, write func(string, func(io.Writer) error) error) error {
	err := write(path, func(w io.Writer) error { return e.Write(ctx, w) })
	if err != nil && ctx.Err() == nil && pos.CodeOf(err) == pos.Internal && !errors.Is(err, fs.ErrExist) {
		return pos.Errorf(pos.Invalid, "The file %s cannot be written; choose a folder that exists, can be written and has room.", path).Because(err)
	}
	return err
}

// Write writes the file's content. ctx ends it.
func (e *Export) Write(ctx context.Context, w io.Writer) error {
	if err := e.Check(); err != nil {
		return err
	}
	if e.Entries {
		return report.WriteEntriesCSV(w, e.Words, e.Shop.TimeZone, func(fn func(*pos.EntryRow) error) error {
			return e.Source.EachEntry(ctx, e.Period.From, e.Period.To, fn)
		})
	}
	if e.Orders {
		return e.orders(ctx, w)
	}
	r, err := report.Make(ctx, e.Source, e.Shop, e.Period, e.Now)
	if err != nil {
		return err
	}
	if r.AuditHead, err = e.Source.AuditHead(ctx); err != nil {
		return err
	}
	closes, err := e.Source.DayCloses(ctx, e.Period.From, e.Period.To)
	if err != nil {
		return err
	}
	r.AddCloses(closes, e.Shop.TimeZone)
	switch e.Format {
	case "csv":
		return r.WriteCSV(w, e.Words)
	case "xlsx":
		return XLSX(w, r, e.Words)
	case "pdf":
		return PDF(w, r, e.Words)
	}
	return r.WriteJSON(w)
}
