package main

import (
	"io"
	"iter"
	"path/filepath"
	"time"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/pos"
	"saoma/pos/report"
)

// writeAudit writes rows of the audit chain into folder, whole or not at all, and returns the file's path.
func writeAudit(folder string, shop pos.Shop, rows iter.Seq2[pos.AuditRow, error], l words.Language, now time.Time) (string, error) {
	path := filepath.Join(folder, "audit-"+shop.Counter+"-"+now.In(shop.TimeZone).Format("20060102-150405")+".csv")
	err := config.WriteFile(path, func(w io.Writer) error { return report.WriteAuditCSV(w, l, rows, shop.TimeZone) })
	if err != nil && pos.CodeOf(err) == pos.Internal {
		err = pos.Errorf(pos.Invalid, "The file %s cannot be written; choose a folder that exists, can be written and has room.", path).Because(err)
	}
	return path, err
}
