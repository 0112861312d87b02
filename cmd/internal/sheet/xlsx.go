// Package sheet writes a report as a workbook or as a PDF document.
package sheet

import (
	"fmt"
	"io"
	"time"

	"github.com/xuri/excelize/v2"

	"saoma/pos/report"
)

// styles of a workbook: how each kind of cell looks, in a row and in the row of totals.
type styles struct {
	header       int
	plain, total [report.Date + 1]int
}

// The number formats of each kind; yuan with two decimals, negative ones with a minus sign.
var formats = [...]string{report.Text: "@", report.Count: "0", report.Money: "#,##0.00;-#,##0.00", report.Date: "yyyy-mm-dd"}

// XLSX writes r as a workbook: one sheet for each block, real numbers and dates, the header frozen.
func XLSX(w io.Writer, r *report.Report, l report.Words) error {
	f := excelize.NewFile()
	defer f.Close()
	s, err := newStyles(f)
	if err != nil {
		return err
	}
	for i, t := range r.Tables(l) {
		name := t.Title
		if i == 0 {
			err = f.SetSheetName("Sheet1", name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err != nil {
			return err
		}
		if err := fill(f, name, t, s); err != nil {
			return err
		}
	}
	if err := f.SetDocProps(&excelize.DocProperties{Title: r.Heading(l), Creator: r.Shop}); err != nil {
		return err
	}
	return f.Write(w)
}

func newStyles(f *excelize.File) (s styles, err error) {
	if s.header, err = f.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}},
	}); err != nil {
		return s, err
	}
	line := []excelize.Border{{Type: "top", Color: "000000", Style: 1}}
	for kind, format := range formats {
		if s.plain[kind], err = f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return s, err
		}
		if s.total[kind], err = f.NewStyle(&excelize.Style{CustomNumFmt: &format, Font: &excelize.Font{Bold: true}, Border: line}); err != nil {
			return s, err
		}
	}
	return s, nil
}

func fill(f *excelize.File, sheet string, t report.Table, s styles) error {
	for col, h := range t.Header {
		at, err := excelize.CoordinatesToCellName(col+1, 1)
		if err != nil {
			return err
		}
		if err := f.SetCellStr(sheet, at, h); err != nil {
			return err
		}
		if err := f.SetCellStyle(sheet, at, at, s.header); err != nil {
			return err
		}
	}
	for i, row := range t.Rows {
		style := s.plain
		if i == len(t.Rows)-1 {
			style = s.total
		}
		for col, c := range row {
			at, err := excelize.CoordinatesToCellName(col+1, i+2)
			if err != nil {
				return err
			}
			if err := set(f, sheet, at, c); err != nil {
				return err
			}
			if err := f.SetCellStyle(sheet, at, at, style[c.Kind]); err != nil {
				return err
			}
		}
	}
	last, err := excelize.ColumnNumberToName(len(t.Header))
	if err != nil {
		return err
	}
	if err := f.SetColWidth(sheet, "A", last, 14); err != nil {
		return err
	}
	return f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// set writes one cell. Money goes in as its decimal text, which is the number in the file: no float is between.
func set(f *excelize.File, sheet, at string, c report.Cell) error {
	switch c.Kind {
	case report.Count:
		return f.SetCellInt(sheet, at, c.Number)
	case report.Money:
		return f.SetCellDefault(sheet, at, c.String())
	case report.Date:
		day, err := time.Parse(time.DateOnly, c.Text)
		if err != nil {
			return fmt.Errorf("day of a report: %w", err)
		}
		return f.SetCellValue(sheet, at, day)
	}
	return f.SetCellStr(sheet, at, c.Text)
}
