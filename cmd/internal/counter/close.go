package counter

import (
	"context"
	"errors"
	"time"

	"saoma/cmd/internal/sheet"
	"saoma/pos"
	"saoma/pos/report"
)

// ClosedDays is what closing a day made.
type ClosedDays struct{ Days []ClosedDay }

// ClosedDay is one day that was closed, and the files of it.
type ClosedDay struct {
	Batch pos.Batch
	Files []string
}

// CloseDay closes a business day, writes each closed day's files to export.folder, and backs the ledger up. Once the
// day is closed it stays closed: an error that comes with days says which file or backup is missing.
func (c *Counter) CloseDay(ctx context.Context, r pos.CloseDayRequest, words report.Words) (*ClosedDays, error) {
	batches, err := c.Till.CloseDay(ctx, r)
	if err != nil {
		return nil, err
	}
	closed := &ClosedDays{}
	var failed []error
	for _, b := range batches {
		d := ClosedDay{Batch: b}
		var err error
		if d.Files, err = c.dayFiles(ctx, b.Day, words); err != nil {
			failed = append(failed, err)
		}
		closed.Days = append(closed.Days, d)
	}
	now := time.Now().In(c.Shop.TimeZone)
	if _, err := c.Ledger.BackupDaily(ctx, c.backups(), now, c.Config.Backup.Keep, true); err != nil {
		failed = append(failed, err)
	}
	return closed, errors.Join(failed...)
}

// dayFiles writes what a manager keeps of a day: the sheet, the sums and the entries that make them up.
func (c *Counter) dayFiles(ctx context.Context, day pos.Day, words report.Words) (files []string, err error) {
	if c.Config.Export.Folder == "" {
		return nil, nil
	}
	for _, format := range []string{"pdf", "xlsx", "csv"} {
		e := &sheet.Export{
			Source: c.Ledger, Shop: c.Shop, Period: report.Period{Kind: report.OneDay, From: day, To: day},
			Words: words, Format: format, Entries: format == "csv", Now: time.Now(),
		}
		file, err := e.File(ctx, c.Config.Export.Folder)
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}
