package report

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
)

// WriteCSV writes the detail block as RFC 4180 with a byte order mark, without which spreadsheets
// misread Chinese. Amounts are yuan with two decimals.
func (r *Report) WriteCSV(w io.Writer, l Words) error {
	t := r.Detail(l)
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(t.Header); err != nil {
		return err
	}
	for _, row := range t.Rows {
		record := make([]string, len(row))
		for i, cell := range row {
			record[i] = cell.String()
			if cell.Kind == Text {
				record[i] = harmless(record[i])
			}
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// harmless keeps a spreadsheet from taking text for a formula: what begins like one gets an apostrophe,
// which spreadsheets do not show. Full-width signs count, because some programs fold them.
func harmless(s string) string {
	if strings.ContainsAny(firstRune(strings.TrimLeft(s, " \u3000")), "=+-@\t\r\n＝＋－＠") {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// WriteJSON writes the report as one line of JSON; amounts are fen.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
