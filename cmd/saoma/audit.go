package main

import (
	"bufio"
	"iter"
	"os"
	"path/filepath"
	"time"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
)

// writeAudit writes rows of the audit chain into folder, whole or not at all, and returns the file's path.
func writeAudit(folder string, shop pos.Shop, rows iter.Seq2[pos.AuditRow, error], l words.Language, now time.Time) (string, error) {
	path := filepath.Join(folder, "audit-"+shop.Counter+"-"+now.In(shop.TimeZone).Format("20060102-150405")+".csv")
	err := replace(path, func(b *bufio.Writer) error { return report.WriteAuditCSV(b, l, rows, shop.TimeZone) })
	if err != nil && pos.CodeOf(err) == pos.Internal {
		err = pos.Errorf(pos.Invalid, "The file %s cannot be written; choose a folder that exists, can be written and has room.", path).Because(err)
	}
	return path, err
}

// replace writes a file beside its place, makes it durable and puts it there in one step.
func replace(path string, write func(*bufio.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".saoma-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	defer f.Close()
	b := bufio.NewWriter(f)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
