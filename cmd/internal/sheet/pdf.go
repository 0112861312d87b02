package sheet

import (
	"io"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"saoma/assets"
	"saoma/pos/report"
)

// Millimetres on A4.
const (
	pageWidth  = 180.0 // between the margins
	pageHeight = 297.0
	margin     = 15.0
	rowHeight  = 7.0
)

const family = "saoma"

// PDF writes r as one A4 document with the Chinese font embedded.
func PDF(w io.Writer, r *report.Report, l report.Words) error {
	p := fpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes(family, "", assets.PDFFont)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	p.SetTitle(r.Shop+" "+r.Period().String(), true)
	p.SetCreator("Saoma", true)
	p.SetCreationDate(r.MadeAt)
	p.AddPage()

	p.SetFont(family, "", 18)
	p.CellFormat(pageWidth, 10, printable(r.Shop), "", 1, "L", false, 0, "")
	p.SetFont(family, "", 11)
	p.CellFormat(pageWidth, 7, r.Heading(l), "", 1, "L", false, 0, "")
	p.SetTextColor(110, 110, 110)
	p.SetFont(family, "", 9)
	p.CellFormat(pageWidth, 6, l.T("Made at %s", r.MadeAt.Format(time.DateTime)), "", 1, "L", false, 0, "")
	p.SetTextColor(0, 0, 0)
	totals(p, r, l)
	for _, t := range r.Tables(l) {
		table(p, t)
	}
	closes(p, r, l)
	if r.AuditHead != "" {
		p.Ln(6)
		p.SetTextColor(110, 110, 110)
		p.SetFont(family, "", 8)
		p.CellFormat(pageWidth, 5, l.T("Audit chain: %s", r.AuditHead), "", 1, "L", false, 0, "")
	}
	return p.Output(w)
}

// totals are the figures that the sheet is looked at for, large.
func totals(p *fpdf.Fpdf, r *report.Report, l report.Words) {
	p.Ln(4)
	rows := [][]struct{ what, figure string }{
		{{l.T("Net ¥"), r.Total.Net.String()}, {l.T("before: %s", r.Period().Before().String()), r.Before.Net.String()}},
		{
			{l.T("Paid ¥"), r.Total.Paid.String()},
			{l.T("Refunded ¥"), r.Total.Refunded.String()},
			{l.T("Payments"), strconv.FormatInt(r.Total.PaidCount, 10)},
			{l.T("Average ¥"), r.Total.Average.String()},
			{r.Total.FeesName(l), r.Total.FeesText()},
		},
	}
	for i, row := range rows {
		width, size := pageWidth/float64(len(row)), 22.0-8*float64(i)
		p.SetTextColor(110, 110, 110)
		p.SetFont(family, "", 9)
		for _, f := range row {
			p.CellFormat(width, 5, f.what, "", 0, "L", false, 0, "")
		}
		p.Ln(-1)
		p.SetTextColor(0, 0, 0)
		p.SetFont(family, "", size)
		for _, f := range row {
			p.CellFormat(width, size/2, fit(p, f.figure, width-2), "", 0, "L", false, 0, "")
		}
		p.Ln(size/2 + 2)
	}
}

// closes says who closed the period's days, and when.
func closes(p *fpdf.Fpdf, r *report.Report, l report.Words) {
	if len(r.Closes) == 0 {
		return
	}
	together(p, 8+2*rowHeight)
	p.SetFont(family, "", 12)
	p.CellFormat(pageWidth, 8, l.T("Day closes"), "B", 1, "L", false, 0, "")
	p.SetFont(family, "", 9)
	for _, c := range r.Closes {
		text := l.T("%s at %s by %s: %d entries, ¥%s", string(c.Day), c.At.Format(time.DateTime), c.By, c.Entries, c.Amount)
		if c.Note != "" {
			text += "  " + c.Note
		}
		p.CellFormat(pageWidth, rowHeight, fit(p, printable(text), pageWidth-2), "", 1, "L", false, 0, "")
	}
}

// together leaves a gap, and begins a new page where so many millimetres do not fit: a heading is never a page's last line.
func together(p *fpdf.Fpdf, height float64) {
	const gap = 5
	if p.GetY()+gap+height > pageHeight-margin {
		p.AddPage()
		return
	}
	p.Ln(gap)
}

// table prints a table; its header stands on each of its pages.
func table(p *fpdf.Fpdf, t report.Table) {
	together(p, 8+3*rowHeight)
	p.SetFont(family, "", 12)
	p.CellFormat(pageWidth, 8, t.Title, "", 1, "L", false, 0, "")
	widths := columns(p, t)
	head := func() {
		p.SetFillColor(232, 238, 244)
		for i, h := range t.Header {
			p.CellFormat(widths[i], rowHeight, fit(p, h, widths[i]-2), "B", 0, alignment(t.Rows[0][i].Kind), true, 0, "")
		}
		p.Ln(-1)
	}
	head()
	for i, row := range t.Rows {
		if p.GetY()+rowHeight > pageHeight-margin {
			p.AddPage()
			head()
		}
		border := ""
		if i == len(t.Rows)-1 {
			border = "T"
		}
		for col, c := range row {
			p.CellFormat(widths[col], rowHeight, fit(p, printable(c.String()), widths[col]-2), border, 0, alignment(c.Kind), false, 0, "")
		}
		p.Ln(-1)
	}
}

// columns shares the page out: numbers and dates, which must not be cut, get what they need, and words the rest. What does
// not fit is written smaller, down to what can still be read on paper.
func columns(p *fpdf.Fpdf, t report.Table) []float64 {
	const usual, smallest = 9.0, 6.5
	p.SetFontSize(usual)
	texts := make([]float64, len(t.Header))
	for i, h := range t.Header {
		texts[i] = p.GetStringWidth(h)
		for _, row := range t.Rows {
			texts[i] = max(texts[i], p.GetStringWidth(printable(row[i].String())))
		}
	}
	for size := usual; ; size -= 0.5 {
		if widths, whole := share(t, texts, size/usual); whole || size <= smallest {
			p.SetFontSize(size)
			return widths
		}
	}
}

// share is how wide the columns are whose widest texts are written at a scale, and whether that cuts nothing.
func share(t report.Table, texts []float64, scale float64) (widths []float64, whole bool) {
	widths = make([]float64, len(texts))
	var numbers, dates, words float64
	for i := range widths {
		widths[i] = texts[i]*scale + 3
		switch kind := t.Rows[0][i].Kind; {
		case alignment(kind) == "R":
			numbers += widths[i]
		case kind == report.Text:
			words += widths[i]
		default:
			dates += widths[i]
		}
	}
	whole = numbers+dates+words <= pageWidth
	for i := range widths {
		switch kind := t.Rows[0][i].Kind; {
		case alignment(kind) == "R":
		case whole:
			widths[i] *= (pageWidth - numbers) / (dates + words)
		case kind == report.Text:
			widths[i] *= max(pageWidth-numbers-dates, pageWidth/10) / words
		}
	}
	return widths, whole
}

func alignment(k report.Kind) string {
	if k == report.Count || k == report.Money {
		return "R"
	}
	return "L"
}

// printable replaces what the font cannot hold: it has the Basic Multilingual Plane only, and fpdf
// panics on anything beyond.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return '□'
		}
		return r
	}, s)
}

// fit shortens text that is wider than its column.
func fit(p *fpdf.Fpdf, s string, width float64) string {
	if p.GetStringWidth(s) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && p.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
