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
	c, err := newCSV(w)
	if err != nil {
		return err
	}
	t := r.Detail(l)
	if err := c.Write(t.Header); err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := c.Write(record(nil, row)); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func newCSV(w io.Writer) (*csv.Writer, error) {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	_, err := io.WriteString(w, "\ufeff")
	return c, err
}

// record appends the cells as a spreadsheet reads them.
func record(to []string, row []Cell) []string {
	for _, c := range row {
		s := c.String()
		if c.Kind == Text {
			s = harmless(s)
		}
		to = append(to, s)
	}
	return to
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
