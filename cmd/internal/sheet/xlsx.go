// Package sheet writes a report as a workbook or as a PDF document.
package sheet

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"saoma/pos/report"
)

// styles of a workbook: how each kind of cell looks, in a row and in the row of totals.
type styles struct {
	header       int
	plain, total [len(formats)]int
}

// The number formats of each kind; yuan with two decimals, negative ones with a minus sign.
var formats = [...]string{
	report.Text: "@", report.Count: "0", report.Money: "#,##0.00;-#,##0.00", report.Date: "yyyy-mm-dd", report.Time: "yyyy-mm-dd hh:mm:ss",
}

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
		if err := chart(f, name, t, l); err != nil {
			return err
		}
	}
	if err := f.SetDocProps(&excelize.DocProperties{Title: r.Heading(l), Creator: r.Shop}); err != nil {
		return err
	}
	return f.Write(w)
}

// chart draws the net of each hour, day or title as bars beside their rows; two bars or more make a picture.
func chart(f *excelize.File, sheet string, t report.Table, l report.Words) error {
	rows := len(t.Rows) - 1 // without the total
	if !t.Bars || rows < 2 {
		return nil
	}
	net := slices.Index(t.Header, l.T("Net ¥")) + 1
	column, err := excelize.ColumnNumberToName(net)
	if err != nil {
		return err
	}
	at, err := excelize.ColumnNumberToName(len(t.Header) + 2)
	if err != nil {
		return err
	}
	quoted := "'" + strings.ReplaceAll(sheet, "'", "''") + "'"
	return f.AddChart(sheet, at+"2", &excelize.Chart{
		Type: excelize.Col,
		Series: []excelize.ChartSeries{{
			Name:       fmt.Sprintf("%s!$%s$1", quoted, column),
			Categories: fmt.Sprintf("%s!$A$2:$A$%d", quoted, rows+1),
			Values:     fmt.Sprintf("%s!$%s$2:$%s$%d", quoted, column, column, rows+1),
		}},
		Title:     []excelize.RichTextRun{{Text: t.Title}},
		Legend:    excelize.ChartLegend{Position: "none"},
		Dimension: excelize.ChartDimension{Width: 720, Height: 360},
	})
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
	if c.Kind == report.Money {
		return f.SetCellDefault(sheet, at, c.String())
	}
	value, err := number(c)
	if err != nil {
		return err
	}
	return f.SetCellValue(sheet, at, value)
}

// number is a cell's value as a workbook keeps it. A row that is streamed takes money as a float only: it is written in the
// fewest digits that mean it, and these are the two decimals for any sum below 10^13 yuan.
func number(c report.Cell) (any, error) {
	if c.Empty {
		return nil, nil
	}
	switch c.Kind {
	case report.Count:
		return c.Number, nil
	case report.Money:
		return strconv.ParseFloat(c.String(), 64)
	case report.Date:
		return time.Parse(time.DateOnly, c.Text)
	case report.Time:
		return time.Parse(time.DateTime, c.Text)
	}
	return c.Text, nil
}
